//! Bound parameters in the place of values that are written into a SQL text.

use std::fmt::Write as _;

use super::sql_text::Written;
use super::{Fix, Intent};
use crate::ir::program::*;
use crate::model::apis::Placeholder;
use crate::model::flow::{Origin, Text};
use crate::model::program::{ModuleId, Program};
use crate::model::sql::{self, Position};
use crate::model::values;
use crate::source::{Place, Span};

/// Values that become parameters: the edits of the text, and what is bound, with names.
pub(super) struct Bound {
    pub cuts: Vec<(Span, String)>,
    pub values: Vec<(String, String)>,
    /// What stands before the first of them.
    pub before: String,
    /// The text with its placeholders, as it is written then.
    pub text: String,
}

/// The edit that binds all values of a text, if it is written in one place where its values stand alone, and the call
/// binds nothing yet.
#[must_use]
pub fn fix(program: &Program, id: ModuleId, call: ExprId, argument: ExprId, text: &Text) -> Option<Fix> {
    let module = program.module(id);
    let sink = program.apis.row(program.callee(id, call).library()?)?.sql.as_ref()?;
    if module.language == Language::TypeScript {
        return super::sql_javascript::fix(program, id, call, argument, text, sink);
    }
    let style = sink.style;
    let called = module.call(call)?;
    if called.args.len() != 1 || called.args[0].kind != ArgKind::Positional || called.args[0].value != argument {
        return None;
    }
    let Bound { cuts, values, .. } = bind(program, id, argument, text, style, 0)?;
    let file = module.file;
    let at = |span: Span| Place { file, span };
    let mut intents: Vec<Intent> = cuts.into_iter().map(|(span, text)| Intent::Replace { place: at(span), text }).collect();
    let call_place = program.place(id, call);
    let value = |text: String| match &sink.values {
        Some(keyword) => Intent::SetArgument { call: call_place, name: keyword.clone(), value: text },
        None => Intent::AppendArgument { call: call_place, value: text },
    };
    match style {
        Placeholder::Format | Placeholder::Qmark => {
            let list: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
            let comma = if list.len() == 1 { "," } else { "" };
            intents.push(value(format!("({}{comma})", list.join(", "))));
        }
        Placeholder::Numeric => intents.extend(values.iter().map(|(_, text)| value(text.clone()))),
        // Where the text goes is not always in sight: its values go with it.
        Placeholder::Named if program.callee(id, call).library().is_some_and(|name| name.ends_with(".text")) => {
            let pairs: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let end = Span { start: call_place.span.end, ..call_place.span };
            intents.push(Intent::Replace { place: at(end), text: format!(".bindparams({})", pairs.join(", ")) });
        }
        Placeholder::Named | Placeholder::Spanner => intents.push(value(dictionary(&values))),
        Placeholder::BigQuery => {
            let parameters: Vec<String> =
                values.iter().map(|(name, value)| format!("bigquery.ScalarQueryParameter(\"{name}\", \"STRING\", {value})")).collect();
            intents.push(value(format!("bigquery.QueryJobConfig(query_parameters=[{}])", parameters.join(", "))));
            let import = Intent::AddImport { file, module: "google.cloud".into(), name: Some("bigquery".into()) };
            intents.push(import);
        }
        Placeholder::None => return None,
    }
    Some(Fix::unsafe_edit("Bind the values as parameters", intents))
}

