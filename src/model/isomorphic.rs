//! Calls of JavaScript that a browser may make as well as a server.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::JAVASCRIPT;
use crate::model::cleanup::words;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// Packages whose calls browsers make, too; and the globals.
const PACKAGES: [&str; 14] = [
    "@whatwg-node/fetch",
    "axios",
    "cross-fetch",
    "globalThis",
    "isomorphic-fetch",
    "isomorphic-unfetch",
    "ky",
    "node-fetch-native",
    "ofetch",
    "openai",
    "phin",
    "superagent",
    "wretch",
    "@anthropic-ai/sdk",
];

/// Whether a browser may call this.
#[must_use]
pub fn is(name: Ustr) -> bool {
    let Some(path) = name.strip_prefix(JAVASCRIPT) else { return false };
    let is_of = |package: &str| path.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    PACKAGES.iter().any(|package| is_of(package))
}

/// Whether an address has no host: only a page has an origin that it is of.
#[must_use]
pub fn is_relative(program: &Program, id: ModuleId, call: &Call) -> bool {
    let Some(arg) = call.args.first() else { return false };
    if !matches!(Resolver::new(program).called(id, call.callee), Entity::Library(name) if is(name) && !name.contains("Instance")) {
        return false;
    }
    let (id, origin) = values::origin(program, id, arg.value);
    let begins = |text: &str| text.starts_with('/') && !text.starts_with("//");
    match &program.module(id).expr(origin).kind {
        ExprKind::String(text) => begins(text),
        ExprKind::Template { parts, .. } => matches!(parts.first(), Some(TemplatePart::Text(text, _)) if begins(text)),
        ExprKind::Binary { operands, .. } => {
            operands.first().is_some_and(|first| values::text(program, id, *first).is_some_and(|text| begins(&text)))
        }
        _ => false,
    }
}

/// Whether what is fetched may be a `Request`, which may carry a signal of its own.
#[must_use]
pub fn may_carry_signal(program: &Program, id: ModuleId, call: &Call) -> bool {
    let Some(arg) = call.args.first() else { return false };
    let (module, origin) = values::origin(program, id, arg.value);
    let is_request = |entity: Entity| matches!(entity, Entity::Instance(class) if class.ends_with(".Request"));
    if is_request(Resolver::new(program).entity(id, arg.value)) || is_request(Resolver::new(program).entity(module, origin)) {
        return true;
    }
    match program.module(id).expr(arg.value).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
            words(&name).last().is_some_and(|word| matches!(word.to_lowercase().as_str(), "request" | "req" | "raw" | "input"))
        }
        _ => false,
    }
}
