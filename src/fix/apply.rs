//! Applying fixes: round after round, each fix whole or not at all, never leaving a file less valid than it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use super::Applicability;
use super::edit::{self, Edit};
use crate::error::describe;
use crate::finding::Finding;
use crate::lower;
use crate::lower::typescript::Dialect;
use crate::report::{Report, Unread};
use crate::run::Rewritten;
use crate::source::{Encoding, FileId, FileKind, SourceFile, Sources, Span};

/// A fix that changes what another one is about waits for the next round; real files need two or three.
pub const MAX_ROUNDS: usize = 10;

/// What fixes have changed so far.
#[derive(Debug, Default)]
pub struct Changes {
    texts: BTreeMap<FileId, String>,
    /// Number of fixes that were applied, by the file of their findings.
    applied: BTreeMap<FileId, usize>,
    /// Rule and file of fixes that would have broken the syntax.
    broken: BTreeSet<(FileId, &'static str)>,
}

/// A fix, and the finding that it is of.
type Candidate<'a> = (&'a Finding, &'a [Edit]);

impl Changes {
    /// Applies the fixes of a report up to an applicability; whether anything changed.
    #[must_use]
    pub fn round(&mut self, report: &Report, edits: &[Vec<Edit>], up_to: Applicability) -> bool {
        let fixes = report.findings.iter().zip(edits.iter().map(Vec::as_slice));
        let wanted = fixes.filter(|(finding, edits)| finding.fix.applicability <= up_to && !edits.is_empty());
        let mut taken = Accepted::default();
        let mut by_file: BTreeMap<FileId, Vec<Candidate<'_>>> = BTreeMap::new();
        for (finding, edits) in wanted {
            if taken.add(edits) {
                by_file.entry(finding.place.file).or_default().push((finding, edits));
            }
        }
        let mut accepted = Accepted::default();
        let mut count = 0;
        for candidates in by_file.values() {
            count += self.settle(&report.sources, &mut accepted, candidates);
        }
        for (id, edits) in &accepted.0 {
            if let Some(text) = edit::apply(&report.sources.get(*id).text, edits.values().copied()) {
                self.texts.insert(*id, text);
            }
        }
        count > 0
    }

    /// Accepts all fixes that leave their files as valid as they were, and says how many. Nearly always those are all,
    /// which one look tells; else halves are looked at, so that a few bad ones among many cost little.
    fn settle<'a>(&mut self, sources: &Sources, accepted: &mut Accepted<'a>, candidates: &[Candidate<'a>]) -> usize {
        let mut files: BTreeSet<FileId> = BTreeSet::new();
        let mut after = Accepted::default();
        for edit in candidates.iter().flat_map(|(_, edits)| *edits) {
            files.insert(edit.file);
        }
        for file in &files {
            after.0.insert(*file, accepted.0.get(file).cloned().unwrap_or_default());
        }
        candidates.iter().for_each(|(_, edits)| _ = after.add(edits));
        let invalid = files.iter().find(|file| !stays_valid(sources.get(**file), accepted.of(**file), after.of(**file)));
        match (invalid, candidates) {
            (None, _) => {
                accepted.0.extend(after.0);
                for (finding, _) in candidates {
                    *self.applied.entry(finding.place.file).or_default() += 1;
                }
                candidates.len()
            }
            (Some(file), [(finding, _)]) => {
                self.broken.insert((*file, finding.rule));
                0
            }
            (Some(_), _) => {
                let (first, second) = candidates.split_at(candidates.len() / 2);
                self.settle(sources, accepted, first) + self.settle(sources, accepted, second)
            }
        }
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
        self.applied.values().sum()
    }

    /// Takes back what was changed in a file.
    pub fn forget(&mut self, id: FileId) {
        self.texts.remove(&id);
        self.applied.remove(&id);
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

/// Edits that go together, by file, in their order.
#[derive(Debug, Default)]
struct Accepted<'a>(BTreeMap<FileId, BTreeMap<(Span, &'a str), &'a Edit>>);

impl<'a> Accepted<'a> {
    /// Adds the edits of a fix, all of them or none if one touches what another fix changes; whether they were added.
    fn add(&mut self, edits: &'a [Edit]) -> bool {
        if edits.iter().any(|edit| self.collides(edit)) {
            return false;
        }
        for edit in edits {
            self.0.entry(edit.file).or_default().insert((edit.span, &edit.text), edit);
        }
        true
    }

