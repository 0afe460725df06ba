//! `catch` clauses: where they are, and the edit that logs in them.

use super::fixes::failed;
use crate::fix::habits::Style;
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::loggers::javascript::{self as loggers, Form, Logger};
use crate::model::program::{ModuleId, Program};
use crate::model::{local_work, traces};
use crate::source::{Place, Span};

const LOG: &str = "Log the error";

/// `catch (error)`, without what it does.
pub(super) fn header(program: &Program, id: ModuleId, handler: &Handler) -> Place {
    let module = program.module(id);
    let text = program.sources.slice(Place { file: module.file, span: handler.span });
    let from = handler.target.map_or(0, |target| (module.expr(target).span.end - handler.span.start) as usize);
    // Behind the name comes at most its type.
    let brace = text.get(from..).and_then(|rest| rest.find('{')).map_or(text.len(), |at| from + at);
    let end = text.get(..brace).map_or(brace, |head| head.trim_end().len());
    Place { file: module.file, span: Span { start: handler.span.start, end: handler.span.start + u32::try_from(end).unwrap_or(0) } }
}

/// The fix that logs what a clause catches.
pub(super) fn logging(program: &Program, id: ModuleId, handler: &Handler, tried: BlockId, function: Option<FunctionId>) -> Fix {
    let module = program.module(id);
    let file = module.file;
    let style = Style::of(program, id);
    let message = failed(program, id, tried, function);
    let may_be_absent = local_work::reads_files(program, id, tried) && local_work::of_block(program, id, tried).is_none();
    let title = if may_be_absent { "Log the error, unless the file is not there" } else { LOG };
    let line = |error: &str| {
        let line = line(program, id, function, handler.span.start, &message, error)?;
        if !may_be_absent {
            return Some(line);
        }
        // What is caught has no type there.
        let is_typed = program.path(id).rsplit('.').next().is_some_and(|end| end.contains("ts"));
        let error = if is_typed { format!("({error} as NodeJS.ErrnoException)") } else { error.to_owned() };
        Some(format!("if ({error}.code !== {}) {line}", style.text("ENOENT")))
    };
    let advice = || match line("error") {
        Some(line) => Fix::advice(title, format!("{line}\n")),
        None => advice(program, id, function, handler.span.start),
    };
    // In broken syntax nobody knows what an edit would be a part of.
    if !module.errors.is_empty() {
        return advice();
    }
    let (name, intent) = if let Some(target) = handler.target {
        let ExprKind::Name(name) = module.expr(target).kind else { return advice() };
        (name.to_string(), None)
    } else {
        let name = free_name(module, handler);
        let text = format!("catch ({name})");
        (name.to_owned(), Some(Intent::Replace { place: header(program, id, handler), text }))
    };
    let Some(entry) = line(&name) else { return advice() };
    let step = style.indentation();
    let head = header(program, id, handler).span.end;
    let clause = program.sources.slice(Place { file, span: Span { start: head, end: handler.span.end } });
    let Some(brace) = clause.find('{') else { return advice() };
    let open = head + u32::try_from(brace).unwrap_or(0) + 1;
    let inner = clause.get(brace + 1..).unwrap_or_default();
    let has_lines = inner.contains('\n') || inner.trim_start().starts_with("//");
    let log = if has_lines {
        Intent::Replace { place: Place { file, span: Span { start: open, end: open } }, text: format!("\n{step}{entry}") }
    } else {
        let rest = inner.strip_suffix('}').unwrap_or(inner).trim();
        let rest = if rest.is_empty() { String::new() } else { format!("{step}{rest}\n") };
        Intent::Replace {
            place: Place { file, span: Span { start: open, end: handler.span.end } },
            text: format!("\n{step}{entry}\n{rest}}}"),
        }
    };
    Fix::unsafe_edit(title, intent.into_iter().chain([log]).collect())
}

/// The fix that throws what a clause has caught, as its last statement.
pub(super) fn throwing(program: &Program, id: ModuleId, handler: &Handler, title: &str) -> Fix {
    let module = program.module(id);
    let end = Style::of(program, id).end();
    let name = handler.target.and_then(|target| crate::model::exceptions::name_of(module, target));
    let last = module.block(handler.body).stmts.last().map(|stmt| module.stmt(*stmt));
    let (Some(name), Some(last), true) = (name, last, module.errors.is_empty()) else {
        return Fix::advice(title, "catch (error) {\n  …\n  throw error;\n}\n");
    };
    let place = Place { file: module.file, span: last.span };
    let text = format!("throw {name}{end}");
    let intent = match last.kind {
        StmtKind::Return(_) | StmtKind::Continue => Intent::Replace { place, text },
        _ => Intent::InsertAfter { after: place, text },
    };
    Fix::unsafe_edit(title, vec![intent])
}

/// A name for the error that means nothing else in the clause.
fn free_name(module: &Module, handler: &Handler) -> &'static str {
    let names: Vec<_> = module.expressions(handler.body).into_iter().filter_map(|e| crate::model::exceptions::name_of(module, e)).collect();
    ["error", "err", "cause"].into_iter().find(|name| !names.iter().any(|other| other == name)).unwrap_or("caught")
}

/// A statement that logs an error; nothing if nobody knows how the logger does.
fn line(program: &Program, id: ModuleId, function: Option<FunctionId>, offset: u32, message: &str, error: &str) -> Option<String> {
    Some(format!("{}{}", call(program, id, function, offset, message, error)?, Style::of(program, id).end()))
}

