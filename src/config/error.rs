//! What is wrong with a configuration, and where.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use crate::source::{FileKind, SourceFile};
use crate::suggest::nearest;

/// A configuration that cannot be used. The exit code is 2.
#[derive(Debug)]
pub struct ConfigError {
    path: String,
    message: String,
    help: Option<String>,
    at: Option<At>,
}

#[derive(Debug)]
struct At {
    line: u32,
    column: u32,
    span: Range<usize>,
    source: NamedSource<String>,
}

impl ConfigError {
    /// An error about a file as a whole.
    pub(super) fn file(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.display().to_string(), message: message.into(), help: None, at: None }
    }

    /// An error about a place in a file.
    pub(super) fn at(path: &Path, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let name = path.display().to_string();
        let start = u32::try_from(span.start).unwrap_or(u32::MAX);
        let position = SourceFile::new(&name, FileKind::Manifest, text).position(start);
        let source = NamedSource::new(&name, text.to_owned());
        let at = At { line: position.line, column: position.column, span, source };
        Self { path: name, message: message.into(), help: None, at: Some(at) }
    }

    /// What the TOML parser or serde says, with a suggestion for a misspelt key or word.
    pub(super) fn toml(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let (message, help) = explain(error.message());
        let mut result = match error.span() {
            Some(span) => Self::at(path, text, span, message),
            None => Self::file(path, message),
        };
        result.help = help;
        result
    }

    /// Adds what to do.
    #[must_use]
    pub(super) fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// Serde lists what it expected between backticks; of a long list only the nearest name helps.
fn explain(message: &str) -> (String, Option<String>) {
    let message = message.trim();
    let what = if message.starts_with("unknown field") {
        "key"
    } else if message.starts_with("unknown variant") {
        "word"
    } else {
        // Names of our own types say nothing to who writes the file.
        let message = match message.split_once("expected struct ") {
            Some((found, _)) => format!("{found}expected a table"),
            None => message.to_owned(),
        };
        return (message, None);
    };
    let mut names = message.split('`').skip(1).step_by(2);
    let Some(name) = names.next() else { return (message.to_owned(), None) };
    let known: Vec<&str> = names.collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    };
    (format!("unknown {what} `{name}`"), Some(help))
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(at) = &self.at {
            write!(f, ":{}:{}", at.line, at.column)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl Diagnostic for ConfigError {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.at.as_ref().map(|at| &at.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let at = self.at.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".to_owned()), at.span.clone()))))
    }
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn suggests_the_nearest_of_what_serde_expected() {
        let (message, help) = explain("unknown field `selct`, expected one of `select`, `ignore`");
        assert_eq!(message, "unknown key `selct`");
        assert_eq!(help.as_deref(), Some("did you mean `select`?"));
    }

    #[test]
    fn lists_the_names_when_none_is_near() {
        let (_, help) = explain("unknown variant `xyz`, expected `high` or `low`");
        assert_eq!(help.as_deref(), Some("one of `high`, `low`"));
    }
}
