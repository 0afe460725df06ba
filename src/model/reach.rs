//! Reach: what those who call a service get at. One that only reads, and touches little, costs little when it is called often.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::exposure::{self, Route};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{Handler, javascript};
use crate::model::services::Service;
use crate::model::{callers, local_work, outside, values};

/// What callers get at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Nothing says that it is little.
    Much,
    /// One or two routes beside the pages of a front end, which only read.
    Little,
    /// Routes that are given to a function, from out of sight.
    Given,
    /// None: wherever a list of routes is given, it is empty.
    Nothing,
}

/// With how many routes that only read a service does little.
const FEW: usize = 2;

/// How far functions are followed.
const DEPTH: u8 = 3;

/// Functions and classes that make an answer of what they are given.
const ANSWERS: [&str; 21] = [
    "django.http.HttpResponse",
    "django.http.HttpResponseRedirect",
    "django.http.JsonResponse",
    "django.shortcuts.redirect",
    "fastapi.responses.HTMLResponse",
    "fastapi.responses.JSONResponse",
    "fastapi.responses.PlainTextResponse",
    "fastapi.responses.RedirectResponse",
    "flask.jsonify",
    "flask.redirect",
    "js:@sveltejs/kit.json",
    "js:@sveltejs/kit.redirect",
    "js:globalThis.Response",
    "js:globalThis.Response.json",
    "js:globalThis.Response.redirect",
    "js:next/navigation.permanentRedirect",
    "js:next/navigation.redirect",
    "js:next/server.NextResponse",
    "js:next/server.NextResponse.json",
    "js:next/server.NextResponse.redirect",
    "starlette.responses.RedirectResponse",
];

/// Modules whose functions name and read files.
const FILES: [&str; 2] = ["js:fs", "js:path."];

/// What callers of a service get at by its routes.
#[must_use]
pub fn of(project: &Project, service: &Service, routes: &[Route]) -> Reach {
    let program = &project.program;
    if service.app_call.is_some() && !routes.is_empty() {
        let given: Option<Vec<Vec<(ModuleId, ExprId)>>> = routes.iter().map(|route| lists_of(project, route)).collect();
        if let Some(lists) = given {
            return if lists.into_iter().flatten().all(|(id, list)| is_given_nothing(program, id, list)) {
                Reach::Nothing
            } else {
                Reach::Given
            };
        }
    }
    // Handlers of pages answer any method unless they look at it.
    let is_reading = |route: &Route| match &route.methods[..] {
        [] => route.function.is_some_and(|function| looks_at_nothing(program, function)),
        methods => methods.iter().all(|method| matches!(method.as_str(), "GET" | "HEAD")),
    };
    let is_of_pages = service.app_call.is_none() && javascript::framework_by_place(program.path(service.module)).is_some();
    if is_of_pages && routes.len() <= FEW && routes.iter().all(is_reading) { Reach::Little } else { Reach::Much }
}

/// Whether all that a route does is to send whoever asks somewhere else.
#[must_use]
pub fn only_redirects(program: &Program, route: &Route) -> bool {
    let Some(function) = route.function else { return false };
    let (module, body) = (program.module(function.module), body(program, function));
    let redirects = |expr: &ExprId| {
        let callee = module.call(*expr).map(|call| &module.expr(call.callee).kind);
        match callee {
            Some(ExprKind::Name(name) | ExprKind::Attribute { name, .. }) => {
                matches!(name.as_str(), "redirect" | "permanentRedirect" | "RedirectResponse" | "HttpResponseRedirect")
            }
            _ => false,
        }
    };
    !route.writes() && body.iter().any(redirects) && is_at_hand(program, function, DEPTH)
}

fn body(program: &Program, function: FunctionRef) -> Vec<ExprId> {
    let module = program.module(function.module);
    match module.function(function.function).body {
        FunctionBody::Block(body) => module.expressions(body),
        FunctionBody::Expr(value) => module.descendants(value),
    }
}

/// Whether a function does not look at the request that it is given.
fn looks_at_nothing(program: &Program, function: FunctionRef) -> bool {
    let module = program.module(function.module);
    let request = module.function(function.function).params.first().map(|param| param.name);
    let is_request = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::Name(name) if Some(name) == request);
    !body(program, function).iter().any(is_request)
}

