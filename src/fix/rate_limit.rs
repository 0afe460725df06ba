//! The fix: a limiter that is attached, in the style of the service's framework.

use super::{Fix, Intent};
use crate::ir::program::*;
use crate::model::calls::{Passed, passed};
use crate::model::exposure::Route;
use crate::model::program::{FunctionRef, Link, ModuleId, Program};
use crate::model::project::Project;
use crate::model::rate_limits::{Idle, Why};
use crate::model::services::Service;
use crate::source::Place;

mod advice;
mod javascript;

/// The names that the middleware needs, and where they may come from.
const IMPORTS: [(&str, &[&str]); 6] = [
    ("RateLimitItemPerMinute", &["limits"]),
    ("FixedWindowRateLimiter", &["limits.aio.strategies"]),
    ("storage_from_string", &["limits.storage"]),
    ("BaseHTTPMiddleware", &["starlette.middleware.base"]),
    ("Request", &["fastapi", "starlette.requests"]),
    ("JSONResponse", &["fastapi.responses", "starlette.responses"]),
];

/// Limits the requests of a service.
#[must_use]
pub fn fix(project: &Project, service: &Service, routes: &[Route], idle: &[Idle]) -> Fix {
    let program = &project.program;
    if program.module(service.module).language == Language::TypeScript {
        return javascript::fix(project, service, routes, idle);
    }
    let above: Vec<(FunctionRef, ExprId)> = idle
        .iter()
        .filter_map(|idle| match idle.why {
            Why::AboveRoute { function, decorator } => Some((function, decorator)),
            _ => None,
        })
        .collect();
    if let Some(fix) = swapped(program, &above) {
        return fix;
    }
    let app = service.app_call.and_then(|call| app_statement(program, service.module, call));
    let framework = Framework::of(service);
    if let (Framework::FastApi | Framework::Starlette, Some((statement, app))) = (framework, &app) {
        let is_fastapi = framework == Framework::FastApi;
        let attached = || attached(program, service, *statement, app, idle).or_else(|| depended_on(program, service, *statement, idle));
        let known = if is_fastapi { attached() } else { None };
        if let Some(fix) = known.or_else(|| with_middleware(program, service, *statement, app, is_fastapi)) {
            return fix;
        }
    }
    advice::of(program, service, routes, framework, app.map_or("app", |(_, app)| app))
}

/// How a service's framework wants to be limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Framework {
    FastApi,
    Starlette,
    Flask,
    Quart,
    Litestar,
    Django,
    Sanic,
    Aiohttp,
    Other,
    /// A function without an app.
    None,
}

impl Framework {
    fn of(service: &Service) -> Self {
        let Some(name) = service.framework else { return Self::None };
        match name.split('.').next().unwrap_or_default() {
            "fastapi" | "a2a" | "google" => Self::FastApi,
            "starlette" => Self::Starlette,
            "flask" | "flask_openapi3" | "apiflask" => Self::Flask,
            "quart" => Self::Quart,
            "litestar" | "starlite" => Self::Litestar,
            "django" => Self::Django,
            "sanic" => Self::Sanic,
            "aiohttp" => Self::Aiohttp,
            _ => Self::Other,
        }
    }
}

/// The statement that binds an app to one name (or attribute), and that name.
fn app_statement(program: &Program, id: ModuleId, call: ExprId) -> Option<(Place, &str)> {
    let module = program.module(id);
    let Parent::Stmt(stmt) = module.expr_parents[call.index()] else { return None };
    let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind else { return None };
    let [target] = &**targets else { return None };
    matches!(module.expr(*target).kind, ExprKind::Name(_) | ExprKind::Attribute { .. })
        .then(|| (program.span_place(id, module.stmt(stmt).span), program.text(id, *target)))
}

/// Whether a name can be imported into a module: it is not bound there to anything else.
fn is_free(program: &Program, id: ModuleId, module: &str, name: &str) -> bool {
    let path = format!("{module}.{name}");
    program.bindings(id, ScopeId(0), name.into()).all(|binding| match binding.kind {
        BindingKind::Import(import) => match program.import(id, import) {
            Link::Library(library) => library == program.apis.canonical(path.as_str().into()),
            _ => false,
        },
        _ => false,
    })
}

