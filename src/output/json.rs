//! The JSON document, schema 1: one contract for every tool that reads it, so fields are only ever added.

use std::io::{self, Write};

use serde::Serialize;

use super::OutputContext;
use crate::finding::{Confidence, Finding, Related, Severity};
use crate::fingerprint::fingerprints;
use crate::fix::{Applicability, edit::Edit};
use crate::report::Unread;
use crate::source::Place;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    tool: Tool,
    summary: Summary,
    files: Files<'a>,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary {
    findings: usize,
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
}

#[derive(Serialize)]
struct Files<'a> {
    checked: usize,
    skipped: Vec<JsonUnread<'a>>,
    failed: Vec<JsonUnread<'a>>,
}

#[derive(Serialize)]
struct JsonUnread<'a> {
    path: String,
    reason: &'a str,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'static str,
    severity: Severity,
    confidence: Confidence,
    category: &'static str,
    message: &'a str,
    path: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    related: Vec<JsonRelated<'a>>,
    trace: Vec<JsonRelated<'a>>,
    fix: JsonFix<'a>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    saving_usd_per_month: Option<f64>,
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    path: String,
    line: u32,
    column: u32,
    message: &'a str,
}

#[derive(Serialize)]
struct JsonFix<'a> {
    title: &'a str,
    applicability: Applicability,
    edits: Vec<JsonEdit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonEdit<'a> {
    path: String,
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
    replacement: &'a str,
}

/// Writes the document.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn write(context: &OutputContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = context.report;
    let names = fingerprints(&report.sources, &report.findings);
    let findings = report.findings.iter().zip(names).enumerate();
    let document = Document {
        schema: 1,
        tool: Tool { name: "roadworthy", version: env!("CARGO_PKG_VERSION") },
        summary: summary(&report.findings),
        files: Files { checked: report.checked, skipped: unread(context, &report.skipped), failed: unread(context, &report.failed) },
        findings: findings.map(|(index, (finding, name))| json_finding(context, index, finding, name)).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn summary(findings: &[Finding]) -> Summary {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    Summary {
        findings: findings.len(),
        critical: count(Severity::Critical),
        high: count(Severity::High),
        medium: count(Severity::Medium),
        low: count(Severity::Low),
    }
}

fn unread<'a>(context: &OutputContext<'_>, files: &'a [Unread]) -> Vec<JsonUnread<'a>> {
    files.iter().map(|file| JsonUnread { path: context.relative(&file.path), reason: &file.reason }).collect()
}

fn json_finding<'a>(context: &OutputContext<'a>, index: usize, finding: &'a Finding, fingerprint: String) -> JsonFinding<'a> {
    let (start, end) = (context.start(finding.place), context.end(finding.place));
    JsonFinding {
        rule: finding.rule,
        severity: finding.severity,
        confidence: finding.confidence,
        category: context.category(finding),
        message: &finding.message,
        path: context.path(finding.place.file),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        related: related(context, &finding.related),
        trace: related(context, &finding.trace),
        fix: JsonFix {
            title: &finding.fix.title,
            applicability: finding.fix.applicability,
            edits: context.edits(index).iter().map(|edit| json_edit(context, edit)).collect(),
            advice: finding.fix.advice.as_deref(),
        },
        fingerprint,
        // Cents: more digits would be noise of the arithmetic.
        saving_usd_per_month: finding.saving_usd_per_month.map(|usd| (usd * 100.0).round() / 100.0),
    }
}

fn related<'a>(context: &OutputContext<'_>, places: &'a [Related]) -> Vec<JsonRelated<'a>> {
    let one = |related: &'a Related| {
        let at = context.start(related.place);
        JsonRelated { path: context.path(related.place.file), line: at.line, column: at.column, message: &related.message }
    };
    places.iter().map(one).collect()
}

fn json_edit<'a>(context: &OutputContext<'_>, edit: &'a Edit) -> JsonEdit<'a> {
    let place = Place { file: edit.file, span: edit.span };
    let (start, end) = (context.start(place), context.end(place));
    JsonEdit {
        path: context.path(edit.file),
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
        replacement: &edit.text,
    }
}
