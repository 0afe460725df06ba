//! What holds of every module, whatever language it is lowered from.

use crate::ir::program::*;

/// Parts come before what they are part of, know it, and stand where the text is.
pub fn assert_sound(text: &str, module: &Module) {
    let spans = module.exprs.iter().map(|e| e.span).chain(module.stmts.iter().map(|s| s.span));
    for span in spans.chain(module.comments.iter().copied()).chain(module.errors.iter().copied()) {
        assert!(text.get(span.range()).is_some(), "{text:.200}: {span:?}");
    }
    for id in module.expr_ids() {
        module.expr(id).kind.for_each_child(|child| {
            // Chains take in operands that came after them.
            let is_chain = matches!(module.expr(id).kind, ExprKind::Binary { .. } | ExprKind::Logical { .. });
            assert!(child < id || is_chain, "{text:.200}: {child:?} is made after {id:?}");
            assert_eq!(module.expr_parents[child.index()], Parent::Expr(id), "{text:.200}: {:?}", module.expr(child));
        });
    }
    for (index, stmt) in module.stmts.iter().enumerate() {
        let id = StmtId::at(index);
        stmt.kind.for_each_expr(|child| {
            assert_eq!(module.expr_parents[child.index()], Parent::Stmt(id), "{text:.200}: {:?}", module.expr(child));
        });
        stmt.kind.for_each_block(|block| assert_eq!(module.block_parents[block.index()], Parent::Stmt(id), "{text:.200}"));
    }
    for (index, block) in module.blocks.iter().enumerate() {
        for stmt in &block.stmts {
            let holder = module.stmt_parents[stmt.index()];
            let opaque = matches!(module.stmt(*stmt).kind, StmtKind::Opaque(..));
            assert!(holder == BlockId::at(index) || opaque || holder.index() > index, "{text:.200}: {:?}", module.stmt(*stmt));
        }
    }
    for id in module.function_ids() {
        let function = module.function(id);
        assert_eq!(module.scope(function.scope).kind, ScopeKind::Function(id), "{text:.200}");
        assert_ne!(function.parent, Parent::Module, "{text:.200}: {} is declared nowhere", function.name);
        if let FunctionBody::Block(body) = function.body {
            assert_eq!(module.block_parents[body.index()], Parent::Function(id), "{text:.200}");
        }
    }
}
