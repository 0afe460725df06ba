//! What is done where a result is missing.

use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::exceptions::{self, Reaction};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::traces;

/// Whether anything is made of what a call gives.
#[must_use]
pub fn is_used(module: &Module, expr: ExprId) -> bool {
    for around in module.around(expr) {
        match around {
            Around::Expr(outer) => match module.expr(outer).kind {
                // `void send().catch(…)`, `await send().catch(…)`
                ExprKind::Await(_) | ExprKind::Unary { op: UnaryOp::Other, .. } => {}
                _ => return true,
            },
            Around::Stmt(stmt, _) => return !matches!(module.stmt(stmt).kind, StmtKind::Expr(_)),
            _ => return true,
        }
    }
    true
}

/// What is done soon if there is no result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// It is said: `if (!user) throw new NotFound()`.
    Tells,
    /// `if (!user) return null`
    Leaves,
}

/// Whether what a call gives is looked at soon.
#[must_use]
pub fn behind(program: &Program, id: ModuleId, expr: ExprId, stmt: StmtId) -> Option<Behind> {
    let module = program.module(id);
    if !is_used(module, expr) {
        return None;
    }
    let (names, next) = kept(module, stmt)?;
    branches_without(module, &names, next).into_iter().find_map(|body| {
        match exceptions::reaction_of(program, id, FunctionBody::Block(body), None) {
            Reaction::Raises | Reaction::Acts => Some(Behind::Tells),
            _ => (!module.block(body).falls_through).then_some(Behind::Leaves),
        }
    })
}

/// Whether all who call the function that a statement is in, and all of them are seen, tell somebody that it has nothing to
/// give. That there is no such thing is another message.
#[must_use]
pub fn is_told_by_callers(program: &Program, id: ModuleId, stmt: StmtId, reaction: Reaction) -> bool {
    let module = program.module(id);
    let says_nothing = match reaction {
        Reaction::Nothing => true,
        Reaction::Returns(value) => matches!(module.expr(value).kind, ExprKind::Bool(false)),
        _ => false,
    };
    let Some(function) = module.function_of_stmt(stmt).filter(|_| says_nothing) else { return false };
    let calls = program.callers().all_of(program, FunctionRef { module: id, function });
    calls.is_some_and(|calls| calls.iter().all(|(at, call)| is_told_at(program, *at, *call)))
}

/// Whether it is told where a call has given nothing.
fn is_told_at(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let module = program.module(id);
    let mut value = call;
    while let Parent::Expr(outer) = module.expr_parents[value.index()]
        && matches!(module.expr(outer).kind, ExprKind::Await(_))
    {
        value = outer;
    }
    let bodies = match module.expr_parents[value.index()] {
        // `if (!(await find(id))) throw …`
        Parent::Expr(not) if matches!(module.expr(not).kind, ExprKind::Unary { op: UnaryOp::Not, .. }) => {
            match module.expr_parents[not.index()] {
                Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
                    StmtKind::If { branches, .. } => branches.iter().filter(|(test, _)| *test == not).map(|(_, body)| *body).collect(),
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            }
        }
        // `find(id).then((found) => { if (!found) … })`
        Parent::Expr(then) => then_function(module, then).map_or(Vec::new(), |function| {
            let f = module.function(function);
            let names: Vec<Ustr> = f.params.first().map(|param| param.name).into_iter().collect();
            match f.body {
                FunctionBody::Block(body) => branches_without(module, &names, module.block(body).stmts.iter().take(SOON)),
                FunctionBody::Expr(_) => Vec::new(),
            }
        }),
        _ => match module.stmt_of(value).and_then(|stmt| kept(module, stmt)) {
            Some((names, next)) => branches_without(module, &names, next),
            None => Vec::new(),
        },
    };
    bodies.into_iter().any(|body| tells(program, id, body))
}

/// The function that is passed to a `then`, of which this is the callee.
fn then_function(module: &Module, then: ExprId) -> Option<FunctionId> {
    let ExprKind::Attribute { name, .. } = module.expr(then).kind else { return None };
    let Parent::Expr(outer) = module.expr_parents[then.index()] else { return None };
    let first = module.call(outer).filter(|call| name == "then" && call.callee == then)?.args.first()?;
    match module.expr(first.value).kind {
        ExprKind::Function(function) => Some(function),
        _ => None,
    }
}

/// How many statements behind a call are soon.
const SOON: usize = 6;

/// The names that keep a value, and the statements behind.
fn kept(module: &Module, stmt: StmtId) -> Option<(Vec<Ustr>, impl Iterator<Item = &StmtId>)> {
    let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind else { return None };
    let names = targets.iter().flat_map(|target| module.descendants(*target)).filter_map(|e| exceptions::name_of(module, e)).collect();
    let block = module.stmt_parents[stmt.index()];
    Some((names, module.block(block).stmts.iter().skip_while(move |s| **s != stmt).skip(1).take(SOON)))
}

/// What is done in these statements where one of the names holds nothing: `if (!user)`, `if (user === null)`.
fn branches_without<'m>(module: &'m Module, names: &[Ustr], stmts: impl Iterator<Item = &'m StmtId>) -> Vec<BlockId> {
    let is_without = |test: ExprId| {
        let parts = module.descendants(test);
        let asks = parts.iter().filter_map(|e| exceptions::name_of(module, *e)).any(|name| names.contains(&name));
        let is_negative =
            parts.iter().any(|part| matches!(module.expr(*part).kind, ExprKind::Unary { op: UnaryOp::Not, .. } | ExprKind::Null));
        asks && is_negative
    };
    let mut found = Vec::new();
    for stmt in stmts {
        if let StmtKind::If { branches, .. } = &module.stmt(*stmt).kind {
            found.extend(branches.iter().filter(|(test, _)| is_without(*test)).map(|(_, body)| *body));
        }
    }
    found
}

/// What is said of what is not there, or of who may not.
const OTHERWISE: [&str; 12] = [
    "401",
    "403",
    "404",
    "access denied",
    "expired",
    "forbidden",
    "no such",
    "not found",
    "not_found",
    "notfound",
    "unauthenticated",
    "unauthorized",
];

/// Whether a block says that something went wrong. An outage must not pass for what is not there.
fn tells(program: &Program, id: ModuleId, body: BlockId) -> bool {
    let module = program.module(id);
    let text = program.sources.slice(program.span_place(id, module.block(body).span)).to_ascii_lowercase();
    let is_absence = OTHERWISE.iter().any(|words| text.contains(words));
    let raises = |stmt: StmtId| match module.stmt(stmt).kind {
        StmtKind::Raise { .. } => true,
        StmtKind::Return(Some(value)) => exceptions::tells_failure(program, id, value),
        _ => false,
    };
    let says =
        |expr: ExprId| module.call(expr).is_some() && (traces::leaves(program, id, expr) || exceptions::tells_failure(program, id, expr));
    !is_absence && (module.statements(body).into_iter().any(raises) || module.expressions(body).into_iter().any(says))
}
