//! What `except` clauses catch, what they do about it, and what follows them.

mod answers;

use ustr::Ustr;

use self::answers::{Returned, makes_fallback, returned};
pub use self::answers::{is_constant_answer, is_failure, says_failure, tells_failure};

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::cleanup;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values::{self, Value};

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

/// How much a clause catches.
#[must_use]
pub fn breadth_of(program: &Program, id: ModuleId, handler: &Handler) -> Breadth {
    match handler.types {
        Some(types) => breadth(program, id, &[types]),
        // JavaScript has no other clauses, and its programs do not end by exceptions.
        None if program.module(id).language == Language::TypeScript => Breadth::Broad,
        None => Breadth::Bare,
    }
}

/// What the body of a clause does.
#[must_use]
pub fn reaction(program: &Program, id: ModuleId, handler: &Handler) -> Reaction {
    reaction_of(program, id, FunctionBody::Block(handler.body), handler.target)
}

/// What a body does about the error that this names.
#[must_use]
pub fn reaction_of(program: &Program, id: ModuleId, body: FunctionBody, target: Option<ExprId>) -> Reaction {
    let module = program.module(id);
    let mut result = Reaction::Nothing;
    let mut acts = false;
    let mut answer = |value: ExprId, result: &mut Reaction| match returned(program, id, value) {
        // Below.
        _ if answers::sent(program, id, value).is_some() => {}
        Returned::Nothing => {}
        Returned::Constant if *result == Reaction::Nothing => *result = Reaction::Returns(value),
        Returned::Constant => {}
        Returned::Fallback => *result = Reaction::FallsBack,
        Returned::Answer => acts = true,
    };
    let (stmts, exprs) = match body {
        FunctionBody::Block(block) => (module.statements(block), module.expressions(block)),
        FunctionBody::Expr(value) => {
            answer(value, &mut result);
            (Vec::new(), module.descendants(value))
        }
    };
    for stmt in &stmts {
        if let StmtKind::Return(Some(value)) = module.stmt(*stmt).kind {
            answer(value, &mut result);
        }
    }
    for stmt in stmts {
        match &module.stmt(stmt).kind {
            StmtKind::Raise { .. } => return Reaction::Raises,
            StmtKind::Assign { targets, value, .. } => {
                acts |= targets.iter().chain(value).any(|expr| is_failure(module, *expr));
                result = Reaction::FallsBack;
            }
            StmtKind::Delete(_) => result = Reaction::FallsBack,
            // Something is counted.
            StmtKind::AugAssign { .. } | StmtKind::Assert { .. } => acts = true,
            _ => {}
        }
    }
    let caught: Vec<Ustr> = target.map_or(Vec::new(), |target| names_in(module, target));
    let sent: Vec<(ExprId, ExprId)> = exprs.iter().filter_map(|expr| Some((*expr, answers::sent(program, id, *expr)?))).collect();
    if let Some((_, value)) = sent.first()
        && result == Reaction::Nothing
    {
        result = Reaction::Returns(*value);
    }
    let waits = exprs.iter().copied().filter(|expr| module.call(*expr).is_some() && waits(program, id, *expr));
    let silent: Vec<ExprId> = waits.chain(sent.iter().map(|(call, _)| *call)).collect();
    for expr in exprs {
        match &module.expr(expr).kind {
            ExprKind::Call(_) if silent.iter().any(|call| module.is_within(expr, *call)) => {}
            ExprKind::Call(_) if ends_program(program, id, expr) => return Reaction::Raises,
            // Nobody learns of the error by what is let go of, or by a fallback.
            ExprKind::Call(_) if answers::refuses(program, id, expr) => acts = true,
            ExprKind::Call(_) if cleanup::closes(program, id, expr) || makes_fallback(program, id, expr) => {}
            ExprKind::Call(_) | ExprKind::Yield(Some(_)) | ExprKind::YieldFrom(_) => acts = true,
            // `errors++`
            ExprKind::Unary { op: UnaryOp::Other, .. } => acts |= ["++", "--"].iter().any(|op| program.text(id, expr).contains(op)),
            ExprKind::Name(name) => acts |= caught.contains(name),
            _ => {}
        }
    }
    if acts { Reaction::Acts } else { result }
}

