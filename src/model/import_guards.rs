//! Imports that are tried.

use crate::ir::program::*;
use crate::model::program::{Link, ModuleId, Program};

/// Whether a block tries whether something can be imported. At the top of a module it may set it up on the way.
#[must_use]
pub fn is_import_guard(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let imports = |expr: ExprId| {
        let name = module.call(expr).and_then(|_| program.callee(id, expr).library());
        name.is_some_and(|n| matches!(n.as_str(), "importlib.import_module" | "__import__" | "importlib.util.find_spec"))
    };
    let at_top = matches!(module.block_parents[block.index()], Parent::Stmt(stmt) if module.function_of_stmt(stmt).is_none());
    let does_nothing = |expr: ExprId| module.descendants(expr).into_iter().all(|e| module.call(e).is_none() || imports(e));
    let mut any = false;
    let all = module.block(block).stmts.iter().all(|stmt| match module.stmt(*stmt).kind {
        StmtKind::Import(_) => {
            any = true;
            true
        }
        StmtKind::Pass => true,
        StmtKind::Assign { value: Some(value), .. } => {
            any |= imports(value);
            at_top || does_nothing(value)
        }
        StmtKind::Expr(value) | StmtKind::Return(Some(value)) => {
            any |= imports(value);
            does_nothing(value)
        }
        _ => false,
    });
    all && any
}

/// Whether a block only imports from the project: what fails then is broken, not absent.
#[must_use]
pub fn is_of_own(program: &Program, id: ModuleId, block: BlockId) -> bool {
    is_import_guard(program, id, block) && imports(program, id, block).any(|link| matches!(link, Link::Module(_) | Link::Symbol(..)))
}

/// Whether a block begins by importing a library, and then uses it: that it is absent may be all that is expected.
#[must_use]
pub fn begins_with_library(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let first = module.block(block).stmts.first();
    first.is_some_and(|stmt| matches!(module.stmt(*stmt).kind, StmtKind::Import(_)))
        && imports(program, id, block).next().is_some_and(|link| match link {
            // What cannot be found below a directory of the project is its own, too.
            Link::Library(name) => name != "?" && !program.sources.has_directory(name.split('.').next().unwrap_or_default()),
            _ => false,
        })
}

fn imports(program: &Program, id: ModuleId, block: BlockId) -> impl Iterator<Item = Link> + '_ {
    let module = program.module(id);
    module.block(block).stmts.iter().flat_map(move |stmt| match &module.stmt(*stmt).kind {
        StmtKind::Import(imports) => imports.iter().map(|import| program.import(id, *import)).collect(),
        _ => Vec::new(),
    })
}
