//! Functions and their parameters.

use ustr::Ustr;

use super::kinds::{Field, Kind};
use super::state::{Child, Lowering, Value};
use crate::ir::program::*;
use crate::source::Span;

impl Lowering<'_> {
    /// Builds a node that defines something.
    pub(super) fn definition(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        match kind {
            Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration => {
                let Value::Function(id) = self.function(kind, span, children) else { return Value::Nothing };
                let Function { name, name_span, .. } = *self.builder.module().function(id);
                self.builder.bind(name, name_span, BindingKind::Function(id));
                Value::Function(id)
            }
            Kind::FunctionExpression | Kind::GeneratorFunction | Kind::ArrowFunction => {
                let function = self.function(kind, span, children);
                let Value::Function(id) = function else { return Value::Nothing };
                let Function { name, name_span, scope, .. } = *self.builder.module().function(id);
                // A function expression may call itself by its name.
                if !name.is_empty() && !self.builder.module().scope(scope).bindings.iter().any(|b| b.name == name) {
                    self.builder.bind_in(scope, name, name_span, BindingKind::Function(id));
                }
                self.value(span, ExprKind::Function(id))
            }
            Kind::MethodDefinition => self.function(kind, span, children),
            Kind::FormalParameters => self.parameters(children),
            Kind::RequiredParameter | Kind::OptionalParameter => self.parameter(span, children),
            Kind::Decorator => match self.exprs(children)[..] {
                [only] => Value::Expr(only),
                ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
            },
            Kind::ArrayPattern
            | Kind::AssignmentPattern
            | Kind::ObjectAssignmentPattern
            | Kind::ObjectPattern
            | Kind::PairPattern
            | Kind::RestPattern => self.pattern(kind, span, children),
            _ => self.class_node(kind, span, children),
        }
    }

    fn function(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        let params = match Self::field(children, Field::Parameters) {
            Some(Child { value: Value::Params(params), .. }) => params.clone(),
            _ => Vec::new(),
        };
        // `x => …`: one parameter without parentheses.
        let params = match Self::field(children, Field::Parameter) {
            Some(child) => self.single_parameter(child),
            None => params,
        };
        let (name, name_span) = self.defined_name(children, span);
        let returns = self.expr_field(children, Field::ReturnType);
        let body = match Self::field(children, Field::Body) {
            Some(Child { value: Value::Block(block), .. }) => FunctionBody::Block(*block),
            Some(child) => FunctionBody::Expr(self.as_expr(child).unwrap_or_else(|| self.opaque(span, Vec::new()))),
            None => FunctionBody::Block(self.body_field(children, Field::Body, span)),
        };
        let is_async = self.has_word(children, "async");
        let has_yield = self.generators.pop().unwrap_or_default();
        let is_generator =
            has_yield || matches!(kind, Kind::GeneratorFunction | Kind::GeneratorFunctionDeclaration) || self.has_word(children, "*");
        let form = match kind {
            Kind::ArrowFunction => FunctionForm::Arrow,
            _ if self.has_word(children, "static") && self.has_word(children, "get") => FunctionForm::StaticGetter,
            _ if self.has_word(children, "static") => FunctionForm::Static,
            _ if self.has_word(children, "get") => FunctionForm::Getter,
            _ if self.has_word(children, "set") => FunctionForm::Setter,
            _ => FunctionForm::Plain,
        };
        let scope = self.builder.close_scope();
        let id = self.builder.function(Function {
            name,
            name_span,
            span,
            decorators: Box::new([]),
            params: params.into(),
            returns,
            body,
            is_async,
            is_generator,
            form,
            class: None,
            scope,
            parent: Parent::Module,
        });
        Value::Function(id)
    }

    /// The name of a definition, and where it stands; computed ones have none.
    pub(super) fn defined_name(&mut self, children: &[Child], span: Span) -> (Ustr, Span) {
        match Self::field(children, Field::Name) {
            Some(Child { value: Value::Ident(name), span, .. }) => (*name, *span),
            Some(Child { value: Value::Expr(id), span, .. }) => match self.builder.module().expr(*id).kind {
                ExprKind::String(name) => (name, *span),
                _ => (Ustr::default(), *span),
            },
            _ => (Ustr::default(), span),
        }
    }

    fn single_parameter(&mut self, child: &Child) -> Vec<Param> {
        let Some(target) = self.as_expr(child) else { return Vec::new() };
        let param = self.param(target, child.span);
        self.builder.bind_target(target, BindingKind::Param(0));
        vec![param]
    }

    fn param(&mut self, target: ExprId, span: Span) -> Param {
        let (target, kind) = match self.builder.module().expr(target).kind {
            ExprKind::Spread(_) => (self.unspread(target), ParamKind::Rest),
            _ => (target, ParamKind::Normal),
        };
        let name = match self.builder.module().expr(target).kind {
            ExprKind::Name(name) => name,
            _ => Ustr::default(),
        };
        Param { target, name, kind, annotation: None, default: None, decorators: Box::new([]), is_field: false, span }
    }

    fn parameter(&mut self, span: Span, children: &[Child]) -> Value {
        let named = Self::field(children, Field::Pattern).or_else(|| Self::field(children, Field::Name));
        // `this: T` says what `this` is and takes no argument.
        let Some(target) = named.filter(|c| c.kind != Kind::This).and_then(|c| self.as_expr(c)) else { return Value::Nothing };
        let mut param = self.param(target, span);
        param.annotation = self.expr_field(children, Field::Type);
        param.default = self.expr_field(children, Field::Value);
        let decorators: Vec<ExprId> = children.iter().filter(|c| c.kind == Kind::Decorator).filter_map(|c| self.as_expr(c)).collect();
        param.decorators = decorators.into();
        param.is_field = children.iter().any(|c| matches!(c.kind, Kind::AccessibilityModifier | Kind::OverrideModifier))
            || self.has_word(children, "readonly");
        Value::Param(Box::new(param))
    }

    fn parameters(&mut self, children: &[Child]) -> Value {
        let params: Vec<Param> =
            children.iter().filter_map(|c| if let Value::Param(param) = &c.value { Some((**param).clone()) } else { None }).collect();
        for (index, param) in params.iter().enumerate() {
            let kind = match param.kind {
                ParamKind::Rest if param.name.is_empty() => BindingKind::Opaque,
                _ => BindingKind::Param(u32::try_from(index).unwrap_or(u32::MAX)),
            };
            self.builder.bind_target(param.target, kind);
        }
        Value::Params(params)
    }
}
