//! Fields of classes, with the decorators that TypeScript puts on them.

use ustr::Ustr;

use crate::ir::program::*;

/// A field that a class declares.
#[derive(Clone, Copy, Debug)]
pub struct Field<'m> {
    /// Its name.
    pub name: Ustr,
    /// The expression that names it.
    pub target: ExprId,
    /// Its decorators, which stand before it.
    pub decorators: &'m [ExprId],
    /// Its annotation.
    pub annotation: Option<ExprId>,
    /// Its value, where it is given one.
    pub value: Option<ExprId>,
}

/// The fields that a class declares itself, in order.
pub fn of(module: &Module, class: ClassId) -> impl Iterator<Item = Field<'_>> {
    let stmts = &module.block(module.class(class).body).stmts;
    stmts.iter().enumerate().filter_map(|(index, stmt)| {
        let StmtKind::Assign { targets, annotation, value } = &module.stmt(*stmt).kind else { return None };
        let target = *targets.first()?;
        let ExprKind::Name(name) = module.expr(target).kind else { return None };
        let before = index.checked_sub(1).map(|before| &module.stmt(stmts[before]).kind);
        let decorators = match before {
            Some(StmtKind::Opaque(decorators, _)) if module.language == Language::TypeScript => decorators,
            _ => &[][..],
        };
        Some(Field { name, target, decorators, annotation: *annotation, value: *value })
    })
}