/// Exchanges each decorator with the one below that binds the route.
fn swapped(program: &Program, above: &[(FunctionRef, ExprId)]) -> Option<Fix> {
    let mut intents = Vec::new();
    for (function, decorator) in above {
        let module = program.module(function.module);
        let decorators = &module.function(function.function).decorators;
        let position = decorators.iter().position(|d| d == decorator)?;
        let route = decorators[position + 1..].last()?;
        let replace = |at: ExprId, by: ExprId| Intent::Replace {
            place: program.place(function.module, at),
            text: program.text(function.module, by).to_owned(),
        };
        intents.extend([replace(*decorator, *route), replace(*route, *decorator)]);
    }
    let (function, _) = above.first()?;
    let name = program.function(*function).name;
    Some(Fix::unsafe_edit(format!("Put the limit of `{name}` below the decorator that binds its route"), intents))
}

/// Attaches slowapi's limiter that the app already knows, with limits for all routes. Its middleware looks for routes on the
/// app alone: those of routers and mounted apps pass it by from `FastAPI` 0.137 on.
fn attached(program: &Program, service: &Service, statement: Place, app: &str, idle: &[Idle]) -> Option<Fix> {
    let known = idle.iter().find(|idle| idle.why == Why::Unattached)?;
    let id = program.module_of(known.place.file)?;
    let module = program.module(id);
    let call = program.calls[id.0 as usize].iter().find(|site| module.expr(site.expr).span == known.place.span)?;
    if call.callee.library().is_none_or(|name| name != "slowapi.Limiter") || !is_stored(program, service) {
        return None;
    }
    if includes(program, service) {
        return None;
    }
    let mut intents = Vec::new();
    let sets_limits = |arg: &&Arg| matches!(arg.kind, ArgKind::Keyword(name) if name == "default_limits" || name == "application_limits");
    let limits: Vec<&Arg> = module.call(call.expr)?.args.iter().filter(sets_limits).collect();
    // A limit that is a function gets no request where it is a default.
    let is_constant =
        |arg: &&Arg| module.descendants(arg.value).iter().all(|e| matches!(module.expr(*e).kind, ExprKind::List(_) | ExprKind::String(_)));
    if !limits.iter().all(is_constant) {
        return None;
    }
    if limits.is_empty() {
        let name = "default_limits".to_owned();
        intents.push(Intent::SetArgument { call: known.place, name, value: "[\"60/minute\"]".to_owned() });
    }
    // The middleware is there, and has nothing to apply.
    if idle.iter().any(|idle| idle.library.is_some_and(|name| name.starts_with("slowapi.middleware."))) {
        return (!intents.is_empty()).then(|| Fix::unsafe_edit(format!("Give `{}` a limit", known.name), intents));
    }
    if !is_free(program, service.module, "slowapi.middleware", "SlowAPIMiddleware") {
        return None;
    }
    intents.push(import(statement, "slowapi.middleware", "SlowAPIMiddleware"));
    intents.push(Intent::InsertAfter { after: statement, text: format!("{app}.add_middleware(SlowAPIMiddleware)") });
    Some(Fix::unsafe_edit(format!("Attach `{}` with slowapi's middleware", known.name), intents))
}

/// Makes all routes depend on a limiter of fastapi-limiter, which the service has set up.
fn depended_on(program: &Program, service: &Service, statement: Place, idle: &[Idle]) -> Option<Fix> {
    let is_set_up = |idle: &&Idle| idle.why == Why::Unattached && idle.library.is_some_and(|name| name == "fastapi_limiter.FastAPILimiter");
    idle.iter().find(is_set_up)?;
    let id = service.module;
    let call = program.module(id).call(service.app_call?)?;
    let is_free = is_free(program, id, "fastapi_limiter.depends", "RateLimiter") && is_free(program, id, "fastapi", "Depends");
    if !is_free || passed(program, id, call, None, "dependencies") != Passed::No {
        return None;
    }
    let value = "[Depends(RateLimiter(times=60, seconds=60))]".to_owned();
    let intents = vec![
        import(statement, "fastapi", "Depends"),
        import(statement, "fastapi_limiter.depends", "RateLimiter"),
        Intent::SetArgument { call: service.app, name: "dependencies".to_owned(), value },
    ];
    Some(Fix::unsafe_edit("Let every route depend on a `RateLimiter`", intents))
}

