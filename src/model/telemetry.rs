//! Code that only tells what goes on: metrics, traces, logs.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Entity;

/// Whether all that is done in a block is sending telemetry, or logging; or all that is done around it.
#[must_use]
pub fn only_tells(program: &Program, id: ModuleId, function: Option<FunctionId>, block: BlockId) -> bool {
    const SENDS: [&str; 8] = ["emit", "inc", "increment", "publish", "push", "record", "report", "send"];
    let module = program.module(id);
    if is_of_telemetry(program.path(id), &[]) {
        return true;
    }
    let is_sender = function.is_some_and(|function| {
        let name = module.function(function).name.trim_matches('_').to_ascii_lowercase();
        let mut words = name.split('_');
        words.next().is_some_and(|first| SENDS.contains(&first)) && words.any(|word| matches!(word, "metric" | "metrics" | "telemetry"))
    });
    if is_sender {
        return true;
    }
    let mut any = false;
    let all = module.expressions(block).into_iter().filter(|expr| module.call(*expr).is_some()).all(|expr| match told(program, id, expr) {
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
        Entity::Builtin(_) => Told::Harmless,
        callee => {
            let name = callee.library();
            let row = name.and_then(|name| program.apis.row(name));
            let of_library = name.is_some_and(|name| LIBRARIES.contains(&name.split('.').next().unwrap_or_default()));
            let is_told = row.is_some_and(|row| row.is(Role::Telemetry) || row.is(Role::Logging)) || of_library;
            if is_told || is_metric(program.module(id), call) { Told::Yes } else { Told::No }
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

/// Whether a file is there for telemetry, by its path.
fn is_of_telemetry(path: &str, also: &[&str]) -> bool {
    let is_telemetry = |part: &str| matches!(part, "telemetry" | "observability" | "tracing" | "instrumentation") || also.contains(&part);
    path.trim_end_matches(".py").split('/').any(is_telemetry)
}
