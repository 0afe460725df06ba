//! Code that lets go of things, where an error changes nothing any more.

mod finally;
mod javascript;
mod undoing;

use ustr::Ustr;

pub use self::finally::is_in_finally;
use self::finally::may_end;
pub use self::undoing::{only_undoes, undoes};
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// Whether a statement stands where things are let go of: in a `finally`, in a function that is there for it, or behind the
/// `yield` of a context manager.
#[must_use]
pub fn is_cleaning_up(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let module = program.module(id);
    let mut at = stmt;
    (is_in_finally(module, stmt) && may_end(module, stmt))
        || module.around_stmt(stmt).skip(1).any(|step| match step {
            Around::Stmt(outer, _) => {
                at = outer;
                false
            }
            Around::Function(function) => {
                let name = &module.function(function).name;
                is_cleaning_name(name)
                    || javascript::is_hook_of_the_end(module, function)
                    || is_called_at_the_end(program, id, function)
                    || is_called_from_finally(program, FunctionRef { module: id, function }, 3)
                    || (is_context_manager(program, id, function) && is_behind_yield(module, function, at))
            }
            _ => false,
        })
}

/// Names of what lets go, whatever it is of.
const ENDING: [&str; 5] = ["shutdown", "teardown", "cleanup", "dispose", "finalizer"];

/// What lets go if no more is said.
const ALONE: [&str; 11] = ["aclose", "aexit", "close", "del", "disconnect", "exit", "kill", "quit", "release", "stop", "terminate"];

/// What lets go if it is of something technical: an order is closed and released as well.
const CLOSING: [&str; 9] = ["aclose", "cancel", "close", "destroy", "disconnect", "kill", "release", "stop", "terminate"];

/// What is let go of.
const RESOURCES: [&str; 65] = [
    "all",
    "app",
    "browser",
    "cache",
    "channel",
    "channels",
    "client",
    "clients",
    "conn",
    "connection",
    "connections",
    "conns",
    "consumer",
    "context",
    "ctx",
    "cursor",
    "database",
    "db",
    "driver",
    "engine",
    "engines",
    "executor",
    "file",
    "files",
    "fut",
    "future",
    "futures",
    "handle",
    "http",
    "listener",
    "lock",
    "locks",
    "loop",
    "observer",
    "page",
    "pool",
    "pools",
    "proc",
    "process",
    "processes",
    "producer",
    "pubsub",
    "query",
    "redis",
    "resources",
    "scheduler",
    "server",
    "session",
    "sessions",
    "sock",
    "socket",
    "sockets",
    "stream",
    "streams",
    "subscriber",
    "task",
    "tasks",
    "temp",
    "thread",
    "threads",
    "timer",
    "tmp",
    "transport",
    "websocket",
    "ws",
];

/// Words that say how.
const MANNERS: [&str; 10] = ["async", "do", "ensure", "force", "maybe", "on", "quietly", "safe", "safely", "try"];

/// Whether a function of this name is there to let go of something.
fn is_cleaning_name(name: &str) -> bool {
    let words = words(name);
    let is_ending = |word: Option<&String>| word.is_some_and(|word| matches!(word.as_str(), "shutdown" | "teardown"));
    let lets_go_of_resources = |own: &[&str]| {
        let is_known = |word: &String| own.contains(&&**word) || RESOURCES.contains(&&**word) || MANNERS.contains(&&**word);
        words.iter().any(|word| own.contains(&&**word)) && words.iter().all(is_known)
    };
    is_ending(words.first())
        || is_ending(words.last())
        || (name != "del" && matches!(&words[..], [only] if ALONE.contains(&&**only)))
        || lets_go_of_resources(&ENDING)
        || (words.len() > 1 && lets_go_of_resources(&CLOSING))
}

