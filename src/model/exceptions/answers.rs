//! What clauses answer in the place of a result, and whether that says that something went wrong.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{ModuleId, Program};
use crate::model::{cleanup, values};

/// What a clause returns.
pub(super) enum Returned {
    Nothing,
    Constant,
    Fallback,
    Answer,
}

pub(super) fn returned(program: &Program, id: ModuleId, value: ExprId) -> Returned {
    let module = program.module(id);
    match &module.expr(value).kind {
        ExprKind::Null => Returned::Nothing,
        ExprKind::Bool(_) => Returned::Constant,
        // `-1`
        ExprKind::Unary { operand, .. } if matches!(module.expr(*operand).kind, ExprKind::Number(_)) => Returned::Constant,
        ExprKind::List(_) | ExprKind::Set(_) | ExprKind::Object(_) => {
            if is_plain_display(module, value) {
                Returned::Constant
            } else {
                Returned::Answer
            }
        }
        // `None, None`, `user, "", None`; a truth value among several says whether it went well.
        ExprKind::Tuple(parts) => {
            let mut decides = false;
            let says_nothing = |part: &ExprId| match returned(program, id, *part) {
                Returned::Nothing => {
                    decides = true;
                    true
                }
                Returned::Constant => {
                    decides = true;
                    !matches!(module.expr(*part).kind, ExprKind::Bool(_))
                }
                Returned::Fallback => true,
                Returned::Answer => false,
            };
            if parts.iter().all(says_nothing) && decides { Returned::Constant } else { Returned::Answer }
        }
        ExprKind::Number(digits) if digits.trim_matches(['0', '.']).is_empty() => Returned::Constant,
        // Some words in the place of a result; a sentence is an answer.
        ExprKind::String(text) if text.split_whitespace().count() <= 3 && !is_failure(module, value) => Returned::Constant,
        ExprKind::Call(call) if call.args.is_empty() && !call.is_new => Returned::Constant,
        ExprKind::Call(_) if is_look_up(program, id, value) => Returned::Fallback,
        ExprKind::Call(call) if module.language == Language::TypeScript && makes_fallback(program, id, value) => match call.args[..] {
            [Arg { value, .. }] => returned(program, id, value),
            _ => Returned::Constant,
        },
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } if !is_failure(module, value) => Returned::Fallback,
        _ => Returned::Answer,
    }
}

/// Whether a value says nothing of an error where it is returned: `False`, `[]`, `"unknown"`.
#[must_use]
pub fn is_constant_answer(program: &Program, id: ModuleId, value: ExprId) -> bool {
    matches!(returned(program, id, value), Returned::Constant)
}

/// Whether a list, set or dictionary is made of constants and says nothing of an error: `{"kind": "default", "items": []}`.
fn is_plain_display(module: &Module, value: ExprId) -> bool {
    const SAYS: [&str; 26] = [
        "code",
        "connected",
        "description",
        "detail",
        "details",
        "done",
        "error",
        "errors",
        "exists",
        "fallback",
        "found",
        "healthy",
        "info",
        "message",
        "messages",
        "msg",
        "note",
        "ok",
        "reason",
        "response",
        "result",
        "state",
        "status",
        "success",
        "valid",
        "warning",
    ];
    module.descendants(value).into_iter().all(|part| match &module.expr(part).kind {
        ExprKind::String(text) => {
            let is_key = matches!(module.expr_parents[part.index()], Parent::Expr(parent)
                if matches!(&module.expr(parent).kind, ExprKind::Object(entries) if entries.iter().any(|entry| matches!(entry, Entry::Pair { key, .. } if *key == part))));
            let says = is_key && cleanup::words(text).iter().any(|word| SAYS.contains(&word.as_str()));
            !says && !says_failure(text) && text.split_whitespace().count() <= 3
        }
        ExprKind::Bool(flag) => *flag,
        ExprKind::Null | ExprKind::Number(_) => true,
        ExprKind::List(_) | ExprKind::Set(_) | ExprKind::Tuple(_) => true,
        ExprKind::Object(entries) => entries.iter().all(|entry| matches!(entry, Entry::Pair { .. })),
        ExprKind::Unary { op, .. } => *op == UnaryOp::Minus,
        _ => false,
    })
}

/// Parts of words that say that something went wrong.
const FAILURE: [&str; 15] = [
    "disconnected",
    "offline",
    "unreachable",
    "err",
    "fail",
    "unavailable",
    "invalid",
    "unhealthy",
    "degraded",
    "broken",
    "unable",
    "n't",
    "cannot",
    "could not",
    "wrong",
];

/// Whether a text says that something went wrong.
#[must_use]
pub fn says_failure(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    FAILURE.iter().any(|word| text.contains(word)) || text == "down"
}

/// Whether a value says that something went wrong: `"unavailable"`, `Status.ERROR`, `self.failed`.
#[must_use]
pub fn is_failure(module: &Module, expr: ExprId) -> bool {
    match module.expr(expr).kind {
        ExprKind::String(text) => says_failure(&text),
        // A list of errors that nothing was put into says nothing.
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => says_failure(&name) && !name.ends_with("errors"),
        _ => false,
    }
}

