//! Statements of TypeScript.

use super::kinds::{Field, Kind};
use super::state::{Assignment, Branches, Child, Declarator, Lowering, Value};
use crate::ir::program::*;
use crate::source::Span;

impl Lowering<'_> {
    /// Builds a node that is no expression and no type.
    pub(super) fn statement_node(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        match kind {
            Kind::Program => Value::Block(self.block(span, children)),
            Kind::StatementBlock => {
                let block = self.block(span, children);
                if self.scoped.pop() == Some(true) {
                    self.builder.close_scope();
                }
                Value::Block(block)
            }
            Kind::ExpressionStatement => self.expression_statement(span, children),
            Kind::Declarator => self.declarator(span, children),
            Kind::Lexical | Kind::Variable => self.declaration(kind, children),
            Kind::Return => {
                let value = self.exprs(children).first().copied();
                self.statement(span, StmtKind::Return(value))
            }
            Kind::Throw => {
                let value = self.exprs(children).first().copied();
                self.statement(span, StmtKind::Raise { value, cause: None })
            }
            Kind::Break => {
                // A `break` that ends a case of `switch` goes on behind it.
                let label = Self::field(children, Field::Label);
                if let Some(Child { value: Value::Ident(label), .. }) = label {
                    self.broken.insert(*label);
                }
                let ends_case = self.breakable.last() == Some(&true) && label.is_none();
                self.statement(span, if ends_case { StmtKind::Pass } else { StmtKind::Break })
            }
            Kind::Continue => self.statement(span, StmtKind::Continue),
            Kind::Debugger => self.statement(span, StmtKind::Pass),
            Kind::While | Kind::Do => {
                self.breakable.pop();
                let test = self.expr_or_opaque(children, Field::Condition, span);
                let body = self.body_field(children, Field::Body, span);
                self.loop_statement(span, LoopKind::While(test), body, false)
            }
            Kind::For => self.for_statement(span, children),
            Kind::ForIn => self.for_in(span, children),
            Kind::Labeled => {
                let Some(stmt) = Self::field(children, Field::Body).and_then(|child| self.as_stmt(child)) else { return Value::Nothing };
                // Where its label is broken out of, what comes behind it is reached.
                match Self::field(children, Field::Label) {
                    Some(Child { value: Value::Ident(label), .. }) if self.broken.remove(label) => {
                        self.statement(span, StmtKind::Opaque(Box::new([]), Box::new([stmt])))
                    }
                    _ => Value::Stmt(stmt),
                }
            }
            Kind::Try => self.try_statement(span, children),
            Kind::Catch => self.catch(span, children),
            Kind::Finally => Value::Block(self.body_field(children, Field::Body, span)),
            Kind::Switch => {
                let subject = self.expr_or_opaque(children, Field::Value, span);
                let cases = match Self::field(children, Field::Body).map(|c| &c.value) {
                    Some(Value::Cases(cases)) => cases.clone(),
                    _ => Vec::new(),
                };
                self.statement(span, StmtKind::Match { subject, cases: cases.into() })
            }
            Kind::SwitchBody => {
                self.breakable.pop();
                self.builder.close_scope();
                Value::Cases(
                    children.iter().filter_map(|c| if let Value::Case(case) = &c.value { Some((**case).clone()) } else { None }).collect(),
                )
            }
            Kind::SwitchCase | Kind::SwitchDefault => {
                let pattern: Vec<ExprId> = self.expr_field(children, Field::Value).into_iter().collect();
                let body: Vec<&Child> = children.iter().filter(|c| c.field == Field::Body).collect();
                let body = self.block_of(span, &body);
                Value::Case(Box::new(Case { pattern: pattern.into(), guard: None, body }))
            }
            Kind::With => {
                let object = self.expr_or_opaque(children, Field::Object, span);
                let body = self.body_field(children, Field::Body, span);
                let object = self.builder.stmt(span, StmtKind::Expr(object));
                Value::Stmts(vec![object, self.bare_block(span, body)])
            }
            Kind::Error => self.error(span, children),
            _ => self.definition(kind, span, children),
        }
    }

    fn expression_statement(&mut self, span: Span, children: &[Child]) -> Value {
        if let Some(Child { value: Value::Assignment(assignment), .. }) = children.iter().find(|c| matches!(c.value, Value::Assignment(_)))
        {
            return Value::Stmt(self.assignment_statement(span, assignment));
        }
        // `namespace A {}` comes as an expression.
        if let [Child { value: Value::Stmt(id), .. }] = children {
            return Value::Stmt(*id);
        }
        let expr = self.only(span, children);
        // `({ a } = b);`
        if let (ExprKind::Assign { target, value }, [Child { kind: Kind::Parenthesized, .. }]) =
            (&self.builder.module().expr(expr).kind, children)
        {
            let (targets, value) = (Box::new([*target]), *value);
            self.builder.retire(expr);
            return self.statement(span, StmtKind::Assign { targets, annotation: None, value: Some(value) });
        }
        if let ExprKind::Unary { op: UnaryOp::Other, operand } = self.builder.module().expr(expr).kind
            && self.slice(self.builder.module().expr(expr).span).starts_with("delete")
        {
            self.builder.retire(expr);
            return self.statement(span, StmtKind::Delete(Box::new([operand])));
        }
        self.statement(span, StmtKind::Expr(expr))
    }

    fn assignment_statement(&mut self, span: Span, assignment: &Assignment) -> StmtId {
        let Assignment { targets, value, op, .. } = assignment;
        if let (Some(op), [target]) = (*op, &targets[..]) {
            return self.builder.stmt(span, StmtKind::AugAssign { target: *target, op, value: *value });
        }
        let targets = targets.iter().rev().copied().collect();
        self.builder.stmt(span, StmtKind::Assign { targets, annotation: None, value: Some(*value) })
    }

    fn declarator(&mut self, span: Span, children: &[Child]) -> Value {
        let target = self.expr_or_opaque(children, Field::Name, span);
        let annotation = self.expr_field(children, Field::Type);
        let value = self.expr_field(children, Field::Value);
        if let (ExprKind::Name(name), Some(value)) = (&self.builder.module().expr(target).kind, value) {
            let name = *name;
            self.call_function(value, name);
        }
        Value::Declarator(Declarator { target, annotation, value, span })
    }

    fn declaration(&mut self, kind: Kind, children: &[Child]) -> Value {
        let mut stmts = Vec::new();
        let declarators: Vec<Declarator> =
            children.iter().filter_map(|c| if let Value::Declarator(declarator) = c.value { Some(declarator) } else { None }).collect();
        for Declarator { target, annotation, value, span } in declarators {
            let bound = match (value, annotation) {
                (Some(value), _) => BindingKind::Value(value),
                (None, Some(annotation)) => BindingKind::Declared(annotation),
                (None, None) => BindingKind::Unset,
            };
            if kind == Kind::Variable {
                self.builder.bind_hoisted(target, bound);
            } else {
                self.builder.bind_target(target, bound);
            }
            stmts.push(self.builder.stmt(span, StmtKind::Assign { targets: Box::new([target]), annotation, value }));
        }
        Value::Stmts(stmts)
    }

    pub(super) fn if_statement(&mut self, span: Span, children: &mut [Child]) -> Value {
        let test = self.expr_or_opaque(children, Field::Condition, span);
        let body = self.body_field(children, Field::Consequence, span);
        // `else if`: one statement with branches in line.
        let mut whole = match children.iter_mut().find(|c| c.field == Field::Alternative).map(|c| &mut c.value) {
            Some(Value::If(rest)) => Branches { branches: std::mem::take(&mut rest.branches), otherwise: rest.otherwise },
            Some(Value::Block(block)) => Branches { branches: Vec::new(), otherwise: Some(*block) },
            _ => Branches { branches: Vec::new(), otherwise: None },
        };
        whole.branches.push((test, body));
        Value::If(whole)
    }

    pub(super) fn else_clause(&mut self, children: &mut [Child]) -> Value {
        match children.iter_mut().find(|c| !matches!(c.value, Value::Nothing | Value::Token)) {
            Some(child) if matches!(child.value, Value::If(_)) => std::mem::take(&mut child.value),
            Some(child) => Value::Block(self.body(child)),
            None => Value::Nothing,
        }
    }

    /// A block that stands among statements.
    pub(super) fn bare_block(&mut self, span: Span, body: BlockId) -> StmtId {
        self.builder.stmt(span, StmtKind::With { items: Box::new([]), body, is_async: false })
    }

    fn loop_statement(&mut self, span: Span, kind: LoopKind, body: BlockId, is_async: bool) -> Value {
        self.statement(span, StmtKind::Loop(Box::new(Loop { kind, body, otherwise: None, is_async })))
    }

    fn for_statement(&mut self, span: Span, children: &[Child]) -> Value {
        self.breakable.pop();
        let mut stmts = match Self::field(children, Field::Initializer) {
            Some(Child { value: Value::Stmts(stmts), .. }) => stmts.clone(),
            Some(Child { value: Value::Expr(init), span, .. }) => vec![self.builder.stmt(*span, StmtKind::Expr(*init))],
            Some(child) => self.as_stmt(child).into_iter().collect(),
            None => Vec::new(),
        };
        let condition = self.expr_field(children, Field::Condition);
        let increment = self.expr_field(children, Field::Increment);
        let test = match (condition, increment) {
            (Some(condition), None) => condition,
            (None, None) => self.builder.expr(Span { start: span.start, end: span.start }, ExprKind::Bool(true)),
            (condition, Some(increment)) => self.opaque(span, condition.into_iter().chain([increment]).collect()),
        };
        let body = self.body_field(children, Field::Body, span);
        self.builder.close_scope();
        let Value::Stmt(repeated) = self.loop_statement(span, LoopKind::While(test), body, false) else { return Value::Stmts(stmts) };
        stmts.push(repeated);
        Value::Stmts(stmts)
    }

    fn for_in(&mut self, span: Span, children: &[Child]) -> Value {
        self.breakable.pop();
        let target = self.expr_or_opaque(children, Field::Left, span);
        let iter = self.expr_or_opaque(children, Field::Right, span);
        let body = self.body_field(children, Field::Body, span);
        match self.word(children, Field::KindWord) {
            "" => self.builder.rebind_target(target, BindingKind::Opaque),
            // `in` gives the keys, which nobody follows.
            _ if self.word(children, Field::Operator) == "in" => self.builder.bind_target(target, BindingKind::Opaque),
            "var" => self.builder.bind_hoisted(target, BindingKind::Item(iter)),
            _ => self.builder.bind_target(target, BindingKind::Item(iter)),
        }
        self.builder.close_scope();
        let is_async = self.has_word(children, "await");
        self.loop_statement(span, LoopKind::For { target, iter }, body, is_async)
    }

    fn try_statement(&mut self, span: Span, children: &[Child]) -> Value {
        let body = self.body_field(children, Field::Body, span);
        let handlers = children.iter().filter_map(|c| if let Value::Handler(h) = &c.value { Some(h.clone()) } else { None }).collect();
        let finally = match Self::field(children, Field::Finalizer) {
            Some(Child { value: Value::Block(block), .. }) => Some(*block),
            _ => None,
        };
        self.statement(span, StmtKind::Try(Box::new(Try { body, handlers, otherwise: None, finally })))
    }

    fn catch(&mut self, span: Span, children: &[Child]) -> Value {
        let target = self.expr_field(children, Field::Parameter);
        if let Some(target) = target {
            self.builder.bind_target(target, BindingKind::Exception(None));
        }
        let body = self.body_field(children, Field::Body, span);
        self.builder.close_scope();
        Value::Handler(Handler { span, types: None, target, body })
    }

    /// A block of the statements among the children; readable parts of what is no statement are kept as one.
    pub(super) fn block(&mut self, span: Span, children: &[Child]) -> BlockId {
        let children: Vec<&Child> = children.iter().collect();
        self.block_of(span, &children)
    }

    fn block_of(&mut self, span: Span, children: &[&Child]) -> BlockId {
        let mut stmts = Vec::new();
        for child in children {
            match &child.value {
                Value::Stmts(several) => stmts.extend(several.iter().copied()),
                _ => stmts.extend(self.as_stmt(child)),
            }
        }
        let span = match (stmts.first(), stmts.last()) {
            (Some(first), Some(last)) => self.builder.module().stmt(*first).span.to(self.builder.module().stmt(*last).span),
            _ => Span { start: span.start, end: span.start },
        };
        self.builder.block(span, stmts)
    }

    /// The body of a loop or branch: a block, or one statement.
    fn body(&mut self, child: &Child) -> BlockId {
        match &child.value {
            Value::Block(block) => *block,
            _ => self.block(child.span, std::slice::from_ref(child)),
        }
    }

    /// The body in a role, or an empty block.
    pub(super) fn body_field(&mut self, children: &[Child], field: Field, span: Span) -> BlockId {
        match Self::field(children, field) {
            Some(child) => self.body(child),
            None => self.builder.block(Span { start: span.end, end: span.end }, Vec::new()),
        }
    }

    /// The statement that a child is, if it is one.
    pub(super) fn as_stmt(&mut self, child: &Child) -> Option<StmtId> {
        let nested = |lowering: &Self, block: BlockId| lowering.builder.module().block(block).stmts.clone();
        match &child.value {
            Value::Stmt(id) => Some(*id),
            Value::Stmts(stmts) => match stmts[..] {
                [only] => Some(only),
                _ => Some(self.builder.stmt(child.span, StmtKind::Opaque(Box::new([]), stmts.clone().into()))),
            },
            Value::Function(id) => Some(self.builder.stmt(child.span, StmtKind::Function(*id))),
            Value::Class(id) => Some(self.builder.stmt(child.span, StmtKind::Class(*id))),
            Value::Assignment(assignment) => Some(self.assignment_statement(child.span, assignment)),
            Value::If(Branches { branches, otherwise }) => {
                let branches = branches.iter().rev().copied().collect();
                Some(self.builder.stmt(child.span, StmtKind::If { branches, otherwise: *otherwise }))
            }
            Value::Block(block) | Value::Handler(Handler { body: block, .. }) => Some(self.bare_block(child.span, *block)),
            Value::Members(body, _) => {
                let stmts = nested(self, *body);
                Some(self.builder.stmt(child.span, StmtKind::Opaque(Box::new([]), stmts)))
            }
            Value::Case(case) => {
                let stmts = nested(self, case.body);
                Some(self.builder.stmt(child.span, StmtKind::Opaque(case.pattern.clone(), stmts)))
            }
            Value::Ident(_) | Value::Specifier(_) | Value::Specifiers(_) => None,
            _ => {
                let expr = self.as_expr(child)?;
                Some(self.builder.stmt(child.span, StmtKind::Opaque(Box::new([expr]), Box::new([]))))
            }
        }
    }

    /// What the parser could not read: its readable parts are kept as a statement, or as an expression inside one.
    fn error(&mut self, span: Span, children: &[Child]) -> Value {
        self.builder.error(span);
        let mut exprs = Vec::new();
        let mut stmts = Vec::new();
        for child in children {
            match &child.value {
                Value::Stmt(_)
                | Value::If(_)
                | Value::Function(_)
                | Value::Class(_)
                | Value::Block(_)
                | Value::Handler(_)
                | Value::Case(_)
                | Value::Members(..) => {
                    stmts.extend(self.as_stmt(child));
                }
                Value::Stmts(several) => stmts.extend(several.iter().copied()),
                _ => exprs.extend(self.as_expr(child)),
            }
        }
        if stmts.is_empty() {
            Value::Expr(self.opaque(span, exprs))
        } else {
            self.statement(span, StmtKind::Opaque(exprs.into(), stmts.into()))
        }
    }
}
