//! Handlers of TypeScript: functions that are passed to the calls which bind them, methods of controllers, and exports that a
//! framework finds by where their file lies.

use ustr::Ustr;

use super::bindings::{Bound, Finder};
use super::{Handler, HandlerKind, LibraryRoute};
use crate::ir::program::*;
use crate::model::apis::{Apis, Role, Row};
use crate::model::calls::string_argument;
use crate::model::handed;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// How many calls may be chained on what a route is bound on: `app.route('/x').get(a).post(b)`.
const MOST_CHAINED: usize = 16;

/// What is bound in a module.
pub(super) fn in_module(program: &Program, id: ModuleId) -> Bound {
    let module = program.module(id);
    let finder = Finder { program, resolver: Resolver::new(program), id };
    let mut found = Bound::default();
    for function in module.function_ids() {
        for decorator in &module.function(function).decorators {
            found.handlers.extend(finder.by_decorator(function, *decorator).map(|handler| in_controller(&finder, handler)));
        }
    }
    for site in &program.calls[id.0 as usize] {
        let (Some(call), Some(name)) = (module.call(site.expr), site.callee.library()) else { continue };
        // Decorators were looked at above.
        if matches!(module.expr_parents[site.expr.index()], Parent::Function(_) | Parent::Class(_)) && !is_body(module, site.expr) {
            continue;
        }
        if let Some(row) = program.apis.row(name)
            && let Some(kind) = kind(row)
        {
            by_call(&finder, site.expr, call, row, kind, &mut found);
        }
    }
    found.handlers.extend(exported(program, id).into_iter().map(|(function, name, _)| {
        if is_middleware(program.path(id)) {
            let place = program.span_place(function.module, program.function(function).name_span);
            let (kind, methods) = (HandlerKind::Hook, Vec::new());
            return Handler { function, kind, methods, path: None, place, class: None, is_bound: true, on: None };
        }
        let methods = if name.chars().all(char::is_uppercase) { vec![name] } else { Vec::new() };
        let place = if function.module == id {
            program.span_place(id, program.function(function).name_span)
        } else {
            // It is this file that makes a route of it.
            let binding = program.bindings(id, module.exports, name).next();
            program.span_place(id, binding.map_or_else(|| program.function(function).name_span, |binding| binding.span))
        };
        let path = path_of_file(program.path(id));
        Handler { function, kind: HandlerKind::EntryPoint, methods, path, place, class: None, is_bound: true, on: None }
    }));
    found
}

/// Whether an expression is the body of an arrow function.
fn is_body(module: &Module, expr: ExprId) -> bool {
    match module.expr_parents[expr.index()] {
        Parent::Function(function) => matches!(module.function(function).body, FunctionBody::Expr(body) if body == expr),
        _ => false,
    }
}

fn kind(row: &Row) -> Option<HandlerKind> {
    if row.is(Role::Route) {
        Some(HandlerKind::Route)
    } else if row.is(Role::EntryPoint) {
        Some(HandlerKind::EntryPoint)
    } else if row.is(Role::RequestHook) {
        Some(HandlerKind::Hook)
    } else {
        None
    }
}

