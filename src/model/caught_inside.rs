//! Functions of the project that see to their errors themselves.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::exceptions::{self, Reaction};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::{local_work, lookups, outside, traces};
use crate::source::Span;

/// How deep functions of the project are followed.
const DEPTH: u32 = 3;

/// How much of what goes wrong in a function is seen to in there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Inside {
    /// What is thrown where it gives its result has left a trace.
    Mostly,
    /// Nothing comes out that has left no trace.
    All,
}

/// How much of what goes wrong in these expressions is seen to by the functions of the project that they call; nothing if
/// something else may fail.
#[must_use]
pub fn of(program: &Program, id: ModuleId, exprs: &[ExprId]) -> Option<Inside> {
    let module = program.module(id);
    let mut least = None;
    for expr in exprs {
        match module.expr(*expr).kind {
            ExprKind::Await(inner) if module.call(inner).is_none() => return None,
            ExprKind::Call(_) if is_harmless(program, id, *expr) => {}
            ExprKind::Call(ref call) => {
                let inside = match program.callee(id, *expr) {
                    Entity::Function(f) => of_function(program, f, DEPTH)?,
                    _ => of_measured(program, id, call)?,
                };
                least = Some(least.map_or(inside, |least: Inside| least.min(inside)));
            }
            _ => {}
        }
    }
    least
}

/// The same of a block; what it throws itself is seen by nobody else.
#[must_use]
pub fn of_block(program: &Program, id: ModuleId, block: BlockId) -> Option<Inside> {
    let module = program.module(id);
    let throws = module.statements(block).into_iter().any(|stmt| matches!(module.stmt(stmt).kind, StmtKind::Raise { .. }));
    if throws { None } else { of(program, id, &module.expressions(block)) }
}

/// The same of a function that is handed to what only runs and measures it: `context.with("status", {}, () => set(status))`.
fn of_measured(program: &Program, id: ModuleId, call: &Call) -> Option<Inside> {
    const MEASURES: [&str; 8] = ["measure", "span", "startActiveSpan", "time", "trace", "with", "withContext", "withSpan"];
    let module = program.module(id);
    let is_one = matches!(module.expr(call.callee).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if MEASURES.contains(&name.as_str()));
    let (run, rest) = call.args.split_last()?;
    let ExprKind::Function(run) = module.expr(run.value).kind else { return None };
    let is_plain = |arg: &Arg| module.descendants(arg.value).into_iter().all(|part| module.call(part).is_none());
    if module.language != Language::TypeScript || !is_one || !rest.iter().all(is_plain) {
        return None;
    }
    let inside = match module.function(run).body {
        FunctionBody::Block(body) => of_block(program, id, body),
        FunctionBody::Expr(value) => of(program, id, &module.descendants(value)),
    };
    // What is handed on cannot be seen to be all that is done.
    inside.map(|_| Inside::Mostly)
}

/// Whether a call logs, or works on values in hand.
fn is_harmless(program: &Program, id: ModuleId, call: ExprId) -> bool {
    traces::leaves(program, id, call) || local_work::is_call(program, id, call)
}

