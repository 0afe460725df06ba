//! What bounds a call in time from outside: `async with asyncio.timeout(…)`, `asyncio.wait_for(…)`, a decorator.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::values::{self, Value};

/// Whether a time limit is around an expression, or around the one use of the name that it is bound to.
#[must_use]
pub fn encloses(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let mut from = expr;
    for around in module.around(expr) {
        match around {
            Around::Expr(outer) => {
                // The call itself, not what it calls.
                if module.call(outer).is_some_and(|call| call.callee != from) && is_limit(program, id, outer) {
                    return true;
                }
                from = outer;
            }
            Around::Stmt(stmt, inner) => match &module.stmt(stmt).kind {
                StmtKind::With { items, .. } if inner.is_some() && items.iter().any(|(context, _)| is_limit(program, id, *context)) => {
                    return true;
                }
                StmtKind::Assign { targets, value: Some(value), .. }
                    if inner.is_none()
                        && module.is_within(expr, *value)
                        && targets.iter().any(|target| is_awaited_in_time(program, id, *target)) =>
                {
                    return true;
                }
                _ => {}
            },
            Around::Function(function) => {
                if module.function(function).decorators.iter().any(|decorator| is_limit(program, id, *decorator)) {
                    return true;
                }
            }
            Around::Class(_) => {}
        }
    }
    false
}

/// Whether an expression is a call of something that bounds in time, with a bound.
fn is_limit(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let (callee, args): (ExprId, &[Arg]) = match module.call(expr) {
        Some(call) => (call.callee, &call.args),
        None => (expr, &[]),
    };
    let entity = Resolver::new(program).entity(id, callee);
    let is_limit = entity.library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::TimeLimit));
    // `asyncio.timeout(None)` bounds nothing.
    is_limit && !args.iter().any(|arg| values::value(program, id, arg.value) == Value::Null)
}

/// `pending = client.get(url)`, then `await asyncio.wait_for(pending, 5)`.
fn is_awaited_in_time(program: &Program, id: ModuleId, target: ExprId) -> bool {
    let module = program.module(id);
    let ExprKind::Name(name) = module.expr(target).kind else { return false };
    let scope = module.expr_scopes[target.index()];
    program.calls[id.0 as usize].iter().any(|site| {
        let passes = |call: &Call| {
            let is_it = |arg: &Arg| matches!(module.expr(arg.value).kind, ExprKind::Name(n) if n == name);
            call.args.iter().any(|arg| is_it(arg) && module.expr_scopes[arg.value.index()] == scope)
        };
        module.call(site.expr).is_some_and(passes) && is_limit(program, id, site.expr)
    })
}
