//! `missing-timeout`: an outbound call that can wait for ever.

use std::fmt::Write as _;

use ustr::Ustr;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::{timeout as fixes, timeout_option as scripts};
use crate::ir::program::*;
use crate::model::apis::{JAVASCRIPT, Positions, Role, Timeout, Unset};
use crate::model::calls::{Passed, passed, passed_on, spelled};
use crate::model::patience::{self, Patience};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, Resolver, is_class_name};
use crate::model::runtimes::{Runtime, Runtimes};
use crate::model::values::{self, Value};
use crate::model::{callers, client_defaults, development, isomorphic, options, sessions, streams, time_limits, unresolved};

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
    /// This value of the timeout means none, because of this part of it.
    Forever { module: ModuleId, value: ExprId, part: (ModuleId, ExprId) },
}

/// A call that waits for the other side.
struct Waiting<'a> {
    /// The call itself, or the one that makes it.
    expr: ExprId,
    /// What is called, and with what.
    call: &'a Call,
    /// Whether keywords of `expr` reach it.
    takes_keywords: bool,
    /// What the table calls it.
    name: Option<Ustr>,
    /// `Stub.Method` of gRPC.
    stub: Option<String>,
    /// Whether its receiver could be resolved.
    resolved: bool,
}

fn check(ctx: &mut Context<'_>, id: ModuleId, expr: ExprId, callee: Entity) {
    let program = &ctx.project.program;
    let is_python = program.module(id).language == Language::Python;
    if let Some((call, takes_keywords)) = passed_on(program, id, expr).filter(|_| is_python) {
        let callee = Resolver::new(program).entity(id, call.callee);
        let stub = stub_method(program, id, &call, callee);
        judge(ctx, id, &Waiting { expr, call: &call, takes_keywords, name: callee.library(), stub, resolved: true });
    } else if let Some(call) = program.module(id).call(expr) {
        let stub = stub_method(program, id, call, callee);
        let name = callee.library().or_else(|| unresolved::request(program, id, expr, call, callee));
        let resolved = callee != Entity::Unknown || stub.is_some();
        judge(ctx, id, &Waiting { expr, call, takes_keywords: true, name, stub, resolved });
    }
}

