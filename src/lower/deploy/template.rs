//! Placeholders: texts that something fills in before they are deployed.

/// Whether a value holds a placeholder, in any of the ways people write them: `${X}`, `$(X)`, `$_X`, `$X`, `{{ x }}`,
/// `{% x %}`, `%X%`, `@X@`, `<x>`, `{x}`, `[X]`.
pub(super) fn is_templated(text: &str) -> bool {
    text.contains("${")
        || text.contains("$(")
        || text.contains("{{")
        || text.contains("{%")
        || has_shell_variable(text)
        || has_between(text, '%', '%', 3, is_constant)
        || has_between(text, '@', '@', 3, is_constant)
        || has_between(text, '[', ']', 2, is_constant)
        || has_between(text, '<', '>', 1, is_words)
        || has_between(text, '{', '}', 1, is_words)
}

/// Whether a line of a file that is no YAML shows that a template engine writes it: `{{- if x }}`, `{% if x %}`,
/// `key: {{ x }}`, `- {{ x }}`.
pub(super) fn is_engine_line(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("{{") || line.starts_with("{%") || ((line.contains(": {{") || line.starts_with("- {{")) && !line.starts_with('#'))
}

/// `$NAME` of upper-case letters, as `envsubst` and Cloud Build know them; `$$` is a dollar.
fn has_shell_variable(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|b| *b == b'$') {
        at += found + 1;
        if bytes.get(at) == Some(&b'$') {
            at += 1;
            continue;
        }
        let name = bytes[at..].iter().take_while(|b| b.is_ascii_uppercase() || **b == b'_').count();
        if name >= 2 {
            return true;
        }
    }
    false
}

/// Whether `inner` holds of a text of at least `least` bytes between two delimiters that are next to each other.
fn has_between(text: &str, open: char, close: char, least: usize, inner: fn(&str) -> bool) -> bool {
    let mut from = None;
    for (at, c) in text.char_indices() {
        if c == close && from.is_some_and(|from| at - from >= least && inner(&text[from..at])) {
            return true;
        }
        if c == open {
            from = Some(at + 1);
        } else if c == close {
            from = None;
        }
    }
    false
}

fn is_constant(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

fn is_words(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_values() {
        let placeholders = [
            "${X}",
            "a-${X}-b",
            "${X:-1}Gi",
            "$(X)",
            "$_MEMORY",
            "gcr.io/$PROJECT_ID/x",
            "{{ x }}",
            "{% x %}",
            "%SERVICE_NAME%",
            "10%%MAX%",
            "@IMAGE@",
            "<IMAGE>",
            "gcr.io/<your project>/x",
            "[PROJECT_ID]",
            "docker.io/{user}/x",
        ];
        for text in placeholders {
            assert!(is_templated(text), "{text}");
        }
        let values = [
            "512Mi",
            "orders",
            "a%20b%20c",
            "100%",
            "a@b.example@c",
            "x < y > z",
            "<>",
            "[\"a\"]",
            "[1]",
            "pa$$WORD",
            "US$5",
            "$x",
            "",
            "ö[Ä]",
        ];
        for text in values {
            assert!(!is_templated(text), "{text}");
        }
    }

    #[test]
    fn lines_of_template_engines_are_recognised() {
        for line in ["{{- if .Values.x }}", "  {% if x %}", "name: {{ x }}", "  - {{ x }}"] {
            assert!(is_engine_line(line), "{line}");
        }
        for line in ["name: \"{{ x }}\"", "# name: {{ x }}", "a: {b: c}", "run: ${{ x }}"] {
            assert!(!is_engine_line(line), "{line}");
        }
    }
}
