//! Text edits: what intents become once the edit engine has looked at the file.

use crate::source::{FileId, Span};

/// One replacement in one file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Edit {
    /// The file.
    pub file: FileId,
    /// What goes; empty for an insertion.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// The text after all `edits`, which must be of this one file, in the order of their places; nothing if they overlap or
/// do not fall on characters of the text.
#[must_use]
pub fn apply<'a>(text: &str, edits: impl IntoIterator<Item = &'a Edit>) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        let range = edit.span.range();
        result.push_str(text.get(done..range.start)?);
        text.get(range.clone())?;
        result.push_str(&edit.text);
        done = range.end;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { file: FileId(0), span: Span::new(start, end), text: text.to_owned() }
    }

    #[test]
    fn applies_replacements_and_insertions() {
        let edits = [edit(0, 1, "x"), edit(2, 2, "-"), edit(3, 4, "")];
        assert_eq!(apply("abcd", &edits).as_deref(), Some("xb-c"));
    }

    #[test]
    fn refuses_overlaps_and_broken_characters() {
        assert_eq!(apply("abcd", &[edit(0, 2, ""), edit(1, 3, "")]), None);
        assert_eq!(apply("ä", &[edit(1, 1, "x")]), None);
        assert_eq!(apply("ab", &[edit(1, 5, "x")]), None);
    }
}