/// Whether a call makes a plain value, or looks one up in a table of the project.
pub(super) fn makes_fallback(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    const PYTHON: [&str; 10] = ["dict", "list", "set", "tuple", "str", "int", "float", "bool", "len", "object"];
    const JAVASCRIPT: [&str; 10] =
        ["Array", "Date", "Map", "Set", "Object", "Object.create", "Promise.resolve", "String", "Number", "Boolean"];
    let name = program.callee(id, expr).library();
    let is_made = name.is_some_and(|name| match name.strip_prefix("js:globalThis.") {
        Some(global) => JAVASCRIPT.contains(&global),
        None => PYTHON.contains(&name.as_str()),
    });
    is_made || is_look_up(program, id, expr)
}

/// `FALLBACKS.get(key, "none")`, of a table that is written out in the project.
fn is_look_up(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let Some(ExprKind::Attribute { object, name, .. }) = module.call(expr).map(|call| &module.expr(call.callee).kind) else { return false };
    *name == "get" && values::object_literal(program, id, *object).is_some()
}

/// Whether a call closes a connection with a code and a reason, which the other side is told: `socket.close(1008, "no such room")`.
pub(super) fn refuses(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let Some(call) = module.call(expr) else { return false };
    let closes = matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if name == "close");
    let is_said = |arg: &Arg| matches!(arg.kind, ArgKind::Keyword(name) if matches!(name.as_str(), "code" | "reason"));
    closes && (call.args.iter().any(is_said) || matches!(call.args[..], [_, reason] if reason.kind == ArgKind::Positional))
}

/// Whether an expression tells somebody that something went wrong: `callback({ ok: false })`, `res.status(404).end()`,
/// `{ error: "not found" }`.
#[must_use]
pub fn tells_failure(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    const FLAGS: [&str; 5] = ["found", "ok", "success", "successful", "valid"];
    const STATUS: [&str; 4] = ["code", "sendStatus", "status", "writeHead"];
    const REFUSES: [&str; 4] = ["fail", "notFound", "reject", "throwError"];
    let module = program.module(id);
    let parts = module.descendants(expr);
    parts.into_iter().any(|part| match &module.expr(part).kind {
        ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
            Entry::Pair { key, value } => match module.expr(*key).kind {
                ExprKind::String(key) if FLAGS.contains(&key.as_str()) => matches!(module.expr(*value).kind, ExprKind::Bool(false)),
                ExprKind::String(key) => {
                    (says_failure(&key) && !matches!(module.expr(*value).kind, ExprKind::Null | ExprKind::Bool(false)))
                        || (key == "status" && is_error_status(program, id, *value))
                }
                _ => false,
            },
            Entry::Spread(_) => false,
        }),
        ExprKind::Call(call) => {
            let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
            let mut args = call.args.iter().map(|arg| arg.value);
            // `JSONResponse(content, status_code=400)`
            let is_status = |arg: &Arg| matches!(arg.kind, ArgKind::Keyword(name) if matches!(name.as_str(), "status" | "status_code"));
            REFUSES.contains(&name.as_str())
                || call.args.iter().any(|arg| is_status(arg) && is_error_status(program, id, arg.value))
                || (STATUS.contains(&name.as_str()) && args.clone().any(|arg| is_error_status(program, id, arg)))
                || args.any(|arg| {
                    is_failure(module, arg) || (module.call(arg).is_some_and(|made| made.is_new) && says_failure(program.text(id, arg)))
                })
        }
        _ => false,
    })
}

/// The constant that a call sends as the answer to a request, as if nothing had happened: `res.status(200).json([])`.
pub(super) fn sent(program: &Program, id: ModuleId, expr: ExprId) -> Option<ExprId> {
    const SENDS: [&str; 3] = ["json", "jsonp", "send"];
    let module = program.module(id);
    if module.language != Language::TypeScript {
        return None;
    }
    let call = module.call(expr)?;
    let ExprKind::Attribute { mut object, name, .. } = module.expr(call.callee).kind else { return None };
    let [Arg { kind: ArgKind::Positional, value, .. }] = call.args[..] else { return None };
    if !SENDS.contains(&name.as_str()) || !matches!(returned(program, id, value), Returned::Constant) {
        return None;
    }
    loop {
        match &module.expr(object).kind {
            ExprKind::Name(name) => {
                let mut functions = module.around(expr).filter_map(|around| match around {
                    Around::Function(function) => Some(function),
                    _ => None,
                });
                return functions.any(|f| module.function(f).params.iter().any(|param| param.name == *name)).then_some(value);
            }
            ExprKind::Call(made) => {
                let ExprKind::Attribute { object: on, name, .. } = module.expr(made.callee).kind else { return None };
                let is_well = |arg: &Arg| matches!(values::value(program, id, arg.value), values::Value::Number(status) if status < 400.0);
                match name.as_str() {
                    "status" | "code" if made.args.iter().all(is_well) => object = on,
                    "type" | "set" | "header" => object = on,
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

fn is_error_status(program: &Program, id: ModuleId, value: ExprId) -> bool {
    matches!(values::value(program, id, value), values::Value::Number(status) if (400.0..600.0).contains(&status))
}
