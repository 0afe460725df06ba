//! What code reaches outside of its process: networks, databases, files, other programs.

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::cleanup::words;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Entity;
use crate::model::{exceptions, predicates};
use crate::source::Span;

/// How deep functions of the project are followed.
const DEPTH: u32 = 4;

/// Methods whose name leaves little doubt, whatever they are of.
const METHODS: [&str; 34] = [
    "acquire",
    "all",
    "check_output",
    "commit",
    "connect",
    "delete",
    "download",
    "execute",
    "executemany",
    "exists",
    "fetch",
    "fetchall",
    "fetchone",
    "filter",
    "first",
    "flush",
    "invoke",
    "iterdir",
    "load",
    "navigate",
    "open",
    "patch",
    "ping",
    "post",
    "publish",
    "put",
    "query",
    "recv",
    "refresh",
    "request",
    "save",
    "send",
    "upload",
    "wait",
];

/// Those of them that are of lists in JavaScript; queries are waited for there.
const OF_LISTS: [&str; 2] = ["filter", "first"];

/// What methods reach out that read, write or send: `read_text`, `send_message`.
const VERBS: [&str; 9] = ["connect", "download", "execute", "fetch", "query", "read", "send", "upload", "write"];

/// Whose methods reach out, by the last word of its name.
const REMOTE: [&str; 38] = [
    "api",
    "backend",
    "blob",
    "bot",
    "broker",
    "browser",
    "bucket",
    "cache",
    "client",
    "collection",
    "conn",
    "connection",
    "cur",
    "cursor",
    "database",
    "db",
    "driver",
    "engine",
    "gateway",
    "http",
    "manager",
    "objects",
    "page",
    "pool",
    "queue",
    "redis",
    "repo",
    "repository",
    "requests",
    "server",
    "service",
    "session",
    "socket",
    "storage",
    "store",
    "supabase",
    "table",
    "websocket",
];

/// Functions of the language that do.
const FUNCTIONS: [&str; 3] = ["open", "input", "__import__"];

/// Modules of the language that do. Paths are computed with, too.
const MODULES: [&str; 16] = [
    "asyncio",
    "ftplib",
    "glob",
    "http",
    "imaplib",
    "multiprocessing",
    "os",
    "pathlib",
    "poplib",
    "shutil",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
];

/// Modules of Node that do.
const NODE: [&str; 12] =
    ["child_process", "dgram", "dns", "dns/promises", "fs", "fs/promises", "http", "http2", "https", "net", "readline", "tls"];

/// What those modules have that is a value in hand.
const VALUES: [&str; 5] = [
    "js:http.IncomingHttpHeaders",
    "js:http.IncomingMessage.headers",
    "js:http.IncomingMessage.method",
    "js:http.IncomingMessage.url",
    "js:http.OutgoingHttpHeaders",
];

/// Whether a call only asks whether a file is there, or makes a folder that may be: that it fails is the answer.
#[must_use]
pub fn is_probe(program: &Program, id: ModuleId, call: ExprId) -> bool {
    const ASKS: [&str; 12] = [
        "access",
        "accessSync",
        "exists",
        "existsSync",
        "lstat",
        "lstatSync",
        "mkdir",
        "mkdirSync",
        "realpath",
        "realpathSync",
        "stat",
        "statSync",
    ];
    let callee = program.callee(id, call).library();
    let name = callee.as_deref().and_then(|name| {
        ["js:fs.promises.", "js:fs/promises.", "js:fs.", "js:fs-extra."].iter().find_map(|module| name.strip_prefix(module))
    });
    name.is_some_and(|name| ASKS.contains(&name))
        || callee.is_some_and(|name| matches!(name.as_str(), "os.path.exists" | "os.path.isdir" | "os.path.isfile" | "os.path.lexists"))
}

/// Whether all that a block calls is other programs: to ask them, where a question is asked.
#[must_use]
pub fn only_runs_programs(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let mut calls = module.expressions(block).into_iter().filter(|expr| module.call(*expr).is_some()).peekable();
    let runs = |call: ExprId| {
        let row = program.callee(id, call).library().and_then(|name| program.apis.row(name));
        row.is_some_and(|row| row.is(Role::Subprocess))
    };
    calls.peek().is_some() && calls.all(runs)
}

