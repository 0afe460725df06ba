//! SARIF 2.1.0, for code scanning services and viewers.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactChange, ArtifactContent, ArtifactLocation, CodeFlow, Fix, Invocation, Location, Message, Notification, PhysicalLocation,
    PropertyBag, Region, Replacement, Result as SarifResult, ResultColumnKind, ResultLevel, Run, Sarif, ThreadFlow, ThreadFlowLocation,
    Tool,
};

use super::OutputContext;
use crate::diagnostics::DIAGNOSTICS;
use crate::finding::{Confidence, Finding, Related, Severity};
use crate::fingerprint::{SCHEME, fingerprints};
use crate::report::Unread;
use crate::source::{FileId, Place};

mod driver;

/// The base that all paths are relative to: the root of the project, so that no path leads out of it.
const ROOT: &str = "%SRCROOT%";

/// Writes the log.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn write(context: &OutputContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = context.report;
    let others = DIAGNOSTICS.iter().map(|diagnostic| diagnostic.id);
    let index: BTreeMap<&str, i64> = context.rules.iter().map(|rule| rule.id).chain(others).zip(0..).collect();

    let names = fingerprints(&report.sources, &report.findings);
    let results: Vec<SarifResult> = report
        .findings
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(at, (finding, name))| result(context, at, finding, name, index.get(finding.rule).copied().unwrap_or(-1)))
        .collect();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver::component(context.rules)).build())
        .invocations(vec![invocation(context)])
        .column_kind(json!(ResultColumnKind::UnicodeCodePoints))
        .original_uri_base_ids(BTreeMap::from([(ROOT.to_owned(), root(&context.report.root))]))
        .results(results)
        .build();
    let log = Sarif::builder()
        .schema("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
        .version(json!("2.1.0"))
        .runs(vec![run])
        .build();
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low => ResultLevel::Note,
    }
}

fn result(context: &OutputContext<'_>, at: usize, finding: &Finding, fingerprint: &str, rule: i64) -> SarifResult {
    let digest = fingerprint.rsplit(':').next().unwrap_or_default().to_owned();
    let mut result = SarifResult::builder()
        .rule_id(finding.rule)
        .rule_index(rule)
        .level(level(finding.severity))
        .message(message(&finding.message))
        .locations(vec![location(context, finding.place)])
        .partial_fingerprints(BTreeMap::from([(SCHEME.to_owned(), digest)]))
        .rank(rank(finding))
        .build();
    let places = |list: &[Related]| -> Vec<Location> { list.iter().map(|related| described(context, related)).collect() };
    if !finding.related.is_empty() {
        let mut related = places(&finding.related);
        for (location, id) in related.iter_mut().zip(1..) {
            location.id = Some(id);
        }
        result.related_locations = Some(related);
    }
    if !finding.trace.is_empty() {
        let steps = places(&finding.trace).into_iter().map(|step| ThreadFlowLocation::builder().location(step).build());
        let flow = ThreadFlow::builder().locations(steps.collect::<Vec<_>>()).build();
        result.code_flows = Some(vec![CodeFlow::builder().thread_flows(vec![flow]).build()]);
    }
    if let Some(fix) = fix(context, at, finding) {
        result.fixes = Some(vec![fix]);
    }
    result.properties = Some(properties(context, finding));
    result
}

/// What SARIF has no field for. The advice goes here because a fix of SARIF's must change a file.
fn properties(context: &OutputContext<'_>, finding: &Finding) -> PropertyBag {
    let mut more = BTreeMap::from([
        ("severity".to_owned(), json!(finding.severity)),
        ("confidence".to_owned(), json!(finding.confidence)),
        ("category".to_owned(), json!(context.category(finding))),
        ("fixTitle".to_owned(), json!(finding.fix.title)),
        ("fixApplicability".to_owned(), json!(finding.fix.applicability)),
    ]);
    if let Some(advice) = &finding.fix.advice {
        more.insert("advice".to_owned(), json!(advice));
    }
    PropertyBag::builder().additional_properties(more).build()
}

