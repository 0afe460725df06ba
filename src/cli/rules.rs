//! `roadworthy rules`.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::{CLEAN, terminal};
use crate::diagnostics::{CATEGORY, DIAGNOSTICS, Diagnostic};
use crate::error::Error;
use crate::finding::Severity;
use crate::output::Paint;
use crate::pages::{self, Page};
use crate::rules::{RULES, Rule};

/// List the rules, and the diagnostics about suppressions
#[derive(clap::Args, Debug)]
pub(super) struct LowArgs {
    /// How they are listed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output_format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// One line each.
    Table,
    /// One JSON document.
    Json,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    rules: Vec<Row<'a>>,
    /// What is said about suppressions, beside the rules.
    diagnostics: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    severity: Severity,
    category: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwe: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    languages: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'a str>,
    fix: &'a str,
}

pub(super) fn run(low: &LowArgs) -> Result<u8, Error> {
    let mut rows = rows(RULES)?;
    super::print(|out| match low.output_format {
        Format::Table => {
            rows.extend(diagnostics());
            write_table(&rows, Paint::new(terminal::stdout_has_colours()), out)
        }
        Format::Json => write_json(rows, out),
    })?;
    Ok(CLEAN)
}

fn rows(rules: &'static [Rule]) -> Result<Vec<Row<'static>>, Error> {
    let one = |rule: &'static Rule| {
        let page = pages::parse(rule.page).map_err(|error| Error::new(format!("rules/{}.md: {error}", rule.id)))?;
        let fix = fix(&page);
        let front = page.front;
        Ok(Row {
            id: rule.id,
            title: front.title,
            severity: rule.severity,
            category: front.category.name(),
            cwe: front.cwe,
            languages: front.languages,
            section: Some(front.section),
            fix,
        })
    };
    rules.iter().map(one).collect()
}

fn diagnostics() -> Vec<Row<'static>> {
    let one = |diagnostic: &Diagnostic| Row {
        id: diagnostic.id,
        title: diagnostic.title,
        severity: diagnostic.severity,
        category: CATEGORY,
        cwe: None,
        languages: Vec::new(),
        section: None,
        fix: if diagnostic.edits { "edit" } else { "advice" },
    };
    DIAGNOSTICS.iter().map(one).collect()
}

/// Whether the rule edits or advises, by what its own cases show.
fn fix(page: &Page<'_>) -> &'static str {
    if page.cases.iter().any(|case| case.diff.is_some()) { "edit" } else { "advice" }
}

fn write_json(rows: Vec<Row<'_>>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document { schema: 1, rules: rows, diagnostics: diagnostics() })?;
    writeln!(out)
}

fn write_table(rows: &[Row<'_>], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let widest = |length: fn(&Row<'_>) -> usize, heading: &str| rows.iter().map(length).chain([heading.len()]).max().unwrap_or(0);
    let id = widest(|row| row.id.len(), "rule");
    let category = widest(|row| row.category.len(), "category");
    let languages = widest(|row| row.languages.join(", ").len(), "languages");
    let heading =
        format!("{:<id$}  {:<8}  {:<category$}  {:<languages$}  {:<6}  title", "rule", "severity", "category", "languages", "fix");
    writeln!(out, "{}", paint.bold(&heading))?;
    for row in rows {
        let severity = paint.severity(&format!("{:<8}", row.severity.name()), row.severity);
        let list = if row.languages.is_empty() { "all".to_owned() } else { row.languages.join(", ") };
        writeln!(out, "{:<id$}  {severity}  {:<category$}  {list:<languages$}  {:<6}  {}", row.id, row.category, row.fix, row.title)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "---\ntitle: SQL built from parts\nseverity: critical\ncategory: security\ncwe: 89\nlanguages: [python, typescript]\nsection: \"§1\"\n---\n\nWhy.\n";

    static SOME: [Rule; 1] = [Rule { id: "sql-injection", severity: Severity::Critical, page: PAGE, checks: &[] }];

    #[test]
    fn the_table_has_aligned_columns() {
        let mut out = Vec::new();
        write_table(&rows(&SOME).unwrap(), Paint::new(false), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "rule           severity  category  languages           fix     title\n\
             sql-injection  critical  security  python, typescript  advice  SQL built from parts\n"
        );
    }

    #[test]
    fn json_holds_what_the_page_says() {
        let mut out = Vec::new();
        write_json(rows(&SOME).unwrap(), &mut out).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(document["rules"][0]["id"], "sql-injection");
        assert_eq!(document["rules"][0]["cwe"], 89);
        assert_eq!(document["rules"][0]["languages"][1], "typescript");
        assert_eq!(document["diagnostics"][1]["id"], "invalid-suppression");
    }
}
