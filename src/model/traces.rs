//! Traces of errors: what logs or prints, code that runs when that has been done, and code that must not do it.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::cleanup::words;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::inherits;
use crate::model::{exceptions, local_work, loggers, values};

/// Whether a call logs, prints, or hands an error to something that does.
#[must_use]
pub fn leaves(program: &Program, id: ModuleId, call: ExprId) -> bool {
    const METHODS: [&str; 15] = [
        "capture_exception",
        "critical",
        "debug",
        "echo",
        "err",
        "error",
        "exception",
        "fatal",
        "info",
        "log",
        "print_exc",
        "print_exception",
        "secho",
        "warn",
        "warning",
    ];
    let module = program.module(id);
    let Some(callee) = module.call(call).map(|call| call.callee) else { return false };
    let name = program.callee(id, call).library();
    let is_known = name.is_some_and(|name| {
        matches!(name.as_str(), "print" | "warnings.warn" | "traceback.print_exc")
            || program.apis.row(name).is_some_and(|row| row.is(Role::Logging))
    });
    is_known
        || match module.expr(callee).kind {
            ExprKind::Attribute { name, .. } => METHODS.contains(&name.as_str()),
            // `_print("ERROR! …")`, `log_error(e)`
            ExprKind::Name(name) => words(&name).iter().any(|word| matches!(word.as_str(), "print" | "log" | "logger" | "report")),
            _ => false,
        }
}

/// Whether something in these statements leaves a trace, those of a `try` inside aside.
#[must_use]
pub fn in_block(program: &Program, id: ModuleId, block: BlockId, aside: Option<StmtId>) -> bool {
    let module = program.module(id);
    let aside = aside.map(|stmt| module.stmt(stmt).span);
    module
        .expressions(block)
        .into_iter()
        .any(|expr| leaves(program, id, expr) && !aside.is_some_and(|span| span.contains(module.expr(expr).span)))
}

/// Whether a `try` stands where another error was caught that has left its trace, and only tells somebody of it or reads
/// what it says. Recovering from that error is more.
#[must_use]
pub fn only_adds_to_another(program: &Program, id: ModuleId, stmt: StmtId, tried: BlockId) -> bool {
    let module = program.module(id);
    let clause = module.around_stmt(stmt).take_while(|around| !matches!(around, Around::Function(_))).find_map(|around| {
        let Around::Stmt(outer, Some(from)) = around else { return None };
        let StmtKind::Try(t) = &module.stmt(outer).kind else { return None };
        t.handlers.iter().find(|handler| handler.body == from)
    });
    let Some(clause) = clause else { return false };
    let inner = module.stmt(stmt).span;
    let raises = module
        .statements(clause.body)
        .into_iter()
        .any(|s| matches!(module.stmt(s).kind, StmtKind::Raise { .. }) && !inner.contains(module.stmt(s).span));
    let is_told_by_own = || {
        let calls = module.expressions(clause.body).into_iter().filter(|expr| !inner.contains(module.expr(*expr).span));
        calls.into_iter().any(|expr| leaves_in_function(program, id, expr))
    };
    (raises || in_block(program, id, clause.body, Some(stmt)) || is_told_by_own()) && only_tells(program, id, tried, clause.target)
}

/// Whether a call is one of a function of the project that leaves a trace itself: `await fail(error)`.
fn leaves_in_function(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let Some(Entity::Function(f)) = program.module(id).call(call).map(|_| program.callee(id, call)) else { return false };
    let module = program.module(f.module);
    matches!(module.function(f.function).body, FunctionBody::Block(body)
        if module.expressions(body).into_iter().any(|expr| is_read(program, f.module, expr)))
}

/// Whether a call leaves a trace where somebody reads it, whatever the level that is looked at.
#[must_use]
pub fn is_read(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let module = program.module(id);
    let is_level = |name: &str| matches!(name, "debug" | "info" | "silly" | "trace" | "verbose");
    let is_quiet = module.call(call).is_some_and(|call| match module.expr(call.callee).kind {
        // `logger.log("info", …)`
        ExprKind::Attribute { name, .. } if name == "log" => {
            call.args.first().is_some_and(|arg| matches!(module.expr(arg.value).kind, ExprKind::String(level) if is_level(&level)))
        }
        ExprKind::Attribute { name, .. } => is_level(&name),
        _ => false,
    });
    !is_quiet && leaves(program, id, call)
}

/// Whether a statement stands where another error is passed on: that one matters. What only undoes what was begun matters no
/// more where that error is told.
#[must_use]
pub fn is_on_the_way_out(program: &Program, id: ModuleId, stmt: StmtId, undoes: bool) -> bool {
    let module = program.module(id);
    let inner = module.stmt(stmt).span;
    let raises = |body: BlockId| {
        let last = module.block(body).stmts.last().map(|stmt| &module.stmt(*stmt).kind);
        matches!(last, Some(StmtKind::Raise { .. }))
    };
    let tells = |body: BlockId| {
        module.expressions(body).into_iter().any(|expr| {
            let is_aside = inner.contains(module.expr(expr).span);
            !is_aside && (is_read(program, id, expr) || (module.call(expr).is_some() && exceptions::tells_failure(program, id, expr)))
        })
    };
    let is_clause = |body: BlockId| raises(body) || (undoes && tells(body));
    for around in module.around_stmt(stmt) {
        match around {
            Around::Stmt(outer, Some(from)) => match &module.stmt(outer).kind {
                StmtKind::Try(t) if t.handlers.iter().any(|handler| handler.body == from) && is_clause(from) => return true,
                // `if (failed) { logger.error(failed); await remove(file).catch(() => {}); return; }`
                StmtKind::If { .. } if raises(from) || (undoes && !module.block(from).falls_through && tells(from)) => return true,
                _ => {}
            },
            // `open().catch(async (error) => { await remove(file).catch(() => {}); throw error; })`
            Around::Function(function) => {
                let f = module.function(function);
                let is_handler = matches!(f.parent, Parent::Expr(value) if is_handed_rejections(module, value));
                return matches!(f.body, FunctionBody::Block(body) if is_handler && is_clause(body));
            }
            _ => {}
        }
    }
    false
}

