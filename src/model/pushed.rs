//! Handlers of pushed events: whoever sends them delivers an event again unless it is answered with success.

use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::program::{CallSite, FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{Handler as Route, HandlerKind, Routes};
use crate::model::traces;
use crate::model::values::{self, Value};

/// What a handler is pushed, as the subject of a sentence; nothing for handlers that people or programs ask.
#[must_use]
pub fn kind(program: &Program, routes: &Routes, function: FunctionRef) -> Option<&'static str> {
    let handler = routes.handler(function)?;
    let f = program.function(function);
    let id = function.module;
    let module = program.module(id);
    if handler.kind == HandlerKind::EntryPoint {
        return is_event_function(program, handler).then_some("an event");
    }
    let is_post = handler.methods.is_empty() || handler.methods.iter().any(|method| method == "POST");
    if handler.kind != HandlerKind::Route || !is_post {
        return None;
    }
    if receives_webhooks(handler, &f.name) {
        return Some("a webhook's event");
    }
    let path = handler.path.as_deref().unwrap_or_default().to_ascii_lowercase();
    if path.contains("pubsub") || path.contains("pub-sub") || path.contains("eventarc") {
        return Some("a pushed message");
    }
    let FunctionBody::Block(body) = f.body else { return None };
    let exprs = module.expressions(body);
    let is_task_header = |text: &str| text.len() < 60 && text.to_ascii_lowercase().replace(['-', '_'], "").contains("xcloudtasks");
    let in_texts = exprs.iter().any(|expr| matches!(module.expr(*expr).kind, ExprKind::String(text) if is_task_header(&text)));
    if in_texts || f.params.iter().any(|param| is_task_header(&param.name)) {
        return Some("a task");
    }
    if exprs.iter().any(|expr| program.callee(id, *expr).library().is_some_and(|name| name == "cloudevents.http.from_http")) {
        return Some("an event");
    }
    // Pub/Sub's envelope: `["message"]["data"]`.
    let is_envelope = exprs.iter().any(|expr| {
        read_by(module, *expr, "data").is_some_and(|object| {
            let (at, origin) = values::origin(program, id, object);
            read_by(program.module(at), origin, "message").is_some()
        })
    });
    is_envelope.then_some("a pushed message")
}

/// Whether a route takes in what other services send: managing one's webhooks (`/webhooks/{id}`) is no such thing.
fn receives_webhooks(handler: &Route, name: &str) -> bool {
    const MANAGES: [&str; 14] =
        ["add", "create", "delete", "disable", "enable", "get", "list", "register", "remove", "retry", "send", "test", "trigger", "update"];
    let path = handler.path.as_deref().unwrap_or_default().to_ascii_lowercase();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let manages = MANAGES.iter().any(|verb| name.trim_start_matches('_').split('_').next() == Some(*verb));
    let in_path = segments.iter().enumerate().any(|(index, segment)| {
        let is_collection = *segment == "webhooks" && segments.get(index + 1).is_none_or(|next| next.starts_with(['{', '<', ':']));
        segment.contains("webhook") && !is_collection
    });
    !manages && (in_path || name.contains("webhook"))
}

/// What is read by a name, `x["key"]`, `x.get("key")` or `x.key`.
fn read_by(module: &Module, expr: ExprId, key: &str) -> Option<ExprId> {
    let is_it = |index: ExprId| matches!(module.expr(index).kind, ExprKind::String(text) if text == key);
    match &module.expr(expr).kind {
        ExprKind::Subscript { object, index, .. } if is_it(*index) => Some(*object),
        ExprKind::Attribute { object, name, .. } if name == key => Some(*object),
        ExprKind::Call(call) => match module.expr(call.callee).kind {
            ExprKind::Attribute { object, name, .. } if name == "get" && call.args.first().is_some_and(|arg| is_it(arg.value)) => {
                Some(object)
            }
            _ => None,
        },
        _ => None,
    }
}

/// What follows a `try` of a handler, if what fails in it is the handler's work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// Nothing but the answer.
    Answer,
    /// Other events, or other work.
    Work,
}

