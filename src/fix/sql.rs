//! Bound parameters in the place of values that are written into a SQL text.

use std::fmt::Write as _;

use super::{Fix, Intent};
use crate::ir::program::*;
use crate::model::apis::Placeholder;
use crate::model::flow::{Origin, Text};
use crate::model::program::{ModuleId, Program};
use crate::model::sql::{self, Position};
use crate::source::{Place, Span};

/// The edit that binds all values of a text, if it is one f-string in sight whose values stand alone, and the call binds
/// nothing yet.
#[must_use]
pub fn fix(program: &Program, id: ModuleId, call: ExprId, argument: ExprId, text: &Text) -> Option<Fix> {
    let module = program.module(id);
    let sink = program.apis.row(program.callee(id, call).library()?)?.sql.as_ref()?;
    let style = sink.style;
    let called = module.call(call)?;
    if called.args.len() != 1 || called.args[0].kind != ArgKind::Positional || called.args[0].value != argument {
        return None;
    }
    let ExprKind::Template { parts, tag: None } = &module.expr(argument).kind else { return None };
    let place = program.place(id, argument);
    let source = program.sources.slice(place);
    if !is_one_f_string(source) {
        return None;
    }
    // Every hole has to be one that can be bound, and each in the text as it is written here.
    let rated = sql::holes(text);
    let written: Vec<ExprId> = parts.iter().filter_map(hole).collect();
    if rated.len() != written.len() || rated.iter().zip(&written).any(|((hole, _), expr)| hole.expr != *expr) {
        return None;
    }
    let mut bound: Vec<(ExprId, Span, String)> = Vec::new();
    for ((hole, position), expr) in rated.iter().zip(&written) {
        if *position == Position::Name || hole.origin == Origin::Constant {
            return None;
        }
        let (span, value) = slot(program, id, place, *expr, *position)?;
        bound.push((*expr, span, value));
    }
    // Small edits: a text of many lines stays as it is laid out.
    let at = |span: Span| Place { file: place.file, span };
    let mut intents = vec![Intent::Replace { place: at(Span { end: place.span.start + 1, ..place.span }), text: String::new() }];
    let mut new = String::new();
    let mut done = place.span.start;
    let mut names: Vec<String> = Vec::new();
    for (index, (expr, span, _)) in bound.iter().enumerate() {
        new.push_str(program.sources.get(place.file).text.get(done as usize..span.start as usize)?);
        let name = unique(&parameter_name(module, *expr, index), &names);
        let mark = placeholder(style, &name, index)?;
        new.push_str(&mark);
        intents.push(Intent::Replace { place: at(*span), text: mark });
        names.push(name);
        done = span.end;
    }
    new.push_str(program.sources.get(place.file).text.get(done as usize..place.span.end as usize)?);
    // No braces are left: the `f` goes, and doubled braces with it.
    if new[1..].contains(['{', '}']) || (style == Placeholder::Format && new.matches('%').count() != bound.len()) {
        return None;
    }
    // Code in a text is run with quotation marks of its own.
    if new.contains("$$") || new.to_ascii_uppercase().contains("EXECUTE ") {
        return None;
    }
    let values: Vec<(String, String)> = names.into_iter().zip(bound).map(|(name, (_, _, value))| (name, value)).collect();
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
            let import = Intent::AddImport { file: place.file, module: "google.cloud".into(), name: Some("bigquery".into()) };
            intents.push(import);
        }
        Placeholder::None => return None,
    }
    Some(Fix::unsafe_edit("Bind the values as parameters", intents))
}

fn hole(part: &TemplatePart) -> Option<ExprId> {
    match part {
        TemplatePart::Hole(expr) => Some(*expr),
        TemplatePart::Text(..) => None,
    }
}

fn is_one_f_string(source: &str) -> bool {
    let Some(rest) = source.strip_prefix(['f', 'F']) else { return false };
    let mark = if rest.starts_with("\"\"\"") || rest.starts_with("'''") { &rest[..3] } else { rest.get(..1).unwrap_or_default() };
    matches!(mark.chars().next(), Some('"' | '\''))
        && rest.len() >= 2 * mark.len()
        && !rest[mark.len()..rest.len() - mark.len()].contains(mark)
}

/// What goes when a hole becomes a placeholder: its braces, and the quotation marks with what they hold beside it.
fn slot(program: &Program, id: ModuleId, whole: Place, hole: ExprId, position: Position) -> Option<(Span, String)> {
    let text = &program.sources.get(whole.file).text;
    let span = program.place(id, hole).span;
    let open = text[..span.start as usize].rfind('{')?;
    let close = span.end as usize + text[span.end as usize..].find('}')?;
    // A conversion or a format would be lost.
    if text[open + 1..span.start as usize].trim() != "" || text[span.end as usize..close].trim() != "" {
        return None;
    }
    let source = text[span.range()].to_owned();
    if position == Position::Value {
        return Some((Span::new(open, close + 1), source));
    }
    let before = text[whole.span.start as usize..open].rfind('\'').map(|at| whole.span.start as usize + at)?;
    let after = close + 1 + text[close + 1..whole.span.end as usize].find('\'')?;
    let (left, right) = (&text[before + 1..open], &text[close + 1..after]);
    if [left, right].iter().any(|part| part.contains(['{', '}', '\n', '"'])) {
        return None;
    }
    let value = if left.is_empty() && right.is_empty() { source } else { format!("f\"{left}{{{source}}}{right}\"") };
    (!value.contains('\\') && !source_has_quotes(&value)).then_some((Span::new(before, after + 1), value))
}

/// An f-string in an f-string needs other quotation marks before Python 3.12.
fn source_has_quotes(value: &str) -> bool {
    value.strip_prefix("f\"").and_then(|rest| rest.strip_suffix('"')).is_some_and(|inside| inside.contains('"'))
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
