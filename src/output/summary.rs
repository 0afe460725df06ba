//! The end of the formats for people: what could not be analysed wholly, and one line that counts.

use std::io::{self, Write};
use std::time::Duration;

use super::{OutputContext, printable};
use crate::finding::Severity;
use crate::fix::Applicability;

/// Files that were not judged that are listed; the formats for machines have all of them.
pub(crate) const MAX_LISTED: usize = 10;

/// Writes the files that failed, which are named even in quiet runs, and the summary line.
pub(super) fn write(context: &OutputContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let paint = context.paint;
    let failed = &context.report.failed;
    let label = paint.severity("incomplete", Severity::Medium);
    for file in failed.iter().take(MAX_LISTED) {
        writeln!(out, "{label} {}: {}", paint.bold(&printable(&context.relative(&file.path))), printable(&file.reason))?;
    }
    if failed.len() > MAX_LISTED {
        writeln!(out, "{label} {} more; --output-format json lists all", failed.len() - MAX_LISTED)?;
    }
    if context.quiet {
        return Ok(());
    }
    writeln!(out, "{}", line(context))
}

fn line(context: &OutputContext<'_>) -> String {
    let report = context.report;
    let paint = context.paint;
    let mut parts = Vec::new();
    if report.findings.is_empty() {
        parts.push(paint.green("no findings"));
    } else {
        let by_severity: Vec<String> = Severity::ALL
            .into_iter()
            .map(|severity| (severity, report.findings.iter().filter(|finding| finding.severity == severity).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| paint.severity(&format!("{count} {}", severity.name()), severity))
            .collect();
        parts.push(format!("{}: {}", paint.bold(&count(report.findings.len(), "finding")), by_severity.join(", ")));
    }
    if context.fixed > 0 {
        parts.push(paint.green(&format!("{} fixed", context.fixed)));
    }
    let failed = if report.failed.is_empty() { String::new() } else { format!(", {} incomplete", report.failed.len()) };
    parts.push(format!("{} checked{failed}", count(report.checked, "file")));
    parts.push(seconds(report.elapsed));
    let fixable = |wanted| {
        let fixes = report.findings.iter().enumerate();
        fixes.filter(|(index, finding)| finding.fix.applicability == wanted && !context.edits(*index).is_empty()).count()
    };
    match (fixable(Applicability::Safe), fixable(Applicability::Unsafe)) {
        (0, 0) => {}
        (safe, 0) => parts.push(format!("--fix mends {safe}")),
        (0, risky) => parts.push(format!("--fix=unsafe mends {risky}")),
        (safe, risky) => parts.push(format!("--fix mends {safe}, --fix=unsafe {}", safe + risky)),
    }
    parts.join(&paint.dim(" · "))
}

/// A number of things.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let ending = match (number, thing.ends_with('x')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{number} {thing}{ending}")
}

fn seconds(elapsed: Duration) -> String {
    if elapsed < Duration::from_secs(1) { format!("{} ms", elapsed.as_millis()) } else { format!("{:.1} s", elapsed.as_secs_f64()) }
}
