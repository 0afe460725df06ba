//! Apps: expressions that create a web application, and entry points of cloud functions.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::handed;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{HandlerKind, Routes, inherits};
use crate::model::values;
use crate::source::Place;

/// Where a web application is created.
pub(super) struct App {
    /// The module.
    pub(super) module: ModuleId,
    /// The expression, or an entry point's definition.
    pub(super) place: Place,
    /// The framework's canonical name; nothing for an entry point.
    pub(super) framework: Option<Ustr>,
    /// The expression; nothing for an entry point.
    pub(super) call: Option<ExprId>,
}

/// Apps of code that is no test, by place; entry points where a module has no app. Apps that are mounted in another one
/// are parts of that.
pub(super) fn find(program: &Program, routes: &Routes) -> Vec<App> {
    let resolver = Resolver::new(program);
    let mut found = Vec::new();
    for id in program.module_ids().filter(|id| !is_test(program, *id)) {
        for site in &program.calls[id.0 as usize] {
            let framework = match site.callee {
                Entity::Library(name) => framework(program, name).filter(|_| answers(program, &resolver, id, site.expr)),
                Entity::Class(m, c) => framework_of(program, &resolver, m, c),
                _ => None,
            };
            if framework.is_some() {
                found.push(App { module: id, place: program.place(id, site.expr), framework, call: Some(site.expr) });
            }
        }
    }
    let mounted = mounted(program, &found);
    if mounted.iter().any(|mounted| !mounted) {
        let mut mounted = mounted.into_iter();
        found.retain(|_| !mounted.next().unwrap_or_default());
    }
    for handler in routes.handlers.iter().filter(|h| h.kind == HandlerKind::EntryPoint) {
        let id = handler.function.module;
        if is_test(program, id) || found.iter().any(|app| app.module == id) {
            continue;
        }
        let place = program.span_place(id, program.function(handler.function).span);
        found.push(App { module: id, place, framework: None, call: None });
    }
    found.sort_by_key(|app| app.place);
    found
}

fn is_test(program: &Program, id: ModuleId) -> bool {
    program.sources.get(program.module(id).file).test
}

/// Whether a call that creates an app makes one that answers requests: a server (`http.createServer(app)`) is a shell
/// around an app unless it is given a function.
fn answers(program: &Program, resolver: &Resolver<'_>, id: ModuleId, expr: ExprId) -> bool {
    let row = program.callee(id, expr).library().and_then(|name| program.apis.row(name));
    let (Some(row), Some(call)) = (row.filter(|row| row.is(Role::Route)), program.module(id).call(expr)) else { return true };
    handed::functions(program.module(id), call, row).iter().any(|value| matches!(resolver.entity(id, *value), Entity::Function(_)))
}

/// The name of what creates an app, if this does.
fn framework(program: &Program, name: Ustr) -> Option<Ustr> {
    program.apis.class_has_role(name, Role::App).then_some(name)
}

/// The framework whose app class a class of the project extends.
fn framework_of(program: &Program, resolver: &Resolver<'_>, module: ModuleId, class: ClassId) -> Option<Ustr> {
    let framework = std::cell::Cell::new(None);
    inherits(program, resolver, module, class, |name| {
        let app = self::framework(program, name).is_some();
        if app {
            framework.set(Some(name));
        }
        app
    });
    framework.get()
}

/// What puts an app into another one: `outer.mount("/admin", inner)`, `Mount("/admin", app=inner)`, `outer.add_subapp(…)`.
const MOUNTS: [&str; 6] = ["mount", "Mount", "add_subapp", "DispatcherMiddleware", "use", "route"];

/// For each app, whether code that is no test mounts it in another one.
fn mounted(program: &Program, apps: &[App]) -> Vec<bool> {
    let mut found = vec![false; apps.len()];
    for id in program.module_ids().filter(|id| !is_test(program, *id)) {
        let module = program.module(id);
        let calls = program.calls[id.0 as usize].iter().filter_map(|site| module.call(site.expr));
        let is_mount = |call: &&Call| match module.expr(call.callee).kind {
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => MOUNTS.contains(&name.as_str()),
            _ => false,
        };
        for value in calls.filter(is_mount).flat_map(|call| &call.args).flat_map(|arg| module.descendants(arg.value)) {
            if let Some(app) = created_by(program, id, value).and_then(|created| apps.iter().position(|app| is_at(program, app, created))) {
                found[app] = true;
            }
        }
    }
    found
}

/// Where what an expression denotes is created: a call, or the function that makes it.
#[derive(Clone, Copy)]
enum Created {
    By(ModuleId, ExprId),
    In(ModuleId, FunctionId),
}

fn created_by(program: &Program, id: ModuleId, expr: ExprId) -> Option<Created> {
    let (at, origin) = values::origin(program, id, expr);
    program.module(at).call(origin)?;
    match program.callee(at, origin) {
        Entity::Function(f) => Some(Created::In(f.module, f.function)),
        _ => Some(Created::By(at, origin)),
    }
}

fn is_at(program: &Program, app: &App, created: Created) -> bool {
    let Some(call) = app.call else { return false };
    match created {
        Created::By(module, expr) => (module, expr) == (app.module, call),
        Created::In(module, function) => module == app.module && program.module(module).function_of(call) == Some(function),
    }
}
