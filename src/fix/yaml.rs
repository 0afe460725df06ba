//! Edits of YAML that keep its quotes, indentation, comments and line endings.

use granit_parser::{Event, Parser};

use super::Intent;
use super::edit::Edit;
use crate::lower::yaml::{self, NodeId, NodeKind, Stream, Style};
use crate::source::{Place, Span};

/// The edit for an intent about YAML; nothing for other intents, and for places that are not in the text.
#[must_use]
pub fn edit(text: &str, intent: &Intent) -> Option<Edit> {
    match intent {
        Intent::SetYaml { place, value } => set_scalar(text, *place, value),
        Intent::ReplaceYamlPair { place, text: lines } => replace_pair(text, *place, lines),
        Intent::AddYamlPair { mapping, text: lines } => add_pair(text, *mapping, lines),
        _ => None,
    }
}

/// Puts another value in the place of a scalar. Quotes stay as they are; a plain scalar gets some where the value would
/// be none, or no string where it was one.
#[must_use]
pub fn set_scalar(text: &str, place: Place, value: &str) -> Option<Edit> {
    let written = text.get(place.span.range())?;
    let new = match written.chars().next() {
        Some('\'') if !value.contains(|c: char| c.is_control()) => format!("'{}'", value.replace('\'', "''")),
        Some('"' | '\'') => double_quoted(value),
        // What was a string has to stay one: the value of an environment variable may not become a number.
        _ if is_plain(value) && (is_string(value) || !is_string(written)) => value.to_owned(),
        _ => double_quoted(value),
    };
    // `key:` with nothing behind it.
    let gap = if written.is_empty() && text[..place.span.start as usize].ends_with(':') { " " } else { "" };
    Some(Edit { file: place.file, span: place.span, text: format!("{gap}{new}") })
}

/// Puts other lines in the place of a key and its value. The first has no indentation, the others are relative to it.
/// Comments in between are kept above; in a flow mapping the lines are written as flow.
#[must_use]
pub fn replace_pair(text: &str, place: Place, lines: &str) -> Option<Edit> {
    let written = text.get(place.span.range())?;
    if is_in_flow(text, place.span) {
        let stream = yaml::parse(lines);
        let root = stream.documents.first()?.root;
        let as_json = written.starts_with('"');
        let pairs: Vec<String> = stream.pairs(root).iter().map(|pair| flow_pair(&stream, *pair, as_json)).collect();
        return Some(Edit { file: place.file, span: place.span, text: pairs.join(", ") });
    }
    let start = place.span.start as usize;
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    // A key behind the dash of its item is as far in as the other keys of the item.
    let indentation: String = text[line..start].chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let comments = comments(text, place.span);
    let all = comments.iter().copied().chain(lines.lines());
    let mut new = String::new();
    for (index, line) in all.enumerate() {
        if index > 0 {
            new += line_break;
            if !line.is_empty() {
                new += &indentation;
            }
        }
        new += line;
    }
    Some(Edit { file: place.file, span: place.span, text: new })
}

/// Puts pairs behind the last one of a mapping, below its comment. In a flow mapping the lines are written as flow.
#[must_use]
pub fn add_pair(text: &str, mapping: Place, lines: &str) -> Option<Edit> {
    let stream = yaml::parse(text);
    let node = stream.nodes().find(|node| node.span == mapping.span && matches!(node.kind, NodeKind::Mapping { .. }))?;
    let NodeKind::Mapping { pairs, flow } = &node.kind else { return None };
    let insert = |at: usize, text: String| Some(Edit { file: mapping.file, span: Span::new(at, at), text });
    if *flow {
        let inner = yaml::parse(lines);
        let root = inner.documents.first()?.root;
        let as_json = pairs.first().is_some_and(|pair| text[stream.node(pair.key).span.range()].starts_with('"'));
        let new: Vec<String> = inner.pairs(root).iter().map(|pair| flow_pair(&inner, *pair, as_json)).collect();
        let before = text.get(..(mapping.span.end as usize).checked_sub(1)?)?.trim_end();
        let separator = if before.ends_with(['{', ',']) { "" } else { ", " };
        return insert(before.len(), format!("{separator}{}", new.join(", ")));
    }
    let start = stream.node(pairs.first()?.key).span.start as usize;
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    // A key behind the dash of its item is as far in as the other keys of the item.
    let indentation: String = text[line..start].chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let end = mapping.span.end as usize;
    let at = end + text[end..].find(['\r', '\n']).unwrap_or(text.len() - end);
    let parts = lines.trim_end().lines().flat_map(|line| [line_break, &indentation, line]);
    insert(at, parts.collect())
}

