//! The program model: one small language-neutral form that Python and TypeScript are lowered into.
//!
//! Everything lives in flat arenas of a [`Module`] and refers to each other by integer ids. Children are made before
//! their parents, so an id is greater than the ids below it (but for chains of one operator, which take in operands that come
//! later), and parents are known when lowering ends.

use crate::source::{FileId, Span};

mod definitions;
mod expressions;
mod scopes;
mod statements;

pub use definitions::*;
pub use expressions::*;
pub use scopes::*;
pub use statements::*;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);

        impl $name {
            /// The id of the next item of an arena that holds `len` items.
            #[must_use]
            pub fn at(len: usize) -> Self {
                Self(u32::try_from(len).unwrap_or(u32::MAX))
            }

            /// Index in the arena.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// An expression.
    ExprId,
    /// A statement.
    StmtId,
    /// A list of statements.
    BlockId,
    /// A function, method, lambda or arrow.
    FunctionId,
    /// A class.
    ClassId,
    /// A scope of names.
    ScopeId,
}

/// The languages that are lowered into this model.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Language {
    /// Python 3.
    Python,
    /// TypeScript and JavaScript.
    TypeScript,
}

/// One source file as a program.
#[derive(Clone, Debug)]
pub struct Module {
    /// The file.
    pub file: FileId,
    /// Its language.
    pub language: Language,
    /// Top-level statements.
    pub body: BlockId,
    /// All expressions.
    pub exprs: Vec<Expr>,
    /// All statements.
    pub stmts: Vec<Stmt>,
    /// All blocks.
    pub blocks: Vec<Block>,
    /// All functions.
    pub functions: Vec<Function>,
    /// All classes.
    pub classes: Vec<Class>,
    /// All imports, in source order.
    pub imports: Vec<Import>,
    /// Comments, in source order.
    pub comments: Vec<Span>,
    /// All scopes; the first is the module's.
    pub scopes: Vec<Scope>,
    /// The scope of what other modules see: in Python the module's own.
    pub exports: ScopeId,
    /// What each expression is part of.
    pub expr_parents: Vec<Parent>,
    /// The scope that each expression is in.
    pub expr_scopes: Vec<ScopeId>,
    /// The block that each statement is in.
    pub stmt_parents: Vec<BlockId>,
    /// What each block is the body of.
    pub block_parents: Vec<Parent>,
    /// Where the parser found no valid syntax.
    pub errors: Vec<Span>,
}

/// What a part belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parent {
    /// An expression.
    Expr(ExprId),
    /// A statement.
    Stmt(StmtId),
    /// A function: its decorators, parameters, annotations or body.
    Function(FunctionId),
    /// A class: its decorators, bases or body.
    Class(ClassId),
    /// The module.
    Module,
}

impl Module {
    /// An expression.
    #[must_use]
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }

    /// A statement.
    #[must_use]
    pub fn stmt(&self, id: StmtId) -> &Stmt {
        &self.stmts[id.index()]
    }

    /// A block.
    #[must_use]
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }

    /// A function.
    #[must_use]
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    /// A class.
    #[must_use]
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.index()]
    }

    /// A scope.
    #[must_use]
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.index()]
    }

    /// The call that an expression is.
    #[must_use]
    pub fn call(&self, id: ExprId) -> Option<&Call> {
        match &self.expr(id).kind {
            ExprKind::Call(call) => Some(call),
            _ => None,
        }
    }

    /// The part of a tuple or list that is written out, where nothing of unknown length stands before it.
    #[must_use]
    pub fn element(&self, whole: ExprId, index: u32) -> Option<ExprId> {
        let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = &self.expr(whole).kind else { return None };
        let is_spread = |part: &ExprId| matches!(self.expr(*part).kind, ExprKind::Spread(_));
        parts.get(index as usize).copied().filter(|_| !parts.iter().take(index as usize + 1).any(is_spread))
    }

    /// Ids of all expressions, children before parents.
    pub fn expr_ids(&self) -> impl DoubleEndedIterator<Item = ExprId> + use<> {
        (0..self.exprs.len()).map(ExprId::at)
    }

    /// Ids of all functions.
    pub fn function_ids(&self) -> impl Iterator<Item = FunctionId> + use<> {
        (0..self.functions.len()).map(FunctionId::at)
    }

    /// Ids of all classes.
    pub fn class_ids(&self) -> impl Iterator<Item = ClassId> + use<> {
        (0..self.classes.len()).map(ClassId::at)
    }
}
