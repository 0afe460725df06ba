//! Pages of a headless browser: what is waited for and done there, and the code that runs in them.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::cleanup::words;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::{exceptions, local_work};

/// Methods that only such pages have, whatever they are of.
const WAITS: [&str; 7] =
    ["waitForFunction", "waitForLoadState", "waitForNavigation", "waitForNetworkIdle", "waitForSelector", "waitForURL", "waitForXPath"];

/// Methods that run a function in a page, in a module that drives a browser.
const RUNS: [&str; 8] =
    ["$$eval", "$eval", "addInitScript", "evaluate", "evaluateAll", "evaluateHandle", "evaluateOnNewDocument", "waitForFunction"];

/// Methods that do something on a page that is open already, by the last word of what they are of.
const ACTS: [(&[&str], &[&str]); 3] = [
    (
        &["page", "frame", "locator", "element", "handle"],
        &[
            "$$eval",
            "$eval",
            "click",
            "dblclick",
            "evaluate",
            "evaluateAll",
            "evaluateHandle",
            "fill",
            "focus",
            "hover",
            "press",
            "scrollIntoViewIfNeeded",
            "selectOption",
            "tap",
            "type",
        ],
    ),
    (&["keyboard"], &["down", "insertText", "press", "sendCharacter", "type", "up"]),
    (&["mouse"], &["click", "dblclick", "down", "move", "up", "wheel"]),
];

/// Whether all that these expressions do is on a page: to wait for something, to act there, to run something there. That it
/// does not come in time, or is not there, is an answer of the page. Where the page is led to is another matter.
#[must_use]
pub fn only_uses_page(program: &Program, id: ModuleId, exprs: &[ExprId]) -> bool {
    let module = program.module(id);
    if module.language != Language::TypeScript {
        return false;
    }
    let mut uses = false;
    for expr in exprs.iter().filter(|expr| module.call(**expr).is_some()) {
        let name = called(module, *expr);
        let is_wait = is(program, id, *expr, Role::PageLook) || name.is_some_and(|name| WAITS.contains(&name));
        let is_act = is(program, id, *expr, Role::PageCode) || acts(program, id, *expr);
        uses |= is_act || (is_wait && name.is_some_and(|name| name.starts_with("wait")));
        // `page.locator("#more")` looks at nothing yet.
        let is_place = || {
            let made = program.callee(id, *expr).library();
            made.is_some_and(|name| {
                program.apis.row(name).is_some_and(|row| row.returns.as_deref().is_some_and(|made| made.ends_with(".Locator")))
            })
        };
        let is_aside = || is_place() || is_link(program, id, *expr) || local_work::is_call(program, id, *expr);
        if !is_wait && !is_act && !is_aside() {
            return false;
        }
    }
    uses
}

/// Whether a call does something on a page that is open.
fn acts(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let module = program.module(id);
    let Some(callee) = module.call(call).map(|call| call.callee) else { return false };
    let ExprKind::Attribute { object, name, .. } = module.expr(callee).kind else { return false };
    // What is of a library is called by the name of its class: `playwright.Locator.click`.
    let class = program.callee(id, call).library().and_then(|name| {
        let mut parts = name.strip_prefix("js:")?.rsplit('.').map(ToOwned::to_owned);
        let class = parts.nth(1)?;
        parts.any(|part| part.starts_with("playwright") || part.starts_with("puppeteer")).then_some(class)
    });
    let of = match (class, &module.expr(object).kind) {
        (Some(class), _) => class,
        (None, ExprKind::Name(of) | ExprKind::Attribute { name: of, .. }) => of.to_string(),
        _ => return false,
    };
    let word = words(&of).pop().unwrap_or_default();
    // A page is also one of a book, and an element one of a list.
    let is_sure = word == "page" || drives(program, id);
    is_sure && ACTS.iter().any(|(of, methods)| of.contains(&word.as_str()) && methods.contains(&name.as_str()))
}

/// Whether a call only goes on with what another one has given, or lets some time pass: `.catch(() => false)`,
/// `new Promise((done) => setTimeout(done, 100))`.
fn is_link(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let module = program.module(id);
    let is_step = |name: &str| matches!(name, "catch" | "finally" | "then");
    exceptions::waits(program, id, call)
        || called(module, call).is_some_and(is_step)
        || matches!(program.callee(id, call).library().as_deref(), Some("js:globalThis.Promise" | "js:globalThis.setTimeout"))
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
