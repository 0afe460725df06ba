//! What `except` clauses catch, and what they do about it.

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// How much a clause catches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Breadth {
    /// No type is named: everything, the end of the program too.
    Bare,
    /// `Exception`, `BaseException`.
    Broad,
    /// A coroutine's cancellation, by name.
    Cancellation,
    /// What somebody thought of.
    Narrow,
}

/// How much a type expression catches: the widest of several counts.
#[must_use]
pub fn breadth(program: &Program, id: ModuleId, types: &[ExprId]) -> Breadth {
    let resolver = Resolver::new(program);
    let mut widest = Breadth::Narrow;
    let mut todo: Vec<(ModuleId, ExprId)> = types.iter().map(|t| (id, *t)).collect();
    let mut seen = 0;
    while let Some((module, expr)) = todo.pop() {
        seen += 1;
        if seen > 64 {
            break;
        }
        match resolver.entity(module, expr) {
            Entity::Builtin(name) if matches!(name.as_str(), "Exception" | "BaseException" | "ExceptionGroup" | "BaseExceptionGroup") => {
                return Breadth::Broad;
            }
            Entity::Library(name) if matches!(name.as_str(), "asyncio.CancelledError" | "asyncio.exceptions.CancelledError") => {
                widest = Breadth::Cancellation;
            }
            _ => {
                // A tuple, or a name for one.
                let (at, origin) = values::origin(program, module, expr);
                match &program.module(at).expr(origin).kind {
                    ExprKind::Tuple(parts) => todo.extend(parts.iter().map(|part| (at, *part))),
                    _ if (at, origin) != (module, expr) => todo.push((at, origin)),
                    _ => {}
                }
            }
        }
    }
    widest
}

/// What a clause does about what it caught.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reaction {
    /// It raises, or ends the program.
    Raises,
    /// It calls something, uses the exception, or answers with an error.
    Acts,
    /// It puts something else in the place of the result.
    FallsBack,
    /// It returns this constant.
    Returns(ExprId),
    /// Nothing at all.
    Nothing,
}

/// What the body of a clause does.
#[must_use]
pub fn reaction(program: &Program, id: ModuleId, handler: &Handler) -> Reaction {
    let module = program.module(id);
    let mut result = Reaction::Nothing;
    let mut acts = false;
    for stmt in module.statements(handler.body) {
        match &module.stmt(stmt).kind {
            StmtKind::Raise { .. } => return Reaction::Raises,
            StmtKind::Return(Some(value)) => match returned(module, *value) {
                Returned::Nothing => {}
                Returned::Constant => {
                    if result == Reaction::Nothing {
                        result = Reaction::Returns(*value);
                    }
                }
                Returned::Fallback => result = Reaction::FallsBack,
                Returned::Answer => acts = true,
            },
            StmtKind::Assign { .. } | StmtKind::Delete(_) => result = Reaction::FallsBack,
            // Something is counted.
            StmtKind::AugAssign { .. } | StmtKind::Assert { .. } => acts = true,
            _ => {}
        }
    }
    for expr in module.expressions(handler.body) {
        match &module.expr(expr).kind {
            ExprKind::Call(_) => match program.callee(id, expr).library().as_deref() {
                Some("sys.exit" | "os._exit" | "exit" | "quit") => return Reaction::Raises,
                // Waiting tells nobody, and constructors of the language make fallbacks.
                Some(
                    "time.sleep" | "asyncio.sleep" | "dict" | "list" | "set" | "tuple" | "str" | "int" | "float" | "bool" | "len"
                    | "object",
                ) => {}
                _ => acts = true,
            },
            ExprKind::Yield(Some(_)) | ExprKind::YieldFrom(_) => acts = true,
            ExprKind::Name(name) => {
                acts |= handler.target.is_some_and(|target| matches!(module.expr(target).kind, ExprKind::Name(n) if n == *name));
            }
            _ => {}
        }
    }
    if acts { Reaction::Acts } else { result }
}

enum Returned {
    Nothing,
    Constant,
    Fallback,
    Answer,
}

