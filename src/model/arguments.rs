//! What callers of the project pass for parameters that say nothing of themselves: `Box(requests.Session())` tells what `http`
//! is in `def __init__(self, http)`.

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::calls::argument;
use crate::model::program::{CallSite, FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// What parameters are, by function and index.
pub type Arguments = FxHashMap<(FunctionRef, usize), Entity>;

/// What all calls that can be seen agree on passing, tests aside, for parameters of which something is asked that depends on
/// it. One that they differ in, or that one passes something unknown for, is left out.
#[must_use]
pub fn find(program: &Program, calls: &[Vec<CallSite>]) -> Arguments {
    let resolver = Resolver::new(program);
    let mut asked: FxHashMap<ModuleId, FxHashSet<Ustr>> = FxHashMap::default();
    let mut found = Arguments::default();
    for (id, sites) in program.module_ids().zip(calls).filter(|(id, _)| !program.sources.get(program.module(*id).file).test) {
        for site in sites {
            let Some(function) = called(&resolver, site.callee) else { continue };
            let Some(call) = program.module(id).call(site.expr) else { continue };
            let (module, f) = (program.module(function.module), program.function(function));
            for (index, param) in f.params.iter().enumerate().filter(|(_, param)| says_nothing(module, param)) {
                let position = index.checked_sub(program.receivers(function)).filter(|_| param.kind == ParamKind::Normal);
                let Some(value) = argument(call, position, &[param.name.as_str()]) else { continue };
                let names = asked.entry(function.module).or_insert_with(|| asked_about(module));
                if !names.contains(&param.name) {
                    continue;
                }
                let entity = match resolver.entity(id, value) {
                    entity @ (Entity::Instance(_) | Entity::Library(_) | Entity::Object(..)) => entity,
                    _ => Entity::Unknown,
                };
                let known = found.entry((function, index)).or_insert(entity);
                if *known != entity {
                    *known = Entity::Unknown;
                }
            }
        }
    }
    found.retain(|_, entity| *entity != Entity::Unknown);
    found
}

/// The function of the project that a call runs: for a class, its constructor.
pub(super) fn called(resolver: &Resolver<'_>, callee: Entity) -> Option<FunctionRef> {
    match callee {
        Entity::Function(function) => Some(function),
        Entity::Class(module, class) => resolver.constructor(module, class),
        _ => None,
    }
}

/// Whether a parameter has neither an annotation nor a default that tells what it is.
fn says_nothing(module: &Module, param: &Param) -> bool {
    let is_open = param.default.is_none_or(|default| matches!(module.expr(default).kind, ExprKind::Null));
    is_open && param.annotation.is_none() && !param.name.is_empty() && matches!(param.kind, ParamKind::Normal | ParamKind::KeywordOnly)
}

/// Names that a module asks members of, calls, or keeps in attributes.
fn asked_about(module: &Module) -> FxHashSet<Ustr> {
    let name = |expr: ExprId| match module.expr(expr).kind {
        ExprKind::Name(name) => Some(name),
        _ => None,
    };
    let in_expr = |expr: ExprId| match &module.expr(expr).kind {
        ExprKind::Attribute { object, .. } => name(*object),
        ExprKind::Call(call) => name(call.callee),
        _ => None,
    };
    let kept = module.stmts.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Assign { targets, value: Some(value), .. } => {
            let keeps = targets.iter().any(|target| matches!(module.expr(*target).kind, ExprKind::Attribute { .. }));
            name(*value).filter(|_| keeps)
        }
        _ => None,
    });
    module.expr_ids().filter_map(in_expr).chain(kept).collect()
}
