//! Outputs: one file per format, all of them made from a finished report.
//!
//! Nothing here feeds back: what a run finds and the exit code do not depend on the format.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Component, Path};

use rustc_hash::FxHashMap;

use crate::diagnostics;
use crate::finding::Finding;
use crate::fix::edit::Edit;
use crate::model::secrets::concealed;
use crate::pages::{self, Page};
use crate::report::Report;
use crate::rules::Rule;
use crate::source::{FileId, Place, Position, Span};

pub mod concise;
mod folding;
pub mod json;
mod paint;
pub mod pretty;
pub mod sarif;
pub mod statistics;
pub(crate) mod summary;

pub use paint::Paint;

/// How findings are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, clap::ValueEnum)]
pub enum Format {
    /// Source excerpts, reasons and fixes, for reading.
    Pretty,
    /// One line per finding.
    Concise,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

impl Format {
    /// Whether people read it; the others keep their schema whatever options say.
    #[must_use]
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Pretty | Self::Concise)
    }

    /// Writes the report.
    ///
    /// # Errors
    ///
    /// If `out` cannot be written to.
    pub fn write(self, context: &OutputContext<'_>, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Pretty => pretty::write(context, out),
            Self::Concise => concise::write(context, out),
            Self::Json => json::write(context, out),
            Self::Sarif => sarif::write(context, out),
        }
    }
}

/// What outputs are made from.
#[derive(Debug)]
pub struct OutputContext<'a> {
    /// The report.
    pub report: &'a Report,
    /// The rules that ran.
    pub rules: &'a [Rule],
    /// The edits of each finding's fix, in the report's order; those of one file are sorted by place.
    pub edits: &'a [Vec<Edit>],
    /// Paths are printed relative to it.
    pub working_directory: &'a Path,
    /// Colours, if the output is a terminal that shows them.
    pub paint: Paint,
    /// Columns that the output has.
    pub width: usize,
    /// Leave out the summary.
    pub quiet: bool,
    /// Number of fixes that were applied before this report was made.
    pub fixed: usize,
    pages: FxHashMap<&'static str, Page<'static>>,
}

impl<'a> OutputContext<'a> {
    /// A context without colours, 100 columns wide.
    #[must_use]
    pub fn new(report: &'a Report, rules: &'a [Rule], edits: &'a [Vec<Edit>], working_directory: &'a Path) -> Self {
        let mut pages = FxHashMap::default();
        for finding in &report.findings {
            if !pages.contains_key(finding.rule)
                && let Some(page) = rules.iter().find(|rule| rule.id == finding.rule).and_then(|rule| pages::parse(rule.page).ok())
            {
                pages.insert(finding.rule, page);
            }
        }
        Self { report, rules, edits, working_directory, paint: Paint::default(), width: 100, quiet: false, fixed: 0, pages }
    }

    /// The page of a rule that found something; diagnostics beside the rules have none.
    #[must_use]
    pub fn page(&self, rule: &str) -> Option<&Page<'static>> {
        self.pages.get(rule)
    }

    /// The category of a finding. Diagnostics beside the rules are all about suppressions.
    #[must_use]
    pub fn category(&self, finding: &Finding) -> &'static str {
        self.page(finding.rule).map_or(diagnostics::CATEGORY, |page| page.front.category.name())
    }

    /// The edits of the finding at an index.
    #[must_use]
    pub fn edits(&self, index: usize) -> &'a [Edit] {
        self.edits.get(index).map_or(&[], Vec::as_slice)
    }

    /// The text of a span as it is shown: secrets that were found are hidden, byte for byte as long as before.
    #[must_use]
    pub fn shown(&self, file: FileId, span: Span) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(self.report.sources.get(file).slice(span));
        let secrets = &self.report.secrets;
        let first = secrets.partition_point(|secret| secret.file < file);
        for secret in secrets[first..].iter().copied().take_while(|secret| secret.file == file) {
            let (start, end) = (secret.span.start.max(span.start), secret.span.end.min(span.end));
            if start < end {
                let whole = concealed(self.report.sources.slice(secret));
                let from = (start - secret.span.start) as usize;
                let at = (start - span.start) as usize;
                let length = (end - start) as usize;
                if let Some(hidden) = whole.get(from..from + length)
                    && text.get(at..at + length).is_some()
                {
                    text.to_mut().replace_range(at..at + length, hidden);
                }
            }
        }
        text
    }

    /// The path of a file as it is printed.
    #[must_use]
    pub fn path(&self, file: FileId) -> String {
        self.relative(&self.report.sources.get(file).path)
    }

    /// A path relative to the root, as it is printed: relative to the working directory, with `/`, without `./`.
    #[must_use]
    pub fn relative(&self, path: &str) -> String {
        relative(&self.report.root, self.working_directory, path)
    }

    /// Where a place starts.
    #[must_use]
    pub fn start(&self, place: Place) -> Position {
        self.report.sources.get(place.file).position(place.span.start)
    }

    /// Where a place ends, exclusive.
    #[must_use]
    pub fn end(&self, place: Place) -> Position {
        self.report.sources.get(place.file).position(place.span.end)
    }

    /// `path:line:column` of a place, fit for a terminal.
    fn location(&self, place: Place) -> String {
        let at = self.start(place);
        format!("{}:{}:{}", printable(&self.path(place.file)), at.line, at.column)
    }
}

/// A path below `root` as seen from `directory`. It is a matter of names only: nothing is looked up.
pub(crate) fn relative(root: &Path, directory: &Path, path: &str) -> String {
    let absolute = root.join(path);
    let normal = |path: &Path| -> Vec<String> {
        let parts = path.components().filter(|part| !matches!(part, Component::CurDir));
        parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (file, base) = (normal(&absolute), normal(directory));
    let common = file.iter().zip(&base).take_while(|(a, b)| a == b).count();
    if common == 0 && absolute.is_absolute() {
        // Another drive.
        return absolute.to_string_lossy().replace('\\', "/");
    }
    let up = std::iter::repeat_n("..", base.len() - common);
    let parts: Vec<&str> = up.chain(file[common..].iter().map(String::as_str)).collect();
    parts.join("/")
}

/// Text from a source file, fit for a terminal: control characters must not move its cursor or set its title, and
/// characters that reorder a line must not make code look like other code.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unprintable) {
        text.chars().map(|c| if is_unprintable(c) { picture(c) } else { c }).collect()
    } else {
        Cow::Borrowed(text)
    }
}

fn is_unprintable(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

/// What is shown in its place.
fn picture(c: char) -> char {
    match u32::from(c) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        _ => '\u{fffd}',
    }
}

/// A message on one line.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    printable(&words.join(" ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_working_directory() {
        let relative = |root: &str, directory: &str, path: &str| relative(Path::new(root), Path::new(directory), path);
        assert_eq!(relative("/p", "/p", "a/b.py"), "a/b.py");
        assert_eq!(relative("/p", "/p/a", "a/b.py"), "b.py");
        assert_eq!(relative("/p/svc", "/p", "b.py"), "svc/b.py");
        assert_eq!(relative("/p", "/p/x/y", "a/b.py"), "../../a/b.py");
        assert_eq!(relative("/tmp/q", "/p", "b.py"), "../tmp/q/b.py");
        assert_eq!(relative("/p/.", "/p/./a", "./a/b.py"), "b.py");
    }

    #[test]
    fn terminals_are_not_steered_by_sources() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a\u{241b}[2Jb");
        assert_eq!(printable("a\u{202e}b\tä"), "a\u{fffd}b\tä");
        assert!(matches!(printable("plain"), Cow::Borrowed(_)));
    }
}
