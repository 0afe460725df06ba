//! Handlers of pushed events: whoever sends them delivers an event again unless it is answered with success.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{self, HandlerKind, Routes};
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

/// Functions that take an event out of a request.
const EVENTS: [&str; 4] =
    ["cloudevents.http.from_http", "cloudevents.http.from_json", "cloudevents.pydantic.from_http", "cloudevents.pydantic.from_json"];

/// Entry points that anybody can call; others are called with events.
const CALLABLE: [&str; 4] = [
    "functions_framework.http",
    "functions_framework.typed",
    "firebase_functions.https_fn.on_request",
    "firebase_functions.https_fn.on_call",
];

const DECODE: [&str; 4] = ["base64.b64decode", "base64.urlsafe_b64decode", "base64.standard_b64decode", "binascii.a2b_base64"];

/// Whether a handler takes events that Pub/Sub or Eventarc push: it decodes their envelope.
#[must_use]
pub fn takes_event(program: &Program, routes: &Routes, function: FunctionRef) -> bool {
    if routes.handler(function).is_some_and(|handler| is_event_function(program, handler)) {
        return true;
    }
    let mut functions = vec![function];
    // What the handler leaves to functions that it calls.
    functions.extend(called(program, function));
    let (mut decodes, mut keys) = (false, [false; 2]);
    for function in functions {
        let module = program.module(function.module);
        for expr in body(module, function.function) {
            if let Some(name) = program.callee(function.module, expr).library() {
                if EVENTS.contains(&name.as_str()) {
                    return true;
                }
                decodes |= DECODE.contains(&name.as_str());
            }
            let (ExprKind::String(word) | ExprKind::Attribute { name: word, .. }) = module.expr(expr).kind else { continue };
            // Eventarc's attributes are headers.
            if word.len() > 3 && word.as_bytes()[..3].eq_ignore_ascii_case(b"ce-") {
                return true;
            }
            keys[0] |= word == "message";
            keys[1] |= word == "data";
        }
    }
    decodes && keys == [true, true]
}

fn is_event_function(program: &Program, handler: &routes::Handler) -> bool {
    if handler.kind != HandlerKind::EntryPoint {
        return false;
    }
    let id = handler.function.module;
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let is_callable = |decorator: &ExprId| {
        let callee = module.call(*decorator).map_or(*decorator, |call| call.callee);
        resolver.entity(id, callee).library().is_some_and(|name| CALLABLE.contains(&name.as_str()))
    };
    !program.function(handler.function).decorators.iter().any(is_callable)
}

fn called(program: &Program, function: FunctionRef) -> Vec<FunctionRef> {
    let exprs = body(program.module(function.module), function.function);
    let callee = |expr| match program.callee(function.module, expr) {
        Entity::Function(f) if f != function => Some(f),
        _ => None,
    };
    exprs.into_iter().filter_map(callee).collect()
}

/// The expressions in a function's body.
fn body(module: &Module, function: FunctionId) -> Vec<ExprId> {
    match module.function(function).body {
        FunctionBody::Block(block) => module.expressions(block),
        FunctionBody::Expr(expr) => module.descendants(expr),
    }
}
