//! Suppressions: comments that take a finding away, with a reason; and what there is to say about those that do not.

use crate::date::Date;
use crate::filter::comments::{self, Comment};
use crate::filter::directive::{Directive, parse};
use crate::finding::{Confidence, Finding, Severity};
use crate::fix::{Fix, Intent};
use crate::model::project::Project;
use crate::rules::RULES;
use crate::source::{FileId, FileKind, Place, SourceFile, Span};

/// A valid suppression that holds today.
struct Suppression<'a> {
    file: FileId,
    comment: Comment,
    directive: Directive<'a>,
    /// The line that it speaks of, for those that are not about the whole file.
    line: usize,
    /// The last line that it speaks of: where no comment can stand in what begins on that line, all of it.
    last_line: usize,
    /// For each of its rules, whether it took a finding away.
    used: Vec<bool>,
}

/// Takes suppressed findings away and gives the diagnostics, in files that are reported and judged.
pub(super) fn apply(project: &Project, findings: &mut Vec<Finding>, today: Date) -> Vec<Finding> {
    let known: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let mut diagnostics = Vec::new();
    let mut suppressions = Vec::new();
    for (id, file) in project.program.sources.iter().filter(|(_, file)| file.reported && !file.test) {
        for comment in comments::of(project, id) {
            match parse(file.slice(comment.span), &known) {
                None => {}
                Some(Err(wrong)) => diagnostics.push(invalid(id, comment, &wrong)),
                Some(Ok(directive)) if directive.whole_file && !comment.at_top => {
                    diagnostics.push(invalid(id, comment, "`ignore-file` stands above the first line of code"));
                }
                Some(Ok(directive)) => match directive.until.filter(|until| *until < today) {
                    Some(until) => diagnostics.push(expired(id, comment, until)),
                    None => suppressions.push(Suppression {
                        file: id,
                        comment,
                        line: line_of(file, comment),
                        last_line: last_line_of(file, comment),
                        used: vec![false; directive.rules.len()],
                        directive,
                    }),
                },
            }
        }
    }
    findings.retain(|finding| {
        let mut taken = false;
        let file = project.program.sources.get(finding.place.file);
        for suppression in suppressions.iter_mut().filter(|suppression| suppression.covers(file, finding)) {
            for (index, (rule, _)) in suppression.directive.rules.iter().enumerate() {
                if *rule == finding.rule {
                    suppression.used[index] = true;
                    taken = true;
                }
            }
        }
        !taken
    });
    for suppression in &suppressions {
        let file = project.program.sources.get(suppression.file);
        let ran = |rule: &str| project.config.is_on(rule, &file.path);
        let rules = suppression.directive.rules.iter().zip(&suppression.used);
        let unused: Vec<&str> = rules.filter(|((rule, _), used)| !**used && ran(rule)).map(|((rule, _), _)| *rule).collect();
        if !unused.is_empty() {
            diagnostics.push(suppression.unused(file, &unused));
        }
    }
    diagnostics
}

/// The line that a comment speaks of: its own, or the next that is not a comment where it stands alone.
fn line_of(file: &SourceFile, comment: Comment) -> usize {
    let own = file.line_index(comment.span.start);
    if !comment.own_line {
        return own;
    }
    let below = file.text[comment.span.end as usize..].lines().skip(1);
    own + 1 + below.take_while(|line| is_comment(file, line)).count()
}

/// The last line of what a comment that stands alone speaks of: a command goes on over lines that end in a backslash, a text of
/// YAML over those that are further in.
fn last_line_of(file: &SourceFile, comment: Comment) -> usize {
    let first = line_of(file, comment);
    if !comment.own_line {
        return first;
    }
    let mut lines = file.text.lines().skip(first);
    let indentation = |line: &str| line.len() - line.trim_start().len();
    match file.kind {
        FileKind::Shell | FileKind::Makefile => first + lines.take_while(|line| line.trim_end().ends_with('\\')).count(),
        FileKind::Yaml => {
            let Some(head) = lines.next() else { return first };
            let text = head.split(" #").next().unwrap_or_default().trim_end().trim_end_matches(['-', '+']);
            // The indentation of a text is that of its key, behind the dash of its item.
            let own = indentation(head);
            if ![" |", " >"].iter().any(|header| text.ends_with(header)) {
                return first;
            }
            first + lines.take_while(|line| line.trim().is_empty() || indentation(line) > own).count()
        }
        _ => first,
    }
}

