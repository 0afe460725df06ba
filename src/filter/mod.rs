//! Filters: what stands between what rules found and what is reported.

mod comments;
mod directive;
mod suppressions;

use crate::config::Config;
use crate::date::Date;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::project::Project;

/// What is asked for beside the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Findings of less confidence are not shown, whatever the configuration says.
    pub min_confidence: Option<Confidence>,
    /// Findings of less severity are not shown, whatever the configuration says.
    pub min_severity: Option<Severity>,
    /// The day that suppressions expire by.
    pub today: Date,
}

/// Takes away what is switched off, suppressed, or below what was asked for, and adds what there is to say about
/// suppressions. The result is sorted by path, line, column and rule.
#[must_use]
pub fn apply(project: &Project, mut findings: Vec<Finding>, asked: &Asked) -> Vec<Finding> {
    let sources = &project.program.sources;
    let is_on = |config: &Config, finding: &Finding| config.is_on(finding.rule, &sources.get(finding.place.file).path);
    findings.retain(|finding| is_on(&project.config, finding));
    // Before confidence and severity: a suppression of a finding that is too unsure to be shown is in use.
    let diagnostics = suppressions::apply(project, &mut findings, asked.today);
    findings.extend(diagnostics.into_iter().filter(|finding| is_on(&project.config, finding)));
    findings.retain(|finding| {
        let config = project.config.at(&sources.get(finding.place.file).path);
        finding.confidence >= asked.min_confidence.unwrap_or(config.min_confidence)
            && finding.severity >= asked.min_severity.unwrap_or(config.min_severity)
    });
    // Ids of files follow paths, and bytes follow lines and columns.
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.place.file, f.place.span.start, f.rule, f.place.span.end);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    findings
}
