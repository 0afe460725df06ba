//! Coroutines that do not pass their cancellation on.

use super::{fixes, named};
use crate::finding::Confidence;
use crate::fix::Fix;
use crate::ir::program::*;
use crate::model::exceptions::{self, Breadth, Reaction};
use crate::model::program::ModuleId;
use crate::model::{reasons, telemetry};
use crate::rules::Context;

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
