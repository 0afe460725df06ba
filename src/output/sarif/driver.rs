//! What SARIF says of the tool: its rules, with their pages as help.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use serde_sarif::sarif::{MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor, ToolComponent};

use super::level;
use crate::finding::Severity;
use crate::pages::{self, Category, Page};
use crate::rules::Rule;

/// The tool with every rule, whether it found something or not, and the diagnostics beside the rules that did.
pub(super) fn component(rules: &[Rule], others: &BTreeSet<&str>) -> ToolComponent {
    let rules = rules.iter().map(rule);
    let others = others.iter().map(|id| ReportingDescriptor::builder().id(*id).build());
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
        let title = format!("{}.", page.title.trim_end_matches('.'));
        descriptor.short_description = Some(MultiformatMessageString::builder().text(title).build());
        descriptor.full_description = Some(MultiformatMessageString::builder().text(page.reason()).build());
        descriptor.help = Some(MultiformatMessageString::builder().text(page.body).markdown(page.body).build());
        descriptor.properties = Some(properties(rule, &page));
    }
    descriptor
}

fn properties(rule: &Rule, page: &Page<'_>) -> PropertyBag {
    let mut tags = vec![page.category.name().to_owned()];
    tags.extend(page.cwe.map(|cwe| format!("external/cwe/cwe-{cwe}")));
    let mut more = BTreeMap::from([("section".to_owned(), json!(page.section))]);
    // GitHub orders by this number and calls what has one a security alert, so no other category has one.
    if page.category == Category::Security {
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
