//! What the walk carries: the text, the builder, and what finished nodes became.

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use super::kinds::{Field, Kind};
use super::{Dialect, strings};
use crate::ir::program::*;
use crate::lower::builder::{Builder, ScopeOf};
use crate::lower::walk::{self, Leaf};
use crate::source::{FileId, Span};

/// A finished child of the node being built.
pub type Child = walk::Child<Kind, Field, Value>;

/// What a node became.
#[derive(Default)]
pub enum Value {
    /// Nothing of its own.
    #[default]
    Nothing,
    /// A token worth knowing: an operator or a modifier.
    Token,
    /// A name that may or may not be an expression.
    Ident(Ustr),
    /// An expression.
    Expr(ExprId),
    /// Several expressions without a sequence of their own.
    Exprs(Vec<ExprId>),
    /// A statement.
    Stmt(StmtId),
    /// Statements that stand for one of the source.
    Stmts(Vec<StmtId>),
    /// A block.
    Block(BlockId),
    /// The body of a class, and its scope.
    Members(BlockId, ScopeId),
    /// Arguments of a call.
    Args(Vec<Arg>),
    /// A parameter.
    Param(Box<Param>),
    /// Parameters.
    Params(Vec<Param>),
    /// An entry of an object.
    Entry(Entry),
    /// `catch`.
    Handler(Handler),
    /// A part of a string.
    Part(TemplatePart),
    /// The cases of a `switch`.
    Cases(Vec<Case>),
    /// One case.
    Case(Box<Case>),
    /// `name: type = value` of a declaration.
    Declarator(Declarator),
    /// A function waiting for its statement, its entry or its class.
    Function(FunctionId),
    /// A class waiting for its statement.
    Class(ClassId),
    /// `target = value`, waiting to know whether it is a statement of its own.
    Assignment(Assignment),
    /// `if`, waiting to know whether it is the `else` of another.
    If(Branches),
    /// What an import or export names, and the name it gets.
    Specifier(Specifier),
    /// Several of those.
    Specifiers(Vec<Specifier>),
}

/// One variable of a declaration.
#[derive(Clone, Copy)]
pub struct Declarator {
    /// A name or a pattern.
    pub target: ExprId,
    /// The annotation.
    pub annotation: Option<ExprId>,
    /// The value.
    pub value: Option<ExprId>,
    /// The whole.
    pub span: Span,
}

/// `targets = value`.
#[derive(Clone)]
pub struct Assignment {
    /// The targets, from the right: each assignment around adds one.
    pub targets: Vec<ExprId>,
    /// The value.
    pub value: ExprId,
    /// The operator of `target op= value`.
    pub op: Option<BinaryOp>,
    /// `using target = value`.
    pub declares: bool,
}

/// `if (test) body else …`.
#[derive(Clone)]
pub struct Branches {
    /// Conditions and bodies, the last first: each `if` around adds one.
    pub branches: Vec<(ExprId, BlockId)>,
    /// `else`.
    pub otherwise: Option<BlockId>,
}

/// What an import or export names.
#[derive(Clone, Copy)]
pub struct Specifier {
    /// What is taken.
    pub what: Imported,
    /// The name it gets.
    pub local: Ustr,
    /// Where that stands.
    pub span: Span,
}

/// The lowering of one file.
pub struct Lowering<'a> {
    /// The text.
    pub text: &'a str,
    /// Which grammar it was parsed by.
    pub dialect: Dialect,
    /// What is built.
    pub builder: Builder,
    /// For each open function, whether it has a `yield`.
    pub generators: Vec<bool>,
    /// For each open block, whether it has a scope of its own.
    pub scoped: Vec<bool>,
    /// For each open loop and `switch`, whether it is a `switch`.
    pub breakable: Vec<bool>,
    /// Labels that something breaks out of.
    pub broken: FxHashSet<Ustr>,
    /// Names of types, which give way to values of the same name.
    pub types: Vec<(ScopeId, Ustr, Span, BindingKind)>,
    /// Places of declarations that are exported, and the name if it is another.
    pub exported: Vec<(Span, Option<Ustr>)>,
    /// The names of this file: asking the table that all threads share costs more.
    names: FxHashMap<&'a str, Ustr>,
}

