//! Where what is missing or broken in a body comes out: in a `try`, in a search among what is known, in a look-up that finds nothing.

use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;

/// Whether an expression is part of a function that looks for an item: what is found is one of those that are known.
pub(super) fn is_in_search(module: &Module, expr: ExprId) -> bool {
    let Some(function) = module.function_of(expr) else { return false };
    let Parent::Expr(value) = module.function(function).parent else { return false };
    let Parent::Expr(outer) = module.expr_parents[value.index()] else { return false };
    let callee = module.call(outer).filter(|call| call.callee != value).map(|call| &module.expr(call.callee).kind);
    matches!(callee, Some(ExprKind::Attribute { name, .. }) if matches!(name.as_str(), "find" | "some" | "findIndex" | "filter"))
}

/// Whether a key that is not there is caught where it is read: `try: … except KeyError: …`.
pub(super) fn is_refused_when_missing(module: &Module, expr: ExprId) -> bool {
    is_attempted(module, expr, &["KeyError", "LookupError", "TypeError"], |_| true)
}

/// Whether what is looked up by a key that may be unknown is refused then: `try: role = ROLES[name]`, `except KeyError: return …`.
pub(super) fn is_refused_when_unknown(module: &Module, lookup: ExprId) -> bool {
    let leaves = |handler: &Handler| !module.block(handler.body).falls_through;
    module.language == Language::Python
        && !module.is_assigned(lookup)
        && is_attempted(module, lookup, &["KeyError", "LookupError", "ValueError", "Exception"], leaves)
}

/// Whether a text that is none of data is caught where it is read: `try { JSON.parse(…) } catch { … }`.
pub(super) fn is_refused_when_broken(module: &Module, expr: ExprId) -> bool {
    is_attempted(module, expr, &["ValueError", "JSONDecodeError", "Exception"], |handler| !module.block(handler.body).falls_through)
}

/// Whether an error of one of these names is caught where an expression is, by a handler that does what is asked for.
fn is_attempted(module: &Module, expr: ExprId, errors: &[&str], does: impl Fn(&Handler) -> bool) -> bool {
    let mut inner = None;
    for around in module.around(expr) {
        match around {
            Around::Stmt(stmt, from) => {
                if let StmtKind::Try(t) = &module.stmt(stmt).kind
                    && from.or(inner) == Some(t.body)
                    && t.handlers.iter().any(|handler| catches(module, handler, errors) && does(handler))
                {
                    return true;
                }
                inner = from;
            }
            Around::Function(_) => return false,
            _ => {}
        }
    }
    false
}

fn catches(module: &Module, handler: &Handler, errors: &[&str]) -> bool {
    // What JavaScript catches has no type.
    handler.types.map_or(module.language == Language::TypeScript, |types| {
        let is_one = |name: Ustr| errors.contains(&name.as_str());
        module
            .descendants(types)
            .iter()
            .any(|e| matches!(module.expr(*e).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if is_one(name)))
    })
}

/// Whether what a call finds is refused where it has found nothing: it has a name, and `if not found: return` follows.
pub(super) fn is_refused_when_not_found(module: &Module, call: ExprId) -> bool {
    let mut at = call;
    let stmt = loop {
        match module.expr_parents[at.index()] {
            // `await find(key)`, `query.filter_by(id=key).first()`
            Parent::Expr(parent) => match &module.expr(parent).kind {
                ExprKind::Await(_) => at = parent,
                ExprKind::Attribute { object, .. } if *object == at => at = parent,
                ExprKind::Call(outer) if outer.callee == at => at = parent,
                _ => return false,
            },
            Parent::Stmt(stmt) => break stmt,
            _ => return false,
        }
    };
    let StmtKind::Assign { targets, value: Some(value), .. } = &module.stmt(stmt).kind else { return false };
    let ([target], true) = (&targets[..], *value == at) else { return false };
    let ExprKind::Name(name) = module.expr(*target).kind else { return false };
    let function = module.function_of(call);
    module.stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::If { branches, .. } => branches.iter().any(|(test, block)| {
            module.function_of(*test) == function && !module.block(*block).falls_through && asks_whether_nothing(module, *test, name)
        }),
        _ => false,
    })
}

/// `not user`, `user is None`, `!user || user.team !== team`
fn asks_whether_nothing(module: &Module, test: ExprId, name: Ustr) -> bool {
    let is_it = |expr: ExprId| matches!(module.expr(expr).kind, ExprKind::Name(other) if other == name);
    match &module.expr(test).kind {
        ExprKind::Unary { op: UnaryOp::Not, operand } => is_it(*operand),
        ExprKind::Logical { op: LogicalOp::Or, operands } => operands
            .first()
            .is_some_and(|first| matches!(&module.expr(*first).kind, ExprKind::Unary { op: UnaryOp::Not, operand } if is_it(*operand))),
        ExprKind::Compare { operands, ops } => match (&operands[..], &ops[..]) {
            ([left, right], [CompareOp::Is | CompareOp::Eq]) => is_it(*left) && matches!(module.expr(*right).kind, ExprKind::Null),
            _ => false,
        },
        _ => false,
    }
}
