//! What a list holds, where methods of JavaScript go through it: `layers.forEach((layer) => app.use(layer))`.

use super::Uses;
use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId};
use crate::model::resolve::Entity;

/// Methods that call a function with each item.
const GO_THROUGH: [&str; 7] = ["forEach", "map", "flatMap", "some", "every", "reduce", "reduceRight"];

/// Methods that give the items, or some of them.
const KEEP: [&str; 12] =
    ["filter", "slice", "concat", "flat", "reverse", "toReversed", "sort", "toSorted", "entries", "values", "at", "find"];

/// What a method does with the items of a list.
pub(super) enum Items {
    /// A call gives them.
    Kept(ExprId),
    /// A function of the project is called with each.
    Bound(ModuleId, ExprId),
    /// A function out of sight is, by this call.
    Handed(ExprId),
}

impl Uses<'_> {
    /// What becomes of the items of a list that a method is called on.
    pub(super) fn items(&self, id: ModuleId, list: ExprId) -> Option<Items> {
        let module = self.program.module(id);
        let Parent::Expr(method) = module.expr_parents[list.index()] else { return None };
        let ExprKind::Attribute { name, .. } = module.expr(method).kind else { return None };
        let Parent::Expr(outer) = module.expr_parents[method.index()] else { return None };
        let call = module.call(outer).filter(|call| module.language == Language::TypeScript && call.callee == method)?;
        if KEEP.contains(&name.as_str()) {
            return Some(Items::Kept(outer));
        }
        let first = call.args.first().filter(|_| GO_THROUGH.contains(&name.as_str()))?;
        let Entity::Function(FunctionRef { module: at, function }) = self.resolver.entity(id, first.value) else {
            return Some(Items::Handed(outer));
        };
        // The first parameter of a reducer is what has come of the items before.
        let position = usize::from(name.starts_with("reduce"));
        let param = self.program.module(at).function(function).params.get(position)?;
        Some(Items::Bound(at, param.target))
    }
}
