//! The fix for services of TypeScript and JavaScript: an edit for Express, code to read for others.

use std::collections::BTreeSet;

use crate::fix::habits::Style;
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::exposure::Route;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::rate_limits::{Idle, Why};
use crate::model::resolve::Entity;
use crate::model::routes::javascript;
use crate::model::services::Service;
use crate::model::values;
use crate::source::{Place, Span};

/// Who calls, where a proxy in front of the service says so.
const FORWARDED: &str = "?.split(',').at(-1)?.trim() ?? 'local'";

const COUNTED: &str = "// Counted in memory, by each instance for itself: where there are several, a store in Redis counts for all.";

/// Limits the requests of a service.
pub(super) fn fix(project: &Project, service: &Service, routes: &[Route], idle: &[Idle]) -> Fix {
    let program = &project.program;
    let file = File { program, id: service.module, style: Style::of(program, service.module) };
    let app = service.app_call.and_then(|call| super::app_statement(program, service.module, call));
    let name = app.map_or("app", |(_, name)| name);
    let framework = service.framework.map(|framework| framework.trim_start_matches("js:").to_owned()).unwrap_or_default();
    match framework.split('.').next().unwrap_or_default() {
        "express" => {
            let edit = app.and_then(|app| express(project, service, &file, app, idle));
            edit.unwrap_or_else(|| advice_for_express(program, service, &file, name, idle))
        }
        "fastify" => file.advice(
            "Limit each caller with @fastify/rate-limit",
            &[("rateLimit", "@fastify/rate-limit", true)],
            &format!(
                "// Before the routes. Behind one proxy, create the app with `trustProxy: 1`.\n\
                 await {name}.register(rateLimit, {{ max: 60, timeWindow: '1 minute' }});\n"
            ),
        ),
        "@nestjs/core" => nest(&file, service, idle),
        "hono" => file.advice(
            "Limit each caller with hono-rate-limiter",
            &[("rateLimiter", "hono-rate-limiter", false)],
            &format!(
                "// Before the routes. The proxy before the service puts the caller's address last.\n\
                 {name}.use(\n  rateLimiter({{\n    windowMs: 60_000,\n    limit: 60,\n    \
                 keyGenerator: (c) => c.req.header('x-forwarded-for'){FORWARDED},\n  }}),\n);\n"
            ),
        ),
        "koa" => file.advice(
            "Limit each caller with rate-limiter-flexible",
            &[("RateLimiterMemory", "rate-limiter-flexible", false)],
            &format!(
                "{COUNTED}\nconst callers = new RateLimiterMemory({{ points: 60, duration: 60 }});\n\n\
                 // Before the routes. `ctx.ip` is the caller's address where `{name}.proxy` and `{name}.maxIpsCount = 1` are set.\n\
                 {name}.use(async (ctx, next) => {{\n  try {{\n    await callers.consume(ctx.ip);\n  }} catch {{\n    \
                 ctx.set('Retry-After', '60');\n    ctx.throw(429, 'Too many requests');\n  }}\n  await next();\n}});\n"
            ),
        ),
        "" if javascript::framework_by_place(program.path(service.module)) == Some("Next.js") => next(&file, routes),
        _ => handler(&file, routes),
    }
}

/// A file that code is written for.
struct File<'p> {
    program: &'p Program,
    id: ModuleId,
    style: Style,
}

impl File<'_> {
    /// Whether the file imports by statements.
    fn is_esm(&self) -> bool {
        self.program.module(self.id).stmts.iter().any(|stmt| matches!(stmt.kind, StmtKind::Import(_)))
    }

    /// An import in the file's own style.
    fn import(&self, name: &str, from: &str, is_default: bool) -> String {
        let (from, end) = (self.style.text(from), self.style.end());
        match (self.is_esm(), is_default) {
            (true, true) => format!("import {name} from {from}{end}"),
            (true, false) => format!("import {{ {name} }} from {from}{end}"),
            (false, true) => format!("const {name} = require({from}){end}"),
            (false, false) => format!("const {{ {name} }} = require({from}){end}"),
        }
    }

    /// Code that is written with `'` and semicolons, as the file has it.
    fn written(&self, code: &str) -> String {
        let quoted: String = code.split_inclusive('\n').map(|line| self.line(line)).collect();
        quoted
    }

    fn line(&self, line: &str) -> String {
        // Quotes in comments are none of code.
        let line = if line.trim_start().starts_with("//") { line.to_owned() } else { line.replace('\'', &self.style.quote.to_string()) };
        if self.style.semicolons { line } else { line.replace(";\n", "\n") }
    }

    fn advice(&self, title: &str, imports: &[(&str, &str, bool)], code: &str) -> Fix {
        let imports: Vec<String> = imports.iter().map(|(name, from, is_default)| self.import(name, from, *is_default)).collect();
        Fix::advice(title, format!("{}\n\n{}", imports.join("\n"), self.written(code)))
    }

    fn is_taken(&self, name: &str) -> bool {
        self.program.module(self.id).scopes.iter().flat_map(|scope| &scope.bindings).any(|binding| binding.name == name)
    }
}

