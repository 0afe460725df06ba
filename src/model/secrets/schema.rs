//! Defaults in schemas: of variables of the environment, and of other fields.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

use super::bound::{Bound, How};
use super::environment::{self, Edit};

/// What the argument of `….default(…)` is the default of; nothing where a call is no such thing.
#[must_use]
pub fn of_method(program: &Program, id: ModuleId, expr: ExprId, call: &Call) -> Option<Bound> {
    let module = program.module(id);
    let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return None };
    let root = root(module, object);
    if let Some(read) = environment::read(program, id, root)
        && let Some(method) = environment::reader(program, id, root).and_then(|reader| reader.method.as_ref())
    {
        return (name == method.as_str()).then_some(Bound::Fallback { variable: read.variable, edit: Some(Edit::Method(expr)) });
    }
    let is_default = matches!(name.as_str(), "default" | "defaultTo" | "prefault") && is_of_library(program, id, root);
    is_default.then(|| field(program, id, outermost(module, expr), Some(Edit::Method(expr))))
}

/// What the value of the key `default` is the default of.
#[must_use]
pub fn of_key(program: &Program, id: ModuleId, object: ExprId, entries: &[Entry]) -> Bound {
    let module = program.module(id);
    // `{ env: 'X', default: '…' }`
    let variable = environment::entry(program, id, entries, "env").and_then(|env| values::text(program, id, env));
    if let Some(variable) = variable.filter(|name| is_variable(name)) {
        return Bound::Fallback { variable, edit: None };
    }
    // `X: str({ default: '…' })`, `secret: { type: String, default: '…' }`
    match module.expr_parents[object.index()] {
        // `defineString('X', { default: '…' })`
        Parent::Expr(parent) if module.call(parent).is_some() => match environment::read(program, id, parent) {
            Some(read) => Bound::Fallback { variable: read.variable, edit: read.edit },
            None => field(program, id, outermost(module, parent), None),
        },
        Parent::Expr(_) => field(program, id, object, None),
        _ => Bound::Nothing,
    }
}

/// The field of a schema that an expression describes. Fields in capitals are variables of the environment.
fn field(program: &Program, id: ModuleId, value: ExprId, edit: Option<Edit>) -> Bound {
    let module = program.module(id);
    let Parent::Expr(parent) = module.expr_parents[value.index()] else { return Bound::Nothing };
    let ExprKind::Object(entries) = &module.expr(parent).kind else { return Bound::Nothing };
    match environment::key_of(program, id, entries, value) {
        Some(variable) if is_variable(&variable) => Bound::Fallback { variable, edit },
        Some(name) => Bound::Name(name, How::Default),
        None => Bound::Nothing,
    }
}

/// Whether a name is written as variables of the environment are.
fn is_variable(name: &str) -> bool {
    name.len() > 2 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The first call, or what it is called on, of a chain of calls of methods.
fn root(module: &Module, chain: ExprId) -> ExprId {
    let mut at = chain;
    while let Some(call) = module.call(at)
        && let ExprKind::Attribute { object, .. } = module.expr(call.callee).kind
        && module.call(object).is_some()
    {
        at = object;
    }
    at
}

/// The last call of the chain that a call stands in.
fn outermost(module: &Module, call: ExprId) -> ExprId {
    let mut at = call;
    while let Parent::Expr(method) = module.expr_parents[at.index()]
        && let ExprKind::Attribute { object, .. } = module.expr(method).kind
        && object == at
        && let Parent::Expr(next) = module.expr_parents[method.index()]
        && module.call(next).is_some_and(|call| call.callee == method)
    {
        at = next;
    }
    at
}

fn is_of_library(program: &Program, id: ModuleId, root: ExprId) -> bool {
    let callee = program.module(id).call(root).map_or(root, |call| call.callee);
    matches!(Resolver::new(program).entity(id, callee), Entity::Library(_) | Entity::Instance(_))
}
