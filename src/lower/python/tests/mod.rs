//! Python in, program model out. `render` writes the model down, so that each case is a line.

mod expressions;
mod recovery;
mod render;
mod scopes;
mod statements;

use super::{lower, parse};
use crate::ir::program::*;
use crate::source::FileId;
use render::render;

/// A source, lowered. What holds of every module is checked on the way.
fn module(text: &str) -> Module {
    let tree = parse(text).expect("the parser is set up");
    let module = lower(FileId(0), text, &tree);
    assert_sound(text, &module);
    module
}

/// Asserts that sources become these statements, and that nothing in them is a syntax error.
fn assert_lowered(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let module = module(text);
        assert_eq!(render(&module), *expected, "{text:.200}");
        assert!(module.errors.is_empty(), "{text:.200}: {:?}", module.errors);
    }
}

/// Parts come before what they are part of, know it, and stand where the text is.
fn assert_sound(text: &str, module: &Module) {
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
