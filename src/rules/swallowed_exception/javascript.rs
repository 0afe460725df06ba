//! `catch` clauses: where they are, and the edit that logs in them.

use super::fixes::failed;
use crate::fix::habits::Style;
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::loggers::javascript::{self as loggers, Logger};
use crate::model::program::{ModuleId, Program};
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
    let advice = || Fix::advice(LOG, format!("{}\n", line(program, id, function, handler.span.start, &message, "error")));
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
    let entry = line(program, id, function, handler.span.start, &message, &name);
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
    Fix::unsafe_edit(LOG, intent.into_iter().chain([log]).collect())
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

/// A statement that logs an error.
fn line(program: &Program, id: ModuleId, function: Option<FunctionId>, offset: u32, message: &str, error: &str) -> String {
    format!("{}{}", call(program, id, function, offset, message, error), Style::of(program, id).end())
}

/// A call that logs an error.
pub(super) fn call(program: &Program, id: ModuleId, function: Option<FunctionId>, offset: u32, message: &str, error: &str) -> String {
    let Logger { text, error_first } = loggers::at(program, id, function, offset);
    let message = Style::of(program, id).text(message);
    if error_first { format!("{text}.error({error}, {message})") } else { format!("{text}.error({message}, {error})") }
}
