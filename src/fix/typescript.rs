//! Edits of JavaScript's calls and objects that keep the style of what is there.

use tree_sitter::{Node, Tree};

use super::edit::Edit;
use super::engine::line_break;
use super::lists::{append, before_in_line, insert, span};
use crate::source::{FileId, Span};

/// Sets a key of an object literal, or replaces its value.
pub(super) fn set_key(file: FileId, text: &str, tree: &Tree, object: Span, (key, value): (&str, &str)) -> Option<Vec<Edit>> {
    let object = node_at(tree, object, &["object"])?;
    let new = format!("{key}: {value}");
    let mut cursor = object.walk();
    for member in object.named_children(&mut cursor) {
        let slice = |node: Node<'_>| text.get(node.byte_range()).map(|text| text.trim_matches(['"', '\'']));
        match member.kind() {
            "shorthand_property_identifier" if slice(member) == Some(key) => {
                return Some(vec![Edit { file, span: span(member), text: new }]);
            }
            "pair" if slice(member.child_by_field_name("key")?) == Some(key) => {
                let old = member.child_by_field_name("value")?;
                return Some(vec![Edit { file, span: span(old), text: value.to_owned() }]);
            }
            _ => {}
        }
    }
    if object.named_child_count() == 0 {
        return Some(vec![Edit { file, span: span(object), text: format!("{{ {new} }}") }]);
    }
    Some(append(file, text, object, &[&new]))
}

/// Passes an argument at a position; nothing where those that are passed cannot be counted.
pub(super) fn pass_argument(file: FileId, text: &str, tree: &Tree, call: Span, position: usize, value: &str) -> Option<Vec<Edit>> {
    let call = node_at(tree, call, &["call_expression", "new_expression"])?;
    let arguments = call.child_by_field_name("arguments").filter(|node| node.kind() == "arguments")?;
    let mut cursor = arguments.walk();
    let all: Vec<Node<'_>> = arguments.named_children(&mut cursor).filter(|node| node.kind() != "comment").collect();
    if all.iter().any(|node| node.kind() == "spread_element") {
        return None;
    }
    match all.get(position) {
        Some(node) if matches!(bare(*node).kind(), "undefined" | "null") => {
            Some(vec![Edit { file, span: span(*node), text: value.to_owned() }])
        }
        Some(node) => {
            let before = before_in_line(text, node.start_byte());
            let gap = if before.trim().is_empty() { format!("{}{before}", line_break(text)) } else { " ".to_owned() };
            Some(vec![insert(file, node.start_byte(), &format!("{value},{gap}"))])
        }
        None => {
            let mut new = vec!["undefined"; position - all.len()];
            new.push(value);
            Some(append(file, text, arguments, &new))
        }
    }
}

/// An expression without what is said of its type: `null as any`, `undefined!`.
fn bare(node: Node<'_>) -> Node<'_> {
    let mut at = node;
    while matches!(
        at.kind(),
        "as_expression" | "satisfies_expression" | "non_null_expression" | "parenthesized_expression" | "type_assertion"
    ) {
        // `<any>null` says the type first.
        let child = u32::from(at.kind() == "type_assertion");
        let Some(inner) = at.named_child(child) else { break };
        at = inner;
    }
    at
}

/// The node of one of these kinds at a place.
fn node_at<'t>(tree: &'t Tree, place: Span, kinds: &[&str]) -> Option<Node<'t>> {
    let range = place.range();
    let mut node = tree.root_node().descendant_for_byte_range(range.start, range.end)?;
    // The callee of `f()()` starts where the call does.
    while !kinds.contains(&node.kind()) || span(node) != place {
        node = node.parent().filter(|parent| parent.byte_range() == range)?;
    }
    Some(node)
}
