//! `--statistics`: how often each rule found something, instead of the findings.

use std::io::{self, Write};

use rustc_hash::FxHashMap;

use super::{OutputContext, summary};
use crate::finding::Severity;

/// Writes a table of counts, the most frequent first, and the summary.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn write(context: &OutputContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut counts: FxHashMap<(&str, Severity), usize> = FxHashMap::default();
    for finding in &context.report.findings {
        *counts.entry((finding.rule, finding.severity)).or_default() += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|((rule, severity), count)| (std::cmp::Reverse(*count), std::cmp::Reverse(*severity), *rule));
    let width = rows.first().map_or(0, |(_, count)| count.to_string().len());
    for ((rule, severity), count) in rows {
        let severity = context.paint.severity(&format!("{:<8}", severity.name()), severity);
        writeln!(out, "{count:>width$}  {severity}  {rule}")?;
    }
    summary::write(context, out)
}
