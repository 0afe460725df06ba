//! Comments that say why an error is not looked at.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{ModuleId, Program};
use crate::source::Span;

/// What comments to tools begin with.
const DIRECTIVES: [&str; 21] = [
    "noqa",
    "eslint",
    "@ts-",
    "biome-ignore",
    "istanbul",
    "c8 ignore",
    "prettier-ignore",
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

/// What is said of errors that are expected. Comments around a `try` mostly say what it does.
const EXPECTED: [&str; 24] = [
    "best effort",
    "best-effort",
    "if we can't",
    "if this fails",
    "if it fails",
    "may fail",
    "might fail",
    "can fail",
    "ok if",
    "okay if",
    "ok to fail",
    "non-critical",
    "not critical",
    "non-fatal",
    "not fatal",
    "never fail",
    "never break",
    "must not break",
    "must not fail",
    "ignore",
    "don't care",
    "doesn't matter",
    "be defensive",
    "no need to catch",
];

/// Whether a comment in a clause or a block says why nothing is done. Directives to tools say nothing.
#[must_use]
pub fn is_explained(program: &Program, id: ModuleId, span: Span) -> bool {
    let module = program.module(id);
    let file = program.sources.get(module.file);
    let (first, last) = (file.line_index(span.start), file.line_index(span.end.saturating_sub(1)));
    module.comments.iter().any(|comment| {
        let line = file.line_index(comment.start);
        let is_inside = first <= line && line <= last && comment.start >= span.start;
        is_inside && says_something(&said(file.slice(*comment)))
    })
}

/// Whether a comment on the line right above a place, or above what closes brackets before it, says something.
#[must_use]
pub fn is_explained_before(program: &Program, id: ModuleId, start: u32) -> bool {
    let module = program.module(id);
    let file = program.sources.get(module.file);
    let line = file.line_index(start);
    let indent = file.text[..start as usize].rsplit('\n').next().unwrap_or_default();
    let begins_line = indent.chars().all(|c| c.is_whitespace() || ")}].?".contains(c));
    begins_line
        && module.comments.iter().any(|comment| {
            comment.end <= start
                && file.line_index(comment.end.saturating_sub(1)) + 1 == line
                && says_something(&said(file.slice(*comment)))
        })
}

/// Whether there is any comment in a clause, be it one word: `// Ignore`.
#[must_use]
pub fn is_commented(program: &Program, id: ModuleId, span: Span) -> bool {
    let module = program.module(id);
    let file = program.sources.get(module.file);
    module.comments.iter().any(|comment| span.contains(*comment) && !said(file.slice(*comment)).is_empty())
}

/// Whether there is more than a word in a comment. Not all scripts put blanks between words.
#[must_use]
pub fn says_something(said: &str) -> bool {
    said.split([' ', '\t', '-']).filter(|word| !word.is_empty()).count() >= 2
        || said.chars().filter(|c| !c.is_ascii() && c.is_alphabetic()).count() >= 3
}

/// Whether the comment right above a statement, or before the first one of its block, says that errors are expected.
#[must_use]
pub fn is_expected(program: &Program, id: ModuleId, stmt: StmtId, block: BlockId) -> bool {
    let module = program.module(id);
    let file = program.sources.get(module.file);
    let header = module.stmt(stmt).span.start..module.block(block).span.start;
    let inside = module.comments.iter().filter(|comment| header.contains(&comment.start));
    let inside: Vec<String> = inside.map(|comment| said(file.slice(*comment))).collect();
    let text = format!("{} {}", above(program, id, stmt), inside.join(" "));
    let is_script = module.language == Language::TypeScript;
    says_expected(&text) || (is_script && (is_expected_above(program, id, stmt) || is_promised(program, id, stmt)))
}

/// Whether what is written above a function of JavaScript says what it gives when something goes wrong.
#[must_use]
pub fn is_promised(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    const PROMISES: [&str; 19] = [
        "any error",
        "any failure",
        "best effort",
        "best-effort",
        "does not throw",
        "doesn't throw",
        "gracefully",
        "if it fails",
        "if this fails",
        "if unavailable",
        "never throws",
        "no-op if",
        "on any error",
        "on error",
        "on failure",
        "or null on",
        "silently",
        "swallow",
        "when unavailable",
    ];
    said_of_function(program, id, stmt).is_some_and(|said| PROMISES.iter().any(|words| said.contains(words)))
}

/// Whether what is written above a function says that it may have something else to give: that may be meant for errors, too.
#[must_use]
pub fn has_promised_fallback(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    const FALLBACKS: [&str; 16] = [
        "can't be",
        "cannot be",
        "could not be",
        "defaults to",
        "fall back",
        "fallback",
        "falls back",
        "false if",
        "false when",
        "null if",
        "null otherwise",
        "null when",
        "or null",
        "or undefined",
        "undefined if",
        "undefined when",
    ];
    let is_script = program.module(id).language == Language::TypeScript;
    is_script && said_of_function(program, id, stmt).is_some_and(|said| FALLBACKS.iter().any(|words| said.contains(words)))
}

/// What is written above the function that a statement is in.
fn said_of_function(program: &Program, id: ModuleId, stmt: StmtId) -> Option<String> {
    let module = program.module(id);
    let function = module.function_of_stmt(stmt)?;
    let f = module.function(function);
    match f.parent {
        Parent::Expr(value) => module.stmt_of(value).map(|holder| above(program, id, holder)),
        Parent::Stmt(at) => Some(above(program, id, at)),
        _ => None,
    }
}

/// Whether the comment right above a statement says that errors are expected.
#[must_use]
pub fn is_expected_above(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let module = program.module(id);
    let block = module.stmt_parents[stmt.index()];
    // What is said of a condition is about what it holds.
    let condition = match module.block_parents[block.index()] {
        Parent::Stmt(outer) if matches!(module.stmt(outer).kind, StmtKind::If { .. }) && module.block(block).stmts.len() == 1 => {
            Some(outer)
        }
        _ => None,
    };
    // `// Best effort.` above `setTimeout(() => { check().catch(() => {}); })`
    let holder = match module.block_parents[block.index()] {
        Parent::Function(function) if module.block(block).stmts.len() == 1 => match module.function(function).parent {
            Parent::Expr(value) => module.stmt_of(value),
            _ => None,
        },
        _ => None,
    };
    says_expected(&above(program, id, stmt))
        || condition.or(holder).is_some_and(|outer| says_expected(&above(program, id, outer)))
        || is_in_expected(program, id, stmt)
}

/// Whether a statement of JavaScript lies in a `try` whose comment says that errors are expected, of this function or one
/// that it is handed out of.
fn is_in_expected(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let module = program.module(id);
    let file = program.sources.get(module.file);
    if module.language != Language::TypeScript {
        return false;
    }
    // As deep as they are nested in real code.
    let mut around = module.around_stmt(stmt).skip(1).take(24).take_while(|around| match around {
        Around::Function(function) => module.function(*function).form == FunctionForm::Arrow,
        Around::Class(_) => false,
        _ => true,
    });
    around.any(|around| {
        let Around::Stmt(outer, Some(from)) = around else { return false };
        let StmtKind::Try(t) = &module.stmt(outer).kind else { return false };
        let expects = |handler: &Handler| {
            let inside = module.comments.iter().filter(|comment| handler.span.contains(**comment));
            inside.into_iter().any(|comment| says_expected(&said(file.slice(*comment))))
        };
        let is_meant = |handler: &Handler| module.block(handler.body).stmts.is_empty() && expects(handler);
        t.body == from && (t.handlers.iter().any(is_meant) || says_expected(&above(program, id, outer)))
    })
}

fn says_expected(text: &str) -> bool {
    EXPECTED.iter().any(|words| text.contains(words))
}

/// What the comment right above a statement says, in lower case.
#[must_use]
pub fn above(program: &Program, id: ModuleId, stmt: StmtId) -> String {
    let module = program.module(id);
    let file = program.sources.get(module.file);
    let start = module.stmt(stmt).span.start;
    let own_line = |comment: &&Span| file.text[..comment.start as usize].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
    let mut next = file.line_index(start);
    let mut lines: Vec<String> = Vec::new();
    for comment in module.comments.iter().rev().filter(|comment| comment.end <= start).take_while(own_line) {
        if file.line_index(comment.end.saturating_sub(1)) + 1 != next {
            break;
        }
        next = file.line_index(comment.start);
        lines.push(said(file.slice(*comment)));
    }
    lines.reverse();
    lines.join(" ")
}

/// What a comment says, in lower case.
fn said(comment: &str) -> String {
    let text = comment.trim_start_matches(['#', '/', '*', ' ', '\n', '\r', '\t']).trim_end_matches(['*', '/', ' ', '\n', '\r', '\t']);
    let lines: Vec<&str> = text.lines().map(|line| line.trim_start_matches(['*', ' ', '\t'])).collect();
    let text = lines.join(" ").to_ascii_lowercase().replace('\u{2019}', "'");
    if !DIRECTIVES.iter().any(|word| text.starts_with(word)) {
        return text;
    }
    // `noqa: BLE001 - best effort` says why all the same.
    [" - ", " -- ", "—", "–", "#"].iter().find_map(|mark| text.split_once(mark)).map_or(String::new(), |(_, reason)| reason.to_owned())
}
