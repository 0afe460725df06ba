//! Handlers of pushed events: whoever sends them delivers an event again unless it is answered with success.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::routes::{HandlerKind, Routes};
use crate::model::values::{self, Value};

/// What a handler is pushed, as the subject of a sentence; nothing for handlers that people or programs ask.
#[must_use]
pub fn kind(program: &Program, routes: &Routes, function: FunctionRef) -> Option<&'static str> {
    let handler = routes.handler(function)?;
    let f = program.function(function);
    let module = program.module(function.module);
    if handler.kind == HandlerKind::EntryPoint {
        let resolver = Resolver::new(program);
        let is_event = f.decorators.iter().any(|d| {
            let callee = module.call(*d).map_or(*d, |call| call.callee);
            let name = resolver.entity(function.module, callee).library();
            name.is_some_and(|n| matches!(n.as_str(), "functions_framework.cloud_event" | "functions_framework.background_event"))
        });
        return is_event.then_some("an event");
    }
    if handler.kind != HandlerKind::Route {
        return None;
    }
    let path = handler.path.as_deref().unwrap_or_default().to_ascii_lowercase();
    if path.contains("webhook") {
        return Some("a webhook's event");
    }
    if path.contains("pubsub") || path.contains("pub-sub") || path.contains("eventarc") {
        return Some("a pushed message");
    }
    let FunctionBody::Block(body) = f.body else { return None };
    let says = |word: &str| {
        let in_names = f.params.iter().any(|param| param.name.to_ascii_lowercase().replace('_', "").contains(word));
        let in_texts = module.expressions(body).into_iter().any(|expr| match module.expr(expr).kind {
            ExprKind::String(text) => text.len() < 60 && text.to_ascii_lowercase().replace(['-', '_'], "").contains(word),
            _ => false,
        });
        in_names || in_texts
    };
    if says("xcloudtasks") {
        return Some("a task");
    }
    // Pub/Sub's envelope: `["message"]["data"]`.
    let is_envelope = module
        .expressions(body)
        .into_iter()
        .any(|expr| is_key(module, expr, "data").is_some_and(|object| is_key(module, object, "message").is_some()));
    is_envelope.then_some("a pushed message")
}

/// What is read by a key, `x["key"]` or `x.get("key")`.
fn is_key(module: &Module, expr: ExprId, key: &str) -> Option<ExprId> {
    let is_it = |index: ExprId| matches!(module.expr(index).kind, ExprKind::String(text) if text == key);
    match &module.expr(expr).kind {
        ExprKind::Subscript { object, index, .. } if is_it(*index) => Some(*object),
        ExprKind::Call(call) => match module.expr(call.callee).kind {
            ExprKind::Attribute { object, name, .. } if name == "get" && call.args.first().is_some_and(|arg| is_it(arg.value)) => {
                Some(object)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether nothing but the function is around a statement: what fails in it is the handler's work.
#[must_use]
pub fn is_outermost(module: &Module, stmt: StmtId) -> bool {
    !module
        .around_stmt(stmt)
        .skip(1)
        .take_while(|around| !matches!(around, Around::Function(_)))
        .any(|around| matches!(around, Around::Stmt(..)))
}

/// Whether a clause lets the handler answer with success: it returns no error status, and calls nothing that aborts.
#[must_use]
pub fn answers_success(program: &Program, id: ModuleId, handler: &Handler) -> bool {
    let module = program.module(id);
    let status = |expr: ExprId| matches!(values::value(program, id, expr), Value::Number(n) if n >= 400.0);
    !module.expressions(handler.body).into_iter().any(|expr| match &module.expr(expr).kind {
        ExprKind::Number(_) => status(expr),
        ExprKind::Attribute { name, .. } => name.starts_with("HTTP_4") || name.starts_with("HTTP_5") || name.contains("ERROR"),
        ExprKind::Call(call) => {
            let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
            name == "abort" || name == "nack" || name.contains("Error") || name.contains("BadRequest") || name.contains("dead_letter")
        }
        _ => false,
    })
}
