//! What bounds a call in time from outside: `async with asyncio.timeout(…)`, `asyncio.wait_for(…)`, a decorator, a race with a
//! timer.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values::{self, Value};

/// Whether a time limit is around an expression, around the one use of the name that it is bound to, or (JavaScript) around all
/// uses of the function that it is in.
#[must_use]
pub fn encloses(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    if is_around(program, id, expr) {
        return true;
    }
    let module = program.module(id);
    if module.language != Language::TypeScript {
        return false;
    }
    let functions = module.around(expr).filter_map(|around| match around {
        Around::Function(function) => Some(FunctionRef { module: id, function }),
        _ => None,
    });
    functions.take(2).any(|function| is_around_uses(program, function))
}

/// Whether all uses of a function in its module are in time limits, and there are some.
fn is_around_uses(program: &Program, function: FunctionRef) -> bool {
    let (id, module) = (function.module, program.module(function.module));
    let name = module.function(function.function).name;
    if name.is_empty() {
        return false;
    }
    let resolver = Resolver::new(program);
    let mut uses =
        program.mentions(id, name).filter(|expr| !module.is_pattern(*expr) && resolver.entity(id, *expr) == Entity::Function(function));
    let is_in_limit = |expr: ExprId| match module.expr_parents[expr.index()] {
        Parent::Expr(parent) if module.call(parent).is_some_and(|call| call.callee == expr) => is_around(program, id, parent),
        _ => is_around(program, id, expr),
    };
    uses.next().is_some_and(is_in_limit) && uses.all(is_in_limit)
}

/// Whether a time limit is around an expression, or around the one use of the name that it is bound to.
fn is_around(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let mut from = expr;
    for around in module.around(expr) {
        match around {
            Around::Expr(outer) => {
                let call = module.call(outer);
                // The call itself, not what it calls.
                if call.is_some_and(|call| call.callee != from) && is_limit(program, id, outer, Some(expr)) {
                    return true;
                }
                // `http.get(url).pipe(timeout(5000))`
                if call.is_some_and(|call| {
                    call.callee == from
                        && last_name(module, from) == "pipe"
                        && call.args.iter().any(|arg| is_limit(program, id, arg.value, None))
                }) {
                    return true;
                }
                from = outer;
            }
            Around::Stmt(stmt, inner) => match &module.stmt(stmt).kind {
                StmtKind::With { items, .. }
                    if inner.is_some() && items.iter().any(|(context, _)| is_limit(program, id, *context, None)) =>
                {
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
                if module.function(function).decorators.iter().any(|decorator| is_limit(program, id, *decorator, None)) {
                    return true;
                }
            }
            Around::Class(_) => {}
        }
    }
    false
}

/// Whether an expression is a call of something that bounds in time, with a bound, and that bounds this part of its arguments.
fn is_limit(program: &Program, id: ModuleId, expr: ExprId, part: Option<ExprId>) -> bool {
    let module = program.module(id);
    let (callee, args): (ExprId, &[Arg]) = match module.call(expr) {
        Some(call) => (call.callee, &call.args),
        None => (expr, &[]),
    };
    let entity = Resolver::new(program).entity(id, callee);
    if entity.library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::TimeLimit)) {
        // `asyncio.timeout(None)` bounds nothing.
        return !args.iter().any(|arg| values::value(program, id, arg.value) == Value::Null);
    }
    if module.language != Language::TypeScript {
        return false;
    }
    match entity {
        Entity::Library(name) if name == "js:globalThis.Promise.race" => {
            args.first().is_some_and(|arg| races_with_timer(program, id, arg.value, part))
        }
        Entity::Function(function) => limits(program, function),
        // A helper out of sight says by its name what it is for.
        Entity::Unknown => is_named_after_limits(last_name(module, callee)),
        Entity::Library(name) => program.apis.row(name).is_none() && is_named_after_limits(&name),
        _ => false,
    }
}

/// `Promise.race([call, timer])`
fn races_with_timer(program: &Program, id: ModuleId, list: ExprId, part: Option<ExprId>) -> bool {
    let (at, list) = values::origin(program, id, list);
    let module = program.module(at);
    // Runners out of sight.
    let ExprKind::List(runners) = &module.expr(list).kind else { return true };
    let is_own = |runner: ExprId| at == id && part.is_some_and(|part| module.expr(runner).span.contains(module.expr(part).span));
    runners.iter().filter(|runner| !is_own(**runner)).any(|runner| is_timer(program, at, *runner))
}

/// Whether an expression ends when a time is over: it says so, or what it calls does.
fn is_timer(program: &Program, id: ModuleId, runner: ExprId) -> bool {
    let (module, origin) = values::origin(program, id, runner);
    let tells = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["timeout", "timer", "deadline", "abort", "delay", "sleep", "wait"].iter().any(|word| text.contains(word))
    };
    let called = program.module(module).call(origin).and_then(|_| match program.callee(module, origin) {
        Entity::Function(function) => Some(program.sources.slice(program.span_place(function.module, program.function(function).span))),
        _ => None,
    });
    tells(program.text(id, runner)) || tells(program.text(module, origin)) || called.is_some_and(tells)
}

/// Whether a function of the project bounds what it is given: by a race, or by aborting it.
fn limits(program: &Program, function: FunctionRef) -> bool {
    const MEANS: [&str; 5] = ["Promise.race", "AbortSignal", "AbortController", ".abort(", "TimeoutError"];
    let f = program.function(function);
    let text = program.sources.slice(program.span_place(function.module, f.span));
    is_named_after_limits(&f.name) || MEANS.iter().any(|means| text.contains(means))
}

fn is_named_after_limits(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.ends_with("settimeout") && ["timeout", "timelimit", "time_limit", "deadline"].iter().any(|word| name.contains(word))
}

fn last_name(module: &Module, callee: ExprId) -> &str {
    match &module.expr(callee).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => name,
        _ => "",
    }
}

/// `pending = client.get(url)`, then `await asyncio.wait_for(pending, 5)`.
fn is_awaited_in_time(program: &Program, id: ModuleId, target: ExprId) -> bool {
    let module = program.module(id);
    let ExprKind::Name(name) = module.expr(target).kind else { return false };
    let scope = module.expr_scopes[target.index()];
    program.calls[id.0 as usize].iter().any(|site| {
        let is_it =
            |value: ExprId| matches!(module.expr(value).kind, ExprKind::Name(n) if n == name) && module.expr_scopes[value.index()] == scope;
        let passed = |call: &Call| {
            call.args.iter().find_map(|arg| match &module.expr(arg.value).kind {
                // `Promise.race([pending, timer])`
                ExprKind::List(items) => items.iter().copied().find(|item| is_it(*item)),
                _ => Some(arg.value).filter(|value| is_it(*value)),
            })
        };
        module.call(site.expr).and_then(passed).is_some_and(|value| is_limit(program, id, site.expr, Some(value)))
    })
}
