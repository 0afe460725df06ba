//! How calls of JavaScript are given the values of a SQL text: an array behind it, keys of an object, one by one.

use super::sql::{Bound, bind};
use super::{Fix, Intent};
use crate::ir::program::*;
use crate::model::apis::{Placeholder, Sql};
use crate::model::flow::Text;
use crate::model::program::{ModuleId, Program};
use crate::source::{Place, Span};

/// The edit that binds all values of a text in the way of the function that runs it.
pub(super) fn fix(program: &Program, id: ModuleId, call: ExprId, argument: ExprId, text: &Text, sink: &Sql) -> Option<Fix> {
    if sink.style == Placeholder::None {
        return None;
    }
    let module = program.module(id);
    let called = module.call(call)?;
    let passed = called.args.get(sink.position)?;
    if called.args.iter().any(|arg| arg.kind != ArgKind::Positional) || passed.span != module.expr(passed.value).span {
        return None;
    }
    let next = called.args.get(sink.position + 1);
    let way = match (passed.value == argument, sink.values.as_deref()) {
        // Values that are bound one by one already cannot be counted on to be all.
        (true, Some("each")) if next.is_none() => Way::Each,
        (true, Some("list")) => list(module, next)?,
        (true, Some(values)) if values.starts_with("options:") => options(module, next, &values["options:".len()..])?,
        (true, Some(values)) if values.starts_with("key:") && next.is_none() => {
            Way::Wrap(sink.keyword.as_deref()?, &values["key:".len()..])
        }
        (true, None) => mapping(module, next)?,
        (false, values) => {
            let ExprKind::Object(entries) = &module.expr(passed.value).kind else { return None };
            let key = values.and_then(|values| values.strip_prefix("key:"));
            in_object(module, entries, argument, key)?
        }
        _ => return None,
    };
    let taken = match way {
        Way::Extend { count, .. } => count,
        _ => 0,
    };
    let Bound { cuts, values, before, text: new } = bind(program, id, argument, text, sink.style, taken)?;
    // Placeholders that are there already come first, and all of them have their values.
    let is_in_order = match sink.style {
        Placeholder::Qmark => before.matches('?').count() == taken && new.matches('?').count() == taken + values.len(),
        Placeholder::Numeric => (1..=taken).all(|n| new.contains(&format!("${n}"))) || taken == 0,
        _ => true,
    };
    if !is_in_order {
        return None;
    }
    let is_named = !matches!(sink.style, Placeholder::Qmark | Placeholder::Numeric);
    let list: Vec<String> = values.iter().map(|(name, value)| if is_named { entry(name, value) } else { value.clone() }).collect();
    let list = list.join(", ");
    let whole = if is_named { format!("{{ {list} }}") } else { format!("[{list}]") };
    let span = module.expr(argument).span;
    let behind = Span { start: span.end, end: span.end };
    let mut intents: Vec<(Span, String)> = cuts;
    match way {
        Way::Each => intents.push((behind, format!(", {list}"))),
        Way::Behind => intents.push((behind, format!(", {whole}"))),
        Way::Extend { at, count } => intents.push((at, if count == 0 { list } else { format!(", {list}") })),
        Way::Options(key) => intents.push((behind, format!(", {{ {key}: {whole} }}"))),
        Way::Key { at, key, first: true } => intents.push((at, format!(" {key}: {whole},"))),
        Way::Key { at, key, first: false } => {
            let gap = if has_own_line(program, id, passed.value, argument) { ",\n" } else { ", " };
            intents.push((at, format!("{gap}{key}: {whole}")));
        }
        Way::Wrap(keyword, key) => {
            let keyword_first = if matches!(module.expr(argument).kind, ExprKind::Name(name) if name == keyword) {
                "{ ".to_owned()
            } else {
                format!("{{ {keyword}: ")
            };
            intents.push((Span { start: span.start, end: span.start }, keyword_first));
            intents.push((behind, format!(", {key}: {whole} }}")));
        }
    }
    let file = module.file;
    let intents = intents.into_iter().map(|(span, text)| Intent::Replace { place: Place { file, span }, text }).collect();
    Some(Fix::unsafe_edit("Bind the values as parameters", intents))
}

/// Whether the entry of an object that holds a text stands in one line, with nothing before it.
fn has_own_line(program: &Program, id: ModuleId, object: ExprId, text: ExprId) -> bool {
    let module = program.module(id);
    let ExprKind::Object(entries) = &module.expr(object).kind else { return false };
    let key = entries.iter().find_map(|entry| match entry {
        Entry::Pair { key, value } if *value == text => Some(*key),
        _ => None,
    });
    let source = &program.sources.get(module.file).text;
    key.is_some_and(|key| {
        let start = module.expr(key).span.start as usize;
        let line = source[..start].rfind('\n').map_or(0, |end| end + 1);
        source[line..start].trim().is_empty() && !source[start..module.expr(text).span.end as usize].contains('\n')
    })
}

