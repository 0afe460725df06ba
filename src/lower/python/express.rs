//! Expressions of Python, and the dispatch over all kinds.

use ustr::Ustr;

use super::kinds::{Field, Kind};
use super::state::{Assignment, Child, Lowering, Value};
use super::strings::{self, Prefix};
use crate::ir::program::*;
use crate::lower::builder::ScopeOf;
use crate::source::Span;

impl Lowering<'_> {
    /// Before the children of a node: opens its scope.
    pub fn open(&mut self, kind: Kind) {
        match kind {
            Kind::FunctionDefinition | Kind::Lambda => {
                self.builder.open_scope(ScopeOf::Function);
                self.generators.push(false);
            }
            Kind::ClassDefinition => {
                self.builder.open_scope(ScopeOf::Class);
            }
            Kind::ListComprehension | Kind::SetComprehension | Kind::DictionaryComprehension | Kind::GeneratorExpression => {
                self.builder.open_scope(ScopeOf::Comprehension);
            }
            _ => {}
        }
    }

    /// Builds a node from its children.
    pub fn node(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        match kind {
            Kind::Attribute => self.attribute(span, children),
            Kind::Subscript => self.subscript(span, children),
            Kind::Call => self.call(span, children),
            Kind::ArgumentList => self.arguments(children),
            Kind::KeywordArgument => self.keyword_argument(span, children),
            Kind::String => self.string(span, children),
            Kind::ConcatenatedString => self.concatenated(span, children),
            Kind::Interpolation | Kind::FormatExpression => {
                let hole = self.expr_or_opaque(children, Field::Expression, span);
                // Calls inside a format specifier are seen through an opaque whole.
                let nested: Vec<ExprId> =
                    children.iter().filter(|c| c.field == Field::FormatSpecifier).filter_map(|c| self.as_expr(c)).collect();
                let hole = if nested.is_empty() { hole } else { self.with_specifier(span, hole, nested) };
                Value::Part(TemplatePart::Hole(hole))
            }
            Kind::FormatSpecifier => {
                let parts = self.exprs(children);
                if parts.is_empty() { Value::Nothing } else { Value::Expr(self.opaque(span, parts)) }
            }
            Kind::Binary => self.binary(span, children),
            Kind::Boolean => self.boolean(span, children),
            Kind::Comparison => self.comparison(span, children),
            Kind::Not => {
                let operand = self.expr_or_opaque(children, Field::Argument, span);
                self.value(span, ExprKind::Unary { op: UnaryOp::Not, operand })
            }
            Kind::Unary => {
                let operand = self.expr_or_opaque(children, Field::Argument, span);
                let op = if self.slice(span).starts_with('-') { UnaryOp::Minus } else { UnaryOp::Other };
                self.value(span, ExprKind::Unary { op, operand })
            }
            Kind::Conditional => match self.exprs(children)[..] {
                [then, test, otherwise] => self.value(span, ExprKind::Conditional { test, then, otherwise }),
                ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
            },
            Kind::Parenthesized => match self.exprs(children)[..] {
                [inner] => Value::Expr(inner),
                ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
            },
            Kind::Tuple | Kind::ExpressionList | Kind::TuplePattern | Kind::PatternList => {
                let items = self.exprs(children);
                self.value(span, ExprKind::Tuple(items.into()))
            }
            Kind::List | Kind::ListPattern => {
                let items = self.exprs(children);
                self.value(span, ExprKind::List(items.into()))
            }
            Kind::Set => {
                let items = self.exprs(children);
                self.value(span, ExprKind::Set(items.into()))
            }
            Kind::Dictionary => self.dictionary(span, children),
            Kind::Pair => {
                let key = self.expr_or_opaque(children, Field::Key, span);
                let value = self.expr_or_opaque(children, Field::Value, span);
                Value::Entry(Entry::Pair { key, value })
            }
            Kind::ListComprehension => self.comprehension(ComprehensionKind::List, span, children),
            Kind::SetComprehension => self.comprehension(ComprehensionKind::Set, span, children),
            Kind::DictionaryComprehension => self.comprehension(ComprehensionKind::Dict, span, children),
            Kind::GeneratorExpression => self.comprehension(ComprehensionKind::Generator, span, children),
            Kind::ForInClause => self.for_in(span, children),
            Kind::IfClause => {
                let test = self.exprs(children).first().copied();
                let test = test.unwrap_or_else(|| self.opaque(span, Vec::new()));
                Value::Clause(Clause::If(test))
            }
            Kind::Await => {
                let operand = self.only(span, children);
                self.value(span, ExprKind::Await(operand))
            }
            Kind::Yield => self.build_yield(span, children),
            Kind::ListSplat
            | Kind::ListSplatPattern
            | Kind::ParenthesizedListSplat
            | Kind::DictionarySplat
            | Kind::DictionarySplatPattern => {
                let operand = self.only(span, children);
                if kind == Kind::ParenthesizedListSplat { Value::Expr(operand) } else { self.value(span, ExprKind::Spread(operand)) }
            }
            Kind::Named => {
                let target = self.expr_or_opaque(children, Field::Name, span);
                let value = self.expr_or_opaque(children, Field::Value, span);
                self.builder.bind_named(target, value);
                self.value(span, ExprKind::Assign { target, value })
            }
            Kind::Slice => {
                let parts = self.exprs(children);
                self.value(span, ExprKind::Slice(parts.into()))
            }
            Kind::AsPattern => self.as_pattern(span, children),
            Kind::AsPatternTarget | Kind::Type => match self.exprs(children)[..] {
                [only] => Value::Expr(only),
                ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
            },
            // `List[int]` in an annotation is a subscript like any other.
            Kind::GenericType => match self.exprs(children)[..] {
                [object, index] => self.value(span, ExprKind::Subscript { object, index, optional: false }),
                ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
            },
            Kind::TypeParameter => {
                let parts = self.exprs(children);
                match parts[..] {
                    [only] => Value::Expr(only),
                    _ => self.value(span, ExprKind::Tuple(parts.into())),
                }
            }
            Kind::UnionType => {
                let operands = self.exprs(children);
                self.value(span, ExprKind::Binary { op: BinaryOp::BitOr, operands })
            }
            Kind::MemberType | Kind::ConstrainedType | Kind::SplatType | Kind::Chevron | Kind::ComplexPattern => {
                let parts = self.exprs(children);
                Value::Expr(self.opaque(span, parts))
            }
            _ => self.build_statement(kind, span, children),
        }
    }

    /// An expression as a value.
    fn value(&mut self, span: Span, kind: ExprKind) -> Value {
        Value::Expr(self.builder.expr(span, kind))
    }

    /// The only expression among the children, or an opaque one.
    fn only(&mut self, span: Span, children: &[Child]) -> ExprId {
        match self.exprs(children)[..] {
            [only] => only,
            ref parts => self.opaque(span, parts.to_vec()),
        }
    }

    fn with_specifier(&mut self, span: Span, hole: ExprId, mut nested: Vec<ExprId>) -> ExprId {
        nested.insert(0, hole);
        self.opaque(span, nested)
    }

    fn attribute(&mut self, span: Span, children: &[Child]) -> Value {
        let object = self.expr_or_opaque(children, Field::Object, span);
        let Some(Child { value: Value::Ident(name), span: name_span, .. }) = Self::field(children, Field::Attribute) else {
            return Value::Expr(self.opaque(span, vec![object]));
        };
        self.value(span, ExprKind::Attribute { object, name: *name, name_span: *name_span, optional: false })
    }

    fn subscript(&mut self, span: Span, children: &[Child]) -> Value {
        let object = self.expr_or_opaque(children, Field::Value, span);
        let mut indices = Vec::new();
        for child in children.iter().filter(|c| c.field == Field::Subscript) {
            indices.extend(self.as_expr(child));
        }
        let index = match indices[..] {
            [only] => only,
            _ => self.builder.expr(span, ExprKind::Tuple(indices.into())),
        };
        self.value(span, ExprKind::Subscript { object, index, optional: false })
    }

    fn call(&mut self, span: Span, children: &[Child]) -> Value {
        let callee = self.expr_or_opaque(children, Field::Function, span);
        let (args, args_span) = match Self::field(children, Field::Arguments) {
            Some(Child { value: Value::Args(args), span, .. }) => (args.clone(), *span),
            // A generator expression is the only argument, with the call's own parentheses.
            Some(child) => {
                let args = self.as_expr(child).map(|value| Arg { kind: ArgKind::Positional, value, span: child.span });
                (args.into_iter().collect(), child.span)
            }
            None => (Vec::new(), Span { start: span.end, end: span.end }),
        };
        self.value(span, ExprKind::Call(Box::new(Call { callee, args: args.into(), args_span, is_new: false, optional: false })))
    }

    fn arguments(&mut self, children: &[Child]) -> Value {
        let mut args = Vec::with_capacity(children.len());
        for child in children {
            if let Value::Arg(arg) = child.value {
                args.push(arg);
                continue;
            }
            let Some(value) = self.as_expr(child) else { continue };
            let kind = match child.kind {
                Kind::ListSplat => ArgKind::Spread,
                Kind::DictionarySplat => ArgKind::KeywordSpread,
                _ => ArgKind::Positional,
            };
            let value = if kind == ArgKind::Positional { value } else { self.unspread(value) };
            args.push(Arg { kind, value, span: child.span });
        }
        Value::Args(args)
    }

    fn keyword_argument(&mut self, span: Span, children: &[Child]) -> Value {
        let value = self.expr_or_opaque(children, Field::Value, span);
        match Self::field(children, Field::Name) {
            Some(Child { value: Value::Ident(name), .. }) => Value::Arg(Arg { kind: ArgKind::Keyword(*name), value, span }),
            _ => Value::Expr(value),
        }
    }

    /// A string literal that its text tells wholly, so that nobody need look at its parts.
    pub(super) fn plain_string(&mut self, span: Span) -> Option<Value> {
        let text = strings::plain(self.slice(span))?;
        Some(Value::Expr(self.builder.expr(span, ExprKind::String(text))))
    }

    fn string(&mut self, span: Span, children: &[Child]) -> Value {
        let start = children.iter().find(|c| c.kind == Kind::StringStart).map_or("", |c| self.slice(c.span));
        let prefix = Prefix::of(start);
        let mut parts = Vec::new();
        for child in children {
            match child.value {
                Value::Part(part) => parts.push(part),
                _ if child.kind == Kind::StringContent => {
                    parts.push(TemplatePart::Text(strings::decode(self.slice(child.span), prefix), child.span));
                }
                _ => {}
            }
        }
        Value::Expr(self.text(span, parts))
    }

    fn concatenated(&mut self, span: Span, children: &[Child]) -> Value {
        let mut parts = Vec::new();
        for string in self.exprs(children) {
            let Expr { span, kind } = self.builder.module().expr(string).clone();
            self.builder.retire(string);
            match kind {
                ExprKind::String(text) => parts.push(TemplatePart::Text(text, span)),
                ExprKind::Template { parts: inner, .. } => parts.extend(inner),
                _ => {}
            }
        }
        Value::Expr(self.text(span, parts))
    }

    /// A string of these parts: constant if they are all text.
    fn text(&mut self, span: Span, parts: Vec<TemplatePart>) -> ExprId {
        let mut constant = String::new();
        for part in &parts {
            match part {
                TemplatePart::Text(text, _) => constant.push_str(text),
                TemplatePart::Hole(_) => return self.builder.expr(span, ExprKind::Template { parts: parts.into(), tag: None }),
            }
        }
        self.builder.expr(span, ExprKind::String(Ustr::from(&constant)))
    }

    fn binary(&mut self, span: Span, children: &[Child]) -> Value {
        let left = self.expr_or_opaque(children, Field::Left, span);
        let right = self.expr_or_opaque(children, Field::Right, span);
        let op = match Self::field(children, Field::Operator).map(|c| self.slice(c.span)) {
            Some("+") => BinaryOp::Add,
            Some("%") => BinaryOp::Mod,
            Some("*") => BinaryOp::Mul,
            Some("|") => BinaryOp::BitOr,
            _ => BinaryOp::Other,
        };
        let parenthesized = Self::field(children, Field::Left).is_some_and(|c| c.kind == Kind::Parenthesized);
        let flat = op == BinaryOp::Add && !parenthesized;
        Value::Expr(self.builder.extend_binary(span, op, left, right, flat))
    }

    fn boolean(&mut self, span: Span, children: &[Child]) -> Value {
        let left = self.expr_or_opaque(children, Field::Left, span);
        let right = self.expr_or_opaque(children, Field::Right, span);
        let op = match Self::field(children, Field::Operator).map(|c| self.slice(c.span)) {
            Some("and") => LogicalOp::And,
            _ => LogicalOp::Or,
        };
        Value::Expr(self.builder.extend_logical(span, op, left, right))
    }

    fn comparison(&mut self, span: Span, children: &[Child]) -> Value {
        let operands = self.exprs(children);
        let mut ops = Vec::new();
        for child in children.iter().filter(|c| c.field == Field::Operators) {
            ops.push(match self.slice(child.span) {
                "==" => CompareOp::Eq,
                "!=" | "<>" => CompareOp::NotEq,
                "<" | "<=" => CompareOp::Less,
                ">" | ">=" => CompareOp::Greater,
                "in" => CompareOp::In,
                "is" => CompareOp::Is,
                text if text.starts_with("not") => CompareOp::NotIn,
                _ => CompareOp::IsNot,
            });
        }
        if operands.len() != ops.len() + 1 {
            return Value::Expr(self.opaque(span, operands));
        }
        self.value(span, ExprKind::Compare { operands: operands.into(), ops: ops.into() })
    }

    fn dictionary(&mut self, span: Span, children: &[Child]) -> Value {
        let mut entries = Vec::new();
        for child in children {
            if let Value::Entry(entry) = child.value {
                entries.push(entry);
            } else if let Some(value) = self.as_expr(child) {
                entries.push(Entry::Spread(self.unspread(value)));
            }
        }
        self.value(span, ExprKind::Object(entries.into()))
    }

    fn comprehension(&mut self, kind: ComprehensionKind, span: Span, children: &[Child]) -> Value {
        let (element, value) = match Self::field(children, Field::Body) {
            Some(Child { value: Value::Entry(Entry::Pair { key, value }), .. }) => (*key, Some(*value)),
            Some(child) => (self.as_expr(child).unwrap_or_else(|| self.opaque(span, Vec::new())), None),
            None => (self.opaque(span, Vec::new()), None),
        };
        let clauses = children.iter().filter_map(|c| if let Value::Clause(clause) = c.value { Some(clause) } else { None }).collect();
        let scope = self.builder.close_scope();
        self.value(span, ExprKind::Comprehension(Box::new(Comprehension { kind, element, value, clauses, scope })))
    }

    fn for_in(&mut self, span: Span, children: &[Child]) -> Value {
        let target = self.expr_or_opaque(children, Field::Left, span);
        let iter = self.expr_or_opaque(children, Field::Right, span);
        self.builder.bind_target(target, BindingKind::Item(iter));
        Value::Clause(Clause::For { target, iter })
    }

    fn build_yield(&mut self, span: Span, children: &[Child]) -> Value {
        if let Some(generator) = self.generators.last_mut() {
            *generator = true;
        }
        let from = children.iter().any(|c| matches!(c.value, Value::Token) && self.slice(c.span) == "from");
        let operand = self.exprs(children).first().copied();
        match operand {
            Some(operand) if from => self.value(span, ExprKind::YieldFrom(operand)),
            _ => self.value(span, ExprKind::Yield(operand)),
        }
    }

    fn as_pattern(&mut self, span: Span, children: &[Child]) -> Value {
        match self.exprs(children)[..] {
            [value, target] => Value::As(value, target),
            ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
        }
    }

    /// An assignment; chained ones (`a = b = value`) collect their targets from the right.
    pub fn assignment(&mut self, span: Span, children: &[Child]) -> Value {
        let target = self.expr_or_opaque(children, Field::Left, span);
        let annotation = self.expr_field(children, Field::Type);
        let (mut targets, value) = match Self::field(children, Field::Right) {
            Some(Child { value: Value::Assignment(inner), .. }) if inner.op.is_none() => (inner.targets.clone(), inner.value),
            Some(child) => (Vec::new(), self.as_expr(child)),
            None => (Vec::new(), None),
        };
        targets.insert(0, target);
        Value::Assignment(Assignment { targets, annotation, value, op: None })
    }

    /// `target op= value`.
    pub fn augmented(&mut self, span: Span, children: &[Child]) -> Value {
        let target = self.expr_or_opaque(children, Field::Left, span);
        let value = self.expr_or_opaque(children, Field::Right, span);
        let op = match Self::field(children, Field::Operator).map(|c| self.slice(c.span)) {
            Some("+=") => BinaryOp::Add,
            Some("%=") => BinaryOp::Mod,
            Some("*=") => BinaryOp::Mul,
            Some("|=") => BinaryOp::BitOr,
            _ => BinaryOp::Other,
        };
        Value::Assignment(Assignment { targets: vec![target], annotation: None, value: Some(value), op: Some(op) })
    }
}
