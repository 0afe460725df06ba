//! What a query begins with: the table, by the name of what stands for it.

use super::Search;
use crate::ir::program::*;
use crate::model::program::ModuleId;
use crate::model::values;

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
        if let Some(class) = class_among(module, call) {
            return Some(class);
        }
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else {
            return call.args.first().map(|arg| self.name_of(id, arg.value));
        };
        let first = call.args.first().map(|arg| arg.value);
        match first.map(|first| (first, &module.expr(first).kind)) {
            Some((_, ExprKind::String(table))) if name != "createQueryBuilder" => Some(table.to_string()),
            // `sqlalchemy.select([orders.c.id])`, `session.query(model)`
            Some((first, _)) if matches!(name.as_str(), "select" | "query") => Some(self.name_of(id, first)),
            _ => Some(self.name_of(id, object)),
        }
    }

    /// The last name of an expression: `order` of `this.prisma.order`, `orders` of `db["orders"]`.
    pub(in super::super) fn name_of(&self, id: ModuleId, expr: ExprId) -> String {
        let module = self.program.module(id);
        let mut at = expr;
        for _ in 0..16 {
            at = match &module.expr(at).kind {
                // Django: `models.Job.objects`
                ExprKind::Attribute { object, name, .. } if *name == "objects" => *object,
                // `orders = Table("orders", metadata)`, and `orders.c.id`
                ExprKind::Attribute { object, name, .. } if *name == "c" => *object,
                ExprKind::Attribute { object, .. } if matches!(module.expr(*object).kind, ExprKind::Attribute { name, .. } if name == "c") => {
                    *object
                }
                ExprKind::Name(name) => return self.named_table(id, at).unwrap_or_else(|| name.to_string()),
                ExprKind::Tuple(parts) | ExprKind::List(parts) if !parts.is_empty() => parts[0],
                ExprKind::Attribute { name, .. } | ExprKind::String(name) => return name.to_string(),
                ExprKind::Subscript { index, .. } => *index,
                ExprKind::Call(call) => match (class_among(module, call), &module.expr(call.callee).kind, call.args.first()) {
                    (Some(class), ..) => return class,
                    (None, _, Some(arg)) if matches!(module.expr(arg.value).kind, ExprKind::String(_)) => arg.value,
                    (None, ExprKind::Attribute { object, .. }, _) => *object,
                    (None, _, Some(arg)) => arg.value,
                    (None, _, None) => break,
                },
                _ => break,
            };
        }
        String::new()
    }
}

impl Search<'_> {
    /// What a name stands for that is bound to `Table("orders", …)`.
    fn named_table(&self, id: ModuleId, name: ExprId) -> Option<String> {
        let (at, origin) = values::origin(self.program, id, name);
        let call = self.program.module(at).call(origin)?;
        let is_table = self.program.callee(at, origin).library().is_some_and(|name| name == "sqlalchemy.Table");
        call.args.first().filter(|_| is_table).and_then(|arg| values::text(self.program, at, arg.value))
    }
}

/// The class that is the first among the arguments of a call: `Order` of `select(Order.id)`.
fn class_among(module: &Module, call: &Call) -> Option<String> {
    let positional = call.args.iter().filter(|arg| arg.kind == ArgKind::Positional);
    positional.map(|arg| &module.expr(arg.value).kind).find_map(|kind| {
        let name = match kind {
            ExprKind::Name(name) => *name,
            ExprKind::Attribute { object, name, .. } => match module.expr(*object).kind {
                ExprKind::Name(owner) if owner.starts_with(char::is_uppercase) => owner,
                _ => *name,
            },
            _ => return None,
        };
        let is_class = name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
        is_class.then(|| name.to_string())
    })
}
