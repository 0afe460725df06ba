//! Code that only tells what goes on: metrics, traces, logs.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::cleanup::words;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Entity;

/// Verbs of what sends telemetry.
const SENDS: [&str; 15] = [
    "capture",
    "collect",
    "emit",
    "identify",
    "inc",
    "increment",
    "log",
    "observe",
    "publish",
    "push",
    "record",
    "report",
    "send",
    "track",
    "update",
];

/// Methods of spans and instruments.
const TELLS: [&str; 11] = [
    "add",
    "addEvent",
    "add_event",
    "end",
    "gauge",
    "recordException",
    "record_exception",
    "set",
    "setAttribute",
    "setAttributes",
    "set_attribute",
];

/// Nouns of what is sent.
const SENT: [&str; 6] = ["analytics", "metric", "metrics", "telemetry", "tracking", "usage"];

/// What takes telemetry, whatever is done with it.
const TAKES: [&str; 16] = [
    "amplitude",
    "analytics",
    "counter",
    "gauge",
    "histogram",
    "meter",
    "metrics",
    "mixpanel",
    "observable",
    "posthog",
    "prometheus",
    "span",
    "statsd",
    "telemetry",
    "tracer",
    "tracking",
];

/// Whether all that is done in a block is sending telemetry, or logging; or all that is done around it.
#[must_use]
pub fn only_tells(program: &Program, id: ModuleId, function: Option<FunctionId>, block: BlockId) -> bool {
    tells(program, id, function, &program.module(id).expressions(block))
}

/// Whether all that is called in these expressions, or all that is done around them, is that.
#[must_use]
pub fn tells(program: &Program, id: ModuleId, function: Option<FunctionId>, exprs: &[ExprId]) -> bool {
    let module = program.module(id);
    let is_of_metrics = module.language == Language::TypeScript && program.path(id).rsplit('/').next().map(stem) == Some("metrics");
    if is_of_metrics
        || is_of_telemetry(program.path(id), &[])
        || function.is_some_and(|function| is_sender(program, FunctionRef { module: id, function }))
    {
        return true;
    }
    let mut any = false;
    let all = exprs.iter().filter(|expr| module.call(**expr).is_some()).all(|expr| match told(program, id, *expr) {
        Told::Yes => {
            any = true;
            true
        }
        Told::Harmless => true,
        Told::No => false,
    });
    all && any
}

enum Told {
    Yes,
    /// It computes something.
    Harmless,
    No,
}

/// Whether a call sends telemetry, or logs.
fn told(program: &Program, id: ModuleId, call: ExprId) -> Told {
    const LIBRARIES: [&str; 8] =
        ["datadog", "ddtrace", "newrelic", "opencensus", "opentelemetry", "prometheus_client", "sentry_sdk", "statsd"];
    match program.callee(id, call) {
        Entity::Function(f) if is_of_telemetry(program.path(f.module), &["metrics"]) => Told::Yes,
        Entity::Function(f) if is_sender(program, f) => Told::Yes,
        Entity::Builtin(_) => Told::Harmless,
        callee => {
            let name = callee.library();
            let row = name.and_then(|name| program.apis.row(name));
            let of_library = name.is_some_and(|name| LIBRARIES.contains(&name.split('.').next().unwrap_or_default()));
            let is_told = row.is_some_and(|row| row.is(Role::Telemetry) || row.is(Role::Logging)) || of_library;
            let module = program.module(id);
            if is_told || is_metric(module, call) || is_named_so(module, call) { Told::Yes } else { Told::No }
        }
    }
}

/// `requests.labels(path).inc()`, whose shape leaves no doubt, and its `labels(path)`.
fn is_metric(module: &Module, call: ExprId) -> bool {
    let method = |call: ExprId| match module.expr(module.call(call)?.callee).kind {
        ExprKind::Attribute { object, name, .. } => Some((object, name)),
        _ => None,
    };
    let sends = |name: Ustr| matches!(name.as_str(), "inc" | "dec" | "observe" | "set" | "time");
    match method(call) {
        Some((_, name)) if name == "labels" => {
            matches!(module.expr_parents[call.index()], Parent::Expr(p) if matches!(module.expr(p).kind, ExprKind::Attribute { name, .. } if sends(name)))
        }
        Some((object, name)) => sends(name) && method(object).is_some_and(|(_, inner)| inner == "labels"),
        None => false,
    }
}

/// Whether a function sends telemetry by its name, or by that of its module: `send_usage`, `track` of `analytics`.
fn is_sender(program: &Program, f: FunctionRef) -> bool {
    let name = words(&program.function(f).name);
    let stem = program.path(f.module).rsplit('/').next().map(|name| words(stem(name))).unwrap_or_default();
    let is_sent = |words: &[String]| words.iter().any(|word| SENT.contains(&word.as_str()));
    let sends = name.first().is_some_and(|first| SENDS.contains(&first.as_str()));
    (sends && (is_sent(&name) || is_sent(&stem))) || (name == ["main"] && is_sent(&stem))
}

/// Whether a function makes an entry of a log by its name: `logSanitized`; `logIn` is another thing.
#[must_use]
pub fn logs_by_name(name: &str) -> bool {
    match &words(name)[..] {
        [first, second, ..] => first == "log" && !matches!(second.as_str(), "in" | "off" | "on" | "out"),
        [only] => only == "log",
        [] => false,
    }
}

/// `analytics.track(event)`, `self.usage_tracker.record(n)`, `send_metrics()`, wherever they come from.
fn is_named_so(module: &Module, call: ExprId) -> bool {
    let Some(callee) = module.call(call).map(|call| call.callee) else { return false };
    let (name, object) = match module.expr(callee).kind {
        ExprKind::Name(name) => (name, None),
        ExprKind::Attribute { name, object, .. } => (name, Some(object)),
        _ => return false,
    };
    let mut all = words(&name);
    let sends = all.first().is_some_and(|first| SENDS.contains(&first.as_str()));
    if let Some(ExprKind::Name(of) | ExprKind::Attribute { name: of, .. }) = object.map(|object| &module.expr(object).kind) {
        let of = words(of);
        let tells = sends || TELLS.contains(&name.as_str());
        if tells && of.last().is_some_and(|word| TAKES.contains(&word.as_str())) {
            return true;
        }
        all.extend(of);
    }
    sends && all.iter().any(|word| SENT.contains(&word.as_str()))
}

/// Whether a file is there for telemetry, by its path.
fn is_of_telemetry(path: &str, also: &[&str]) -> bool {
    // `packages/acme-telemetry`
    let is_telemetry = |part: &str| {
        matches!(part.rsplit('-').next().unwrap_or(part), "telemetry" | "observability" | "tracing" | "instrumentation")
            || also.contains(&part)
    };
    path.split('/').map(stem).any(is_telemetry)
}

/// The name of a file without its endings.
fn stem(name: &str) -> &str {
    name.split_once('.').map_or(name, |(stem, _)| stem)
}
