//! Statements and blocks.

use ustr::Ustr;

use super::*;
use crate::source::Span;

/// A statement and its place.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// Where it stands; decorators included.
    pub span: Span,
    /// What it does.
    pub kind: StmtKind,
}

/// Kinds of statements.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// An expression whose result is discarded.
    Expr(ExprId),
    /// `targets = value`, with or without annotation; a declaration has no value.
    Assign {
        /// One target, or several (`a = b = value`).
        targets: Box<[ExprId]>,
        /// The annotation.
        annotation: Option<ExprId>,
        /// The value.
        value: Option<ExprId>,
    },
    /// `target op= value`.
    AugAssign {
        /// What is changed.
        target: ExprId,
        /// The operator.
        op: BinaryOp,
        /// The operand.
        value: ExprId,
    },
    /// `return`.
    Return(Option<ExprId>),
    /// `raise`, `throw`.
    Raise {
        /// What is raised; nothing re-raises.
        value: Option<ExprId>,
        /// `from cause`.
        cause: Option<ExprId>,
    },
    /// `assert`.
    Assert {
        /// The condition.
        test: ExprId,
        /// The message.
        message: Option<ExprId>,
    },
    /// `del`.
    Delete(Box<[ExprId]>),
    /// `if`, with its `elif`s in line.
    If {
        /// Conditions and bodies.
        branches: Box<[(ExprId, BlockId)]>,
        /// `else`.
        otherwise: Option<BlockId>,
    },
    /// A loop.
    Loop(Box<Loop>),
    /// `try`.
    Try(Box<Try>),
    /// `with`, and a block of TypeScript that stands among statements.
    With {
        /// Context managers and their targets; none of a mere block.
        items: Box<[(ExprId, Option<ExprId>)]>,
        /// The body.
        body: BlockId,
        /// `async with`.
        is_async: bool,
    },
    /// `match`, `switch`.
    Match {
        /// What is matched.
        subject: ExprId,
        /// The cases.
        cases: Box<[Case]>,
    },
    /// A function declaration.
    Function(FunctionId),
    /// A class declaration.
    Class(ClassId),
    /// Imports: indices into [`Module::imports`].
    Import(Box<[u32]>),
    /// `global`, `nonlocal`.
    Global(Box<[Ustr]>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `pass`, an empty statement.
    Pass,
    /// `type X = …`.
    TypeAlias,
    /// What the parser could not read, or a statement with no meaning here; its readable parts are kept.
    Opaque(Box<[ExprId]>, Box<[StmtId]>),
}

/// A loop.
#[derive(Clone, Debug)]
pub struct Loop {
    /// What drives it.
    pub kind: LoopKind,
    /// The body.
    pub body: BlockId,
    /// Python's `else`.
    pub otherwise: Option<BlockId>,
    /// `async for`, `for await`.
    pub is_async: bool,
}

/// What drives a loop.
#[derive(Clone, Copy, Debug)]
pub enum LoopKind {
    /// Over the items of something.
    For {
        /// The loop variable.
        target: ExprId,
        /// What is looped over.
        iter: ExprId,
    },
    /// While a condition holds.
    While(ExprId),
}

/// `try` and its clauses.
#[derive(Clone, Debug)]
pub struct Try {
    /// What is tried.
    pub body: BlockId,
    /// `except`/`catch` clauses.
    pub handlers: Box<[Handler]>,
    /// `else`.
    pub otherwise: Option<BlockId>,
    /// `finally`.
    pub finally: Option<BlockId>,
}

/// An `except` or `catch` clause.
#[derive(Clone, Debug)]
pub struct Handler {
    /// The clause.
    pub span: Span,
    /// The exception types; `None` for a bare clause.
    pub types: Option<ExprId>,
    /// The name it is bound to.
    pub target: Option<ExprId>,
    /// The body.
    pub body: BlockId,
}

/// A case of `match` or `switch`.
#[derive(Clone, Debug)]
pub struct Case {
    /// Names that the pattern binds, and constants it compares with.
    pub pattern: Box<[ExprId]>,
    /// `if guard`.
    pub guard: Option<ExprId>,
    /// The body.
    pub body: BlockId,
}

/// A list of statements.
#[derive(Clone, Debug)]
pub struct Block {
    /// The statements.
    pub stmts: Box<[StmtId]>,
    /// From the first to the last; empty at its place for an empty block.
    pub span: Span,
    /// Whether control can reach the end of it.
    pub falls_through: bool,
}