fn of_function(program: &Program, f: FunctionRef, depth: u32) -> Option<Inside> {
    let module = program.module(f.module);
    let function = module.function(f.function);
    if function.is_generator || !function.decorators.is_empty() {
        return None;
    }
    let (top, stmts, exprs) = match function.body {
        FunctionBody::Block(body) => (module.block(body).stmts.to_vec(), module.statements(body), module.expressions(body)),
        FunctionBody::Expr(value) => (Vec::new(), Vec::new(), module.descendants(value)),
    };
    let settled: Vec<ExprId> = exprs.iter().copied().filter(|expr| settles(program, f.module, *expr)).collect();
    // Whether a `try` sees to what stands here, or, for what is thrown, it was logged before.
    let is_sheltered = |around: &mut dyn Iterator<Item = Around>, is_thrown: bool| {
        around.take_while(|around| !matches!(around, Around::Function(_))).any(|around| match around {
            Around::Stmt(outer, Some(from)) => match &module.stmt(outer).kind {
                StmtKind::Try(t) if t.body == from => sees_to_it(program, f.module, t),
                StmtKind::Try(t) if is_thrown => t.handlers.iter().any(|h| h.body == from && passes_on(program, f.module, h)),
                // What more is told of an error is told of one that has left its trace.
                StmtKind::Try(t) => t.handlers.iter().any(|h| h.body == from && has_told(program, f.module, h)),
                _ => false,
            },
            _ => false,
        })
    };
    let is_seen_to = |call: ExprId| {
        let inner = program.callee(f.module, call);
        matches!(inner, Entity::Function(g) if depth > 0 && g != f && of_function(program, g, depth - 1) == Some(Inside::All))
    };
    let is_open = |expr: &ExprId| {
        module.call(*expr).is_some()
            && !is_harmless(program, f.module, *expr)
            && !is_sheltered(&mut module.around(*expr), false)
            && !settled.iter().any(|whole| module.is_within(*expr, *whole))
            && !is_seen_to(*expr)
    };
    let throws =
        |stmt: &StmtId| matches!(module.stmt(*stmt).kind, StmtKind::Raise { .. }) && !is_sheltered(&mut module.around_stmt(*stmt), true);
    let is_thrown = stmts.iter().any(throws);
    if !exprs.iter().any(is_open) && !is_thrown {
        return Some(Inside::All);
    }
    if function.is_async && !is_thrown && waits_only(program, f.module, &stmts, &exprs, is_seen_to) {
        return Some(Inside::Mostly);
    }
    let gives = |stmt: &StmtId| match &module.stmt(*stmt).kind {
        StmtKind::Try(t) => {
            let returns = |stmt: StmtId| matches!(module.stmt(stmt).kind, StmtKind::Return(Some(_)));
            module.statements(t.body).into_iter().any(returns)
                && !t.handlers.is_empty()
                && t.handlers.iter().all(|handler| passes_on(program, f.module, handler))
        }
        _ => false,
    };
    // What is looked up first stands before it, and nothing behind.
    let is_all_there = |stmt: &StmtId| {
        let StmtKind::Try(t) = &module.stmt(*stmt).kind else { return false };
        let span = module.stmt(*stmt).span;
        let is_around = |at: Span| at.start < span.start || span.contains(at);
        let mut before = exprs.clone();
        before.retain(|expr| module.expr(*expr).span.start < span.start);
        !t.handlers.is_empty()
            && t.handlers.iter().all(|handler| exceptions::reaction(program, f.module, handler) == Reaction::Raises)
            && t.handlers.iter().all(|handler| has_told(program, f.module, handler) || has_noted(program, f.module, handler))
            && lookups::only_reads(program, f.module, &before)
            && exprs.iter().filter(|expr| is_open(expr)).all(|expr| is_around(module.expr(*expr).span))
            && stmts.iter().filter(|stmt| throws(stmt)).all(|stmt| is_around(module.stmt(*stmt).span))
    };
    top.iter().any(|stmt| gives(stmt) || is_all_there(stmt)).then_some(Inside::Mostly)
}

/// Whether all that a function waits for, or gives to be waited for, sees to its errors: the rest is at hand.
fn waits_only(program: &Program, id: ModuleId, stmts: &[StmtId], exprs: &[ExprId], is_seen_to: impl Fn(ExprId) -> bool) -> bool {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let begun = |value: ExprId| match module.expr(value).kind {
        ExprKind::Name(name) => {
            let (scope, count) = resolver.scope_of_name(id, value, name)?;
            match program.bindings(id, scope, name).next()?.kind {
                BindingKind::Value(value) if count == 1 => Some(value),
                _ => None,
            }
        }
        _ => Some(value),
    };
    let given = stmts.iter().filter_map(|stmt| match module.stmt(*stmt).kind {
        StmtKind::Return(Some(value)) if module.call(value).is_some() => Some(value),
        _ => None,
    });
    let waited = exprs.iter().filter_map(|expr| match module.expr(*expr).kind {
        ExprKind::Await(inner) => Some(inner),
        _ => None,
    });
    let mut is_any = false;
    let all = given.chain(waited).all(|value| {
        let Some(call) = begun(value).filter(|call| module.call(*call).is_some()) else { return false };
        let is_seen_to = is_seen_to(call);
        is_any |= is_seen_to;
        is_seen_to || is_harmless(program, id, call)
    });
    let is_at_hand = |expr: &ExprId| module.call(*expr).is_none() || !outside::is_known(program, program.callee(id, *expr));
    all && is_any && module.language == Language::TypeScript && exprs.iter().all(is_at_hand)
}

