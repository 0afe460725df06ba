//! Programs that nothing starts: no module imports them, and nothing that starts something names them.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
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

    /// Of modules that nobody imports, those that nothing starts.
    pub(super) fn without(&self, program: &Program, alone: impl Iterator<Item = ModuleId>) -> BTreeSet<ModuleId> {
        let mut named = Named::of(program, alone.filter(|id| self.are_programs(program, *id)));
        named.look(program);
        named.left()
    }

    /// Whether a module that nobody imports does something by itself, and the unit that it is of starts another.
    fn are_programs(&self, program: &Program, id: ModuleId) -> bool {
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
        is_program && !is_started_by_convention(file)
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

/// Programs that nothing is seen to name yet.
struct Named<'p> {
    /// By the first word of the file's name: the rest of it without its end, and the module.
    programs: FxHashMap<&'p str, Vec<(&'p str, ModuleId)>>,
}

impl<'p> Named<'p> {
    fn of(program: &'p Program, ids: impl Iterator<Item = ModuleId>) -> Self {
        let mut programs: FxHashMap<&str, Vec<_>> = FxHashMap::default();
        for id in ids {
            let stem = stem(program.sources.get(program.module(id).file).name());
            let (word, rest) = stem.split_at(stem.find(|c| !is_of_word(c)).unwrap_or(stem.len()));
            if !word.is_empty() {
                programs.entry(word).or_default().push((rest, id));
            }
        }
        Self { programs }
    }

    /// Forgets what a text of the project names by its file: what a workflow runs, people see.
    fn look(&mut self, program: &Program) {
        for (_, file) in program.sources.iter() {
            let is_code = matches!(file.kind, FileKind::Python | FileKind::TypeScript);
            let is_lock = file.kind == FileKind::Manifest && (file.name().contains("lock") || file.name().contains("shrinkwrap"));
            if !self.programs.is_empty() && !is_code && !is_lock && !file.path.starts_with(".github/") {
                self.look_in(&file.text, None, |behind| !behind.starts_with('/'));
            }
        }
        // What is written about a program starts nothing.
        for id in program.module_ids().filter(|_| !self.programs.is_empty()).collect::<Vec<_>>() {
            for expr in &program.module(id).exprs {
                match &expr.kind {
                    ExprKind::String(text) => self.look_in(text, Some(id), |behind| behind.is_empty() || behind.starts_with(':')),
                    ExprKind::Template { parts, .. } => {
                        for part in parts {
                            if let TemplatePart::Text(text, _) = part {
                                self.look_in(text, Some(id), |behind| behind.is_empty() || behind.starts_with(':'));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Forgets what a text names: by the name of a file, or by a path that ends in it.
    fn look_in(&mut self, text: &str, of: Option<ModuleId>, ends: impl Fn(&str) -> bool) {
        let mut at = 0;
        while let Some(start) = text[at..].find(is_of_word).map(|found| at + found) {
            let end = text[start..].find(|c| !is_of_word(c)).map_or(text.len(), |found| start + found);
            at = end;
            let Some(programs) = self.programs.get_mut(&text[start..end]) else { continue };
            programs.retain(|(rest, id)| {
                let Some(behind) = text[end..].strip_prefix(rest).filter(|behind| !behind.starts_with(is_of_word)) else { return true };
                let is_path = text[..start].ends_with(['/', '.']) && ends(behind);
                let is_file = EXTENSIONS
                    .iter()
                    .chain(&[".py"])
                    .any(|extension| behind.strip_prefix(extension).is_some_and(|rest| !rest.starts_with(is_of_word)));
                of == Some(*id) || !(is_path || is_file)
            });
        }
    }

    fn left(self) -> BTreeSet<ModuleId> {
        self.programs.into_values().flatten().map(|(_, id)| id).collect()
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}
