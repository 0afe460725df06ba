//! `missing-timeout`: an outbound call that can wait for ever.

use ustr::Ustr;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::apis::{Role, Timeout, Unset};
use crate::model::calls::{Passed, passed};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Entity;
use crate::model::values::{self, Value};
use crate::model::{sessions, time_limits};

pub const RULE: Rule = Rule {
    id: "missing-timeout",
    severity: Severity::Critical,
    page: include_str!("../../rules/missing-timeout.md"),
    checks: &[Check::Call(check)],
};

/// Why a call can wait for ever.
enum Reason {
    /// No timeout is passed.
    Unset,
    /// This value of the timeout means none.
    Forever(ModuleId, ExprId),
}

fn check(ctx: &mut Context<'_>, id: ModuleId, expr: ExprId, callee: Entity) {
    let program = &ctx.project.program;
    let Some(call) = program.module(id).call(expr) else { return };
    let stub = stub_method(program, id, call, callee);
    let name = callee.library();
    let Some(timeout) = stub.as_ref().map(|_| grpc()).or_else(|| name.and_then(|n| program.apis.row(n)?.timeout.clone())) else {
        return;
    };
    let Some(reason) = reason(program, id, call, &timeout) else { return };
    let handler = program.module(id).function_of(expr).and_then(|f| {
        let function = FunctionRef { module: id, function: f };
        ctx.project.routes.reached_by(function).map(|handler| (function, handler))
    });
    if timeout.only_in_handlers && handler.is_none() {
        return;
    }
    if is_covered(program, id, expr, call, &timeout, &reason) {
        return;
    }

    let module = program.module(id);
    let api = match (&stub, name) {
        (Some(method), _) => method.clone(),
        (None, Some(name)) => short(name),
        (None, None) => return,
    };
    let mut message = match reason {
        Reason::Unset => format!("`{api}` is called without `{}` and can wait for ever", timeout.argument),
        Reason::Forever(m, value) => {
            let written = program.text(m, value).split_whitespace().collect::<Vec<_>>().join(" ");
            let by_keyword = call.args.iter().find(|a| a.value == value).and_then(|a| match a.kind {
                ArgKind::Keyword(name) => Some(name),
                _ => None,
            });
            format!("`{}={written}` lets `{api}` wait for ever", by_keyword.map_or(timeout.argument.as_str(), |name| name.as_str()))
        }
    };
    if let Some((function, handler)) = handler {
        let name = program.function(handler.function).name;
        message += &match handler.path.as_deref().filter(|path| !path.is_empty()) {
            Some(path) => format!(", in a request to `{path}`"),
            None if function == handler.function || name.is_empty() => String::new(),
            None => format!(", in `{name}`'s requests"),
        };
    }
    let confidence = timeout.confidence.unwrap_or(Confidence::High);
    let place = program.place(id, expr);
    let fix = fix(program, id, expr, &timeout, &reason, name);
    let related = handler.filter(|(function, handler)| *function != handler.function).map(|(_, handler)| {
        let at = program.span_place(handler.function.module, program.function(handler.function).name_span);
        Related::new(at, "the handler that leads to the call")
    });
    let place = crate::source::Place { span: module.expr(call.callee).span.to(place.span), ..place };
    ctx.report(place, confidence, message, fix).related.extend(related);
}

/// Why the timeout that is (not) passed does not bound the call; nothing if it does, or if that cannot be seen.
fn reason(program: &Program, id: ModuleId, call: &Call, timeout: &Timeout) -> Option<Reason> {
    let bounds = |argument: &String| match passed(program, id, call, None, argument) {
        Passed::Value(module, value) => !is_forever(program, module, value, timeout),
        Passed::No => false,
        Passed::Unknown => true,
    };
    if timeout.or.iter().any(bounds) || (!timeout.phases.is_empty() && timeout.phases.iter().all(bounds)) {
        return None;
    }
    for phase in &timeout.phases {
        if let Passed::Value(module, value) = passed(program, id, call, None, phase)
            && is_forever(program, module, value, timeout)
        {
            return Some(Reason::Forever(module, value));
        }
    }
    match passed(program, id, call, timeout.position, &timeout.argument) {
        Passed::Value(module, value) => is_forever(program, module, value, timeout).then_some(Reason::Forever(module, value)),
        Passed::No => (timeout.unset == Unset::Forever).then_some(Reason::Unset),
        Passed::Unknown => None,
    }
}

