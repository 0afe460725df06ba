//! What mends a swallowed exception.

use super::javascript;
use super::silence::Silence;
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::exceptions::{self, Breadth};
use crate::model::loggers::{self, Logger, Missing};
use crate::model::program::{ModuleId, Program};
use crate::model::pushed::Rest;
use crate::model::resolve::Resolver;
use crate::model::{local_work, traces};
use crate::source::{Place, Span};

const LOG: &str = "Log the error with its traceback";

/// The fix that logs, narrowing what catches the end of the program on the way.
pub(super) fn logging(program: &Program, id: ModuleId, handler: &Handler, tried: BlockId, function: Option<FunctionId>) -> Fix {
    if program.module(id).language == Language::TypeScript {
        return javascript::logging(program, id, handler, tried, function);
    }
    if let Some(fix) = letting_end(program, id, handler, tried) {
        return fix;
    }
    let mut intents: Vec<Intent> = narrow(program, id, handler).into_iter().collect();
    intents.extend(log(program, id, handler, tried, function));
    Fix::unsafe_edit(LOG, intents)
}

/// The fix of a clause below one for `Exception`: what is left for it is what ends the program, and that is passed on.
fn letting_end(program: &Program, id: ModuleId, handler: &Handler, tried: BlockId) -> Option<Fix> {
    let module = program.module(id);
    let clauses = module.stmts.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Try(t) if t.body == tried => Some(&t.handlers),
        _ => None,
    })?;
    let mut above = clauses.iter().take_while(|clause| clause.span != handler.span);
    let is_below = above.any(|clause| matches!(exceptions::breadth_of(program, id, clause), Breadth::Bare | Breadth::Broad));
    is_below.then(|| Fix::unsafe_edit("Pass on what ends the program", raising(module, handler).into_iter().collect()))
}

/// The fix of a bare `except:` that does something: what it does goes on, and if that leaves no trace, it is logged.
pub(super) fn narrowing(program: &Program, id: ModuleId, handler: &Handler, tried: BlockId, function: Option<FunctionId>) -> Fix {
    if let Some(fix) = letting_end(program, id, handler, tried) {
        return fix;
    }
    let mut intents: Vec<Intent> = narrow(program, id, handler).into_iter().collect();
    if traces::in_block(program, id, handler.body, None) {
        return Fix::unsafe_edit("Catch `Exception` only", intents);
    }
    intents.extend(log(program, id, handler, tried, function));
    Fix::unsafe_edit("Catch `Exception` only, and log it", intents)
}

/// Puts a log entry at the beginning of a clause.
fn log(program: &Program, id: ModuleId, handler: &Handler, tried: BlockId, function: Option<FunctionId>) -> Vec<Intent> {
    let module = program.module(id);
    let logger = loggers::at(program, id, function, handler.span.start);
    let line = format!("{}.exception(\"{}\")", logger.text, failed(program, id, tried, function));
    let body = module.block(handler.body);
    let header_end = header(program, id, handler).span.end;
    let between = Span { start: header_end, end: body.span.start };
    let on_one_line = !program.sources.slice(Place { file: module.file, span: between }).contains('\n');
    let is_empty = matches!(body.stmts[..], [only] if is_empty(module, only));
    let whole = Place { file: module.file, span: body.span };
    let entry = match body.stmts.first() {
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
    };
    [entry].into_iter().chain(missing(module, &logger)).collect()
}

/// What a logger needs.
fn missing(module: &Module, logger: &Logger) -> Option<Intent> {
    let file = module.file;
    match logger.missing {
        Missing::Nothing => None,
        Missing::Import => Some(Intent::AddImport { file, module: "logging".to_owned(), name: None }),
        Missing::Logger(imported) => {
            let value = format!("{}.getLogger(__name__)", imported.map_or("logging", |name| name.as_str()));
            Some(Intent::AddLogger { file, name: logger.text.clone(), value, import: imported.is_none() })
        }
    }
}

/// Advice for code that the logging itself calls.
pub(super) fn printing() -> Fix {
    Fix::advice("Print to the real standard error: what is logged here comes back", "traceback.print_exc(file=sys.__stderr__)")
}

/// The fix for work on values in hand: only what says that a value does not fit is caught.
pub(super) fn expecting(program: &Program, silence: Silence<'_>, errors: &[&str]) -> Fix {
    let id = silence.id;
    let module = program.module(id);
    let list = errors.join(", ");
    let types = if let [only] = errors { (*only).to_owned() } else { format!("({list})") };
    let title = format!("Catch what is raised on a value that does not fit: `{types}`");
    let intent = match (silence.handler, &module.stmt(silence.stmt).kind) {
        (Some(handler), _) => match handler.types {
            Some(old) => Some(Intent::Replace { place: program.place(id, old), text: types }),
            None => Some(Intent::Replace { place: header(program, id, handler), text: format!("except {types}") }),
        },
        (None, StmtKind::With { items, .. }) => items.first().and_then(|(context, _)| {
            let call = module.call(*context)?;
            let text = format!("{}({list})", program.text(id, call.callee));
            Some(Intent::Replace { place: program.place(id, *context), text })
        }),
        (None, _) => None,
    };
    Fix::unsafe_edit(title, intent.into_iter().collect())
}

