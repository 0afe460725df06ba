//! Whether only the first row is used of what is read, or how many there are.

use ustr::Ustr;

use super::readers::Readers;
use crate::ir::program::*;
use crate::model::calls::Passed;
use crate::model::options;
use crate::model::resolve::{Entity, Resolver};

impl Readers<'_> {
    /// Whether only the first row is used of what an expression reads: `rows[0]`, `const [row] = …`.
    pub(super) fn takes_first_only(&self, expr: ExprId) -> bool {
        let module = self.program.module(self.id);
        let mut at = expr;
        loop {
            match module.expr_parents[at.index()] {
                Parent::Expr(parent) => match &module.expr(parent).kind {
                    ExprKind::Await(_) => at = parent,
                    ExprKind::Attribute { object, name, .. } if *object == at => match name.as_str() {
                        "rows" | "recordset" => at = parent,
                        "rowCount" | "length" => return true,
                        _ => return false,
                    },
                    ExprKind::Subscript { object, index, .. } if *object == at => return is_zero(module, *index),
                    _ => return false,
                },
                Parent::Stmt(stmt) => {
                    let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind else { return false };
                    return targets
                        .iter()
                        .any(|target| self.names_first_only(*target) || (self.gives_rows_alone(expr) && is_pair_of_one(module, *target)));
                }
                _ => return false,
            }
        }
    }

    /// Sequelize: told what the rows are, it gives them alone; else them and what is known about them.
    fn gives_rows_alone(&self, call: ExprId) -> bool {
        let Some(options) = self.program.module(self.id).call(call).and_then(|call| call.args.get(1)) else { return false };
        ["type", "model", "plain"].iter().any(|key| matches!(options::held(self.program, self.id, options.value, key), Passed::Value(..)))
    }

    fn names_first_only(&self, target: ExprId) -> bool {
        let module = self.program.module(self.id);
        match &module.expr(target).kind {
            ExprKind::Name(name) => {
                let resolver = Resolver::new(self.program);
                let scope = resolver.scope_of_name(self.id, target, *name).map(|(scope, _)| scope);
                let of_scope = |mention: &ExprId| resolver.scope_of_name(self.id, *mention, *name).map(|(scope, _)| scope) == scope;
                let is_use = |mention: &ExprId| *mention != target && !module.is_assigned(*mention);
                let uses: Vec<ExprId> = self.program.mentions(self.id, *name).filter(is_use).filter(of_scope).collect();
                uses.iter().any(|mention| self.is_first(*mention))
                    && uses.iter().all(|mention| self.is_first(*mention) || self.is_counted(*mention))
            }
            // `const { rows } = …`
            ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
                Entry::Pair { key, value } => {
                    matches!(module.expr(*key).kind, ExprKind::String(key) if key == "rows") && self.names_first_only(*value)
                }
                Entry::Spread(_) => false,
            }),
            // `const { rows: [row] } = …`
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                parts.len() == 1 && matches!(module.expr_parents[target.index()], Parent::Expr(_))
            }
            _ => false,
        }
    }

    /// `rows[0]`, `result.rows[0]`
    fn is_first(&self, mention: ExprId) -> bool {
        let module = self.program.module(self.id);
        let Parent::Expr(parent) = module.expr_parents[mention.index()] else { return false };
        match &module.expr(parent).kind {
            ExprKind::Attribute { object, name, .. } if *object == mention && *name == "rows" => self.is_first(parent),
            ExprKind::Subscript { object, index, .. } if *object == mention => is_zero(module, *index),
            _ => false,
        }
    }

    /// `rows.length`, `result.rowCount`, `if (!rows)`
    fn is_counted(&self, mention: ExprId) -> bool {
        let module = self.program.module(self.id);
        match module.expr_parents[mention.index()] {
            Parent::Expr(parent) => match &module.expr(parent).kind {
                ExprKind::Attribute { object, name, .. } if *object == mention => match name.as_str() {
                    "rows" => self.is_counted(parent),
                    "length" | "rowCount" => true,
                    _ => false,
                },
                ExprKind::Unary { .. } | ExprKind::Logical { .. } | ExprKind::Compare { .. } => true,
                ExprKind::Conditional { test, .. } => *test == mention,
                ExprKind::Call(_) => self.program.callee(self.id, parent) == Entity::Builtin(Ustr::from("len")),
                _ => false,
            },
            Parent::Stmt(stmt) => matches!(module.stmt(stmt).kind, StmtKind::If { .. }),
            _ => false,
        }
    }
}

/// `const [row] = …`
fn is_pair_of_one(module: &Module, target: ExprId) -> bool {
    matches!(&module.expr(target).kind, ExprKind::Tuple(parts) | ExprKind::List(parts) if parts.len() == 1)
}

fn is_zero(module: &Module, index: ExprId) -> bool {
    matches!(module.expr(index).kind, ExprKind::Number(digits) if digits == "0")
}
