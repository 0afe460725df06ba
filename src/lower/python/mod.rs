//! Python into the program model.
//!
//! One pass over the syntax tree in post-order: a node is built from what its children became. The pending children live
//! on one stack, so the depth of the input is not the depth of ours.

mod define;
mod express;
mod imports;
mod kinds;
mod state;
mod strings;

use std::cell::RefCell;

use tree_sitter::{Parser, Tree, TreeCursor};

use crate::ir::program::{BlockId, Language, Module};
use crate::source::{FileId, Span};

pub use kinds::undecided;
use kinds::{Field, Kind, Tables};
use state::{Child, Lowering, Value};

/// Parses Python. Nothing only if the parser could not be set up, which a test rules out.
#[must_use]
pub fn parse(text: &str) -> Option<Tree> {
    thread_local! {
        /// One per thread: what a parser has allocated serves for the next file.
        static PARSER: RefCell<Option<Parser>> = RefCell::new(parser());
    }
    PARSER.with_borrow_mut(|parser| parser.as_mut()?.parse(text, None))
}

fn parser() -> Option<Parser> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    Some(parser)
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

/// Lowers a parsed file.
#[must_use]
pub fn lower(file: FileId, text: &str, tree: &Tree) -> Module {
    let tables = kinds::tables();
    let mut lowering = Lowering::new(file, text);
    let body = walk(&mut lowering, tables, &mut tree.walk());
    lowering.builder.finish(body)
}

/// A node whose children are being visited.
struct Frame {
    kind: Kind,
    field: Field,
    span: Span,
    /// Where its children begin on the stack.
    first: usize,
}

fn walk(lowering: &mut Lowering<'_>, tables: &Tables, cursor: &mut TreeCursor<'_>) -> BlockId {
    let mut frames: Vec<Frame> = Vec::with_capacity(64);
    let mut stack: Vec<Child> = Vec::with_capacity(256);
    loop {
        let node = cursor.node();
        let kind = tables.kind(node);
        let field = tables.field(cursor.field_id());
        let span = Span::new(node.start_byte(), node.end_byte());
        if node.is_missing() {
            lowering.builder.error(span);
        } else if kind.is_leaf() {
            let value = lowering.leaf(kind, span);
            if kind != Kind::Token || !matches!(value, Value::Nothing) || field != Field::None {
                stack.push(Child { kind, field, span, value });
            }
        } else if let Some(value) = (kind == Kind::String).then(|| lowering.plain_string(span)).flatten() {
            stack.push(Child { kind, field, span, value });
        } else {
            lowering.enter(kind, span);
            frames.push(Frame { kind, field, span, first: stack.len() });
            if cursor.goto_first_child() {
                continue;
            }
            close(lowering, &mut frames, &mut stack);
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() || frames.is_empty() {
                return module_body(lowering, &stack);
            }
            close(lowering, &mut frames, &mut stack);
        }
    }
}

/// Builds the innermost open node from its children.
fn close(lowering: &mut Lowering<'_>, frames: &mut Vec<Frame>, stack: &mut Vec<Child>) {
    let Some(frame) = frames.pop() else { return };
    let value = lowering.build(frame.kind, frame.span, &stack[frame.first..]);
    stack.truncate(frame.first);
    stack.push(Child { kind: frame.kind, field: frame.field, span: frame.span, value });
}

fn module_body(lowering: &mut Lowering<'_>, stack: &[Child]) -> BlockId {
    match stack {
        [Child { value: Value::Block(block), .. }] => *block,
        // The whole file is an error node: its readable parts are its statements.
        children => {
            let span = children.first().map_or(Span::default(), |c| c.span);
            lowering.block(span, children)
        }
    }
}

/// The language of this lowering.
const LANGUAGE: Language = Language::Python;

#[cfg(test)]
mod tests;
