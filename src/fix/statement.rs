//! Statements of JavaScript in their text: the model knows the parts of a declaration, edits stand before the whole of it.

use tree_sitter::{Node, Tree};

use crate::source::Span;

/// The statement of a block or program that a place is in; nothing where what it stands in is the body of another without
/// braces, which has room for but one.
pub(super) fn around(tree: &Tree, place: Span) -> Option<Span> {
    let range = place.range();
    let mut node = tree.root_node().descendant_for_byte_range(range.start, range.end)?;
    loop {
        let parent = node.parent()?;
        if matches!(parent.kind(), "program" | "statement_block") {
            return Some(Span::new(node.start_byte(), node.end_byte()));
        }
        if is_whole(node) && !is_part(parent) {
            return None;
        }
        node = parent;
    }
}

/// Whether a node is a statement of its own wherever it stands.
fn is_whole(node: Node<'_>) -> bool {
    node.kind().ends_with("_statement") || matches!(node.kind(), "lexical_declaration" | "variable_declaration")
}

/// Whether what is in a node is but a part of it, for which there is room before the whole.
fn is_part(parent: Node<'_>) -> bool {
    parent.kind() == "export_statement"
}
