//! Fingerprints: names for findings that survive edits elsewhere in the file, renamed files and reformatting.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::finding::Finding;
use crate::model::secrets::concealed;
use crate::source::{FileKind, Sources};

/// The scheme; part of every fingerprint, so that a baseline says what it was made with.
pub const SCHEME: &str = "roadworthy/v1";

/// The fingerprint of each finding, `roadworthy/v1:` and 32 hexadecimal digits: its rule, the enclosing symbol, the text it
/// is about without what formatters change, and its number among equals of the same file. No line, no path: a finding
/// keeps its name when code above it grows and when its file is renamed. `findings` are in the report's order.
#[must_use]
pub fn fingerprints(sources: &Sources, findings: &[Finding]) -> Vec<String> {
    let mut seen = FxHashMap::default();
    let mut names = Vec::with_capacity(findings.len());
    for finding in findings {
        let file = sources.get(finding.place.file);
        let snippet = normalise(&without_secret(sources, finding), file.kind);
        let occurrence = seen.entry((finding.place.file, finding.rule, &finding.symbol, snippet.clone())).or_insert(0_u32);
        let mut hash = blake3::Hasher::new();
        for part in [finding.rule, &finding.symbol, &snippet, &occurrence.to_string()] {
            hash.update(part.as_bytes());
            hash.update(&[0]);
        }
        *occurrence += 1;
        let hex = hash.finalize().to_hex();
        names.push(format!("{SCHEME}:{}", &hex[..32]));
    }
    names
}

/// The text that a finding is about, with its secret hidden as in excerpts: a hash of it would let others try secrets.
fn without_secret<'s>(sources: &'s Sources, finding: &Finding) -> Cow<'s, str> {
    let text = sources.slice(finding.place);
    let Some(secret) = finding.secret.filter(|secret| finding.place.span.contains(secret.span)) else { return Cow::Borrowed(text) };
    let from = (secret.span.start - finding.place.span.start) as usize;
    let (before, rest) = text.split_at(from);
    let (secret, after) = rest.split_at((secret.span.end - secret.span.start) as usize);
    Cow::Owned(format!("{before}{}{after}", concealed(secret)))
}

