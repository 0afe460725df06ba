//! What stands at the entrance of requests: middleware, hooks, dependencies, decorators of handlers. What limits anything
//! limits requests there; in a handler it may as well limit the calls that this makes.

use super::items::Items;
use super::{CALLED_BY_OTHERS, Uses, is_error_handler};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{FunctionRef, ModuleId};
use crate::model::resolve::Entity;
use crate::model::routes::HandlerKind;

/// How many steps are followed; real code takes two or three.
const STEPS: u32 = 8;

/// What a function has to do with what is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It happens in it.
    Does,
    /// It gives it.
    Gives,
}

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
        let elsewhere = |at: ExprId| {
            let read = self.exported(id, at).into_iter().flat_map(|variable| self.reads(variable));
            read.filter(|read| *read != (id, at)).any(|(m, e)| self.guards(m, e, steps))
        };
        while let Parent::Expr(parent) = module.expr_parents[at.index()] {
            if elsewhere(at) {
                return true;
            }
            if let Some(Items::Bound(m, item)) = self.items(id, at)
                && let Some(variable) = self.variable(m, item)
            {
                return self.reads(variable).into_iter().any(|(m, e)| self.guards(m, e, steps));
            }
            if let Some(call) = module.call(parent)
                && call.callee != at
            {
                if is_error_handler(module, call.callee) {
                    return false;
                }
                if self.takes_guards(id, parent) {
                    return self.takes_effect(id, at);
                }
            }
            at = parent;
        }
        if elsewhere(at) {
            return true;
        }
        let of = |function: FunctionId| FunctionRef { module: id, function };
        match module.expr_parents[at.index()] {
            // The body of an arrow function: what it gives is what it does.
            Parent::Function(function) if matches!(module.function(function).body, FunctionBody::Expr(body) if body == at) => {
                self.is_entrance(of(function), Part::Gives, steps) || self.is_entrance(of(function), Part::Does, steps)
            }
            Parent::Function(function) => {
                if !module.function(function).decorators.contains(&at) {
                    return false;
                }
                let function = of(function);
                let handles = self.routes.handler(function).is_some_and(|handler| handler.kind != HandlerKind::Hook);
                (handles && !self.is_above_route(function, at)) || self.is_entrance(function, Part::Does, steps)
            }
            Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
                StmtKind::Assign { targets, value: Some(value), .. } if *value == at => targets.iter().any(|target| {
                    let read = self.variable(id, *target).into_iter().flat_map(|variable| self.reads(variable));
                    read.filter(|read| *read != (id, *target)).any(|(m, e)| self.guards(m, e, steps))
                }),
                StmtKind::Return(_) => {
                    module.function_of_stmt(stmt).is_some_and(|function| self.is_entrance(of(function), Part::Gives, steps))
                }
                _ => module.function_of_stmt(stmt).is_some_and(|function| self.is_entrance(of(function), Part::Does, steps)),
            },
            Parent::Class(class) => self.is_view(id, class) && module.class(class).decorators.contains(&at),
            Parent::Expr(_) | Parent::Module => false,
        }
    }

    /// Whether a call takes what stands at the entrance: injects a dependency, adds middleware, creates an app with some.
    fn takes_guards(&self, id: ModuleId, call: ExprId) -> bool {
        let row = self.program.callee(id, call).library().and_then(|name| self.program.apis.row(name));
        // In TypeScript what stands before the handler, or around it, is passed with it.
        let binds = self.program.module(id).language == Language::TypeScript && row.is_some_and(|row| row.is(Role::Route));
        binds || row.is_some_and(|row| row.is(Role::Injection) || row.is(Role::RequestHook)) || self.is_app(id, call)
    }

    /// Whether requests pass by a function, or by what it gives, on their way to a handler.
    fn is_entrance(&self, function: FunctionRef, part: Part, steps: u32) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        let module = self.program.module(function.module);
        let f = module.function(function.function);
        match self.routes.handler(function) {
            Some(handler) if handler.kind == HandlerKind::Hook => return !self.answers_errors(function),
            // What a handler does itself is not the entrance.
            Some(_) => return false,
            None => {}
        }
        // A function within one that gives it: a decorator, a dependency that is made to measure.
        let outer = match f.parent {
            Parent::Stmt(stmt) => module.function_of_stmt(stmt),
            Parent::Expr(parent) => module.function_of(parent),
            _ => None,
        };
        if outer.is_some_and(|outer| self.is_entrance(FunctionRef { module: function.module, function: outer }, Part::Gives, steps)) {
            return true;
        }
        let references = match f.class {
            // What the framework calls stands where its class does.
            Some(class) if CALLED_BY_OTHERS.contains(&f.name.as_str()) => {
                let name = module.class(class).name;
                let classes = self.references(function.module, name, |entity| entity == Entity::Class(function.module, class));
                return classes.into_iter().any(|(m, e)| self.guards(m, e, steps));
            }
            _ => self.references(function.module, f.name, |entity| entity == Entity::Function(function)),
        };
        references.into_iter().any(|(m, e)| {
            let module = self.program.module(m);
            let is_called =
                matches!(module.expr_parents[e.index()], Parent::Expr(parent) if module.call(parent).is_some_and(|call| call.callee == e));
            match module.function_of(e) {
                // What is called does its part where the caller stands.
                Some(caller) if is_called && part == Part::Does && self.decorated(m, e).is_none() => {
                    let caller = FunctionRef { module: m, function: caller };
                    caller != function && self.is_entrance(caller, Part::Does, steps)
                }
                None if is_called && part == Part::Does => false,
                _ => self.guards(m, e, steps),
            }
        })
    }
}
