//! Edits of Python calls that keep the style of what is there.

use tree_sitter::{Node, Tree};

use super::edit::Edit;
use super::engine::line_break;
use crate::source::{FileId, Span};

/// Passes a keyword argument, or replaces its value if it is passed already.
pub(super) fn set_argument(file: FileId, text: &str, tree: &Tree, call: Span, name: &str, value: &str) -> Option<Vec<Edit>> {
    let arguments = arguments(tree, call)?;
    let mut cursor = arguments.walk();
    for argument in arguments.named_children(&mut cursor).filter(|node| node.kind() == "keyword_argument") {
        let written = argument.child_by_field_name("name")?;
        if text.get(written.byte_range())? == name {
            let old = argument.child_by_field_name("value")?;
            return Some(vec![Edit { file, span: span(old), text: value.to_owned() }]);
        }
    }
    let new = format!("{name}={value}");
    if arguments.kind() == "generator_expression" {
        let (start, end) = (arguments.start_byte(), arguments.end_byte());
        return Some(vec![insert(file, start, "("), insert(file, end, &format!(", {new})"))]);
    }
    Some(append(file, text, arguments, &new))
}

/// Passes one more argument by position; nothing where those that are passed cannot be counted.
pub(super) fn append_argument(file: FileId, text: &str, tree: &Tree, call: Span, value: &str) -> Option<Vec<Edit>> {
    let arguments = arguments(tree, call).filter(|node| node.kind() == "argument_list")?;
    let mut cursor = arguments.walk();
    let all: Vec<Node<'_>> = arguments.named_children(&mut cursor).filter(|node| node.kind() != "comment").collect();
    if all.iter().any(|node| matches!(node.kind(), "list_splat" | "dictionary_splat")) {
        return None;
    }
    match all.iter().position(|node| node.kind() == "keyword_argument") {
        Some(keyword) => Some(vec![insert(file, all[keyword].start_byte(), &format!("{value}, "))]),
        None => Some(append(file, text, arguments, value)),
    }
}

/// Puts an argument behind all others: on a line of its own where they have lines of their own.
fn append(file: FileId, text: &str, arguments: Node<'_>, new: &str) -> Vec<Edit> {
    let mut cursor = arguments.walk();
    let children: Vec<Node<'_>> = arguments.children(&mut cursor).collect();
    let close = arguments.end_byte() - 1;
    let Some(at) = children.iter().rposition(|node| node.is_named() && node.kind() != "comment") else {
        return vec![insert(file, close, new)];
    };
    let last = children[at];
    let behind = &children[at + 1..];
    if arguments.end_position().row == last.end_position().row {
        return vec![insert(file, last.end_byte(), &format!(", {new}"))];
    }
    let comma = behind.iter().find(|node| node.kind() == ",");
    // A comment at the end of the line speaks of what is in it.
    let row = comma.unwrap_or(&last).end_position().row;
    let comment = behind.iter().find(|node| node.kind() == "comment" && node.start_position().row == row);
    let is_argument = |node: &&Node<'_>| node.is_named() && node.kind() != "comment";
    let mut written = children[..=at].iter().filter(is_argument);
    let in_own_line = written.clone().rev().find(|node| before_in_line(text, node.start_byte()).trim().is_empty());
    let indentation: String = match (in_own_line, comment.and(written.next())) {
        (Some(model), _) => before_in_line(text, model.start_byte()).to_owned(),
        (None, Some(first)) => before_in_line(text, first.start_byte()).chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect(),
        // Arguments that begin in the line of the bracket have no lines of their own, wherever the call ends.
        (None, None) => return vec![insert(file, last.end_byte(), &format!(", {new}"))],
    };
    let end = [Some(&last), comma, comment].into_iter().flatten().map(Node::end_byte).max().unwrap_or(close);
    let comma_behind = if comma.is_some() { "," } else { "" };
    let line = insert(file, end, &format!("{}{indentation}{new}{comma_behind}", line_break(text)));
    if comma.is_some() {
        vec![line]
    } else if end == last.end_byte() {
        vec![insert(file, end, &format!(",{}", line.text))]
    } else {
        vec![insert(file, last.end_byte(), ","), line]
    }
}

/// The argument list of the call at a place.
fn arguments(tree: &Tree, call: Span) -> Option<Node<'_>> {
    let range = call.range();
    let mut node = tree.root_node().descendant_for_byte_range(range.start, range.end)?;
    // The callee of `f()()` starts where the call does.
    while node.kind() != "call" || span(node) != call {
        node = node.parent().filter(|parent| parent.byte_range() == range)?;
    }
    node.child_by_field_name("arguments")
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
