//! Functions of the project that see to their errors themselves.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::exceptions::{self, Reaction};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Entity;
use crate::model::{local_work, lookups, traces};
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
            ExprKind::Call(_) => {
                let Entity::Function(f) = program.callee(id, *expr) else { return None };
                let inside = of_function(program, f, DEPTH)?;
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

/// Whether a call logs, or works on values in hand.
fn is_harmless(program: &Program, id: ModuleId, call: ExprId) -> bool {
    traces::leaves(program, id, call) || local_work::is_call(program, id, call)
}

fn of_function(program: &Program, f: FunctionRef, depth: u32) -> Option<Inside> {
    let module = program.module(f.module);
    let function = module.function(f.function);
    let FunctionBody::Block(body) = function.body else { return None };
    if function.is_generator || !function.decorators.is_empty() {
        return None;
    }
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
    let is_open = |expr: &ExprId| {
        module.call(*expr).is_some() && !is_harmless(program, f.module, *expr) && !is_sheltered(&mut module.around(*expr), false) && {
            let inner = program.callee(f.module, *expr);
            !matches!(inner, Entity::Function(g) if depth > 0 && g != f && of_function(program, g, depth - 1) == Some(Inside::All))
        }
    };
    let throws =
        |stmt: &StmtId| matches!(module.stmt(*stmt).kind, StmtKind::Raise { .. }) && !is_sheltered(&mut module.around_stmt(*stmt), true);
    if !module.expressions(body).iter().any(is_open) && !module.statements(body).iter().any(throws) {
        return Some(Inside::All);
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
        let is_seen_to = |at: Span| at.start < span.start || span.contains(at);
        let mut before = module.expressions(body);
        before.retain(|expr| module.expr(*expr).span.start < span.start);
        !t.handlers.is_empty()
            && t.handlers.iter().all(|handler| exceptions::reaction(program, f.module, handler) == Reaction::Raises)
            && t.handlers.iter().all(|handler| has_told(program, f.module, handler) || has_noted(program, f.module, handler))
            && lookups::only_reads(program, f.module, &before)
            && module.expressions(body).iter().filter(|expr| is_open(expr)).all(|expr| is_seen_to(module.expr(*expr).span))
            && module.statements(body).iter().filter(|stmt| throws(stmt)).all(|stmt| is_seen_to(module.stmt(*stmt).span))
    };
    module.block(body).stmts.iter().any(|stmt| gives(stmt) || is_all_there(stmt)).then_some(Inside::Mostly)
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
    program.module(id).expressions(handler.body).into_iter().any(|expr| traces::is_read(program, id, expr))
}