/// What follows a `try` that is the work of its function: nothing but the function, a condition or a loop over events is
/// around it, and behind those nothing but the answer.
#[must_use]
pub fn rest(program: &Program, id: ModuleId, stmt: StmtId) -> Option<Rest> {
    let module = program.module(id);
    let (mut is_direct, mut rest) = (true, follows(program, id, stmt));
    for around in module.around_stmt(stmt).skip(1).take_while(|around| !matches!(around, Around::Function(_))) {
        let Around::Stmt(outer, _) = around else { return None };
        let behind = follows(program, id, outer);
        match &module.stmt(outer).kind {
            StmtKind::With { .. } => {}
            StmtKind::If { .. } => is_direct = false,
            StmtKind::Loop(_) => {
                is_direct = false;
                rest = Rest::Work;
            }
            _ => return None,
        }
        // Below a condition is the work of an event only if there is no other.
        let goes_on = |handler: &Handler| module.block(handler.body).falls_through;
        let has_other = |s: &StmtId| matches!(&module.stmt(*s).kind, StmtKind::Try(t) if t.handlers.iter().any(goes_on));
        let block = module.stmt_parents[outer.index()];
        if !is_direct && module.block(block).stmts.iter().take_while(|s| **s != outer).any(has_other) {
            return None;
        }
        if behind == Rest::Work {
            if !is_direct {
                return None;
            }
            rest = Rest::Work;
        }
    }
    Some(rest)
}

/// What follows a statement in its block. What is logged or counted is no work.
fn follows(program: &Program, id: ModuleId, stmt: StmtId) -> Rest {
    let module = program.module(id);
    let block = module.stmt_parents[stmt.index()];
    let mut behind = module.block(block).stmts.iter().skip_while(|s| **s != stmt).skip(1);
    let is_answer = |next: &StmtId| match &module.stmt(*next).kind {
        StmtKind::Return(None) | StmtKind::Pass | StmtKind::Continue => true,
        StmtKind::Return(Some(value)) => is_plain_answer(program, id, *value),
        StmtKind::Expr(value) => traces::leaves(program, id, *value),
        StmtKind::Assign { value: Some(value), .. } => module.call(*value).is_none(),
        StmtKind::AugAssign { .. } => true,
        _ => false,
    };
    if behind.all(is_answer) { Rest::Answer } else { Rest::Work }
}

/// Whether a clause surely lets its function answer with success: it returns no error and nothing out of sight, and calls
/// nothing that aborts.
#[must_use]
pub fn answers_success(program: &Program, id: ModuleId, function: FunctionId, handler: &Handler) -> bool {
    let module = program.module(id);
    if module.expressions(handler.body).into_iter().any(|expr| fails(program, id, expr)) {
        return false;
    }
    let mut keeps = false;
    for stmt in module.statements(handler.body) {
        match &module.stmt(stmt).kind {
            StmtKind::Return(Some(value)) if !is_plain_answer(program, id, *value) => return false,
            StmtKind::Assign { .. } | StmtKind::AugAssign { .. } => keeps = true,
            _ => {}
        }
    }
    // `failed = True`, and an error is answered at the end.
    let FunctionBody::Block(body) = module.function(function).body else { return false };
    let is_behind = |expr: &ExprId| module.expr(*expr).span.start >= handler.span.end;
    !(keeps && module.expressions(body).into_iter().filter(is_behind).any(|expr| fails(program, id, expr)))
}

/// Whether an expression speaks of an error: a status, or what answers with one.
fn fails(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    match &module.expr(expr).kind {
        ExprKind::Number(_) => matches!(values::value(program, id, expr), Value::Number(n) if n >= 400.0),
        ExprKind::Attribute { name, .. } => {
            ["HTTP_4", "HTTP_5"].iter().any(|status| name.starts_with(status)) || ["ERROR", "UNAVAILABLE"].iter().any(|w| name.contains(w))
        }
        ExprKind::Call(call) => {
            let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
            // Express and its like are given the error.
            let passes_on = name == "next" && !call.args.is_empty();
            let aborts = passes_on || ["abort", "nack", "retry", "send_error"].contains(&name.as_str());
            aborts || ["Error", "BadRequest", "dead_letter", "deadletter", "requeue"].iter().any(|word| name.contains(word))
        }
        _ => false,
    }
}

