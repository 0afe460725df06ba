//! Look-ups: what only reads, and has nothing to give now and then.

use crate::ir::program::*;
use crate::model::cleanup::words;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Entity;
use crate::model::{local_work, outside, traces};

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

/// Whether all that a block of Python does is to use something that may not be there, which it asks for first:
/// `if page.author(): names.append(page.author())`.
#[must_use]
pub fn takes_optional(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let [only] = module.block(block).stmts[..] else { return false };
    let StmtKind::If { branches, otherwise: None } = &module.stmt(only).kind else { return false };
    let [(test, body)] = branches[..] else { return false };
    let asked = program.text(id, test);
    let is_at_hand = |call: ExprId| {
        program.text(id, call) == asked || local_work::is_call(program, id, call) || matches!(program.callee(id, call), Entity::Function(_))
    };
    let is_simple = |stmt: &StmtId| {
        matches!(module.stmt(*stmt).kind, StmtKind::Expr(_) | StmtKind::Assign { .. } | StmtKind::AugAssign { .. } | StmtKind::Return(_))
    };
    is_accessor(program, id, test)
        && module.block(body).stmts.iter().all(is_simple)
        && module.expressions(body).into_iter().all(|expr| module.call(expr).is_none() || is_at_hand(expr))
        && !outside::reaches(program, id, block)
}

/// Whether all that a block of Python does is to read one thing, in the place of what its function has put there before.
#[must_use]
pub fn reads_preset(program: &Program, id: ModuleId, stmt: StmtId, block: BlockId) -> bool {
    let module = program.module(id);
    let [only] = module.block(block).stmts[..] else { return false };
    let StmtKind::Assign { targets, value: Some(value), .. } = &module.stmt(only).kind else { return false };
    let [target] = targets[..] else { return false };
    let Some(function) = module.function_of_stmt(stmt) else { return false };
    let FunctionBody::Block(body) = module.function(function).body else { return false };
    // What a library computes is no method.
    let is_function = |call: &Call| matches!(module.expr(call.callee).kind, ExprKind::Name(_));
    let is_at_hand =
        |expr: ExprId, call: &Call| is_function(call) || is_accessor(program, id, expr) || local_work::is_call(program, id, expr);
    let start = module.stmt(stmt).span.start;
    let presets = |other: StmtId| {
        matches!(&module.stmt(other).kind, StmtKind::Assign { targets, .. }
            if module.stmt(other).span.end <= start && targets.iter().any(|t| program.text(id, *t) == program.text(id, target)))
    };
    module.descendants(*value).into_iter().all(|expr| module.call(expr).is_none_or(|call| is_at_hand(expr, call)))
        && module.statements(body).into_iter().any(presets)
        && !outside::reaches(program, id, block)
}

/// Whether a call asks something in hand for a part of it: `page.author()`, `data.get("author")`.
fn is_accessor(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let module = program.module(id);
    let Some(Call { callee, args, .. }) = module.call(call) else { return false };
    let ExprKind::Attribute { object, name, .. } = module.expr(*callee).kind else { return false };
    (args.is_empty() || (name == "get" && local_work::is_call(program, id, call)))
        && !outside::is_remote(module, object)
        && !outside::is_known(program, program.callee(id, call))
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