/// Whether a value can stand without quotes, in a flow collection too.
fn is_plain(value: &str) -> bool {
    let mut chars = value.chars();
    let Some(first) = chars.next() else { return false };
    let indicator = match first {
        '-' | '?' | ':' => chars.next().is_none_or(char::is_whitespace),
        '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' | '=' => true,
        _ => false,
    };
    !indicator
        && value.trim() == value
        && !value.contains([',', '[', ']', '{', '}'])
        && !value.contains(|c: char| c.is_control() || c == '\u{feff}')
        && !value.contains(": ")
        && !value.contains(" #")
        && !value.ends_with(':')
        && !value.starts_with("---")
        && !value.starts_with("...")
}

/// Whether a plain scalar is a string to every loader, be it of YAML 1.1 or 1.2.
fn is_string(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let word = matches!(&*lower, "" | "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | ".nan");
    let digits = value.trim_start_matches(['+', '-', '.']);
    // Octal, hexadecimal and sexagesimal numbers and dates have no letters but these.
    let number = digits.starts_with(|c: char| c.is_ascii_digit())
        && (value.parse::<f64>().is_ok()
            || digits.starts_with("0x")
            || digits.starts_with("0o")
            || digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b':' | b'-' | b'.' | b'T' | b'Z' | b' ')));
    !word && !number && !lower.ends_with(".inf")
}