/// Whether a call is the `catch` of a promise that lets nothing through, or only what has left a trace.
fn settles(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let Some(call) = module.call(expr).filter(|_| module.language == Language::TypeScript) else { return false };
    let (ExprKind::Attribute { name, .. }, [handler]) = (&module.expr(call.callee).kind, &call.args[..]) else { return false };
    if name != "catch" {
        return false;
    }
    let f = match (&module.expr(handler.value).kind, Resolver::new(program).entity(id, handler.value)) {
        (ExprKind::Function(function), _) => FunctionRef { module: id, function: *function },
        (_, Entity::Function(f)) => f,
        // `.catch(console.error)`
        (_, callee) => return callee.library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Logging)),
    };
    let function = program.function(f);
    let target = function.params.first().map(|param| param.target);
    let tells = || match function.body {
        FunctionBody::Block(body) => tells_in(program, f.module, body),
        FunctionBody::Expr(_) => false,
    };
    exceptions::reaction_of(program, f.module, function.body, target) != Reaction::Raises || tells()
}

/// Whether a `try` lets nothing through, or only what has left a trace.
fn sees_to_it(program: &Program, id: ModuleId, t: &Try) -> bool {
    let is_python = program.module(id).language == Language::Python;
    let takes = |handler: &Handler| exceptions::breadth_of(program, id, handler) != exceptions::Breadth::Narrow;
    let sees = |handler: &Handler| match exceptions::reaction(program, id, handler) {
        Reaction::Raises => passes_on(program, id, handler),
        _ => !is_python || !takes(handler) || has_told(program, id, handler),
    };
    t.handlers.iter().any(takes) && t.handlers.iter().all(sees)
}

/// Whether a clause logs what it throws, where somebody reads it.
fn passes_on(program: &Program, id: ModuleId, handler: &Handler) -> bool {
    exceptions::reaction(program, id, handler) == Reaction::Raises && has_told(program, id, handler)
}

/// Whether a clause notes that it failed where that is kept, or hands the error to whoever is told how it goes:
/// `await update(id, { status: "error" })`, `report(`failed: ${error}`)`.
fn has_noted(program: &Program, id: ModuleId, handler: &Handler) -> bool {
    let module = program.module(id);
    let caught = handler.target.and_then(|target| exceptions::name_of(module, target));
    let notes = |arg: &Arg| match &module.expr(arg.value).kind {
        ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
            Entry::Pair { value, .. } => exceptions::is_failure(module, *value),
            Entry::Spread(_) => false,
        }),
        _ => false,
    };
    let is_handed_in = |callee: ExprId| {
        let name = exceptions::name_of(module, callee);
        let function = module.function_of(callee).map(|function| module.function(function));
        function.is_some_and(|function| function.params.iter().any(|param| Some(param.name) == name))
    };
    let says = |arg: &Arg| module.descendants(arg.value).into_iter().any(|e| caught.is_some() && exceptions::name_of(module, e) == caught);
    module.expressions(handler.body).into_iter().filter_map(|expr| module.call(expr)).any(|call| {
        let reports = !call.optional && is_handed_in(call.callee) && call.args.iter().any(says);
        reports || call.args.iter().any(notes)
    })
}

/// Whether a clause logs, where somebody reads it.
fn has_told(program: &Program, id: ModuleId, handler: &Handler) -> bool {
    tells_in(program, id, handler.body)
}

fn tells_in(program: &Program, id: ModuleId, block: BlockId) -> bool {
    program.module(id).expressions(block).into_iter().any(|expr| traces::is_read(program, id, expr))
}
