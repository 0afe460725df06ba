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

/// The names that slowapi's fix imports.
const IMPORTS: [(&str, &str); 4] = [
    ("slowapi", "Limiter"),
    ("slowapi", "_rate_limit_exceeded_handler"),
    ("slowapi.errors", "RateLimitExceeded"),
    ("slowapi.middleware", "SlowAPIMiddleware"),
];

/// Who calls: the peer of an instance is Cloud Run's front end, whoever the caller is.
const CALLER: &str = "request.headers.get(\"X-Forwarded-For\", \"local\").split(\",\")[-1].strip()";

/// Limits the requests of a service.
#[must_use]
pub fn fix(project: &Project, service: &Service, routes: &[Route<'_>], idle: &[Idle]) -> Fix {
    let program = &project.program;
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
    let framework = service.framework.map_or("", |name| name.as_str());
    let is_fastapi = framework.starts_with("fastapi.") || framework.starts_with("a2a.") || framework.starts_with("google.adk.");
    if let (true, Some((statement, app))) = (is_fastapi, &app) {
        let known = attached(program, service, *statement, app, idle).or_else(|| depended_on(program, service, *statement, idle));
        if let Some(fix) = known {
            return fix;
        }
        if IMPORTS.iter().all(|(module, name)| is_free(program, service.module, module, name)) {
            return with_slowapi(*statement, app);
        }
    }
    let app = app.map_or("app", |(_, app)| app);
    advice(program, service, routes, framework, app)
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

/// Attaches slowapi's limiter that the app already knows, with limits for all routes.
fn attached(program: &Program, service: &Service, statement: Place, app: &str, idle: &[Idle]) -> Option<Fix> {
    let known = idle.iter().find(|idle| idle.why == Why::Unattached)?;
    let id = program.module_of(known.place.file)?;
    let module = program.module(id);
    let call = program.calls[id.0 as usize].iter().find(|site| module.expr(site.expr).span == known.place.span)?;
    if call.callee.library().is_none_or(|name| name != "slowapi.Limiter") || !is_stored(program, service) {
        return None;
    }
    let mut intents = Vec::new();
    let sets_limits = |arg: &Arg| matches!(arg.kind, ArgKind::Keyword(name) if name == "default_limits" || name == "application_limits");
    if !module.call(call.expr)?.args.iter().any(sets_limits) {
        let name = "default_limits".to_owned();
        intents.push(Intent::SetArgument { call: known.place, name, value: "[\"60/minute\"]".to_owned() });
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

fn with_slowapi(statement: Place, app: &str) -> Fix {
    let mut intents: Vec<Intent> = IMPORTS.iter().map(|(module, name)| import(statement, module, name)).collect();
    intents.push(Intent::InsertAfter { after: statement, text: slowapi(app) });
    Fix::unsafe_edit("Limit each caller to 60 requests a minute with slowapi, a new dependency", intents)
}

fn slowapi(app: &str) -> String {
    format!(
        "{app}.state.limiter = Limiter(\n    \
         # Cloud Run puts the caller's address last; behind a load balancer it is the last but one.\n    \
         key_func=lambda request: {CALLER},\n    \
         default_limits=[\"60/minute\"],\n)\n\
         {app}.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)\n\
         {app}.add_middleware(SlowAPIMiddleware)"
    )
}

/// Code to read, with the names of the service.
fn advice(program: &Program, service: &Service, routes: &[Route<'_>], framework: &str, app: &str) -> Fix {
    let function = routes.iter().find_map(|route| route.function);
    let name = function.map_or("handler", |function| program.function(function).name.as_str());
    match framework.split('.').next().unwrap_or_default() {
        "fastapi" | "starlette" | "a2a" | "google" => Fix::advice(
            "Limit each caller with slowapi",
            format!(
                "from slowapi import Limiter, _rate_limit_exceeded_handler\n\
                 from slowapi.errors import RateLimitExceeded\n\
                 from slowapi.middleware import SlowAPIMiddleware\n\n{}\n",
                slowapi(app)
            ),
        ),
        "flask" | "flask_openapi3" | "apiflask" => flask(function, name, app),
        "quart" => Fix::advice(
            "Limit each caller with Quart-Rate-Limiter",
            format!(
                "from datetime import timedelta\n\nfrom quart_rate_limiter import RateLimit, RateLimiter\n\n\n\
                 async def caller() -> str:\n    # Cloud Run puts the caller's address last.\n    return {CALLER}\n\n\n\
                 RateLimiter({app}, default_limits=[RateLimit(60, timedelta(minutes=1))], key_function=caller)\n"
            ),
        ),
        "litestar" | "starlite" => Fix::advice(
            "Limit each caller with Litestar's own middleware",
            format!(
                "from litestar.middleware.rate_limit import RateLimitConfig\n\n\
                 rate_limit = RateLimitConfig(rate_limit=(\"minute\", 60))\n\n\
                 {app} = Litestar(route_handlers=[{name}], middleware=[rate_limit.middleware])\n"
            ),
        ),
        "django" => django(program, service, function, name),
        "sanic" => own(&format!(
            "@{app}.on_request\nasync def limit_callers(request):\n    if not await strategy.hit(PER_CALLER, caller(request)):\n        \
             return json({{\"detail\": \"Too many requests\"}}, status=429, headers={{\"Retry-After\": \"60\"}})\n"
        )),
        "aiohttp" => own(&format!(
            "@web.middleware\nasync def limit_callers(request, handler):\n    if not await strategy.hit(PER_CALLER, caller(request)):\n        \
             raise web.HTTPTooManyRequests(headers={{\"Retry-After\": \"60\"}})\n    return await handler(request)\n\n\n\
             {app} = web.Application(middlewares=[limit_callers])\n"
        )),
        "" => Fix::advice(
            "Refuse callers that come too often",
            format!(
                "import os\n\nfrom limits import parse\nfrom limits.storage import storage_from_string\n\
                 from limits.strategies import FixedWindowRateLimiter\n\n\
                 PER_CALLER = parse(\"60/minute\")\n\
                 strategy = FixedWindowRateLimiter(storage_from_string(os.environ[\"LIMITS_STORAGE\"]))  # redis://…\n\n\n{}\
                 @functions_framework.http\ndef {name}(request):\n    if not strategy.hit(PER_CALLER, caller(request)):\n        \
                 return (\"Too many requests\", 429, {{\"Retry-After\": \"60\"}})\n    ...\n",
                caller()
            ),
        ),
        _ => own("if not await strategy.hit(PER_CALLER, caller(request)):\n    ...  # answer 429, with `Retry-After: 60`\n"),
    }
}

/// A function that tells callers apart.
fn caller() -> String {
    format!("def caller(request) -> str:\n    # Cloud Run puts the caller's address last.\n    return {CALLER}\n\n\n")
}

/// A limiter made of the `limits` package.
fn own(hook: &str) -> Fix {
    Fix::advice(
        "Refuse callers that come too often, in a middleware",
        format!(
            "import os\n\nfrom limits import parse\nfrom limits.aio.strategies import FixedWindowRateLimiter\n\
             from limits.storage import storage_from_string\n\n\
             PER_CALLER = parse(\"60/minute\")\n\
             strategy = FixedWindowRateLimiter(storage_from_string(os.environ[\"LIMITS_STORAGE\"]))  # async+redis://…\n\n\n{}{hook}",
            caller()
        ),
    )
}

fn flask(function: Option<FunctionRef>, name: &str, app: &str) -> Fix {
    let own = match function {
        Some(_) => format!(
            "\n\n# and a tighter limit where it costs most, below the route's decorator:\n@limiter.limit(\"10 per minute\")\ndef {name}(): ...\n"
        ),
        None => "\n".to_owned(),
    };
    Fix::advice(
        "Limit each caller with Flask-Limiter",
        format!(
            "import os\n\nfrom flask_limiter import Limiter\nfrom flask_limiter.util import get_remote_address\n\
             from werkzeug.middleware.proxy_fix import ProxyFix\n\n\
             {app}.wsgi_app = ProxyFix({app}.wsgi_app, x_for=1)  # Cloud Run puts the caller's address last\n\
             limiter = Limiter(\n    get_remote_address,\n    app={app},\n    default_limits=[\"60 per minute\"],\n    \
             storage_uri=os.environ[\"LIMITS_STORAGE\"],  # Redis, where there is more than one instance\n){own}"
        ),
    )
}

fn django(program: &Program, service: &Service, function: Option<FunctionRef>, name: &str) -> Fix {
    let uses_rest_framework = service.code.iter().any(|id| {
        program.links[id.0 as usize].iter().any(|link| matches!(link, Link::Library(path) if path.starts_with("rest_framework")))
    });
    if uses_rest_framework {
        return Fix::advice(
            "Throttle all views of Django REST framework",
            "REST_FRAMEWORK = {\n    \"DEFAULT_THROTTLE_CLASSES\": [\n        \"rest_framework.throttling.AnonRateThrottle\",\n        \
             \"rest_framework.throttling.UserRateThrottle\",\n    ],\n    \
             \"DEFAULT_THROTTLE_RATES\": {\"anon\": \"20/min\", \"user\": \"120/min\"},\n    \
             \"NUM_PROXIES\": 1,  # Cloud Run puts the caller's address last\n}\n",
        );
    }
    let method = function.is_some_and(|function| program.function(function).class.is_some());
    let code = if method {
        format!(
            "from django.utils.decorators import method_decorator\nfrom django_ratelimit.decorators import ratelimit\n\n\n\
             @method_decorator(ratelimit(key=\"ip\", rate=\"20/m\", block=True), name=\"{name}\")\n"
        )
    } else {
        format!(
            "from django_ratelimit.decorators import ratelimit\n\n\n\
             @ratelimit(key=\"ip\", rate=\"20/m\", block=True)\ndef {name}(request): ...\n"
        )
    };
    Fix::advice("Limit the views that cost most with django-ratelimit", code)
}
