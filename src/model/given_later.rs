//! What an object of Python is given after it was made: attributes that are assigned, by whoever has it.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values::Value;
use crate::model::{callers, sessions, values};

/// What is assigned to an attribute of the object that a call makes, in any module, or by a function that is handed it; of
/// several, the first that is something.
#[must_use]
pub fn assigned(program: &Program, made: (ModuleId, ExprId), attribute: &str) -> Option<(ModuleId, ExprId)> {
    let is_it = |module: ModuleId, object: ExprId| sessions::origins(program, module, object).contains(&made);
    let mut nothing = None;
    for module in program.code_ids() {
        for expr in program.mentions(module, attribute.into()) {
            let m = program.module(module);
            let ExprKind::Attribute { object, .. } = m.expr(expr).kind else { continue };
            let Some(value) = assigned_to(m, expr) else { continue };
            if is_it(module, object) || is_handed(program, module, object, &is_it) {
                if values::value(program, module, value) != Value::Null {
                    return Some((module, value));
                }
                nothing = Some((module, value));
            }
        }
    }
    nothing
}

/// The value that a target is assigned.
fn assigned_to(module: &Module, target: ExprId) -> Option<ExprId> {
    let Parent::Stmt(stmt) = module.expr_parents[target.index()] else { return None };
    match &module.stmt(stmt).kind {
        StmtKind::Assign { targets, value, .. } if targets.contains(&target) => *value,
        _ => None,
    }
}

/// Whether a parameter may be the object: somebody passes it.
fn is_handed(program: &Program, id: ModuleId, parameter: ExprId, is_it: &impl Fn(ModuleId, ExprId) -> bool) -> bool {
    let given = callers::some_given(program, id, parameter);
    given.iter().any(|(at, passed)| is_it(*at, *passed))
}

/// Whether something that cannot be seen is handed the object that a call makes, and may give it anything.
#[must_use]
pub fn is_out_of_sight(program: &Program, (id, made): (ModuleId, ExprId)) -> bool {
    let module = program.module(id);
    let name = match module.expr_parents[made.index()] {
        Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
            StmtKind::Assign { targets, .. } => targets.iter().find_map(|target| match module.expr(*target).kind {
                ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some(name),
                _ => None,
            }),
            _ => None,
        },
        _ => None,
    };
    let Some(name) = name else { return false };
    let resolver = Resolver::new(program);
    let mut uses = program.mentions(id, name).filter(|expr| values::origin(program, id, *expr) == (id, made));
    uses.any(|expr| {
        let Parent::Expr(parent) = module.expr_parents[expr.index()] else { return false };
        let Some(call) = module.call(parent).filter(|call| call.callee != expr) else { return false };
        match resolver.entity(id, call.callee) {
            Entity::Builtin(name) => name == "setattr",
            Entity::Unknown => !matches!(module.expr(call.callee).kind, ExprKind::Attribute { .. }),
            Entity::Library(name) => program.apis.row(name).is_none() && !name.starts_with("google."),
            _ => false,
        }
    })
}