/// Puts placeholders in the place of all values of a text, if it is written in one place where they stand alone. `taken` values are
/// bound already.
pub(super) fn bind(program: &Program, id: ModuleId, argument: ExprId, text: &Text, style: Placeholder, taken: usize) -> Option<Bound> {
    let module = program.module(id);
    let is_javascript = module.language == Language::TypeScript;
    let argument = where_written(program, id, argument);
    let written = Written::read(program, id, argument)?;
    // Every hole has to be one that can be bound, and each in the text as it is written here; what is constant stays.
    let rated = sql::holes(text);
    let mut at = Vec::new();
    for (hole, _) in &rated {
        let from = at.last().map_or(0, |last| last + 1);
        at.push(from + written.holes.get(from..)?.iter().position(|expr| *expr == hole.expr)?);
    }
    if !is_javascript && rated.len() != written.holes.len() {
        return None;
    }
    let source = &program.sources.get(module.file).text;
    // Small edits: a text of many lines stays as it is laid out.
    let mut cuts: Vec<(Span, String)> = written.removed.iter().map(|span| (*span, String::new())).collect();
    let mut names: Vec<String> = Vec::new();
    let mut bound: Vec<String> = Vec::new();
    for (count, ((hole, position), index)) in rated.iter().zip(at).enumerate() {
        if *position == Position::Name || *position == Position::Alias || hole.origin == Origin::Constant {
            return None;
        }
        let slot = written.slot(program, id, index, *position)?;
        let before = source.get(written.span.start as usize..slot.span.start as usize)?;
        let after = source.get(slot.span.end as usize..written.end as usize).unwrap_or_default();
        let is_typed = matches!(style, Placeholder::BigQuery | Placeholder::Spanner) || style == Placeholder::Numeric && !is_javascript;
        if !takes_parameter(before, after, *position, hole.origin, is_typed) || is_escaped(program, id, hole.expr, &slot.value) {
            return None;
        }
        let name = unique(&parameter_name(module, hole.expr, count), &names);
        cuts.push((slot.span, placeholder(style, &name, taken + count)? + slot.behind));
        names.push(name);
        bound.push(slot.value);
    }
    cuts.sort_by_key(|(span, _)| span.start);
    let new = cut(source, written.span, &cuts)?;
    // No braces are left, and no signs that a driver would take for its own.
    let is_left = !is_javascript && new.contains(['{', '}']);
    if is_left || (style == Placeholder::Format && new.matches('%').count() != bound.len()) || !is_bindable(&new) {
        return None;
    }
    let first = cuts.iter().find(|(_, text)| !text.is_empty()).map_or(written.span.start, |(span, _)| span.start);
    let before = source.get(written.span.start as usize..first as usize)?.to_owned();
    Some(Bound { cuts, values: names.into_iter().zip(bound).collect(), before, text: new })
}

/// Whether a statement takes parameters at all, and says so in plain sight: definitions and settings do not, comments hide
/// what is in them, and code in a text is run with quotation marks of its own.
fn is_bindable(statement: &str) -> bool {
    let words: Vec<String> =
        statement.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).map(str::to_ascii_uppercase).collect();
    let takes = words
        .first()
        .is_some_and(|first| matches!(first.as_str(), "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "WITH" | "REPLACE" | "MERGE"));
    takes && !words.iter().any(|word| word == "EXECUTE") && !["--", "/*", "$$"].iter().any(|mark| statement.contains(mark))
}

/// Whether a parameter may stand where a hole does. `before` and `after` are the source around it, quotation marks left out.
fn takes_parameter(before: &str, after: &str, position: Position, origin: Origin, is_typed: bool) -> bool {
    let is_quoted = position == Position::Quoted;
    // The marks of the language are none of SQL.
    let before = before.trim_start_matches(['f', 'F', '"', '\'', '`']);
    // `''` beside it belongs to the text; `IN (…)` may stand for a whole list.
    let is_alone = !before.ends_with('\'') && !after.starts_with('\'');
    let is_list = before.trim_end().strip_suffix('(').is_some_and(|list| list.trim_end().to_ascii_uppercase().ends_with("IN"))
        && after.trim_start().starts_with(')');
    // What is no text is compared as what it is, which the driver has to know.
    let is_count = before
        .trim_end()
        .rsplit(char::is_whitespace)
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("limit") || word.eq_ignore_ascii_case("offset"));
    let fits = if is_quoted { origin != Origin::Safe } else { origin == Origin::Safe || !(is_typed || is_count) };
    is_alone && !is_list && fits && sql::position(before) == Position::Value
}

/// Whether a value is escaped by hand, where it is used or where it comes from: bound, it would be escaped twice.
fn is_escaped(program: &Program, id: ModuleId, expr: ExprId, value: &str) -> bool {
    let is_escape = |text: &str| text.contains(".replace(") || text.contains(".replaceAll(") || text.contains("escape");
    let (module, origin) = values::origin(program, id, expr);
    is_escape(value) || is_escape(program.text(module, origin))
}

/// Where the text that a name stands for is written: right before, and for this use alone.
fn where_written(program: &Program, id: ModuleId, argument: ExprId) -> ExprId {
    let module = program.module(id);
    let ExprKind::Name(name) = module.expr(argument).kind else { return argument };
    let function = module.function_of(argument);
    let is_it = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::Name(n) if n == name) && module.function_of(*expr) == function;
    match values::origin(program, id, argument) {
        // Where it is bound, and here.
        (of, expr)
            if of == id
                && module.expr_scopes[expr.index()] == module.expr_scopes[argument.index()]
                && follows(module, expr, argument)
                && module.expr_ids().filter(is_it).count() == 2 =>
        {
            expr
        }
        _ => argument,
    }
}