/// Whether code of a service puts a limiter where slowapi looks for it.
fn is_stored(program: &Program, service: &Service) -> bool {
    service.code.iter().any(|id| {
        let module = program.module(*id);
        module.stmts.iter().any(|stmt| match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().any(|target| match module.expr(*target).kind {
                ExprKind::Attribute { object, name, .. } => {
                    name == "limiter" && matches!(module.expr(object).kind, ExprKind::Attribute { name, .. } if name == "state")
                }
                _ => false,
            }),
            _ => false,
        })
    })
}

fn import(at: Place, module: &str, name: &str) -> Intent {
    Intent::AddImport { file: at.file, module: module.to_owned(), name: Some(name.to_owned()) }
}

/// Whether routes of a service come by a router, or are those of an app within its app.
fn includes(program: &Program, service: &Service) -> bool {
    service.code.iter().any(|id| {
        let module = program.module(*id);
        program.calls[id.0 as usize].iter().filter_map(|site| module.call(site.expr)).any(
            |call| matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if name == "include_router" || name == "mount"),
        )
    })
}

/// Refuses callers that come too often in a middleware, which the requests of all routes pass by.
fn with_middleware(program: &Program, service: &Service, statement: Place, app: &str, is_fastapi: bool) -> Option<Fix> {
    let id = service.module;
    let is_taken = |name: &str| program.bindings(id, ScopeId(0), name.into()).next().is_some();
    // A module of the project by the name of the package would be imported in its place.
    let is_shadowed = program.module_ids().any(|other| {
        let path = program.path(other).strip_prefix(&*service.directory).unwrap_or_default().trim_start_matches('/');
        matches!(path, "limits.py" | "limits/__init__.py")
    });
    if is_shadowed || is_taken("callers") || is_taken("limit_callers") {
        return None;
    }
    let mut intents = Vec::new();
    for (name, modules) in &IMPORTS {
        let fits = |module: &&&str| (is_fastapi || !module.starts_with("fastapi")) && is_free(program, id, module, name);
        intents.push(import(statement, modules.iter().find(fits)?, name));
    }
    let is_within = service.app_call.is_some_and(|call| program.module(id).function_of(call).is_some());
    let gap = if is_within { "\n" } else { "\n\n" };
    intents.push(Intent::InsertAfter { after: statement, text: middleware(app, gap) });
    Some(Fix::unsafe_edit("Limit each caller to 60 requests a minute with the `limits` package, a new dependency", intents))
}

/// The middleware, with the blank lines that stand around a function here.
fn middleware(app: &str, gap: &str) -> String {
    format!(
        "# Counted in memory, by each instance for itself: where there are several, `async+redis://…` counts for all.\n\
         callers = FixedWindowRateLimiter(storage_from_string(\"async+memory://\"))\n{gap}\
         async def limit_callers(request: Request, call_next):\n    \
         # The proxy before the service puts the caller's address last.\n    \
         address = request.headers.get(\"X-Forwarded-For\") or (request.client.host if request.client else \"local\")\n    \
         if not await callers.hit(RateLimitItemPerMinute(60), address.split(\",\")[-1].strip()):\n        \
         return JSONResponse({{\"detail\": \"Too many requests\"}}, status_code=429, headers={{\"Retry-After\": \"60\"}})\n    \
         return await call_next(request)\n{gap}\
         {app}.add_middleware(BaseHTTPMiddleware, dispatch=limit_callers)"
    )
}