/// SARIF's 0 to 100: severity first, confidence second.
fn rank(finding: &Finding) -> f64 {
    let severity = match finding.severity {
        Severity::Critical => 90.0,
        Severity::High => 70.0,
        Severity::Medium => 50.0,
        Severity::Low => 30.0,
    };
    let confidence = match finding.confidence {
        Confidence::High => 10.0,
        Confidence::Medium => 5.0,
        Confidence::Low => 0.0,
    };
    severity + confidence
}

/// The fix, if it can be applied: one change per file.
fn fix(context: &OutputContext<'_>, at: usize, finding: &Finding) -> Option<Fix> {
    let edits = context.edits(at);
    if edits.is_empty() {
        return None;
    }
    let changes = edits.chunk_by(|a, b| a.file == b.file).map(|edits| {
        let replacements = edits.iter().map(|edit| {
            Replacement::builder()
                .deleted_region(region(context, Place { file: edit.file, span: edit.span }))
                .inserted_content(ArtifactContent::builder().text(&edit.text).build())
                .build()
        });
        ArtifactChange::builder()
            .artifact_location(artifact(path(context, edits[0].file)))
            .replacements(replacements.collect::<Vec<_>>())
            .build()
    });
    Some(Fix::builder().description(message(&finding.fix.title)).artifact_changes(changes.collect::<Vec<_>>()).build())
}

fn message(text: &str) -> Message {
    Message::builder().text(text).build()
}

fn location(context: &OutputContext<'_>, place: Place) -> Location {
    let physical =
        PhysicalLocation::builder().artifact_location(artifact(path(context, place.file))).region(region(context, place)).build();
    Location::builder().physical_location(physical).build()
}

fn described(context: &OutputContext<'_>, related: &Related) -> Location {
    let mut location = location(context, related.place);
    location.message = Some(message(&related.message));
    location
}

fn region(context: &OutputContext<'_>, place: Place) -> Region {
    let (start, end) = (context.start(place), context.end(place));
    Region::builder()
        .start_line(i64::from(start.line))
        .start_column(i64::from(start.column))
        .end_line(i64::from(end.line))
        .end_column(i64::from(end.column))
        .build()
}

fn path<'a>(context: &OutputContext<'a>, file: FileId) -> &'a str {
    &context.report.sources.get(file).path
}

fn artifact(path: &str) -> ArtifactLocation {
    if Path::new(path).is_absolute() {
        return ArtifactLocation::builder().uri(file_uri(path)).build();
    }
    // The first segment of a relative reference must not look like a scheme.
    let uri = uri(path);
    let uri = if uri.split('/').next().is_some_and(|first| first.contains(':')) { format!("./{uri}") } else { uri };
    ArtifactLocation::builder().uri(uri).uri_base_id(ROOT).build()
}

fn root(directory: &Path) -> ArtifactLocation {
    let path = directory.to_string_lossy().replace('\\', "/");
    ArtifactLocation::builder()
        .uri(format!("{}/", file_uri(path.trim_end_matches('/'))))
        .description(message("The root of the project."))
        .build()
}

fn file_uri(path: &str) -> String {
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}", uri(path))
}

/// Percent-encodes what a path of a URI may not hold.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            uri.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    uri
}

/// The run as such: it worked, and these files could not be analysed.
fn invocation(context: &OutputContext<'_>) -> Invocation {
    let notifications = context.report.failed.iter().map(notification);
    Invocation::builder().execution_successful(true).tool_execution_notifications(notifications.collect::<Vec<_>>()).build()
}

fn notification(file: &Unread) -> Notification {
    let place = PhysicalLocation::builder().artifact_location(artifact(&file.path)).build();
    Notification::builder()
        .level(Value::from("warning"))
        .message(message(&format!("incomplete: {}", file.reason)))
        .locations(vec![Location::builder().physical_location(place).build()])
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_hold_no_blanks_and_no_drives_by_accident() {
        assert_eq!(artifact("my service/ä.py").uri.as_deref(), Some("my%20service/%C3%A4.py"));
        assert_eq!(artifact("a:b/c.py").uri.as_deref(), Some("./a:b/c.py"));
        assert_eq!(root(Path::new("/repo/my shop")).uri.as_deref(), Some("file:///repo/my%20shop/"));
        assert_eq!(root(Path::new("/")).uri.as_deref(), Some("file:///"));
    }
}
