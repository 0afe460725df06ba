//! What a `try` is one of several attempts of, and what stands in for its result.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::exceptions::{self, Reaction};
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Entity;
use crate::model::{outside, traces, values};
use crate::source::Place;

/// What a loop of attempts does about those that fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attempt {
    /// It says so, for each or at last.
    Reports,
    /// It waits for the next one.
    Waits,
}

/// What is done about a failed attempt, if a `try` is one of a loop that is left on success.
#[must_use]
pub fn repeated(program: &Program, id: ModuleId, stmt: StmtId, t: &Try, handler: &Handler) -> Option<Attempt> {
    let module = program.module(id);
    let stays = module.block(handler.body).falls_through
        || module.block(handler.body).stmts.last().is_some_and(|s| matches!(module.stmt(*s).kind, StmtKind::Continue));
    if !stays || !(leaves_at_end(module, t.body) || t.otherwise.is_some_and(|block| leaves_at_end(module, block))) {
        return None;
    }
    let around = module.around_stmt(stmt).skip(1).take_while(|around| !matches!(around, Around::Function(_)));
    let (at, l) = around.take(4).find_map(|around| match around {
        Around::Stmt(outer, Some(from)) => match &module.stmt(outer).kind {
            StmtKind::Loop(l) if l.body == from => Some((outer, l)),
            _ => None,
        },
        _ => None,
    })?;
    let tried = module.block(t.body).span;
    let mut calls = module.expressions(l.body);
    calls.retain(|expr| module.call(*expr).is_some() && !tried.contains(module.expr(*expr).span));
    let says_so = calls.iter().any(|call| traces::leaves(program, id, *call))
        || l.otherwise.is_some_and(|block| reports(program, id, block))
        || is_reported_behind(program, id, at, t.body);
    let waits = || calls.iter().any(|call| exceptions::waits(program, id, *call));
    if says_so { Some(Attempt::Reports) } else { waits().then_some(Attempt::Waits) }
}

/// Whether a block ends by leaving: at its last statement, or that of what this encloses.
fn leaves_at_end(module: &Module, block: BlockId) -> bool {
    let mut todo = vec![block];
    while let Some(block) = todo.pop() {
        let Some(last) = module.block(block).stmts.last() else { continue };
        match &module.stmt(*last).kind {
            StmtKind::Return(_) | StmtKind::Break => return true,
            StmtKind::With { body, .. } => todo.push(*body),
            StmtKind::If { branches, .. } => todo.extend(branches.iter().map(|(_, body)| *body)),
            _ => {}
        }
    }
    false
}

fn reports(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let raises = |stmt: StmtId| matches!(module.stmt(stmt).kind, StmtKind::Raise { .. } | StmtKind::Assert { .. });
    module.statements(block).into_iter().any(raises) || traces::in_block(program, id, block, None)
}

/// Whether what follows a loop reports that no attempt succeeded: at once, or behind a test of what they were to give.
fn is_reported_behind(program: &Program, id: ModuleId, at: StmtId, tried: BlockId) -> bool {
    let module = program.module(id);
    let touched = exceptions::touched(module, tried);
    let returns = module.statements(tried).into_iter().any(|stmt| matches!(module.stmt(stmt).kind, StmtKind::Return(_)));
    let block = module.stmt_parents[at.index()];
    let behind = module.block(block).stmts.iter().skip_while(|s| **s != at).skip(1);
    behind.take(4).any(|next| match &module.stmt(*next).kind {
        StmtKind::Expr(expr) => returns && module.descendants(*expr).into_iter().any(|e| traces::leaves(program, id, e)),
        StmtKind::Raise { .. } | StmtKind::Assert { .. } => true,
        StmtKind::If { branches, .. } => branches.iter().any(|(test, body)| {
            let tests_it =
                module.descendants(*test).into_iter().filter_map(|e| exceptions::name_of(module, e)).any(|name| touched.contains(&name));
            tests_it && reports(program, id, *body)
        }),
        _ => false,
    })
}

