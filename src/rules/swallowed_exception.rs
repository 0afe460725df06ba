//! `swallowed-exception`: an error is caught and nobody learns of it.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::exceptions::{self, Breadth, Reaction};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::{loggers, pushed};
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
    let reaction = exceptions::reaction(program, id, handler);
    if breadth == Breadth::Narrow || reaction == Reaction::Raises {
        return;
    }
    let function = module.function_of_stmt(stmt);
    if breadth == Breadth::Cancellation {
        let continues = module.block(handler.body).stmts.iter().all(|s| {
            matches!(module.stmt(*s).kind, StmtKind::Pass | StmtKind::Continue | StmtKind::Expr(_)) && reaction == Reaction::Nothing
        });
        let is_async = function.is_some_and(|f| module.function(f).is_async);
        if is_async && continues && !cancels(module, function) && !exceptions::is_cleaning_up(program, id, stmt) {
            let message = format!("{} cannot be cancelled: the cancellation is caught and not passed on", named(module, function));
            let fix = Fix::unsafe_edit("Pass the cancellation on", vec![replace_body(program, id, handler, "raise")]);
            let confidence = if is_explained(program, id, handler.span, false) { Confidence::Low } else { Confidence::High };
            ctx.report(header(program, id, handler), confidence, message, fix);
        }
        return;
    }
    if reaction == Reaction::Acts {
        judge_acting(ctx, id, t, stmt, handler, breadth);
        return;
    }
    if exceptions::is_import_guard(module, t.body)
        || exceptions::is_cleaning_up(program, id, stmt)
        || exceptions::only_closes(module, t.body)
    {
        return;
    }
    let mut confidence = match reaction {
        Reaction::Nothing => Confidence::High,
        Reaction::Returns(_) => Confidence::Medium,
        Reaction::FallsBack | Reaction::Acts | Reaction::Raises => Confidence::Low,
    };
    if exceptions::only_tells(program, id, t.body) || is_explained(program, id, handler.span, false) {
        confidence = Confidence::Low;
    }
    let clause = clause(program, id, handler);
    let place = named(module, function);
    let message = match reaction {
        Reaction::Returns(value) => {
            format!("`{clause}` turns every error in {place} into `{}` and leaves no trace", program.text(id, value))
        }
        Reaction::FallsBack => format!("`{clause}` puts a fallback in the place of every error in {place} and leaves no trace"),
        _ => format!("`{clause}` drops every error in {place} and leaves no trace"),
    };
    let fix = logging(program, id, handler, function);
    ctx.report(header(program, id, handler), confidence, message, fix);
}

/// A clause that does something: it may still lose an event, or catch what it should not.
fn judge_acting(ctx: &mut Context<'_>, id: ModuleId, t: &Try, stmt: StmtId, handler: &Handler, breadth: Breadth) {
    let program = &ctx.project.program;
    let module = program.module(id);
    let function = module.function_of_stmt(stmt);
    if let Some(function) = function
        && let Some(kind) = pushed::kind(program, &ctx.project.routes, FunctionRef { module: id, function })
        && pushed::is_outermost(module, stmt)
        && pushed::answers_success(program, id, handler)
        && !exceptions::is_import_guard(module, t.body)
    {
        let message =
            format!("{kind} is answered as if it had succeeded when {} fails: it is not delivered again", named(module, Some(function)));
        let last = module.block(handler.body).stmts.last().copied();
        let intent = last.map(|last| {
            let place = Place { file: module.file, span: module.stmt(last).span };
            match module.stmt(last).kind {
                StmtKind::Return(_) | StmtKind::Pass => Intent::Replace { place, text: "raise".to_owned() },
                _ => Intent::InsertAfter { after: place, text: "raise".to_owned() },
            }
        });
        let fix = Fix::unsafe_edit("Let the error through, so that the event is delivered again", intent.into_iter().collect());
        ctx.report(header(program, id, handler), Confidence::Medium, message, fix);
        return;
    }
    if breadth == Breadth::Bare && !exceptions::is_cleaning_up(program, id, stmt) {
        let message = format!("a bare `except:` in {} catches the end of the program too, and goes on", named(module, function));
        let fix = Fix::unsafe_edit("Catch `Exception` only", vec![narrow(program, id, handler)]);
        ctx.report(header(program, id, handler), Confidence::Medium, message, fix);
    }
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
    let is_async = function.is_some_and(|f| module.function(f).is_async);
    let is_wide = breadth == Breadth::Broad || (breadth == Breadth::Cancellation && is_async && !cancels(module, function));
    if !is_wide
        || exceptions::is_cleaning_up(program, id, stmt)
        || exceptions::only_closes(module, body)
        || exceptions::is_import_guard(module, body)
        || (breadth == Breadth::Broad && cancels(module, function) && awaits_only(module, body))
    {
        return;
    }
    let explained = is_explained(program, id, module.stmt(stmt).span, true);
    let confidence = if explained || exceptions::only_tells(program, id, body) { Confidence::Low } else { Confidence::High };
    let message = format!("`{}` drops every error in {} and leaves no trace", program.text(id, context), named(module, function));
    let logger = loggers::of_module(program, id).map_or_else(|| "logging".to_owned(), |name| name.to_string());
    let code = format!("try:\n    …\nexcept Exception:\n    {logger}.exception(\"{}\")\n", failed(module, function));
    ctx.report(program.place(id, context), confidence, message, Fix::advice("Log what is caught", code));
}

