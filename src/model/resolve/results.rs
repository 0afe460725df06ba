//! What calls give, and what functions of the project return.

use ustr::Ustr;

use super::{Entity, Resolver, is_class_name, javascript};
use crate::ir::program::*;
use crate::model::apis::Row;
use crate::model::program::{FunctionRef, ModuleId};

impl Resolver<'_> {
    pub(super) fn call(&self, module: ModuleId, call: &Call) -> Entity {
        match self.of(module, call.callee) {
            // `getattr(requests, "get")`
            Entity::Builtin(name) if name == "getattr" => match call.args.iter().map(|arg| arg.value).collect::<Vec<_>>()[..] {
                [object, member] | [object, member, _] => match self.program.module(module).expr(member).kind {
                    ExprKind::String(member) => self.attribute(module, object, member),
                    _ => Entity::Unknown,
                },
                _ => Entity::Unknown,
            },
            Entity::Library(path) | Entity::Builtin(path) => match self.program.apis.row(path) {
                Some(Row { returns: Some(returns), .. }) => self.given(module, call, returns),
                _ if call.is_new || (is_class_name(path) && !javascript::is_path(path)) => Entity::Instance(path),
                _ => Entity::Unknown,
            },
            Entity::Class(m, c) => Entity::Object(m, c),
            Entity::Function(f) => self.returned(f),
            Entity::Instance(class) => {
                let row = self.program.apis.row(self.program.apis.member(class, Ustr::from("__call__")));
                row.and_then(|row| row.returns.as_deref()).map_or(Entity::Unknown, |returns| self.given(module, call, returns))
            }
            _ => Entity::Unknown,
        }
    }

    /// What a call gives whose row says this.
    pub(super) fn given(&self, module: ModuleId, call: &Call, returns: &str) -> Entity {
        match returns {
            "arg[0]" => call.args.first().map_or(Entity::Unknown, |arg| self.of(module, arg.value)),
            class => Entity::Instance(Ustr::from(class)),
        }
    }

    /// What a function of the project returns (or yields, for those used as contexts or dependencies).
    #[must_use]
    pub fn returned(&self, f: FunctionRef) -> Entity {
        if !self.step() {
            return Entity::Unknown;
        }
        let m = self.program.module(f.module);
        let function = m.function(f.function);
        if let Some(annotation) = function.returns {
            match self.instance(f.module, annotation) {
                Entity::Unknown => {}
                entity => return entity,
            }
        }
        self.unanimous(f.module, &self.results(f))
    }

    /// The values that a function of the project returns or yields, null aside.
    #[must_use]
    pub fn results(&self, f: FunctionRef) -> Vec<ExprId> {
        let m = self.program.module(f.module);
        let body = match m.function(f.function).body {
            FunctionBody::Expr(value) => return vec![value],
            FunctionBody::Block(body) => body,
        };
        let result = |stmt: StmtId| match m.stmt(stmt).kind {
            StmtKind::Return(value) => value,
            StmtKind::Expr(value) => match m.expr(value).kind {
                ExprKind::Yield(value) => value,
                _ => None,
            },
            _ => None,
        };
        let results = m.statements(body).into_iter().filter_map(result);
        results.filter(|value| !matches!(m.expr(*value).kind, ExprKind::Null)).collect()
    }

    /// What all of these denote.
    pub(super) fn unanimous(&self, module: ModuleId, exprs: &[ExprId]) -> Entity {
        let mut agreed = Entity::Unknown;
        for expr in exprs {
            match self.of(module, *expr) {
                Entity::Unknown => return Entity::Unknown,
                entity if agreed == Entity::Unknown || agreed == entity => agreed = entity,
                _ => return Entity::Unknown,
            }
        }
        agreed
    }

    /// What `with entity as x` gives.
    pub(super) fn entered(&self, entity: Entity) -> Entity {
        match entity {
            Entity::Instance(class) => {
                let row = self.program.apis.row(class);
                row.and_then(|r| r.enters.as_ref()).map_or(entity, |class| Entity::Instance(Ustr::from(class)))
            }
            Entity::Object(..) => {
                let enter = ["__enter__", "__aenter__"].iter().find_map(|name| match self.member(entity, Ustr::from(name)) {
                    Entity::Function(f) => Some(f),
                    _ => None,
                });
                match enter.map(|f| self.returned(f)) {
                    Some(Entity::Unknown) | None => entity,
                    Some(entered) => entered,
                }
            }
            other => other,
        }
    }
}
