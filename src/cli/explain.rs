//! `roadworthy explain`: a rule's page, for the terminal.

use std::fmt::Write;

use textwrap::Options;

use super::{CLEAN, terminal};
use crate::diagnostics::{self, DIAGNOSTICS};
use crate::error::Error;
use crate::output::Paint;
use crate::pages::{self, Page};
use crate::rules::{self, RULES, Rule};

/// Explain a rule: why it matters, what to do, examples
#[derive(clap::Args, Debug)]
pub(super) struct LowArgs {
    /// The id of a rule, or of a diagnostic about suppressions
    rule: String,
}

pub(super) fn run(low: &LowArgs) -> Result<u8, Error> {
    let (paint, width) = (Paint::new(terminal::stdout_has_colours()), terminal::width());
    let text = if let Some(rule) = rules::find(&low.rule) {
        let page = pages::parse(rule.page).map_err(|error| Error::new(format!("rules/{}.md: {error}", rule.id)))?;
        render(rule, &page, paint, width)
    } else if let Some(diagnostic) = diagnostics::find(&low.rule) {
        let facts = [paint.severity(diagnostic.severity.name(), diagnostic.severity), diagnostics::CATEGORY.to_owned()];
        heading(diagnostic.id, diagnostic.title, &facts, paint) + &layout(diagnostic.text, paint, width)
    } else {
        let ids = RULES.iter().map(|rule| rule.id).chain(DIAGNOSTICS.map(|diagnostic| diagnostic.id));
        return Err(Error::unknown("rule", &low.rule, ids));
    };
    super::print(|out| out.write_all(text.as_bytes()))?;
    Ok(CLEAN)
}

/// The page without its cases: a heading with what the front matter says, and its Markdown laid out for the terminal.
fn render(rule: &Rule, page: &Page<'_>, paint: Paint, width: usize) -> String {
    let front = &page.front;
    let mut facts = vec![paint.severity(rule.severity.name(), rule.severity), front.category.name().to_owned()];
    facts.extend(front.cwe.map(|cwe| format!("CWE-{cwe}")));
    facts.push(front.languages.join(", "));
    facts.push(format!("review {}", front.section));
    heading(rule.id, front.title, &facts, paint) + &layout(page.body, paint, width)
}

fn heading(id: &str, title: &str, facts: &[String], paint: Paint) -> String {
    format!("{}: {}\n{}\n", paint.bold(id), paint.bold(title), facts.join(&paint.dim(" · ")))
}

/// Markdown as text of a width.
fn layout(markdown: &str, paint: Paint, width: usize) -> String {
    let mut text = String::new();
    let mut lines = markdown.lines().peekable();
    let mut after_item = false;
    while let Some(line) = lines.next() {
        let ticks = line.bytes().take_while(|b| *b == b'`').count();
        if ticks >= 3 {
            let (fence, info) = line.split_at(ticks);
            let _ = writeln!(text, "\n{}", paint.dim(&caption(info)));
            for code in lines.by_ref().take_while(|code| code.trim_end() != fence) {
                text.push_str(format!("    {code}").trim_end());
                text.push('\n');
            }
        } else if let Some(heading) = line.strip_prefix('#') {
            let _ = writeln!(text, "\n{}", paint.bold(heading.trim_start_matches('#').trim()));
        } else if !line.trim().is_empty() {
            let mut paragraph = line.trim_end().to_owned();
            while let Some(next) = lines.next_if(|next| continues_paragraph(next)) {
                paragraph.push(' ');
                paragraph.push_str(next.trim());
            }
            let (indent, gap) = match (is_item(line), after_item) {
                (true, true) => ("  ", ""),
                (true, false) => ("  ", "\n"),
                (false, _) => ("", "\n"),
            };
            let wrapped = textwrap::fill(&inline(&paragraph, paint), Options::new(width).subsequent_indent(indent));
            let _ = writeln!(text, "{gap}{wrapped}");
        }
        after_item = is_item(line);
    }
    text
}

fn is_item(line: &str) -> bool {
    line.trim_start().starts_with(['-', '*'])
}

fn continues_paragraph(line: &str) -> bool {
    !line.trim().is_empty() && !is_item(line) && !line.starts_with(['#', '`'])
}

/// What a fence's info string says, for people.
fn caption(info: &str) -> String {
    let (language, verdict) = info.split_once(' ').unwrap_or((info, ""));
    match verdict.trim() {
        "fail" => format!("{language}, found:"),
        "pass" => format!("{language}, mended:"),
        _ => format!("{language}:"),
    }
}

/// Code spans in colour, or as they are written.
fn inline(line: &str, paint: Paint) -> String {
    if paint == Paint::new(false) || !line.matches('`').count().is_multiple_of(2) {
        return line.to_owned();
    }
    let parts = line.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { paint.accent(part) } else { part.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    const PAGE: &str = "---\ntitle: Outbound call without a timeout\nseverity: high\ncategory: reliability\ncwe: 400\nlanguages: [python]\nsection: \"§7\"\n---\n
A call without a timeout holds its worker for as long as the other side likes, and `requests` has none.\n
## What to do\n
- Pass `timeout=10`, which is more than any caller of yours is going to wait for.
- Measure,
  again.\n
## Example\n
```python fail\nif x:\n    get(url)\n```\n
## Cases\n
### pass: x\n\n```python file=a.py\n```\n";

    #[test]
    fn pages_are_laid_out_for_the_terminal() {
        let rule = Rule { id: "missing-timeout", severity: Severity::High, page: PAGE, checks: &[] };
        let page = pages::parse(PAGE).unwrap();
        insta::assert_snapshot!(render(&rule, &page, Paint::new(false), 60));
    }

    #[test]
    fn code_is_coloured() {
        assert_eq!(inline("a `b` c", Paint::new(true)), format!("a {} c", Paint::new(true).accent("b")));
        assert_eq!(inline("a `b c", Paint::new(true)), "a `b c");
    }
}
