//! Python into the program model.

mod define;
mod express;
mod imports;
mod kinds;
mod state;
mod strings;

use std::cell::RefCell;

use tree_sitter::{Parser, Tree};

use crate::ir::program::{BlockId, Language, Module};
use crate::lower::grammar::Tables;
use crate::lower::walk::{Leaf, Lower, walk};
use crate::source::{FileId, Span};

pub use kinds::undecided;
use kinds::{Field, Kind};
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

/// Lowers a parsed file.
#[must_use]
pub fn lower(file: FileId, text: &str, tree: &Tree) -> Module {
    let mut lowering = Lowering::new(file, text);
    let left = walk(&mut lowering, &mut tree.walk());
    let body = module_body(&mut lowering, &left);
    lowering.builder.finish(body)
}

impl Lower for Lowering<'_> {
    type Kind = Kind;
    type Field = Field;
    type Value = Value;

    fn tables(&self) -> &'static Tables<Kind, Field> {
        kinds::tables()
    }

    fn missing(&mut self, span: Span) {
        self.builder.error(span);
    }

    fn leaf(&mut self, kind: Kind, field: Field, span: Span) -> Leaf<Value> {
        if kind.is_leaf() {
            let value = Self::leaf(self, kind, span);
            let kept = kind != Kind::Token || !matches!(value, Value::Nothing) || field != Field::None;
            return if kept { Leaf::Is(value) } else { Leaf::Skip };
        }
        (kind == Kind::String).then(|| self.plain_string(span)).flatten().map_or(Leaf::No, Leaf::Is)
    }

    fn enter(&mut self, kind: Kind, _parent: Option<Kind>) {
        self.open(kind);
    }

    fn build(&mut self, kind: Kind, span: Span, children: &mut [Child]) -> Value {
        self.node(kind, span, children)
    }
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
