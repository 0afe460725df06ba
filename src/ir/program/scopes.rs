//! Imports, and the scopes that names are bound in.

use ustr::Ustr;

use super::*;
use crate::source::Span;

/// One imported name.
#[derive(Clone, Copy, Debug)]
pub struct Import {
    /// The statement or clause.
    pub span: Span,
    /// Where the local name stands.
    pub name_span: Span,
    /// The module as written: dots for Python's relative imports (`..pkg.mod`), a path for TypeScript's (`../mod`).
    pub module: Ustr,
    /// What is taken from it.
    pub what: Imported,
    /// The name it has here; empty where the module is used as an expression.
    pub local: Ustr,
}

/// What an import takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Imported {
    /// The module itself; the local name is the whole of it.
    Module,
    /// `import a.b.c` without `as`: the local name is the first part.
    Root,
    /// A name of the module; `default` for what TypeScript calls so.
    Name(Ustr),
    /// `*`.
    All,
}

/// A scope of names.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// What it belongs to.
    pub kind: ScopeKind,
    /// Everything that binds a name here, in source order.
    pub bindings: Vec<Binding>,
}

/// Kinds of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeKind {
    /// The module.
    Module,
    /// A function or lambda.
    Function(FunctionId),
    /// A class body: not visible from the functions in it.
    Class(ClassId),
    /// A comprehension.
    Comprehension,
    /// A block of TypeScript that names of its own may be bound in.
    Block,
    /// What a module of TypeScript exports: `default`, names, and [`WHOLE`].
    Exports,
}

/// The name under which a module exports itself as a whole: `module.exports = …`, `export = …`.
pub const WHOLE: &str = "=";

/// Something that binds a name.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The name.
    pub name: Ustr,
    /// Where it is bound.
    pub span: Span,
    /// What it is bound to.
    pub kind: BindingKind,
}

/// What a name is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BindingKind {
    /// An import: index into [`Module::imports`].
    Import(u32),
    /// A function.
    Function(FunctionId),
    /// A class.
    Class(ClassId),
    /// A parameter of the scope's function: its index.
    Param(u32),
    /// The whole value of an assignment.
    Value(ExprId),
    /// An annotated declaration without a value.
    Declared(ExprId),
    /// One part of a value that is taken apart: `a, b = value`.
    Element(ExprId, u32),
    /// One member of a value that is taken apart by name: `const { name } = value`. The value may be a pattern that this one
    /// lies in, which stands for what it matches.
    Member(ExprId, Ustr),
    /// A declaration that says nothing yet: `let x;`.
    Unset,
    /// The items of something looped over.
    Item(ExprId),
    /// What a context manager gives.
    Context(ExprId),
    /// A caught exception: its types.
    Exception(Option<ExprId>),
    /// `x += value`, `del x`, a pattern, anything else that changes it.
    Opaque,
}