/// An import, a limiter, and its use: before the first statement that routes, else behind the app's own.
fn express(project: &Project, service: &Service, file: &File<'_>, (statement, app): (Place, &str), idle: &[Idle]) -> Option<Fix> {
    let (program, id) = (file.program, file.id);
    let first = first_route(program, service);
    // Routes that are bound elsewhere are bound later.
    let insert = |text: String| match first {
        Some(before) => Some(Intent::InsertBefore { before, text }),
        None => declaration(program, statement).map(|after| Intent::InsertAfter { after, text }),
    };
    let end = first.map_or(statement.span.end, |first| first.span.start);
    let is_known = |idle: &&Idle| idle.why == Why::Unattached && idle.place.file == statement.file && is_above(program, id, idle, end);
    if let Some(known) = idle.iter().find(is_known) {
        let text = format!("{app}.use({}){}", known.name, file.style.end());
        return Some(Fix::unsafe_edit(format!("Attach `{}` before the routes", known.name), vec![insert(text)?]));
    }
    // A limiter in another file is theirs to attach.
    if !idle.is_empty() || file.is_taken("rateLimit") || file.is_taken("limiter") {
        return None;
    }
    let import =
        Intent::InsertAfter { after: import_of_express(program, id)?, text: file.import("rateLimit", "express-rate-limit", false) };
    let lines = limiter(project, service, app);
    let intents = vec![import, insert(file.written(&lines))?];
    Some(Fix::unsafe_edit("Limit each caller to 60 requests a minute with the `express-rate-limit` package, a new dependency", intents))
}

/// The limiter and its use.
fn limiter(project: &Project, service: &Service, app: &str) -> String {
    let trust = if trusts_proxy(&project.program, service) {
        String::new()
    } else {
        format!(
            "// One proxy stands before this app and puts the caller's address last; without one, this line goes.\n{app}.set('trust proxy', 1);\n"
        )
    };
    format!(
        "{COUNTED}\nconst limiter = rateLimit({{ windowMs: 60_000, limit: 60, standardHeaders: true, legacyHeaders: false }});\n\
         {trust}{app}.use(limiter);\n"
    )
}

/// Whether code of a service says how many proxies stand before it.
fn trusts_proxy(program: &Program, service: &Service) -> bool {
    let says = |expr: &Expr| matches!(expr.kind, ExprKind::String(text) if text == "trust proxy");
    service.code.iter().any(|id| program.module(*id).exprs.iter().any(says))
}

fn advice_for_express(program: &Program, service: &Service, file: &File<'_>, app: &str, idle: &[Idle]) -> Fix {
    if let Some(idle) = idle.iter().find(|idle| idle.why == Why::Unattached) {
        let name = &idle.name;
        let place = &program.sources.get(idle.place.file).path;
        let code = format!("// `{name}` of {place}, before the routes.\n{app}.use({name});\n");
        return Fix::advice(format!("Attach `{name}` before the routes"), file.written(&code));
    }
    let is_there = !service.code.is_empty() && trusts_proxy(program, service);
    let trust = if is_there { String::new() } else { format!("{app}.set('trust proxy', 1);\n") };
    file.advice(
        "Limit each caller with express-rate-limit",
        &[("rateLimit", "express-rate-limit", false)],
        &format!(
            "// Before the routes.\n{trust}{app}.use(rateLimit({{ windowMs: 60_000, limit: 60, standardHeaders: true, legacyHeaders: false }}));\n"
        ),
    )
}

