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

/// The edit that binds all values of a text, if it is written in one place where its values stand alone, and the call
/// binds nothing yet.
#[must_use]
pub fn fix(program: &Program, id: ModuleId, call: ExprId, argument: ExprId, text: &Text) -> Option<Fix> {
    let module = program.module(id);
    let sink = program.apis.row(program.callee(id, call).library()?)?.sql.as_ref()?;
    let style = sink.style;
    let called = module.call(call)?;
    if called.args.len() != 1 || called.args[0].kind != ArgKind::Positional || called.args[0].value != argument {
        return None;
    }
    let argument = where_written(program, id, argument);
    let written = Written::read(program, id, argument)?;
    // Every hole has to be one that can be bound, and each in the text as it is written here.
    let rated = sql::holes(text);
    if rated.len() != written.holes.len() || rated.iter().zip(&written.holes).any(|((hole, _), expr)| hole.expr != *expr) {
        return None;
    }
    let file = module.file;
    let source = &program.sources.get(file).text;
    // Small edits: a text of many lines stays as it is laid out.
    let mut cuts: Vec<(Span, String)> = written.removed.iter().map(|span| (*span, String::new())).collect();
    let mut names: Vec<String> = Vec::new();
    let mut bound: Vec<String> = Vec::new();
    for (index, ((hole, position), expr)) in rated.iter().zip(&written.holes).enumerate() {
        if *position == Position::Name || hole.origin == Origin::Constant {
            return None;
        }
        let slot = written.slot(program, id, index, *position)?;
        // `IN (…)`: what stands for a whole list is no one value.
        let (before, after) = (source.get(..slot.span.start as usize)?, source.get(slot.span.end as usize..)?);
        if before.trim_end().strip_suffix('(').is_some_and(|list| list.trim_end().to_ascii_uppercase().ends_with("IN"))
            && after.trim_start().starts_with(')')
        {
            return None;
        }
        let name = unique(&parameter_name(module, *expr, index), &names);
        cuts.push((slot.span, placeholder(style, &name, index)? + slot.behind));
        names.push(name);
        bound.push(slot.value);
    }
    cuts.sort_by_key(|(span, _)| span.start);
    let new = cut(source, written.span, &cuts)?;
    // No braces are left, and no signs that a driver would take for its own.
    if new.contains(['{', '}']) || (style == Placeholder::Format && new.matches('%').count() != bound.len()) {
        return None;
    }
    // Code in a text is run with quotation marks of its own.
    if new.contains("$$") || new.to_ascii_uppercase().contains("EXECUTE ") {
        return None;
    }
    let at = |span: Span| Place { file, span };
    let mut intents: Vec<Intent> = cuts.into_iter().map(|(span, text)| Intent::Replace { place: at(span), text }).collect();
    let values: Vec<(String, String)> = names.into_iter().zip(bound).collect();
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

/// Where the text that a name stands for is written: in the same function, and for this use alone.
fn where_written(program: &Program, id: ModuleId, argument: ExprId) -> ExprId {
    let module = program.module(id);
    let ExprKind::Name(name) = module.expr(argument).kind else { return argument };
    let function = module.function_of(argument);
    let is_it = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::Name(n) if n == name) && module.function_of(*expr) == function;
    match values::origin(program, id, argument) {
        // Where it is bound, and here.
        (of, expr) if of == id && module.function_of(expr) == function && module.expr_ids().filter(is_it).count() == 2 => expr,
        _ => argument,
    }
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
    match &module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => name.to_string(),
        ExprKind::Subscript { index: key, .. } => match &module.expr(*key).kind {
            ExprKind::String(text) if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => text.to_string(),
            _ => format!("value{index}"),
        },
        _ => format!("value{index}"),
    }
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
pub fn example(style: Option<Placeholder>, value: &str) -> String {
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
