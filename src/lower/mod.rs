//! From syntax trees to the models. One file (or folder) per notation.

use tree_sitter::Tree;

use crate::ir::program::{Language, Module};
use crate::source::{FileId, FileKind, SourceFile};

mod builder;
pub mod compiler;
pub mod deploy;
pub mod dockerfile;
mod grammar;
pub mod python;
#[cfg(test)]
mod render;
pub mod shell;
#[cfg(test)]
mod sound;
pub mod typescript;
mod walk;
pub mod yaml;

pub use walk::errors;

/// The syntax tree of a file with a program in it. Nothing for others, and if a parser could not be set up.
#[must_use]
pub fn parse(file: &SourceFile) -> Option<Tree> {
    match file.kind {
        FileKind::Python => python::parse(&file.text),
        FileKind::TypeScript => typescript::parse(typescript::Dialect::of(&file.path), &file.text),
        _ => None,
    }
}

/// The program in a parsed file.
#[must_use]
pub fn module(id: FileId, file: &SourceFile, tree: &Tree) -> Module {
    match file.kind {
        FileKind::TypeScript => typescript::lower(id, typescript::Dialect::of(&file.path), &file.text, tree),
        _ => python::lower(id, &file.text, tree),
    }
}

/// The module of a file that nobody has asked for: it has a place, and nothing in it.
#[must_use]
pub fn husk(id: FileId, file: &SourceFile) -> Option<Module> {
    let language = match file.kind {
        FileKind::Python => Language::Python,
        FileKind::TypeScript => Language::TypeScript,
        _ => return None,
    };
    let mut builder = builder::Builder::new(id, language);
    let body = builder.block(crate::source::Span::default(), Vec::new());
    Some(builder.finish(body))
}