fn is_forever(program: &Program, id: ModuleId, expr: ExprId, timeout: &Timeout) -> bool {
    match values::value(program, id, expr) {
        Value::Null => timeout.none_is_forever,
        Value::Number(n) => n == 0.0 && timeout.zero_is_forever,
        // `(connect, read)`: each part bounds its own phase.
        _ => {
            let (module, expr) = values::origin(program, id, expr);
            match &program.module(module).expr(expr).kind {
                ExprKind::Tuple(parts) => {
                    timeout.none_is_forever && parts.iter().any(|p| values::value(program, module, *p) == Value::Null)
                }
                _ => false,
            }
        }
    }
}

/// Whether something else bounds the call.
fn is_covered(program: &Program, id: ModuleId, expr: ExprId, call: &Call, timeout: &Timeout, reason: &Reason) -> bool {
    if time_limits::encloses(program, id, expr) {
        return true;
    }
    let unset = matches!(reason, Reason::Unset);
    if unset && timeout.socket_default && program.calls_anywhere("socket.setdefaulttimeout") {
        return true;
    }
    match program.module(id).expr(call.callee).kind {
        ExprKind::Attribute { object, .. } => sessions::bounds_its_calls(program, id, object),
        _ => false,
    }
}

/// gRPC stubs wait for ever unless a deadline is set: <https://grpc.io/docs/guides/deadlines/>.
fn grpc() -> Timeout {
    Timeout {
        argument: "timeout".to_owned(),
        position: Some(1),
        or: Vec::new(),
        phases: Vec::new(),
        unset: Unset::Forever,
        none_is_forever: true,
        zero_is_forever: false,
        only_in_handlers: false,
        socket_default: false,
        confidence: None,
    }
}

/// `Stub.Method`, if the call is one of a stub that protoc's plugin has generated.
fn stub_method(program: &Program, id: ModuleId, call: &Call, callee: Entity) -> Option<String> {
    let ExprKind::Attribute { object, name, .. } = program.module(id).expr(call.callee).kind else { return None };
    let class = match callee {
        Entity::Library(path) => {
            let (class, _) = path.rsplit_once('.')?;
            let (module, class) = class.rsplit_once('.')?;
            (module.ends_with("_pb2_grpc") && class.ends_with("Stub")).then(|| class.to_owned())?
        }
        Entity::Unknown => match crate::model::resolve::Resolver::new(program).entity(id, object) {
            Entity::Object(m, c) if program.path(m).ends_with("_pb2_grpc.py") => program.module(m).class(c).name.to_string(),
            _ => return None,
        },
        _ => return None,
    };
    class.ends_with("Stub").then(|| format!("{class}.{name}"))
}

/// `requests.Session.get` for a reader: the last two parts.
fn short(name: Ustr) -> String {
    let mut parts: Vec<&str> = name.rsplitn(3, '.').collect();
    parts.truncate(2);
    parts.reverse();
    parts.join(".")
}

fn fix(program: &Program, id: ModuleId, expr: ExprId, timeout: &Timeout, reason: &Reason, name: Option<Ustr>) -> Fix {
    let file = program.module(id).file;
    let process = name.is_some_and(|n| program.apis.row(n).is_some_and(|row| row.is(Role::Subprocess)));
    let seconds = if process { "60" } else { "10" };
    let is_aiohttp = name.is_some_and(|n| n.starts_with("aiohttp."));
    let value =
        if is_aiohttp && timeout.argument == "timeout" { format!("aiohttp.ClientTimeout(total={seconds})") } else { seconds.to_owned() };
    let title = format!("Set `{}` to {seconds} seconds", timeout.argument);
    let mut intents = match reason {
        // Where it is passed, be it by keyword, by position or in a dictionary, it is replaced.
        Reason::Forever(module, given) => vec![Intent::Replace { place: program.place(*module, *given), text: value }],
        Reason::Unset => vec![Intent::SetArgument { call: program.place(id, expr), name: timeout.argument.clone(), value }],
    };
    if is_aiohttp && timeout.argument == "timeout" {
        intents.push(Intent::AddImport { file, module: "aiohttp".to_owned(), name: None });
    }
    Fix::unsafe_edit(title, intents)
}