fn judge(ctx: &mut Context<'_>, id: ModuleId, waiting: &Waiting<'_>) {
    let program = &ctx.project.program;
    let Waiting { expr, call, name, .. } = *waiting;
    let Some(timeout) = waiting.stub.as_ref().map(|_| grpc()).or_else(|| name.and_then(|n| program.row(id, n)?.timeout.clone())) else {
        return;
    };
    let Some(reason) = reason(program, id, call, &timeout) else { return };
    let handler = program.module(id).function_of(expr).and_then(|f| {
        let function = FunctionRef { module: id, function: f };
        ctx.project.routes.reached_by(function).map(|handler| (function, handler))
    });
    if is_local(program, id, call)
        || is_left_alone(program, id, waiting, &timeout)
        || is_of_browser(ctx, id, waiting, handler.is_some())
        || (timeout.only_in_handlers && handler.is_none())
        || is_covered(ctx.project, id, waiting, &timeout, &reason)
    {
        return;
    }
    let mut message = message(program, id, waiting, &timeout, &reason);
    if let Some((function, handler)) = handler {
        let name = program.function(handler.function).name;
        if function == handler.function && !name.is_empty() {
            let _ = write!(message, ", in the handler `{name}`");
        } else if !name.is_empty() {
            let _ = write!(message, ", reached from the handler `{name}`");
        } else if let (Some(path), [method]) = (&handler.path, &handler.methods[..]) {
            let way = if function == handler.function { "in the handler of" } else { "reached from" };
            let _ = write!(message, ", {way} `{method} {path}`");
        }
    }
    let is_script = program.module(id).language == Language::TypeScript;
    let patience = match patience::of(program, id, name, call) {
        Patience::Short | Patience::Long if is_script && timeout.argument == "signal" && streams::is_read_in_parts(program, id, expr) => {
            Patience::Stream
        }
        Patience::Short if timeout.long => Patience::Long,
        patience => patience,
    };
    // Whoever starts a program by hand and watches it sees that it hangs.
    let is_of_tools = || program.module(id).function_of(expr).is_some() && ctx.project.is_of_tools(id);
    let by_hand = (handler.is_none() && (ctx.project.is_tool(id) || is_of_tools())) || ctx.project.is_sample(id);
    let is_unused =
        program.module(id).function_of(expr).is_some_and(|function| callers::is_unused(program, FunctionRef { module: id, function }));
    let is_idle = is_unused || development::runs(program, id, expr);
    let of_callers = is_script && options::are_of_callers(program, id, call, &timeout.options);
    let confidence = match timeout.confidence.unwrap_or(Confidence::High) {
        _ if by_hand || is_idle || matches!(patience, Patience::Poll | Patience::Setup) => Confidence::Low,
        sure if of_callers || !waiting.resolved => sure.min(Confidence::Medium),
        sure => sure,
    };
    let place = program.place(id, expr);
    let seconds = ctx.project.settings(place.file).timeout_seconds;
    let fix = match reason {
        _ if timeout.instead.is_some() => {
            fixes::instead(timeout.instead.as_deref().unwrap_or_default(), fixes::fitting(seconds, Patience::Long))
        }
        _ if is_script => {
            let limit = scripts::Limit { timeout: &timeout, seconds: fixes::fitting(seconds, patience), patience };
            match reason {
                Reason::Unset => scripts::set(program, id, expr, call, &limit),
                Reason::Forever { part: (module, given), .. } => scripts::replace(program, module, given, &limit),
            }
        }
        _ if patience == Patience::Poll => fixes::more_than_the_other_side(program, id, call, &timeout),
        _ if patience == Patience::Setup => fixes::minutes(program, id, call, &timeout),
        Reason::Unset if !waiting.takes_keywords => fixes::partial(program, id, call, &timeout, seconds, patience),
        Reason::Unset => fixes::set(place, &timeout, name, seconds, patience),
        Reason::Forever { part: (module, given), .. } => {
            fixes::replace(place, program.place(module, given), &timeout, name, seconds, patience)
        }
    };
    let related = handler.filter(|(function, handler)| *function != handler.function).map(|(_, handler)| {
        let at = program.span_place(handler.function.module, program.function(handler.function).name_span);
        Related::new(at, "the handler that leads to the call")
    });
    ctx.report(place, confidence, message, fix).related.extend(related);
}

/// What is wrong with the call.
fn message(program: &Program, id: ModuleId, waiting: &Waiting<'_>, timeout: &Timeout, reason: &Reason) -> String {
    let Waiting { call, name, ref stub, .. } = *waiting;
    let api = match (stub, name) {
        (Some(method), _) => method.clone(),
        (None, Some(name)) => spelled(program, id, call, name),
        (None, None) => String::new(),
    };
    // A bundle of limits waits for nothing itself.
    let is_bundle = name.is_some_and(|n| program.row(id, n).is_some_and(|row| row.roles.is_empty()));
    let is_made = stub.is_none() && name.is_some_and(is_class_name);
    if program.module(id).language == Language::TypeScript {
        return message_of_script(program, call, &api, name, timeout, reason);
    }
    match *reason {
        Reason::Unset if timeout.instead.is_some() => format!("`{api}` takes no timeout and can wait for ever"),
        Reason::Unset if is_bundle => format!("`{api}` without `{}` is no limit at all", timeout.argument),
        Reason::Unset if is_made => format!("`{api}` is built without `{}` and can wait for ever", timeout.argument),
        Reason::Unset => format!("`{api}` is called without `{}` and can wait for ever", timeout.argument),
        Reason::Forever { module: m, value, .. } => {
            let written = program.text(m, value).split_whitespace().collect::<Vec<_>>().join(" ");
            let by_keyword = call.args.iter().find(|a| a.value == value).and_then(|a| match a.kind {
                ArgKind::Keyword(name) => Some(name),
                _ => None,
            });
            let argument = by_keyword.map_or(timeout.argument.as_str(), |name| name.as_str());
            if is_bundle {
                format!("`{argument}={written}` of `{api}` is no limit at all")
            } else {
                let by_default =
                    if values::default(program, m, value).is_some() { ", `None` by default and passed by nobody," } else { "" };
                format!("`{argument}={written}`{by_default} lets `{api}` wait for ever")
            }
        }
    }
}

