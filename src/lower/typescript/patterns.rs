//! Patterns: what takes a value apart. They have the shape of the literals they mirror.

use super::kinds::{Field, Kind};
use super::state::{Child, Lowering, Value};
use crate::ir::program::*;
use crate::source::Span;

impl Lowering<'_> {
    pub(super) fn pattern(&mut self, kind: Kind, span: Span, children: &[Child]) -> Value {
        match kind {
            Kind::ArrayPattern => self.array_pattern(span, children),
            Kind::ObjectPattern => self.object_pattern(span, children),
            Kind::PairPattern => {
                let key = self.key(children, span);
                let value = self.expr_or_opaque(children, Field::Value, span);
                Value::Entry(Entry::Pair { key, value })
            }
            Kind::RestPattern => {
                let inner = self.only(span, children);
                self.value(span, ExprKind::Spread(inner))
            }
            // `name = default`.
            Kind::ObjectAssignmentPattern => {
                let Some(Child { value: Value::Ident(name), span: key_span, .. }) = Self::field(children, Field::Left) else {
                    let parts = self.exprs(children);
                    return Value::Expr(self.opaque(span, parts));
                };
                let key = self.builder.expr(*key_span, ExprKind::String(*name));
                let target = self.builder.expr(*key_span, ExprKind::Name(*name));
                let default = self.expr_or_opaque(children, Field::Right, span);
                let value = self.builder.expr(span, ExprKind::Assign { target, value: default });
                Value::Entry(Entry::Pair { key, value })
            }
            _ => {
                let target = self.expr_or_opaque(children, Field::Left, span);
                let value = self.expr_or_opaque(children, Field::Right, span);
                self.value(span, ExprKind::Assign { target, value })
            }
        }
    }

    fn object_pattern(&mut self, span: Span, children: &[Child]) -> Value {
        let mut entries = Vec::new();
        for child in children {
            match &child.value {
                Value::Entry(entry) => entries.push(*entry),
                Value::Ident(name) => {
                    let key = self.builder.expr(child.span, ExprKind::String(*name));
                    let value = self.builder.expr(child.span, ExprKind::Name(*name));
                    entries.push(Entry::Pair { key, value });
                }
                _ => {
                    if let Some(rest) = self.as_expr(child) {
                        entries.push(Entry::Spread(self.unspread(rest)));
                    }
                }
            }
        }
        self.value(span, ExprKind::Object(entries.into()))
    }

    fn array_pattern(&mut self, span: Span, children: &[Child]) -> Value {
        let mut parts = Vec::new();
        let mut at = span.start;
        for child in children {
            let Some(part) = self.as_expr(child) else { continue };
            // `[, second]`: what is left out has its place.
            let skipped = self.slice(Span { start: at, end: child.span.start }).matches(',').count();
            let holes = if parts.is_empty() { skipped } else { skipped.saturating_sub(1) };
            for _ in 0..holes {
                let nothing = self.opaque(Span { start: at, end: at }, Vec::new());
                parts.push(nothing);
            }
            parts.push(part);
            at = child.span.end;
        }
        self.value(span, ExprKind::Tuple(parts.into()))
    }
}