/// `await task`, and nothing else.
fn awaits_only(module: &Module, block: BlockId) -> bool {
    let stmts = &module.block(block).stmts;
    stmts.iter().all(|stmt| matches!(module.stmt(*stmt).kind, StmtKind::Expr(e) if matches!(module.expr(e).kind, ExprKind::Await(_))))
}

/// Whether a function cancels something itself: it then waits for the cancellation that it asked for.
fn cancels(module: &Module, function: Option<FunctionId>) -> bool {
    let Some(FunctionBody::Block(body)) = function.map(|f| module.function(f).body) else { return false };
    module.expressions(body).into_iter().any(|expr| {
        let callee = module.call(expr).map(|call| &module.expr(call.callee).kind);
        matches!(callee, Some(ExprKind::Attribute { name, .. }) if *name == "cancel")
    })
}

/// The fix that logs, narrowing a bare clause on the way.
fn logging(program: &Program, id: ModuleId, handler: &Handler, function: Option<FunctionId>) -> Fix {
    let module = program.module(id);
    let mut intents = Vec::new();
    if handler.types.is_none() {
        intents.push(narrow(program, id, handler));
    }
    let logger = loggers::of_module(program, id);
    let line = format!("{}.exception(\"{}\")", logger.map_or("logging", |name| name.as_str()), failed(module, function));
    let first = module.block(handler.body).stmts.first().copied();
    let is_empty = module.block(handler.body).stmts.len() == 1 && first.is_some_and(|s| is_empty(module, s));
    intents.push(match first {
        Some(first) if !is_empty => Intent::InsertBefore { before: Place { file: module.file, span: module.stmt(first).span }, text: line },
        _ => replace_body(program, id, handler, &line),
    });
    if logger.is_none() {
        intents.push(Intent::AddImport { file: module.file, module: "logging".to_owned(), name: None });
    }
    Fix::unsafe_edit("Log the error with its traceback", intents)
}

fn is_empty(module: &Module, stmt: StmtId) -> bool {
    match module.stmt(stmt).kind {
        StmtKind::Pass => true,
        StmtKind::Expr(expr) => matches!(module.expr(expr).kind, ExprKind::Ellipsis),
        _ => false,
    }
}

fn replace_body(program: &Program, id: ModuleId, handler: &Handler, text: &str) -> Intent {
    let module = program.module(id);
    Intent::Replace { place: Place { file: module.file, span: module.block(handler.body).span }, text: text.to_owned() }
}

/// `except:` to `except Exception:`
fn narrow(program: &Program, id: ModuleId, handler: &Handler) -> Intent {
    Intent::Replace { place: header(program, id, handler), text: "except Exception".to_owned() }
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

/// A comment in a clause (or right above a statement) that says why nothing is done: it is no directive to a tool.
fn is_explained(program: &Program, id: ModuleId, span: Span, or_above: bool) -> bool {
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
        (above || inside) && text.split_whitespace().count() >= 2 && !DIRECTIVES.iter().any(|word| text.starts_with(word))
    })
}

fn named(module: &Module, function: Option<FunctionId>) -> String {
    match function.map(|f| module.function(f).name) {
        Some(name) if !name.is_empty() => format!("`{name}`"),
        Some(_) => "a lambda".to_owned(),
        None => "the module".to_owned(),
    }
}

fn failed(module: &Module, function: Option<FunctionId>) -> String {
    match function.map(|f| module.function(f).name) {
        Some(name) if !name.is_empty() => format!("{} failed", name.trim_matches('_')),
        _ => "failed".to_owned(),
    }
}