/// A call that logs an error; nothing if nobody knows how the logger does.
pub(super) fn call(
    program: &Program,
    id: ModuleId,
    function: Option<FunctionId>,
    offset: u32,
    message: &str,
    error: &str,
) -> Option<String> {
    let Logger { text, method, form } = loggers::at(program, id, function, offset);
    let method = method?;
    let style = Style::of(program, id);
    let named = |key: &str| if key == error { format!("{{ {key} }}") } else { format!("{{ {key}: {error} }}") };
    let with_error = format!("`{message}: ${{{error}}}`");
    let said = style.text(message);
    let args = match form {
        Form::MessageFirst => format!("{said}, {error}"),
        Form::ErrorFirst => format!("{error}, {said}"),
        Form::Named(key) => format!("{said}, {}", named(&key)),
        Form::NamedFirst(key) => format!("{}, {said}", named(&key)),
        Form::Text => with_error,
        Form::Tagged(tag) => format!("{}, {with_error}", style.text(&tag)),
    };
    Some(format!("{text}.{method}({args})"))
}

/// Advice where the logger is known, but not how it takes an error.
pub(super) fn advice(program: &Program, id: ModuleId, function: Option<FunctionId>, offset: u32) -> Fix {
    let logger = loggers::at(program, id, function, offset).text;
    let title = format!("Log the error with `{logger}`, or pass it on");
    Fix::advice(title, "catch (error) {\n  …\n  throw error;\n}\n")
}

/// The name of the call that matters among those of a `try`: the first that is waited for, or else the first that does not log.
pub(super) fn principal(program: &Program, id: ModuleId, calls: &[ExprId]) -> Option<String> {
    let module = program.module(id);
    let matters = |call: &&ExprId| {
        let is_aside = program.callee(id, **call).library().is_some_and(|name| name.starts_with("js:globalThis.Promise."));
        let is_inner = matches!(module.expr_parents[call.index()], Parent::Expr(outer) if is_link(module, outer));
        let binds = matches!(module.expr(module.call(**call).map_or(**call, |call| call.callee)).kind,
            ExprKind::Attribute { name, .. } if matches!(name.as_str(), "bind" | "call" | "apply" | "toString"));
        !is_aside && !is_inner && !binds && !traces::leaves(program, id, **call)
    };
    let is_awaited = |call: &&ExprId| matches!(module.expr_parents[call.index()], Parent::Expr(outer) if matches!(module.expr(outer).kind, ExprKind::Await(_)));
    let found: Vec<&ExprId> = calls.iter().filter(matters).collect();
    let awaited = found.iter().copied().filter(|call| is_awaited(call));
    awaited.chain(found.iter().copied()).find_map(|call| name_of_call(program, id, *call))
}

/// Whether an expression is the next step of a chain of calls: the `.where` of `db.select().where(…)`.
fn is_link(module: &Module, expr: ExprId) -> bool {
    let is_callee = |parent: Parent| matches!(parent, Parent::Expr(call) if module.call(call).is_some_and(|call| call.callee == expr));
    matches!(module.expr(expr).kind, ExprKind::Attribute { .. }) && is_callee(module.expr_parents[expr.index()])
}

/// `Promise.resolve()`: it begins a chain, and does not fail.
fn is_start(program: &Program, id: ModuleId, call: ExprId) -> bool {
    program.callee(id, call).library().as_deref() == Some("js:globalThis.Promise.resolve")
}

/// The first call that a function waits for.
fn first_awaited(module: &Module, function: ExprId) -> Option<ExprId> {
    let ExprKind::Function(function) = module.expr(function).kind else { return None };
    let exprs = match module.function(function).body {
        FunctionBody::Block(block) => module.expressions(block),
        FunctionBody::Expr(value) if module.call(value).is_some() => return Some(value),
        FunctionBody::Expr(value) => module.descendants(value),
    };
    exprs.into_iter().find_map(|expr| match module.expr(expr).kind {
        ExprKind::Await(inner) => module.call(inner).map(|_| inner),
        _ => None,
    })
}

/// What a call is known by to a reader: `store.read`, or the last step of a chain.
pub(super) fn name_of_call(program: &Program, id: ModuleId, call: ExprId) -> Option<String> {
    let module = program.module(id);
    let mut at = call;
    let mut then = None;
    // `fetch(url).then(read)` is `fetch`. As long as chains are.
    for _ in 0..16 {
        let Call { callee, args, .. } = module.call(at)?;
        let callee = *callee;
        match module.expr(callee).kind {
            ExprKind::Attribute { object, name, .. } if matches!(name.as_str(), "then" | "finally" | "catch") => {
                then = args.first().map(|arg| arg.value);
                at = object;
            }
            // `Promise.resolve().then(async () => { await store.read(id); })` is `store.read`.
            _ if args.is_empty() && is_start(program, id, at) => at = then.take().and_then(|then| first_awaited(module, then))?,
            _ => {
                let text = program.text(id, callee);
                let is_name = text.len() <= 60 && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'));
                return match module.expr(callee).kind {
                    _ if is_name => Some(text.to_owned()),
                    ExprKind::Attribute { name, .. } => Some(name.to_string()),
                    _ => None,
                };
            }
        }
    }
    None
}
