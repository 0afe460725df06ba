//! Look-ups: what only reads, and has nothing to give now and then.

use crate::ir::program::*;
use crate::model::cleanup::words;
use crate::model::program::{ModuleId, Program};
use crate::model::{local_work, traces};

/// Whether a `try` only reads, and gives nothing when that fails, as its function does where nothing is there. Whoever calls
/// it has to think of that.
#[must_use]
pub fn answers_nothing(program: &Program, id: ModuleId, stmt: StmtId, tried: BlockId, handler: &Handler) -> bool {
    let module = program.module(id);
    let [only] = module.block(handler.body).stmts[..] else { return false };
    let StmtKind::Return(answer) = module.stmt(only).kind else { return false };
    let Some(function) = module.function_of_stmt(stmt) else { return false };
    let keeps = |target: &ExprId| !matches!(module.expr(*target).kind, ExprKind::Attribute { .. } | ExprKind::Subscript { .. });
    let is_simple = |stmt: StmtId| match &module.stmt(stmt).kind {
        StmtKind::AugAssign { .. } | StmtKind::Delete(_) => false,
        StmtKind::Assign { targets, .. } => targets.iter().all(keeps),
        _ => true,
    };
    // What a clause leaves undone is more than an answer.
    let finds = |stmt: StmtId| matches!(module.stmt(stmt).kind, StmtKind::Return(Some(value)) if !matches!(module.expr(value).kind, ExprKind::Null));
    // `throw new Error("no such thing")`, caught right here
    let throws = || {
        let thrown = |stmt: &StmtId| matches!(module.stmt(*stmt).kind, StmtKind::Raise { .. });
        module.statements(tried).iter().any(|stmt| thrown(stmt) && module.function_of_stmt(*stmt) == Some(function))
    };
    answer.is_none_or(|answer| matches!(module.expr(answer).kind, ExprKind::Null))
        && module.statements(tried).into_iter().any(finds)
        && module.statements(tried).into_iter().all(is_simple)
        && only_reads(program, id, &module.expressions(tried))
        && (gives_nothing(program, id, function, only) || throws())
}

/// The same of a promise, and what it comes to when it is rejected: `id ? await find(id).catch(() => null) : null`.
#[must_use]
pub fn comes_to_nothing(program: &Program, id: ModuleId, expr: ExprId, stmt: StmtId, promise: ExprId) -> bool {
    let module = program.module(id);
    let mut value = expr;
    while let Parent::Expr(outer) = module.expr_parents[value.index()] {
        match module.expr(outer).kind {
            ExprKind::Await(_) => value = outer,
            ExprKind::Conditional { then, otherwise, .. } => {
                let other = if then == value { otherwise } else { then };
                return matches!(module.expr(other).kind, ExprKind::Null) && only_reads(program, id, &module.descendants(promise));
            }
            _ => return false,
        }
    }
    let is_returned = matches!(module.stmt(stmt).kind, StmtKind::Return(Some(returned)) if returned == value);
    is_returned
        && module.function_of(expr).is_some_and(|function| gives_nothing(program, id, function, stmt))
        && only_reads(program, id, &module.descendants(promise))
}

/// Whether a function gives nothing elsewhere, too. What its type says may be said of the clause.
fn gives_nothing(program: &Program, id: ModuleId, function: FunctionId, aside: StmtId) -> bool {
    let module = program.module(id);
    let FunctionBody::Block(body) = module.function(function).body else { return false };
    let gives = |stmt: StmtId| match module.stmt(stmt).kind {
        StmtKind::Return(None) => true,
        StmtKind::Return(Some(value)) => may_be_nothing(module, value),
        _ => false,
    };
    module.statements(body).into_iter().any(|stmt| stmt != aside && module.function_of_stmt(stmt) == Some(function) && gives(stmt))
}

/// Whether a value is nothing now and then, as it is written: `found ?? null`, `user?.name`.
fn may_be_nothing(module: &Module, value: ExprId) -> bool {
    let mut todo = vec![value];
    while let Some(value) = todo.pop() {
        match &module.expr(value).kind {
            ExprKind::Null => return true,
            ExprKind::Attribute { optional: true, .. } | ExprKind::Subscript { optional: true, .. } => return true,
            ExprKind::Attribute { object, .. } | ExprKind::Subscript { object, .. } => todo.push(*object),
            ExprKind::Call(call) if call.optional => return true,
            ExprKind::Call(call) => todo.push(call.callee),
            ExprKind::Await(inner) => todo.push(*inner),
            ExprKind::Logical { op: LogicalOp::Or | LogicalOp::Coalesce, operands } => todo.extend(operands.last()),
            ExprKind::Conditional { then, otherwise, .. } => todo.extend([*then, *otherwise]),
            _ => {}
        }
    }
    false
}

/// Whether all that is called in these expressions reads, computes or logs, by its names.
#[must_use]
pub fn only_reads(program: &Program, id: ModuleId, exprs: &[ExprId]) -> bool {
    let module = program.module(id);
    let is_pure = |call: ExprId| traces::leaves(program, id, call) || local_work::is_call(program, id, call);
    exprs.iter().all(|expr| module.call(*expr).is_none() || reads(program, id, *expr) || is_pure(*expr))
}

/// Verbs of what reads.
const READS: [&str; 22] = [
    "all", "array", "count", "describe", "fetch", "find", "first", "get", "has", "inspect", "is", "list", "load", "lookup", "one", "read",
    "readdir", "resolve", "retrieve", "search", "select", "show",
];

/// Verbs of what changes something, also where it is read: `findOneAndUpdate`, `get_or_create`.
const CHANGES: [&str; 15] =
    ["add", "create", "delete", "destroy", "insert", "lock", "pop", "post", "put", "remove", "replace", "save", "send", "set", "update"];

/// Whether a call reads, by its name, and sends nothing.
fn reads(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let Some(call) = module.call(expr) else { return false };
    let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
    let words = words(&name);
    let is_read = words.first().is_some_and(|word| READS.contains(&word.as_str()));
    let changes = words.iter().any(|word| CHANGES.contains(&word.as_str()) || word == "upsert");
    // `fetch(url, { method: "POST", body })`
    let is_asked =
        |method: ExprId| matches!(module.expr(method).kind, ExprKind::String(method) if matches!(method.as_str(), "GET" | "HEAD"));
    let is_sent = |arg: &Arg| match &module.expr(arg.value).kind {
        ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
            Entry::Pair { key, value } => match module.expr(*key).kind {
                ExprKind::String(key) if key == "method" => !is_asked(*value),
                ExprKind::String(key) => matches!(key.as_str(), "body" | "data"),
                _ => false,
            },
            Entry::Spread(_) => true,
        }),
        _ => false,
    };
    let joins = || {
        let name = program.callee(id, expr).library();
        name.is_some_and(|name| name.starts_with("js:globalThis.Promise.") || name == "asyncio.gather")
    };
    !call.is_new && (joins() || (is_read && !changes && !call.args.iter().any(is_sent)))
}
