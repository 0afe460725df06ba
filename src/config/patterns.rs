//! Lists of path patterns in the notation of `.gitignore`, which everybody knows.

use std::fmt;
use std::path::Path;

use globset::GlobBuilder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A list of patterns; later ones win, and `!` takes back.
#[derive(Clone, Debug)]
pub struct Patterns {
    written: Vec<String>,
    matcher: Gitignore,
}

/// A pattern that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pattern `{}` cannot be read: {}", self.pattern, self.reason)
    }
}

impl std::error::Error for PatternError {}

impl Patterns {
    /// Reads patterns.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn new(written: Vec<String>) -> Result<Self, PatternError> {
        // An empty root makes the matcher take relative paths as they are.
        let mut builder = GitignoreBuilder::new("");
        for pattern in &written {
            // `./src` is what people type and what no gitignore pattern ever matches.
            let plain = pattern.strip_prefix("./").map_or_else(|| pattern.clone(), |rest| format!("/{rest}"));
            // The matcher takes `[` for itself where no `]` follows, which nobody means.
            let glob = GlobBuilder::new(plain.trim_start_matches('!')).backslash_escape(true).build();
            if let Err(error) = glob.as_ref().map_err(globset::Error::kind)
                && !plain.starts_with('#')
            {
                return Err(PatternError { pattern: pattern.clone(), reason: error.to_string() });
            }
            builder.add_line(None, &plain).map_err(|error| PatternError { pattern: pattern.clone(), reason: reason(&error) })?;
        }
        let matcher = builder.build().map_err(|error| PatternError { pattern: written.join(", "), reason: reason(&error) })?;
        Ok(Self { written, matcher })
    }

    /// Patterns that stand in this program.
    pub(super) fn of_defaults(written: &[&str]) -> Self {
        let written: Vec<String> = written.iter().map(|&pattern| pattern.to_owned()).collect();
        // The defaults are tested to be readable; a list that is not would match nothing.
        Self::new(written).unwrap_or_else(|_| Self { written: Vec::new(), matcher: Gitignore::empty() })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// The patterns as written.
    #[must_use]
    pub fn written(&self) -> Vec<String> {
        self.written.clone()
    }

    /// Whether the patterns name the folder or file at this relative path itself.
    #[must_use]
    pub fn match_entry(&self, path: &str, is_dir: bool) -> bool {
        !self.written.is_empty() && self.matcher.matched(Path::new(path), is_dir).is_ignore()
    }

    /// Whether the patterns name the file at this relative path, or a folder above it.
    #[must_use]
    pub fn match_file(&self, path: &str) -> bool {
        let path = path.trim_start_matches('/');
        !self.written.is_empty() && self.matcher.matched_path_or_any_parents(Path::new(path), false).is_ignore()
    }
}

/// The reason without the words that `ignore` puts around it.
fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { err, .. } | ignore::Error::WithLineNumber { err, .. } => reason(err),
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DEFAULT_EXCLUDE, DEFAULT_TEST_PATHS};

    #[test]
    fn defaults_can_be_read() {
        assert_eq!(Patterns::of_defaults(&DEFAULT_EXCLUDE).written().len(), DEFAULT_EXCLUDE.len());
        assert_eq!(Patterns::of_defaults(&DEFAULT_TEST_PATHS).written().len(), DEFAULT_TEST_PATHS.len());
    }

    #[test]
    fn patterns_are_those_of_gitignore() {
        let patterns = |list: &[&str]| Patterns::new(list.iter().map(|p| (*p).to_owned()).collect()).expect("readable");
        assert!(patterns(&["tests/"]).match_file("a/tests/b.py"));
        assert!(!patterns(&["tests/"]).match_file("a/tests"));
        assert!(patterns(&["./src/old"]).match_file("src/old/b.py"));
        assert!(!patterns(&["./src/old"]).match_file("a/src/old/b.py"));
        assert!(patterns(&["services/**/legacy"]).match_file("services/a/b/legacy/c.py"));
        assert!(!patterns(&["*.py", "!keep.py"]).match_file("a/keep.py"));
        for wrong in ["[z-a]", "[", "!a[", "{a", "a\\"] {
            assert!(Patterns::new(vec![wrong.to_owned()]).is_err(), "{wrong}");
        }
        assert!(patterns(&["\\[a]", "# a [comment", ""]).match_file("[a]"));
    }
}