/// Whether a function is called with what a promise is rejected with.
fn is_handed_rejections(module: &Module, function: ExprId) -> bool {
    let Parent::Expr(outer) = module.expr_parents[function.index()] else { return false };
    module.call(outer).is_some_and(|call| {
        let is_catch = matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if name == "catch");
        is_catch && call.args.first().is_some_and(|arg| arg.value == function)
    })
}

/// Whether an error is made where a statement stands, to be raised: `return new NotReady(details)`, and nothing else.
#[must_use]
pub fn is_making_error(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let module = program.module(id);
    let Some(FunctionBody::Block(body)) = module.function_of_stmt(stmt).map(|function| module.function(function).body) else {
        return false;
    };
    let is_error = |value: ExprId| {
        module.call(value).is_some_and(|call| match module.expr(call.callee).kind {
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
                let is_made = call.is_new || name.starts_with(char::is_uppercase);
                is_made && (name.ends_with("Error") || name.ends_with("Exception"))
            }
            _ => false,
        })
    };
    let returned = module.statements(body).into_iter().filter_map(|stmt| match module.stmt(stmt).kind {
        StmtKind::Return(value) => Some(value),
        _ => None,
    });
    let mut returned = returned.peekable();
    returned.peek().is_some() && returned.all(|value| value.is_some_and(is_error))
}

/// Whether all that is called in a block tells somebody of an error, or reads what is in hand.
fn only_tells(program: &Program, id: ModuleId, block: BlockId, caught: Option<ExprId>) -> bool {
    const TELLS: [&str; 7] = ["alert", "answer", "notify", "print", "reply", "respond", "say"];
    // Data is sent and written as well: to somebody else, when what was meant has failed.
    const PASSES: [&str; 3] = ["emit", "send", "write"];
    const READS: [&str; 4] = ["json", "read", "text", "decode"];
    // What was written goes out.
    const FLUSHES: [&str; 2] = ["drain", "flush"];
    let module = program.module(id);
    let caught = caught.and_then(|target| exceptions::name_of(module, target));
    let says_error = |arg: &Arg| {
        module.descendants(arg.value).into_iter().any(|part| match &module.expr(part).kind {
            // `answer = "HTTP/1.1 500 Internal Server Error"`
            ExprKind::Name(name) => {
                Some(*name) == caught || values::text(program, id, part).is_some_and(|text| exceptions::says_failure(&text))
            }
            ExprKind::String(text) => exceptions::says_failure(text),
            ExprKind::Template { parts, .. } => {
                parts.iter().any(|p| matches!(p, TemplatePart::Text(text, _) if exceptions::says_failure(text)))
            }
            _ => false,
        })
    };
    module.expressions(block).into_iter().all(|expr| {
        let Some(call) = module.call(expr) else { return true };
        let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
        let words = words(&name);
        let verb = words.first().map_or("", String::as_str);
        leaves(program, id, expr)
            || TELLS.contains(&verb)
            || (PASSES.contains(&verb) && call.args.iter().any(says_error))
            || READS.contains(&name.as_str())
            || FLUSHES.contains(&name.as_str())
            || local_work::is_call(program, id, expr)
    })
}

/// Whether a function is a part of the logging itself: what it logged would come back to it.
#[must_use]
pub fn is_of_logging(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    module.around_stmt(stmt).any(|around| {
        let Around::Function(at) = around else { return false };
        let function = module.function(at);
        let is_part = |name: &str| {
            let is_filter = matches!(name, "logging.Filter" | "logging.Formatter" | "logging.LoggerAdapter");
            is_filter || (name.starts_with("logging.") && name.ends_with("Handler"))
        };
        let method = matches!(
            function.name.as_str(),
            "emit" | "handle" | "filter" | "format" | "formatException" | "formatMessage" | "process" | "handleError" | "write"
        );
        if method && function.class.is_some_and(|class| inherits(program, &resolver, id, class, |name| is_part(&name))) {
            return true;
        }
        let params: Vec<&str> = function.params.iter().map(|param| param.name.as_str()).filter(|name| *name != "self").collect();
        // A processor of structlog is known by what it is given.
        let is_processor = matches!(params[..], [_, _, "event_dict" | "event"]);
        let observes = |decorator: &ExprId| {
            let mut parts = module.descendants(*decorator).into_iter();
            parts.any(
                |part| matches!(module.expr(part).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if name == "ILogObserver"),
            )
        };
        is_processor || function.decorators.iter().any(observes) || loggers::is_hook(program, id, at)
    })
}