/// The last function that is passed answers, those before it are passed by on the way.
fn by_call(finder: &Finder<'_>, expr: ExprId, call: &Call, row: &Row, kind: HandlerKind, found: &mut Bound) {
    let (program, id) = (finder.program, finder.id);
    let passed = handed::functions(program.module(id), call, row);
    let runs = |value: &ExprId| Some((*value, handed::run_by(program, &finder.resolver, id, *value)?));
    let functions: Vec<(ExprId, FunctionRef)> = passed.iter().filter_map(runs).collect();
    let module = program.module(id);
    let is_last = |value: ExprId| call.args.last().is_some_and(|arg| module.is_within(value, arg.value));
    let answering = functions.iter().rev().find(|(value, _)| is_last(*value)).map(|(_, function)| *function);
    let place = program.place(id, expr);
    let (on, chained) = receiver(program, id, call);
    let path = path(program, id, call, row).or(chained).filter(|_| kind != HandlerKind::EntryPoint);
    let methods = methods(program, id, call, row);
    let mut known: Vec<FunctionRef> = Vec::new();
    for (_, function) in functions {
        if known.contains(&function) {
            continue;
        }
        known.push(function);
        let kind = if kind == HandlerKind::Route && Some(function) != answering { HandlerKind::Hook } else { kind };
        let (methods, path) = (methods.clone(), path.clone());
        found.handlers.push(Handler { function, kind, methods, path, place, class: None, is_bound: true, on });
    }
    // `router.get('/orders', controller.list)`: whoever answers is out of sight.
    if kind == HandlerKind::Route
        && answering.is_none()
        && let Some(last) = passed.last()
        && path.as_deref().is_some_and(|path| path.starts_with('/'))
        && !matches!(finder.resolver.entity(id, *last), Entity::Instance(_))
    {
        let name = program.text(id, *last).lines().next().unwrap_or_default().to_owned();
        found.library.push(LibraryRoute { module: id, place, path, name, is_seen: !methods.is_empty(), methods, on });
    }
}

/// What a route is bound on, and the path that was given before: `app.route('/x').get(handler)`.
fn receiver(program: &Program, id: ModuleId, call: &Call) -> (Option<(ModuleId, ExprId)>, Option<String>) {
    let module = program.module(id);
    let ExprKind::Attribute { object: mut at, .. } = module.expr(call.callee).kind else { return (None, None) };
    let mut path = None;
    for _ in 0..MOST_CHAINED {
        let Some(before) = module.call(at) else { break };
        let ExprKind::Attribute { object, name, .. } = module.expr(before.callee).kind else { break };
        if name == "route" {
            path = string_argument(program, id, before, 0, &[]);
        }
        at = object;
    }
    (Some((id, at)), path)
}

fn path(program: &Program, id: ModuleId, call: &Call, row: &Row) -> Option<String> {
    let first = call.args.first()?;
    if row.handler_key.is_some()
        && let Some((at, entries)) = values::object_literal(program, id, first.value)
    {
        return ["url", "path"].iter().find_map(|key| key_text(program, at, entries, key));
    }
    values::text(program, id, first.value)
}

fn methods(program: &Program, id: ModuleId, call: &Call, row: &Row) -> Vec<Ustr> {
    if let Some(method) = &row.method {
        return vec![Ustr::from(&method.to_uppercase())];
    }
    let Some(first) = call.args.first().filter(|_| row.handler_key.is_some()) else { return Vec::new() };
    let Some((at, entries)) = values::object_literal(program, id, first.value) else { return Vec::new() };
    let module = program.module(at);
    let value = entries.iter().find_map(|entry| match entry {
        Entry::Pair { key, value } if matches!(module.expr(*key).kind, ExprKind::String(key) if key == "method") => Some(*value),
        _ => None,
    });
    let items = match value.map(|value| &module.expr(value).kind) {
        Some(ExprKind::List(items)) => items.to_vec(),
        Some(_) => value.into_iter().collect(),
        None => Vec::new(),
    };
    items.iter().filter_map(|item| values::text(program, at, *item)).map(|text| Ustr::from(&text.to_uppercase())).collect()
}

fn key_text(program: &Program, id: ModuleId, entries: &[Entry], name: &str) -> Option<String> {
    let module = program.module(id);
    entries.iter().find_map(|entry| match entry {
        Entry::Pair { key, value } if matches!(module.expr(*key).kind, ExprKind::String(key) if key == name) => {
            values::text(program, id, *value)
        }
        _ => None,
    })
}