/// Whether the next `try` looks at the same thing again, and reports what is wrong with it.
#[must_use]
pub fn is_looked_at_again(program: &Program, id: ModuleId, stmt: StmtId, tried: BlockId) -> bool {
    let module = program.module(id);
    let Some(StmtKind::Try(next)) = following(module, stmt).map(|next| &module.stmt(next).kind) else { return false };
    let reports = |handler: &Handler| match exceptions::reaction(program, id, handler) {
        Reaction::Raises => true,
        Reaction::Acts => module.expressions(handler.body).into_iter().any(|expr| module.call(expr).is_some()),
        _ => false,
    };
    if next.handlers.is_empty() || !next.handlers.iter().all(reports) || outside::reaches(program, id, tried) {
        return false;
    }
    let looked_at = |block: BlockId| -> Vec<&str> {
        let calls = module.expressions(block).into_iter().filter_map(|expr| module.call(expr));
        let args = calls.flat_map(|call| &call.args).map(|arg| arg.value);
        let is_thing =
            |e: &ExprId| matches!(module.expr(*e).kind, ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. });
        args.filter(is_thing).map(|arg| program.text(id, arg)).collect()
    };
    let again = looked_at(next.body);
    looked_at(tried).iter().any(|thing| again.contains(thing))
}

/// The statement that comes directly behind another one: for the last one in the body of a condition, what is behind that.
#[must_use]
pub fn following(module: &Module, stmt: StmtId) -> Option<StmtId> {
    behind(module, stmt).first().copied()
}

/// The statements that come behind one, in its block or, where it is the last there, behind the condition that this is of.
fn behind(module: &Module, stmt: StmtId) -> &[StmtId] {
    let mut at = stmt;
    loop {
        let block = module.stmt_parents[at.index()];
        let stmts = &module.block(block).stmts;
        let rest = stmts.iter().position(|s| *s == at).map_or(&[][..], |position| &stmts[position + 1..]);
        match module.block_parents[block.index()] {
            Parent::Stmt(outer) if rest.is_empty() && matches!(module.stmt(outer).kind, StmtKind::If { .. }) => at = outer,
            _ => return rest,
        }
    }
}

/// The constant that is returned directly behind a `try` whose body returns something else.
#[must_use]
pub fn returned_behind(program: &Program, id: ModuleId, stmt: StmtId, tried: BlockId) -> Option<ExprId> {
    let module = program.module(id);
    let returns = |stmt: StmtId| matches!(module.stmt(stmt).kind, StmtKind::Return(Some(_)));
    if !module.statements(tried).into_iter().any(returns) {
        return None;
    }
    match module.stmt(following(module, stmt)?).kind {
        StmtKind::Return(Some(value)) if exceptions::is_constant_answer(program, id, value) => Some(value),
        _ => None,
    }
}

/// Whether a `try` whose body gives what it finds is followed by another way to something that the function gives.
#[must_use]
pub fn has_other_way(module: &Module, stmt: StmtId, tried: BlockId) -> bool {
    let gives = |stmt: StmtId| match module.stmt(stmt).kind {
        StmtKind::Return(Some(value)) => !matches!(module.expr(value).kind, ExprKind::Null | ExprKind::Bool(_)),
        _ => false,
    };
    module.statements(tried).into_iter().any(gives) && behind(module, stmt).last().is_some_and(|last| gives(*last))
}

/// The statements before one; where it is the first in a condition's body, those before that.
fn before(module: &Module, stmt: StmtId) -> Vec<StmtId> {
    let block = module.stmt_parents[stmt.index()];
    let before: Vec<StmtId> = module.block(block).stmts.iter().copied().take_while(|s| *s != stmt).collect();
    match module.block_parents[block.index()] {
        Parent::Stmt(outer) if before.is_empty() && matches!(module.stmt(outer).kind, StmtKind::If { .. }) => {
            let block = module.stmt_parents[outer.index()];
            module.block(block).stmts.iter().copied().take_while(|s| *s != outer).collect()
        }
        _ => before,
    }
}