/// The text without everything that `ruff format` and `prettier` change: whitespace, comments, quotes and the backslashes
/// they need, trailing commas, semicolons, redundant parentheses, the case of string prefixes and numbers. What remains
/// need not be code; it need only differ where the code does.
fn normalise(text: &str, kind: FileKind) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    // Start of the word that is being written, if one is.
    let mut word = None;
    while let Some(c) = rest.chars().next() {
        if let Some(comment) = comment(rest, before, kind) {
            rest = &rest[comment..];
            before = Some(' ');
            continue;
        }
        if is_quote(c, before, kind) {
            lower_prefix(&mut out, word.take());
            let (content, length) = string(rest, c, kind);
            out.extend(content.chars().filter(|c| !is_noise(*c)));
            rest = &rest[length..];
            before = Some(c);
            continue;
        }
        if c.is_alphanumeric() || c == '_' {
            let start = *word.get_or_insert(out.len());
            let number = kind == FileKind::Python && out[start..].chars().next().unwrap_or(c).is_ascii_digit();
            out.push(if number { c.to_ascii_lowercase() } else { c });
        } else {
            word = None;
            if matches!(c, ')' | ']' | '}') && out.ends_with(',') {
                out.pop();
            }
            if !is_noise(c) && !matches!(c, '(' | ')' | ';') {
                out.push(c);
            }
        }
        // The indentation of a Dockerfile's line does not keep a comment from being one.
        if kind != FileKind::Dockerfile || before.is_some_and(|b| b != '\n') || !matches!(c, ' ' | '\t') {
            before = Some(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    if out.ends_with(',') {
        out.pop();
    }
    out
}

fn is_noise(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\\')
}

/// Length of the comment that `rest` starts with, if it does.
fn comment(rest: &str, before: Option<char>, kind: FileKind) -> Option<usize> {
    if kind == FileKind::TypeScript {
        return match rest.get(..2)? {
            "//" => Some(rest.find('\n').unwrap_or(rest.len())),
            "/*" => Some(rest.find("*/").map_or(rest.len(), |end| end + 2)),
            _ => None,
        };
    }
    let hash = rest.starts_with('#')
        && match kind {
            FileKind::TypeScript => false,
            FileKind::Python | FileKind::Manifest => true,
            FileKind::Shell | FileKind::Makefile | FileKind::Terraform => before.is_none_or(char::is_whitespace),
            FileKind::Yaml => before.is_none_or(char::is_whitespace),
            // Only whole lines are comments.
            FileKind::Dockerfile => before.is_none_or(|c| c == '\n'),
        };
    hash.then(|| rest.find('\n').unwrap_or(rest.len()))
}

fn is_quote(c: char, before: Option<char>, kind: FileKind) -> bool {
    let quote = matches!(c, '"' | '\'');
    match kind {
        FileKind::Python | FileKind::Manifest => quote,
        // What a template holds is code again: its quotes are noise like all others.
        FileKind::TypeScript => quote,
        // An apostrophe within a plain scalar opens nothing.
        FileKind::Yaml => quote && before.is_none_or(|c| c.is_whitespace() || matches!(c, '[' | '{' | ',' | ':' | '-')),
        // Shell text may hold anything, and comments are whole lines.
        FileKind::Dockerfile | FileKind::Shell | FileKind::Makefile => false,
        FileKind::Terraform => quote,
    }
}

/// The content of the string that `rest` starts with, and the length of the whole.
fn string(rest: &str, quote: char, kind: FileKind) -> (&str, usize) {
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let delimiter = if kind == FileKind::Python && rest.starts_with(&triple) { &triple[..] } else { &triple[..1] };
    let content = &rest[delimiter.len()..];
    let mut at = 0;
    while let Some(c) = content[at..].chars().next() {
        if content[at..].starts_with(delimiter) {
            return (&content[..at], delimiter.len() * 2 + at);
        }
        at += c.len_utf8();
        if c == '\\' && kind != FileKind::Yaml {
            at += content[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    (content, rest.len())
}

/// `F"…"` and `f"…"` are one, and `u"…"` is `"…"`.
fn lower_prefix(out: &mut String, word: Option<usize>) {
    let Some(start) = word else { return };
    let prefix = out[start..].to_ascii_lowercase();
    if prefix.len() <= 2 && prefix.bytes().all(|b| matches!(b, b'r' | b'b' | b'u' | b'f' | b't')) {
        out.truncate(start);
        out.push_str(prefix.trim_start_matches('u'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Confidence, Severity};
    use crate::fix::Fix;
    use crate::source::{FileId, Place, SourceFile, Span};

    fn same(kind: FileKind, texts: &[&str]) {
        for text in texts {
            assert_eq!(normalise(text, kind), normalise(texts[0], kind), "{text}");
        }
    }

    #[test]
    fn python_formatting_does_not_matter() {
        same(
            FileKind::Python,
            &[
                "requests.get(url, params={'a': 1}, headers=None)",
                "requests.get(\n    url,\n    params={\"a\": 1},\n    headers=None,\n)",
                "requests.get(  # the mirror's \"own\" one\n    url, params = { \"a\" : 1, }, headers=None)",
                "requests.get((url), params={u'a': 1}, \\\n headers=None)",
            ],
        );
        same(FileKind::Python, &["F'a' \"b # c\"", "f\"a\" 'b # c'", "(\n    f\"a\"\n    \"b # c\"  # d\n)"]);
        same(FileKind::Python, &["0XFF + 1E5", "0xff + 1e5"]);
        same(FileKind::Python, &["'it\\'s'", "\"it's\""]);
    }

    #[test]
    fn what_the_code_says_matters() {
        let differ = |a: &str, b: &str| assert_ne!(normalise(a, FileKind::Python), normalise(b, FileKind::Python));
        differ("get(a)", "get(b)");
        differ("get('a#b')", "get('a#c')");
        differ("a // b", "a // c");
        differ("GET", "get");
    }

    #[test]
    fn yaml_and_dockerfiles() {
        same(FileKind::Yaml, &["memory: \"4Gi\"", "memory: '4Gi'  # it's a lot", "memory:   4Gi"]);
        assert_ne!(normalise("a: it's#1", FileKind::Yaml), normalise("a: it's#2", FileKind::Yaml));
        same(FileKind::Dockerfile, &["RUN a && \\\n  b", "RUN a && \\\n  # don't\n    b"]);
        assert_ne!(normalise("RUN echo a#b", FileKind::Dockerfile), normalise("RUN echo a#c", FileKind::Dockerfile));
    }

    fn finding(file: u32, start: usize, end: usize, symbol: &str) -> Finding {
        Finding {
            rule: "missing-timeout",
            severity: Severity::High,
            confidence: Confidence::High,
            place: Place { file: FileId(file), span: Span::new(start, end) },
            symbol: symbol.to_owned(),
            message: String::new(),
            related: Vec::new(),
            trace: Vec::new(),
            fix: Fix::advice("", ""),
            secret: None,
            saving_usd_per_month: None,
        }
    }

    #[test]
    fn equals_are_counted_within_a_file() {
        let sources = Sources::new(vec![
            SourceFile::new("a.py", FileKind::Python, "get(x)\nget(x)\n"),
            SourceFile::new("b.py", FileKind::Python, "\n\nget( x )\n"),
        ]);
        let names = fingerprints(&sources, &[finding(0, 0, 6, "f"), finding(0, 7, 13, "f"), finding(1, 2, 10, "f")]);
        assert_ne!(names[0], names[1]);
        assert_eq!(names[0], names[2]);
        let other = fingerprints(&sources, &[finding(0, 0, 6, "g")]);
        assert_ne!(names[0], other[0]);
    }

    #[test]
    fn a_secret_is_in_no_fingerprint_beyond_what_is_shown() {
        let names = |text: &str| {
            let sources = Sources::new(vec![SourceFile::new("a.py", FileKind::Python, text)]);
            let mut found = finding(0, 0, text.len(), "");
            found.secret = Some(Place { file: FileId(0), span: Span::new(7, text.len() - 1) });
            fingerprints(&sources, &[found])
        };
        assert_eq!(names("key = 'abcdefghijklmnop'"), names("key = 'abcdefghijklmnxy'"));
        assert_ne!(names("key = 'abcdefghijklmnop'"), names("key = 'xbcdefghijklmnop'"));
    }

    #[test]
    fn the_scheme_does_not_drift() {
        let sources = Sources::new(vec![SourceFile::new("a.py", FileKind::Python, "get(x)")]);
        assert_eq!(fingerprints(&sources, &[finding(0, 0, 6, "f")]), ["roadworthy/v1:2ae610bf7ba63be907e39e1d38640997"]);
    }
}