fn is_comment(file: &SourceFile, line: &str) -> bool {
    let opening = if file.kind == FileKind::TypeScript { "//" } else { "#" };
    line.trim_start().starts_with(opening)
}

impl Suppression<'_> {
    fn covers(&self, file: &SourceFile, finding: &Finding) -> bool {
        if self.file != finding.place.file {
            return false;
        }
        let span = finding.place.span;
        let lines = [file.line_index(span.start), file.line_index(span.end.max(span.start + 1) - 1)];
        self.directive.whole_file || (self.line..=self.last_line).contains(&lines[0]) || (!self.comment.own_line && lines[1] == self.line)
    }

    fn unused(&self, file: &SourceFile, unused: &[&str]) -> Finding {
        let names: Vec<String> = unused.iter().map(|rule| format!("`{rule}`")).collect();
        let where_ = if self.directive.whole_file { "in this file" } else { "here" };
        let message = format!("nothing is found {where_} that this suppression of {} could take away", names.join(", "));
        let left: Vec<&str> = self.directive.rules.iter().map(|(rule, _)| *rule).filter(|rule| !unused.contains(rule)).collect();
        let fix = match self.directive.rules.first().zip(self.directive.rules.last()) {
            Some(((_, first), (_, last))) if !left.is_empty() => {
                let start = self.comment.span.start as usize;
                let place = Place { file: self.file, span: Span::new(start + first.start, start + last.end) };
                Fix::safe_edit("Name only the rules that find something", vec![Intent::Replace { place, text: left.join(", ") }])
            }
            _ => {
                let place = Place { file: self.file, span: self.removal(file) };
                Fix::safe_edit("Remove the suppression", vec![Intent::Replace { place, text: String::new() }])
            }
        };
        diagnostic("unused-suppression", Severity::Low, self.file, self.comment, message, fix)
    }

    /// What goes when the suppression goes: its line, or what it takes of a line that holds code or another comment, with
    /// the blanks that set it off. Line breaks stay as they are.
    fn removal(&self, file: &SourceFile) -> Span {
        let comment = self.comment.span.range();
        let (start, end) = (comment.start + self.directive.span.start, comment.start + self.directive.span.end);
        if end < comment.end {
            return Span::new(start, end);
        }
        let before = &file.text[..start];
        let before = before.trim_end_matches([' ', '\t']);
        if !before.is_empty() && !before.ends_with('\n') {
            return Span::new(before.len(), end);
        }
        let next = file.text[end..].find('\n').map_or(file.text.len(), |at| end + at + 1);
        Span::new(before.len(), next)
    }
}

fn invalid(file: FileId, comment: Comment, wrong: &str) -> Finding {
    let form = "# roadworthy: ignore[rule-id] until=YYYY-MM-DD owner=@who -- reason\n";
    let fix = Fix::advice("Write it in the form that is understood; `until` and `owner` may be left out", form);
    diagnostic("invalid-suppression", Severity::Medium, file, comment, format!("this suppresses nothing: {wrong}"), fix)
}

fn expired(file: FileId, comment: Comment, until: Date) -> Finding {
    let fix = Fix::advice("Mend what it hides, or decide anew until when it may stay", String::new());
    let message = format!("this suppression held until {until} and takes nothing away any more");
    diagnostic("expired-suppression", Severity::Medium, file, comment, message, fix)
}

fn diagnostic(rule: &'static str, severity: Severity, file: FileId, comment: Comment, message: String, fix: Fix) -> Finding {
    Finding {
        rule,
        severity,
        confidence: Confidence::High,
        place: Place { file, span: comment.span },
        symbol: String::new(),
        message,
        related: Vec::new(),
        trace: Vec::new(),
        fix,
        secret: None,
        saving_usd_per_month: None,
    }
}
