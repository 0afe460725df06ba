//! One line per finding: `path:line:column: severity[rule] message`, which editors and `grep` understand; how sure the rule
//! is stands behind it where that is not very.

use std::io::{self, Write};

use super::{OutputContext, one_line, summary};
use crate::finding::Confidence;

/// Writes the lines.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn write(context: &OutputContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let paint = context.paint;
    for finding in &context.report.findings {
        let location = paint.bold(&context.location(finding.place));
        let class = paint.severity(&format!("{}[{}]", finding.severity.name(), finding.rule), finding.severity);
        let doubt = match finding.confidence {
            Confidence::High => String::new(),
            doubt => format!(" ({})", doubt.name()),
        };
        writeln!(out, "{location}: {class} {}{doubt}", one_line(&finding.message))?;
    }
    summary::write(context, out)
}
