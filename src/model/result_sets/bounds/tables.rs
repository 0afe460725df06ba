//! What a query begins with: the table, by the name of what stands for it.

use super::Search;
use crate::ir::program::*;
use crate::model::program::ModuleId;

impl Search<'_> {
    /// `func.count(Order.id)`, `func.sum(…).label("total")`, `exists(…)`, `literal(1)`
    pub(super) fn is_aggregate(&self, id: ModuleId, expr: ExprId) -> bool {
        const NAMES: [&str; 12] =
            ["count", "sum", "min", "max", "avg", "exists", "literal", "text", "bool_or", "bool_and", "array_agg", "now"];
        let module = self.program.module(id);
        let mut at = expr;
        while let Some(call) = module.call(at) {
            match module.expr(call.callee).kind {
                ExprKind::Attribute { object, name, .. } => {
                    let of_functions = matches!(module.expr(object).kind, ExprKind::Name(owner) | ExprKind::Attribute { name: owner, .. } if owner == "func");
                    if of_functions || name == "exists" {
                        return NAMES.contains(&name.as_str());
                    }
                    at = object;
                }
                ExprKind::Name(name) => return NAMES.contains(&name.as_str()) && name != "text",
                _ => return false,
            }
        }
        false
    }

    /// The table that a query begins with, by the name of what stands for it.
    pub(in super::super) fn table_of(&self, id: ModuleId, call: &Call) -> Option<String> {
        let module = self.program.module(id);
        let classes = call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).map(|arg| self.root_of(id, arg.value));
        if let Some(class) = classes.into_iter().find(|name| name.chars().next().is_some_and(char::is_uppercase)) {
            return Some(class);
        }
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else {
            return call.args.first().map(|arg| self.name_of(id, arg.value));
        };
        match call.args.first().map(|arg| &module.expr(arg.value).kind) {
            Some(ExprKind::String(table)) if name != "createQueryBuilder" => Some(table.to_string()),
            _ => Some(self.name_of(id, object)),
        }
    }

    /// `Order` of `Order.id`.
    pub(super) fn root_of(&self, id: ModuleId, expr: ExprId) -> String {
        match self.program.module(id).expr(expr).kind {
            ExprKind::Attribute { object, name, .. } => match self.program.module(id).expr(object).kind {
                ExprKind::Name(owner) if owner.chars().next().is_some_and(char::is_uppercase) => owner.to_string(),
                _ => name.to_string(),
            },
            _ => self.name_of(id, expr),
        }
    }

    /// The last name of an expression: `order` of `this.prisma.order`, `orders` of `db["orders"]`.
    pub(in super::super) fn name_of(&self, id: ModuleId, expr: ExprId) -> String {
        let module = self.program.module(id);
        match &module.expr(expr).kind {
            // Django: `models.Job.objects`
            ExprKind::Attribute { object, name, .. } if *name == "objects" => self.name_of(id, *object),
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } | ExprKind::String(name) => name.to_string(),
            ExprKind::Subscript { index, .. } => self.name_of(id, *index),
            ExprKind::Call(call) => self.table_of(id, call).unwrap_or_default(),
            _ => String::new(),
        }
    }
}
