//! Apps: expressions that create a web application, and entry points of cloud functions.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::handed;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::pushed;
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
    /// Whether it is seen to be started: something listens for it.
    pub(super) is_started: bool,
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
                found.push(App { module: id, place: program.place(id, site.expr), framework, call: Some(site.expr), is_started: false });
            }
        }
    }
    let mounted = mounted(program, &found);
    if mounted.iter().any(|mounted| !mounted) {
        let mut mounted = mounted.into_iter();
        found.retain(|_| !mounted.next().unwrap_or_default());
    }
    start(program, &mut found);
    for handler in routes.handlers.iter().filter(|h| h.kind == HandlerKind::EntryPoint) {
        let id = program.module_of(handler.place.file).unwrap_or(handler.function.module);
        if is_test(program, id) || found.iter().any(|app| app.module == id) {
            continue;
        }
        let place =
            if id == handler.function.module { program.span_place(id, program.function(handler.function).span) } else { handler.place };
        // What is only pushed events waits for nobody.
        let is_javascript = program.module(id).language == Language::TypeScript;
        let is_started = is_javascript && !pushed::takes_event(program, routes, handler.function);
        found.push(App { module: id, place, framework: None, call: None, is_started });
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
    handed::functions(program.module(id), call, row).iter().any(|value| match resolver.entity(id, *value) {
        // `createServer((req, res) => app(req, res))`
        Entity::Function(function) => !called_in(program, function).any(|callee| is_app(program, resolver.entity(function.module, callee))),
        _ => false,
    })
}

/// What is called in the body of a function, functions within it included.
fn called_in(program: &Program, function: FunctionRef) -> impl Iterator<Item = ExprId> {
    let module = program.module(function.module);
    let whole = module.function(function.function).span;
    let calls = program.calls[function.module.0 as usize].iter().filter_map(|site| module.call(site.expr));
    calls.map(|call| call.callee).filter(move |callee| whole.contains(module.expr(*callee).span))
}

fn is_app(program: &Program, entity: Entity) -> bool {
    matches!(entity, Entity::Instance(class) if program.apis.class_has_role(class, Role::App))
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

/// Methods of apps that start them.
const LISTENS: [&str; 2] = ["listen", "startAllMicroservices"];

/// Functions that start an app which they are given, and members of apps that are given for them.
const SERVES: [&str; 4] = ["serve", "createServer", "handle", "createAdaptorServer"];
const PARTS: [&str; 3] = ["fetch", "callback", "handler"];

/// Notes which apps of TypeScript something listens for: `app.listen(…)`, `serve(app)`, `http.createServer(app.callback())`.
fn start(program: &Program, apps: &mut [App]) {
    for id in program.module_ids().filter(|id| !is_test(program, *id)) {
        let module = program.module(id);
        if module.language != Language::TypeScript {
            continue;
        }
        for call in program.calls[id.0 as usize].iter().filter_map(|site| module.call(site.expr)) {
            let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { continue };
            let mut given: Vec<ExprId> = Vec::new();
            match module.expr(call.callee).kind {
                ExprKind::Attribute { object, .. } if LISTENS.contains(&name.as_str()) => given.push(object),
                _ if SERVES.contains(&name.as_str()) => given.extend(call.args.iter().flat_map(|arg| module.descendants(arg.value))),
                _ => continue,
            }
            let resolver = Resolver::new(program);
            let inner = given.iter().filter_map(|value| match module.expr(*value).kind {
                ExprKind::Function(function) => Some(FunctionRef { module: id, function }),
                _ => None,
            });
            let called: Vec<ExprId> = inner.flat_map(|function| called_in(program, function)).collect();
            given.extend(called.into_iter().filter(|callee| is_app(program, resolver.entity(id, *callee))));
            for value in given {
                let value = match module.expr(value).kind {
                    ExprKind::Attribute { object, name, .. } if PARTS.contains(&name.as_str()) => object,
                    _ => value,
                };
                let Some(created) = created_by(program, id, value) else { continue };
                for app in apps.iter_mut().filter(|app| is_at(program, app, created)) {
                    app.is_started = true;
                }
            }
        }
    }
}

/// How many handlers are bound on an app itself.
pub(super) fn handlers_on(program: &Program, routes: &Routes, app: &App) -> usize {
    let is_on = |on: (ModuleId, ExprId)| created_by(program, on.0, on.1).is_some_and(|created| is_at(program, app, created));
    routes.handlers.iter().filter(|handler| handler.on.is_some_and(is_on)).count()
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
