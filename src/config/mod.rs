//! Configuration: `roadworthy.toml`, or `[tool.roadworthy]` in `pyproject.toml`.
//!
//! A file's keys hold for the run that it is the closest file of; `extend` puts another file's keys under them, and the
//! command line's options go over them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Confidence, Severity};
use crate::model::apis::Row;

mod error;
mod load;
mod patterns;
mod select;
mod thresholds;

pub use error::ConfigError;
pub use load::{is_file_name, is_root, load, load_own};
pub use patterns::{PatternError, Patterns};
pub use select::{Selectable, Selection, Selector, UnknownSelector};
pub use thresholds::{File, Override, Quantity, ServiceEntry, Settings};

/// What is never walked unless the configuration says otherwise: what tools put beside the source, not the source.
pub const DEFAULT_EXCLUDE: [&str; 8] = [".git/", ".venv/", "__pycache__/", "build/", "dist/", "node_modules/", "site-packages/", "venv/"];

/// Which files are test code unless the configuration says otherwise.
pub const DEFAULT_TEST_PATHS: [&str; 48] = [
    "**/alembic/versions/",
    "tests/",
    "test/",
    "testing/",
    "__tests__/",
    "__mocks__/",
    "__fixtures__/",
    "acceptance/",
    "__e2e__/",
    "step_definitions/",
    "fixtures/",
    "testdata/",
    "migrations/",
    "test_*.py",
    "*_test.py",
    "*_test.ts",
    "*_test.tsx",
    "*_test.js",
    // Django's own name for them.
    "tests.py",
    "conftest.py",
    "*.test.*",
    "*.spec.*",
    "*.e2e.*",
    "*.e2e-spec.*",
    "e2e/",
    "*_e2e/",
    "*-tests/",
    "system-test/",
    "*_tests/",
    "load-test/",
    "load-testing/",
    "load_test/",
    "load_testing/",
    "loadtest/",
    "loadtests/",
    "cypress/",
    "*-e2e/",
    "mock.*",
    "mocks.*",
    "*.mock.*",
    "*.stories.*",
    "test-utils/",
    "*-test-utils/",
    "playwright/",
    "playwright.config.*",
    "cypress.config.*",
    "jest.config.*",
    "vitest.config.*",
];

/// From which severity on findings make the exit code 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Critical findings.
    Critical,
    /// High and critical findings.
    High,
    /// All but low findings.
    Medium,
    /// All findings.
    Low,
    /// Findings never do.
    Never,
}

impl FailOn {
    /// Whether a finding of this severity makes the run fail.
    #[must_use]
    pub fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Critical => severity >= Severity::Critical,
            Self::High => severity >= Severity::High,
            Self::Medium => severity >= Severity::Medium,
            Self::Low => true,
            Self::Never => false,
        }
    }
}

/// What a service may have from outside the repository.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Provides {
    /// A gateway limits the rate of requests.
    RateLimit,
    /// A mesh or gateway breaks circuits.
    CircuitBreaker,
    /// A mesh repeats failed calls.
    Retry,
    /// A gateway gives each request an id.
    RequestId,
    /// The platform measures requests.
    Metrics,
    /// Load tests live elsewhere.
    LoadTest,
}

/// The configuration of a run.
#[derive(Clone, Debug)]
pub struct Config {
    /// The files that it was read from, the closest first; none where the defaults hold.
    pub files: Vec<PathBuf>,
    /// The folder that its paths and patterns are relative to.
    pub directory: PathBuf,
    /// Findings of less confidence are not shown.
    pub min_confidence: Confidence,
    /// Findings of less severity are not shown.
    pub min_severity: Severity,
    /// From which severity on findings make the exit code 1.
    pub fail_on: FailOn,
    /// What is never walked.
    pub exclude: Patterns,
    /// Which files are test code.
    pub test_paths: Patterns,
    /// What the files cannot tell about services; paths are relative to the project root.
    pub services: Vec<ServiceEntry>,
    /// Facts about functions of in-house libraries.
    pub apis: Vec<Row>,
    /// Thresholds where no override says otherwise.
    pub settings: Settings,
    /// `directory` relative to the project root; empty for the root.
    prefix: String,
    rules: Vec<Selectable>,
    selection: Selection,
    command_line: Selection,
    overrides: Vec<PathOverride>,
    merged: File,
    /// The configurations of folders below that have one of their own, the innermost first.
    nested: Vec<Config>,
}

/// An override, its patterns and selectors read.
#[derive(Clone, Debug)]
struct PathOverride {
    paths: Patterns,
    selection: Selection,
    written: Override,
}