/// Whether a limiter is bound to a name of the module that can be used where the routes begin.
fn is_above(program: &Program, id: ModuleId, idle: &Idle, end: u32) -> bool {
    let is_name = idle.name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    let library = idle.library.is_some_and(|name| matches!(name.as_str(), "js:express-rate-limit" | "js:express-rate-limit.rateLimit"));
    let is_bound = program.bindings(id, ScopeId(0), idle.name.as_str().into()).count() == 1;
    is_name && library && is_bound && idle.place.span.end <= end
}

/// The statement that imports Express, at the top of a module.
fn import_of_express(program: &Program, id: ModuleId) -> Option<Place> {
    let module = program.module(id);
    let is_express = |import: &u32| module.imports.get(*import as usize).is_some_and(|import| import.module == "express");
    let imports = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Import(imports) => imports.iter().any(is_express),
        StmtKind::Assign { value: Some(value), .. } => {
            module.descendants(*value).into_iter().any(|e| matches!(module.expr(e).kind, ExprKind::Require(import) if is_express(&import)))
        }
        _ => false,
    };
    let top = &module.block(module.body).stmts;
    let statement = top.iter().map(|stmt| module.stmt(*stmt)).find(|stmt| imports(stmt))?;
    declaration(program, program.span_place(id, statement.span))
}

/// A declaration with its keyword and its end, where it has its lines for itself: what is declared stands between them.
fn declaration(program: &Program, declared: Place) -> Option<Place> {
    const KEYWORDS: [&str; 6] = ["", "const", "let", "var", "export const", "export let"];
    let text = &program.sources.get(declared.file).text;
    let (start, end) = (declared.span.start as usize, declared.span.end as usize);
    let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line..start];
    let behind = text.get(end..)?.split(['\r', '\n']).next().unwrap_or_default();
    let rest = behind.strip_prefix(';').unwrap_or(behind);
    let is_alone = KEYWORDS.contains(&before.trim()) && (rest.trim().is_empty() || rest.trim_start().starts_with("//"));
    let start = start - before.trim_start().len();
    is_alone.then(|| Place { span: Span::new(start, end + behind.len() - rest.len()), ..declared })
}

/// The first statement behind the app's own, in its block, that lets requests in: it binds a route, includes a router, or hands
/// the app to something else.
fn first_route(program: &Program, service: &Service) -> Option<Place> {
    let id = service.module;
    let call = service.app_call?;
    let module = program.module(id);
    let own = module.stmt_of(call)?;
    let block = module.stmt_parents[own.index()];
    let behind = module.block(block).stmts.iter().skip_while(|stmt| **stmt != own).skip(1);
    let is_app = |expr: ExprId| values::origin(program, id, expr) == (id, call);
    let routes = |expr: ExprId| {
        let Some(found) = module.call(expr) else { return false };
        if let ExprKind::Attribute { object, .. } = module.expr(found.callee).kind
            && is_app(object)
        {
            let row = program.callee(id, expr).library().and_then(|name| program.apis.row(name));
            return match row {
                Some(row) if row.is(Role::Route) => true,
                Some(row) if row.is(Role::RequestHook) => found.args.iter().any(|arg| lets_in(program, id, arg.value)),
                _ => false,
            };
        }
        found.args.iter().any(|arg| is_app(arg.value))
    };
    let spans = |stmt: &StmtId| module.stmt(*stmt).span;
    let holds = |stmt: &&StmtId| {
        let span = spans(stmt);
        program.calls[id.0 as usize].iter().any(|site| span.contains(module.expr(site.expr).span) && routes(site.expr))
    };
    behind.clone().find(holds).map(|stmt| program.span_place(id, spans(stmt)))
}

/// Whether what an app uses may answer requests: a router, a function of the project; middleware of libraries passes them on.
fn lets_in(program: &Program, id: ModuleId, value: ExprId) -> bool {
    let module = program.module(id);
    let (at, origin) = values::origin(program, id, value);
    match program.module(at).expr(origin).kind {
        ExprKind::String(_) => false,
        ExprKind::Call(_) => match program.callee(at, origin) {
            Entity::Library(name) => program.apis.class_has_role(name, Role::Router) || program.apis.class_has_role(name, Role::App),
            _ => true,
        },
        ExprKind::Function(_) => module.expr(value).span == program.module(at).expr(origin).span || at != id,
        _ => true,
    }
}

