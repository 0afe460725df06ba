//! The whole of a run, from options to what outputs are made of.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use crate::analysis;
use crate::config::{self, Config, FailOn, Patterns, Selectable};
use crate::discover::{self, Discovered, Scope};
use crate::error::Error;
use crate::filter::{self, Asked};
use crate::fix::edit::Edit;
use crate::fix::{Applicability, apply, engine};
use crate::options::CheckOptions;
use crate::pages;
use crate::progress::Progress;
use crate::report::{Listing, Report, Unread};
use crate::rules::{RULES, Rule};
use crate::source::Place;

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
pub fn check(options: &CheckOptions, progress: &Progress) -> Result<Outcome, Error> {
    let started = Instant::now();
    let prepared = prepare(options)?;
    prepared.install(|| {
        let discovered = prepared.discover(options)?;
        prepared.judge(options, discovered, progress, started)
    })
}

/// Applies fixes up to an applicability, round after round, and says what is left. Files are changed only if `write`.
///
/// # Errors
///
/// As [`check`]. A file that cannot be written is no error: the others are mended, and it is named as failed.
pub fn fix(options: &CheckOptions, up_to: Applicability, write: bool, progress: &Progress) -> Result<Fixed, Error> {
    let started = Instant::now();
    let prepared = prepare(options)?;
    prepared.install(|| {
        let discovered = prepared.discover(options)?;
        let found = prepared.judge(options, discovered.clone(), progress, started)?;
        let mut changes = apply::Changes::default();
        let mut left = None;
        for _ in 0..apply::MAX_ROUNDS {
            let last = left.as_ref().unwrap_or(&found);
            if !changes.round(&last.report, &last.edits, up_to) {
                break;
            }
            let mut next = discovered.clone();
            changes.put_into(&mut next.sources);
            left = Some(prepared.judge(options, next, &Progress::default(), started)?);
        }
        let rewritten = changes.rewritten(&discovered.sources);
        let mut unwritten = Vec::new();
        for file in rewritten.iter().filter(|_| write) {
            if let Err(reason) = apply::write(&discovered.root, file) {
                unwritten.push(Unread { path: file.path.clone(), reason: format!("cannot be written: {reason}") });
            }
        }
        if !unwritten.is_empty() {
            unwritten.iter().filter_map(|file| discovered.sources.find(&file.path)).for_each(|id| changes.forget(id));
            left = None;
        }
        let mut left = if let Some(left) = left {
            left
        } else {
            let mut now = discovered.clone();
            changes.put_into(&mut now.sources);
            prepared.judge(options, now, &Progress::default(), started)?
        };
        left.report.failed.extend(changes.broken(&discovered.sources));
        left.report.failed.extend(unwritten);
        left.report.failed.sort();
        let rewritten = changes.rewritten(&discovered.sources);
        Ok(Fixed { found, left, applied: changes.applied(), rewritten })
    })
}

/// Says what would be judged, as what, and why other files would not.
///
/// # Errors
///
/// As [`check`].
pub fn list_files(options: &CheckOptions) -> Result<Listing, Error> {
    let prepared = prepare(options)?;
    prepared.install(|| {
        let discovered = prepared.discover(options)?;
        Ok(Listing { files: discovered.listing(), root: discovered.root })
    })
}

/// What a run needs before it looks at files.
struct Prepared {
    scope: Scope,
    config: Config,
    /// Threads of its own, if a number was asked for.
    threads: Option<rayon::ThreadPool>,
}