/// What is wrong with a call of JavaScript.
fn message_of_script(program: &Program, call: &Call, api: &str, name: Option<Ustr>, timeout: &Timeout, reason: &Reason) -> String {
    let argument = &timeout.argument;
    let is_bounded_in_part = timeout.unset == Unset::Gaps;
    match *reason {
        Reason::Unset if is_bounded_in_part => {
            let verb = if call.is_new { "built" } else { "called" };
            format!("`{api}` is {verb} without `{argument}` and has no overall limit")
        }
        Reason::Unset => {
            let is_client = name.is_some_and(|name| program.apis.row(name).is_some_and(|row| row.is(Role::Client)));
            // Node's own clients take either.
            let argument = match timeout.or.iter().find(|other| *other == "timeout" && !timeout.methods.is_empty()) {
                Some(other) => format!("`{argument}` or `{other}`"),
                None if timeout.options.0.is_empty() => format!("`.{argument}()`"),
                None => format!("`{argument}`"),
            };
            match (call.is_new, is_client) {
                (true, _) => format!("`{api}` is built without {argument} and can wait for ever"),
                (false, true) => format!("`{api}` makes a client without {argument}, whose calls can wait for ever"),
                (false, false) => format!("`{api}` is called without {argument} and can wait for ever"),
            }
        }
        Reason::Forever { module, value, .. } => {
            let key = argument.rsplit('.').next().unwrap_or_default();
            let written = program.text(module, value).split_whitespace().collect::<Vec<_>>().join(" ");
            let what = if written == key { format!("`{key}`, which is none,") } else { format!("`{key}: {written}`") };
            if is_bounded_in_part {
                format!("{what} leaves `{api}` without an overall limit")
            } else {
                format!("{what} lets `{api}` wait for ever")
            }
        }
    }
}

/// Whether nobody waits for a child process: it is meant to stay, or says at once which or where it is.
fn is_left_alone(program: &Program, id: ModuleId, waiting: &Waiting<'_>, timeout: &Timeout) -> bool {
    let is_process = waiting.name.and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Subprocess));
    if !is_process {
        return false;
    }
    let stays = !timeout.options.0.is_empty()
        && matches!(options::told(program, id, waiting.call, &timeout.options, "detached"),
            Passed::Value(module, value) if values::value(program, module, value) == Value::Bool(true));
    stays || patience::ends_soon(&patience::command(program, id, waiting.call))
}

/// Whether a call runs in a browser, or may: what only servers have runs wherever nothing says otherwise.
fn is_of_browser(ctx: &Context<'_>, id: ModuleId, waiting: &Waiting<'_>, is_handling: bool) -> bool {
    let program = &ctx.project.program;
    match ctx.project.runtimes.of(id) {
        // A route's file may hold what the server does (a loader) beside the page that it is for.
        Runtime::Server if !is_handling && Runtimes::may_show(program, id) && waiting.name.is_none_or(isomorphic::is) => true,
        Runtime::Server => isomorphic::is_relative(program, id, waiting.call),
        Runtime::Browser => true,
        Runtime::Unknown => waiting.name.is_none_or(isomorphic::is),
    }
}

/// Whether an address is one that no network is asked for.
fn is_local(program: &Program, id: ModuleId, call: &Call) -> bool {
    let address =
        call.args.first().filter(|arg| arg.kind == ArgKind::Positional).and_then(|arg| patience::constant_parts(program, id, arg.value));
    let is_beside =
        |arg: &Arg| program.module(id).language == Language::TypeScript && program.text(id, arg.value).contains("import.meta.url");
    address.is_some_and(|text| text.starts_with("data:") || text.starts_with("file:")) || call.args.first().is_some_and(is_beside)
}