impl<'a> Lowering<'a> {
    /// Nothing lowered yet.
    pub fn new(file: FileId, dialect: Dialect, text: &'a str) -> Self {
        Self {
            text,
            dialect,
            builder: Builder::new(file, Language::TypeScript),
            generators: Vec::new(),
            scoped: Vec::new(),
            breakable: Vec::new(),
            broken: FxHashSet::default(),
            types: Vec::new(),
            exported: Vec::new(),
            names: FxHashMap::default(),
        }
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// A name of this file.
    pub fn name(&mut self, text: &'a str) -> Ustr {
        *self.names.entry(text).or_insert_with(|| Ustr::from(text))
    }

    /// A node without children worth visiting.
    pub fn terminal(&mut self, kind: Kind, field: Field, span: Span) -> Leaf<Value> {
        let text = self.slice(span);
        let kind_of_expr = match kind {
            Kind::Identifier
            | Kind::PropertyName
            | Kind::PrivateName
            | Kind::ShorthandProperty
            | Kind::ShorthandPattern
            | Kind::TypeIdentifier
            | Kind::This
            | Kind::Super
            | Kind::MetaProperty
            | Kind::StatementName
            | Kind::PredefinedType
            | Kind::ImportKeyword => return Leaf::Is(Value::Ident(self.name(text))),
            Kind::ThisType => return Leaf::Is(Value::Ident(self.name("this"))),
            Kind::Number => ExprKind::Number(self.name(text)),
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::Null | Kind::Undefined => ExprKind::Null,
            Kind::String => ExprKind::String(strings::quoted(text)),
            Kind::Regex => ExprKind::Opaque(Box::new([])),
            Kind::Comment | Kind::HtmlComment => {
                self.builder.comment(span);
                return Leaf::Skip;
            }
            Kind::StringFragment | Kind::EscapeSequence => return Leaf::Is(Value::Part(TemplatePart::Text(strings::decode(text), span))),
            Kind::AccessibilityModifier | Kind::OverrideModifier | Kind::OptionalChain => return Leaf::Is(Value::Token),
            Kind::Token
                if field != Field::None
                    || matches!(
                        text,
                        "async" | "static" | "get" | "set" | "readonly" | "await" | "*" | "default" | "using" | "=" | "?."
                    ) =>
            {
                return Leaf::Is(Value::Token);
            }
            Kind::Token | Kind::JsxText | Kind::HtmlCharacterReference | Kind::HashBang | Kind::EmptyStatement | Kind::JsxNamespaceName => {
                return Leaf::Skip;
            }
            // `keyof T`, `T["x"]`: a type of its own, which says what it is by its text.
            Kind::IndexTypeQuery | Kind::LookupType => ExprKind::Opaque(Box::new([])),
            kind if kind.is_mere_type() => return Leaf::Skip,
            _ => return Leaf::No,
        };
        Leaf::Is(Value::Expr(self.builder.expr(span, kind_of_expr)))
    }

    /// Before the children of a node: opens its scope.
    pub fn open(&mut self, kind: Kind, parent: Option<Kind>) {
        match kind {
            kind if kind.is_function() => {
                self.builder.open_scope(ScopeOf::Function);
                self.generators.push(false);
            }
            Kind::ClassBody | Kind::EnumBody | Kind::InterfaceBody | Kind::ObjectType => {
                self.builder.open_scope(ScopeOf::Class);
            }
            Kind::StatementBlock => {
                // The body of a function shares the function's scope, that of a `for` or a `catch` its own.
                let shares = parent.is_some_and(|p| p.is_function() || matches!(p, Kind::For | Kind::ForIn | Kind::Catch));
                self.scoped.push(!shares);
                if !shares {
                    self.builder.open_scope(ScopeOf::Block);
                }
            }
            Kind::Catch => {
                self.builder.open_scope(ScopeOf::Block);
            }
            Kind::For | Kind::ForIn => {
                self.builder.open_scope(ScopeOf::Block);
                self.breakable.push(false);
            }
            Kind::SwitchBody => {
                self.builder.open_scope(ScopeOf::Block);
                self.breakable.push(true);
            }
            Kind::While | Kind::Do => self.breakable.push(false),
            _ => {}
        }
    }

    /// An expression as a value.
    pub fn value(&mut self, span: Span, kind: ExprKind) -> Value {
        Value::Expr(self.builder.expr(span, kind))
    }

    /// A statement as a value.
    pub fn statement(&mut self, span: Span, kind: StmtKind) -> Value {
        Value::Stmt(self.builder.stmt(span, kind))
    }

    /// The expression that a child is, if it is one.
    pub fn as_expr(&mut self, child: &Child) -> Option<ExprId> {
        match &child.value {
            Value::Expr(id) => Some(*id),
            Value::Ident(name) => Some(self.builder.expr(child.span, ExprKind::Name(*name))),
            Value::Exprs(items) => match items[..] {
                [only] => Some(only),
                _ => Some(self.opaque(child.span, items.clone())),
            },
            Value::Args(args) => {
                let parts = args.iter().map(|arg| arg.value).collect();
                Some(self.opaque(child.span, parts))
            }
            Value::Part(TemplatePart::Hole(id)) => Some(*id),
            Value::Assignment(assignment) => Some(self.assignment_value(child.span, &assignment.clone())),
            Value::Function(id) => Some(self.builder.expr(child.span, ExprKind::Function(*id))),
            Value::Class(id) => Some(self.builder.expr(child.span, ExprKind::Class(*id))),
            Value::Declarator(Declarator { target, annotation, value, .. }) => {
                let parts = [Some(*target), *annotation, *value].into_iter().flatten().collect();
                Some(self.opaque(child.span, parts))
            }
            Value::Entry(Entry::Pair { key, value }) => Some(self.opaque(child.span, vec![*key, *value])),
            Value::Entry(Entry::Spread(value)) => Some(*value),
            _ => None,
        }
    }

    /// `target = value` where its value is used. Without a kind of its own in the model, `target op= value` is opaque.
    fn assignment_value(&mut self, span: Span, assignment: &Assignment) -> ExprId {
        let Assignment { targets, value, op, .. } = assignment;
        if op.is_some() {
            let parts = targets.iter().copied().chain([*value]).collect();
            return self.opaque(span, parts);
        }
        targets.iter().fold(*value, |value, target| self.builder.expr(span, ExprKind::Assign { target: *target, value }))
    }

    /// The expressions among the children, in order.
    pub fn exprs(&mut self, children: &[Child]) -> Vec<ExprId> {
        children.iter().filter_map(|child| self.as_expr(child)).collect()
    }

    /// The child in a role.
    pub fn field(children: &[Child], field: Field) -> Option<&Child> {
        children.iter().find(|c| c.field == field)
    }

    /// The expression in a role.
    pub fn expr_field(&mut self, children: &[Child], field: Field) -> Option<ExprId> {
        Self::field(children, field).and_then(|child| self.as_expr(child))
    }

    /// The expression in a role, or an opaque one where the source has a hole.
    pub fn expr_or_opaque(&mut self, children: &[Child], field: Field, span: Span) -> ExprId {
        match self.expr_field(children, field) {
            Some(id) => id,
            None => self.opaque(span, Vec::new()),
        }
    }

    /// The only expression among the children, or an opaque one.
    pub fn only(&mut self, span: Span, children: &[Child]) -> ExprId {
        match self.exprs(children)[..] {
            [only] => only,
            ref parts => self.opaque(span, parts.to_vec()),
        }
    }

    /// An expression of unknown value.
    pub fn opaque(&mut self, span: Span, parts: Vec<ExprId>) -> ExprId {
        self.builder.expr(span, ExprKind::Opaque(parts.into()))
    }

    /// What `...x` spreads.
    pub fn unspread(&mut self, id: ExprId) -> ExprId {
        let ExprKind::Spread(inner) = self.builder.module().expr(id).kind else { return id };
        self.builder.retire(id);
        inner
    }

    /// Whether a word stands among the children: `async`, `static`.
    pub fn has_word(&self, children: &[Child], word: &str) -> bool {
        children.iter().any(|c| c.kind == Kind::Token && self.slice(c.span) == word)
    }

    /// The text of the child in a role.
    pub fn word(&self, children: &[Child], field: Field) -> &'a str {
        Self::field(children, field).map_or("", |c| self.slice(c.span))
    }
}
