//! What a run is asked to do, once arguments are resolved. `None` leaves a choice to the configuration.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::analysis::Demand;
use crate::config::FailOn;
use crate::date::Date;
use crate::finding::{Confidence, Severity};

/// The options of a check.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// The working directory, absolute: paths and patterns are relative to it.
    pub working_directory: PathBuf,
    /// What to report on; nothing means the working directory.
    pub paths: Vec<PathBuf>,
    /// Rules, categories, severities or presets that are on instead of the configured ones.
    pub select: Vec<String>,
    /// Rules, categories or severities that are off.
    pub ignore: Vec<String>,
    /// Findings of less confidence are not shown.
    pub min_confidence: Option<Confidence>,
    /// Findings of less severity are not shown.
    pub min_severity: Option<Severity>,
    /// From which severity on findings make the exit code 1.
    pub fail_on: Option<FailOn>,
    /// Patterns of files that are not reported on, as in `.gitignore`.
    pub exclude: Vec<String>,
    /// Excludes hold for files that were named, too.
    pub force_exclude: bool,
    /// Configuration files are not read.
    pub no_config: bool,
    /// Threads.
    pub jobs: Option<NonZeroUsize>,
    /// A text that takes the place of a file's, and is all that is reported on.
    pub stdin: Option<Stdin>,
    /// The day that suppressions expire by.
    pub today: Date,
    /// Which files are lowered.
    pub demand: Demand,
}

/// A text from standard input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stdin {
    /// The file that it is the text of; it need not exist.
    pub path: PathBuf,
    /// The text, not decoded yet.
    pub bytes: Vec<u8>,
}

impl CheckOptions {
    /// A check of a directory, with everything left to the configuration.
    #[must_use]
    pub fn new(working_directory: PathBuf) -> Self {
        Self {
            working_directory,
            paths: Vec::new(),
            select: Vec::new(),
            ignore: Vec::new(),
            min_confidence: None,
            min_severity: None,
            fail_on: None,
            exclude: Vec::new(),
            force_exclude: false,
            no_config: false,
            jobs: None,
            stdin: None,
            today: Date::today(),
            demand: Demand::default(),
        }
    }
}