/// A method of a controller answers below the controller's own path.
fn in_controller(finder: &Finder<'_>, handler: Handler) -> Handler {
    let (program, id) = (finder.program, finder.id);
    let module = program.module(id);
    let Some(class) = program.function(handler.function).class else { return handler };
    let controls = |decorator: &&ExprId| {
        let callee = module.call(**decorator).map_or(**decorator, |call| call.callee);
        finder.row(callee).is_some_and(|row| row.is(Role::Router))
    };
    // The path of a base class is that of whoever extends it.
    let Some(controller) = module.class(class).decorators.iter().find(controls) else {
        return Handler { path: None, class: Some((id, class)), ..handler };
    };
    let prefix = module.call(*controller).and_then(|call| {
        let first = call.args.first()?.value;
        match values::object_literal(program, id, first) {
            Some((at, entries)) => key_text(program, at, entries, "path"),
            None => values::text(program, id, first),
        }
    });
    let parts = [prefix, handler.path.clone()].into_iter().flatten();
    let path = parts.flat_map(|part| part.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>());
    let path = path.fold(String::new(), |path, part| format!("{path}/{part}"));
    Handler { path: Some(if path.is_empty() { "/".to_owned() } else { path }), class: Some((id, class)), ..handler }
}

/// Names of exported functions that answer requests, by HTTP method.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The functions that a framework finds by where their file lies, the names under which they are exported, and the type that
/// says what they are called with.
#[must_use]
pub fn exported(program: &Program, id: ModuleId) -> Vec<(FunctionRef, Ustr, Ustr)> {
    let module = program.module(id);
    if module.language != Language::TypeScript {
        return Vec::new();
    }
    let (names, api) = match convention(program.path(id)) {
        Some((_, "next.NextApiHandler")) if !program.path(id).ends_with(".ts") && !depends_on_next(program, id) => return Vec::new(),
        Some((names, api)) => (names.iter().map(|name| Ustr::from(name)).collect(), api),
        None => (Vec::from_iter(target(program, id)), "@google-cloud/functions-framework.HttpFunction"),
    };
    let resolver = Resolver::new(program);
    let mut found = Vec::new();
    for name in names {
        let Some(binding) = program.bindings(id, module.exports, name).next() else { continue };
        // What a wrapper returns calls what it was given.
        let within = match binding.kind {
            BindingKind::Value(value) => wrapped(program, &resolver, id, value),
            _ => None,
        };
        let function = within.or_else(|| match resolver.symbol(id, name) {
            Entity::Function(function) => Some(function),
            _ => None,
        });
        found.extend(function.map(|function| (function, name, Apis::javascript(api))));
    }
    found
}

/// The names under which a framework finds what answers in a module, by where it lies: functions, or what a library made.
#[must_use]
pub fn names_by_place(program: &Program, id: ModuleId) -> Vec<Ustr> {
    if program.module(id).language != Language::TypeScript {
        return Vec::new();
    }
    match convention(program.path(id)) {
        Some((names, _)) => names.iter().map(|name| Ustr::from(name)).collect(),
        None => Vec::from_iter(target(program, id)),
    }
}

/// The name of the function that a script of the package serves with the Functions Framework, if this module is where it looks:
/// `functions-framework --target=hello` in `package.json`.
/// <https://github.com/GoogleCloudPlatform/functions-framework-nodejs#configure-the-functions-framework>
fn target(program: &Program, id: ModuleId) -> Option<Ustr> {
    let manifest = program.package_manifests.of(program.package_of(id))?;
    let scripts = manifest.get("scripts")?.as_object()?.values().filter_map(|script| script.as_str());
    let script = scripts.into_iter().find(|script| script.contains("functions-framework"))?;
    let words: Vec<&str> = script.split(['=', ' ']).collect();
    let value = |flag: &str| words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1)).copied();
    if value("--signature-type").is_some_and(|kind| kind != "http") {
        return None;
    }
    let stem = |path: &str| path.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default().to_owned();
    let main = manifest.get("main").and_then(|main| main.as_str()).map_or_else(|| "index".to_owned(), stem);
    (stem(program.path(id)) == main).then(|| Ustr::from(value("--target").unwrap_or("function")))
}

