//! What the grammar cannot read yet, put so that it can: same length, same meaning for us. Names are read from the text as it
//! was, so that one may become another; what lies in strings and comments stays the string or comment that it is.

use std::borrow::Cow;

/// The text that is parsed. Blank are type arguments of tagged templates and the `type` of `export type *`; other names get
/// parameters that are called as types are (`(string) => void`) and members called `in`.
pub fn legible(text: &str) -> Cow<'_, str> {
    let source = text.as_bytes();
    let mut edits: Vec<(usize, usize, u8)> = Vec::new();
    for (end, _) in text.match_indices(">`") {
        edits.extend(type_arguments(source, end).map(|start| (start, end + 1, b' ')));
    }
    for (at, found) in text.match_indices("export type *") {
        edits.push((at + "export ".len(), at + found.len() - " *".len(), b' '));
    }
    for (at, _) in text.match_indices("=>") {
        named_as_types(text, at, &mut edits);
    }
    for (at, found) in text.match_indices("in:").chain(text.match_indices("in?:")) {
        let is_word = at.checked_sub(1).is_some_and(|before| !matches!(source[before], b' ' | b'\n' | b'\t' | b'{' | b';' | b','));
        // Not of `a ? b in c : d`, which has something between.
        if !is_word && at > 0 {
            edits.push((at + 1, at + found.find(['?', ':']).unwrap_or(2), b'_'));
        }
    }
    if edits.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut bytes = source.to_vec();
    for (start, end, with) in edits {
        // Line breaks stay: a statement may end there.
        bytes[start..end].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = with);
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// How far the other end of what is looked at may be.
const MOST: usize = 2000;

/// Where the type arguments begin that end at a `>`: behind a name, and made of nothing that types have not.
fn type_arguments(text: &[u8], end: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for at in (end.saturating_sub(MOST)..=end).rev() {
        match text[at] {
            b'>' if at > 0 && text[at - 1] == b'=' => {}
            b'>' => depth += 1,
            b'<' => depth -= 1,
            b'`' => return None,
            _ => {}
        }
        if depth == 0 {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b')' | b']');
            return (at > 0 && is_name(text[at - 1]) && is_type(&text[at..=end])).then_some(at);
        }
    }
    None
}

/// Whether a text may be one of types: no operators, no holes of templates. Comments may say anything.
fn is_type(mut text: &[u8]) -> bool {
    let behind = |text: &[u8], end: &[u8]| text.windows(end.len()).position(|part| part == end).map(|at| at + end.len());
    while let Some(first) = text.first() {
        let next = text.get(1);
        let length = match first {
            b'/' if next == Some(&b'/') => behind(text, b"\n"),
            b'/' if next == Some(&b'*') => behind(text, b"*/"),
            b'$' if next == Some(&b'{') => None,
            b'&' | b'|' if next == Some(first) => None,
            b'/' | b'\\' | b'+' | b'*' | b'%' | b'!' | b'~' | b'^' | b'@' | b'#' => None,
            _ => Some(1),
        };
        let Some(length) = length else { return false };
        text = &text[length..];
    }
    true
}

/// Names of types that the grammar takes for no names of parameters.
const TYPES: [&str; 9] = ["any", "boolean", "never", "number", "object", "string", "symbol", "unknown", "void"];

/// Parameters of the function type that has its arrow at a place which are called as types are.
fn named_as_types(text: &str, arrow: usize, edits: &mut Vec<(usize, usize, u8)>) {
    let Some(before) = text[..arrow].trim_end().strip_suffix(')') else { return };
    let names = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b',' | b' ' | b'\n');
    let start = before.bytes().rposition(|byte| !names(byte)).map_or(0, |at| at + 1);
    if start == 0 || before.as_bytes()[start - 1] != b'(' {
        return;
    }
    let mut at = start;
    for name in before[start..].split(',') {
        let end = at + name.trim_end().len();
        if TYPES.contains(&name.trim()) {
            edits.push((end - 1, end, b'_'));
        }
        at += name.len() + 1;
    }
}
