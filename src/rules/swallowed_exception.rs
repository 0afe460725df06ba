//! `swallowed-exception`: an error is caught and nobody learns of it.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::exceptions::{self, Afterwards, Breadth, Reaction};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::{cleanup, conversions, loggers, pushed, telemetry};
use crate::source::{Place, Span};

pub const RULE: Rule = Rule {
    id: "swallowed-exception",
    severity: Severity::High,
    page: include_str!("../../rules/swallowed-exception.md"),
    checks: &[Check::Module(check)],
};

fn check(ctx: &mut Context<'_>, id: ModuleId) {
    let module = ctx.project.program.module(id);
    for index in 0..module.stmts.len() {
        let stmt = StmtId::at(index);
        match &module.stmt(stmt).kind {
            StmtKind::Try(t) => {
                for handler in &t.handlers {
                    judge(ctx, id, stmt, t, handler);
                }
            }
            StmtKind::With { items, body, .. } => {
                for (context, _) in items {
                    judge_suppress(ctx, id, stmt, *context, *body);
                }
            }
            _ => {}
        }
    }
}

fn judge(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, t: &Try, handler: &Handler) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let breadth = handler.types.map_or(Breadth::Bare, |types| exceptions::breadth(program, id, &[types]));
    if breadth == Breadth::Narrow {
        return;
    }
    let reaction = exceptions::reaction(program, id, handler);
    if reaction == Reaction::Raises
        || exceptions::is_import_guard(program, id, t.body)
        || cleanup::is_cleaning_up(program, id, stmt)
        || cleanup::only_closes(program, id, t.body)
    {
        return;
    }
    let function = module.function_of_stmt(stmt);
    match (breadth, reaction) {
        (Breadth::Cancellation, _) => judge_cancellation(ctx, id, stmt, t, handler, reaction),
        (_, Reaction::Acts) => judge_acting(ctx, id, stmt, handler, breadth),
        _ => judge_silence(ctx, id, stmt, t, handler, reaction, function),
    }
}

/// A clause that tells nobody.
fn judge_silence(
    ctx: &mut Context<'_>,
    id: ModuleId,
    stmt: StmtId,
    t: &Try,
    handler: &Handler,
    reaction: Reaction,
    function: Option<FunctionId>,
) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let place = named(module, function);
    let clause = clause(program, id, handler);
    let goes_on = module.statements(handler.body).iter().all(|s| !matches!(module.stmt(*s).kind, StmtKind::Return(_)));
    let afterwards = if goes_on { exceptions::afterwards(module, stmt, t.body) } else { Afterwards::Nothing };
    let (mut confidence, message) = match (reaction, afterwards) {
        // An error is raised all the same.
        (_, Afterwards::Raises) => return,
        (Reaction::Returns(value), _) => {
            let value = program.text(id, value);
            (Confidence::Medium, format!("`{clause}` turns every error in {place} into `{value}` and leaves no trace"))
        }
        (Reaction::FallsBack, _) => {
            (Confidence::Low, format!("`{clause}` puts a fallback in the place of every error in {place} and leaves no trace"))
        }
        (_, Afterwards::RaisesAtLast) => (Confidence::Low, format!("`{clause}` drops the reason of the error that {place} raises at last")),
        _ => (Confidence::High, format!("`{clause}` drops every error in {place} and leaves no trace")),
    };
    if telemetry::only_tells(program, id, function, t.body) || exceptions::is_explained(program, id, handler.span, false) {
        confidence = Confidence::Low;
    }
    let fix = match conversions::expected_errors(program, id, t.body) {
        Some(errors) => expecting(program, id, handler, &errors),
        None => logging(program, id, handler, function),
    };
    ctx.report(header(program, id, handler), confidence, message, fix);
}

/// A clause that does something: it may still lose an event, or catch what it should not.
fn judge_acting(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, handler: &Handler, breadth: Breadth) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let function = module.function_of_stmt(stmt);
    if let Some(function) = function
        && let Some(kind) = pushed::kind(program, &ctx.project.routes, FunctionRef { module: id, function })
        && pushed::is_outermost(module, stmt)
        && pushed::answers_success(program, id, function, handler)
    {
        let message =
            format!("{kind} is answered as if it had succeeded when {} fails: it is not delivered again", named(module, Some(function)));
        let intent = raising(module, handler);
        let fix = Fix::unsafe_edit("Let the error through, so that the event is delivered again", intent.into_iter().collect());
        ctx.report(header(program, id, handler), Confidence::Medium, message, fix);
        return;
    }
    if breadth == Breadth::Bare {
        let message =
            format!("a bare `except:` in {} catches `SystemExit` and `KeyboardInterrupt` too, and goes on", named(module, function));
        let fix = Fix::unsafe_edit("Catch `Exception` only", narrow(program, id, handler).into_iter().collect());
        ctx.report(header(program, id, handler), Confidence::Medium, message, fix);
    }
}

