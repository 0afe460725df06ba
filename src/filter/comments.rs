//! The comments of a file that may hold a suppression.

use granit_parser::{Event, Parser};

use crate::ir::program::{ExprKind, StmtKind};
use crate::model::project::Project;
use crate::source::{FileId, FileKind, SourceFile, Span};

/// A comment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Comment {
    /// From its `#` to the end of the line.
    pub span: Span,
    /// Nothing but blanks stands before it in its line.
    pub own_line: bool,
    /// Nothing but comments (and a docstring) stands before it in the file.
    pub at_top: bool,
}

/// What every suppression begins with.
pub(super) const NAME: &str = "roadworthy";

/// The comments of a file, in order; none where no suppression can be, not even a misspelt one.
pub(super) fn of(project: &Project, id: FileId) -> Vec<Comment> {
    let file = project.program.sources.get(id);
    // The name, with a first letter of either case, or in capitals.
    if !file.text.contains(&NAME[1..]) && !file.text.contains("ROADWORTHY") {
        return Vec::new();
    }
    let spans = match file.kind {
        FileKind::Python | FileKind::TypeScript => {
            project.program.module_of(id).map_or_else(Vec::new, |m| project.program.module(m).comments.clone())
        }
        FileKind::Yaml => in_yaml(&file.text),
        FileKind::Dockerfile => in_lines(&file.text),
        FileKind::Shell | FileKind::Makefile | FileKind::Terraform => behind_text(&file.text),
        FileKind::Manifest => Vec::new(),
    };
    let top = top(project, id, file);
    let comment = |span: &Span| {
        let start = span.start as usize;
        let line = file.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let own_line = file.text[line..start].trim().is_empty();
        // A comment may come with its line break, or half of one.
        let span = Span::new(start, start + file.slice(*span).trim_end().len());
        Comment { span, own_line, at_top: own_line && span.start < top }
    };
    spans.iter().map(comment).collect()
}

/// Where the first line that is not blank, a comment or the start of a document begins.
fn top(project: &Project, id: FileId, file: &SourceFile) -> u32 {
    if let Some(module) = project.program.module_of(id) {
        let module = project.program.module(module);
        let is_docstring = |kind: &StmtKind| matches!(kind, StmtKind::Expr(e) if matches!(module.expr(*e).kind, ExprKind::String(_)));
        let stmts = &module.blocks[module.body.index()].stmts;
        let first = stmts.iter().enumerate().find(|(index, stmt)| *index > 0 || !is_docstring(&module.stmt(**stmt).kind));
        return first.map_or(u32::MAX, |(_, stmt)| module.stmt(*stmt).span.start);
    }
    let mut at = 0;
    for line in file.text.split_inclusive('\n') {
        let content = line.trim();
        if !(content.is_empty() || content.starts_with('#') || content == "---") {
            return Span::new(at, at).start;
        }
        at += line.len();
    }
    u32::MAX
}

fn in_yaml(text: &str) -> Vec<Span> {
    let events = Parser::new_from_str(text).map_while(Result::ok);
    let comments = events.filter_map(|(event, at)| if let Event::Comment(..) = event { at.byte_range() } else { None });
    comments.map(|range| Span::new(range.start, range.end)).collect()
}

/// A Dockerfile's comments are whole lines.
fn in_lines(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let blank = line.len() - line.trim_start().len();
        if line[blank..].starts_with('#') {
            spans.push(Span::new(at + blank, at + line.len()));
        }
        at += line.len();
    }
    spans
}

/// Comments that may stand behind something in a line, too. In what is quoted over lines they are none, and nobody writes
/// suppressions there.
fn behind_text(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_comment = |start: &usize| line[..*start].chars().next_back().is_none_or(char::is_whitespace);
        if let Some(start) = line.match_indices('#').map(|(start, _)| start).find(is_comment) {
            spans.push(Span::new(at + start, at + line.len()));
        }
        at += line.len();
    }
    spans
}
