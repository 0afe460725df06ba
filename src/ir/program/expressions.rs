//! Expressions.

use ustr::Ustr;

use super::*;
use crate::source::Span;

/// An expression and its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Where it stands; parentheses around it excluded.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// Kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A name.
    Name(Ustr),
    /// `object.name`.
    Attribute {
        /// What the attribute is of.
        object: ExprId,
        /// The attribute.
        name: Ustr,
        /// Where the name stands.
        name_span: Span,
        /// `?.`.
        optional: bool,
    },
    /// `object[index]`.
    Subscript {
        /// What is indexed.
        object: ExprId,
        /// The index; several are a [`ExprKind::Tuple`].
        index: ExprId,
        /// `?.[`.
        optional: bool,
    },
    /// `lower:upper:step` inside a subscript.
    Slice(Box<[ExprId]>),
    /// A call, or `new`.
    Call(Box<Call>),
    /// A string without interpolation, escapes decoded; bytes too.
    String(Ustr),
    /// An f-string or template literal.
    Template {
        /// Constant and interpolated parts in order.
        parts: Box<[TemplatePart]>,
        /// The tag of a tagged template.
        tag: Option<ExprId>,
    },
    /// A number as written.
    Number(Ustr),
    /// `True`, `true`, `False`, `false`.
    Bool(bool),
    /// `None`, `null`, `undefined`.
    Null,
    /// `...`.
    Ellipsis,
    /// A chain of one arithmetic operator, flattened.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Two or more operands.
        operands: Vec<ExprId>,
    },
    /// A chain of `and`, `or` or `??`, flattened.
    Logical {
        /// The operator.
        op: LogicalOp,
        /// Two or more operands.
        operands: Vec<ExprId>,
    },
    /// A comparison, chained ones whole.
    Compare {
        /// Two or more operands.
        operands: Box<[ExprId]>,
        /// One operator fewer.
        ops: Box<[CompareOp]>,
    },
    /// `-x`, `not x`, `!x`, `typeof x` …
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        operand: ExprId,
    },
    /// `then if test else otherwise`, `test ? then : otherwise`.
    Conditional {
        /// The condition.
        test: ExprId,
        /// Value where it holds.
        then: ExprId,
        /// Value where it does not.
        otherwise: ExprId,
    },
    /// A dict or object literal.
    Object(Box<[Entry]>),
    /// A list or array.
    List(Box<[ExprId]>),
    /// A tuple, with or without parentheses, and a destructuring pattern of that shape.
    Tuple(Box<[ExprId]>),
    /// A set.
    Set(Box<[ExprId]>),
    /// A comprehension or generator expression.
    Comprehension(Box<Comprehension>),
    /// A lambda or arrow function, or a function expression.
    Function(FunctionId),
    /// A class expression.
    Class(ClassId),
    /// `require('x')`, `import('x')`: index into [`Module::imports`].
    Require(u32),
    /// `await x`.
    Await(ExprId),
    /// `yield x`.
    Yield(Option<ExprId>),
    /// `yield from x`, `yield* x`.
    YieldFrom(ExprId),
    /// `*x`, `**x` (in collections and patterns), `...x`.
    Spread(ExprId),
    /// `target := value`, and an assignment used as an expression.
    Assign {
        /// What is assigned to.
        target: ExprId,
        /// The value.
        value: ExprId,
    },
    /// Something that the model has no kind for: its parts are kept so that calls in them are seen, its value is unknown.
    Opaque(Box<[ExprId]>),
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called.
    pub callee: ExprId,
    /// The arguments in order.
    pub args: Box<[Arg]>,
    /// The argument list, parentheses included.
    pub args_span: Span,
    /// `new`.
    pub is_new: bool,
    /// `f?.()`.
    pub optional: bool,
}

/// An argument.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// How it is passed.
    pub kind: ArgKind,
    /// The value.
    pub value: ExprId,
    /// Keyword and value.
    pub span: Span,
}

/// How an argument is passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgKind {
    /// By position.
    Positional,
    /// By keyword.
    Keyword(Ustr),
    /// `*args`, `...args`.
    Spread,
    /// `**kwargs`.
    KeywordSpread,
}

/// A part of a template.
#[derive(Clone, Copy, Debug)]
pub enum TemplatePart {
    /// Constant text, escapes decoded, with its place.
    Text(Ustr, Span),
    /// An interpolated expression.
    Hole(ExprId),
}

/// An entry of an object literal.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// `key: value`; a bare identifier key (TypeScript) is a [`ExprKind::String`].
    Pair {
        /// The key.
        key: ExprId,
        /// The value.
        value: ExprId,
    },
    /// `**x`, `...x`.
    Spread(ExprId),
}

/// A comprehension.
#[derive(Clone, Debug)]
pub struct Comprehension {
    /// What it makes.
    pub kind: ComprehensionKind,
    /// The element, or the key of a dict.
    pub element: ExprId,
    /// The value of a dict.
    pub value: Option<ExprId>,
    /// `for` and `if` clauses in order.
    pub clauses: Box<[Clause]>,
    /// Its scope.
    pub scope: ScopeId,
}

/// Kinds of comprehensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ComprehensionKind {
    /// `[…]`.
    List,
    /// `{…}`.
    Set,
    /// `{k: v …}`.
    Dict,
    /// `(…)`.
    Generator,
}

/// A clause of a comprehension.
#[derive(Clone, Copy, Debug)]
pub enum Clause {
    /// `for target in iter`.
    For {
        /// The loop variable.
        target: ExprId,
        /// What is looped over.
        iter: ExprId,
    },
    /// `if test`.
    If(ExprId),
}

/// Arithmetic operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    /// `+`.
    Add,
    /// `%`.
    Mod,
    /// `*`.
    Mul,
    /// `|`.
    BitOr,
    /// Any other.
    Other,
}

/// Boolean operators that give one of their operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogicalOp {
    /// `and`, `&&`.
    And,
    /// `or`, `||`.
    Or,
    /// `??`.
    Coalesce,
}

/// Comparison operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompareOp {
    /// `==`, `===`.
    Eq,
    /// `!=`, `!==`.
    NotEq,
    /// `<`, `<=`.
    Less,
    /// `>`, `>=`.
    Greater,
    /// `in`.
    In,
    /// `not in`.
    NotIn,
    /// `is`.
    Is,
    /// `is not`.
    IsNot,
    /// `instanceof`.
    InstanceOf,
}

/// Unary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    /// `not`, `!`.
    Not,
    /// `-`.
    Minus,
    /// Any other.
    Other,
}