    /// Whether an edit touches what another one changes. Two insertions at one place would have no order.
    fn collides(&self, new: &Edit) -> bool {
        let (start, end) = (new.span.start, new.span.end);
        let Some(edits) = self.0.get(&new.file) else { return false };
        // They do not overlap each other, so they end in the order that they begin in.
        let behind = Span { start: end.saturating_add(1), end: 0 };
        let near = edits.range(..(behind, "")).rev().map(|(_, edit)| *edit).take_while(|edit| edit.span.end >= start);
        near.filter(|edit| *edit != new).any(|edit| {
            let overlap = edit.span.start < end && start < edit.span.end;
            let same_place = edit.span.start == start && (edit.span.start == edit.span.end || start == end);
            overlap || same_place
        })
    }

    /// The edits of a file, in their order.
    fn of(&self, file: FileId) -> Vec<&'a Edit> {
        self.0.get(&file).map_or_else(Vec::new, |edits| edits.values().copied().collect())
    }
}

fn stays_valid(file: &SourceFile, before: Vec<&Edit>, after: Vec<&Edit>) -> bool {
    let text = |edits: Vec<&Edit>| edit::apply(&file.text, edits);
    match (text(before), text(after)) {
        (Some(before), Some(after)) => errors(file.kind, &file.path, &after) <= errors(file.kind, &file.path, &before),
        _ => false,
    }
}

/// How many places of a text are not valid in its language.
fn errors(kind: FileKind, path: &str, text: &str) -> usize {
    match kind {
        FileKind::TypeScript => lower::typescript::parse(Dialect::of(path), text).map_or(usize::MAX, |tree| lower::errors(&tree)),
        FileKind::Python => lower::python::parse(text).map_or(usize::MAX, |tree| lower::errors(&tree)),
        FileKind::Yaml => usize::from(lower::yaml::parse(text).error.is_some()),
        // Any line is an instruction to somebody.
        FileKind::Dockerfile | FileKind::Manifest | FileKind::Makefile => 0,
        FileKind::Shell => usize::from(!lower::shell::is_valid(text)),
        FileKind::Terraform => usize::from(hcl_edit::parser::parse_body(text).is_err()),
    }
}

/// Puts the new text in the place of a file, at once: whoever reads it sees the old text or the new one. Mode and owner
/// stay; where they would not, or the file has other names, it is written to as it is.
///
/// # Errors
///
/// Why it cannot be written.
pub fn write(root: &Path, file: &Rewritten) -> Result<(), String> {
    // The file that a link leads to is what changes, not the link.
    let path = root.join(&file.path).canonicalize().map_err(|error| describe(&error))?;
    let text = file.after.as_bytes();
    let written = match replacement(&path, text) {
        Ok(Some(new)) => new.persist(&path).map(|_| ()).map_err(|error| error.error),
        Ok(None) => fs::write(&path, text),
        Err(error) => Err(error),
    };
    written.map_err(|error| describe(&error))
}

/// A file beside another one that can take its place; nothing where that would cost the other its owner or its names.
fn replacement(path: &Path, text: &[u8]) -> io::Result<Option<NamedTempFile>> {
    let old = path.metadata()?;
    if !is_only_name(&old) {
        return Ok(None);
    }
    let mut new = NamedTempFile::new_in(path.parent().unwrap_or(Path::new("")))?;
    new.write_all(text)?;
    if !give(new.as_file(), &old) {
        return Ok(None);
    }
    new.as_file().set_permissions(old.permissions())?;
    Ok(Some(new))
}

#[cfg(unix)]
fn is_only_name(file: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) == 1
}

#[cfg(not(unix))]
fn is_only_name(_: &Metadata) -> bool {
    true
}

/// Gives a new file to the owner of an old one; whether it is theirs then.
#[cfg(unix)]
fn give(new: &File, old: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt, fchown};
    let is_theirs = new.metadata().is_ok_and(|new| (new.uid(), new.gid()) == (old.uid(), old.gid()));
    is_theirs || fchown(new, Some(old.uid()), Some(old.gid())).is_ok()
}

#[cfg(not(unix))]
fn give(_: &File, _: &Metadata) -> bool {
    true
}
