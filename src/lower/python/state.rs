//! What the walk carries: the text, the builder, and what finished nodes became.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use super::kinds::{Field, Kind};
use crate::ir::program::*;
use crate::lower::builder::Builder;
use crate::lower::walk;
use crate::source::{FileId, Span};

/// A finished child of the node being built.
pub type Child = walk::Child<Kind, Field, Value>;

/// What a node became.
pub enum Value {
    /// Nothing of its own.
    Nothing,
    /// A token worth knowing: an operator or `async`.
    Token,
    /// A name that may or may not be an expression.
    Ident(Ustr),
    /// `a.b.c` of an import or a pattern.
    Dotted(Ustr),
    /// An imported name and its alias, with the place of the local name.
    Aliased(Ustr, Ustr, Span),
    /// An expression.
    Expr(ExprId),
    /// Several expressions without a sequence of their own.
    Exprs(Vec<ExprId>),
    /// A statement.
    Stmt(StmtId),
    /// A block.
    Block(BlockId),
    /// An argument.
    Arg(Arg),
    /// An argument list.
    Args(Vec<Arg>),
    /// A parameter.
    Param(Param),
    /// A parameter list.
    Params(Vec<Param>),
    /// An entry of a dict.
    Entry(Entry),
    /// A clause of a comprehension.
    Clause(Clause),
    /// An `except` clause.
    Handler(Handler),
    /// An `elif` clause.
    Branch(ExprId, BlockId),
    /// A part of a string.
    Part(TemplatePart),
    /// Items of a `with`.
    WithItems(Vec<(ExprId, Option<ExprId>)>),
    /// `value as target`.
    As(ExprId, ExprId),
    /// A case of a `match`, kept in [`Lowering::cases`].
    Case,
    /// A function waiting for its statement.
    Function(FunctionId),
    /// A class waiting for its statement.
    Class(ClassId),
    /// An assignment waiting to know whether it is a statement of its own.
    Assignment(Assignment),
}

/// `targets: annotation = value`.
pub struct Assignment {
    /// The targets, from the left.
    pub targets: Vec<ExprId>,
    /// The annotation.
    pub annotation: Option<ExprId>,
    /// The value.
    pub value: Option<ExprId>,
    /// The operator of an augmented one.
    pub op: Option<BinaryOp>,
}

/// The lowering of one file.
pub struct Lowering<'a> {
    /// The text.
    pub text: &'a str,
    /// What is built.
    pub builder: Builder,
    /// For each open function, whether it has a `yield`.
    pub generators: Vec<bool>,
    /// Cases that wait for their `match`, with their places.
    pub cases: Vec<(Span, Case)>,
    /// The names of this file: asking the table that all threads share costs more.
    names: FxHashMap<&'a str, Ustr>,
}