/// The words of a name, in lower case; `clean_up` is one.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_new = true;
    for c in name.chars() {
        if c == '_' {
            is_new = true;
            continue;
        }
        if is_new || (c.is_uppercase() && words.last().is_some_and(|word| word.ends_with(char::is_lowercase))) {
            words.push(String::new());
            is_new = false;
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    let mut at = 1;
    while at < words.len() {
        if matches!((&*words[at - 1], &*words[at]), ("clean", "up") | ("tear" | "shut", "down")) {
            let second = words.remove(at);
            words[at - 1] += &second;
        } else {
            at += 1;
        }
    }
    words
}

/// Whether a function is registered to be called when its program, its application or a context ends.
fn is_called_at_the_end(program: &Program, id: ModuleId, function: FunctionId) -> bool {
    let module = program.module(id);
    let says = |expr: ExprId| match module.expr(expr).kind {
        ExprKind::String(text) => text == "shutdown",
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
            let words = words(&name);
            words.iter().any(|word| matches!(word.as_str(), "shutdown" | "teardown" | "atexit" | "serving"))
                && !words.contains(&"before".into())
        }
        _ => false,
    };
    if module.function(function).decorators.iter().any(|d| module.descendants(*d).into_iter().any(says)) {
        return true;
    }
    let resolver = Resolver::new(program);
    let is_it = |expr: ExprId| resolver.entity(id, expr) == Entity::Function(FunctionRef { module: id, function });
    let Some(name) = known_as(module, function) else { return false };
    program.mentions(id, name).any(|expr| {
        let Parent::Expr(parent) = module.expr_parents[expr.index()] else { return false };
        let Some(call) = module.call(parent).filter(|call| call.callee != expr) else { return false };
        let at_exit = || matches!(program.callee(id, parent).library().as_deref(), Some("atexit.register" | "weakref.finalize"));
        (at_exit() || module.descendants(call.callee).into_iter().any(says) || call.args.iter().any(|a| says(a.value))) && is_it(expr)
    })
}

/// The name that a function goes by in its module: its own, or that of what it is assigned to.
fn known_as(module: &Module, function: FunctionId) -> Option<Ustr> {
    let f = module.function(function);
    if !f.name.is_empty() {
        return Some(f.name);
    }
    let Parent::Expr(value) = f.parent else { return None };
    let Parent::Stmt(stmt) = module.expr_parents[value.index()] else { return None };
    match &module.stmt(stmt).kind {
        StmtKind::Assign { targets, .. } => targets.iter().find_map(|target| match module.expr(*target).kind {
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some(name),
            _ => None,
        }),
        _ => None,
    }
}

/// Whether a function that clears something is called only in `finally`, or by such functions.
fn is_called_from_finally(program: &Program, function: FunctionRef, depth: u32) -> bool {
    const CLEARS: [&str; 9] = ["clean", "cleanup", "clear", "close", "dispose", "evict", "free", "release", "reset"];
    let clears = words(&program.function(function).name).first().is_some_and(|word| CLEARS.contains(&word.as_str()));
    if !clears || depth == 0 {
        return false;
    }
    let calls = program.callers().of(function);
    let all = calls.iter().all(|(id, call)| {
        let (id, module) = (*id, program.module(*id));
        module.around(*call).any(|around| match around {
            Around::Stmt(outer, from) => matches!(&module.stmt(outer).kind, StmtKind::Try(t) if t.finally.is_some() && t.finally == from),
            Around::Function(caller) => is_called_from_finally(program, FunctionRef { module: id, function: caller }, depth - 1),
            _ => false,
        })
    });
    !calls.is_empty() && all
}

fn is_context_manager(program: &Program, id: ModuleId, function: FunctionId) -> bool {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    module.function(function).decorators.iter().any(|decorator| {
        let name = resolver.entity(id, *decorator).library();
        matches!(name.as_deref(), Some("contextlib.contextmanager" | "contextlib.asynccontextmanager"))
    })
}

/// Whether a statement of a function's own block stands behind one that yields.
fn is_behind_yield(module: &Module, function: FunctionId, stmt: StmtId) -> bool {
    let FunctionBody::Block(body) = module.function(function).body else { return false };
    let before = module.block(body).stmts.iter().take_while(|s| **s != stmt);
    let yields = |expr: ExprId| matches!(module.expr(expr).kind, ExprKind::Yield(_));
    let mut exprs = before.flat_map(|s| {
        let mut found = Vec::new();
        module.stmt(*s).kind.for_each_expr(|e| found.extend(module.descendants(e)));
        module.stmt(*s).kind.for_each_block(|b| found.extend(module.expressions(b)));
        found
    });
    exprs.any(yields)
}

/// Whether all that is done in a block is letting go of something.
#[must_use]
pub fn only_closes(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let mut any = false;
    let all = module.statements(block).into_iter().all(|stmt| match &module.stmt(stmt).kind {
        StmtKind::Expr(expr) => {
            any = true;
            closes(program, id, *expr)
        }
        // `self.client = None`
        StmtKind::Assign { value: Some(value), .. } => matches!(module.expr(*value).kind, ExprKind::Null),
        StmtKind::If { .. } | StmtKind::Loop(_) | StmtKind::Pass | StmtKind::With { .. } | StmtKind::Delete(_) => true,
        _ => false,
    });
    all && any
}