/// Whether a function answers with what the program has at hand, and asks nobody: it works on values, reads files.
fn is_at_hand(program: &Program, function: FunctionRef, depth: u8) -> bool {
    let id = function.module;
    let module = program.module(id);
    let params = &module.function(function.function).params;
    // `res.status(200).json(…)`: what a function of JavaScript is given to answer with. In Python, a session may be injected.
    let answers =
        |call: &Call| module.language == Language::TypeScript && exposure::is_of_param(module, module.function(function.function), call);
    let is_known = |expr: ExprId| match program.callee(id, expr) {
        Entity::Function(called) => depth > 0 && is_at_hand(program, called, depth - 1),
        Entity::Library(name) | Entity::Builtin(name) => ANSWERS.contains(&name.as_str()),
        _ => false,
    };
    let is_param = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::Name(name) if params.iter().any(|p| p.name == name));
    // Whoever asks may name the file.
    let names_file = |expr: ExprId| {
        let name = program.callee(id, expr).library();
        name.is_some_and(|name| FILES.iter().any(|module| name.starts_with(module))) && module.descendants(expr).iter().any(is_param)
    };
    body(program, function).into_iter().all(|expr| match &module.expr(expr).kind {
        ExprKind::Call(_) if names_file(expr) => false,
        ExprKind::Call(call) => {
            answers(call) || is_known(expr) || local_work::is_call_or_file(program, id, expr) || outside::is_probe(program, id, expr)
        }
        // Parameters of a route of Next: `(await props.params).id`.
        ExprKind::Await(awaited) => module.call(*awaited).is_none() || local_work::is_call_or_file(program, id, *awaited),
        ExprKind::Yield(_) | ExprKind::YieldFrom(_) => false,
        _ => true,
    })
}

/// The parameters that hold the routes which a function binds, where a route is none but those.
fn lists_of(project: &Project, route: &Route) -> Option<Vec<(ModuleId, ExprId)>> {
    let handlers = project.routes.handlers.iter().filter(|handler| Some(handler.function) == route.function);
    let lists: Vec<_> = handlers.map(|handler| list_of(&project.program, handler)).collect::<Option<_>>()?;
    (!lists.is_empty()).then_some(lists)
}

/// The parameter that holds the route that is bound: `for (const e of endpoints) app.post(e.path, …)`.
fn list_of(program: &Program, handler: &Handler) -> Option<(ModuleId, ExprId)> {
    if handler.path.is_some() {
        return None;
    }
    let id = program.module_of(handler.place.file)?;
    let module = program.module(id);
    let site = program.calls[id.0 as usize].iter().find(|site| module.expr(site.expr).span == handler.place.span)?;
    let path = root(module, module.call(site.expr)?.args.first()?.value);
    let ExprKind::Name(item) = module.expr(path).kind else { return None };
    let holds = |target: ExprId| module.descendants(target).iter().any(|e| matches!(module.expr(*e).kind, ExprKind::Name(n) if n == item));
    let list = module.around(site.expr).find_map(|around| match around {
        Around::Stmt(stmt, _) => match &module.stmt(stmt).kind {
            StmtKind::Loop(l) => match l.kind {
                LoopKind::For { target, iter } if holds(target) => Some(iter),
                _ => None,
            },
            _ => None,
        },
        // `endpoints.forEach(([path, handler]) => …)`
        Around::Expr(outer) => {
            let call = module.call(outer)?;
            let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return None };
            let ExprKind::Function(each) = module.expr(call.args.first()?.value).kind else { return None };
            let is_item = module.function(each).params.first().is_some_and(|param| holds(param.target));
            (is_item && matches!(name.as_str(), "forEach" | "map")).then_some(object)
        }
        _ => None,
    })?;
    let ExprKind::Name(name) = module.expr(list).kind else { return None };
    let (scope, _) = Resolver::new(program).scope_of_name(id, list, name)?;
    let is_given = program.bindings(id, scope, name).all(|binding| matches!(binding.kind, BindingKind::Param(_)));
    is_given.then_some((id, list))
}

/// Whether all who are seen to call a function give it an empty list for a parameter, and put nothing into that.
fn is_given_nothing(program: &Program, id: ModuleId, param: ExprId) -> bool {
    let is_empty = |(at, value): (ModuleId, ExprId)| {
        let module = program.module(at);
        let is_filled = |expr: &Expr| match expr.kind {
            ExprKind::Attribute { object, .. } | ExprKind::Subscript { object, .. } => program.text(at, object) == program.text(at, value),
            _ => false,
        };
        let (m, list) = values::origin(program, at, value);
        matches!(&program.module(m).expr(list).kind, ExprKind::List(items) if items.is_empty()) && !module.exprs.iter().any(is_filled)
    };
    callers::given(program, id, param).is_some_and(|given| !given.is_empty() && given.into_iter().all(is_empty))
}

fn root(module: &Module, expr: ExprId) -> ExprId {
    let mut at = expr;
    while let ExprKind::Attribute { object, .. } | ExprKind::Subscript { object, .. } = module.expr(at).kind {
        at = object;
    }
    at
}

/// Whether a service has a function of its own that throttles those who ask: `throttle_login(request)`. What that limits, and
/// whether it is enough, cannot be told.
#[must_use]
pub fn is_throttled_by_hand(program: &Program, service: &Service) -> bool {
    let throttles = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("throttl") || name.replace('_', "").contains("ratelimit")
    };
    let is_asker = |param: &Param| matches!(param.name.as_str(), "request" | "req" | "ip" | "ctx" | "context" | "info" | "user");
    service.code.iter().any(|id| {
        let mut functions = program.module(*id).functions.iter();
        functions.any(|function| throttles(&function.name) && function.params.iter().any(is_asker))
    })
}