/// Whether what a block was to give has a plain value already: it was bound directly before, or it is what the block
/// starts from (`value = f(value)`).
#[must_use]
pub fn has_fallback(program: &Program, id: ModuleId, stmt: StmtId, tried: BlockId) -> bool {
    let module = program.module(id);
    let place = |expr: ExprId| program.sources.slice(Place { file: module.file, span: module.expr(expr).span });
    let mut last: Option<(ExprId, ExprId)> = None;
    for inner in module.statements(tried) {
        match &module.stmt(inner).kind {
            StmtKind::Assign { targets, value: Some(value), .. } => {
                let [target] = targets[..] else { return false };
                last = Some((target, *value));
            }
            StmtKind::If { .. } | StmtKind::Loop(_) | StmtKind::Pass | StmtKind::With { .. } | StmtKind::Import(_) => {}
            _ => return false,
        }
    }
    let Some((target, value)) = last else { return false };
    let target = place(target);
    let is_start = module
        .descendants(value)
        .into_iter()
        .any(|e| place(e) == target && matches!(module.expr(e).kind, ExprKind::Name(_) | ExprKind::Attribute { .. }));
    let before = before(module, stmt);
    let bound = before.iter().rev().map_while(|s| match &module.stmt(*s).kind {
        StmtKind::Assign { targets, value: Some(value), .. } => Some((targets, *value)),
        _ => None,
    });
    let is_plain = |value: ExprId| match &module.expr(value).kind {
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => true,
        ExprKind::List(parts) => parts.is_empty(),
        ExprKind::Object(entries) => entries.is_empty(),
        ExprKind::Call(call) => call.args.is_empty() || matches!(program.callee(id, value), Entity::Builtin(_)),
        _ => values::is_constant(program, id, value),
    };
    let mut preset = bound.take(4).filter(|(targets, _)| targets.iter().any(|t| place(*t) == target)).map(|(_, value)| is_plain(value));
    is_start || preset.next().unwrap_or(false)
}

/// Whether what a block was to give is given something else directly behind, where it has not come: `if (!width) width = 600`.
#[must_use]
pub fn is_filled_behind(program: &Program, id: ModuleId, stmt: StmtId, tried: BlockId) -> bool {
    let module = program.module(id);
    let Some(StmtKind::If { branches, otherwise: None }) = following(module, stmt).map(|next| &module.stmt(next).kind) else {
        return false;
    };
    let [(test, body)] = branches[..] else { return false };
    let touched = exceptions::touched(module, tried);
    let tests = |test: ExprId, name| module.descendants(test).into_iter().any(|part| exceptions::name_of(module, part) == Some(name));
    let is_missing = |test: ExprId, name| match &module.expr(test).kind {
        ExprKind::Unary { op: UnaryOp::Not, operand } => exceptions::name_of(module, *operand) == Some(name),
        ExprKind::Compare { .. } => {
            tests(test, name) && module.descendants(test).iter().any(|e| matches!(module.expr(*e).kind, ExprKind::Null))
        }
        _ => false,
    };
    // `if (!languages || languages.length === 0)`
    let first = match &module.expr(test).kind {
        ExprKind::Logical { op: LogicalOp::Or, operands } => operands[0],
        _ => test,
    };
    let fills = |stmt: &StmtId| match &module.stmt(*stmt).kind {
        StmtKind::Assign { targets, value: Some(_), .. } => {
            let [target] = targets[..] else { return false };
            exceptions::name_of(module, target).is_some_and(|name| touched.contains(&name) && is_missing(first, name))
        }
        _ => false,
    };
    module.statements(body).iter().any(fills)
}

/// Whether it is told behind a `try` that leaves on success that it has not: `callback({ ok: false })`, `return { error }`.
#[must_use]
pub fn is_told_behind(program: &Program, id: ModuleId, stmt: StmtId, tried: BlockId, handler: Option<&Handler>) -> bool {
    let module = program.module(id);
    let falls_through = handler.is_none_or(|handler| module.block(handler.body).falls_through);
    let returns = |stmt: StmtId| matches!(module.stmt(stmt).kind, StmtKind::Return(_));
    let leaves = || module.statements(tried).into_iter().any(returns);
    let Some(next) = following(module, stmt).filter(|_| falls_through && leaves()) else { return false };
    match module.stmt(next).kind {
        StmtKind::Expr(value) | StmtKind::Return(Some(value)) => exceptions::tells_failure(program, id, value),
        _ => false,
    }
}