/// Whether all that is done in a block is to remove a folder: what still lies in there is kept, and what is left of it costs
/// nothing.
#[must_use]
pub fn removes_folder(module: &Module, block: BlockId) -> bool {
    let [only] = module.block(block).stmts[..] else { return false };
    let StmtKind::Expr(value) = module.stmt(only).kind else { return false };
    let value = if let ExprKind::Await(inner) = module.expr(value).kind { inner } else { value };
    let Some(call) = module.call(value) else { return false };
    let said = |expr: ExprId| match module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => words(&name),
        _ => Vec::new(),
    };
    let is_folder = |word: &String| matches!(word.as_str(), "dir" | "directory" | "folder");
    let verbs = said(call.callee);
    let removes = verbs.first().is_some_and(|word| matches!(word.as_str(), "clean" | "delete" | "prune" | "remove" | "rm"));
    let names_it = || verbs.iter().any(is_folder) || call.args.first().is_some_and(|arg| said(arg.value).iter().any(is_folder));
    verbs.first().is_some_and(|word| word == "rmdir") || (removes && names_it())
}

/// Whether a call removes what is left of an earlier state: `fse.remove(oldDir)`.
#[must_use]
pub fn removes_leftover(module: &Module, expr: ExprId) -> bool {
    const LEFT: [&str; 8] = ["backup", "old", "partial", "previous", "staging", "stale", "temp", "tmp"];
    let said = |expr: ExprId| match module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => words(&name),
        _ => Vec::new(),
    };
    let removes = |word: &String| matches!(word.as_str(), "remove" | "rm" | "rmdir" | "unlink" | "rimraf");
    module.call(expr).is_some_and(|call| {
        let first = call.args.first().map(|arg| said(arg.value)).unwrap_or_default();
        said(call.callee).first().is_some_and(removes) && first.iter().any(|word| LEFT.contains(&word.as_str()))
    })
}

/// Whether an expression lets go of something: itself, or through what it hands to a thread or waits for.
#[must_use]
pub fn closes(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    const FILES: [&str; 17] = [
        "os.remove",
        "os.unlink",
        "os.rmdir",
        "os.removedirs",
        "shutil.rmtree",
        "js:fs.rm",
        "js:fs.rmSync",
        "js:fs.rmdir",
        "js:fs.rmdirSync",
        "js:fs.unlink",
        "js:fs.unlinkSync",
        "js:fs.promises.rm",
        "js:fs.promises.rmdir",
        "js:fs.promises.unlink",
        "js:fs/promises.rm",
        "js:fs/promises.rmdir",
        "js:fs/promises.unlink",
    ];
    const SURE: [&str; 11] =
        ["close", "aclose", "disconnect", "shutdown", "terminate", "kill", "unlink", "rollback", "quit", "wait_closed", "cleanup"];
    const OTHER: [&str; 9] = ["stop", "cancel", "release", "detach", "unregister", "unsubscribe", "destroy", "abort", "logout"];
    let module = program.module(id);
    let lets_go = |callee: ExprId| match module.expr(callee).kind {
        ExprKind::Attribute { object, name, .. } => {
            SURE.contains(&&*name)
                || javascript::lets_go(&name)
                || (name == "end" && module.language == Language::TypeScript && is_technical(module, object))
                || name != "del" && is_cleaning_name(&name) && !OTHER.contains(&&*name)
                || (OTHER.contains(&&*name) && is_technical(module, object))
        }
        ExprKind::Name(name) => is_cleaning_name(&name) || javascript::lets_go(&name),
        _ => false,
    };
    let mut todo = vec![expr];
    // As deep as calls are nested in real code.
    for _ in 0..8 {
        let Some(next) = todo.pop() else { return true };
        match &module.expr(next).kind {
            ExprKind::Await(inner) | ExprKind::Unary { op: UnaryOp::Other, operand: inner } => todo.push(*inner),
            ExprKind::Call(call) if javascript::rolls_back(module, call) => {}
            ExprKind::Call(call) => {
                // `reader.cancel().catch(() => {})`
                if let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind
                    && matches!(name.as_str(), "catch" | "then" | "finally")
                    && module.call(object).is_some()
                {
                    todo.push(object);
                    continue;
                }
                if is_hint(program, id, next) {
                    continue;
                }
                let removes = program.callee(id, next).library().is_some_and(|name| FILES.contains(&name.as_str()));
                if removes && !call.args.first().is_some_and(|arg| is_temporary(program, id, arg.value)) {
                    return false;
                }
                if removes || lets_go(call.callee) {
                    continue;
                }
                // `run_in_executor(None, client.close)`, `wait_for(client.aclose(), 5)`, `sync_to_async(client.close)()`
                let inner = module.call(call.callee).map_or(&call.args, |outer| &outer.args);
                if inner.iter().any(|arg| lets_go(arg.value)) {
                    continue;
                }
                let before = todo.len();
                todo.extend(inner.iter().map(|arg| arg.value).filter(|arg| module.call(*arg).is_some()));
                if todo.len() == before {
                    return false;
                }
            }
            _ => return false,
        }
    }
    false
}