fn returned(module: &Module, value: ExprId) -> Returned {
    match &module.expr(value).kind {
        ExprKind::Null => Returned::Nothing,
        ExprKind::Bool(_) => Returned::Constant,
        ExprKind::List(parts) | ExprKind::Tuple(parts) | ExprKind::Set(parts) if parts.is_empty() => Returned::Constant,
        ExprKind::Object(entries) if entries.is_empty() => Returned::Constant,
        ExprKind::Number(digits) if digits.trim_matches(['0', '.']).is_empty() => Returned::Constant,
        // A word in the place of a result; a sentence is an answer.
        ExprKind::String(text) if !text.contains(' ') && !text.to_ascii_lowercase().contains("err") => Returned::Constant,
        ExprKind::Call(call) if call.args.is_empty() => Returned::Constant,
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => Returned::Fallback,
        _ => Returned::Answer,
    }
}

/// Whether a function or block is there to clean up, where an error changes nothing any more.
#[must_use]
pub fn is_cleaning_up(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let module = program.module(id);
    let mut around = module.around_stmt(stmt);
    // The statement itself.
    around.next();
    for step in around {
        match step {
            crate::ir::walk::Around::Stmt(outer, from) => {
                if let StmtKind::Try(t) = &module.stmt(outer).kind
                    && t.finally.is_some()
                    && t.finally == from
                {
                    return true;
                }
            }
            crate::ir::walk::Around::Function(function) => {
                let f = module.function(function);
                let says_shutdown = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::String(text) if text == "shutdown");
                return is_cleaning_name(&f.name) || f.decorators.iter().any(|d| module.descendants(*d).iter().any(says_shutdown));
            }
            _ => {}
        }
    }
    false
}

/// Names of functions that let go of something.
fn is_cleaning_name(name: &str) -> bool {
    const WHOLE: [&str; 18] = [
        "close",
        "aclose",
        "shutdown",
        "teardown",
        "tear_down",
        "tearDown",
        "cleanup",
        "clean_up",
        "dispose",
        "disconnect",
        "terminate",
        "destroy",
        "stop",
        "del",
        "exit",
        "aexit",
        "quit",
        "release",
    ];
    const WORDS: [&str; 4] = ["cleanup", "shutdown", "teardown", "close"];
    let name = name.trim_matches('_');
    WHOLE.contains(&name) || WORDS.iter().any(|word| name.split('_').next() == Some(*word) || name.split('_').next_back() == Some(*word))
}

/// Methods that let go of something.
const CLOSING: [&str; 24] = [
    "close",
    "aclose",
    "cancel",
    "disconnect",
    "stop",
    "shutdown",
    "terminate",
    "kill",
    "unlink",
    "rmtree",
    "rollback",
    "quit",
    "dispose",
    "release",
    "unsubscribe",
    "aclose_all",
    "close_all",
    "wait_closed",
    "detach",
    "unregister",
    "logout",
    "cleanup",
    "destroy",
    "abort",
];

/// Whether all that is done in a block is letting go of something.
#[must_use]
pub fn only_closes(module: &Module, block: BlockId) -> bool {
    all_calls(
        module,
        block,
        |_, call| matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } | ExprKind::Name(name) if CLOSING.contains(&name.as_str())),
    )
}

/// Whether all that is done in a block is sending telemetry, or logging.
#[must_use]
pub fn only_tells(program: &Program, id: ModuleId, block: BlockId) -> bool {
    all_calls(program.module(id), block, |expr, _| {
        let row = program.callee(id, expr).library().and_then(|name| program.apis.row(name));
        row.is_some_and(|row| row.is(Role::Telemetry) || row.is(Role::Logging))
    })
}

/// Whether a block consists of calls, all of them of a kind.
fn all_calls(module: &Module, block: BlockId, is_one: impl Fn(ExprId, &Call) -> bool) -> bool {
    let mut any = false;
    let all = module.statements(block).into_iter().all(|stmt| match module.stmt(stmt).kind {
        StmtKind::Expr(expr) => {
            let expr = match module.expr(expr).kind {
                ExprKind::Await(inner) => inner,
                _ => expr,
            };
            any = true;
            module.call(expr).is_some_and(|call| is_one(expr, call))
        }
        StmtKind::If { .. } | StmtKind::Loop(_) | StmtKind::Pass | StmtKind::With { .. } => true,
        _ => false,
    });
    all && any
}

/// Whether a block tries whether something can be imported.
#[must_use]
pub fn is_import_guard(module: &Module, block: BlockId) -> bool {
    let stmts = &module.block(block).stmts;
    let is_import = |stmt: &StmtId| matches!(module.stmt(*stmt).kind, StmtKind::Import(_));
    stmts.iter().any(is_import) && stmts.iter().all(|stmt| is_import(stmt) || matches!(module.stmt(*stmt).kind, StmtKind::Assign { .. }))
}