/// Whether a value is an answer whose status can be seen.
fn is_plain_answer(program: &Program, id: ModuleId, value: ExprId) -> bool {
    let module = program.module(id);
    match &module.expr(value).kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::String(_) | ExprKind::Number(_) | ExprKind::Template { .. } => true,
        ExprKind::Object(_) | ExprKind::List(_) => true,
        ExprKind::Tuple(parts) => parts.iter().all(|part| is_plain_answer(program, id, *part)),
        ExprKind::Call(call) => {
            let is_status = |arg: &Arg| matches!(arg.kind, ArgKind::Keyword(name) if matches!(name.as_str(), "status" | "status_code"));
            // Functions of nobody knows where may answer with anything.
            let is_known = match program.callee(id, value) {
                Entity::Function(f) => return answers_plainly(program, f),
                Entity::Library(name) => program.apis.knows_root(Ustr::from(name.split('.').next().unwrap_or_default())),
                callee => matches!(callee, Entity::Builtin(_)),
            };
            is_known && call.args.iter().filter(|arg| is_status(arg)).all(|arg| values::is_constant(program, id, arg.value))
        }
        // `200`, `HTTPStatus.OK`, a constant
        _ => values::is_constant(program, id, value),
    }
}

/// Whether a function of the project answers with success whatever happens: all that it returns is a plain answer.
fn answers_plainly(program: &Program, f: FunctionRef) -> bool {
    let module = program.module(f.module);
    let FunctionBody::Block(body) = program.function(f).body else { return false };
    let mut any = false;
    let all = module.statements(body).into_iter().all(|stmt| match module.stmt(stmt).kind {
        StmtKind::Return(Some(value)) => {
            any = true;
            // One helper deep: another function is another's answer.
            let calls_own = module.call(value).is_some_and(|_| matches!(program.callee(f.module, value), Entity::Function(_)));
            !calls_own && is_plain_answer(program, f.module, value)
        }
        StmtKind::Raise { .. } => false,
        _ => true,
    });
    all && any && !module.expressions(body).into_iter().any(|expr| fails(program, f.module, expr))
}

/// Functions that take an event out of a request.
const EVENTS: [&str; 5] = [
    "cloudevents.http.from_http",
    "cloudevents.http.from_json",
    "cloudevents.pydantic.from_http",
    "cloudevents.pydantic.from_json",
    "js:cloudevents.HTTP.toEvent",
];

const DECODE: [&str; 6] = [
    "base64.b64decode",
    "base64.urlsafe_b64decode",
    "base64.standard_b64decode",
    "binascii.a2b_base64",
    "js:globalThis.Buffer.from",
    "js:globalThis.atob",
];

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

/// Methods that verify who has signed what a handler is sent.
const VERIFY: [&str; 11] = [
    "SignatureVerifier.is_valid",
    "SignatureVerifier.is_valid_request",
    "Webhook.construct_event",
    "RequestValidator.validate",
    "VerifyKey.verify",
    "WebhookSignature.verify_header",
    "webhooks.constructEvent",
    "webhooks.constructEventAsync",
    "qstash.Receiver.verify",
    "svix.Webhook.verify",
    "webhooks.Webhooks.verify",
];

/// Whether a handler verifies the signature of what it is sent, itself or in a function that it calls.
#[must_use]
pub fn is_signed(program: &Program, function: FunctionRef) -> bool {
    let (mut digests, mut compares) = (false, false);
    for function in std::iter::once(function).chain(called(program, function)) {
        for expr in body(program.module(function.module), function.function) {
            let Some(name) = program.callee(function.module, expr).library() else { continue };
            if VERIFY.iter().any(|end| name.strip_suffix(end).is_some_and(|rest| rest.ends_with(['.', '/', ':']))) {
                return true;
            }
            digests |= matches!(name.as_str(), "hmac.new" | "hmac.digest" | "js:crypto.createHmac");
            compares |= matches!(name.as_str(), "hmac.compare_digest" | "js:crypto.timingSafeEqual");
        }
    }
    digests && compares
}

fn is_event_function(program: &Program, handler: &Route) -> bool {
    let id = handler.function.module;
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let is_pushed = |decorator: &ExprId| {
        let callee = module.call(*decorator).map_or(*decorator, |call| call.callee);
        resolver.entity(id, callee).library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Pushed))
    };
    let is_pushed_to = |site: &&CallSite| {
        module.expr(site.expr).span == handler.place.span
            && site.callee.library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Pushed))
    };
    handler.kind == HandlerKind::EntryPoint
        && (program.function(handler.function).decorators.iter().any(is_pushed)
            // In TypeScript it is passed to what pushes.
            || program.calls[id.0 as usize].iter().any(|site| is_pushed_to(&site)))
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
