//! The program model: one small language-neutral form that Python and TypeScript are lowered into.
//!
//! Everything lives in flat arenas of a [`Module`] and refers to each other by integer ids. Children are made before
//! their parents, so an id is greater than the ids below it (but for chains of one operator, which take in operands that come
//! later), and parents are known when lowering ends.

use ustr::Ustr;

use crate::source::{FileId, Span};

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
    /// `with`.
    With {
        /// Context managers and their targets.
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
    /// The class whose method it is.
    pub class: Option<ClassId>,
    /// Its scope.
    pub scope: ScopeId,
    /// What it is declared in: [`Parent::Stmt`] or [`Parent::Expr`].
    pub parent: Parent,
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
#[derive(Clone, Copy, Debug)]
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
    /// Base classes and keyword arguments.
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

/// One imported name.
#[derive(Clone, Copy, Debug)]
pub struct Import {
    /// The statement or clause.
    pub span: Span,
    /// Where the local name stands.
    pub name_span: Span,
    /// The module as written: dots for Python's relative imports (`..pkg.mod`).
    pub module: Ustr,
    /// What is taken from it.
    pub what: Imported,
    /// The name it has here.
    pub local: Ustr,
}

/// What an import takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Imported {
    /// The module itself; the local name is the whole of it.
    Module,
    /// `import a.b.c` without `as`: the local name is the first part.
    Root,
    /// A name of the module.
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
}

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
    /// The items of something looped over.
    Item(ExprId),
    /// What a context manager gives.
    Context(ExprId),
    /// A caught exception: its types.
    Exception(Option<ExprId>),
    /// `x += value`, `del x`, a pattern, anything else that changes it.
    Opaque,
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
