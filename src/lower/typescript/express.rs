//! Expressions of TypeScript, and the dispatch over all kinds.

use ustr::Ustr;

use super::kinds::{Field, Kind};
use super::state::{Assignment, Child, Lowering, Value};
use crate::ir::program::*;
use crate::source::Span;

impl Lowering<'_> {
    /// Builds a node from its children.
    pub fn node(&mut self, kind: Kind, span: Span, children: &mut [Child]) -> Value {
        match kind {
            Kind::Member | Kind::NestedIdentifier => self.member(span, children),
            Kind::Subscript => self.subscript(span, children),
            Kind::Call => self.call(span, children),
            Kind::New => self.new_expression(span, children),
            Kind::Arguments => self.arguments(children),
            Kind::TemplateString => {
                let parts = children.iter().filter_map(|c| if let Value::Part(part) = c.value { Some(part) } else { None }).collect();
                Value::Expr(self.template(span, parts, None))
            }
            Kind::TemplateSubstitution => Value::Part(TemplatePart::Hole(self.only(span, children))),
            Kind::Binary => self.binary(span, children),
            Kind::Unary => self.unary(span, children),
            Kind::Update => {
                let operand = self.expr_or_opaque(children, Field::Argument, span);
                self.builder.rebind_target(operand, BindingKind::Opaque);
                self.value(span, ExprKind::Unary { op: UnaryOp::Other, operand })
            }
            Kind::Ternary => {
                let test = self.expr_or_opaque(children, Field::Condition, span);
                let then = self.expr_or_opaque(children, Field::Consequence, span);
                let otherwise = self.expr_or_opaque(children, Field::Alternative, span);
                self.value(span, ExprKind::Conditional { test, then, otherwise })
            }
            Kind::Await => {
                // `await using x = y` waits when `x` is disposed of.
                if let Some(child) = children.iter_mut().find(|c| matches!(&c.value, Value::Assignment(a) if a.declares)) {
                    return std::mem::take(&mut child.value);
                }
                let value = self.only(span, children);
                self.value(span, ExprKind::Await(value))
            }
            Kind::Yield => self.yield_expression(span, children),
            Kind::Array => {
                let items = self.exprs(children);
                self.value(span, ExprKind::List(items.into()))
            }
            Kind::Object => self.object(span, children),
            Kind::Pair => {
                let key = self.key(children, span);
                let value = self.expr_or_opaque(children, Field::Value, span);
                self.name_function(value, key);
                Value::Entry(Entry::Pair { key, value })
            }
            Kind::Spread => {
                let inner = self.only(span, children);
                self.value(span, ExprKind::Spread(inner))
            }
            Kind::If => self.if_statement(span, children),
            Kind::Else => self.else_clause(children),
            Kind::Assignment => self.assignment(span, children),
            Kind::AugmentedAssignment => self.augmented(span, children),
            // Parentheses, casts and assertions are transparent.
            Kind::Parenthesized | Kind::NonNull | Kind::TypeAssertion => Value::Expr(self.transparent(span, children)),
            Kind::AsExpression | Kind::Satisfies | Kind::Instantiation => match children.first().and_then(|c| self.as_expr(c)) {
                Some(value) => Value::Expr(value),
                None => Value::Expr(self.opaque(span, Vec::new())),
            },
            Kind::Sequence | Kind::ComputedPropertyName => match self.exprs(children)[..] {
                [only] => Value::Expr(only),
                ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
            },
            // The names of elements run nothing, what stands in their braces does.
            Kind::JsxElement | Kind::JsxSelfClosing | Kind::JsxOpening | Kind::JsxAttribute | Kind::JsxExpression => {
                let parts: Vec<ExprId> = children
                    .iter()
                    .filter(|c| {
                        c.field != Field::Name
                            && c.kind != Kind::TypeArguments
                            && !matches!(c.value, Value::Ident(_) if kind == Kind::JsxAttribute)
                    })
                    .filter_map(|c| self.as_expr(c))
                    .collect();
                if parts.is_empty() && kind != Kind::JsxElement && kind != Kind::JsxSelfClosing {
                    return Value::Nothing;
                }
                Value::Expr(self.opaque(span, parts))
            }
            Kind::JsxClosing => Value::Nothing,
            _ => self.type_node(kind, span, children),
        }
    }

    fn transparent(&mut self, span: Span, children: &[Child]) -> ExprId {
        let inner = children.iter().filter(|c| !matches!(c.kind, Kind::TypeAnnotation | Kind::TypeArguments)).find_map(|c| self.as_expr(c));
        inner.unwrap_or_else(|| self.opaque(span, Vec::new()))
    }

    fn member(&mut self, span: Span, children: &[Child]) -> Value {
        let object = self.expr_or_opaque(children, Field::Object, span);
        let Some(Child { value: Value::Ident(name), span: name_span, .. }) = Self::field(children, Field::Property) else {
            return Value::Expr(self.opaque(span, vec![object]));
        };
        let optional = children.iter().any(|c| c.kind == Kind::OptionalChain);
        self.value(span, ExprKind::Attribute { object, name: *name, name_span: *name_span, optional })
    }

    fn subscript(&mut self, span: Span, children: &[Child]) -> Value {
        let object = self.expr_or_opaque(children, Field::Object, span);
        let index = self.expr_or_opaque(children, Field::Index, span);
        let optional = children.iter().any(|c| c.kind == Kind::OptionalChain);
        self.value(span, ExprKind::Subscript { object, index, optional })
    }

    fn call(&mut self, span: Span, children: &[Child]) -> Value {
        let is_import = Self::field(children, Field::Function).is_some_and(|c| c.kind == Kind::ImportKeyword);
        let (args, args_span) = match Self::field(children, Field::Arguments) {
            Some(Child { value: Value::Args(args), span, .. }) => (args.clone(), *span),
            Some(child) => return self.tagged(span, children, child),
            None => (Vec::new(), Span { start: span.end, end: span.end }),
        };
        if let Some(module) = self.required(children, is_import, &args) {
            return self.require(span, module);
        }
        let callee = self.expr_or_opaque(children, Field::Function, span);
        let optional = children.iter().any(|c| c.kind == Kind::OptionalChain || (c.kind == Kind::Token && self.slice(c.span) == "?."));
        // The grammar reads `await read<T>()` as a call of `await read`.
        if Self::field(children, Field::Function).is_some_and(|c| c.kind == Kind::Await)
            && let ExprKind::Await(callee_itself) = self.builder.module().expr(callee).kind
        {
            self.builder.retire(callee);
            let called = Span { start: self.builder.module().expr(callee_itself).span.start, end: span.end };
            let call = Call { callee: callee_itself, args: args.into(), args_span, is_new: false, optional };
            let call = self.builder.expr(called, ExprKind::Call(Box::new(call)));
            return self.value(span, ExprKind::Await(call));
        }
        self.value(span, ExprKind::Call(Box::new(Call { callee, args: args.into(), args_span, is_new: false, optional })))
    }

    /// The constant path in `require('x')` or `import('x')`.
    fn required(&self, children: &[Child], is_import: bool, args: &[Arg]) -> Option<Ustr> {
        let is_require = matches!(Self::field(children, Field::Function)?.value, Value::Ident(name) if name == "require");
        let (true, [first, ..]) = (is_import || is_require, args) else { return None };
        match self.builder.module().expr(first.value).kind {
            ExprKind::String(path) => Some(path),
            _ => None,
        }
    }

    fn require(&mut self, span: Span, module: Ustr) -> Value {
        let local = Ustr::default();
        let index = self.builder.unbound_import(Import { span, name_span: span, module, what: Imported::Module, local });
        self.value(span, ExprKind::Require(index))
    }

    fn tagged(&mut self, span: Span, children: &[Child], template: &Child) -> Value {
        let tag = self.expr_or_opaque(children, Field::Function, span);
        let Some(text) = self.as_expr(template) else { return Value::Expr(tag) };
        let parts: Box<[TemplatePart]> = match self.builder.module().expr(text).kind.clone() {
            ExprKind::String(constant) => Box::new([TemplatePart::Text(constant, template.span)]),
            ExprKind::Template { parts, .. } => parts,
            _ => Box::new([]),
        };
        self.builder.retire(text);
        self.value(span, ExprKind::Template { parts, tag: Some(tag) })
    }

    /// A string of these parts: constant if they are all text.
    fn template(&mut self, span: Span, parts: Vec<TemplatePart>, tag: Option<ExprId>) -> ExprId {
        let mut constant = String::new();
        for part in &parts {
            match part {
                TemplatePart::Text(text, _) => constant.push_str(text),
                TemplatePart::Hole(_) => return self.builder.expr(span, ExprKind::Template { parts: parts.into(), tag }),
            }
        }
        self.builder.expr(span, ExprKind::String(Ustr::from(&constant)))
    }

    fn new_expression(&mut self, span: Span, children: &[Child]) -> Value {
        let callee = self.expr_or_opaque(children, Field::Constructor, span);
        let (args, args_span) = match Self::field(children, Field::Arguments) {
            Some(Child { value: Value::Args(args), span, .. }) => (args.clone(), *span),
            _ => (Vec::new(), Span { start: span.end, end: span.end }),
        };
        self.value(span, ExprKind::Call(Box::new(Call { callee, args: args.into(), args_span, is_new: true, optional: false })))
    }

    fn arguments(&mut self, children: &[Child]) -> Value {
        let mut args = Vec::with_capacity(children.len());
        for child in children {
            let Some(value) = self.as_expr(child) else { continue };
            let spread = child.kind == Kind::Spread;
            let value = if spread { self.unspread(value) } else { value };
            let kind = if spread { ArgKind::Spread } else { ArgKind::Positional };
            args.push(Arg { kind, value, span: child.span });
        }
        Value::Args(args)
    }

    fn binary(&mut self, span: Span, children: &[Child]) -> Value {
        let left = self.expr_or_opaque(children, Field::Left, span);
        let right = self.expr_or_opaque(children, Field::Right, span);
        let word = self.word(children, Field::Operator);
        let compare = match word {
            "==" | "===" => Some(CompareOp::Eq),
            "!=" | "!==" => Some(CompareOp::NotEq),
            "<" | "<=" => Some(CompareOp::Less),
            ">" | ">=" => Some(CompareOp::Greater),
            "in" => Some(CompareOp::In),
            "instanceof" => Some(CompareOp::InstanceOf),
            _ => None,
        };
        if let Some(op) = compare {
            return self.value(span, ExprKind::Compare { operands: Box::new([left, right]), ops: Box::new([op]) });
        }
        let logical = match word {
            "&&" => Some(LogicalOp::And),
            "||" => Some(LogicalOp::Or),
            "??" => Some(LogicalOp::Coalesce),
            _ => None,
        };
        if let Some(op) = logical {
            return Value::Expr(self.builder.extend_logical(span, op, left, right));
        }
        let parenthesized = Self::field(children, Field::Left).is_some_and(|c| c.kind == Kind::Parenthesized);
        let op = binary_op(word);
        let flat = op == BinaryOp::Add && !parenthesized;
        Value::Expr(self.builder.extend_binary(span, op, left, right, flat))
    }

    fn unary(&mut self, span: Span, children: &[Child]) -> Value {
        let operand = self.expr_or_opaque(children, Field::Argument, span);
        let op = match self.word(children, Field::Operator) {
            "!" => UnaryOp::Not,
            "-" => UnaryOp::Minus,
            // `void 0` is `undefined`; `void promise()` runs what it is given.
            "void" if matches!(self.builder.module().expr(operand).kind, ExprKind::Number(_)) => return self.value(span, ExprKind::Null),
            _ => UnaryOp::Other,
        };
        self.value(span, ExprKind::Unary { op, operand })
    }

    fn yield_expression(&mut self, span: Span, children: &[Child]) -> Value {
        if let Some(generator) = self.generators.last_mut() {
            *generator = true;
        }
        let operand = self.exprs(children).first().copied();
        match operand {
            Some(operand) if self.has_word(children, "*") => self.value(span, ExprKind::YieldFrom(operand)),
            _ => self.value(span, ExprKind::Yield(operand)),
        }
    }

    fn object(&mut self, span: Span, children: &[Child]) -> Value {
        let mut entries = Vec::new();
        for child in children {
            match &child.value {
                Value::Entry(entry) => entries.push(*entry),
                Value::Ident(name) => {
                    let key = self.builder.expr(child.span, ExprKind::String(*name));
                    let value = self.builder.expr(child.span, ExprKind::Name(*name));
                    entries.push(Entry::Pair { key, value });
                }
                Value::Function(id) => {
                    let function = self.builder.module().function(*id);
                    let (name, name_span, span) = (function.name, function.name_span, function.span);
                    // A computed name is unknown.
                    let key = if name.is_empty() { ExprKind::Opaque(Box::new([])) } else { ExprKind::String(name) };
                    let key = self.builder.expr(name_span, key);
                    let value = self.builder.expr(span, ExprKind::Function(*id));
                    entries.push(Entry::Pair { key, value });
                }
                _ => {
                    if let Some(value) = self.as_expr(child) {
                        entries.push(Entry::Spread(self.unspread(value)));
                    }
                }
            }
        }
        self.value(span, ExprKind::Object(entries.into()))
    }

    /// The key of an entry: a name in its place is a string.
    pub(super) fn key(&mut self, children: &[Child], span: Span) -> ExprId {
        match Self::field(children, Field::Key) {
            Some(Child { value: Value::Ident(name), span, .. }) => self.builder.expr(*span, ExprKind::String(*name)),
            Some(child) => self.as_expr(child).unwrap_or_else(|| self.opaque(span, Vec::new())),
            None => self.opaque(span, Vec::new()),
        }
    }

    /// `target = value`; chained ones collect their targets from the right.
    fn assignment(&mut self, span: Span, children: &mut [Child]) -> Value {
        let target = self.expr_or_opaque(children, Field::Left, span);
        let (mut targets, value) = match children.iter_mut().find(|c| c.field == Field::Right) {
            Some(Child { value: Value::Assignment(Assignment { targets, value, op: None, .. }), .. }) => (std::mem::take(targets), *value),
            Some(child) => (Vec::new(), self.as_expr(child).unwrap_or_else(|| self.opaque(span, Vec::new()))),
            None => (Vec::new(), self.opaque(span, Vec::new())),
        };
        targets.push(target);
        let declares = self.has_word(children, "using");
        if declares {
            self.builder.bind_target(target, BindingKind::Value(value));
        } else {
            self.builder.rebind_target(target, BindingKind::Value(value));
        }
        self.export_assigned(target, value);
        if let ExprKind::Name(name) | ExprKind::Attribute { name, .. } = self.builder.module().expr(target).kind {
            self.call_function(value, name);
        }
        Value::Assignment(Assignment { targets, value, op: None, declares })
    }

    /// `target op= value`.
    fn augmented(&mut self, span: Span, children: &[Child]) -> Value {
        let target = self.expr_or_opaque(children, Field::Left, span);
        let value = self.expr_or_opaque(children, Field::Right, span);
        let word = self.word(children, Field::Operator);
        // `target ??= value` gives a value to what has none yet.
        if matches!(word, "??=" | "||=") {
            self.builder.rebind_target(target, BindingKind::Value(value));
            return Value::Assignment(Assignment { targets: vec![target], value, op: None, declares: false });
        }
        self.builder.rebind_target(target, BindingKind::Opaque);
        let op = Some(binary_op(word.trim_end_matches('=')));
        Value::Assignment(Assignment { targets: vec![target], value, op, declares: false })
    }

    /// A function without a name that becomes the value of a key.
    fn name_function(&mut self, value: ExprId, key: ExprId) {
        if let ExprKind::String(name) = self.builder.module().expr(key).kind {
            self.call_function(value, name);
        }
    }

    /// `const name = () => …` is how functions are named.
    pub(super) fn call_function(&mut self, value: ExprId, name: Ustr) {
        if let ExprKind::Function(id) = self.builder.module().expr(value).kind {
            self.builder.name_function(id, name);
        }
    }
}

fn binary_op(word: &str) -> BinaryOp {
    match word {
        "+" => BinaryOp::Add,
        "%" => BinaryOp::Mod,
        "*" => BinaryOp::Mul,
        "|" => BinaryOp::BitOr,
        _ => BinaryOp::Other,
    }
}
