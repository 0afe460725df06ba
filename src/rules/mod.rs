//! The rules. A rule is a value: an id, a severity, a page and plain functions that look at an immutable project.
//!
//! Each rule has one file here and one page in `rules/`; both are named by its id.

use crate::finding::{Confidence, Finding, Related, Severity};
use crate::fix::Fix;
use crate::ir::deploy::Deployment;
use crate::ir::image::Image;
use crate::ir::program::{ExprId, FunctionId};
use crate::model::program::ModuleId;
use crate::model::project::Project;
use crate::model::resolve::Entity;
use crate::model::services::Service;
use crate::source::Place;

mod bigquery_full_scan;
mod container_runs_as_root;
mod excessive_max_instances;
mod hardcoded_secret;
mod idle_min_instances;
mod missing_health_probe;
mod missing_input_validation;
mod missing_partitioning;
mod missing_rate_limit;
mod missing_timeout;
mod oversized_cpu;
mod oversized_image;
mod oversized_memory;
mod package_cache_in_image;
mod permissive_cors;
mod query_without_cost_cap;
mod select_star;
mod shell_form_command;
mod sql_injection;
mod swallowed_exception;
mod unbounded_query;
mod uncached_dependency_layer;
mod unpinned_base_image;

/// Every rule, by id.
pub static RULES: &[Rule] = &[
    bigquery_full_scan::RULE,
    container_runs_as_root::RULE,
    excessive_max_instances::RULE,
    hardcoded_secret::RULE,
    idle_min_instances::RULE,
    missing_health_probe::RULE,
    missing_input_validation::RULE,
    missing_partitioning::RULE,
    missing_rate_limit::RULE,
    missing_timeout::RULE,
    oversized_cpu::RULE,
    oversized_image::RULE,
    oversized_memory::RULE,
    package_cache_in_image::RULE,
    permissive_cors::RULE,
    query_without_cost_cap::RULE,
    select_star::RULE,
    shell_form_command::RULE,
    sql_injection::RULE,
    swallowed_exception::RULE,
    unbounded_query::RULE,
    uncached_dependency_layer::RULE,
    unpinned_base_image::RULE,
];

/// A class of problems.
#[derive(Debug)]
pub struct Rule {
    /// The id, kebab-case; file and page are named by it.
    pub id: &'static str,
    /// How bad it is, unless a finding says otherwise.
    pub severity: Severity,
    /// The page, embedded.
    pub page: &'static str,
    /// What it looks at, and the functions that look.
    pub checks: &'static [Check],
}

/// What a rule looks at. Calls, functions and modules of test code are never shown to it.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Every call, with what its callee denotes.
    Call(fn(&mut Context<'_>, ModuleId, ExprId, Entity)),
    /// Every function.
    Function(fn(&mut Context<'_>, ModuleId, FunctionId)),
    /// Every module.
    Module(fn(&mut Context<'_>, ModuleId)),
    /// Every Dockerfile.
    Image(fn(&mut Context<'_>, &Image)),
    /// Every deployment.
    Deployment(fn(&mut Context<'_>, &Deployment)),
    /// Every service.
    Service(fn(&mut Context<'_>, &Service)),
}

/// What a check gets: the project to ask, and a place to report to.
#[derive(Debug)]
pub struct Context<'a> {
    /// The project.
    pub project: &'a Project,
    /// The rule whose check runs.
    pub rule: &'static Rule,
    /// What it found so far.
    pub findings: Vec<Finding>,
}

impl Context<'_> {
    /// Reports a finding of this rule.
    pub fn report(&mut self, place: Place, confidence: Confidence, message: impl Into<String>, fix: Fix) -> &mut Finding {
        let index = self.findings.len();
        self.findings.push(Finding {
            rule: self.rule.id,
            severity: self.rule.severity,
            confidence,
            place,
            symbol: String::new(),
            message: message.into(),
            related: Vec::<Related>::new(),
            trace: Vec::new(),
            fix,
            secret: None,
            saving_usd_per_month: None,
        });
        &mut self.findings[index]
    }
}

/// The rule of an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}