/// Where the values go.
enum Way<'a> {
    /// Behind the text, one by one.
    Each,
    /// Behind the text, as one array or object.
    Behind,
    /// Into an array or object that holds some already.
    Extend { at: Span, count: usize },
    /// Behind the text, in an object under a key.
    Options(&'a str),
    /// Under a key of an object that is there.
    Key { at: Span, key: &'a str, first: bool },
    /// Into an object with the text, both under keys.
    Wrap(&'a str, &'a str),
}

/// Into the array behind the text, or into a new one, before a callback.
fn list<'a>(module: &Module, next: Option<&Arg>) -> Option<Way<'a>> {
    let Some(next) = next else { return Some(Way::Behind) };
    match &module.expr(next.value).kind {
        ExprKind::List(items) => extended(module, next.value, items),
        ExprKind::Function(_) => Some(Way::Behind),
        _ => None,
    }
}

fn mapping<'a>(module: &Module, next: Option<&Arg>) -> Option<Way<'a>> {
    let Some(next) = next else { return Some(Way::Behind) };
    match &module.expr(next.value).kind {
        ExprKind::Object(entries) => extended_object(module, next.value, entries),
        _ => None,
    }
}

fn options<'a>(module: &Module, next: Option<&Arg>, key: &'a str) -> Option<Way<'a>> {
    let Some(next) = next else { return Some(Way::Options(key)) };
    let ExprKind::Object(entries) = &module.expr(next.value).kind else { return None };
    match under(module, entries, key) {
        Under::Value(value) => return held(module, value),
        Under::Nothing => {}
        Under::Unknown => return None,
    }
    let start = module.expr(next.value).span.start + 1;
    (!entries.is_empty()).then_some(Way::Key { at: Span { start, end: start }, key, first: true })
}

/// Beside the text in an object: behind it under a key, or where values are already.
fn in_object<'a>(module: &Module, entries: &[Entry], text: ExprId, key: Option<&'a str>) -> Option<Way<'a>> {
    for key in key.into_iter().chain(["values", "args"]) {
        match under(module, entries, key) {
            Under::Value(value) => return held(module, value),
            Under::Nothing => {}
            Under::Unknown => return None,
        }
    }
    let is_short = entries
        .iter()
        .any(|entry| matches!(entry, Entry::Pair { key, value } if *value == text && module.expr(*key).span == module.expr(text).span));
    let end = module.expr(text).span.end;
    key.filter(|_| !is_short || matches!(module.expr(text).kind, ExprKind::Name(_))).map(|key| Way::Key {
        at: Span { start: end, end },
        key,
        first: false,
    })
}

/// What is under a key of an object.
enum Under {
    Value(ExprId),
    Nothing,
    Unknown,
}

fn under(module: &Module, entries: &[Entry], key: &str) -> Under {
    let mut found = Under::Nothing;
    for entry in entries {
        match entry {
            Entry::Pair { key: k, value } => match module.expr(*k).kind {
                ExprKind::String(k) if k == key => found = Under::Value(*value),
                ExprKind::String(_) => {}
                _ => return Under::Unknown,
            },
            Entry::Spread(_) => return Under::Unknown,
        }
    }
    found
}

fn held<'a>(module: &Module, value: ExprId) -> Option<Way<'a>> {
    match &module.expr(value).kind {
        ExprKind::List(items) => extended(module, value, items),
        ExprKind::Object(entries) => extended_object(module, value, entries),
        _ => None,
    }
}

fn extended<'a>(module: &Module, list: ExprId, items: &[ExprId]) -> Option<Way<'a>> {
    if items.iter().any(|item| matches!(module.expr(*item).kind, ExprKind::Spread(_))) {
        return None;
    }
    let at = items.last().map_or(module.expr(list).span.start + 1, |last| module.expr(*last).span.end);
    Some(Way::Extend { at: Span { start: at, end: at }, count: items.len() })
}

fn extended_object<'a>(module: &Module, object: ExprId, entries: &[Entry]) -> Option<Way<'a>> {
    let Some(last) = entries.last() else {
        let at = module.expr(object).span.start + 1;
        return Some(Way::Extend { at: Span { start: at, end: at }, count: 0 });
    };
    let Entry::Pair { value, .. } = last else { return None };
    let at = module.expr(*value).span.end;
    Some(Way::Extend { at: Span { start: at, end: at }, count: entries.len() })
}

/// `name: value`, or `name` alone where that says both.
fn entry(name: &str, value: &str) -> String {
    if name == value { name.to_owned() } else { format!("{name}: {value}") }
}
