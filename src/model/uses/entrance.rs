//! What stands at the entrance of requests: middleware, hooks, dependencies, decorators of handlers. What limits anything
//! limits requests there; in a handler it may as well limit the calls that this makes.

use super::Uses;
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{FunctionRef, ModuleId};
use crate::model::resolve::Entity;
use crate::model::routes::HandlerKind;

/// How many steps are followed; real code takes two or three.
const STEPS: u32 = 8;

impl Uses<'_> {
    /// Whether requests pass by an expression on their way in.
    #[must_use]
    pub fn is_at_entrance(&self, id: ModuleId, expr: ExprId) -> bool {
        self.guards(id, expr, STEPS)
    }

    fn guards(&self, id: ModuleId, expr: ExprId, steps: u32) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        let module = self.program.module(id);
        let mut at = expr;
        while let Parent::Expr(parent) = module.expr_parents[at.index()] {
            if let Some(call) = module.call(parent)
                && call.callee != at
                && self.takes_guards(id, parent)
            {
                return self.takes_effect(id, at);
            }
            at = parent;
        }
        match module.expr_parents[at.index()] {
            Parent::Function(function) => {
                let f = module.function(function);
                let function = FunctionRef { module: id, function };
                if !f.decorators.contains(&at) {
                    return false;
                }
                let handles = self.routes.handler(function).is_some_and(|handler| handler.kind != HandlerKind::Hook);
                (handles && !self.is_above_route(function, at)) || self.is_entrance(function, steps)
            }
            Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
                StmtKind::Assign { targets, value: Some(value), .. } if *value == at => targets.iter().any(|target| {
                    let read = self.variable(id, *target).into_iter().flat_map(|variable| self.reads(variable));
                    read.filter(|read| *read != (id, *target)).any(|(m, e)| self.guards(m, e, steps))
                }),
                _ => module.function_of_stmt(stmt).is_some_and(|function| self.is_entrance(FunctionRef { module: id, function }, steps)),
            },
            Parent::Class(class) => self.is_view(id, class) && module.class(class).decorators.contains(&at),
            Parent::Expr(_) | Parent::Module => false,
        }
    }

    /// Whether a call takes what stands at the entrance: injects a dependency, adds middleware, creates an app with some.
    fn takes_guards(&self, id: ModuleId, call: ExprId) -> bool {
        let row = self.program.callee(id, call).library().and_then(|name| self.program.apis.row(name));
        row.is_some_and(|row| row.is(Role::Injection) || row.is(Role::RequestHook)) || self.is_app(id, call)
    }

    /// Whether requests pass by a function on their way to a handler.
    fn is_entrance(&self, function: FunctionRef, steps: u32) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        let module = self.program.module(function.module);
        let f = module.function(function.function);
        match self.routes.handler(function) {
            Some(handler) if handler.kind == HandlerKind::Hook => return !self.answers_errors(function),
            // What a handler does itself is not the entrance.
            Some(_) => return false,
            None => {}
        }
        if let Some(class) = f.class {
            let name = module.class(class).name;
            let classes = self.references(function.module, name, |entity| entity == Entity::Class(function.module, class));
            return classes.into_iter().any(|(m, e)| self.guards(m, e, steps));
        }
        // A function within one that gives it: a decorator, a dependency that is made to measure.
        let outer = match f.parent {
            Parent::Stmt(stmt) => module.function_of_stmt(stmt),
            Parent::Expr(parent) => module.function_of(parent),
            _ => None,
        };
        if outer.is_some_and(|outer| self.is_entrance(FunctionRef { module: function.module, function: outer }, steps)) {
            return true;
        }
        let references = self.references(function.module, f.name, |entity| entity == Entity::Function(function));
        references.into_iter().any(|(m, e)| self.guards(m, e, steps))
    }
}