/// Whether a call only tells that memory may be freed: `gc.collect()`, `page.request_gc()`.
fn is_hint(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let is_known = program.callee(id, call).library().is_some_and(|name| matches!(name.as_str(), "gc.collect" | "js:globalThis.gc"));
    let module = program.module(id);
    is_known || module.call(call).is_some_and(|call| matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if matches!(name.as_str(), "request_gc" | "requestGC")))
}

/// Whether a path is of a file that was there for a while only, by its name or where it comes from. An error that keeps any
/// other file from being removed matters.
fn is_temporary(program: &Program, id: ModuleId, path: ExprId) -> bool {
    const WORDS: [&str; 12] =
        ["cache", "lock", "part", "partial", "pid", "scratch", "sock", "socket", "temp", "tempfile", "temporary", "tmp"];
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let comes_from_tempfile = |value: ExprId| {
        let is_made = |expr: &ExprId| program.callee(id, *expr).library().is_some_and(|name| name.contains("tempfile."));
        module.descendants(value).iter().any(is_made)
    };
    module.descendants(path).into_iter().any(|part| match &module.expr(part).kind {
        ExprKind::Name(name) => {
            let bindings = resolver.scope_of_name(id, part, *name).into_iter().flat_map(|(scope, _)| program.bindings(id, scope, *name));
            let mut values = bindings.filter_map(|binding| match binding.kind {
                BindingKind::Value(value) | BindingKind::Element(value, _) | BindingKind::Context(value) => Some(value),
                _ => None,
            });
            words(name).iter().any(|word| WORDS.contains(&&**word)) || values.any(comes_from_tempfile)
        }
        ExprKind::Attribute { name, .. } => words(name).iter().any(|word| WORDS.contains(&&**word)),
        ExprKind::String(text) => text.starts_with("/tmp"),
        _ => false,
    })
}

/// Whether the name of something says that it is a resource: `self.pubsub`, `polling_task`, `t`.
fn is_technical(module: &Module, object: ExprId) -> bool {
    if javascript::is_technical(module, object) {
        return true;
    }
    match module.expr(object).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
            name.len() <= 2 || words(&name).iter().any(|word| RESOURCES.contains(&&**word))
        }
        ExprKind::Subscript { object, .. } => {
            matches!(module.expr(object).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if words(&name).iter().any(|w| RESOURCES.contains(&&**w)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_functions_that_clean_up() {
        for name in [
            "close",
            "aclose",
            "__exit__",
            "__aexit__",
            "__del__",
            "shutdown",
            "on_shutdown",
            "shutdown_event",
            "tearDown",
            "tear_down",
            "cleanup",
            "clean_up",
            "_cleanup_temp_files",
            "close_connection",
            "closeConnection",
            "safe_close",
            "close_all",
            "stop",
            "stop_server",
            "disconnect",
            "release_lock",
            "_kill_process",
            "dispose",
        ] {
            assert!(is_cleaning_name(name), "{name}");
        }
        for name in [
            "",
            "closest_store",
            "closed_orders",
            "close_order",
            "release_funds",
            "cancel_order",
            "cleanup_expired_users",
            "stop_campaign",
            "disclose",
            "get_closing_price",
            "delete",
            "exit_code",
            "kill_feature",
            "client",
            "db",
            "quit_claim",
            "cancel",
            "destroy",
            "del_session",
        ] {
            assert!(!is_cleaning_name(name), "{name}");
        }
    }
}