/// The function that a call makes a handler of: `withSession(async (request) => …)`, `compose(auth, log)(handler)`.
fn wrapped(program: &Program, resolver: &Resolver<'_>, id: ModuleId, value: ExprId) -> Option<FunctionRef> {
    let module = program.module(id);
    let mut todo = vec![value];
    // As many wrappers as people put around each other.
    for _ in 0..8 {
        let next = todo.pop()?;
        match (&module.expr(next).kind, resolver.entity(id, next)) {
            (ExprKind::Function(function), _) => return Some(FunctionRef { module: id, function: *function }),
            (ExprKind::Call(call), _) => todo.extend(call.args.iter().map(|arg| arg.value)),
            (_, Entity::Function(function)) => return Some(function),
            _ => {}
        }
    }
    None
}

/// What a file exports by convention because of where it lies.
fn convention(path: &str) -> Option<(&'static [&'static str], &'static str)> {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split('.').next().unwrap_or_default();
    let is_in = |names: &[&str]| {
        let mut parts = directory.split('/').collect::<Vec<_>>();
        parts.retain(|part| !part.is_empty());
        parts.windows(names.len()).any(|window| window == names)
    };
    match stem {
        "route" if is_in(&["app"]) => Some((&METHODS, "next/server.RouteHandler")),
        _ if is_middleware(path) => Some((&["default", "middleware", "proxy"], "next/server.RouteHandler")),
        "+server" => Some((&METHODS, "@sveltejs/kit.RequestHandler")),
        _ if is_in(&["pages", "api"]) => Some((&["default"], "next.NextApiHandler")),
        _ if is_in(&["app", "routes"]) => Some((&["loader", "action"], "react-router.LoaderFunction")),
        _ => None,
    }
}

/// Whether a file holds what Next runs before its routes.
fn is_middleware(path: &str) -> bool {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    // It lies beside `app` and `pages`, which is the root of the package or its `src`.
    matches!(stem, "middleware" | "proxy") && !directory.split('/').any(|part| matches!(part, "app" | "pages" | "lib" | "server" | "utils"))
}

/// Whether the nearest manifest at or above a module asks for Next: pages of other frameworks lie in folders of these names.
fn depends_on_next(program: &Program, id: ModuleId) -> bool {
    let mut directory = Some(program.sources.get(program.module(id).file).directory());
    while let Some(at) = directory {
        if let Some(manifest) = program.sources.in_directory(at).find(|file| file.name() == "package.json") {
            return manifest.text.contains("\"next\"");
        }
        directory = at.rsplit_once('/').map(|(above, _)| above).or((!at.is_empty()).then_some(""));
    }
    false
}

/// The framework that finds a module by where it lies, as people call it.
#[must_use]
pub fn framework_by_place(path: &str) -> Option<&'static str> {
    let (_, api) = convention(path)?;
    Some(match api.split(['/', '.']).next().unwrap_or_default() {
        "next" => "Next.js",
        "@sveltejs" => "SvelteKit",
        _ => "React Router",
    })
}

/// The path that a file's place stands for: `app/api/orders/[id]/route.ts`, `pages/api/orders.ts`.
fn path_of_file(path: &str) -> Option<String> {
    let (directory, file) = path.rsplit_once('/')?;
    let stem = file.split('.').next().unwrap_or_default();
    let mut parts: Vec<&str> = directory.split('/').collect();
    let home = parts.iter().rposition(|part| matches!(*part, "app" | "pages" | "routes"))?;
    if !matches!(stem, "route" | "+server" | "index") {
        parts.push(stem);
    }
    // `(group)` and `@slot` are folders that paths do not show.
    let shown = parts[home + 1..].iter().filter(|part| !part.starts_with('(') && !part.starts_with('@'));
    Some(shown.fold(String::new(), |path, part| format!("{path}/{part}")))
}
