//! String literals: quotes and escapes.

use ustr::Ustr;

/// The value of a whole literal in single or double quotes.
pub fn quoted(literal: &str) -> Ustr {
    let inside = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    decode(inside)
}

/// The value of a literal's text.
pub fn decode(text: &str) -> Ustr {
    if text.contains('\\') { Ustr::from(&unescape(text)) } else { Ustr::from(text) }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let Some(letter) = escape.chars().next() else { return out };
        let after = &escape[letter.len_utf8()..];
        let (decoded, after) = match letter {
            '\n' | '\u{2028}' | '\u{2029}' => (None, after),
            '\r' => (None, after.strip_prefix('\n').unwrap_or(after)),
            'n' => (Some('\n'), after),
            't' => (Some('\t'), after),
            'r' => (Some('\r'), after),
            'b' => (Some('\u{8}'), after),
            'f' => (Some('\u{c}'), after),
            'v' => (Some('\u{b}'), after),
            '0' => (Some('\0'), after),
            'x' => code(after, 2),
            'u' => match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some((digits, after)) => (u32::from_str_radix(digits, 16).ok().and_then(char::from_u32), after),
                None => code(after, 4),
            },
            other => (Some(other), after),
        };
        out.extend(decoded);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn code(rest: &str, digits: usize) -> (Option<char>, &str) {
    let Some(hex) = rest.get(..digits) else { return (None, rest) };
    (u32::from_str_radix(hex, 16).ok().and_then(char::from_u32), &rest[digits..])
}