fn double_quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            c if c.is_control() || c == '\u{feff}' => quoted += &format!("\\u{:04x}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether the pair at a place is one of a flow mapping.
fn is_in_flow(text: &str, pair: Span) -> bool {
    let stream = yaml::parse(text);
    let holds = |pairs: &[yaml::Pair]| pairs.iter().any(|p| stream.node(p.key).span.start == pair.start);
    stream.nodes().any(|node| matches!(&node.kind, NodeKind::Mapping { pairs, flow: true } if node.span.contains(pair) && holds(pairs)))
}

/// A pair of a rule's text as flow, in one line. Depth is that of the rule's text.
fn flow_pair(stream: &Stream, pair: yaml::Pair, as_json: bool) -> String {
    format!("{}: {}", flow(stream, pair.key, as_json), flow(stream, pair.value, as_json))
}

fn flow(stream: &Stream, id: NodeId, as_json: bool) -> String {
    match &stream.node(id).kind {
        NodeKind::Scalar { text, style: Style::Plain } if is_plain(text) && (!as_json || !is_string(text)) => text.to_string(),
        NodeKind::Scalar { text, .. } => double_quoted(text),
        NodeKind::Sequence { items, .. } => {
            format!("[{}]", items.iter().map(|item| flow(stream, *item, as_json)).collect::<Vec<_>>().join(", "))
        }
        NodeKind::Mapping { pairs, .. } => {
            format!("{{{}}}", pairs.iter().map(|pair| flow_pair(stream, *pair, as_json)).collect::<Vec<_>>().join(", "))
        }
        NodeKind::Alias(_) => "null".to_owned(),
    }
}

/// The comments inside a span, without their line breaks.
fn comments(text: &str, span: Span) -> Vec<&str> {
    let comments = Parser::new_from_str(text).map_while(Result::ok).filter_map(|(event, at)| match event {
        Event::Comment(..) => at.byte_range(),
        _ => None,
    });
    let inside = comments.filter(|range| span.range().start <= range.start && range.end <= span.range().end);
    inside.filter_map(|range| text.get(range)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::edit::apply;
    use crate::source::FileId;

    /// The text with `old`, which is in it once, taken as the place.
    fn place(text: &str, old: &str) -> Place {
        let start = text.find(old).expect("the place is in the text");
        Place { file: FileId(0), span: Span::new(start, start + old.len()) }
    }

    fn set(text: &str, old: &str, value: &str) -> String {
        let edit = set_scalar(text, place(text, old), value).expect("an edit");
        apply(text, [&edit]).expect("the edit applies")
    }

    #[test]
    fn scalars_keep_their_quotes() {
        let cases = [
            ("m: 2Gi # why", "2Gi", "512Mi", "m: 512Mi # why"),
            ("m: \"2Gi\" # why", "\"2Gi\"", "512Mi", "m: \"512Mi\" # why"),
            ("m: '2Gi'\r\n", "'2Gi'", "512Mi", "m: '512Mi'\r\n"),
            ("m: 'a'", "'a'", "it's", "m: 'it''s'"),
            ("m: 'a'", "'a'", "b\n", "m: \"b\\n\""),
            ("m: \"a\"", "\"a\"", "b\"\\", "m: \"b\\\"\\\\\""),
            ("n: 1", "1", "0", "n: 0"),
            ("n: \"1\"", "\"1\"", "0", "n: \"0\""),
            ("v: info", "info", "5", "v: \"5\""),
            ("v: info", "info", "true", "v: \"true\""),
            ("v: info", "info", "2024-01-01", "v: \"2024-01-01\""),
            ("v: true", "true", "false", "v: false"),
            ("v: info", "info", "a: b", "v: \"a: b\""),
            ("v: info", "info", "a #b", "v: \"a #b\""),
            ("v: info", "info", "-a:b#c", "v: -a:b#c"),
            ("v: info", "info", "- a", "v: \"- a\""),
            ("v: info", "info", "", "v: \"\""),
            ("v: [info]", "info", "a,b", "v: [\"a,b\"]"),
            ("v: |\n  x\n  y\nw: 1", "|\n  x\n  y", "z", "v: z\nw: 1"),
        ];
        for (text, old, value, expected) in cases {
            assert_eq!(set(text, old, value), expected);
            assert!(yaml::parse(expected).error.is_none(), "{expected}");
        }
        let absent = Place { file: FileId(0), span: Span::new(2, 2) };
        assert_eq!(set_scalar("m:\nn: 1", absent, "5").map(|e| e.text).as_deref(), Some(" 5"));
        assert!(set_scalar("m:", Place { file: FileId(0), span: Span::new(3, 9) }, "5").is_none());
    }

    #[test]
    fn pairs_are_replaced_where_they_stand() {
        let secret = "valueFrom:\n  secretKeyRef:\n    name: key\n    key: latest";
        let cases = [
            (
                "- name: K\n  value: abc # why\n- name: L",
                "value: abc",
                "- name: K\n  valueFrom:\n    secretKeyRef:\n      name: key\n      key: latest # why\n- name: L",
            ),
            ("- value: abc\n  name: K", "value: abc", "- valueFrom:\n    secretKeyRef:\n      name: key\n      key: latest\n  name: K"),
            (
                "- name: K\r\n  value: abc\r\n",
                "value: abc",
                "- name: K\r\n  valueFrom:\r\n    secretKeyRef:\r\n      name: key\r\n      key: latest\r\n",
            ),
            (
                "- name: K\n  value: # one\n    # two\n    abc\n",
                "value: # one\n    # two\n    abc",
                "- name: K\n  # one\n  # two\n  valueFrom:\n    secretKeyRef:\n      name: key\n      key: latest\n",
            ),
            (
                "- name: K\n  value: |\n    # no comment\n",
                "value: |\n    # no comment",
                "- name: K\n  valueFrom:\n    secretKeyRef:\n      name: key\n      key: latest\n",
            ),
            ("- {name: K, value: abc}", "value: abc", "- {name: K, valueFrom: {secretKeyRef: {name: key, key: latest}}}"),
            (
                "[{\"name\": \"K\", \"value\": \"abc\"}]",
                "\"value\": \"abc\"",
                "[{\"name\": \"K\", \"valueFrom\": {\"secretKeyRef\": {\"name\": \"key\", \"key\": \"latest\"}}}]",
            ),
        ];
        for (text, old, expected) in cases {
            let intent = Intent::ReplaceYamlPair { place: place(text, old), text: secret.to_owned() };
            let edit = edit(text, &intent).expect("an edit");
            assert_eq!(apply(text, [&edit]).as_deref(), Some(expected));
            assert!(yaml::parse(expected).error.is_none(), "{expected}");
        }
        let probe = "resources:\n  limits: [1, \"a b\", ~]\n\nimage: x";
        let text = "- resources: {}\n";
        let edit = replace_pair(text, place(text, "resources: {}"), probe).expect("an edit");
        assert_eq!(apply(text, [&edit]).as_deref(), Some("- resources:\n    limits: [1, \"a b\", ~]\n\n  image: x\n"));
    }
}
