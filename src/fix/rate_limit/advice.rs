//! Advice: code to read, with the names of the service.

use super::{Framework, IMPORTS, middleware};
use crate::fix::Fix;
use crate::ir::program::*;
use crate::model::calls::argument;
use crate::model::exposure::Route;
use crate::model::program::{FunctionRef, Link, ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::routes::inherits;
use crate::model::services::Service;

/// Who calls: behind a proxy, that is the peer, whoever the caller is.
const CALLER: &str = "# The proxy before the service puts the caller's address last.\n    \
                      return request.headers.get(\"X-Forwarded-For\", \"local\").split(\",\")[-1].strip()";

pub(super) fn of(program: &Program, service: &Service, routes: &[Route], framework: Framework, app: &str) -> Fix {
    let functions: Vec<FunctionRef> = routes.iter().filter_map(|route| route.function).collect();
    match framework {
        Framework::FastApi | Framework::Starlette => fastapi(framework, app),
        Framework::Flask => flask(program, service, &functions, app),
        Framework::Quart => Fix::advice(
            "Limit each caller with Quart-Rate-Limiter",
            format!(
                "from datetime import timedelta\n\nfrom quart import request\nfrom quart_rate_limiter import RateLimit, RateLimiter\n\n\n\
                 async def caller() -> str:\n    {CALLER}\n\n\n\
                 RateLimiter({app}, default_limits=[RateLimit(60, timedelta(minutes=1))], key_function=caller)\n"
            ),
        ),
        Framework::Litestar => {
            let call = with_listed(program, service, "middleware", "rate_limit.middleware");
            Fix::advice(
                "Limit each caller with Litestar's own middleware",
                format!(
                    "from litestar.middleware.rate_limit import RateLimitConfig\n\n\
                     rate_limit = RateLimitConfig(rate_limit=(\"minute\", 60))\n\n{app} = {call}\n"
                ),
            )
        }
        Framework::Django => django(program, service, &functions),
        Framework::Sanic => own(&format!(
            "@{app}.on_request\nasync def limit_callers(request):\n    if not await callers.hit(PER_CALLER, caller(request)):\n        \
             return json({{\"detail\": \"Too many requests\"}}, status=429, headers={{\"Retry-After\": \"60\"}})\n"
        )),
        Framework::Aiohttp => {
            let call = with_listed(program, service, "middlewares", "limit_callers");
            own(&format!(
                "@web.middleware\nasync def limit_callers(request, handler):\n    if not await callers.hit(PER_CALLER, caller(request)):\n        \
                 raise web.HTTPTooManyRequests(headers={{\"Retry-After\": \"60\"}})\n    return await handler(request)\n\n\n{app} = {call}\n"
            ))
        }
        Framework::None => function(program, &functions),
        Framework::Other => own("if not await callers.hit(PER_CALLER, caller(request)):\n    ...  # answer 429, with `Retry-After: 60`\n"),
    }
}

fn fastapi(framework: Framework, app: &str) -> Fix {
    let module = |modules: &[&'static str]| if framework == Framework::FastApi { modules[0] } else { modules[modules.len() - 1] };
    let imports: Vec<String> = IMPORTS.iter().map(|(name, modules)| format!("from {} import {name}", module(modules))).collect();
    let code = format!("{}\n\n{}\n", imports.join("\n"), middleware(app, "\n\n"));
    Fix::advice("Limit each caller with the `limits` package, in a middleware", code)
}

/// A limiter made of the `limits` package.
fn own(hook: &str) -> Fix {
    Fix::advice(
        "Refuse callers that come too often, in a middleware",
        format!(
            "import os\n\nfrom limits import parse\nfrom limits.aio.strategies import FixedWindowRateLimiter\n\
             from limits.storage import storage_from_string\n\n\
             PER_CALLER = parse(\"60/minute\")\n\
             callers = FixedWindowRateLimiter(storage_from_string(os.environ[\"LIMITS_STORAGE\"]))  # async+redis://…\n\n\n\
             def caller(request) -> str:\n    {CALLER}\n\n\n{hook}"
        ),
    )
}

/// The call that creates the app as it is written, with one more item in a list that it takes.
fn with_listed(program: &Program, service: &Service, keyword: &str, item: &str) -> String {
    let id = service.module;
    let written = service.app_call.and_then(|expr| {
        let call = program.module(id).call(expr)?;
        let text = program.text(id, expr);
        let start = program.module(id).expr(expr).span.start;
        if let Some(list) = argument(call, None, &[keyword]) {
            let span = program.module(id).expr(list).span;
            let (from, to) = ((span.start - start) as usize, (span.end - start) as usize);
            let listed = match program.text(id, list).strip_prefix('[').and_then(|items| items.strip_suffix(']')) {
                Some(items) if items.trim().is_empty() => item.to_owned(),
                Some(items) => format!("{}, {item}", items.trim().trim_end_matches(',')),
                None => format!("*{}, {item}", program.text(id, list)),
            };
            return Some(format!("{}[{listed}]{}", text.get(..from)?, text.get(to..)?));
        }
        let open = text.strip_suffix(')')?.trim_end();
        let (open, is_empty) = (open.strip_suffix(',').unwrap_or(open), open.ends_with('('));
        Some(if is_empty {
            format!("{open}{keyword}=[{item}])")
        } else if text.ends_with("\n)") {
            format!("{open},\n    {keyword}=[{item}],\n)")
        } else {
            format!("{open}, {keyword}=[{item}])")
        })
    });
    written.unwrap_or_else(|| format!("…({keyword}=[{item}])"))
}

/// The head of a function or method, as it is called by its framework.
fn head(program: &Program, function: FunctionRef) -> String {
    let f = program.function(function);
    let param = |param: &Param| match param.annotation {
        Some(annotation) => format!("{}: {}", param.name, program.text(function.module, annotation)),
        None => param.name.to_string(),
    };
    let names: Vec<String> = f.params.iter().map(param).collect();
    format!("{}def {}({}): ...", if f.is_async { "async " } else { "" }, f.name, names.join(", "))
}

/// A function below a decorator; a method within its class.
fn decorated(program: &Program, function: FunctionRef, decorator: &str) -> String {
    let head = head(program, function);
    match program.function(function).class {
        Some(class) => {
            let module = program.module(function.module);
            let class = module.class(class);
            let bases: Vec<&str> = class.bases.iter().map(|base| program.text(function.module, base.value)).collect();
            format!("class {}({}):\n    {decorator}\n    {head}\n", class.name, bases.join(", "))
        }
        None => format!("{decorator}\n{head}\n"),
    }
}

fn function(program: &Program, functions: &[FunctionRef]) -> Fix {
    let of = |function: &FunctionRef| {
        let id = function.module;
        let decorators = program.function(*function).decorators.iter().map(|d| format!("@{}\n", program.text(id, *d)));
        format!("\n\n{}@limited\n{}\n", decorators.collect::<String>(), head(program, *function))
    };
    let limited: String = functions.iter().map(of).collect();
    Fix::advice(
        "Refuse callers that come too often",
        format!(
            "import os\nfrom functools import wraps\n\nfrom flask import request\nfrom limits import parse\n\
             from limits.storage import storage_from_string\nfrom limits.strategies import FixedWindowRateLimiter\n\n\
             PER_CALLER = parse(\"60/minute\")\n\
             callers = FixedWindowRateLimiter(storage_from_string(os.environ[\"LIMITS_STORAGE\"]))  # redis://…\n\n\n\
             def limited(function):\n    @wraps(function)\n    def wrapper(*args):\n        \
             # The proxy before the service puts the caller's address last.\n        \
             caller = request.headers.get(\"X-Forwarded-For\", \"local\").split(\",\")[-1].strip()\n        \
             if not callers.hit(PER_CALLER, caller):\n            \
             return (\"Too many requests\", 429, {{\"Retry-After\": \"60\"}})\n        \
             return function(*args)\n\n    return wrapper\n{limited}"
        ),
    )
}

fn flask(program: &Program, service: &Service, functions: &[FunctionRef], app: &str) -> Fix {
    let proxy = format!("{app}.wsgi_app = ProxyFix({app}.wsgi_app, x_for=1)  # one proxy before the app puts the caller's address last\n");
    let settings = "default_limits=[\"60 per minute\"],\n    \
                    storage_uri=os.environ[\"LIMITS_STORAGE\"],  # Redis, where there is more than one instance\n)\n";
    let tighter = functions.first().map_or_else(String::new, |function| {
        let limited = decorated(program, *function, "@limiter.limit(\"10 per minute\")");
        let below = if program.function(*function).class.is_some() { "" } else { ", below the route's decorator" };
        format!("\n\n# and a tighter limit where it costs most{below}:\n{limited}")
    });
    let in_factory = service.app_call.is_some_and(|call| program.module(service.module).function_of(call).is_some());
    let code = if in_factory || functions.iter().any(|function| function.module != service.module) {
        // Views import the limiter, and the app imports the views.
        format!(
            "# limiter.py, a module of its own, which the app and the views import:\nimport os\n\nfrom flask_limiter import Limiter\n\
             from flask_limiter.util import get_remote_address\n\nlimiter = Limiter(\n    get_remote_address,\n    {settings}\n\n\
             # where the app is made:\nfrom werkzeug.middleware.proxy_fix import ProxyFix\n\n{proxy}limiter.init_app({app})\n{tighter}"
        )
    } else {
        format!(
            "import os\n\nfrom flask_limiter import Limiter\nfrom flask_limiter.util import get_remote_address\n\
             from werkzeug.middleware.proxy_fix import ProxyFix\n\n\
             {proxy}limiter = Limiter(\n    get_remote_address,\n    app={app},\n    {settings}{tighter}"
        )
    };
    Fix::advice("Limit each caller with Flask-Limiter", code)
}

fn django(program: &Program, service: &Service, functions: &[FunctionRef]) -> Fix {
    let uses_rest_framework = service.code.iter().any(|id| {
        program.links[id.0 as usize].iter().any(|link| matches!(link, Link::Library(path) if path.starts_with("rest_framework")))
    });
    let plain = functions.iter().find(|function| !is_of_rest_framework(program, **function)).copied();
    if !uses_rest_framework {
        let code =
            plain.map_or_else(|| "# around the views, where their routes are declared:\n".to_owned(), |view| ratelimit(program, view));
        return Fix::advice("Limit the views that cost most with django-ratelimit", code);
    }
    let has_settings = service.code.iter().any(|id| program.bindings(*id, ScopeId(0), "REST_FRAMEWORK".into()).next().is_some());
    let binds = if has_settings {
        "# settings.py: these keys belong into the project's own REST_FRAMEWORK, beside those that it has.\nREST_FRAMEWORK |= {\n"
    } else {
        "# settings.py\nREST_FRAMEWORK = {\n"
    };
    let keys = "    \"DEFAULT_THROTTLE_CLASSES\": [\n        \"rest_framework.throttling.AnonRateThrottle\",\n        \
                    \"rest_framework.throttling.UserRateThrottle\",\n    ],\n    \
                    \"DEFAULT_THROTTLE_RATES\": {\"anon\": \"20/min\", \"user\": \"120/min\"},\n    \
                    \"NUM_PROXIES\": 1,  # one proxy before the app puts the caller's address last\n}\n\
                    # The counters are kept in CACHES[\"default\"], which several processes have to share: Redis, no local memory.\n";
    let code = match plain {
        Some(view) => {
            format!(
                "{binds}{keys}\n\n# Throttles are for views of Django REST framework; others need django-ratelimit:\n{}",
                ratelimit(program, view)
            )
        }
        None => format!("{binds}{keys}"),
    };
    Fix::advice("Throttle all views of Django REST framework", code)
}

/// A view below django-ratelimit's decorator.
fn ratelimit(program: &Program, view: FunctionRef) -> String {
    let limit = "ratelimit(key=caller, rate=\"20/m\", block=True)";
    let f = program.function(view);
    let (import, limited) = match f.class {
        Some(class) => {
            let class = program.module(view.module).class(class).name;
            let decorator = format!("@method_decorator({limit}, name=\"{}\")", f.name);
            ("from django.utils.decorators import method_decorator\n", format!("{decorator}\nclass {class}(…): ...\n"))
        }
        None => ("", format!("@{limit}\n{}\n", head(program, view))),
    };
    format!("{import}from django_ratelimit.decorators import ratelimit\n\n\ndef caller(group, request):\n    {CALLER}\n\n\n{limited}")
}

/// Whether throttles of Django REST framework are asked for a view.
fn is_of_rest_framework(program: &Program, view: FunctionRef) -> bool {
    let is_its = |name: ustr::Ustr| name.starts_with("rest_framework.");
    let resolver = Resolver::new(program);
    let (id, f): (ModuleId, &Function) = (view.module, program.function(view));
    let module = program.module(id);
    let by_decorator = f.decorators.iter().any(|decorator| {
        let callee = module.call(*decorator).map_or(*decorator, |call| call.callee);
        resolver.entity(id, callee).library().is_some_and(is_its)
    });
    by_decorator || f.class.is_some_and(|class| inherits(program, &resolver, id, class, is_its))
}
