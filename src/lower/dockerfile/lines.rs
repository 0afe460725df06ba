//! Lines into statements: what Docker's own reader does before it looks at an instruction.
//!
//! A Dockerfile has no grammar beyond its lines. A statement is a line and those that continue it; comment lines and blank
//! lines between them do not count; the bodies of here-documents follow. The escape character that continues a line is set by a
//! directive at the top.

use std::borrow::Cow;
use std::ops::Range;

use super::words;
use crate::ir::image::{Run, Text, span_of};
use crate::source::Span;

/// A Dockerfile as statements.
#[derive(Clone, Debug)]
pub struct Tree<'a> {
    /// `\`, or `` ` `` where `# escape=` sets it.
    pub escape: char,
    /// The statements in order.
    pub statements: Vec<Statement<'a>>,
}

/// One instruction, not yet looked into.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    /// Keyword to the end of its last line (a here-document's end included), without the line break.
    pub span: Span,
    /// Its lines as one.
    pub line: Line<'a>,
    /// Bodies of its here-documents.
    pub heredocs: Vec<Text>,
    /// Whether each here-document has an end.
    pub terminated: bool,
}

/// A line with those that continue it, joined as Docker joins them: without line breaks, indentation kept.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The joined text.
    pub text: Cow<'a, str>,
    start: u32,
    runs: Vec<Run>,
}

impl Line<'_> {
    /// Where a range of the joined text stands.
    #[must_use]
    pub fn span(&self, range: Range<usize>) -> Span {
        span_of(&self.runs, self.start, range)
    }

    /// A range of the joined text with its place.
    #[must_use]
    pub fn text(&self, range: Range<usize>) -> Text {
        let mut runs = Vec::new();
        let first = self.runs.partition_point(|run| run.value as usize <= range.start).saturating_sub(1);
        for run in self.runs.iter().skip(first).take_while(|run| (run.value as usize) < range.end) {
            let skipped = u32::try_from(range.start.saturating_sub(run.value as usize)).unwrap_or(u32::MAX);
            let value = run.value + skipped - u32::try_from(range.start).unwrap_or(u32::MAX);
            runs.push(Run { value, source: run.source + skipped });
        }
        if runs.len() == 1 {
            runs.clear();
        }
        Text { value: self.text.get(range.clone()).unwrap_or_default().to_owned(), span: self.span(range), runs }
    }
}

/// Splits a Dockerfile into statements. Every text has a tree; what is wrong in a statement is seen when it is lowered.
#[must_use]
pub fn parse(text: &str) -> Tree<'_> {
    let mut tree = Tree { escape: '\\', statements: Vec::new() };
    let mut lines = Lines { text, at: 0 };
    let mut directives = true;
    while let Some(line) = lines.next() {
        if directives {
            match directive(&text[line.clone()]) {
                Some((name, value)) if name.eq_ignore_ascii_case("escape") => tree.escape = if value == "`" { '`' } else { '\\' },
                Some(_) => {}
                None => directives = false,
            }
        }
        if is_blank_or_comment(&text[line.clone()]) {
            continue;
        }
        let (line, end) = join(text, line, &mut lines, tree.escape);
        let keyword = line.text.len() - line.text.trim_start().len();
        if keyword == line.text.len() {
            continue;
        }
        let start = line.span(keyword..keyword + 1).start as usize;
        let mut statement = Statement { span: Span::new(start, end), line, heredocs: Vec::new(), terminated: true };
        read_heredocs(text, &mut statement, &mut lines, tree.escape);
        tree.statements.push(statement);
    }
    tree
}

/// Physical lines as ranges, line breaks excluded.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').unwrap_or(rest.len());
        self.at = (start + length + 1).min(self.text.len());
        Some(start..start + rest[..length].trim_end_matches('\r').len())
    }
}