/// Whether that is all there is to ask: what a file of the kernel says, or a program that a function by its name only tries to run.
#[must_use]
pub fn only_asks_system(program: &Program, id: ModuleId, block: BlockId, function: &str) -> bool {
    let module = program.module(id);
    let exprs = module.expressions(block);
    if only_runs_programs(program, id, block) {
        return predicates::is_attempt(function);
    }
    let of_kernel = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::String(text) if text.starts_with("/proc/") || text.starts_with("/sys/"));
    let reaches_further = |expr: &ExprId| {
        let row = program.callee(id, *expr).library().and_then(|name| program.apis.row(name));
        row.is_some_and(|row| [Role::HttpCall, Role::NetworkCall, Role::SqlSink].iter().any(|role| row.is(*role)))
    };
    exprs.iter().any(of_kernel) && !exprs.iter().any(|expr| module.call(*expr).is_some() && reaches_further(expr))
}

/// Whether the only calls of a block are such.
#[must_use]
pub fn only_probes(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let mut calls = module.expressions(block);
    calls.retain(|expr| module.call(*expr).is_some());
    // `(await fs.stat(path)).isFile()`, `path.join(…)`
    let computes = |expr: &ExprId| match module.call(*expr).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Attribute { name, .. }) if name.starts_with("is") => true,
        _ => match program.callee(id, *expr) {
            Entity::Library(name) => name.starts_with("js:path."),
            // `return baseUrl() + '/favicon.ico'`
            Entity::Function(f) => match program.function(f).body {
                FunctionBody::Block(body) => !reaches(program, f.module, body),
                FunctionBody::Expr(value) => {
                    program.module(f.module).descendants(value).iter().all(|e| program.module(f.module).call(*e).is_none())
                }
            },
            _ => false,
        },
    };
    calls.iter().any(|call| is_probe(program, id, *call)) && calls.iter().all(|call| is_probe(program, id, *call) || computes(call))
}

/// Where in a block of Python a `try` lets nothing of what goes wrong through.
fn seen_to(program: &Program, id: ModuleId, block: BlockId) -> Vec<Span> {
    let module = program.module(id);
    if module.language != Language::Python {
        return Vec::new();
    }
    let tries = module.statements(block).into_iter().filter_map(|stmt| match &module.stmt(stmt).kind {
        StmtKind::Try(t) => Some(t),
        _ => None,
    });
    let takes = |handler: &Handler| exceptions::breadth_of(program, id, handler) != exceptions::Breadth::Narrow;
    let passes = |handler: &Handler| exceptions::reaction(program, id, handler) == exceptions::Reaction::Raises;
    let tries = tries.filter(|t| t.handlers.iter().any(takes) && !t.handlers.iter().any(passes));
    tries.map(|t| module.block(t.body).span).collect()
}

/// Whether a block surely or likely reaches out, itself or through functions of the project.
#[must_use]
pub fn reaches(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let mut todo = vec![(id, block, DEPTH)];
    let mut seen: Vec<FunctionRef> = Vec::new();
    while let Some((id, block, depth)) = todo.pop() {
        let module = program.module(id);
        let seen_to = seen_to(program, id, block);
        for expr in module.expressions(block) {
            if seen_to.iter().any(|span| span.contains(module.expr(expr).span)) {
                continue;
            }
            if matches!(module.expr(expr).kind, ExprKind::Await(_)) {
                return true;
            }
            let Some(call) = module.call(expr) else { continue };
            // `find_user(session, token)`
            let is_handed = |arg: &Arg| !matches!(module.expr(arg.value).kind, ExprKind::Call(_)) && is_remote(module, arg.value);
            if call.args.iter().any(is_handed) {
                return true;
            }
            match program.callee(id, expr) {
                Entity::Function(f) => {
                    if depth > 0
                        && !seen.contains(&f)
                        && let FunctionBody::Block(body) = program.function(f).body
                    {
                        seen.push(f);
                        todo.push((f.module, body, depth - 1));
                    }
                }
                callee if is_known(program, callee) => return true,
                // What else is known of libraries and the language computes.
                callee if callee.library().is_some_and(|name| !name.contains('?')) && !is_method(module, call) => {}
                _ => {
                    if let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind
                        && !is_super(module, object)
                        && !is_of_list(module, call)
                        && (reaches_by_name(module.language, &name)
                            || words(&name).first().is_some_and(|word| VERBS.contains(&word.as_str()))
                            || is_remote(module, object))
                    {
                        return true;
                    }
                }
            }
        }
    }
    false
}

