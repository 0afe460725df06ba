//! Calls on receivers that cannot be resolved, whose shape leaves no doubt what they are.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::patience::constant_parts;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::resolve::Entity;

const VERBS: [&str; 8] = ["get", "post", "put", "patch", "delete", "head", "options", "request"];

/// What only a request is given: a dictionary, too, has a `get` that may be asked for an address.
const OF_REQUESTS: [&str; 11] =
    ["headers", "params", "json", "data", "files", "auth", "cookies", "allow_redirects", "stream", "verify", "proxies"];

/// Libraries whose clients have a limit unless told otherwise, drive a browser or ask no network.
const OTHERS: [&str; 8] =
    ["httpx", "aiohttp", "niquests", "selenium", "playwright", "fastapi.testclient", "starlette.testclient", "rest_framework.test"];

/// The method of `requests` that a call is: a verb, an address, and nobody waits for it with `await`.
#[must_use]
pub fn request(program: &Program, id: ModuleId, expr: ExprId, call: &Call, callee: Entity) -> Option<Ustr> {
    let module = program.module(id);
    let ExprKind::Attribute { name, .. } = module.expr(call.callee).kind else { return None };
    if callee != Entity::Unknown || !VERBS.contains(&name.as_str()) || is_awaited(module, expr) {
        return None;
    }
    let address = call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).nth(usize::from(name == "request"))?;
    let address = constant_parts(program, id, address.value)?;
    let is_address = address.starts_with("https://") || address.starts_with("http://");
    let is_request = call.args.iter().any(|arg| matches!(arg.kind, ArgKind::Keyword(name) if OF_REQUESTS.contains(&name.as_str())));
    let uses = |libraries: &[&str], module: ModuleId| {
        program.links[module.0 as usize].iter().any(|link| match link {
            Link::Library(path) => libraries.iter().any(|library| is_of(path, library)),
            _ => false,
        })
    };
    let sure = is_address && is_request && !uses(&OTHERS, id) && program.code_ids().any(|module| uses(&["requests"], module));
    sure.then(|| Ustr::from(&format!("requests.Session.{name}")))
}

fn is_of(path: &str, library: &str) -> bool {
    path.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether a call is awaited, or entered with `async with`.
fn is_awaited(module: &Module, expr: ExprId) -> bool {
    match module.expr_parents[expr.index()] {
        Parent::Expr(parent) => matches!(module.expr(parent).kind, ExprKind::Await(_)),
        Parent::Stmt(stmt) => matches!(module.stmt(stmt).kind, StmtKind::With { is_async: true, .. }),
        _ => false,
    }
}
