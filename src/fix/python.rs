//! Edits of Python calls that keep the style of what is there.

use tree_sitter::{Node, Tree};

use super::edit::Edit;
use super::lists::{append, insert, span};
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
    Some(append(file, text, arguments, &[&new]))
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
        None => Some(append(file, text, arguments, &[value])),
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
