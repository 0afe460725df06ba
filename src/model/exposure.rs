//! Exposure: the routes that a service lets others call.

use std::collections::{BTreeMap, BTreeSet};

use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::calls::string_argument;
use crate::model::program::{CallSite, FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::Entity;
use crate::model::routes::{Handler, HandlerKind, views};
use crate::model::served::Served;
use crate::model::services::Service;
use crate::model::values::{self, Value};
use crate::source::Place;

/// A route of a service, probes and metrics aside.
#[derive(Clone, Debug)]
pub struct Route {
    /// The function that answers it, if the project has it.
    pub function: Option<FunctionRef>,
    /// What it is called: the function's name, else its path.
    pub name: String,
    /// Its path, where all of it can be seen.
    pub path: Option<String>,
    /// Where it is.
    pub place: Place,
    /// HTTP methods in upper case; empty where any or unknown.
    pub methods: Vec<Ustr>,
    /// Whether all methods can be seen that the view answers.
    pub is_seen: bool,
}

/// Methods that change something.
const WRITING: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

impl Route {
    /// Whether it changes something.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.methods.iter().any(|method| WRITING.contains(&method.as_str()))
    }
}

/// The routes of a service that do more than say how it is: those that change something first.
#[must_use]
pub fn routes(project: &Project, service: &Service) -> Vec<Route> {
    let program = &project.program;
    let is_code = |module: &ModuleId| service.code.binary_search(module).is_ok();
    let served = Served::of(program, service);
    let all: Vec<&Handler> =
        project.routes.handlers.iter().filter(|h| h.kind != HandlerKind::Hook && is_code(&h.function.module)).collect();
    let unused = unused_views(program, service, &all);
    let serves = |h: &&Handler| {
        !is_server(program, service, h) && served.serves(h.on) && h.class.is_none_or(|class| h.is_bound || !unused.contains(&class))
    };
    let is_kind = |h: &&Handler| (h.kind == HandlerKind::EntryPoint) == service.app_call.is_none();
    let mut handlers: Vec<&Handler> = all.iter().copied().filter(serves).filter(is_kind).collect();
    // The app may be one that others build on.
    if handlers.is_empty() {
        handlers = all;
    }
    // What hands requests to the other methods of its class is no route beside them.
    let of_classes: BTreeMap<Class, usize> = handlers.iter().filter_map(|h| h.class).fold(BTreeMap::new(), |mut counts, class| {
        *counts.entry(class).or_default() += 1;
        counts
    });
    let is_way = |h: &&Handler| {
        program.function(h.function).name.starts_with("dispatch")
            && h.class.is_some_and(|class| of_classes.get(&class).is_some_and(|count| *count > 1))
    };
    handlers.retain(|h| !is_way(h));
    let is_django = service.framework.is_some_and(|framework| framework.starts_with("django."));
    let (mut by_function, mut probes): (BTreeMap<(FunctionRef, Option<Class>), Route>, bool) = (BTreeMap::new(), false);
    let mut indexes: BTreeSet<FunctionRef> = BTreeSet::new();
    for handler in handlers {
        let module = program.module(handler.function.module);
        let f = module.function(handler.function.function);
        // What is around a URLconf cannot be seen.
        let path = handler.path.as_deref().filter(|_| !is_django).and_then(|path| served.path(handler.on, path));
        let is_nest = handler.class.is_some() && service.framework.is_some_and(|framework| framework.starts_with("js:@nestjs/"));
        let path = if is_nest { path.and_then(|path| below_prefix(program, service, &path)) } else { path };
        let known = path.as_deref().or(handler.path.as_deref());
        if is_probe(known, &f.name) || answers_probes_alone(program, handler.function) {
            probes = true;
            continue;
        }
        if known.is_some_and(is_everything) {
            indexes.insert(handler.function);
        }
        let route = Route {
            function: Some(handler.function),
            name: handler
                .class
                .map_or_else(|| name(program, handler), |(m, class)| format!("{}.{}", program.module(m).class(class).name, f.name)),
            path,
            place: program.span_place(handler.function.module, f.name_span),
            methods: handler.methods.clone(),
            is_seen: handler.class.is_none_or(|(m, class)| views::lineage(program, m, class).is_seen),
        };
        let known = by_function.entry((handler.function, handler.class)).or_insert(route);
        known.methods.extend(handler.methods.iter().filter(|method| !known.methods.contains(method)).copied().collect::<Vec<_>>());
    }
    let mut routes: Vec<Route> = by_function.into_values().collect();
    for route in project.routes.library.iter().filter(|route| is_code(&route.module)) {
        let path = route.path.as_deref().filter(|_| !is_django).and_then(|path| served.path(route.on, path));
        if is_probe(path.as_deref().or(route.path.as_deref()), "") || !served.serves(route.on) {
            continue;
        }
        let name = path.clone().filter(|path| !path.is_empty()).unwrap_or_else(|| route.name.clone());
        routes.push(Route { function: None, name, path, place: route.place, methods: route.methods.clone(), is_seen: route.is_seen });
    }
    // What stands beside probes and files: a page that links to them, or says that it is there; the one of a site of one page.
    let is_index = |route: &Route| {
        (route.path.as_deref().is_some_and(is_everything) || route.function.is_some_and(|function| indexes.contains(&function)))
            && route.methods.iter().all(|method| *method == "GET")
            && route.function.is_none_or(|function| is_constant(program, function, CONSTANT_DEPTH))
    };
    if (probes || serves_files(program, service)) && routes.iter().all(is_index) {
        routes.clear();
    }
    routes.sort_by_key(|route| (!route.writes(), route.place));
    routes
}