/// Whether the statement of an expression is the next after that of another: nothing changes in between.
fn follows(module: &Module, first: ExprId, second: ExprId) -> bool {
    let (Some(first), Some(second)) = (module.stmt_of(first), module.stmt_of(second)) else { return false };
    let block = module.stmt_parents[first.index()];
    let is_plain = matches!(module.stmt(second).kind, StmtKind::Expr(_) | StmtKind::Assign { .. } | StmtKind::Return(_));
    let stmts = &module.block(block).stmts;
    is_plain && stmts.windows(2).any(|pair| pair == [first, second])
}

/// A part of the source with other texts in the place of some spans, which are in order.
fn cut(source: &str, whole: Span, cuts: &[(Span, String)]) -> Option<String> {
    let mut new = String::new();
    let mut done = whole.start;
    for (span, text) in cuts {
        new.push_str(source.get(done as usize..span.start as usize)?);
        new.push_str(text);
        done = span.end;
    }
    new.push_str(source.get(done as usize..whole.end as usize)?);
    Some(new)
}

fn parameter_name(module: &Module, expr: ExprId, index: usize) -> String {
    let name = match &module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some(*name),
        ExprKind::Subscript { index: key, .. } => match module.expr(*key).kind {
            ExprKind::String(text) => Some(text),
            _ => None,
        },
        _ => None,
    };
    name.filter(|name| is_parameter_name(name)).map_or_else(|| format!("value{index}"), |name| name.to_string())
}

fn is_parameter_name(name: &str) -> bool {
    const TAKEN: [&str; 36] = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
        "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise",
        "return", "self", "try", "while", "with", "yield",
    ];
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !TAKEN.contains(&name)
}

fn unique(name: &str, taken: &[String]) -> String {
    let mut unique = name.to_owned();
    let mut number = 2;
    while taken.contains(&unique) {
        unique = format!("{name}{number}");
        number += 1;
    }
    unique
}

fn placeholder(style: Placeholder, name: &str, index: usize) -> Option<String> {
    Some(match style {
        Placeholder::Format => "%s".to_owned(),
        Placeholder::Qmark => "?".to_owned(),
        Placeholder::Named => format!(":{name}"),
        Placeholder::Numeric => format!("${}", index + 1),
        Placeholder::BigQuery | Placeholder::Spanner => format!("@{name}"),
        Placeholder::None => return None,
    })
}

fn dictionary(values: &[(String, String)]) -> String {
    let mut text = String::from("{");
    for (index, (name, value)) in values.iter().enumerate() {
        let _ = write!(text, "{}\"{name}\": {value}", if index > 0 { ", " } else { "" });
    }
    text + "}"
}

/// How a value is bound in a style, as code to read.
#[must_use]
pub fn example(language: Language, style: Option<Placeholder>, value: &str) -> String {
    if language == Language::TypeScript {
        return match style {
            Some(Placeholder::Qmark) => format!("query('… WHERE name = ?', [{value}])\n"),
            Some(Placeholder::Named) => format!("query('… WHERE name = :name', {{ name: {value} }})\n"),
            Some(Placeholder::BigQuery) => format!("query({{ query: '… WHERE name = @name', params: {{ name: {value} }} }})\n"),
            Some(Placeholder::Spanner) => format!("run({{ sql: '… WHERE name = @name', params: {{ name: {value} }} }})\n"),
            Some(Placeholder::Numeric) => format!("query('… WHERE name = $1', [{value}])\n"),
            Some(Placeholder::Format | Placeholder::None) | None => {
                format!("query('… WHERE name = $1', [{value}])  // or ?, :name: whatever runs it takes\n")
            }
        };
    }
    match style {
        Some(Placeholder::Qmark) => format!("cursor.execute(\"… WHERE name = ?\", ({value},))\n"),
        Some(Placeholder::Named) => format!("text(\"… WHERE name = :name\").bindparams(name={value})\n"),
        Some(Placeholder::Numeric) => format!("await connection.fetch(\"… WHERE name = $1\", {value})\n"),
        Some(Placeholder::BigQuery) => format!(
            "config = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter(\"name\", \"STRING\", {value})])\nclient.query(\"… WHERE name = @name\", job_config=config)\n"
        ),
        Some(Placeholder::Spanner) => format!("snapshot.execute_sql(\"… WHERE name = @name\", params={{\"name\": {value}}})\n"),
        Some(Placeholder::Format | Placeholder::None) | None => format!("cursor.execute(\"… WHERE name = %s\", ({value},))\n"),
    }
}