/// A clause that catches a coroutine's cancellation, and does not pass it on.
fn judge_cancellation(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, t: &Try, handler: &Handler, reaction: Reaction) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let Some(function) = module.function_of_stmt(stmt).filter(|f| module.function(*f).is_async) else { return };
    let passed_on = |other: &Handler| {
        let is_it = other.types.is_some_and(|types| exceptions::breadth(program, id, &[types]) == Breadth::Cancellation);
        is_it && exceptions::reaction(program, id, other) == Reaction::Raises
    };
    let before = t.handlers.iter().take_while(|other| other.span != handler.span);
    if cancels(module, function) || waits_for_others(module, t.body) || before.into_iter().any(passed_on) {
        return;
    }
    let body = module.block(handler.body);
    let stays = body.falls_through || body.stmts.last().is_some_and(|s| matches!(module.stmt(*s).kind, StmtKind::Continue));
    let place = named(module, Some(function));
    let (mut confidence, message) = if stays && exceptions::is_in_loop(module, stmt) {
        (Confidence::High, format!("{place} cannot be cancelled: the cancellation is caught and not passed on"))
    } else if body.falls_through && reaction == Reaction::Nothing {
        (Confidence::Medium, format!("{place} goes on after its cancellation, which is caught and not passed on"))
    } else {
        // Whoever leaves at once has done what was asked.
        return;
    };
    if exceptions::is_explained(program, id, handler.span, false) {
        confidence = Confidence::Low;
    }
    let fix = Fix::unsafe_edit("Pass the cancellation on", passing_on(program, id, handler).into_iter().collect());
    ctx.report(header(program, id, handler), confidence, message, fix);
}

/// `with suppress(Exception)`
fn judge_suppress(ctx: &mut Context<'_>, id: ModuleId, stmt: StmtId, context: ExprId, body: BlockId) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let Some(call) = module.call(context) else { return };
    if program.callee(id, context).library().as_deref() != Some("contextlib.suppress") {
        return;
    }
    let types: Vec<ExprId> = call.args.iter().map(|arg| arg.value).collect();
    let breadth = exceptions::breadth(program, id, &types);
    let function = module.function_of_stmt(stmt);
    let cancels = function.is_some_and(|f| cancels(module, f));
    let afterwards = exceptions::afterwards(module, stmt, body);
    if breadth == Breadth::Narrow
        || cleanup::is_cleaning_up(program, id, stmt)
        || cleanup::only_closes(program, id, body)
        || exceptions::is_import_guard(program, id, body)
        || (cancels && waits_for_others(module, body))
        || (afterwards == Afterwards::Raises && breadth == Breadth::Broad)
    {
        return;
    }
    let text = program.text(id, context);
    let place = named(module, function);
    let (mut confidence, message) = if breadth == Breadth::Broad {
        match afterwards {
            Afterwards::RaisesAtLast => (Confidence::Low, format!("`{text}` drops the reason of the error that {place} raises at last")),
            _ => (Confidence::High, format!("`{text}` drops every error in {place} and leaves no trace")),
        }
    } else if function.is_some_and(|f| module.function(f).is_async) && !cancels && !waits_for_others(module, body) {
        if exceptions::is_in_loop(module, stmt) {
            (Confidence::High, format!("{place} cannot be cancelled: `{text}` does not pass the cancellation on"))
        } else {
            (Confidence::Medium, format!("{place} goes on after its cancellation: `{text}` does not pass it on"))
        }
    } else {
        return;
    };
    if exceptions::is_explained(program, id, module.stmt(stmt).span, true) || telemetry::only_tells(program, id, function, body) {
        confidence = Confidence::Low;
    }
    let fix = unsuppressed(program, id, stmt, breadth, function);
    ctx.report(program.place(id, context), confidence, message, fix);
}

/// Whether all that a block awaits are tasks that run elsewhere, or their results: the cancellation is theirs.
fn waits_for_others(module: &Module, block: BlockId) -> bool {
    module.expressions(block).into_iter().all(|expr| {
        let ExprKind::Await(awaited) = module.expr(expr).kind else { return true };
        // `wait_for(task, 5)`, `shield(task)`, `gather(*tasks)`
        let is_of_tasks = |call: &Call| {
            let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
            matches!(name.as_str(), "wait_for" | "shield" | "gather" | "wait")
                && call.args.iter().all(|arg| module.call(arg.value).is_none())
        };
        module.call(awaited).is_none_or(is_of_tasks)
    })
}

