//! Programs that nothing starts: no module imports them, and nothing that starts something names them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::STARTS;
use crate::ir::image::Image;
use crate::ir::program::*;
use crate::model::packages::EXTENSIONS;
use crate::model::program::{ModuleId, Program};
use crate::model::runtimes::{manifest, package_of};
use crate::model::services;
use crate::model::shelter::guard;
use crate::source::{FileKind, SourceFile};

/// Words of names of files that something outside of the project starts or loads by convention.
const STARTED: [&str; 31] = [
    "app",
    "beat",
    "bootstrap",
    "cli",
    "config",
    "consumer",
    "cron",
    "cronjob",
    "daemon",
    "entry",
    "entrypoint",
    "function",
    "handler",
    "index",
    "init",
    "instrumentation",
    "job",
    "jobs",
    "lambda",
    "listener",
    "main",
    "poller",
    "run",
    "scheduler",
    "server",
    "setup",
    "start",
    "sw",
    "task",
    "tasks",
    "worker",
];

/// Units of the project that say what they start.
pub(super) struct Units<'p> {
    /// Directories whose image starts a module there, and these modules.
    images: BTreeMap<&'p str, BTreeSet<ModuleId>>,
    /// Directories of packages that others import, and that start nothing.
    libraries: BTreeSet<&'p str>,
}

impl<'p> Units<'p> {
    /// Finds them.
    pub(super) fn find(program: &'p Program, images: &[Image]) -> Self {
        let mut started: BTreeMap<&str, BTreeSet<ModuleId>> = BTreeMap::new();
        for image in images {
            started.entry(program.sources.get(image.file).directory()).or_default().extend(services::started(program, image));
        }
        let directories: BTreeSet<&str> = program
            .code_ids()
            .filter(|id| program.module(*id).language == Language::TypeScript)
            .map(|id| package_of(program, id))
            .collect();
        let is_library =
            |directory: &&str| !started.contains_key(directory) && manifest(program, directory).is_some_and(|m| is_library(&m));
        let libraries = directories.into_iter().filter(is_library).collect();
        Self { images: started, libraries }
    }

    /// Whether nothing starts a module that nobody imports.
    pub(super) fn are_without(&self, program: &Program, id: ModuleId) -> bool {
        let module = program.module(id);
        let file = program.sources.get(module.file);
        let starts_another =
            |directory: &str| self.images.get(directory).is_some_and(|started| !started.is_empty() && !started.contains(&id));
        let is_program = match module.language {
            Language::Python => starts_another(file.directory()) && guard(module).is_some(),
            Language::TypeScript => {
                let package = package_of(program, id);
                (self.libraries.contains(package) || starts_another(package)) && !services::may_be_loaded(program, id)
            }
        };
        is_program
            && !is_started_by_convention(file)
            && !program.sources.iter().any(|(other, text)| other != module.file && names(text, file))
    }
}

/// Whether a package is there to be imported, and starts nothing itself.
fn is_library(manifest: &Value) -> bool {
    let starts = |name: &String| name.split([':', '-', '_', '.']).next().is_some_and(|word| STARTS.contains(&word));
    let is_entered = ["main", "module", "exports"].iter().any(|key| manifest.get(key).is_some());
    is_entered && !manifest.get("scripts").and_then(Value::as_object).is_some_and(|scripts| scripts.keys().any(starts))
}

fn is_started_by_convention(file: &SourceFile) -> bool {
    file.name().contains(".config.") || stem(file.name()).split(['-', '_', '.']).any(|word| STARTED.contains(&word.to_lowercase().as_str()))
}

fn stem(name: &str) -> &str {
    EXTENSIONS.iter().chain(&[".py"]).find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// Whether a text names the file of a program: by its name, or by a path that ends in it. What a workflow runs, people see.
fn names(text: &SourceFile, file: &SourceFile) -> bool {
    let is_lock = text.kind == FileKind::Manifest && (text.name().contains("lock") || text.name().contains("shrinkwrap"));
    if is_lock || text.path.starts_with(".github/") {
        return false;
    }
    let stem = stem(file.name());
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.text.match_indices(stem).any(|(at, _)| {
        let (before, behind) = (&text.text[..at], &text.text[at + stem.len()..]);
        let is_whole = !before.ends_with(is_word) && !behind.starts_with(is_word);
        // What is written about a program starts nothing.
        let is_code = matches!(text.kind, FileKind::Python | FileKind::TypeScript);
        let ends = if is_code { behind.starts_with(['"', '\'', '`', ':']) } else { !behind.starts_with('/') };
        let is_path = before.ends_with(['/', '.']) && ends;
        let is_file = EXTENSIONS.iter().chain(&[".py"]).any(|end| behind.strip_prefix(end).is_some_and(|rest| !rest.starts_with(is_word)));
        is_whole && (is_path || is_file)
    })
}