/// Whether a path is the one that all else lies below, or stands for all: `/`, `*`, `/{*splat}`.
fn is_everything(path: &str) -> bool {
    path.trim_matches(['/', '*', '(', ')', '.', '{', '}']).is_empty() || path == "/{*splat}"
}

/// Whether a server that is one function tells probes apart, and nothing else: `if (req.url === '/health')`; or whether it
/// answers the same error to all.
fn answers_probes_alone(program: &Program, function: FunctionRef) -> bool {
    let module = program.module(function.module);
    let f = module.function(function.function);
    let FunctionBody::Block(body) = f.body else { return false };
    let exprs = module.expressions(body);
    let is_address =
        |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::Attribute { name, .. } if matches!(name.as_str(), "url" | "pathname"));
    let mut paths = Vec::new();
    let mut uses = 0;
    for expr in &exprs {
        match &module.expr(*expr).kind {
            ExprKind::Compare { operands, .. } if operands.iter().any(is_address) => {
                uses += operands.iter().filter(|operand| is_address(operand)).count();
                paths.extend(operands.iter().filter_map(|operand| match module.expr(*operand).kind {
                    ExprKind::String(text) => Some(text),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    // What reads its address otherwise tells more apart.
    if uses > 0 {
        let is_said = |path: &ustr::Ustr| is_everything(path) || is_probe(Some(path), "");
        // What it is compared with is written there, each time.
        return uses == paths.len()
            && uses == exprs.iter().filter(|expr| is_address(expr)).count()
            && paths.iter().all(is_said)
            && paths.iter().any(|path| is_probe(Some(path), ""));
    }
    let fails = |expr: &ExprId| {
        module.call(*expr).is_some_and(|call| {
            matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if name == "writeHead")
                && call.args.first().is_some_and(
                    |arg| matches!(values::value(program, function.module, arg.value), Value::Number(status) if status >= 500.0),
                )
        })
    };
    exprs.iter().any(fails) && is_constant(program, function, CONSTANT_DEPTH)
}

/// Whether a service serves the files of a folder.
fn serves_files(program: &Program, service: &Service) -> bool {
    const SERVING: [&str; 8] = [
        "js:express.static",
        "js:serve-static",
        "js:redoc-express",
        "js:swagger-ui-express.setup",
        "js:koa-static",
        "js:@fastify/static",
        "js:@hono/node-server/serve-static.serveStatic",
        "fastapi.staticfiles.StaticFiles",
    ];
    let mut names = service.code.iter().flat_map(|id| &program.calls[id.0 as usize]).filter_map(|site| site.callee.library());
    names.any(|name| SERVING.contains(&name.as_str()))
}

/// How far functions are followed that only say something.
const CONSTANT_DEPTH: u8 = 3;

/// Whether a route only reads, and answers the same to everybody.
#[must_use]
pub fn says_the_same(program: &Program, route: &Route) -> bool {
    route.methods.iter().all(|method| *method == "GET" || *method == "HEAD")
        && route.function.is_some_and(|function| is_constant(program, function, CONSTANT_DEPTH))
}

/// Whether a call is of a parameter, or of what one gives: `res.status(200).json(…)`.
pub(super) fn is_of_param(module: &Module, function: &Function, call: &Call) -> bool {
    let mut at = call.callee;
    loop {
        at = match &module.expr(at).kind {
            ExprKind::Attribute { object, .. } => *object,
            ExprKind::Call(inner) => inner.callee,
            ExprKind::Name(name) => return function.params.iter().any(|param| param.name == *name),
            _ => return false,
        };
    }
}

/// Whether a function answers the same to everybody: it calls nothing but what it is given to answer with, and functions of
/// the project that do as little.
fn is_constant(program: &Program, function: FunctionRef, depth: u8) -> bool {
    let module = program.module(function.module);
    let f = module.function(function.function);
    let exprs = match f.body {
        FunctionBody::Block(body) => module.expressions(body),
        FunctionBody::Expr(value) => module.descendants(value),
    };
    let is_own = |call: &Call| is_of_param(module, f, call);
    let is_param = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::Name(name) if f.params.iter().any(|p| p.name == name));
    let is_as_little = |expr: ExprId| match program.callee(function.module, expr) {
        Entity::Function(called) => depth > 0 && is_constant(program, called, depth - 1),
        // `path.join(__dirname, 'index.html')`
        Entity::Library(name) | Entity::Builtin(name) if name.starts_with("js:path.") || name == "js:globalThis.process.cwd" => {
            !module.descendants(expr).iter().any(is_param)
        }
        _ => false,
    };
    exprs.into_iter().all(|expr| match &module.expr(expr).kind {
        ExprKind::Call(call) => is_own(call) || is_as_little(expr),
        ExprKind::Await(_) => false,
        _ => true,
    })
}

/// A path of Nest below the prefix that the app sets for all, where it can be seen.
pub(super) fn below_prefix(program: &Program, service: &Service, path: &str) -> Option<String> {
    let id = service.module;
    let module = program.module(id);
    let sets = |call: &&Call| matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if name == "setGlobalPrefix");
    match program.calls[id.0 as usize].iter().filter_map(|site| module.call(site.expr)).find(sets) {
        Some(call) => string_argument(program, id, call, 0, &[]).map(|prefix| format!("/{}{path}", prefix.trim_matches('/'))),
        None => Some(path.to_owned()),
    }
}

/// Whether a handler is that of a server beside the app of a service: a shell around it.
fn is_server(program: &Program, service: &Service, handler: &Handler) -> bool {
    let Some(id) = program.module_of(handler.place.file).filter(|id| program.module(*id).language == Language::TypeScript) else {
        return false;
    };
    let module = program.module(id);
    let creates = |site: &CallSite| {
        module.expr(site.expr).span == handler.place.span
            && site.callee.library().is_some_and(|name| program.apis.class_has_role(name, Role::App))
    };
    service.app_call.is_some() && handler.place != service.app && program.calls[id.0 as usize].iter().any(creates)
}

/// What a function is called; one of a cloud function that has no name, as what it is exported or registered as.
fn name(program: &Program, handler: &Handler) -> String {
    let f = program.function(handler.function);
    if !f.name.is_empty() || handler.kind != HandlerKind::EntryPoint {
        return f.name.to_string();
    }
    let bound = || {
        let id = program.module_of(handler.place.file)?;
        let module = program.module(id);
        let site = program.calls[id.0 as usize].iter().find(|site| module.expr(site.expr).span == handler.place.span)?;
        match module.stmt_of(site.expr).map(|stmt| &module.stmt(stmt).kind) {
            Some(StmtKind::Assign { targets, .. }) => targets.first().and_then(|target| match module.expr(*target).kind {
                ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some(name.to_string()),
                _ => None,
            }),
            _ => string_argument(program, id, module.call(site.expr)?, 0, &[]),
        }
    };
    bound().unwrap_or_default()
}

type Class = (ModuleId, ClassId);

/// View classes that no route is bound to and that code of a service names nowhere, except as bases of others: where others
/// are bound, these are not served.
fn unused_views(program: &Program, service: &Service, handlers: &[&Handler]) -> BTreeSet<Class> {
    if !handlers.iter().any(|handler| handler.is_bound) {
        return BTreeSet::new();
    }
    let mut unused: BTreeSet<Class> = handlers.iter().filter(|handler| !handler.is_bound).filter_map(|handler| handler.class).collect();
    let name = |class: &Class| program.module(class.0).class(class.1).name;
    let names: BTreeSet<Ustr> = unused.iter().map(name).collect();
    let mut used: BTreeSet<Ustr> = BTreeSet::new();
    for id in &service.code {
        let module = program.module(*id);
        for expr in module.expr_ids() {
            let named = match module.expr(expr).kind {
                ExprKind::Name(name) | ExprKind::Attribute { name, .. } => name,
                ExprKind::String(text) => Ustr::from(text.rsplit('.').next().unwrap_or_default()),
                _ => continue,
            };
            let is_base = || matches!(module.expr_parents[expr.index()], Parent::Class(_));
            let is_within =
                || module.around(expr).any(|around| matches!(around, Around::Class(class) if module.class(class).name == named));
            if names.contains(&named) && !used.contains(&named) && !is_base() && !is_within() {
                used.insert(named);
            }
        }
    }
    unused.retain(|class| !used.contains(&name(class)));
    unused
}

/// Last words of the paths, and names of the functions, of probes.
const PROBES: [&str; 35] = [
    "health",
    "healthz",
    "healthy",
    "healthcheck",
    "health_check",
    "health_status",
    "check_health",
    "get_health",
    "livez",
    "live",
    "alive",
    "liveness",
    "liveness_check",
    "liveness_probe",
    "ready",
    "readyz",
    "readiness",
    "readiness_check",
    "readiness_probe",
    "startup",
    "startup_probe",
    "ping",
    "heartbeat",
    "__heartbeat__",
    "__lbheartbeat__",
    "up",
    "status",
    "version",
    "__version__",
    "metrics",
    "prometheus",
    "get_metrics",
    "prometheus_metrics",
    "favicon.ico",
    "robots.txt",
];

/// Parts of paths that say nothing of what is asked.
const PREFIXES: [&str; 10] = ["api", "v1", "v2", "v3", "_", "-", "internal", "system", "actuator", "_ah"];

/// Whether a route only tells how the service is: by its path, else by the name of its function.
#[must_use]
pub fn is_probe(path: Option<&str>, name: &str) -> bool {
    let normal = |word: &str| word.to_lowercase().replace('-', "_");
    let plain = |word: &str| normal(word).trim_start_matches('_').to_owned();
    let Some(path) = path.map(|path| path.trim_matches(['^', '$', '?', '/'])).filter(|path| !path.is_empty()) else {
        return path.is_none() && PROBES.contains(&normal(name).as_str());
    };
    let mut parts = path.split('/').skip_while(|part| PREFIXES.contains(part));
    let first = parts.next().map(|word| if plain(word).starts_with("health") { plain(word) } else { normal(word) }).unwrap_or_default();
    let is_health = first.starts_with("health");
    let rest: Vec<&str> = parts.collect();
    if is_health {
        PROBES.contains(&first.as_str())
    } else {
        PROBES.contains(&first.as_str()) && rest.iter().all(|part| PROBES.contains(&normal(part).as_str()))
    }
}
