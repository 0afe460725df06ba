//! Types in annotations, as the expressions that name what they are.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use super::kinds::{Field, Kind};
use super::state::{Child, Lowering, Value};
use crate::ir::program::*;
use crate::source::Span;

impl Lowering<'_> {
    pub(super) fn type_node(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        match kind {
            Kind::TypeAnnotation
            | Kind::ParenthesizedType
            | Kind::ReadonlyType
            | Kind::OptionalType
            | Kind::RestType
            | Kind::DefaultType
            | Kind::Constraint
            | Kind::LiteralType
            | Kind::FlowMaybeType => match self.exprs(children)[..] {
                [] => Value::Nothing,
                [only] => Value::Expr(only),
                ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
            },
            Kind::TypeArguments => Value::Exprs(self.exprs(children)),
            Kind::GenericType => {
                let object = self.expr_or_opaque(children, Field::Name, span);
                let index = match Self::field(children, Field::TypeArguments).map(|c| (&c.value, c.span)) {
                    Some((Value::Exprs(parts), span)) => match parts[..] {
                        [only] => only,
                        _ => self.builder.expr(span, ExprKind::Tuple(parts.clone().into())),
                    },
                    _ => return Value::Expr(object),
                };
                self.value(span, ExprKind::Subscript { object, index, optional: false })
            }
            Kind::ArrayType => {
                let index = self.only(span, children);
                let object = self.builder.expr(span, ExprKind::Name(Ustr::from("Array")));
                self.value(span, ExprKind::Subscript { object, index, optional: false })
            }
            Kind::UnionType | Kind::IntersectionType => {
                let op = if kind == Kind::UnionType { BinaryOp::BitOr } else { BinaryOp::Other };
                match self.exprs(children)[..] {
                    [left, right] => Value::Expr(self.builder.extend_binary(span, op, left, right, kind == Kind::UnionType)),
                    [only] => Value::Expr(only),
                    ref parts => Value::Expr(self.opaque(span, parts.to_vec())),
                }
            }
            Kind::TupleType => {
                // `[name: A]` is `[A]`.
                let part = |lowering: &mut Self, child: &Child| match &child.value {
                    Value::Param(param) => param.annotation,
                    _ => lowering.as_expr(child),
                };
                let parts: Vec<ExprId> = children.iter().filter_map(|child| part(self, child)).collect();
                self.value(span, ExprKind::Tuple(parts.into()))
            }
            Kind::ObjectType => self.object_type(span, children),
            Kind::NestedTypeIdentifier => {
                let object = self.expr_or_opaque(children, Field::Module, span);
                match Self::field(children, Field::Name) {
                    Some(Child { value: Value::Ident(name), span: name_span, .. }) => {
                        self.value(span, ExprKind::Attribute { object, name: *name, name_span: *name_span, optional: false })
                    }
                    _ => Value::Expr(object),
                }
            }
            Kind::TypeAlias => {
                let (name, name_span) = self.defined_name(children, span);
                if let Some(value) = self.expr_field(children, Field::Value) {
                    self.types.push((self.builder.scope(), name, name_span, BindingKind::Value(value)));
                }
                self.statement(span, StmtKind::TypeAlias)
            }
            _ => self.statement_node(kind, span, children),
        }
    }

    /// Binds the names of types where no value has the same name: `const User = z.object(…); type User = z.infer<typeof User>`.
    pub fn bind_types(&mut self) {
        let scopes = self.builder.module().scopes.iter().enumerate();
        let bound = scopes.flat_map(|(index, scope)| scope.bindings.iter().map(move |b| (ScopeId::at(index), b.name)));
        let mut taken: FxHashSet<(ScopeId, Ustr)> = bound.collect();
        let exports = self.builder.module().exports;
        for (scope, name, span, kind) in std::mem::take(&mut self.types) {
            if taken.insert((scope, name)) {
                self.builder.bind_in(scope, name, span, kind);
            }
            // What is exported comes in source order.
            let before = self.exported.partition_point(|(whole, _)| whole.start <= span.start);
            let exported = before.checked_sub(1).map(|last| self.exported[last]).filter(|(whole, _)| whole.contains(span));
            if let Some((_, other)) = exported
                && scope == ScopeId(0)
                && taken.insert((exports, other.unwrap_or(name)))
            {
                self.builder.bind_in(exports, other.unwrap_or(name), span, kind);
            }
        }
    }
}
