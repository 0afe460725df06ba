//! What stands in the `finally` of a `try`.

use super::words;
use crate::ir::program::*;
use crate::ir::walk::Around;

/// Whether a statement is in the `finally` of a `try`, its function's or one around that.
#[must_use]
pub fn is_in_finally(module: &Module, stmt: StmtId) -> bool {
    module.around_stmt(stmt).skip(1).any(|step| match step {
        Around::Stmt(outer, from) => matches!(&module.stmt(outer).kind, StmtKind::Try(t) if t.finally.is_some() && t.finally == from),
        _ => false,
    })
}

/// Whether what is tried in a `finally` may end or restore something. What surely does not is work like any other.
pub(super) fn may_end(module: &Module, stmt: StmtId) -> bool {
    const ENDS: [&str; 56] = [
        "abort",
        "aclose",
        "aexit",
        "cancel",
        "chdir",
        "clean",
        "cleanup",
        "clear",
        "close",
        "collect",
        "complete",
        "deactivate",
        "delete",
        "destroy",
        "detach",
        "disable",
        "discard",
        "disconnect",
        "dispose",
        "drop",
        "end",
        "evict",
        "exit",
        "expire",
        "finalize",
        "finish",
        "flush",
        "free",
        "invalidate",
        "join",
        "kill",
        "leave",
        "logout",
        "pop",
        "purge",
        "put",
        "quit",
        "release",
        "remove",
        "reset",
        "restore",
        "return",
        "revert",
        "rmtree",
        "rollback",
        "shutdown",
        "stop",
        "teardown",
        "terminate",
        "undo",
        "unlink",
        "unlock",
        "unregister",
        "unset",
        "unsubscribe",
        "wait",
    ];
    let block = match &module.stmt(stmt).kind {
        StmtKind::Try(t) => t.body,
        StmtKind::With { body, .. } => *body,
        _ => return true,
    };
    let mut calls = false;
    let mut counts = false;
    for stmt in module.statements(block) {
        match &module.stmt(stmt).kind {
            StmtKind::Delete(_) => return true,
            StmtKind::AugAssign { .. } => counts = true,
            _ => {}
        }
    }
    for expr in module.expressions(block) {
        match module.expr(expr).kind {
            ExprKind::Call(_) => calls = true,
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
                let ends = |word: &String| ENDS.iter().any(|end| word.strip_prefix(end).is_some_and(|rest| rest.len() <= 2));
                if words(&name).iter().any(ends) {
                    return true;
                }
            }
            _ => {}
        }
    }
    // `sys.stdout = before`
    !calls && !counts
}
