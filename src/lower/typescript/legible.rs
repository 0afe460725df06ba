//! What the grammar cannot read yet, put so that it can: same length, same meaning for us.

use std::borrow::Cow;

/// The text that is parsed: type arguments of tagged templates and the `type` of `export type *` are blank.
pub fn legible(text: &str) -> Cow<'_, str> {
    if !text.contains(">`") && !text.contains("export type *") {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for (end, _) in text.match_indices(">`") {
        if let Some(start) = type_arguments(text.as_bytes(), end) {
            blank(&mut bytes, start, end + 1);
        }
    }
    for (at, _) in text.match_indices("export type *") {
        blank(&mut bytes, at + "export ".len(), at + "export type".len());
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Line breaks stay: a statement may end there.
fn blank(bytes: &mut [u8], start: usize, end: usize) {
    for byte in &mut bytes[start..end] {
        if !matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// How far the other end of type arguments may be.
const MOST: usize = 2000;

/// Where the type arguments begin that end at a `>`: behind a name, and made of nothing that types have not.
fn type_arguments(text: &[u8], end: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for at in (end.saturating_sub(MOST)..=end).rev() {
        let next = text.get(at + 1).copied();
        match text[at] {
            b'>' if at > 0 && text[at - 1] == b'=' => {}
            b'>' => depth += 1,
            b'<' => {
                depth -= 1;
                if depth == 0 {
                    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b')' | b']');
                    return at.checked_sub(1).and_then(|before| text.get(before)).filter(|byte| is_name(byte)).map(|_| at);
                }
            }
            // A hole of a template, and operators.
            b'$' if next == Some(b'{') => return None,
            b'&' | b'|' if next == Some(text[at]) => return None,
            b'`' | b'/' | b'\\' | b'+' | b'*' | b'%' | b'!' | b'~' | b'^' | b'@' => return None,
            _ => {}
        }
    }
    None
}
