//! How programs of JavaScript let go of things.

use super::words;
use crate::ir::program::*;

/// Whether a function of JavaScript is called when something ends: a method that a framework calls then, or what is passed to
/// `.finally()`, `process.on("SIGTERM", …)` or `addHook("onClose", …)`.
pub(super) fn is_hook_of_the_end(module: &Module, function: FunctionId) -> bool {
    const METHODS: [&str; 6] = ["_destroy", "_final", "componentWillUnmount", "ngOnDestroy", "onDestroy", "onModuleDestroy"];
    const EVENTS: [&str; 9] = ["SIGINT", "SIGQUIT", "SIGTERM", "beforeExit", "close", "disconnect", "exit", "onClose", "preClose"];
    let f = module.function(function);
    if module.language != Language::TypeScript {
        return false;
    }
    let Parent::Expr(value) = f.parent else { return METHODS.contains(&f.name.as_str()) };
    let Parent::Expr(outer) = module.expr_parents[value.index()] else { return false };
    let Some(call) = module.call(outer).filter(|call| call.callee != value) else { return false };
    let says = |arg: &Arg| matches!(module.expr(arg.value).kind, ExprKind::String(event) if EVENTS.contains(&event.as_str()));
    matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if name == "finally") || call.args.first().is_some_and(says)
}

/// Whether a function or method of this name lets go, whatever it is of.
pub(super) fn lets_go(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "abortTransaction",
        "clearInterval",
        "clearTimeout",
        "endSession",
        "releaseLock",
        "removeAllListeners",
        "removeEventListener",
        "removeListener",
        "rollbackTransaction",
    ];
    NAMES.contains(&name)
}

/// Whether the name of something says that it is a resource: `abortController`, `reader`.
pub(super) fn is_technical(module: &Module, object: ExprId) -> bool {
    const RESOURCES: [&str; 16] = [
        "body",
        "controller",
        "emitter",
        "interval",
        "iterator",
        "raw",
        "reader",
        "reply",
        "res",
        "response",
        "subscriber",
        "subscription",
        "tunnel",
        "watcher",
        "worker",
        "writer",
    ];
    let is_one = |name: &str| words(name).last().is_some_and(|word| RESOURCES.contains(&word.as_str()));
    module.language == Language::TypeScript
        && matches!(module.expr(object).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if is_one(&name))
}

/// `db.query("ROLLBACK")`
pub(super) fn rolls_back(module: &Module, call: &Call) -> bool {
    const ENDS: [&str; 4] = ["rollback", "release savepoint", "unlock", "select pg_advisory_unlock"];
    let text = call.args.first().and_then(|arg| match &module.expr(arg.value).kind {
        ExprKind::String(text) => Some(*text),
        ExprKind::Template { parts, .. } => match parts.first() {
            Some(TemplatePart::Text(text, _)) => Some(*text),
            _ => None,
        },
        _ => None,
    });
    text.is_some_and(|text| {
        let text = text.trim_start().to_ascii_lowercase();
        ENDS.iter().any(|end| text.starts_with(end))
    })
}
