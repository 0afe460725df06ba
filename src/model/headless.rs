//! Pages of a headless browser: what is waited for there, and the code that runs in them.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::local_work;
use crate::model::program::{Link, ModuleId, Program};

/// Methods that only such pages have, whatever they are of.
const WAITS: [&str; 7] =
    ["waitForFunction", "waitForLoadState", "waitForNavigation", "waitForNetworkIdle", "waitForSelector", "waitForURL", "waitForXPath"];

/// Methods that run a function in a page, in a module that drives a browser.
const RUNS: [&str; 8] =
    ["$$eval", "$eval", "addInitScript", "evaluate", "evaluateAll", "evaluateHandle", "evaluateOnNewDocument", "waitForFunction"];

/// Whether all that these expressions wait for is something on a page: that it does not come in time is an answer.
#[must_use]
pub fn only_wait(program: &Program, id: ModuleId, exprs: &[ExprId]) -> bool {
    let module = program.module(id);
    if module.language != Language::TypeScript {
        return false;
    }
    let mut waits = false;
    for expr in exprs.iter().filter(|expr| module.call(**expr).is_some()) {
        let name = called(module, *expr);
        let is_wait = is(program, id, *expr, Role::PageLook) || name.is_some_and(|name| WAITS.contains(&name));
        waits |= is_wait && name.is_some_and(|name| name.starts_with("wait"));
        // `page.locator("#more")` looks at nothing yet.
        let is_place = || {
            let made = program.callee(id, *expr).library();
            made.is_some_and(|name| {
                program.apis.row(name).is_some_and(|row| row.returns.as_deref().is_some_and(|made| made.ends_with(".Locator")))
            })
        };
        if !is_wait && !is(program, id, *expr, Role::PageCode) && !is_place() && !local_work::is_call(program, id, *expr) {
            return false;
        }
    }
    waits
}

/// Whether a statement runs in a page, and not here: `page.evaluate(() => { … })`.
#[must_use]
pub fn runs_there(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let module = program.module(id);
    let is_run = |around: Around| {
        let Around::Function(function) = around else { return false };
        let Parent::Expr(value) = module.function(function).parent else { return false };
        let Parent::Expr(outer) = module.expr_parents[value.index()] else { return false };
        module.call(outer).is_some_and(|call| call.callee != value)
            && (is(program, id, outer, Role::PageCode)
                || (called(module, outer).is_some_and(|name| RUNS.contains(&name)) && drives(program, id)))
    };
    module.language == Language::TypeScript && module.around_stmt(stmt).any(is_run)
}

fn is(program: &Program, id: ModuleId, call: ExprId, role: Role) -> bool {
    program.callee(id, call).library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(role))
}

fn called(module: &Module, call: ExprId) -> Option<&'static str> {
    match module.expr(module.call(call)?.callee).kind {
        ExprKind::Attribute { name, .. } => Some(name.as_str()),
        _ => None,
    }
}

/// Whether a module imports what drives a browser.
#[must_use]
pub fn drives(program: &Program, id: ModuleId) -> bool {
    let is_one = |import: usize| match program.import(id, u32::try_from(import).unwrap_or(0)) {
        Link::Library(name) => name.strip_prefix("js:").is_some_and(|name| {
            let root = name.split(['.', '/']).next().unwrap_or_default();
            root.starts_with("playwright") || root.starts_with("puppeteer")
        }),
        _ => false,
    };
    (0..program.module(id).imports.len()).any(is_one)
}
