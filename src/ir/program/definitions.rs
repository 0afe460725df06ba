//! Functions and classes.

use ustr::Ustr;

use super::*;
use crate::source::Span;

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name; empty for lambdas.
    pub name: Ustr,
    /// Where the name stands, or the whole lambda.
    pub name_span: Span,
    /// The whole definition, decorators included.
    pub span: Span,
    /// Decorator expressions.
    pub decorators: Box<[ExprId]>,
    /// Parameters in order.
    pub params: Box<[Param]>,
    /// Return annotation.
    pub returns: Option<ExprId>,
    /// The body, or what a lambda gives.
    pub body: FunctionBody,
    /// `async`.
    pub is_async: bool,
    /// Has `yield`.
    pub is_generator: bool,
    /// How it is declared.
    pub form: FunctionForm,
    /// The class whose method it is.
    pub class: Option<ClassId>,
    /// Its scope.
    pub scope: ScopeId,
    /// What it is declared in: [`Parent::Stmt`] or [`Parent::Expr`].
    pub parent: Parent,
}

/// How a function is declared, as far as it tells what the function is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FunctionForm {
    /// In no special way.
    Plain,
    /// `() => …`: `this` is what it is around it.
    Arrow,
    /// `static`.
    Static,
    /// `get`: reading the attribute runs it.
    Getter,
    /// `static get`.
    StaticGetter,
    /// `set`.
    Setter,
}

impl FunctionForm {
    /// Whether it belongs to the class and not to its instances.
    #[must_use]
    pub fn is_static(self) -> bool {
        matches!(self, Self::Static | Self::StaticGetter)
    }

    /// Whether reading the attribute runs it.
    #[must_use]
    pub fn is_getter(self) -> bool {
        matches!(self, Self::Getter | Self::StaticGetter)
    }
}

/// The body of a function.
#[derive(Clone, Copy, Debug)]
pub enum FunctionBody {
    /// Statements.
    Block(BlockId),
    /// An expression: its value.
    Expr(ExprId),
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// The name, or a pattern that takes it apart.
    pub target: ExprId,
    /// The name; empty for patterns.
    pub name: Ustr,
    /// How arguments reach it.
    pub kind: ParamKind,
    /// The annotation.
    pub annotation: Option<ExprId>,
    /// The default.
    pub default: Option<ExprId>,
    /// Decorator expressions (TypeScript).
    pub decorators: Box<[ExprId]>,
    /// It declares a field, too: `constructor(private name: T)`.
    pub is_field: bool,
    /// The whole parameter.
    pub span: Span,
}

/// How arguments reach a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParamKind {
    /// By position or keyword.
    Normal,
    /// By keyword only.
    KeywordOnly,
    /// `*args`, `...args`.
    Rest,
    /// `**kwargs`.
    KeywordRest,
}

/// A class.
#[derive(Clone, Debug)]
pub struct Class {
    /// The name.
    pub name: Ustr,
    /// Where the name stands.
    pub name_span: Span,
    /// The whole definition, decorators included.
    pub span: Span,
    /// Decorator expressions.
    pub decorators: Box<[ExprId]>,
    /// Base classes and keyword arguments. Interfaces of TypeScript stand under `implements`.
    pub bases: Box<[Arg]>,
    /// The body.
    pub body: BlockId,
    /// Its scope.
    pub scope: ScopeId,
    /// Methods, in source order.
    pub methods: Vec<FunctionId>,
    /// What it is declared in.
    pub parent: Parent,
}
