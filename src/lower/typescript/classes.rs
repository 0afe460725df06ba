//! Classes, and what has the shape of one: interfaces, object types, enums.

use ustr::Ustr;

use super::kinds::{Field, Kind};
use super::state::{Child, Lowering, Value};
use crate::ir::program::*;
use crate::source::Span;

impl Lowering<'_> {
    pub(super) fn class_node(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        match kind {
            Kind::ClassDeclaration | Kind::AbstractClassDeclaration => {
                let id = self.class(span, children);
                let Class { name, name_span, .. } = *self.builder.module().class(id);
                self.builder.bind(name, name_span, BindingKind::Class(id));
                Value::Class(id)
            }
            Kind::Class => {
                let id = self.class(span, children);
                self.value(span, ExprKind::Class(id))
            }
            Kind::InterfaceDeclaration => {
                let id = self.class(span, children);
                let Class { name, name_span, .. } = *self.builder.module().class(id);
                self.types.push((self.builder.scope(), name, name_span, BindingKind::Class(id)));
                Value::Class(id)
            }
            Kind::EnumDeclaration => {
                let id = self.class(span, children);
                let Class { name, name_span, .. } = *self.builder.module().class(id);
                self.builder.bind(name, name_span, BindingKind::Class(id));
                Value::Class(id)
            }
            Kind::ClassHeritage => {
                let bases = children.iter().filter_map(|c| if let Value::Args(args) = &c.value { Some(args.clone()) } else { None });
                Value::Args(bases.flatten().collect())
            }
            Kind::ExtendsClause | Kind::ExtendsTypeClause => {
                let mut bases = Vec::new();
                for child in children.iter().filter(|c| matches!(c.field, Field::Value | Field::Type)) {
                    let base =
                        self.as_expr(child).map(|value| Arg { kind: ArgKind::Positional, value: self.generic(value), span: child.span });
                    bases.extend(base);
                }
                Value::Args(bases)
            }
            Kind::ImplementsClause => {
                let mut interfaces = Vec::new();
                for child in children {
                    let kind = ArgKind::Keyword(Ustr::from("implements"));
                    let interface = self.as_expr(child).map(|value| Arg { kind, value: self.generic(value), span: child.span });
                    interfaces.extend(interface);
                }
                Value::Args(interfaces)
            }
            Kind::ClassBody => self.class_body(span, children),
            Kind::InterfaceBody => self.members(span, children),
            Kind::EnumBody => self.enum_body(span, children),
            Kind::FieldDefinition => self.field_definition(span, children),
            Kind::PropertySignature => {
                let annotation = self.expr_field(children, Field::Type);
                match self.field_target(children) {
                    Some(target) => self.field_statement(span, target, annotation, None),
                    None => Value::Nothing,
                }
            }
            Kind::EnumAssignment => {
                let value = self.expr_field(children, Field::Value);
                match self.field_target(children) {
                    Some(target) => self.field_statement(span, target, None, value),
                    None => Value::Nothing,
                }
            }
            Kind::ClassStaticBlock => {
                let body = self.body_field(children, Field::Body, span);
                Value::Stmt(self.bare_block(span, body))
            }
            _ => self.module_node(kind, span, children),
        }
    }

    /// `Base` of `Base<T>`.
    fn generic(&mut self, base: ExprId) -> ExprId {
        match self.builder.module().expr(base).kind {
            ExprKind::Subscript { object, .. } => {
                self.builder.retire(base);
                object
            }
            _ => base,
        }
    }

    fn class(&mut self, span: Span, children: &[Child]) -> ClassId {
        let (name, name_span) = self.defined_name(children, span);
        let bases = children.iter().find_map(|c| match &c.value {
            Value::Args(bases) if matches!(c.kind, Kind::ClassHeritage | Kind::ExtendsTypeClause) => Some(bases.clone()),
            _ => None,
        });
        let decorators: Vec<ExprId> = children.iter().filter(|c| c.kind == Kind::Decorator).filter_map(|c| self.as_expr(c)).collect();
        let (body, scope) = match Self::field(children, Field::Body) {
            Some(Child { value: Value::Members(body, scope), .. }) => (*body, *scope),
            _ => self.no_members(span),
        };
        self.add_class((name, name_span), span, decorators, bases.unwrap_or_default(), (body, scope))
    }

    fn no_members(&mut self, span: Span) -> (BlockId, ScopeId) {
        self.builder.open_scope(crate::lower::builder::ScopeOf::Class);
        let body = self.builder.block(Span { start: span.end, end: span.end }, Vec::new());
        (body, self.builder.close_scope())
    }

    fn add_class(
        &mut self,
        (name, name_span): (Ustr, Span),
        span: Span,
        decorators: Vec<ExprId>,
        bases: Vec<Arg>,
        (body, scope): (BlockId, ScopeId),
    ) -> ClassId {
        self.builder.class(Class {
            name,
            name_span,
            span,
            decorators: decorators.into(),
            bases: bases.into(),
            body,
            scope,
            methods: Vec::new(),
            parent: Parent::Module,
        })
    }

    /// `{ name: T }` as a type: a class without a name.
    pub(super) fn object_type(&mut self, span: Span, children: &[Child]) -> Value {
        let Value::Members(body, scope) = self.members(span, children) else { return Value::Nothing };
        let id = self.add_class((Ustr::default(), span), span, Vec::new(), Vec::new(), (body, scope));
        self.value(span, ExprKind::Class(id))
    }

    fn members(&mut self, span: Span, children: &[Child]) -> Value {
        let body = self.block(span, children);
        Value::Members(body, self.builder.close_scope())
    }

    /// Decorators stand beside the methods that they decorate.
    fn class_body(&mut self, span: Span, children: &[Child]) -> Value {
        let mut stmts = Vec::new();
        let mut decorators: Vec<(ExprId, Span)> = Vec::new();
        for child in children {
            if child.kind == Kind::Decorator {
                decorators.extend(self.as_expr(child).map(|id| (id, child.span)));
                continue;
            }
            let mut whole = child.span;
            if let Value::Function(id) = child.value
                && let Some((_, first)) = decorators.first()
            {
                whole = first.to(child.span);
                let decorators = std::mem::take(&mut decorators).into_iter().map(|(id, _)| id).collect();
                self.builder.decorate_function(id, whole, decorators);
            }
            match &child.value {
                Value::Function(id) => stmts.push(self.builder.stmt(whole, StmtKind::Function(*id))),
                Value::Stmts(several) => stmts.extend(several.iter().copied()),
                _ => stmts.extend(self.as_stmt(child)),
            }
        }
        let body = self.builder.block(span, stmts);
        Value::Members(body, self.builder.close_scope())
    }

    fn field_definition(&mut self, span: Span, children: &[Child]) -> Value {
        let annotation = self.expr_field(children, Field::Type);
        let value = self.expr_field(children, Field::Value);
        let decorators: Vec<ExprId> = children.iter().filter(|c| c.kind == Kind::Decorator).filter_map(|c| self.as_expr(c)).collect();
        let mut stmts = Vec::new();
        if let Some(first) = decorators.first() {
            let decorated = self.builder.module().expr(*first).span;
            stmts.push(self.builder.stmt(decorated, StmtKind::Opaque(decorators.into(), Box::new([]))));
        }
        let field = if let Some(target) = self.field_target(children) {
            self.field_statement(span, target, annotation, value)
        } else {
            let parts: Box<[ExprId]> = value.into_iter().collect();
            self.statement(span, StmtKind::Opaque(parts, Box::new([])))
        };
        if let Value::Stmt(field) = field {
            stmts.push(field);
        }
        Value::Stmts(stmts)
    }

    /// The name of a field, as what is assigned to; computed ones have none.
    fn field_target(&mut self, children: &[Child]) -> Option<ExprId> {
        let (name, span) = self.defined_name(children, Span::default());
        (!name.is_empty()).then(|| self.builder.expr(span, ExprKind::Name(name)))
    }

    fn field_statement(&mut self, span: Span, target: ExprId, annotation: Option<ExprId>, value: Option<ExprId>) -> Value {
        let kind = match (value, annotation) {
            (Some(value), _) => BindingKind::Value(value),
            (None, Some(annotation)) => BindingKind::Declared(annotation),
            (None, None) => BindingKind::Unset,
        };
        if let (ExprKind::Name(name), Some(value)) = (&self.builder.module().expr(target).kind, value) {
            let name = *name;
            self.call_function(value, name);
        }
        self.builder.bind_target(target, kind);
        self.statement(span, StmtKind::Assign { targets: Box::new([target]), annotation, value })
    }

    fn enum_body(&mut self, span: Span, children: &[Child]) -> Value {
        let mut stmts = Vec::new();
        for child in children {
            match child.value {
                Value::Stmt(id) => stmts.push(id),
                // A member without a value: a number that nobody asks for.
                Value::Ident(name) => {
                    let target = self.builder.expr(child.span, ExprKind::Name(name));
                    let number = self.opaque(child.span, Vec::new());
                    if let Value::Stmt(id) = self.field_statement(child.span, target, None, Some(number)) {
                        stmts.push(id);
                    }
                }
                _ => {}
            }
        }
        let body = self.builder.block(span, stmts);
        Value::Members(body, self.builder.close_scope())
    }
}
