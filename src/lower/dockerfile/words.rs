//! The text of one statement into words, flags, JSON arrays and here-document markers.

use std::ops::Range;

use super::lines::Line;
use crate::ir::image::{Run, Text};

/// The next word from `at` on: up to a blank that is neither quoted nor escaped. Quotes and escapes stay in it.
fn next_word(text: &str, at: usize, escape: char) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let start = at + rest.find(|c: char| !c.is_whitespace())?;
    let mut quote = None;
    let mut escaped = false;
    for (offset, c) in text[start..].char_indices() {
        if escaped {
            escaped = false;
        } else if c == escape && quote != Some('\'') {
            escaped = true;
        } else if quote == Some(c) {
            quote = None;
        } else if quote.is_none() {
            if c.is_whitespace() {
                return Some(start..start + offset);
            }
            quote = matches!(c, '\'' | '"').then_some(c);
        }
    }
    Some(start..text.len())
}

/// Words as `ENV`, `ARG` and `LABEL` split them: quotes and escapes keep blanks.
pub fn quoted_words(line: &Line<'_>, range: Range<usize>, escape: char) -> Vec<Range<usize>> {
    let text = &line.text[..range.end];
    let words = std::iter::successors(next_word(text, range.start, escape), |last| next_word(text, last.end, escape));
    words.collect()
}

/// Words as all others split them: at every blank.
pub fn words(line: &Line<'_>, range: Range<usize>) -> Vec<Range<usize>> {
    let text = &line.text[..range.end];
    let next = |at: usize| {
        let start = at + text.get(at..)?.find(|c: char| !c.is_whitespace())?;
        let end = text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length);
        Some(start..end)
    };
    std::iter::successors(next(range.start), |last| next(last.end)).collect()
}

/// The first word, and what follows it, blanks trimmed at both ends.
pub fn first_word(line: &Line<'_>, range: Range<usize>) -> (Range<usize>, Range<usize>) {
    let range = trim(line, range);
    let end = line.text[range.clone()].find(char::is_whitespace).map_or(range.end, |length| range.start + length);
    (range.start..end, trim(line, end..range.end))
}

/// A range without blanks at its ends.
pub fn trim(line: &Line<'_>, range: Range<usize>) -> Range<usize> {
    let text = &line.text[range.clone()];
    let start = range.start + text.len() - text.trim_start().len();
    start..(range.start + text.trim_end().len()).max(start)
}

/// Leading `--flags`, and what follows them. A bare `--` ends the flags.
pub fn flags(line: &Line<'_>, range: Range<usize>, escape: char) -> (Vec<Range<usize>>, Range<usize>) {
    let mut flags = Vec::new();
    let mut rest = trim(line, range);
    while line.text[rest.clone()].starts_with("--") {
        let Some(word) = next_word(&line.text[..rest.end], rest.start, escape) else { break };
        rest = trim(line, word.end..rest.end);
        if word.len() == 2 {
            break;
        }
        flags.push(word);
    }
    (flags, rest)
}

/// A word without its quotes and escapes; variables stay as written.
pub fn unquoted(line: &Line<'_>, range: Range<usize>, escape: char) -> Text {
    let raw = &line.text[range.clone()];
    if !raw.contains(['\'', '"', escape]) {
        return line.text(range);
    }
    let mut value = String::with_capacity(raw.len());
    let mut runs: Vec<Run> = Vec::new();
    let mut keep = |offset: usize, c: char| {
        let source = line.span(range.start + offset..range.start + offset + 1).start;
        let at = u32::try_from(value.len()).unwrap_or(u32::MAX);
        if runs.last().is_none_or(|run| run.source + (at - run.value) != source) {
            runs.push(Run { value: at, source });
        }
        value.push(c);
    };
    let mut quote = None;
    let mut chars = raw.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            Some('\'') => keep(offset, c),
            _ if c == escape => match chars.peek().copied() {
                Some((next, following)) if quote.is_none() || matches!(following, '"' | '$') || following == escape => {
                    chars.next();
                    keep(next, following);
                }
                Some(_) => keep(offset, c),
                None => {}
            },
            _ => keep(offset, c),
        }
    }
    Text { value, span: line.span(range), runs }
}

/// What stands where a JSON array may stand.
pub enum Array {
    /// An array of strings: the exec form.
    Strings(Vec<Text>),
    /// An array of something else: Docker refuses it.
    Mixed,
    /// No JSON, such as `['x']`: the shell form.
    None,
}

/// Reads a range as a JSON array of strings.
pub fn array(line: &Line<'_>, range: Range<usize>) -> Array {
    let range = trim(line, range);
    let text = &line.text[range.clone()];
    if !text.starts_with('[') {
        return Array::None;
    }
    let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(text) else { return Array::None };
    let mut strings = Vec::with_capacity(values.len());
    let mut at = range.start;
    for value in values {
        let serde_json::Value::String(value) = value else { return Array::Mixed };
        // The array is valid, and held nothing but strings so far: the next quote opens this one.
        let Some(open) = line.text[at..range.end].find('"').map(|offset| at + offset) else { return Array::Mixed };
        let mut escaped = false;
        let close = line.text[open + 1..range.end].find(|c| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some(close) = close.map(|offset| open + 1 + offset) else { return Array::Mixed };
        let mut text = line.text(open + 1..close);
        text.span = line.span(open..close + 1);
        if text.runs.is_empty() {
            text.runs = vec![Run { value: 0, source: line.span(open + 1..open + 1).start }];
        }
        text.value = value;
        strings.push(text);
        at = close + 1;
    }
    Array::Strings(strings)
}

/// `<<EOF`, `<<-EOF`, `<<"EOF"`, `3<<EOF`.
pub struct Marker {
    /// The line that ends the body.
    pub name: String,
    /// `<<-`: leading tabs are not part of the body.
    pub strip_tabs: bool,
}

/// Whether a word is a here-document's marker, and which.
pub fn heredoc_marker(word: &str) -> Option<Marker> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (strip_tabs, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let mut name = String::with_capacity(rest.len());
    let mut quote = None;
    for c in rest.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => name.push(c),
        }
    }
    (!name.is_empty()).then_some(Marker { name, strip_tabs })
}

/// The here-document markers among a command's words. `<<` inside quotes, `<<<` and `$((1<<2))` are none.
pub fn heredoc_markers(text: &str) -> Vec<Marker> {
    // Docker splits with `\` here, whatever the escape directive says.
    let words = std::iter::successors(next_word(text, 0, '\\'), |last| next_word(text, last.end, '\\'));
    words.filter_map(|word| heredoc_marker(&text[word])).collect()
}

/// The arguments of a statement that may have here-documents: `RUN`, `COPY` or `ADD`, also behind `ONBUILD`, and not in JSON form.
pub fn heredoc_arguments(line: &Line<'_>, escape: char) -> Option<Range<usize>> {
    let (mut keyword, mut rest) = first_word(line, 0..line.text.len());
    if line.text[keyword.clone()].eq_ignore_ascii_case("onbuild") {
        (keyword, rest) = first_word(line, rest);
    }
    let may = ["run", "copy", "add"].iter().any(|may| line.text[keyword.clone()].eq_ignore_ascii_case(may));
    let (_, arguments) = flags(line, rest, escape);
    (may && !matches!(array(line, arguments.clone()), Array::Strings(_))).then_some(arguments)
}