/// Whether an argument of a call that bounds it is passed.
fn given(program: &Program, id: ModuleId, call: &Call, timeout: &Timeout, position: Option<usize>, argument: &str) -> Passed {
    let found = if timeout.options.0.is_empty() {
        passed(program, id, call, position, argument)
    } else {
        options::told(program, id, call, &timeout.options, argument)
    };
    match found {
        // `{ timeout: undefined }` leaves it to the client.
        Passed::Value(module, value) if timeout.unset == Unset::Client && !timeout.options.0.is_empty() => {
            if values::value(program, module, value) == Value::Null { Passed::No } else { found }
        }
        _ => found,
    }
}

/// Why the timeout that is (not) passed does not bound the call; nothing if it does, or if that cannot be seen.
fn reason(program: &Program, id: ModuleId, call: &Call, timeout: &Timeout) -> Option<Reason> {
    let bounds = |argument: &String| match given(program, id, call, timeout, None, argument) {
        Passed::Value(module, value) => forever(program, module, value, timeout).is_none(),
        Passed::No => false,
        Passed::Unknown => true,
    };
    if timeout.or.iter().any(bounds) || (!timeout.phases.is_empty() && timeout.phases.iter().all(bounds)) {
        return None;
    }
    for phase in &timeout.phases {
        if let Passed::Value(module, value) = passed(program, id, call, None, phase)
            && forever(program, module, value, timeout).is_some()
        {
            return Some(Reason::Forever { module, value, part: (module, value) });
        }
    }
    match given(program, id, call, timeout, timeout.position, &timeout.argument) {
        Passed::Value(module, value) => forever(program, module, value, timeout).map(|part| Reason::Forever { module, value, part }),
        Passed::No => matches!(timeout.unset, Unset::Forever | Unset::Gaps).then_some(Reason::Unset),
        Passed::Unknown => None,
    }
}

/// The part of a value that means for ever, in the module that it is written in.
fn forever(program: &Program, id: ModuleId, expr: ExprId, timeout: &Timeout) -> Option<(ModuleId, ExprId)> {
    match values::value(program, id, expr) {
        Value::Null => timeout.none_is_forever.then(|| (id, values::default(program, id, expr).unwrap_or(expr))),
        Value::Number(n) => (n == 0.0 && timeout.zero_is_forever).then_some((id, expr)),
        // `timeout: false` is how JavaScript says none.
        Value::Bool(false) if !timeout.options.0.is_empty() => Some((id, expr)),
        // `(connect, read)`: each part bounds its own phase.
        _ => {
            let (module, expr) = values::origin(program, id, expr);
            let ExprKind::Tuple(parts) = &program.module(module).expr(expr).kind else { return None };
            let null = parts.iter().find(|part| values::value(program, module, **part) == Value::Null);
            null.filter(|_| timeout.none_is_forever).map(|part| (module, *part))
        }
    }
}

/// Whether something else bounds the call.
fn is_covered(project: &Project, id: ModuleId, waiting: &Waiting<'_>, timeout: &Timeout, reason: &Reason) -> bool {
    let program = &project.program;
    let Waiting { expr, call, name, .. } = *waiting;
    if time_limits::encloses(program, id, expr) {
        return true;
    }
    let unset = matches!(reason, Reason::Unset);
    if unset && timeout.socket_default {
        let telling: Vec<ModuleId> = program.calls_to("socket.setdefaulttimeout").map(|(at, _)| at).collect();
        if project.is_told_for(id, &telling) {
            return true;
        }
    }
    if let Some(name) = name.filter(|name| unset && name.starts_with(JAVASCRIPT)) {
        return client_defaults::of_library(project, id, name)
            || client_defaults::of_carrier(program, id, call, timeout)
            || client_defaults::of_client(program, id, expr, name)
            || options::is_told_later(program, id, expr, &timeout.methods)
            || (timeout.argument == "signal" && isomorphic::may_carry_signal(program, id, call));
    }
    if name.is_some_and(|name| client_defaults::of_client(program, id, expr, name)) {
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
        options: Positions::default(),
        or: Vec::new(),
        methods: Vec::new(),
        value: None,
        phases: Vec::new(),
        unset: Unset::Forever,
        none_is_forever: true,
        zero_is_forever: false,
        only_in_handlers: false,
        long: false,
        socket_default: false,
        instead: None,
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
