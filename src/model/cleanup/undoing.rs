//! What takes back something that was begun.

use super::words;
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::{local_work, outside};

/// Whether all that is done in a block takes back what was done before, where there is any of it: `if exists(path): remove(path)`.
#[must_use]
pub fn only_undoes(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let asks = |test: ExprId| {
        let computes = |part: ExprId| outside::is_probe(program, id, part) || local_work::is_call(program, id, part);
        module.descendants(test).into_iter().all(|part| module.call(part).is_none() || computes(part))
    };
    let mut any = false;
    let all = module.statements(block).into_iter().all(|stmt| match &module.stmt(stmt).kind {
        StmtKind::Expr(expr) => {
            any = true;
            undoes(module, *expr)
        }
        StmtKind::If { branches, .. } => branches.iter().all(|(test, _)| asks(*test)),
        StmtKind::Loop(l) => match l.kind {
            LoopKind::For { iter: test, .. } | LoopKind::While(test) => asks(test),
        },
        StmtKind::Pass => true,
        _ => false,
    });
    all && any
}

/// Whether an expression takes back what was done before: `await remove(file)`, `db.table("settings").truncate()`.
#[must_use]
pub fn undoes(module: &Module, expr: ExprId) -> bool {
    const VERBS: [&str; 17] = [
        "abort", "cancel", "cleanup", "clear", "close", "delete", "destroy", "discard", "drop", "purge", "remove", "revert", "rm",
        "rollback", "truncate", "undo", "unlink",
    ];
    let mut at = expr;
    // As deep as calls are nested in real code.
    for _ in 0..8 {
        match &module.expr(at).kind {
            ExprKind::Await(inner) | ExprKind::Unary { op: UnaryOp::Other, operand: inner } => at = *inner,
            ExprKind::Call(call) => match module.expr(call.callee).kind {
                ExprKind::Attribute { object, name, .. } if matches!(name.as_str(), "catch" | "then" | "finally") => at = object,
                ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
                    return words(&name).first().is_some_and(|word| VERBS.contains(&word.as_str()));
                }
                _ => return false,
            },
            _ => return false,
        }
    }
    false
}
