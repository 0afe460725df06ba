//! Answers of JavaScript that are read bit by bit: a limit on the whole would end long ones that are well.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Resolver;

/// What hands on what arrives.
const PIPES: [&str; 5] = [".pipe(", ".pipeTo(", ".pipeThrough(", "pipeline(", ".getReader("];

/// Whether what a call gives is read bit by bit: by its `body`, or in a function that it is handed to which pipes it on.
#[must_use]
pub fn is_read_in_parts(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let mut at = expr;
    loop {
        if module.call(at).is_some_and(|call| call.args.iter().any(|arg| pipes(program, id, arg.value))) {
            return true;
        }
        at = match module.expr_parents[at.index()] {
            Parent::Expr(parent) => match &module.expr(parent).kind {
                ExprKind::Await(_) => parent,
                ExprKind::Attribute { name, .. } if name == "body" => return true,
                ExprKind::Attribute { name, .. } if matches!(name.as_str(), "then" | "on") => parent,
                ExprKind::Call(call) if call.callee == at => parent,
                _ => return false,
            },
            Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
                StmtKind::Assign { targets, value: Some(value), .. } if *value == at => {
                    return targets.iter().any(|target| has_its_body_read(program, id, *target));
                }
                _ => return false,
            },
            _ => return false,
        };
    }
}

/// Whether an argument is a function that pipes on what it is called with.
fn pipes(program: &Program, id: ModuleId, arg: ExprId) -> bool {
    matches!(program.module(id).expr(arg).kind, ExprKind::Function(_)) && {
        let text = program.text(id, arg);
        PIPES.iter().any(|pipe| text.contains(pipe))
    }
}

/// `response.body`, which is a stream.
fn has_its_body_read(program: &Program, id: ModuleId, target: ExprId) -> bool {
    let module = program.module(id);
    let ExprKind::Name(name) = module.expr(target).kind else { return false };
    let scope_of = |expr: ExprId| Resolver::new(program).scope_of_name(id, expr, name).map(|(scope, _)| scope);
    let scope = scope_of(target);
    module.expr_ids().any(|expr| match module.expr(expr).kind {
        ExprKind::Attribute { object, name: attribute, .. } if attribute == "body" => {
            matches!(module.expr(object).kind, ExprKind::Name(n) if n == name) && scope_of(object) == scope
        }
        _ => false,
    })
}