/// The names that a pattern binds.
fn names_in(module: &Module, pattern: ExprId) -> Vec<Ustr> {
    module.descendants(pattern).into_iter().filter_map(|part| name_of(module, part)).collect()
}

fn ends_program(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let ends = |name: &str| matches!(name, "sys.exit" | "os._exit" | "exit" | "quit" | "js:globalThis.process.exit" | "js:process.exit");
    program.callee(id, call).library().is_some_and(|name| ends(&name))
}

/// Whether a call ends the program with an error: `sys.exit(1)`, and `exit(1)` where that is handed in.
fn fails_program(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let Some(call) = module.call(expr) else { return false };
    let is_handed_in = matches!(module.expr(call.callee).kind, ExprKind::Name(name) if name == "exit");
    let is_error = |arg: &Arg| match values::value(program, id, arg.value) {
        Value::Number(status) => status != 0.0,
        Value::Text(_) => true,
        _ => false,
    };
    (is_handed_in || ends_program(program, id, expr)) && call.args.first().is_some_and(is_error)
}

/// Waiting tells nobody.
#[must_use]
pub fn waits(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let name = program.callee(id, call).library();
    let known =
        ["time.sleep", "asyncio.sleep", "anyio.sleep", "trio.sleep", "gevent.sleep", "eventlet.sleep", "js:timers/promises.setTimeout"];
    name.is_some_and(|name| known.contains(&name.as_str())) || waits_by_timer(program, id, call)
}

/// `new Promise((resolve) => setTimeout(resolve, 100))`, and a function of the project that gives it.
fn waits_by_timer(program: &Program, id: ModuleId, call: ExprId) -> bool {
    let (id, promise) = match program.callee(id, call) {
        Entity::Function(f) => match body_value(program, f) {
            Some(value) => (f.module, value),
            None => return false,
        },
        _ => (id, call),
    };
    let module = program.module(id);
    let Some(made) = module.call(promise).filter(|made| made.is_new) else { return false };
    let [Arg { value: executor, .. }] = made.args[..] else { return false };
    let ExprKind::Function(executor) = module.expr(executor).kind else { return false };
    let only = body_value(program, FunctionRef { module: id, function: executor });
    only.is_some_and(|only| program.callee(id, only).library().as_deref() == Some("js:globalThis.setTimeout"))
}

/// The one expression that a function consists of.
fn body_value(program: &Program, f: FunctionRef) -> Option<ExprId> {
    let module = program.module(f.module);
    let value = match module.function(f.function).body {
        FunctionBody::Expr(value) => value,
        FunctionBody::Block(block) => match module.block(block).stmts[..] {
            [only] => match module.stmt(only).kind {
                StmtKind::Expr(value) | StmtKind::Return(Some(value)) => value,
                _ => return None,
            },
            _ => return None,
        },
    };
    Some(if let ExprKind::Await(inner) = module.expr(value).kind { inner } else { value })
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
pub fn afterwards(program: &Program, id: ModuleId, stmt: StmtId, tried: BlockId) -> Afterwards {
    let module = program.module(id);
    let touched = touched(module, tried);
    let mut at = stmt;
    let mut sure = Afterwards::Raises;
    loop {
        let block = module.stmt_parents[at.index()];
        let behind = module.block(block).stmts.iter().skip_while(|s| **s != at).skip(1);
        for next in behind {
            match &module.stmt(*next).kind {
                StmtKind::Raise { .. } => return sure,
                StmtKind::Expr(value) | StmtKind::Return(Some(value)) if fails_program(program, id, *value) => return sure,
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
#[must_use]
pub fn touched(module: &Module, block: BlockId) -> Vec<Ustr> {
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

/// The name that an expression is.
#[must_use]
pub fn name_of(module: &Module, expr: ExprId) -> Option<Ustr> {
    match module.expr(expr).kind {
        ExprKind::Name(name) => Some(name),
        _ => None,
    }
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