/// Whether a function cancels something itself: it then waits for the cancellation that it asked for.
fn cancels(module: &Module, function: FunctionId) -> bool {
    let FunctionBody::Block(body) = module.function(function).body else { return false };
    module.expressions(body).into_iter().any(|expr| {
        let callee = module.call(expr).map(|call| &module.expr(call.callee).kind);
        matches!(callee, Some(ExprKind::Attribute { name, .. }) if *name == "cancel")
    })
}

/// The fix that logs, narrowing what catches the end of the program on the way.
fn logging(program: &Program, id: ModuleId, handler: &Handler, function: Option<FunctionId>) -> Fix {
    let module = program.module(id);
    let mut intents: Vec<Intent> = narrow(program, id, handler).into_iter().collect();
    let logger = loggers::at(program, id, function);
    let line = format!("{}.exception(\"{}\")", logger.text, failed(program, id, function));
    let body = module.block(handler.body);
    let header_end = header(program, id, handler).span.end;
    let between = Span { start: header_end, end: body.span.start };
    let on_one_line = !program.sources.slice(Place { file: module.file, span: between }).contains('\n');
    let is_empty = matches!(body.stmts[..], [only] if is_empty(module, only));
    let whole = Place { file: module.file, span: body.span };
    intents.push(match body.stmts.first() {
        Some(_) if on_one_line => {
            let step = if indentation(program, id, handler).contains('\t') { "\t" } else { "    " };
            let rest = if is_empty { String::new() } else { format!("\n{step}{}", program.sources.slice(whole)) };
            let place = Place { file: module.file, span: Span { start: header_end, end: body.span.end } };
            Intent::Replace { place, text: format!(":\n{step}{line}{rest}") }
        }
        Some(first) if !is_empty => {
            Intent::InsertBefore { before: Place { file: module.file, span: module.stmt(*first).span }, text: line }
        }
        _ => Intent::Replace { place: whole, text: line },
    });
    if logger.needs_import {
        intents.push(Intent::AddImport { file: module.file, module: "logging".to_owned(), name: None });
    }
    Fix::unsafe_edit("Log the error with its traceback", intents)
}

/// The fix for a conversion: only what says that a text was none is caught.
fn expecting(program: &Program, id: ModuleId, handler: &Handler, errors: &[&str]) -> Fix {
    let types = if let [only] = errors { (*only).to_owned() } else { format!("({})", errors.join(", ")) };
    let title = format!("Catch what a failed conversion raises: `{types}`");
    let intent = match handler.types {
        Some(old) => Intent::Replace { place: program.place(id, old), text: types },
        None => Intent::Replace { place: header(program, id, handler), text: format!("except {types}") },
    };
    Fix::unsafe_edit(title, vec![intent])
}

/// The fix that makes a `try` of a `with suppress`, and logs; advice where more than that would have to change.
fn unsuppressed(program: &Program, id: ModuleId, stmt: StmtId, breadth: Breadth, function: Option<FunctionId>) -> Fix {
    let module = program.module(id);
    let logger = loggers::at(program, id, function);
    let clause = match breadth {
        Breadth::Cancellation => String::from("except asyncio.CancelledError:\n    raise"),
        _ => format!("except Exception:\n    {}.exception(\"{}\")", logger.text, failed(program, id, function)),
    };
    let StmtKind::With { items, body, .. } = &module.stmt(stmt).kind else { return Fix::advice("Log what is caught", clause) };
    let span = module.stmt(stmt).span;
    let head = Span { start: span.start, end: module.block(*body).span.start };
    let text = program.sources.slice(Place { file: module.file, span: head });
    let colon = text.rfind(':').filter(|at| text[*at..].contains('\n') && !text[*at..].contains('#'));
    match colon {
        Some(at) if items.len() == 1 && breadth == Breadth::Broad => {
            let end = span.start + u32::try_from(at).unwrap_or(0);
            let place = Place { file: module.file, span: Span { start: span.start, end } };
            let mut intents = vec![
                Intent::Replace { place, text: "try".to_owned() },
                Intent::InsertAfter { after: Place { file: module.file, span }, text: clause },
            ];
            if logger.needs_import {
                intents.push(Intent::AddImport { file: module.file, module: "logging".to_owned(), name: None });
            }
            Fix::unsafe_edit("Log the error with its traceback", intents)
        }
        _ => {
            let body = program.sources.slice(Place { file: module.file, span: module.block(*body).span });
            let first = body.lines().next().unwrap_or_default();
            let title = if breadth == Breadth::Broad { "Log what is caught" } else { "Pass the cancellation on" };
            Fix::advice(title, format!("try:\n    {first}\n{clause}\n"))
        }
    }
}

