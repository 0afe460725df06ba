//! Lists between brackets: arguments, members of objects. What is added keeps the style of what is there.

use tree_sitter::Node;

use super::edit::Edit;
use super::engine::line_break;
use crate::source::{FileId, Span};

/// Puts items behind all others: on lines of their own where the others have such.
pub(super) fn append(file: FileId, text: &str, list: Node<'_>, new: &[&str]) -> Vec<Edit> {
    let in_line = new.join(", ");
    let mut cursor = list.walk();
    let children: Vec<Node<'_>> = list.children(&mut cursor).collect();
    let close = list.end_byte() - 1;
    let Some(at) = children.iter().rposition(|node| node.is_named() && node.kind() != "comment") else {
        return vec![insert(file, close, &in_line)];
    };
    let last = children[at];
    let behind = &children[at + 1..];
    if list.end_position().row == last.end_position().row {
        return vec![insert(file, last.end_byte(), &format!(", {in_line}"))];
    }
    let comma = behind.iter().find(|node| node.kind() == ",");
    // A comment at the end of the line speaks of what is in it.
    let row = comma.unwrap_or(&last).end_position().row;
    let comment = behind.iter().find(|node| node.kind() == "comment" && node.start_position().row == row);
    let is_item = |node: &&Node<'_>| node.is_named() && node.kind() != "comment";
    let mut written = children[..=at].iter().filter(is_item);
    let in_own_line = written.clone().rev().find(|node| before_in_line(text, node.start_byte()).trim().is_empty());
    let indentation: String = match (in_own_line, comment.and(written.next())) {
        (Some(model), _) => before_in_line(text, model.start_byte()).to_owned(),
        (None, Some(first)) => before_in_line(text, first.start_byte()).chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect(),
        // Items that begin in the line of the bracket have no lines of their own, wherever the list ends.
        (None, None) => return vec![insert(file, last.end_byte(), &format!(", {in_line}"))],
    };
    let end = [Some(&last), comma, comment].into_iter().flatten().map(Node::end_byte).max().unwrap_or(close);
    let comma_behind = if comma.is_some() { "," } else { "" };
    let begin = format!("{}{indentation}", line_break(text));
    let lines = new.join(&format!(",{begin}"));
    let line = insert(file, end, &format!("{begin}{lines}{comma_behind}"));
    if comma.is_some() {
        vec![line]
    } else if end == last.end_byte() {
        vec![insert(file, end, &format!(",{}", line.text))]
    } else {
        vec![insert(file, last.end_byte(), ","), line]
    }
}

/// The part of a line before a byte.
pub(super) fn before_in_line(text: &str, at: usize) -> &str {
    &text[text[..at].rfind('\n').map_or(0, |line| line + 1)..at]
}

pub(super) fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

pub(super) fn insert(file: FileId, at: usize, text: &str) -> Edit {
    Edit { file, span: Span::new(at, at), text: text.to_owned() }
}
