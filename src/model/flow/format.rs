//! Python's three little languages for filling texts: `%`, `str.format` and `string.Template`.

/// A part of a format text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// Constant.
    Text(String),
    /// Filled in: which argument, and whether the conversion takes nothing but numbers.
    Field(Field, bool),
}

/// Which argument fills a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Field {
    /// The next one.
    Next,
    /// By position.
    At(usize),
    /// By name.
    Named(String),
}

/// The pieces of a text that `.format` is called on, where what fills a field by its name may be known; nothing for what is not.
#[must_use]
pub fn pieces(text: &str, known: impl Fn(&str) -> Option<String>) -> Vec<Option<String>> {
    let piece = |part| match part {
        Part::Text(text) => Some(text),
        Part::Field(Field::Named(name), _) => known(&name),
        Part::Field(..) => None,
    };
    braces(text).into_iter().map(piece).collect()
}

/// Reads the text on the left of `%`.
pub(super) fn percent(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            plain.push('%');
            rest = after;
            continue;
        }
        let mut field = Field::Next;
        let mut spec = rest;
        if let Some(named) = rest.strip_prefix('(')
            && let Some((name, after)) = named.split_once(')')
        {
            field = Field::Named(name.to_owned());
            spec = after;
        }
        let flags = spec.trim_start_matches(|c: char| c.is_ascii_digit() || "#-+ .*lhL".contains(c));
        let Some(conversion) = flags.chars().next().filter(|c| "diouxXeEfFgGcrsa".contains(*c)) else {
            plain.push('%');
            continue;
        };
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(Part::Field(field, !"crsa".contains(conversion)));
        rest = &flags[conversion.len_utf8()..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    parts
}

/// Reads the text that `.format` is called on.
pub(super) fn braces(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        let Some(end) = rest.find('}').filter(|_| brace == "{") else { continue };
        let inside = &rest[..end];
        rest = &rest[end + 1..];
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        let (name, spec) = inside.split_once(':').unwrap_or((inside, ""));
        let name = name.split(['!', '.', '[']).next().unwrap_or_default();
        let field = match name.parse() {
            _ if name.is_empty() => Field::Next,
            Ok(index) => Field::At(index),
            Err(_) => Field::Named(name.to_owned()),
        };
        parts.push(Part::Field(field, spec.ends_with(['d', 'f', 'e', 'g', 'x', 'b', 'o', 'n', '%'])));
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    parts
}

/// Reads the text of a `string.Template`.
pub(super) fn dollars(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        plain.push_str(before);
        let is_in_braces = behind.starts_with('{');
        let inside = behind.strip_prefix('{').unwrap_or(behind);
        let end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inside.len());
        let (name, after) = inside.split_at(end);
        let after = if is_in_braces { after.strip_prefix('}') } else { Some(after) };
        match after {
            Some(after) if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Field(Field::Named(name.to_owned()), false));
                rest = after;
            }
            _ => {
                plain.push('$');
                rest = behind.strip_prefix('$').unwrap_or(behind);
            }
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    #[test]
    fn percent_fields() {
        assert_eq!(percent("a = '%s'"), [text("a = '"), Part::Field(Field::Next, false), text("'")]);
        assert_eq!(
            percent("%(id)s LIMIT %d"),
            [Part::Field(Field::Named("id".into()), false), text(" LIMIT "), Part::Field(Field::Next, true)]
        );
        assert_eq!(percent("LIKE 'a%%' %5.2f%"), [text("LIKE 'a%' "), Part::Field(Field::Next, true), text("%")]);
        assert_eq!(percent("100% ää"), [text("100% ää")]);
    }

    #[test]
    fn brace_fields() {
        assert_eq!(
            braces("a {} {1} {n!r:>5}"),
            [
                text("a "),
                Part::Field(Field::Next, false),
                text(" "),
                Part::Field(Field::At(1), false),
                text(" "),
                Part::Field(Field::Named("n".into()), false)
            ]
        );
        assert_eq!(braces("{{x}} {a.b:d}"), [text("{x} "), Part::Field(Field::Named("a".into()), true)]);
        assert_eq!(braces("}{"), Vec::<Part>::new());
        assert_eq!(braces("ä{ä"), [text("ää")]);
    }

    #[test]
    fn dollar_fields() {
        let field = |name: &str| Part::Field(Field::Named(name.to_owned()), false);
        assert_eq!(dollars("a $b ${c}d"), [text("a "), field("b"), text(" "), field("c"), text("d")]);
        assert_eq!(dollars("$$5 $1 ${x"), [text("$5 $1 ${x")]);
        assert_eq!(dollars("ä$ä$"), [text("ä$ä$")]);
    }
}
