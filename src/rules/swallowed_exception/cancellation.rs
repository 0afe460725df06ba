//! Coroutines that do not pass their cancellation on.

use super::{fixes, named};
use crate::finding::Confidence;
use crate::fix::Fix;
use crate::ir::program::*;
use crate::model::exceptions::{self, Breadth, Reaction};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::{attempts, reasons, telemetry};
use crate::rules::Context;

/// What is said of a coroutine that leaves, and does not say why.
const ENDS: &str = "ends as if it had finished when it is cancelled";

/// A clause that catches a coroutine's cancellation, and does not pass it on.
pub(super) fn judge(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, t: &Try, handler: &Handler, reaction: Reaction) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let Some(function) = module.function_of_stmt(stmt).filter(|f| module.function(*f).is_async) else { return };
    let passed_on = |other: &Handler| {
        let is_it = other.types.is_some_and(|types| exceptions::breadth(program, id, &[types]) == Breadth::Cancellation);
        is_it && exceptions::reaction(program, id, other) == Reaction::Raises
    };
    let before = t.handlers.iter().take_while(|other| other.span != handler.span);
    if cancels(module, function) || waits_for_others(module, t.body) || before.into_iter().any(passed_on) {
        return;
    }
    let body = module.block(handler.body);
    let stays = body.falls_through || body.stmts.last().is_some_and(|s| matches!(module.stmt(*s).kind, StmtKind::Continue));
    let place = named(module, Some(function));
    let (mut confidence, message) = if stays && exceptions::is_in_loop(module, stmt) {
        (Confidence::High, format!("{place} cannot be cancelled: the cancellation is caught and not passed on"))
    } else if body.falls_through && reaction == Reaction::Nothing && ends_behind(program, id, stmt) {
        (of_end(program, FunctionRef { module: id, function }), format!("{place} {ENDS}: the cancellation is caught and not passed on"))
    } else if body.falls_through && reaction == Reaction::Nothing {
        (Confidence::Medium, format!("{place} goes on after its cancellation, which is caught and not passed on"))
    } else {
        // Whoever leaves at once has done what was asked.
        return;
    };
    if reasons::is_explained(program, id, handler.span) {
        confidence = Confidence::Low;
    }
    let fix = Fix::unsafe_edit("Pass the cancellation on", fixes::passing_on(program, id, handler).into_iter().collect());
    ctx.report(fixes::header(program, id, handler), confidence, message, fix);
}

/// `with suppress(CancelledError)` in a coroutine.
pub(super) fn judge_suppress(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, context: ExprId, body: BlockId, function: FunctionId) {
    let program = &ctx.project.program;
    let module = program.module(id);
    if !module.function(function).is_async || cancels(module, function) || waits_for_others(module, body) {
        return;
    }
    let text = program.text(id, context);
    let place = named(module, Some(function));
    let (mut confidence, message) = if exceptions::is_in_loop(module, stmt) {
        (Confidence::High, format!("{place} cannot be cancelled: `{text}` does not pass the cancellation on"))
    } else if ends_behind(program, id, stmt) {
        (of_end(program, FunctionRef { module: id, function }), format!("{place} {ENDS}: `{text}` does not pass the cancellation on"))
    } else {
        (Confidence::Medium, format!("{place} goes on after its cancellation: `{text}` does not pass it on"))
    };
    let is_expected = reasons::is_explained(program, id, module.stmt(stmt).span) || reasons::is_expected(program, id, stmt, body);
    if is_expected || telemetry::only_tells(program, id, Some(function), body) {
        confidence = Confidence::Low;
    }
    let fix = fixes::unsuppressed(program, id, stmt, Breadth::Cancellation, Some(function));
    ctx.report(program.place(id, context), confidence, message, fix);
}

/// Whether nothing follows a statement in its function but clauses of `finally`, and the answer that there is none.
fn ends_behind(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let module = program.module(id);
    let is_end = |stmt: &StmtId| match module.stmt(*stmt).kind {
        StmtKind::Return(value) => value
            .is_none_or(|value| matches!(module.expr(value).kind, ExprKind::Null) || exceptions::is_constant_answer(program, id, value)),
        StmtKind::Pass => true,
        _ => false,
    };
    let mut at = stmt;
    loop {
        let block = module.stmt_parents[at.index()];
        if !module.block(block).stmts.iter().skip_while(|other| **other != at).skip(1).all(is_end) {
            return false;
        }
        match module.block_parents[block.index()] {
            Parent::Function(_) => return true,
            Parent::Stmt(outer) if !matches!(module.stmt(outer).kind, StmtKind::Loop(_)) => at = outer,
            _ => return false,
        }
    }
}

