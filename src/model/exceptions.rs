//! What `except` clauses catch, what they do about it, and what follows them.

use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;
use crate::source::Span;

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
    // As many as anybody lists.
    for _ in 0..64 {
        let Some((module, expr)) = todo.pop() else { break };
        match resolver.entity(module, expr) {
            Entity::Builtin(name) if is_broad(name) => return Breadth::Broad,
            Entity::Library(name) if is_cancellation(name) => widest = Breadth::Cancellation,
            _ => {
                // Several, or a name for them.
                let (at, origin) = values::origin(program, module, expr);
                match &program.module(at).expr(origin).kind {
                    ExprKind::Tuple(parts) => todo.extend(parts.iter().map(|part| (at, *part))),
                    ExprKind::Binary { op: BinaryOp::Add, operands } => todo.extend(operands.iter().map(|part| (at, *part))),
                    ExprKind::Spread(inner) => todo.push((at, *inner)),
                    ExprKind::Call(_) => {
                        let name = program.callee(at, origin).library();
                        if name.is_some_and(|name| name == "anyio.get_cancelled_exc_class") {
                            widest = Breadth::Cancellation;
                        }
                    }
                    _ if (at, origin) != (module, expr) => todo.push((at, origin)),
                    _ => {}
                }
            }
        }
    }
    widest
}

fn is_broad(name: Ustr) -> bool {
    matches!(name.as_str(), "Exception" | "BaseException" | "ExceptionGroup" | "BaseExceptionGroup")
}

/// Whether this is what coroutines are cancelled with.
#[must_use]
pub fn is_cancellation(name: Ustr) -> bool {
    matches!(name.as_str(), "asyncio.CancelledError" | "asyncio.exceptions.CancelledError" | "trio.Cancelled")
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
                Returned::Constant if result == Reaction::Nothing => result = Reaction::Returns(*value),
                Returned::Constant => {}
                Returned::Fallback => result = Reaction::FallsBack,
                Returned::Answer => acts = true,
            },
            StmtKind::Assign { targets, value, .. } => {
                acts |= targets.iter().chain(value).any(|expr| says_failure(module, *expr));
                result = Reaction::FallsBack;
            }
            StmtKind::Delete(_) => result = Reaction::FallsBack,
            // Something is counted.
            StmtKind::AugAssign { .. } | StmtKind::Assert { .. } => acts = true,
            _ => {}
        }
    }
    let exprs = module.expressions(handler.body);
    let waits: Vec<ExprId> = exprs.iter().copied().filter(|expr| module.call(*expr).is_some() && waits(program, id, *expr)).collect();
    for expr in exprs {
        match &module.expr(expr).kind {
            ExprKind::Call(_) if waits.iter().any(|wait| module.is_within(expr, *wait)) => {}
            ExprKind::Call(_) => match program.callee(id, expr).library().as_deref() {
                Some("sys.exit" | "os._exit" | "exit" | "quit") => return Reaction::Raises,
                // Constructors of the language make fallbacks.
                Some("dict" | "list" | "set" | "tuple" | "str" | "int" | "float" | "bool" | "len" | "object") => {}
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

/// Waiting tells nobody.
fn waits(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let name = program.callee(id, call).library();
    let known = ["time.sleep", "asyncio.sleep", "anyio.sleep", "trio.sleep", "gevent.sleep", "eventlet.sleep"];
    name.is_some_and(|name| known.contains(&name.as_str()))
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
        ExprKind::List(parts) | ExprKind::Set(parts) if parts.is_empty() => Returned::Constant,
        ExprKind::Object(entries) if entries.is_empty() => Returned::Constant,
        // `None, None`; a truth value among several says whether it went well.
        ExprKind::Tuple(parts) => {
            let is_empty = |part: &ExprId| match returned(module, *part) {
                Returned::Nothing => true,
                Returned::Constant => !matches!(module.expr(*part).kind, ExprKind::Bool(_) | ExprKind::Tuple(_)),
                _ => false,
            };
            if parts.iter().all(is_empty) { Returned::Constant } else { Returned::Answer }
        }
        ExprKind::Number(digits) if digits.trim_matches(['0', '.']).is_empty() => Returned::Constant,
        // A word in the place of a result; a sentence is an answer.
        ExprKind::String(text) if !text.contains(' ') && !says_failure(module, value) => Returned::Constant,
        ExprKind::Call(call) if call.args.is_empty() => Returned::Constant,
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } if !says_failure(module, value) => Returned::Fallback,
        _ => Returned::Answer,
    }
}

/// Whether a text or a name says that something went wrong: `"unavailable"`, `Status.ERROR`, `self.failed`.
fn says_failure(module: &Module, expr: ExprId) -> bool {
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["err", "fail", "unavailable", "invalid", "unhealthy", "degraded", "broken"].iter().any(|word| text.contains(word))
            || text == "down"
    };
    match module.expr(expr).kind {
        ExprKind::String(text) => says(&text),
        // A list of errors that nothing was put into says nothing.
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => says(&name) && !name.ends_with("errors"),
        _ => false,
    }
}

/// Whether the error of a `try` shows in another one that is raised behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Afterwards {
    /// Nothing is raised, or it has nothing to do with it.
    Nothing,
    /// Once all attempts have failed: without the reason.
    RaisesAtLast,
    /// Whatever happened in the `try`.
    Raises,
}

