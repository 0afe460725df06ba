//! `missing-timeout`: an outbound call that can wait for ever.

use std::fmt::Write as _;

use ustr::Ustr;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::apis::{Timeout, Unset};
use crate::model::calls::{Passed, passed};
use crate::model::patience::{self, Patience};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver, is_class_name};
use crate::model::values::{self, Value};
use crate::model::{services, sessions, time_limits, unresolved};

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
    let name = callee.library().or_else(|| unresolved::request(program, id, expr, call, callee));
    let Some(timeout) = stub.as_ref().map(|_| grpc()).or_else(|| name.and_then(|n| program.apis.row(n)?.timeout.clone())) else {
        return;
    };
    if is_local(program, id, call) {
        return;
    }
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

    let patience = patience::of(program, id, expr, call);
    let made = stub.is_none() && name.is_some_and(is_class_name);
    let api = match (&stub, name) {
        (Some(method), _) => method.clone(),
        (None, Some(name)) => spelled(program, id, call, name),
        (None, None) => return,
    };
    // A bundle of limits waits for nothing itself.
    let is_bundle = name.is_some_and(|n| program.apis.row(n).is_some_and(|row| row.roles.is_empty()));
    let mut message = match reason {
        Reason::Unset if is_bundle => format!("`{api}` without `{}` is no limit at all", timeout.argument),
        Reason::Unset => {
            format!("`{api}` is {} without `{}` and can wait for ever", if made { "built" } else { "called" }, timeout.argument)
        }
        Reason::Forever(m, value) => {
            let written = program.text(m, value).split_whitespace().collect::<Vec<_>>().join(" ");
            let by_keyword = call.args.iter().find(|a| a.value == value).and_then(|a| match a.kind {
                ArgKind::Keyword(name) => Some(name),
                _ => None,
            });
            let argument = by_keyword.map_or(timeout.argument.as_str(), |name| name.as_str());
            if is_bundle {
                format!("`{argument}={written}` of `{api}` is no limit at all")
            } else {
                format!("`{argument}={written}` lets `{api}` wait for ever")
            }
        }
    };
    if let Some((function, handler)) = handler {
        let name = program.function(handler.function).name;
        if function == handler.function && !name.is_empty() {
            let _ = write!(message, ", in the handler `{name}`");
        } else if !name.is_empty() {
            let _ = write!(message, ", reached from the handler `{name}`");
        }
    }
    let by_hand = handler.is_none() && services::is_aside(program, id) && ctx.project.service_of(id).is_none();
    let mut confidence = timeout.confidence.unwrap_or(Confidence::High);
    if by_hand || (callee == Entity::Unknown && stub.is_none()) {
        confidence = confidence.min(Confidence::Medium);
    }
    if patience == Patience::Poll {
        confidence = Confidence::Low;
    }
    let place = program.place(id, expr);
    let seconds = match patience {
        Patience::Short => ctx.project.settings(place.file).timeout_seconds,
        Patience::Long | Patience::Poll => ctx.project.settings(place.file).timeout_seconds.max(LONG),
    };
    let fix = if patience == Patience::Poll {
        advise_margin(program, id, expr, &timeout)
    } else {
        fix(program, id, expr, &timeout, &reason, name, seconds)
    };
    let related = handler.filter(|(function, handler)| *function != handler.function).map(|(_, handler)| {
        let at = program.span_place(handler.function.module, program.function(handler.function).name_span);
        Related::new(at, "the handler that leads to the call")
    });
    let place = crate::source::Place { span: program.module(id).expr(call.callee).span.to(place.span), ..place };
    ctx.report(place, confidence, message, fix).related.extend(related);
}

/// Whether an address is one that no network is asked for.
fn is_local(program: &Program, id: ModuleId, call: &Call) -> bool {
    let address =
        call.args.first().filter(|arg| arg.kind == ArgKind::Positional).and_then(|arg| patience::constant_parts(program, id, arg.value));
    address.is_some_and(|text| text.starts_with("data:") || text.starts_with("file:"))
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
        Entity::Unknown => match Resolver::new(program).entity(id, object) {
            Entity::Object(m, c) if program.path(m).ends_with("_pb2_grpc.py") => program.module(m).class(c).name.to_string(),
            _ => return None,
        },
        _ => return None,
    };
    class.ends_with("Stub").then(|| format!("{class}.{name}"))
}

/// An API as a reader of the code knows it: a method by its receiver as it is written, all else by its own name.
fn spelled(program: &Program, id: ModuleId, call: &Call, name: Ustr) -> String {
    let module = program.module(id);
    if let ExprKind::Attribute { object, .. } = module.expr(call.callee).kind
        && matches!(Resolver::new(program).entity(id, object), Entity::Instance(_) | Entity::Object(..) | Entity::Unknown)
    {
        let written = program.text(id, call.callee);
        if written.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
            return written.to_owned();
        }
    }
    // `google.cloud.bigquery.Client` is known as `bigquery.Client`.
    match name.rsplitn(4, '.').collect::<Vec<_>>()[..] {
        [last, class, _, _] => format!("{class}.{last}"),
        _ => name.to_string(),
    }
}

/// Seconds for a call that does more than fetch an answer.
const LONG: u64 = 60;

fn fix(program: &Program, id: ModuleId, expr: ExprId, timeout: &Timeout, reason: &Reason, name: Option<Ustr>, seconds: u64) -> Fix {
    let file = program.module(id).file;
    let place = program.place(id, expr);
    let is_aiohttp = name.is_some_and(|n| n.starts_with("aiohttp."));
    // Whoever has switched the whole limit off wants long answers: what bounds the gaps leaves them.
    if let (Reason::Forever(..), Some(other)) = (reason, timeout.or.first()) {
        let value = seconds.max(LONG).to_string();
        let title = format!("Set `{other}` to {value} seconds");
        return Fix::unsafe_edit(title, vec![Intent::SetArgument { call: place, name: other.clone(), value }]);
    }
    let value =
        if is_aiohttp && timeout.argument == "timeout" { format!("aiohttp.ClientTimeout(total={seconds})") } else { seconds.to_string() };
    let title = format!("Set `{}` to {seconds} seconds", timeout.argument);
    let mut intents = match reason {
        // Where it is passed, be it by keyword, by position or in a dictionary, it is replaced.
        Reason::Forever(module, given) => vec![Intent::Replace { place: program.place(*module, *given), text: value }],
        Reason::Unset => vec![Intent::SetArgument { call: place, name: timeout.argument.clone(), value }],
    };
    if is_aiohttp && timeout.argument == "timeout" {
        intents.push(Intent::AddImport { file, module: "aiohttp".to_owned(), name: None });
    }
    Fix::unsafe_edit(title, intents)
}

/// For a call that the other side holds back.
fn advise_margin(program: &Program, id: ModuleId, expr: ExprId, timeout: &Timeout) -> Fix {
    let callee = program.module(id).call(expr).map_or("", |call| program.text(id, call.callee));
    let advice = format!("# longer than the other side holds the answer back\n{callee}(…, {}=WAIT_SECONDS + 10)\n", timeout.argument);
    Fix::advice(format!("Set `{}` to more than the other side waits", timeout.argument), advice)
}
