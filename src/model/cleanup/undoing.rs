//! What takes back something that was begun.

use super::words;
use crate::ir::program::*;

/// Whether all that is done in a block takes back what was done before.
#[must_use]
pub fn only_undoes(module: &Module, block: BlockId) -> bool {
    let stmts = &module.block(block).stmts;
    !stmts.is_empty()
        && stmts.iter().all(|stmt| match module.stmt(*stmt).kind {
            StmtKind::Expr(expr) => undoes(module, expr),
            _ => false,
        })
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