/// What is raised behind a `try` (or a `with suppress`) whose body is `tried`, when control goes on there.
#[must_use]
pub fn afterwards(module: &Module, stmt: StmtId, tried: BlockId) -> Afterwards {
    let touched = touched(module, tried);
    let mut at = stmt;
    let mut sure = Afterwards::Raises;
    loop {
        let block = module.stmt_parents[at.index()];
        let behind = module.block(block).stmts.iter().skip_while(|s| **s != at).skip(1);
        for next in behind {
            match &module.stmt(*next).kind {
                StmtKind::Raise { .. } => return sure,
                StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue => return Afterwards::Nothing,
                StmtKind::If { branches, .. } => {
                    // `if not found: raise NotFound`
                    let tests_it = |test: ExprId| {
                        let names = module.descendants(test).into_iter();
                        names.filter_map(|e| name_of(module, e)).any(|name| touched.contains(&name))
                    };
                    let raises =
                        |body: BlockId| module.block(body).stmts.iter().any(|s| matches!(module.stmt(*s).kind, StmtKind::Raise { .. }));
                    if branches.iter().any(|(test, body)| raises(*body) && tests_it(*test)) {
                        return Afterwards::RaisesAtLast;
                    }
                }
                _ => {}
            }
        }
        let Parent::Stmt(outer) = module.block_parents[block.index()] else { return Afterwards::Nothing };
        match &module.stmt(outer).kind {
            StmtKind::Loop(l) if l.body == block => sure = Afterwards::RaisesAtLast,
            StmtKind::Try(t) if t.finally == Some(block) => return Afterwards::Nothing,
            _ => {}
        }
        at = outer;
    }
}

/// Names that a block assigns, or calls methods of.
fn touched(module: &Module, block: BlockId) -> Vec<Ustr> {
    let mut names = Vec::new();
    for stmt in module.statements(block) {
        if let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind {
            names.extend(targets.iter().flat_map(|t| module.descendants(*t)).filter_map(|e| name_of(module, e)));
        }
    }
    for expr in module.expressions(block) {
        if let Some(call) = module.call(expr)
            && let ExprKind::Attribute { object, .. } = module.expr(call.callee).kind
        {
            names.extend(name_of(module, object));
        }
    }
    names.retain(|name| name != "self");
    names
}

fn name_of(module: &Module, expr: ExprId) -> Option<Ustr> {
    match module.expr(expr).kind {
        ExprKind::Name(name) => Some(name),
        _ => None,
    }
}

/// Whether a block tries whether something can be imported. At the top of a module it may set it up on the way.
#[must_use]
pub fn is_import_guard(program: &Program, id: ModuleId, block: BlockId) -> bool {
    let module = program.module(id);
    let imports = |expr: ExprId| {
        let name = module.call(expr).and_then(|_| program.callee(id, expr).library());
        name.is_some_and(|n| matches!(n.as_str(), "importlib.import_module" | "__import__" | "importlib.util.find_spec"))
    };
    let at_top = matches!(module.block_parents[block.index()], Parent::Stmt(stmt) if module.function_of_stmt(stmt).is_none());
    let does_nothing = |expr: ExprId| module.descendants(expr).into_iter().all(|e| module.call(e).is_none() || imports(e));
    let mut any = false;
    let all = module.block(block).stmts.iter().all(|stmt| match module.stmt(*stmt).kind {
        StmtKind::Import(_) => {
            any = true;
            true
        }
        StmtKind::Assign { value: Some(value), .. } => {
            any |= imports(value);
            at_top || does_nothing(value)
        }
        StmtKind::Expr(value) | StmtKind::Return(Some(value)) => {
            any |= imports(value);
            does_nothing(value)
        }
        _ => false,
    });
    all && any
}

/// Whether a statement is in the body of a loop of its function.
#[must_use]
pub fn is_in_loop(module: &Module, stmt: StmtId) -> bool {
    module
        .around_stmt(stmt)
        .skip(1)
        .take_while(|around| !matches!(around, Around::Function(_)))
        .any(|around| matches!(around, Around::Stmt(outer, Some(from)) if matches!(&module.stmt(outer).kind, StmtKind::Loop(l) if l.body == from)))
}

/// Whether a comment in a clause (or right above a statement) says why nothing is done. Directives to tools say nothing.
#[must_use]
pub fn is_explained(program: &Program, id: ModuleId, span: Span, or_above: bool) -> bool {
    const DIRECTIVES: [&str; 15] = [
        "noqa",
        "type:",
        "pylint",
        "nosec",
        "pragma",
        "roadworthy",
        "ruff",
        "fmt",
        "mypy",
        "pyright",
        "todo",
        "fixme",
        "xxx",
        "nosonar",
        "noinspection",
    ];
    let module = program.module(id);
    let file = program.sources.get(module.file);
    let (first, last) = (file.line_index(span.start), file.line_index(span.end.saturating_sub(1)));
    module.comments.iter().any(|comment| {
        let line = file.line_index(comment.start);
        let above = or_above
            && line + 1 == first
            && file.text[..comment.start as usize].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
        let inside = first <= line && line <= last && comment.start >= span.start;
        let text = file.slice(*comment).trim_start_matches(['#', ' ']).to_ascii_lowercase();
        // `noqa: BLE001 - best effort` says why all the same.
        let reason = if DIRECTIVES.iter().any(|word| text.starts_with(word)) {
            [" - ", " -- ", "—", "–", "#"].iter().find_map(|mark| text.split_once(mark)).map_or("", |(_, reason)| reason)
        } else {
            &text
        };
        // Not all scripts put blanks between words.
        let is_said = reason.split([' ', '\t', '-']).filter(|word| !word.is_empty()).count() >= 2
            || reason.chars().filter(|c| !c.is_ascii() && c.is_alphabetic()).count() >= 3;
        (above || inside) && is_said
    })
}