/// How much it matters that a coroutine ends so: whoever awaits it takes it for finished. A task, and what a framework calls,
/// is left alone.
fn of_end(program: &Program, f: FunctionRef) -> Confidence {
    const STARTS: [&str; 5] = ["create_task", "ensure_future", "run", "spawn", "start_soon"];
    let function = program.function(f);
    let is_inner = matches!(function.parent, Parent::Stmt(stmt) if program.module(f.module).function_of_stmt(stmt).is_some());
    let is_started = |(id, call): &(ModuleId, ExprId)| {
        let module = program.module(*id);
        let Parent::Expr(outer) = module.expr_parents[call.index()] else { return false };
        module.call(outer).is_some_and(|outer| match module.expr(outer.callee).kind {
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => STARTS.contains(&name.as_str()),
            _ => false,
        })
    };
    let sites = program.callers().of(f);
    let is_left = match sites {
        // What is defined in a function is given away by it.
        [] => is_inner,
        _ => sites.iter().all(is_started),
    };
    if is_left || !function.decorators.is_empty() { Confidence::Low } else { Confidence::Medium }
}

/// Whether a block only awaits a task that its function has started, where that has been told to end, or where its failure is
/// the answer.
pub(super) fn awaits_what_ends(program: &Program, id: ModuleId, stmt: StmtId, block: BlockId) -> bool {
    const TELLS: [&str; 4] = ["cancel", "close", "set", "stop"];
    let module = program.module(id);
    let [only] = module.block(block).stmts[..] else { return false };
    let StmtKind::Expr(value) = module.stmt(only).kind else { return false };
    let ExprKind::Await(task) = module.expr(value).kind else { return false };
    let ExprKind::Name(name) = module.expr(task).kind else { return false };
    let starts = |value: ExprId| {
        module.call(value).is_some_and(|call| {
            matches!(module.expr(call.callee).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. }
                if matches!(name.as_str(), "create_task" | "ensure_future"))
        })
    };
    let Some((scope, _)) = Resolver::new(program).scope_of_name(id, task, name) else { return false };
    if !program.bindings(id, scope, name).any(|binding| matches!(binding.kind, BindingKind::Value(value) if starts(value))) {
        return false;
    }
    let tells = |stmt: &StmtId| match module.stmt(*stmt).kind {
        StmtKind::Expr(value) => module.call(value).is_some_and(
            |call| matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if TELLS.contains(&name.as_str())),
        ),
        _ => false,
    };
    let around = module.stmt_parents[stmt.index()];
    let is_told = module.block(around).stmts.iter().take_while(|other| **other != stmt).any(tells);
    is_told
        || attempts::following(module, stmt).is_some_and(|next| match module.stmt(next).kind {
            StmtKind::Return(Some(value)) => exceptions::tells_failure(program, id, value),
            StmtKind::Raise { .. } => true,
            _ => false,
        })
}

/// Whether a function awaits in a block what it has cancelled itself.
pub(super) fn is_awaited_here(module: &Module, function: FunctionId, block: BlockId) -> bool {
    cancels(module, function) && waits_for_others(module, block)
}

/// Whether all that a block awaits are tasks that run elsewhere, or their results: the cancellation is theirs.
fn waits_for_others(module: &Module, block: BlockId) -> bool {
    module.expressions(block).into_iter().all(|expr| {
        let ExprKind::Await(awaited) = module.expr(expr).kind else { return true };
        // `wait_for(task, 5)`, `shield(task)`, `gather(*tasks)`
        let is_of_tasks = |call: &Call| {
            let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
            matches!(name.as_str(), "wait_for" | "shield" | "gather" | "wait")
                && call.args.iter().all(|arg| module.call(arg.value).is_none())
        };
        module.call(awaited).is_none_or(is_of_tasks)
    })
}

/// Whether a function cancels something itself: it then waits for the cancellation that it asked for.
fn cancels(module: &Module, function: FunctionId) -> bool {
    let FunctionBody::Block(body) = module.function(function).body else { return false };
    module.expressions(body).into_iter().any(|expr| {
        let callee = module.call(expr).map(|call| &module.expr(call.callee).kind);
        matches!(callee, Some(ExprKind::Attribute { name, .. }) if *name == "cancel")
    })
}