impl Config {
    /// The defaults, for a project at `root`.
    #[must_use]
    pub fn defaults(root: &Path, rules: &[Selectable]) -> Self {
        Self {
            files: Vec::new(),
            directory: root.to_path_buf(),
            min_confidence: Confidence::Medium,
            min_severity: Severity::Low,
            fail_on: FailOn::Low,
            exclude: Patterns::of_defaults(&DEFAULT_EXCLUDE),
            test_paths: Patterns::of_defaults(&DEFAULT_TEST_PATHS),
            services: Vec::new(),
            apis: Vec::new(),
            settings: Settings::default(),
            prefix: String::new(),
            rules: rules.to_vec(),
            selection: Selection::default(),
            command_line: Selection::default(),
            overrides: Vec::new(),
            merged: File::default(),
            nested: Vec::new(),
        }
    }

    /// Takes in the configuration of a folder below: what lies in it is its own, and what it says of services and
    /// functions everybody learns.
    pub fn nest(&mut self, nested: Self) {
        self.services.extend(nested.services.iter().cloned());
        self.apis.extend(nested.apis.iter().cloned());
        self.nested.push(nested);
        self.nested.sort_by_key(|config| std::cmp::Reverse(config.prefix.len()));
    }

    /// The configuration that holds for a path (relative to the project root): the closest.
    #[must_use]
    pub fn at(&self, path: &str) -> &Self {
        self.nested.iter().find(|config| path == config.prefix || config.relative(path).is_some()).unwrap_or(self)
    }

    /// Puts `--select` and `--ignore` over what the files say. Overrides still take rules away from their paths.
    ///
    /// # Errors
    /// When a word names no rule, category, severity or preset.
    pub fn set_command_line(&mut self, select: &[String], ignore: &[String]) -> Result<(), UnknownSelector> {
        let parse = |words: &[String]| words.iter().map(|word| Selector::parse(word, &self.rules)).collect::<Result<Vec<_>, _>>();
        let asked = Selection { select: if select.is_empty() { None } else { Some(parse(select)?) }, ignore: parse(ignore)? };
        for config in &mut self.nested {
            config.command_line = asked.clone();
        }
        self.command_line = asked;
        Ok(())
    }

    /// Whether a rule, or a diagnostic about suppressions, is on for the file at `path` (relative to the project root).
    #[must_use]
    pub fn is_on(&self, rule: &str, path: &str) -> bool {
        self.at(path).is_on_here(rule, path)
    }

    fn is_on_here(&self, rule: &str, path: &str) -> bool {
        let Some(rule) = self.rules.iter().find(|known| known.id == rule) else {
            let mut layers = std::iter::once(&self.selection).chain(self.overrides_of(path).map(|o| &o.selection));
            return !self.command_line.ignores_id(rule) && !layers.any(|layer| layer.ignores_id(rule));
        };
        if self.command_line.select.is_some() {
            // What was asked for on the command line is asked of every path, except where the project took it away.
            let on = self.command_line.apply(rule, true);
            return self.overrides_of(path).fold(on, |on, o| Selection { select: None, ..o.selection.clone() }.apply(rule, on));
        }
        let on = self.overrides_of(path).fold(self.selection.apply(rule, true), |on, o| o.selection.apply(rule, on));
        self.command_line.apply(rule, on)
    }

    /// The thresholds for the file at `path` (relative to the project root).
    #[must_use]
    pub fn settings_for(&self, path: &str) -> Settings {
        let config = self.at(path);
        let mut settings = config.settings.clone();
        for o in config.overrides_of(path) {
            o.written.set_thresholds(&mut settings);
        }
        settings
    }

    fn overrides_of<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a PathOverride> {
        let below = self.relative(path);
        self.overrides.iter().filter(move |o| below.is_some_and(|below| o.paths.match_file(below)))
    }

    /// A path relative to the project root, as seen from the configuration's folder; nothing if it lies elsewhere.
    #[must_use]
    pub fn relative<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.prefix.is_empty() {
            return Some(path);
        }
        path.strip_prefix(&*self.prefix)?.strip_prefix('/')
    }

    /// The effective configuration as TOML, for `config show`.
    #[must_use]
    pub fn show(&self) -> String {
        let mut file = File {
            extend: None,
            exclude: Some(self.exclude.written()),
            extend_exclude: None,
            test_paths: Some(self.test_paths.written()),
            min_confidence: Some(self.min_confidence),
            min_severity: Some(self.min_severity),
            fail_on: Some(self.fail_on),
            ..self.merged.clone()
        };
        file.select.get_or_insert_with(|| vec![toml::Spanned::new(0..0, "recommended".to_owned())]);
        file.ignore.get_or_insert_default();
        file.state_thresholds(&self.settings);
        let mut text = String::new();
        for (i, path) in self.files.iter().enumerate() {
            let verb = if i == 0 { "from" } else { "which extends" };
            let _ = writeln!(text, "# {verb} {}", path.display());
        }
        if self.files.is_empty() {
            text.push_str("# defaults: there is no roadworthy.toml and no [tool.roadworthy] in a pyproject.toml\n");
        }
        // Every part of the file is plain data, which TOML can hold; were it not so, the reason is the best answer.
        text.push_str(&toml::to_string(&file).unwrap_or_else(|error| format!("# {error}\n")));
        text
    }
}

/// JSON Schema of a configuration file, for `config schema`.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(File).to_value()
}
