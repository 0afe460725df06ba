//! TypeScript and JavaScript into the program model.

mod classes;
mod define;
mod express;
mod imports;
mod kinds;
mod legible;
mod patterns;
mod state;
mod statements;
mod strings;
mod types;

use std::cell::RefCell;

use tree_sitter::{Language as Grammar, Parser, Tree};

use crate::ir::program::{BlockId, Module};
use crate::lower::grammar::Tables;
use crate::lower::walk::{Leaf, Lower, walk};
use crate::source::{FileId, Span};

pub use kinds::undecided;
use kinds::{Field, Kind};
use legible::legible;
use state::{Child, Lowering, Value};

/// The two grammars: in one `<T>x` is a cast, in the other an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// `.ts`, `.mts`, `.cts`.
    TypeScript,
    /// All others.
    Tsx,
}

impl Dialect {
    /// The dialect of a file.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let lower = path.to_ascii_lowercase();
        if [".ts", ".mts", ".cts"].iter().any(|end| lower.ends_with(end)) { Self::TypeScript } else { Self::Tsx }
    }

    fn grammar(self) -> Grammar {
        match self {
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
        }
    }

    fn parser(self) -> Option<Parser> {
        let mut parser = Parser::new();
        parser.set_language(&self.grammar()).ok()?;
        Some(parser)
    }
}

/// Parses a file. Nothing only if the parser could not be set up, which a test rules out.
#[must_use]
pub fn parse(dialect: Dialect, text: &str) -> Option<Tree> {
    thread_local! {
        /// One of each per thread: what a parser has allocated serves for the next file.
        static PARSERS: [RefCell<Option<Parser>>; 2] = [Dialect::TypeScript, Dialect::Tsx].map(|dialect| RefCell::new(dialect.parser()));
    }
    PARSERS.with(|parsers| parsers[dialect as usize].borrow_mut().as_mut()?.parse(legible(text).as_bytes(), None))
}

/// Lowers a parsed file.
#[must_use]
pub fn lower(file: FileId, dialect: Dialect, text: &str, tree: &Tree) -> Module {
    let mut lowering = Lowering::new(file, dialect, text);
    let left = walk(&mut lowering, &mut tree.walk());
    let body = program(&mut lowering, &left);
    lowering.bind_types();
    lowering.builder.finish(body)
}

fn program(lowering: &mut Lowering<'_>, left: &[Child]) -> BlockId {
    match left {
        [Child { value: Value::Block(block), .. }] => *block,
        // The whole file is an error node: its readable parts are its statements.
        children => {
            let span = children.first().map_or(Span::default(), |c| c.span);
            lowering.block(span, children)
        }
    }
}

impl Lower for Lowering<'_> {
    type Kind = Kind;
    type Field = Field;
    type Value = Value;

    fn tables(&self) -> &'static Tables<Kind, Field> {
        kinds::tables(self.dialect)
    }

    fn missing(&mut self, span: Span) {
        self.builder.error(span);
    }

    fn leaf(&mut self, kind: Kind, field: Field, span: Span) -> Leaf<Value> {
        self.terminal(kind, field, span)
    }

    fn enter(&mut self, kind: Kind, parent: Option<Kind>) {
        self.open(kind, parent);
    }

    fn build(&mut self, kind: Kind, span: Span, children: &mut [Child]) -> Value {
        self.node(kind, span, children)
    }
}

#[cfg(test)]
mod tests;