impl<'a> Lowering<'a> {
    /// Nothing lowered yet.
    pub fn new(file: FileId, text: &'a str) -> Self {
        Self { text, builder: Builder::new(file, super::LANGUAGE), generators: Vec::new(), cases: Vec::new(), names: FxHashMap::default() }
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// A name of this file.
    fn name(&mut self, text: &'a str) -> Ustr {
        *self.names.entry(text).or_insert_with(|| Ustr::from(text))
    }

    /// A node without children worth visiting.
    pub fn leaf(&mut self, kind: Kind, span: Span) -> Value {
        let text = self.slice(span);
        match kind {
            Kind::Identifier => Value::Ident(self.name(text)),
            Kind::DottedName => {
                // Line breaks and blanks may stand around the dots.
                let compact: String = text.split(|c: char| c.is_whitespace() || c == '\\').collect();
                Value::Dotted(Ustr::from(&compact))
            }
            Kind::Integer | Kind::Float => {
                let digits = self.name(text);
                Value::Expr(self.builder.expr(span, ExprKind::Number(digits)))
            }
            Kind::True => Value::Expr(self.builder.expr(span, ExprKind::Bool(true))),
            Kind::False => Value::Expr(self.builder.expr(span, ExprKind::Bool(false))),
            Kind::None => Value::Expr(self.builder.expr(span, ExprKind::Null)),
            Kind::Ellipsis => Value::Expr(self.builder.expr(span, ExprKind::Ellipsis)),
            Kind::Comment => {
                self.builder.comment(span);
                Value::Nothing
            }
            Kind::Token if matches!(text, "async" | "*" | "**" | "from") => Value::Token,
            _ => Value::Nothing,
        }
    }

    /// The expression that a child is, if it is one.
    pub fn as_expr(&mut self, child: &Child) -> Option<ExprId> {
        match &child.value {
            Value::Expr(id) => Some(*id),
            Value::Ident(name) => Some(self.builder.expr(child.span, ExprKind::Name(*name))),
            Value::Dotted(path) => Some(self.dotted(*path, child.span)),
            Value::Exprs(items) => match items[..] {
                [only] => Some(only),
                _ => Some(self.builder.expr(child.span, ExprKind::Opaque(items.clone().into()))),
            },
            Value::Arg(arg) => Some(arg.value),
            Value::As(value, target) => Some(self.builder.expr(child.span, ExprKind::Opaque(Box::new([*value, *target])))),
            Value::Part(TemplatePart::Hole(id)) => Some(*id),
            Value::Assignment(a) => {
                let parts: Vec<ExprId> = a.targets.iter().chain(&a.annotation).chain(&a.value).copied().collect();
                Some(self.builder.expr(child.span, ExprKind::Opaque(parts.into())))
            }
            _ => None,
        }
    }

    /// `a.b.c` as an expression. Places inside it are not needed by anybody: they are all the whole.
    fn dotted(&mut self, path: Ustr, span: Span) -> ExprId {
        let mut parts = path.split('.');
        let first = parts.next().unwrap_or_default();
        let mut id = self.builder.expr(span, ExprKind::Name(Ustr::from(first)));
        for part in parts {
            let kind = ExprKind::Attribute { object: id, name: Ustr::from(part), name_span: span, optional: false };
            id = self.builder.expr(span, kind);
        }
        id
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
        children.iter().find(|c| c.field == field).and_then(|child| self.as_expr(child))
    }

    /// The expression in a role, or an opaque one where the source has a hole.
    pub fn expr_or_opaque(&mut self, children: &[Child], field: Field, span: Span) -> ExprId {
        match self.expr_field(children, field) {
            Some(id) => id,
            None => self.opaque(span, Vec::new()),
        }
    }

    /// An expression of unknown value.
    pub fn opaque(&mut self, span: Span, parts: Vec<ExprId>) -> ExprId {
        self.builder.expr(span, ExprKind::Opaque(parts.into()))
    }

    /// What `*x` or `**x` spreads.
    pub fn unspread(&mut self, id: ExprId) -> ExprId {
        let ExprKind::Spread(inner) = self.builder.module().expr(id).kind else { return id };
        self.builder.retire(id);
        inner
    }

    /// The block in a role, or an empty one.
    pub fn block_field(&mut self, children: &[Child], field: Field, span: Span) -> BlockId {
        match children.iter().find(|c| if field == Field::None { c.kind == Kind::Block } else { c.field == field }) {
            Some(Child { value: Value::Block(id), .. }) => *id,
            _ => self.builder.block(Span { start: span.end, end: span.end }, Vec::new()),
        }
    }

    /// The block of a child that holds one (`else`, `finally`).
    pub fn block_of(children: &[Child], kind: Kind) -> Option<BlockId> {
        children.iter().find_map(|c| match c.value {
            Value::Block(id) if c.kind == kind => Some(id),
            _ => None,
        })
    }

    /// Whether `async` stands before the node's keyword.
    pub fn is_async(&self, children: &[Child]) -> bool {
        children.iter().any(|c| c.kind == Kind::Token && self.slice(c.span) == "async")
    }

    /// A block of the statements among the children; readable parts of what is no statement are kept as one.
    pub fn block(&mut self, span: Span, children: &[Child]) -> BlockId {
        let mut stmts = Vec::new();
        for child in children {
            if let Some(stmt) = self.as_stmt(child) {
                stmts.push(stmt);
            }
        }
        let span = match (stmts.first(), stmts.last()) {
            (Some(first), Some(last)) => self.builder.module().stmt(*first).span.to(self.builder.module().stmt(*last).span),
            _ => Span { start: span.start, end: span.start },
        };
        self.builder.block(span, stmts)
    }

    /// The statement that a child is, if it is one.
    pub fn as_stmt(&mut self, child: &Child) -> Option<StmtId> {
        match &child.value {
            Value::Stmt(id) => Some(*id),
            Value::Function(id) => Some(self.builder.stmt(child.span, StmtKind::Function(*id))),
            Value::Class(id) => Some(self.builder.stmt(child.span, StmtKind::Class(*id))),
            Value::Block(id) => {
                let nested = self.builder.module().block(*id).stmts.clone();
                Some(self.builder.stmt(child.span, StmtKind::Opaque(Box::new([]), nested)))
            }
            // Inside what the parser could not read.
            Value::Handler(Handler { body, .. }) | Value::Branch(_, body) => {
                let nested = self.builder.module().block(*body).stmts.clone();
                Some(self.builder.stmt(child.span, StmtKind::Opaque(Box::new([]), nested)))
            }
            Value::Args(args) => {
                let parts: Vec<ExprId> = args.iter().map(|a| a.value).collect();
                Some(self.builder.stmt(child.span, StmtKind::Opaque(parts.into(), Box::new([]))))
            }
            Value::Ident(_) | Value::Dotted(_) => None,
            _ => {
                let expr = self.as_expr(child)?;
                Some(self.builder.stmt(child.span, StmtKind::Opaque(Box::new([expr]), Box::new([]))))
            }
        }
    }
}