/// `state.queue.filter((item) => …)`: whatever its name says, that is a list.
#[must_use]
pub fn is_of_list(module: &Module, call: &Call) -> bool {
    const METHODS: [&str; 11] = ["every", "filter", "find", "findIndex", "findLast", "flatMap", "forEach", "map", "reduce", "some", "sort"];
    let takes_function = call.args.first().is_some_and(|arg| matches!(module.expr(arg.value).kind, ExprKind::Function(_)));
    let is_one = matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if METHODS.contains(&name.as_str()));
    module.language == Language::TypeScript && takes_function && is_one
}

/// Whether a method's own name says that it does.
fn reaches_by_name(language: Language, name: &str) -> bool {
    METHODS.contains(&name) && !(language == Language::TypeScript && OF_LISTS.contains(&name))
}

/// `super()`: what a class inherits is out of sight, and its name says no more than its own.
fn is_super(module: &Module, object: ExprId) -> bool {
    let callee = module.call(object).map(|call| &module.expr(call.callee).kind);
    matches!(callee, Some(ExprKind::Name(name)) if *name == "super")
}

fn is_method(module: &Module, call: &Call) -> bool {
    matches!(module.expr(call.callee).kind, ExprKind::Attribute { .. })
}

/// Whether what is called is known to reach out.
#[must_use]
pub fn is_known(program: &Program, callee: Entity) -> bool {
    const ROLES: [Role; 6] = [Role::HttpCall, Role::NetworkCall, Role::Subprocess, Role::Client, Role::SqlSink, Role::Browser];
    let Some(name) = callee.library() else { return false };
    let in_language = MODULES.contains(&name.split('.').next().unwrap_or_default())
        && !name.starts_with("os.path.")
        && !name.starts_with("os.environ")
        && !matches!(name.as_str(), "os.getenv" | "pathlib.Path" | "pathlib.PurePath" | "pathlib.Path.resolve" | "pathlib.Path.home");
    let is_value = VALUES.iter().any(|value| name.strip_prefix(value).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
    let of_node = !is_value && name.strip_prefix("js:").is_some_and(|name| NODE.contains(&name.split('.').next().unwrap_or_default()));
    in_language
        || of_node
        || FUNCTIONS.contains(&name.as_str())
        || program.apis.row(name).is_some_and(|row| ROLES.iter().any(|role| row.is(*role)))
}

/// Whether something is a client, a connection or the like by its name: `self.redis`, `User.objects`, `get_db()`.
#[must_use]
pub fn is_remote(module: &Module, object: ExprId) -> bool {
    let mut at = object;
    // `client.table("x").insert(row)`, as long as real chains are.
    for _ in 0..16 {
        let (name, next) = match &module.expr(at).kind {
            ExprKind::Name(name) => (Some(*name), None),
            ExprKind::Attribute { object, name, .. } => (Some(*name), Some(*object)),
            ExprKind::Call(call) => (None, Some(call.callee)),
            ExprKind::Subscript { object, .. } => (None, Some(*object)),
            _ => (None, None),
        };
        // A cursor of JavaScript is the place where a page of results begins, and `cur` what is at hand.
        let is_one = |word: &String| {
            REMOTE.contains(&word.as_str()) && (module.language == Language::Python || !matches!(word.as_str(), "cur" | "cursor"))
        };
        if name.is_some_and(|name| words(&name).last().is_some_and(is_one)) {
            return true;
        }
        let Some(next) = next else { return false };
        at = next;
    }
    false
}
