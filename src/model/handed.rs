//! Functions that are passed to a library, which calls them: handlers, hooks, callbacks.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::program::{CallSite, FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// How deep a handler may be wrapped: `app.get('/', wrap(traced(handler)))`.
const MOST_WRAPPED: usize = 4;

/// Functions that are passed by name to calls that say what they pass on, and those calls' APIs. One that is passed to
/// several with other parameters is nobody's.
#[must_use]
pub fn find(program: &Program, calls: &[Vec<CallSite>]) -> FxHashMap<FunctionRef, Ustr> {
    let mut found: FxHashMap<FunctionRef, Option<Ustr>> = FxHashMap::default();
    for (id, sites) in program.module_ids().zip(calls) {
        let module = program.module(id);
        if module.language != Language::TypeScript {
            continue;
        }
        let resolver = Resolver::new(program);
        for site in sites {
            let Some(api) = site.callee.library() else { continue };
            let Some(row) = program.apis.row(api).filter(|row| !row.params.is_empty()) else { continue };
            let Some(call) = module.call(site.expr) else { continue };
            for value in functions(module, call, row.handler.unwrap_or_default(), row.handler_key.as_deref()) {
                let Entity::Function(function) = resolver.entity(id, value) else { continue };
                let entry = found.entry(function).or_insert(Some(api));
                let same = entry.and_then(|known| program.apis.row(known)).is_some_and(|known| known.params == row.params);
                if !same {
                    *entry = None;
                }
            }
        }
    }
    found.into_iter().filter_map(|(function, api)| Some((function, api?))).collect()
}

/// The expressions among a call's arguments that may be functions which it is to call, from a position on: lists and
/// wrappers opened.
#[must_use]
pub fn functions(module: &Module, call: &Call, from: usize, key: Option<&str>) -> Vec<ExprId> {
    let mut found = Vec::new();
    let mut todo: Vec<(ExprId, usize)> = Vec::new();
    for arg in call.args.iter().skip(if key.is_some() { 0 } else { from }) {
        match (&module.expr(arg.value).kind, key) {
            (ExprKind::Object(entries), Some(key)) => todo.extend(entries.iter().filter_map(|entry| match entry {
                Entry::Pair { key: k, value } if matches!(module.expr(*k).kind, ExprKind::String(k) if k == key) => Some((*value, 0)),
                _ => None,
            })),
            (_, Some(_)) => {}
            (_, None) => todo.push((arg.value, 0)),
        }
    }
    todo.reverse();
    while let Some((expr, depth)) = todo.pop() {
        if depth > MOST_WRAPPED {
            continue;
        }
        match &module.expr(expr).kind {
            ExprKind::List(items) => todo.extend(items.iter().rev().map(|item| (*item, depth + 1))),
            ExprKind::Spread(inner) => todo.push((*inner, depth + 1)),
            // `wrap(handler)`, `handler.bind(this)`.
            ExprKind::Call(inner) => {
                found.push(expr);
                if let ExprKind::Attribute { object, name, .. } = module.expr(inner.callee).kind
                    && name == "bind"
                {
                    todo.push((object, depth + 1));
                } else {
                    todo.extend(inner.args.iter().rev().map(|arg| (arg.value, depth + 1)));
                }
            }
            ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Function(_) => found.push(expr),
            _ => {}
        }
    }
    found
}

/// The API that calls a function expression because it is passed to it where it stands.
pub fn taker(program: &Program, id: ModuleId, function: ExprId, callee: impl Fn(&Call) -> Option<Ustr>) -> Option<Ustr> {
    let module = program.module(id);
    let mut at = function;
    for _ in 0..MOST_WRAPPED {
        let Parent::Expr(parent) = module.expr_parents[at.index()] else { return None };
        match &module.expr(parent).kind {
            ExprKind::Call(call) if call.callee != at => {
                if let Some(api) = callee(call)
                    && let Some(row) = program.apis.row(api)
                    && !row.params.is_empty()
                {
                    let is_taken = functions(module, call, row.handler.unwrap_or_default(), row.handler_key.as_deref()).contains(&function);
                    return is_taken.then_some(api);
                }
            }
            ExprKind::List(_) | ExprKind::Object(_) => {}
            _ => return None,
        }
        at = parent;
    }
    None
}
