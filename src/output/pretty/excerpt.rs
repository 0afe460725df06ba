//! Source excerpts, drawn by miette.
//!
//! miette gets a small text made for it instead of the file: a few lines, cut where they are too long, and free of
//! characters that steer terminals. Positions in the header are the file's own.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};
use owo_colors::Style;

use crate::finding::{Related, Severity};
use crate::output::{OutputContext, Paint, printable};
use crate::source::{Place, SourceFile, Span};

/// Lines of a longer span that are shown.
const MAX_LINES: usize = 4;

/// Columns that miette's frame takes beside the code.
const FRAME: usize = 10;

/// The lines around a place, with the place and the related ones underlined; ends with a line break.
pub(super) fn render(context: &OutputContext<'_>, place: Place, severity: Severity, near: &[&Related]) -> String {
    let file = context.report.sources.get(place.file);
    let excerpt = Excerpt::new(context, file, place, near);
    let mut theme = GraphicalTheme::unicode_nocolor();
    let paint = context.paint;
    theme.styles.linum = paint.style(Style::new().dimmed());
    theme.styles.link = paint.style(Style::new().bold());
    // miette colours labels in the order they stand in.
    theme.styles.highlights = excerpt.labels.iter().map(|label| style(paint, label, severity)).collect();
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_context_lines(MAX_LINES)
        .with_width(context.width)
        .without_syntax_highlighting()
        .with_wrap_lines(false);
    let mut drawn = String::new();
    if handler.render_report(&mut drawn, &excerpt).is_err() {
        return format!("  {}\n", context.location(place));
    }
    // The first line is for a message, which stands in the headline.
    drawn.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_owned())
}

/// A few lines of a file, as miette sees them.
#[derive(Debug)]
struct Excerpt {
    path: String,
    /// 0-based line and column of the place in the file.
    position: (usize, usize),
    /// 0-based number of the first line.
    first: usize,
    text: String,
    /// In the order of their spans.
    labels: Vec<LabeledSpan>,
    lines: usize,
}

impl Excerpt {
    fn new(context: &OutputContext<'_>, file: &SourceFile, place: Place, near: &[&Related]) -> Self {
        let start = file.line_index(place.span.start);
        let end = file.line_index(place.span.end.max(place.span.start + 1) - 1);
        let folded = end >= start + MAX_LINES;
        let end = if folded { start + MAX_LINES - 1 } else { end };
        let others = near.iter().map(|related| file.line_index(related.place.span.start));
        let first = others.clone().chain([start]).min().unwrap_or(start);
        let last = others.chain([end]).max().unwrap_or(end);
        let blank = |line: usize| file.slice(file.line_span(line)).trim().is_empty();
        let from = if first > 0 && !blank(first - 1) { first - 1 } else { first };
        let to = if !folded && last + 1 < file.line_count() && !blank(last + 1) { last + 1 } else { last };

        let marked: Vec<(Span, Option<String>)> = std::iter::once((place.span, None))
            .chain(near.iter().map(|related| (related.place.span, Some(printable(&related.message).into_owned()))))
            .collect();
        let mut text = String::new();
        let mut labels = Vec::new();
        for line in from..=to {
            let span = file.line_span(line);
            let here = marked.iter().filter(|(marked, _)| file.line_index(marked.start) == line);
            let focus = here.clone().map(|(marked, _)| marked.start - span.start).min().unwrap_or(0);
            let shown = context.shown(place.file, span);
            let cut = Cut::new(&shown, focus as usize, context.width.saturating_sub(FRAME));
            for (marked, message) in here {
                let (a, b) = (cut.place(marked.start - span.start), cut.place(marked.end.min(span.end).max(marked.start) - span.start));
                let label = (text.len() + a, b.saturating_sub(a));
                labels.push(if message.is_none() {
                    LabeledSpan::new_primary_with_span(None, label)
                } else {
                    LabeledSpan::new_with_span(message.clone(), label)
                });
            }
            text.push_str(&cut.text);
            text.push('\n');
        }
        labels.sort_by_key(|label| (label.offset(), !label.primary()));
        let position = file.position(place.span.start);
        Self {
            path: printable(&context.path(place.file)).into_owned(),
            position: (position.line as usize - 1, position.column as usize - 1),
            first: from,
            text,
            labels,
            lines: to - from + 1,
        }
    }
}

fn style(paint: Paint, label: &LabeledSpan, severity: Severity) -> Style {
    if label.primary() { paint.severity_style(severity) } else { paint.style(Style::new().cyan()) }
}

/// A line as it is shown: printable, and cut to a window around its focus if it is too long.
struct Cut<'a> {
    line: &'a str,
    text: String,
    /// Bytes of the printable line that the window leaves out before it, and what stands for them.
    left_out: usize,
    ellipsis: usize,
}

impl<'a> Cut<'a> {
    fn new(line: &'a str, focus: usize, width: usize) -> Self {
        let text = printable(line).into_owned();
        let width = width.max(20);
        if text.chars().count() <= width {
            return Self { line, text, left_out: 0, ellipsis: 0 };
        }
        let column = line.get(..focus).map_or(0, |before| before.chars().count());
        // Code to the left of the focus says more than code to its right: keep a third of the window for it.
        let from = if column < width * 2 / 3 { 0 } else { column - width / 3 };
        let byte = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
        let (start, end) = (byte(from), byte(from + width));
        let before = if start > 0 { "…" } else { "" };
        let after = if end < text.len() { "…" } else { "" };
        Self { line, left_out: start, ellipsis: before.len(), text: format!("{before}{}{after}", &text[start..end]) }
    }

    /// Where a byte of the line stands in the shown text.
    fn place(&self, offset: u32) -> usize {
        let before = self.line.get(..offset as usize).map_or(self.line.len(), |before| printable(before).len());
        let shown = (before + self.ellipsis).saturating_sub(self.left_out);
        let mut at = shown.max(self.ellipsis.min(shown)).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Excerpt {}

impl Diagnostic for Excerpt {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl SourceCode for Excerpt {
    /// miette asks twice: without context for the position in the header, with context for the lines to draw.
    fn read_span<'a>(&'a self, span: &SourceSpan, before: usize, after: usize) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = if (before, after) == (0, 0) {
            let (line, column) = self.position;
            MietteSpanContents::new_named(self.path.clone(), b"", *span, line, column, 0)
        } else {
            let whole = SourceSpan::from((0, self.text.len()));
            MietteSpanContents::new_named(self.path.clone(), self.text.as_bytes(), whole, self.first, 0, self.lines)
        };
        Ok(Box::new(contents))
    }
}