/// The edit that lets a cancellation through. Other types of the clause keep what they have.
fn passing_on(program: &Program, id: ModuleId, handler: &Handler) -> Option<Intent> {
    let module = program.module(id);
    let parts: Vec<ExprId> = match handler.types.map(|types| &module.expr(types).kind) {
        Some(ExprKind::Tuple(parts)) => parts.to_vec(),
        _ => Vec::new(),
    };
    let (cancellations, others): (Vec<ExprId>, Vec<ExprId>) =
        parts.into_iter().partition(|part| exceptions::breadth(program, id, &[*part]) == Breadth::Cancellation);
    let list = |types: &[ExprId]| {
        let types: Vec<&str> = types.iter().map(|part| program.text(id, *part)).collect();
        if let [only] = types[..] { only.to_owned() } else { format!("({})", types.join(", ")) }
    };
    if cancellations.is_empty() || others.is_empty() {
        return raising(module, handler);
    }
    let name = handler.target.map_or(String::new(), |target| format!(" as {}", program.text(id, target)));
    let text = format!("except {}:\n    raise\nexcept {}{name}", list(&cancellations), list(&others));
    Some(Intent::Replace { place: header(program, id, handler), text })
}

/// The edit that ends a clause with `raise`.
fn raising(module: &Module, handler: &Handler) -> Option<Intent> {
    let last = *module.block(handler.body).stmts.last()?;
    let place = Place { file: module.file, span: module.stmt(last).span };
    let goes = matches!(module.stmt(last).kind, StmtKind::Return(_) | StmtKind::Continue | StmtKind::Break) || is_empty(module, last);
    let text = "raise".to_owned();
    Some(if goes { Intent::Replace { place, text } } else { Intent::InsertAfter { after: place, text } })
}

fn is_empty(module: &Module, stmt: StmtId) -> bool {
    match module.stmt(stmt).kind {
        StmtKind::Pass => true,
        StmtKind::Expr(expr) => matches!(module.expr(expr).kind, ExprKind::Ellipsis),
        _ => false,
    }
}

/// `except:` and `except BaseException:` to `except Exception:`.
fn narrow(program: &Program, id: ModuleId, handler: &Handler) -> Option<Intent> {
    let Some(types) = handler.types else {
        return Some(Intent::Replace { place: header(program, id, handler), text: "except Exception".to_owned() });
    };
    let is_everything = Resolver::new(program).entity(id, types).library().is_some_and(|name| name == "BaseException");
    is_everything.then(|| Intent::Replace { place: program.place(id, types), text: "Exception".to_owned() })
}

/// What stands before a clause on its line.
fn indentation<'p>(program: &'p Program, id: ModuleId, handler: &Handler) -> &'p str {
    let text = &program.sources.get(program.module(id).file).text;
    text.get(..handler.span.start as usize).and_then(|before| before.rsplit('\n').next()).unwrap_or_default()
}

/// The clause up to its colon.
fn header(program: &Program, id: ModuleId, handler: &Handler) -> Place {
    let module = program.module(id);
    let start = handler.span.start;
    let end = handler.target.or(handler.types).map_or(start + 6, |last| module.expr(last).span.end);
    // A tuple of types has parentheses around it.
    let text = program.sources.slice(Place { file: module.file, span: handler.span });
    let colon = text.get((end - start) as usize..).and_then(|rest| rest.find(':')).map_or(end, |at| end + u32::try_from(at).unwrap_or(0));
    Place { file: module.file, span: Span { start, end: colon } }
}

fn clause(program: &Program, id: ModuleId, handler: &Handler) -> String {
    let text = program.sources.slice(header(program, id, handler));
    let text = text.split(" as ").next().unwrap_or(text);
    format!("{}:", text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn named(module: &Module, function: Option<FunctionId>) -> String {
    match function.map(|f| module.function(f).name) {
        Some(name) if !name.is_empty() => format!("`{name}`"),
        Some(_) => "a lambda".to_owned(),
        None => "the module".to_owned(),
    }
}

/// What a log entry says.
fn failed(program: &Program, id: ModuleId, function: Option<FunctionId>) -> String {
    match function.map(|f| program.module(id).function(f).name) {
        Some(name) if !name.is_empty() => format!("{} failed", name.trim_matches('_')),
        _ => {
            let path = program.path(id).trim_end_matches(".py").trim_end_matches("/__init__");
            format!("{} failed", path.rsplit('/').next().unwrap_or(path).trim_matches('_'))
        }
    }
}
