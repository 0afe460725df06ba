//! How TypeScript and JavaScript files are written: what new code in them has to look like.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::source::{Place, Span};

/// The habits of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// What texts are put in.
    pub quote: char,
    /// Whether statements end with a semicolon.
    pub semicolons: bool,
    /// Blanks of one step of indentation. The edit engine makes tabs of four where the file has tabs.
    pub step: usize,
}

impl Style {
    /// The habits of a file; those of most files where it shows none.
    #[must_use]
    pub fn of(program: &Program, id: ModuleId) -> Self {
        let module = program.module(id);
        let first = |span: Span| program.sources.slice(Place { file: module.file, span }).chars().next();
        let texts = module.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::String(_))).filter_map(|expr| first(expr.span));
        let quotes: Vec<char> = texts.chain(module.imports.iter().filter_map(|import| imported_quote(program, module, import))).collect();
        let count = |quote: char| quotes.iter().filter(|c| **c == quote).count();
        let ends = |stmt: &&Stmt| program.sources.slice(Place { file: module.file, span: stmt.span }).ends_with(';');
        let plain: Vec<&Stmt> = module.stmts.iter().filter(|stmt| matches!(stmt.kind, StmtKind::Expr(_) | StmtKind::Return(_))).collect();
        let ended = plain.iter().filter(|stmt| ends(stmt)).count();
        Self {
            quote: if count('"') > count('\'') { '"' } else { '\'' },
            semicolons: plain.is_empty() || ended * 2 >= plain.len(),
            step: step(&program.sources.get(module.file).text),
        }
    }

    /// A text as this file writes it.
    #[must_use]
    pub fn text(self, text: &str) -> String {
        let quote = self.quote;
        format!("{quote}{}{quote}", text.replace(quote, "`"))
    }

    /// What ends a statement.
    #[must_use]
    pub fn end(self) -> &'static str {
        if self.semicolons { ";" } else { "" }
    }

    /// One step of indentation.
    #[must_use]
    pub fn indentation(self) -> String {
        " ".repeat(self.step)
    }
}

fn imported_quote(program: &Program, module: &Module, import: &Import) -> Option<char> {
    program.sources.slice(Place { file: module.file, span: import.span }).chars().rev().find(|c| matches!(c, '"' | '\''))
}

/// The smallest indentation of a line.
fn step(text: &str) -> usize {
    let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_code = |line: &&str| !line.trim_start().is_empty() && !line.trim_start().starts_with('*');
    if text.contains("\n\t") {
        return 4;
    }
    text.lines().filter(is_code).map(depth).filter(|depth| *depth > 1).min().filter(|depth| *depth <= 8).unwrap_or(2)
}