fn prepare(options: &CheckOptions) -> Result<Prepared, Error> {
    let stdin = options.stdin.as_ref().map(|stdin| stdin.path.as_path());
    let scope = Scope::resolve(&options.paths, stdin, &options.working_directory, !options.no_config)
        .map_err(|error| Error::new(error.to_string()))?;
    let rules = selectable(RULES);
    let mut config = if options.no_config {
        Config::defaults(&scope.root, &rules)
    } else {
        let broken = |error: config::ConfigError| Error::new(error.to_string());
        let mut config = config::load(&scope.root, &scope.stop, &scope.root, &rules).map_err(broken)?;
        for folder in discover::configured_folders(&scope, &config) {
            if let Some(nested) = config::load_own(&folder, &scope.root, &rules).map_err(broken)? {
                config.nest(nested);
            }
        }
        config
    };
    config.set_command_line(&options.select, &options.ignore).map_err(|unknown| Error::new(unknown.to_string()))?;
    let threads = threads(options).map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build()).transpose();
    let threads = threads.map_err(|error| Error::new(format!("cannot start threads: {error}")))?;
    Ok(Prepared { scope, config, threads })
}

/// How many threads were asked for. Threads that wait for each other's work cost more than they bring: a thousand of them
/// take minutes for what two do in a second.
fn threads(options: &CheckOptions) -> Option<NonZeroUsize> {
    let most = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN).saturating_mul(const { NonZeroUsize::new(4).unwrap() });
    options.jobs.map(|jobs| jobs.min(most))
}

impl Prepared {
    /// Does the work on the threads that were asked for.
    fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.threads {
            Some(threads) => threads.install(work),
            None => work(),
        }
    }

    /// The configuration that is closest to all that was asked about.
    fn closest(&self) -> &Config {
        self.config.at(&self.scope.relative(&self.scope.start))
    }

    fn discover(&self, options: &CheckOptions) -> Result<Discovered, Error> {
        let exclude = Patterns::new(options.exclude.clone()).map_err(|error| Error::new(error.to_string()))?;
        let found = discover::Options {
            exclude: &exclude,
            force_exclude: options.force_exclude,
            threads: threads(options).map_or(0, NonZeroUsize::get),
            stdin: options.stdin.as_ref().map(|stdin| stdin.bytes.as_slice()),
        };
        Ok(discover::discover(&self.scope, &self.config, &found))
    }

    fn judge(&self, options: &CheckOptions, discovered: Discovered, progress: &Progress, started: Instant) -> Result<Outcome, Error> {
        let checked = discovered.checked();
        let Discovered { root, sources, skipped, mut failed, passed_by } = discovered;
        let (mut project, unread) = analysis::link(sources, self.config.clone(), options.demand, progress).map_err(Error::new)?;
        failed.extend(unread);
        let rules: Vec<&'static Rule> = RULES.iter().collect();
        let asked = Asked { min_confidence: options.min_confidence, min_severity: options.min_severity, today: options.today };
        let (found, unjudged) = analysis::judge(&project, &rules);
        failed.extend(unjudged);
        let named: Vec<String> = failed.iter().map(|unread: &Unread| unread.path.clone()).collect();
        let of_versions = project.program.dependencies.unread(&project.program.sources);
        failed.extend(of_versions.into_iter().filter(|unread| !named.contains(&unread.path)));
        failed.sort();
        failed.dedup();
        let mut secrets: Vec<Place> = found.iter().filter_map(|finding| finding.secret).collect();
        secrets.sort_unstable();
        let findings = filter::apply(&project, found, &asked);
        let edits = engine::edits(&project.program.sources, &findings);
        let sources = std::mem::take(&mut project.program.sources);
        // Nobody waits for the model to be taken apart.
        rayon::spawn(move || drop(project));
        let report = Report { root, sources, findings, secrets, checked, skipped, failed, passed_by, elapsed: started.elapsed() };
        Ok(Outcome { report, edits, fail_on: options.fail_on.unwrap_or(self.closest().fail_on) })
    }
}

/// The effective configuration of a directory.
///
/// # Errors
///
/// If its files cannot be used.
pub fn configuration_of(directory: &Path) -> Result<Config, Error> {
    Ok(prepare(&CheckOptions::new(directory.to_path_buf()))?.closest().clone())
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
