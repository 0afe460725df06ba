//! Functions that are passed to a library, which calls them: handlers, hooks, callbacks.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::{Apis, Row};
use crate::model::program::{CallSite, FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::javascript;
use crate::model::services::is_below;
use crate::model::values;

/// How deep a handler may be wrapped: `app.get('/', wrap(traced(handler)))`.
const MOST_WRAPPED: usize = 4;

/// Functions that are passed by name to calls that say what they pass on, and those calls' APIs. One that is passed to
/// several with other parameters is nobody's.
#[must_use]
pub fn find(program: &Program, calls: &[Vec<CallSite>]) -> FxHashMap<FunctionRef, Ustr> {
    let mut found: FxHashMap<FunctionRef, Option<Ustr>> = FxHashMap::default();
    let loaded = loaded(program);
    for (id, sites) in program.module_ids().zip(calls) {
        let module = program.module(id);
        if module.language != Language::TypeScript || program.sources.get(module.file).test {
            continue;
        }
        for (function, _, api) in javascript::exported(program, id) {
            found.insert(function, Some(api));
        }
        let resolver = Resolver::new(program);
        if loaded.iter().any(|directory| is_below(program.path(id), directory))
            && let Entity::Function(plugin) = resolver.symbol(id, Ustr::from("default"))
        {
            found.insert(plugin, Some(Apis::javascript("fastify.FastifyPluginAsync")));
        }
        for site in sites {
            let Some(api) = site.callee.library() else { continue };
            let Some(row) = program.apis.row(api).filter(|row| !row.params.is_empty()) else { continue };
            let Some(call) = module.call(site.expr) else { continue };
            for value in functions(module, call, row) {
                let Some(function) = run_by(program, &resolver, id, value) else { continue };
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

/// The directories whose modules are plugins of Fastify: below those that ask for what loads them.
fn loaded(program: &Program) -> Vec<&str> {
    const LOADERS: [&str; 2] = ["@fastify/autoload", "fastify-autoload"];
    let loads = |id: &ModuleId| program.module(*id).imports.iter().any(|import| LOADERS.contains(&import.module.as_str()));
    program.module_ids().filter(loads).map(|id| program.sources.get(program.module(id).file).directory()).collect()
}

/// The function that runs where a value is called: behind names and members, and within what wraps it, for
/// `catchAsync(list)` is there to run `list`.
#[must_use]
pub fn run_by(program: &Program, resolver: &Resolver<'_>, id: ModuleId, value: ExprId) -> Option<FunctionRef> {
    let (mut id, mut value) = (id, value);
    for _ in 0..MOST_WRAPPED {
        let (at, origin) = values::origin(program, id, value);
        let module = program.module(at);
        let is_function =
            |arg: &&Arg| matches!(resolver.entity(at, arg.value), Entity::Function(_)) || member(program, at, arg.value).is_some();
        let next = match &module.expr(origin).kind {
            ExprKind::Call(call) => call.args.iter().rev().find(is_function).map(|arg| (at, arg.value)),
            ExprKind::Attribute { .. } => member(program, at, origin),
            _ => None,
        };
        match next {
            Some(next) => (id, value) = next,
            None => break,
        }
    }
    match resolver.entity(id, value) {
        Entity::Function(function) => Some(function),
        _ => None,
    }
}

/// What a literal object holds: `controller.list`, where `const controller = { list() { … } }`.
fn member(program: &Program, id: ModuleId, expr: ExprId) -> Option<(ModuleId, ExprId)> {
    let ExprKind::Attribute { object, name, .. } = program.module(id).expr(expr).kind else { return None };
    let (at, entries) = values::object_literal(program, id, object)?;
    let module = program.module(at);
    entries.iter().find_map(|entry| match entry {
        Entry::Pair { key, value } if matches!(module.expr(*key).kind, ExprKind::String(key) if key == name) => Some((at, *value)),
        _ => None,
    })
}

/// The expressions among a call's arguments that may be functions which it is to call, from a position on: lists and
/// wrappers and objects that hold them opened.
#[must_use]
pub fn functions(module: &Module, call: &Call, row: &Row) -> Vec<ExprId> {
    let mut found = Vec::new();
    // A call that takes an object takes functions only where its row says where.
    let from = match (row.handler, row.calls, &row.handler_key) {
        (Some(position), ..) => position,
        (None, Some(calls), _) => calls.position,
        (None, None, Some(_)) => usize::MAX,
        (None, None, None) => 0,
    };
    let is_key = |key: ExprId| matches!((&module.expr(key).kind, &row.handler_key), (ExprKind::String(key), Some(wanted)) if key == wanted);
    let passed = |(index, arg): (usize, &Arg)| {
        let holds = matches!(module.expr(arg.value).kind, ExprKind::Object(_) | ExprKind::List(_)) && row.handler_key.is_some();
        (index >= from || holds).then_some((arg.value, 0))
    };
    let mut todo: Vec<(ExprId, usize)> = call.args.iter().enumerate().filter_map(passed).collect();
    todo.reverse();
    while let Some((expr, depth)) = todo.pop() {
        if depth > MOST_WRAPPED {
            continue;
        }
        match &module.expr(expr).kind {
            ExprKind::List(items) => todo.extend(items.iter().rev().map(|item| (*item, depth + 1))),
            ExprKind::Object(entries) => todo.extend(entries.iter().filter_map(|entry| match entry {
                Entry::Pair { key, value } if is_key(*key) => Some((*value, depth + 1)),
                _ => None,
            })),
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
                    return functions(module, call, row).contains(&function).then_some(api);
                }
            }
            ExprKind::List(_) | ExprKind::Object(_) => {}
            _ => return None,
        }
        at = parent;
    }
    None
}
