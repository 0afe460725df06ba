//! Applying fixes: round after round, each fix whole or not at all, never leaving a file less valid than it was.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use super::Applicability;
use super::edit::{self, Edit};
use crate::error::Error;
use crate::lower;
use crate::report::{Report, Unread};
use crate::run::Rewritten;
use crate::source::{Encoding, FileId, FileKind, SourceFile, Sources};

/// A fix that changes what another one is about waits for the next round; real files need two or three.
pub const MAX_ROUNDS: usize = 10;

/// What fixes have changed so far.
#[derive(Debug, Default)]
pub struct Changes {
    texts: BTreeMap<FileId, String>,
    applied: usize,
    /// Rule and file of fixes that would have broken the syntax.
    broken: BTreeSet<(FileId, &'static str)>,
}

impl Changes {
    /// Applies the fixes of a report up to an applicability; whether anything changed.
    #[must_use]
    pub fn round(&mut self, report: &Report, edits: &[Vec<Edit>], up_to: Applicability) -> bool {
        let sources = &report.sources;
        let mut accepted: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
        let mut count = 0;
        for (finding, edits) in report.findings.iter().zip(edits) {
            let wanted = finding.fix.applicability <= up_to && !edits.is_empty();
            if !wanted || edits.iter().any(|new| accepted.get(&new.file).is_some_and(|old| collides(old, new))) {
                continue;
            }
            let mut next: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
            for new in edits {
                let all = next.entry(new.file).or_insert_with(|| accepted.get(&new.file).cloned().unwrap_or_default());
                if !all.contains(&new) {
                    all.push(new);
                }
                all.sort();
            }
            let invalid = next.iter().find(|(id, after)| {
                let before = accepted.get(*id).map_or(&[][..], Vec::as_slice);
                !stays_valid(sources.get(**id), before, after)
            });
            if let Some((id, _)) = invalid {
                self.broken.insert((*id, finding.rule));
            } else {
                accepted.extend(next);
                count += 1;
            }
        }
        for (id, edits) in &accepted {
            if let Some(text) = edit::apply(&sources.get(*id).text, edits.iter().copied()) {
                self.texts.insert(*id, text);
            }
        }
        self.applied += count;
        count > 0
    }

    /// Puts the changed texts in the place of the old ones.
    pub fn put_into(&self, sources: &mut Sources) {
        for (id, text) in &self.texts {
            sources.set_text(*id, text);
        }
    }

    /// Number of fixes that were applied.
    #[must_use]
    pub fn applied(&self) -> usize {
        self.applied
    }

    /// The files that changed, by path.
    #[must_use]
    pub fn rewritten(&self, before: &Sources) -> Vec<Rewritten> {
        let changed = self.texts.iter().map(|(id, after)| {
            let file = before.get(*id);
            let mark = if file.encoding == Encoding::Utf8Bom { "\u{feff}" } else { "" };
            let with_mark = |text: &str| format!("{mark}{text}");
            Rewritten { path: file.path.to_string(), before: with_mark(&file.text), after: with_mark(after) }
        });
        changed.filter(|file| file.before != file.after).collect()
    }

    /// What to say of fixes that would have broken the syntax.
    #[must_use]
    pub fn broken(&self, sources: &Sources) -> Vec<Unread> {
        let unread = |(id, rule): &(FileId, &str)| Unread {
            path: sources.get(*id).path.to_string(),
            reason: format!("the fix of `{rule}` would break the syntax and was not applied, please report it"),
        };
        self.broken.iter().map(unread).collect()
    }
}

/// Whether an edit touches what another one changes. Two insertions at one place would have no order.
fn collides(old: &[&Edit], new: &Edit) -> bool {
    let (start, end) = (new.span.start, new.span.end);
    old.iter().any(|edit| {
        let overlap = edit.span.start < end && start < edit.span.end;
        let same_place = edit.span.start == start && (edit.span.start == edit.span.end || start == end);
        *edit != new && (overlap || same_place)
    })
}

fn stays_valid(file: &SourceFile, before: &[&Edit], after: &[&Edit]) -> bool {
    let text = |edits: &[&Edit]| edit::apply(&file.text, edits.iter().copied());
    match (text(before), text(after)) {
        (Some(before), Some(after)) => errors(file.kind, &after) <= errors(file.kind, &before),
        _ => false,
    }
}

/// How many places of a text are not valid in its language.
fn errors(kind: FileKind, text: &str) -> usize {
    match kind {
        FileKind::Python => lower::python::parse(text).map_or(usize::MAX, |tree| lower::python::errors(&tree)),
        FileKind::Yaml => usize::from(lower::yaml::parse(text).error.is_some()),
        // Any line is an instruction to somebody.
        FileKind::Dockerfile | FileKind::Manifest => 0,
    }
}

/// Puts the new text in the place of a file, at once: whoever reads it sees the old text or the new one.
///
/// # Errors
///
/// If it cannot be written.
pub fn write(root: &Path, file: &Rewritten) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::new(format!("cannot write `{}`: {error}", file.path));
    // The file that a link leads to is what changes, not the link.
    let path = root.join(&file.path).canonicalize().map_err(failed)?;
    let permissions = path.metadata().map_err(failed)?.permissions();
    let folder = path.parent().unwrap_or(root);
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(file.after.as_bytes()).map_err(failed)?;
    new.as_file().set_permissions(permissions).map_err(failed)?;
    new.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}
