//! Where a module mentions a name.

use ustr::Ustr;

use crate::ir::program::*;

/// The expressions of a module that are a name, or an attribute of that name: by the name's hash, then by id.
#[derive(Debug)]
pub struct Mentions(Vec<(u64, ExprId)>);

impl Mentions {
    /// Finds them.
    #[must_use]
    pub fn find(module: &Module) -> Self {
        let hash = |expr: ExprId| match module.expr(expr).kind {
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some((name.precomputed_hash(), expr)),
            _ => None,
        };
        let mut found: Vec<_> = module.expr_ids().filter_map(hash).collect();
        found.sort_unstable();
        Self(found)
    }

    /// Those of a name, in the order of their ids.
    pub fn of(&self, module: &Module, name: Ustr) -> impl Iterator<Item = ExprId> {
        let hash = name.precomputed_hash();
        let start = self.0.partition_point(|(h, _)| *h < hash);
        let same = self.0[start..].iter().take_while(move |(h, _)| *h == hash).map(|(_, expr)| *expr);
        same.filter(move |expr| matches!(module.expr(*expr).kind, ExprKind::Name(n) | ExprKind::Attribute { name: n, .. } if n == name))
    }
}
