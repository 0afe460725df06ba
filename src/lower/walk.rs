//! One pass over a syntax tree in post-order: a node is built from what its children became. The pending children live on
//! one stack, so the depth of the input is not the depth of ours.

use tree_sitter::{Tree, TreeCursor};

use super::grammar::Tables;
use crate::source::Span;

/// A finished child of the node being built.
pub struct Child<K, F, V> {
    /// Its kind.
    pub kind: K,
    /// Its role.
    pub field: F,
    /// Its place.
    pub span: Span,
    /// What it became.
    pub value: V,
}

/// What a node is before its children are looked at.
pub enum Leaf<V> {
    /// Its children decide.
    No,
    /// Nothing worth keeping.
    Skip,
    /// This, whatever its children are.
    Is(V),
}

/// How a language builds its nodes.
pub trait Lower {
    /// Kinds of nodes.
    type Kind: Copy + 'static;
    /// Roles of nodes.
    type Field: Copy + 'static;
    /// What nodes become.
    type Value;

    /// The tables of the grammar.
    fn tables(&self) -> &'static Tables<Self::Kind, Self::Field>;
    /// The parser put something in that the source lacks.
    fn missing(&mut self, span: Span);
    /// What a node is without its children.
    fn leaf(&mut self, kind: Self::Kind, field: Self::Field, span: Span) -> Leaf<Self::Value>;
    /// Before the children of a node.
    fn enter(&mut self, kind: Self::Kind, parent: Option<Self::Kind>);
    /// Builds a node from its children, which may give away what they became.
    fn build(&mut self, kind: Self::Kind, span: Span, children: &mut [Child<Self::Kind, Self::Field, Self::Value>]) -> Self::Value;
}

/// The children of a language's nodes.
pub type ChildOf<L> = Child<<L as Lower>::Kind, <L as Lower>::Field, <L as Lower>::Value>;

/// A node whose children are being visited.
struct Frame<K, F> {
    kind: K,
    field: F,
    span: Span,
    /// Where its children begin on the stack.
    first: usize,
}

/// Walks a tree; what is left in the end is its root, or what could be read of it.
pub fn walk<L: Lower>(lowering: &mut L, cursor: &mut TreeCursor<'_>) -> Vec<ChildOf<L>> {
    let tables = lowering.tables();
    let mut frames: Vec<Frame<L::Kind, L::Field>> = Vec::with_capacity(64);
    let mut stack: Vec<ChildOf<L>> = Vec::with_capacity(256);
    loop {
        let node = cursor.node();
        let kind = tables.kind(node);
        let field = tables.field(cursor.field_id());
        let span = Span::new(node.start_byte(), node.end_byte());
        if node.is_missing() {
            lowering.missing(span);
        } else {
            match lowering.leaf(kind, field, span) {
                Leaf::Skip => {}
                Leaf::Is(value) => stack.push(Child { kind, field, span, value }),
                Leaf::No => {
                    lowering.enter(kind, frames.last().map(|frame| frame.kind));
                    frames.push(Frame { kind, field, span, first: stack.len() });
                    if cursor.goto_first_child() {
                        continue;
                    }
                    close(lowering, &mut frames, &mut stack);
                }
            }
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() || frames.is_empty() {
                return stack;
            }
            close(lowering, &mut frames, &mut stack);
        }
    }
}

/// Builds the innermost open node from its children.
fn close<L: Lower>(lowering: &mut L, frames: &mut Vec<Frame<L::Kind, L::Field>>, stack: &mut Vec<ChildOf<L>>) {
    let Some(frame) = frames.pop() else { return };
    let value = lowering.build(frame.kind, frame.span, &mut stack[frame.first..]);
    stack.truncate(frame.first);
    stack.push(Child { kind: frame.kind, field: frame.field, span: frame.span, value });
}

/// How many places of a parsed file are no valid syntax.
#[must_use]
pub fn errors(tree: &Tree) -> usize {
    if !tree.root_node().has_error() {
        return 0;
    }
    let mut cursor = tree.walk();
    let mut count = 0;
    loop {
        count += usize::from(cursor.node().is_error() || cursor.node().is_missing());
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return count;
            }
        }
    }
}
