//! The whole of a run, from options to what outputs are made of.

use std::path::Path;
use std::time::Instant;

use crate::config::{self, Config, FailOn, Selectable};
use crate::error::Error;
use crate::fix::Applicability;
use crate::fix::edit::Edit;
use crate::options::CheckOptions;
use crate::pages;
use crate::progress::Progress;
use crate::report::{Listing, Report};
use crate::rules::{RULES, Rule};
use crate::source::Sources;

/// What a check leads to.
#[derive(Debug)]
pub struct Outcome {
    /// What was found.
    pub report: Report,
    /// The edits of each finding's fix, in the report's order.
    pub edits: Vec<Vec<Edit>>,
    /// From which severity on findings make the exit code 1, by options and configuration.
    pub fail_on: FailOn,
}

/// What fixing leads to.
#[derive(Debug)]
pub struct Fixed {
    /// What was found before.
    pub found: Outcome,
    /// What is left.
    pub left: Outcome,
    /// Number of fixes that were applied.
    pub applied: usize,
    /// The files that changed, by path.
    pub rewritten: Vec<Rewritten>,
}

/// A file that fixes changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rewritten {
    /// Path relative to the root.
    pub path: String,
    /// Its text before.
    pub before: String,
    /// Its text after.
    pub after: String,
}

/// Finds what there is to find.
///
/// # Errors
///
/// If a path does not exist, or options or configuration are wrong.
pub fn check(options: &CheckOptions, _progress: &Progress) -> Result<Outcome, Error> {
    let started = Instant::now();
    let config = configuration(options)?;
    let report = Report {
        root: options.working_directory.clone(),
        sources: Sources::default(),
        findings: Vec::new(),
        checked: 0,
        skipped: Vec::new(),
        failed: Vec::new(),
        elapsed: started.elapsed(),
    };
    Ok(Outcome { report, edits: Vec::new(), fail_on: options.fail_on.unwrap_or(config.fail_on) })
}

/// Applies fixes up to an applicability, round after round, and says what is left. Files are changed only if `write`.
///
/// # Errors
///
/// As [`check`], or if a file cannot be written.
pub fn fix(options: &CheckOptions, _up_to: Applicability, _write: bool, progress: &Progress) -> Result<Fixed, Error> {
    let found = check(options, progress)?;
    let left = check(options, progress)?;
    Ok(Fixed { found, left, applied: 0, rewritten: Vec::new() })
}

/// Says what would be judged, as what, and why other files would not.
///
/// # Errors
///
/// As [`check`].
pub fn list_files(options: &CheckOptions) -> Result<Listing, Error> {
    configuration(options)?;
    Ok(Listing { root: options.working_directory.clone(), files: Vec::new() })
}

/// The effective configuration of a directory.
///
/// # Errors
///
/// If its files cannot be used.
pub fn configuration_of(directory: &Path) -> Result<Config, Error> {
    load(directory, &selectable(RULES))
}

fn configuration(options: &CheckOptions) -> Result<Config, Error> {
    let directory = &options.working_directory;
    for path in &options.paths {
        if let Err(error) = directory.join(path).symlink_metadata() {
            return Err(Error::new(format!("cannot check `{}`: {error}", path.display())));
        }
    }
    let rules = selectable(RULES);
    let mut config = if options.no_config { Config::defaults(directory, &rules) } else { load(directory, &rules)? };
    config.set_command_line(&options.select, &options.ignore).map_err(|unknown| Error::new(unknown.to_string()))?;
    Ok(config)
}

fn load(directory: &Path, rules: &[Selectable]) -> Result<Config, Error> {
    config::load(directory, directory, directory, rules).map_err(|error| Error::new(error.to_string()))
}

/// The rules as selectors see them.
#[must_use]
pub fn selectable(rules: &'static [Rule]) -> Vec<Selectable> {
    let one = |rule: &'static Rule| {
        // A page that cannot be read fails the registry's test; here its rule is in no category.
        let category = pages::front_matter(rule.page).map_or("", |front| front.category.name());
        Selectable { id: rule.id, severity: rule.severity, category }
    };
    rules.iter().map(one).collect()
}
