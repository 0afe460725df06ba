//! Where a name is used.

use ustr::Ustr;

use super::Resolver;
use crate::ir::program::*;
use crate::model::program::ModuleId;

impl Resolver<'_> {
    /// The expressions that read a name of a scope: neither what is assigned to nor parts of patterns.
    #[must_use]
    pub fn uses(&self, module: ModuleId, scope: ScopeId, name: Ustr) -> Vec<ExprId> {
        let m = self.program.module(module);
        let is_use = |mention: &ExprId| {
            matches!(m.expr(*mention).kind, ExprKind::Name(own) if own == name)
                && !m.is_assigned(*mention)
                && !m.is_pattern(*mention)
                && self.scope_of_name(module, *mention, name).is_some_and(|(found, _)| found == scope)
        };
        self.program.mentions(module, name).filter(is_use).collect()
    }
}