/// Where the directives at the top of a Dockerfile end, and its instructions and their comments may begin.
#[must_use]
pub fn directives_end(text: &str) -> usize {
    let mut lines = Lines { text, at: 0 };
    let mut end = 0;
    while lines.next().is_some_and(|line| directive(&text[line]).is_some()) {
        end = lines.at;
    }
    end
}

/// `# name=value` of a directive that Docker knows. Anything else ends the directives.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let known = ["escape", "syntax", "check"].iter().any(|known| name.eq_ignore_ascii_case(known));
    (known && !value.is_empty()).then_some((name, value))
}

fn is_blank_or_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// The part of a line before the escape character that continues it. Two in a row continue nothing.
fn continued(line: &str, escape: char) -> Option<&str> {
    let before = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!before.ends_with(escape)).then_some(before)
}

/// Joins a line with those that continue it; gives the end of the last one, too.
fn join<'a>(text: &'a str, first: Range<usize>, lines: &mut Lines<'_>, escape: char) -> (Line<'a>, usize) {
    let start = u32::try_from(first.start).unwrap_or(u32::MAX);
    let mut end = first.end;
    let Some(head) = continued(&text[first.clone()], escape) else {
        return (Line { text: Cow::Borrowed(&text[first]), start, runs: Vec::new() }, end);
    };
    let mut joined = head.to_owned();
    let mut runs = vec![Run { value: 0, source: start }];
    for line in lines.by_ref() {
        // Also where the next line is blank: Docker warns, and goes on.
        if is_blank_or_comment(&text[line.clone()]) {
            continue;
        }
        end = line.end;
        let value = u32::try_from(joined.len()).unwrap_or(u32::MAX);
        // A continued line that is empty before its escape has no bytes to locate.
        if runs.last().is_some_and(|last| last.value == value) {
            runs.pop();
        }
        runs.push(Run { value, source: u32::try_from(line.start).unwrap_or(u32::MAX) });
        let next = continued(&text[line.clone()], escape);
        joined.push_str(next.unwrap_or(&text[line]));
        if next.is_none() {
            break;
        }
    }
    (Line { text: Cow::Owned(joined), start, runs }, end)
}

/// Takes the bodies of a statement's here-documents from the lines that follow it.
fn read_heredocs(text: &str, statement: &mut Statement<'_>, lines: &mut Lines<'_>, escape: char) {
    let line = &statement.line;
    if !line.text.contains("<<") {
        return;
    }
    let Some(arguments) = words::heredoc_arguments(line, escape) else { return };
    for marker in words::heredoc_markers(&line.text[arguments]) {
        let start = lines.at;
        let strip = |line: Range<usize>| if marker.strip_tabs { text[line].trim_start_matches('\t') } else { &text[line] };
        let mut body = None;
        for line in lines.by_ref() {
            if strip(line.clone()) == marker.name {
                body = Some(start..line.start);
                statement.span = statement.span.to(Span::new(line.start, line.end));
                break;
            }
        }
        // Docker stops here. The rest of the file is no more instructions than it is a body, but reading shell and Python lines as
        // instructions would bring nonsense.
        statement.terminated &= body.is_some();
        let body = body.unwrap_or(start..text.len());
        statement.span = statement.span.to(Span::new(body.start.min(text.len()), text[..body.end].trim_end().len().max(body.start)));
        statement.heredocs.push(heredoc_body(text, body, marker.strip_tabs));
    }
}

fn heredoc_body(text: &str, body: Range<usize>, strip_tabs: bool) -> Text {
    let span = Span::new(body.start, body.end);
    if !strip_tabs {
        return Text::verbatim(&text[body], span);
    }
    let (mut value, mut runs, mut at) = (String::new(), Vec::new(), body.start);
    for line in text[body].split_inclusive('\n') {
        let stripped = line.trim_start_matches('\t');
        let source = u32::try_from(at + line.len() - stripped.len()).unwrap_or(u32::MAX);
        runs.push(Run { value: u32::try_from(value.len()).unwrap_or(u32::MAX), source });
        value.push_str(stripped);
        at += line.len();
    }
    Text { value, span, runs }
}
