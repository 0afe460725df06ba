//! Imports that are tried, and programs that may be installed or not.

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::patience;
use crate::model::program::{Link, ModuleId, Program};

/// Whether a block tries whether something can be imported, or is installed. At the top of a module it may set it up on the way.
#[must_use]
pub fn is_import_guard(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let imports = |expr: ExprId| {
        let name = module.call(expr).and_then(|_| program.callee(id, expr).library());
        let is_named = name.is_some_and(|n| {
            matches!(
                n.as_str(),
                "importlib.import_module"
                    | "__import__"
                    | "importlib.util.find_spec"
                    | "js:globalThis.require"
                    | "js:globalThis.require.resolve"
                    | "js:globalThis.import"
            )
        });
        is_named || matches!(module.expr(expr).kind, ExprKind::Require(_)) || asks_for_program(program, id, expr)
    };
    // `(await import("sharp")).default`
    let imports = |expr: ExprId| match module.language {
        Language::Python => imports(expr),
        Language::TypeScript => module.descendants(expr).into_iter().any(imports),
    };
    let at_top = matches!(module.block_parents[block.index()], Parent::Stmt(stmt) if module.function_of_stmt(stmt).is_none());
    // `require(path.join(folder, "package.json"))`
    let computes_path = |e: ExprId| program.callee(id, e).library().is_some_and(|name| name.starts_with("js:path."));
    let does_nothing =
        |expr: ExprId| module.descendants(expr).into_iter().all(|e| module.call(e).is_none() || imports(e) || computes_path(e));
    let mut any = false;
    let all = module.block(block).stmts.iter().all(|stmt| match module.stmt(*stmt).kind {
        StmtKind::Import(_) => {
            any = true;
            true
        }
        StmtKind::Pass => true,
        // `let sharp;`
        StmtKind::Assign { value: None, .. } => true,
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

/// Whether a call asks whether a program is installed: `git --version`, `which git`.
fn asks_for_program(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let is_process = program.callee(id, expr).library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Subprocess));
    program.module(id).call(expr).filter(|_| is_process).is_some_and(|call| patience::ends_soon(&patience::command(program, id, call)))
}

/// Whether a block only imports from the project: what fails then is broken, not absent.
#[must_use]
pub fn is_of_own(program: &Program, id: ModuleId, block: BlockId) -> bool {
    is_import_guard(program, id, block) && imports(program, id, block).any(|link| matches!(link, Link::Module(_) | Link::Symbol(..)))
}

/// What Python brings along, as far as code imports it where it is used.
const LANGUAGE: [&str; 32] = [
    "ast",
    "asyncio",
    "base64",
    "collections",
    "concurrent",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "email",
    "functools",
    "gc",
    "hashlib",
    "importlib",
    "inspect",
    "io",
    "json",
    "logging",
    "math",
    "os",
    "pathlib",
    "random",
    "re",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "time",
    "traceback",
    "urllib",
];

/// Whether a block begins by importing libraries, and then uses them: that they are absent may be all that is expected.
#[must_use]
pub fn begins_with_library(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let first = module.block(block).stmts.first();
    // What cannot be found below a directory of the project is its own, too.
    let is_installed = |link: Link| match link {
        Link::Library(name) => {
            let root = name.split('.').next().unwrap_or_default();
            root != "?" && !LANGUAGE.contains(&root) && !program.sources.has_directory(root)
        }
        _ => false,
    };
    first.is_some_and(|stmt| matches!(module.stmt(*stmt).kind, StmtKind::Import(_))) && imports(program, id, block).all(is_installed)
}

/// Whether all that a block does is to put something of its own in the place of what a library has.
#[must_use]
pub fn only_patches(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let calls = |expr: ExprId| module.descendants(expr).into_iter().any(|part| module.call(part).is_some());
    let mut any = false;
    let all = module.block(block).stmts.iter().all(|stmt| match &module.stmt(*stmt).kind {
        StmtKind::Import(_) | StmtKind::Function(_) | StmtKind::Class(_) | StmtKind::Pass => true,
        StmtKind::Assign { targets, value: Some(value), .. } => {
            any |= targets.iter().any(|target| matches!(module.expr(*target).kind, ExprKind::Attribute { .. }));
            !targets.iter().chain([value]).any(|expr| calls(*expr))
        }
        _ => false,
    });
    all && any && begins_with_library(program, id, block)
}

fn imports(program: &Program, id: ModuleId, block: BlockId) -> impl Iterator<Item = Link> + '_ {
    let module = program.module(id);
    module.block(block).stmts.iter().flat_map(move |stmt| match &module.stmt(*stmt).kind {
        StmtKind::Import(imports) => imports.iter().map(|import| program.import(id, *import)).collect(),
        _ => Vec::new(),
    })
}
