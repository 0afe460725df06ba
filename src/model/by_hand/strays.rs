//! Programs that nothing starts: no module imports them, and nothing that starts something names them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::STARTS;
use crate::ir::image::Image;
use crate::ir::program::*;
use crate::model::loaded::may_be_loaded;
use crate::model::packages::EXTENSIONS;
use crate::model::program::{ModuleId, Program};
use crate::model::services::Started;
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
    pub(super) fn find(program: &'p Program, images: &[Image], run: &Started) -> Self {
        let mut started: BTreeMap<&str, BTreeSet<ModuleId>> = BTreeMap::new();
        for (image, modules) in images.iter().zip(&run.by_image) {
            started.entry(program.sources.get(image.file).directory()).or_default().extend(modules);
        }
        let directories: BTreeSet<&str> =
            program.code_ids().filter(|id| program.module(*id).language == Language::TypeScript).map(|id| program.package_of(id)).collect();
        let is_library =
            |directory: &&str| !started.contains_key(directory) && program.package_manifests.of(directory).is_some_and(is_library);
        let libraries = directories.into_iter().filter(is_library).collect();
        Self { images: started, libraries }
    }

    /// Of modules that nobody imports, those that nothing starts.
    pub(super) fn without(&self, program: &Program, alone: impl Iterator<Item = ModuleId>) -> BTreeSet<ModuleId> {
        let programs = Programs::of(program, alone.filter(|id| self.are_programs(program, *id)));
        let named = programs.named(program);
        programs.by_word.into_values().flatten().map(|(_, id)| id).filter(|id| !named.contains(id)).collect()
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
                let package = program.package_of(id);
                (self.libraries.contains(package) || starts_another(package)) && !may_be_loaded(program, id)
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

/// Programs that something may name.
struct Programs<'p> {
    /// By the first word of the file's name: the rest of it without its end, and the module.
    by_word: FxHashMap<&'p str, Vec<(&'p str, ModuleId)>>,
}

impl<'p> Programs<'p> {
    fn of(program: &'p Program, ids: impl Iterator<Item = ModuleId>) -> Self {
        let mut by_word: FxHashMap<&str, Vec<_>> = FxHashMap::default();
        for id in ids {
            let stem = stem(program.sources.get(program.module(id).file).name());
            let (word, rest) = stem.split_at(stem.find(|c| !is_of_word(c)).unwrap_or(stem.len()));
            if !word.is_empty() {
                by_word.entry(word).or_default().push((rest, id));
            }
        }
        Self { by_word }
    }

    /// Those that a text of the project names by their file. What a workflow runs, people see; what is written about a program
    /// starts nothing.
    fn named(&self, program: &Program) -> FxHashSet<ModuleId> {
        if self.by_word.is_empty() {
            return FxHashSet::default();
        }
        let in_text = |file: &SourceFile| {
            let is_code = matches!(file.kind, FileKind::Python | FileKind::TypeScript);
            let is_lock = file.kind == FileKind::Manifest && (file.name().contains("lock") || file.name().contains("shrinkwrap"));
            let is_read = !is_code && !is_lock && !file.path.starts_with(".github/");
            if is_read { self.named_in(&file.text, |behind| !behind.starts_with('/')) } else { Vec::new() }
        };
        let in_code = |id: ModuleId| {
            let texts = program.module(id).exprs.iter().flat_map(|expr| match &expr.kind {
                ExprKind::String(text) => vec![text.as_str()],
                ExprKind::Template { parts, .. } => {
                    let text = |part: &TemplatePart| if let TemplatePart::Text(text, _) = part { Some(text.as_str()) } else { None };
                    parts.iter().filter_map(text).collect()
                }
                _ => Vec::new(),
            });
            let named = texts.flat_map(|text| self.named_in(text, |behind| behind.is_empty() || behind.starts_with(':')));
            named.filter(|named| *named != id).collect::<Vec<_>>()
        };
        let files: Vec<&SourceFile> = program.sources.iter().map(|(_, file)| file).collect();
        let ids: Vec<ModuleId> = program.module_ids().collect();
        files.into_par_iter().flat_map_iter(in_text).chain(ids.into_par_iter().flat_map_iter(in_code)).collect()
    }

    /// Those that a text names: by the name of a file, or by a path that ends in it.
    fn named_in(&self, text: &str, ends: impl Fn(&str) -> bool) -> Vec<ModuleId> {
        let (mut at, mut found) = (0, Vec::new());
        while let Some(start) = text[at..].find(is_of_word).map(|found| at + found) {
            let end = text[start..].find(|c| !is_of_word(c)).map_or(text.len(), |found| start + found);
            at = end;
            let programs = self.by_word.get(&text[start..end]).into_iter().flatten();
            let is_named = |(rest, _): &&(&str, ModuleId)| {
                let Some(behind) = text[end..].strip_prefix(rest).filter(|behind| !behind.starts_with(is_of_word)) else { return false };
                let is_path = text[..start].ends_with(['/', '.']) && ends(behind);
                let is_file = EXTENSIONS
                    .iter()
                    .chain(&[".py"])
                    .any(|extension| behind.strip_prefix(extension).is_some_and(|rest| !rest.starts_with(is_of_word)));
                is_path || is_file
            };
            found.extend(programs.filter(is_named).map(|(_, id)| *id));
        }
        found
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}