/// The fix that lets the error of a pushed event through; advice where other work would be given up with it.
pub(super) fn letting_through(program: &Program, id: ModuleId, handler: &Handler, rest: Rest) -> Fix {
    let title = "Let the error through, so that the event is delivered again";
    let is_script = program.module(id).language == Language::TypeScript;
    match rest {
        Rest::Answer if is_script => javascript::throwing(program, id, handler, title),
        Rest::Answer => Fix::unsafe_edit(title, raising(program.module(id), handler).into_iter().collect()),
        Rest::Work => {
            let javascript = "failed = true; // and go on with what does not depend on it\n...\nif (failed) throw new Error(\"the event was not handled\");\n";
            let python = "failed = True  # and go on with what does not depend on it\n...\nif failed:\n    raise RuntimeError(\"the event was not handled\")\n";
            Fix::advice(
                "Answer with an error at the end, so that the event is delivered again; what is done twice then has to be idempotent",
                if is_script { javascript } else { python },
            )
        }
    }
}

/// The fix that makes a `try` of a `with suppress`, and logs; advice where more than that would have to change.
pub(super) fn unsuppressed(program: &Program, id: ModuleId, stmt: StmtId, breadth: Breadth, function: Option<FunctionId>) -> Fix {
    let module = program.module(id);
    let span = module.stmt(stmt).span;
    let logger = loggers::at(program, id, function, span.start);
    let StmtKind::With { items, body, .. } = &module.stmt(stmt).kind else { return Fix::advice(LOG, "logger.exception(...)") };
    let clause = match breadth {
        Breadth::Cancellation => String::from("except asyncio.CancelledError:\n    raise"),
        _ => format!("except Exception:\n    {}.exception(\"{}\")", logger.text, failed(program, id, *body, function)),
    };
    if let [(context, None)] = items[..]
        && breadth == Breadth::Broad
    {
        let end = colon(program, module, module.expr(context).span.end, module.block(*body).span.start);
        let place = Place { file: module.file, span: Span { start: span.start, end } };
        let mut intents = vec![
            Intent::Replace { place, text: "try".to_owned() },
            Intent::InsertAfter { after: Place { file: module.file, span }, text: clause },
        ];
        intents.extend(missing(module, &logger));
        return Fix::unsafe_edit(LOG, intents);
    }
    let body = program.sources.slice(Place { file: module.file, span: module.block(*body).span });
    let first = body.lines().next().unwrap_or_default();
    let title = if breadth == Breadth::Broad { "Log what is caught" } else { "Pass the cancellation on" };
    Fix::advice(title, format!("try:\n    {first}\n{clause}\n"))
}

/// The edit that lets a cancellation through. Other types of the clause keep what they have.
pub(super) fn passing_on(program: &Program, id: ModuleId, handler: &Handler) -> Option<Intent> {
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

/// The clause up to its colon or brace.
pub(super) fn header(program: &Program, id: ModuleId, handler: &Handler) -> Place {
    let module = program.module(id);
    if module.language == Language::TypeScript {
        return javascript::header(program, id, handler);
    }
    let start = handler.span.start;
    let end = handler.target.or(handler.types).map_or(start + 6, |last| module.expr(last).span.end);
    Place { file: module.file, span: Span { start, end: colon(program, module, end, module.block(handler.body).span.start) } }
}

/// Where the colon of a header is, behind its last expression: only parentheses, commas and comments come before it.
fn colon(program: &Program, module: &Module, from: u32, to: u32) -> u32 {
    let text = program.sources.slice(Place { file: module.file, span: Span { start: from, end: to } });
    let mut in_comment = false;
    let at = text.bytes().position(|byte| {
        in_comment = byte == b'#' || (in_comment && byte != b'\n');
        byte == b':' && !in_comment
    });
    at.map_or(from, |at| from + u32::try_from(at).unwrap_or(0))
}

pub(super) fn clause(program: &Program, id: ModuleId, handler: &Handler) -> String {
    if program.module(id).language == Language::TypeScript {
        return "catch".to_owned();
    }
    let text = program.sources.slice(header(program, id, handler));
    let text = text.split(" as ").next().unwrap_or(text);
    format!("{}:", text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Where something fails: in a function, or else in a file.
pub(super) fn place_of(program: &Program, id: ModuleId, function: Option<FunctionId>) -> String {
    match function.map(|f| program.module(id).function(f).name) {
        Some(name) if !name.is_empty() => name.to_string(),
        _ => {
            let path = program.path(id).trim_end_matches("/__init__.py");
            let name = path.rsplit('/').next().unwrap_or(path);
            name.split_once('.').map_or(name, |(stem, _)| stem).to_owned()
        }
    }
}

/// What a log entry says: what was tried, and where.
pub(super) fn failed(program: &Program, id: ModuleId, tried: BlockId, function: Option<FunctionId>) -> String {
    let module = program.module(id);
    let place = place_of(program, id, function);
    // The first call that leaves the language: `store.read`.
    let calls: Vec<ExprId> = module
        .statements(tried)
        .into_iter()
        .flat_map(|stmt| {
            let mut exprs = Vec::new();
            module.stmt(stmt).kind.for_each_expr(|expr| exprs.extend(module.descendants(expr)));
            exprs
        })
        .filter(|expr| module.call(*expr).is_some() && !local_work::is_call(program, id, *expr))
        .collect();
    let name = if module.language == Language::TypeScript {
        javascript::principal(program, id, &calls)
    } else {
        let is_name = |text: &str| text.len() <= 40 && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let callees = calls.iter().filter_map(|expr| module.call(*expr));
        callees.map(|call| program.text(id, call.callee)).find(|text| is_name(text)).map(str::to_owned)
    };
    match name {
        Some(callee) => format!("{callee} failed in {place}"),
        None => format!("{place} failed"),
    }
}
