//! What SARIF says of the tool: its rules, with their pages as help.

use std::collections::BTreeMap;

use serde_json::json;
use serde_sarif::sarif::{MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor, ToolComponent};

use super::level;
use crate::diagnostics::{CATEGORY, DIAGNOSTICS, Diagnostic};
use crate::finding::Severity;
use crate::pages::{self, Category, Page};
use crate::rules::Rule;

/// The tool with every rule, whether it found something or not, and the diagnostics beside the rules.
pub(super) fn component(rules: &[Rule]) -> ToolComponent {
    let rules = rules.iter().map(rule);
    let others = DIAGNOSTICS.iter().map(diagnostic);
    ToolComponent::builder()
        .name("roadworthy")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules.chain(others).collect::<Vec<_>>())
        .build()
}

fn rule(rule: &Rule) -> ReportingDescriptor {
    let mut descriptor = ReportingDescriptor::builder()
        .id(rule.id)
        .default_configuration(ReportingConfiguration::builder().level(json!(level(rule.severity))).build())
        .build();
    if let Ok(page) = pages::parse(rule.page) {
        let title = format!("{}.", page.front.title.trim_end_matches('.'));
        descriptor.short_description = Some(MultiformatMessageString::builder().text(title).build());
        descriptor.full_description = Some(MultiformatMessageString::builder().text(page.reason()).build());
        descriptor.help = Some(MultiformatMessageString::builder().text(page.body).markdown(page.body).build());
        descriptor.properties = Some(properties(rule, &page));
    }
    descriptor
}

fn diagnostic(diagnostic: &Diagnostic) -> ReportingDescriptor {
    ReportingDescriptor::builder()
        .id(diagnostic.id)
        .default_configuration(ReportingConfiguration::builder().level(json!(level(diagnostic.severity))).build())
        .short_description(MultiformatMessageString::builder().text(format!("{}.", diagnostic.title)).build())
        .full_description(MultiformatMessageString::builder().text(diagnostic.reason()).build())
        .help(MultiformatMessageString::builder().text(diagnostic.text).markdown(diagnostic.text).build())
        .properties(PropertyBag::builder().tags(vec![CATEGORY.to_owned()]).build())
        .build()
}

fn properties(rule: &Rule, page: &Page<'_>) -> PropertyBag {
    let mut tags = vec![page.front.category.name().to_owned()];
    tags.extend(page.front.cwe.map(|cwe| format!("external/cwe/cwe-{cwe}")));
    let mut more = BTreeMap::from([("section".to_owned(), json!(page.front.section))]);
    // GitHub orders by this number and calls what has one a security alert, so no other category has one.
    if page.front.category == Category::Security {
        more.insert("security-severity".to_owned(), json!(score(rule.severity)));
    }
    PropertyBag::builder().tags(tags).additional_properties(more).build()
}

/// The middle of the range that CVSS, and GitHub after it, calls by this name.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
    }
}