fn nest(file: &File<'_>, service: &Service, idle: &[Idle]) -> Fix {
    let module = file.program.module(service.module);
    let root = service.app_call.and_then(|call| module.call(call)?.args.first().map(|arg| file.program.text(service.module, arg.value)));
    let root = root.filter(|root| root.chars().all(char::is_alphanumeric)).unwrap_or("AppModule");
    let has_settings = idle.iter().any(|idle| idle.why == Why::RatesOnly);
    let is_fastify = |id: &ModuleId| {
        file.program.module(*id).exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Name(name) if name == "FastifyAdapter"))
    };
    let trust = if service.code.iter().any(is_fastify) { "new FastifyAdapter({ trustProxy: 1 });" } else { "app.set('trust proxy', 1);" };
    let (names, imports) = if has_settings {
        ("ThrottlerGuard", "")
    } else {
        ("ThrottlerGuard, ThrottlerModule", "  imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 60 }])],\n")
    };
    file.advice(
        "Guard all routes with Nest's throttler",
        &[("Module", "@nestjs/common", false), ("APP_GUARD", "@nestjs/core", false), (names, "@nestjs/throttler", false)],
        &format!(
            "@Module({{\n{imports}  providers: [{{ provide: APP_GUARD, useClass: ThrottlerGuard }}],\n}})\nexport class {root} {{}}\n\n\
             // In the file that creates the app, where one proxy stands before it:\n{trust}\n"
        ),
    )
}

fn next(file: &File<'_>, routes: &[Route]) -> Fix {
    let path = file.program.path(file.id);
    let request = if path.ends_with(".ts") || path.ends_with(".tsx") { "request: import('next/server').NextRequest" } else { "request" };
    file.advice(
        "Limit each caller in Next's middleware",
        &[("Ratelimit", "@upstash/ratelimit", false), ("Redis", "@upstash/redis", false), ("NextResponse", "next/server", false)],
        &format!(
            "// In `middleware.ts` (from Next 16 on: `proxy.ts`, and `proxy` for `middleware`), beside `app`.\n\
             const callers = new Ratelimit({{ redis: Redis.fromEnv(), limiter: Ratelimit.slidingWindow(60, '1 m') }});\n\n\
             export async function middleware({request}) {{\n  \
             const caller = request.headers.get('x-forwarded-for'){FORWARDED};\n  \
             const {{ success }} = await callers.limit(caller);\n  \
             if (success) return NextResponse.next();\n  \
             return NextResponse.json({{ error: 'Too many requests' }}, {{ status: 429, headers: {{ 'Retry-After': '60' }} }});\n}}\n\n\
             export const config = {{ matcher: {} }};\n",
            matcher(routes)
        ),
    )
}

/// Patterns of the paths that routes lie below: their first parts, as far as they have one.
fn matcher(routes: &[Route]) -> String {
    let first = |route: &Route| route.path.as_deref()?.split('/').find(|part| !part.is_empty()).map(str::to_owned);
    let starts: BTreeSet<String> = routes.iter().filter_map(first).filter(|part| !part.starts_with(['[', ':'])).collect();
    let pattern = |start: &String| format!("'/{start}/:path*'");
    match starts.iter().map(pattern).collect::<Vec<_>>().as_slice() {
        [] => "'/api/:path*'".to_owned(),
        [only] => only.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// A guard for handlers of Node and of functions.
fn handler(file: &File<'_>, routes: &[Route]) -> Fix {
    let name =
        routes.first().map(|route| route.name.as_str()).filter(|name| !name.is_empty() && !name.contains('/')).unwrap_or("the handler");
    file.advice(
        "Refuse callers that come too often",
        &[("RateLimiterMemory", "rate-limiter-flexible", false)],
        &format!(
            "{COUNTED}\nconst callers = new RateLimiterMemory({{ points: 60, duration: 60 }});\n\n\
             // First thing in `{name}`. The proxy before the service puts the caller's address last.\n\
             const caller = String(req.headers['x-forwarded-for'] ?? 'local').split(',').at(-1).trim();\n\
             try {{\n  await callers.consume(caller);\n}} catch {{\n  \
             res.writeHead(429, {{ 'Retry-After': '60' }}).end('Too many requests');\n  return;\n}}\n"
        ),
    )
}
