//! String literals: prefixes and escapes.

use std::borrow::Cow;

use ustr::Ustr;

/// The prefix of a string literal.
#[derive(Clone, Copy, Default)]
pub struct Prefix {
    /// No escapes.
    pub raw: bool,
    /// `{}` interpolates.
    pub format: bool,
}

impl Prefix {
    /// Reads the opening of a literal: `rb"""`.
    pub fn of(start: &str) -> Self {
        let letters = start.trim_end_matches(['"', '\'']);
        let has = |letter: char| letters.chars().any(|c| c.eq_ignore_ascii_case(&letter));
        Self { raw: has('r'), format: has('f') || has('t') }
    }
}

/// The value of a whole literal that interpolates nothing and is closed as it was opened.
pub fn plain(literal: &str) -> Option<Ustr> {
    let opening = literal.find(['"', '\''])?;
    let (start, quoted) = literal.split_at(opening);
    let prefix = Prefix::of(start);
    let quote = match quoted.get(..3) {
        Some(triple @ ("\"\"\"" | "'''")) => triple,
        _ => &quoted[..1],
    };
    let inside = quoted.strip_prefix(quote)?.strip_suffix(quote)?;
    (!prefix.format).then(|| decode(inside, prefix))
}

/// The value of a literal's text.
pub fn decode(text: &str, prefix: Prefix) -> Ustr {
    let unescaped = if !prefix.raw && text.contains('\\') { Cow::Owned(unescape(text)) } else { Cow::Borrowed(text) };
    if prefix.format && unescaped.contains(['{', '}']) {
        return Ustr::from(&unescaped.replace("{{", "{").replace("}}", "}"));
    }
    Ustr::from(&unescaped)
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let Some(letter) = escape.chars().next() else {
            out.push('\\');
            return out;
        };
        let after = &escape[letter.len_utf8()..];
        rest = match letter {
            '\n' => after,
            '\r' => after.strip_prefix('\n').unwrap_or(after),
            'n' => push(&mut out, '\n', after),
            't' => push(&mut out, '\t', after),
            'r' => push(&mut out, '\r', after),
            '\\' | '\'' | '"' => push(&mut out, letter, after),
            'x' => push_code(&mut out, after, 2),
            'u' => push_code(&mut out, after, 4),
            'U' => push_code(&mut out, after, 8),
            _ => {
                // Unknown escapes stay as they are; the rare known ones (`\a`, `\N{…}`, octal) change no verdict.
                out.push('\\');
                push(&mut out, letter, after)
            }
        };
    }
    out.push_str(rest);
    out
}

fn push<'a>(out: &mut String, c: char, rest: &'a str) -> &'a str {
    out.push(c);
    rest
}

fn push_code<'a>(out: &mut String, rest: &'a str, digits: usize) -> &'a str {
    let code = rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
    match code {
        Some(c) => push(out, c, &rest[digits..]),
        None => rest,
    }
}
