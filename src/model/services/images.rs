//! Images of services: which one a unit is built into, and which module it starts.

use std::collections::{BTreeSet, VecDeque};

use rayon::prelude::*;

use super::apps::{self, App};
use super::{is_below, is_other_language};
use crate::ir::image::{Command, Form, Image, InstructionKind, Stage};
use crate::ir::program::Language;
use crate::model::by_hand::RUNNERS;
use crate::model::packages::{BUILT, EXTENSIONS};
use crate::model::program::{ModuleId, Program};
use crate::model::routes::Routes;

/// The image that a unit is built into: of those in its directory or below it, and those above it that copy from it, the
/// first that starts one of its apps; else the first in its directory or below it.
pub(super) fn of_unit(program: &Program, images: &[Image], started: &[Vec<ModuleId>], directory: &str, apps: &[App]) -> Option<usize> {
    let folder = |index: usize| program.sources.get(images[index].file).directory();
    let is_plain = |index: usize| program.sources.get(images[index].file).name() == "Dockerfile";
    let language = apps.first().map_or(Language::Python, |app| program.module(app.module).language);
    let is_own = |index: &usize| {
        is_below(folder(*index), directory) && (folder(*index) == directory || !is_other_language(program, folder(*index), language))
    };
    let mut own: Vec<usize> = (0..images.len()).filter(is_own).filter(|index| !runs_other_language(&images[*index], language)).collect();
    own.retain(|index| !program.sources.get(images[*index].file).test);
    own.sort_by_key(|index| (folder(*index) != directory, !is_plain(*index)));
    let is_above = |index: &usize| {
        let below = directory.strip_prefix(folder(*index)).map(|rest| rest.trim_start_matches('/'));
        folder(*index) != directory
            && is_below(directory, folder(*index))
            && below.is_some_and(|below| copies(&images[*index], below) || copies(&images[*index], directory))
    };
    let above = (0..images.len()).filter(is_above);
    let starts = |index: &usize| apps.iter().any(|app| reach(program, &started[*index]).any(|id| id == app.module));
    own.iter().copied().chain(above).find(starts).or_else(|| own.first().copied())
}

/// Bases of images that run JavaScript.
const JAVASCRIPT: [&str; 3] = ["node", "bun", "deno"];

/// Bases of images that run programs of languages that are not read.
const OTHER_LANGUAGES: [&str; 11] =
    ["golang", "rust", "openjdk", "eclipse-temurin", "amazoncorretto", "maven", "gradle", "ruby", "php", "nginx", "httpd"];

/// Whether an image is that of a program which is neither Python's nor JavaScript's: a stage of it is built on the base of
/// another language, and its last on none of these two.
#[must_use]
pub fn is_of_other_language(image: &Image) -> bool {
    fn name(base: &str) -> &str {
        base.rsplit('/').next().unwrap_or_default().split([':', '@']).next().unwrap_or_default()
    }
    let is_other = |stage: &Stage| OTHER_LANGUAGES.contains(&name(&stage.base.value)) || stage.base.value.contains("/dotnet/");
    let is_ours = |stage: &Stage| name(&stage.base.value) == "python" || JAVASCRIPT.contains(&name(&stage.base.value));
    let last = image.last_stage().into_iter().flat_map(|last| image.lineage(last));
    image.stages.iter().any(is_other) && !last.into_iter().any(is_ours)
}

/// Whether an image is built on another language's base, and nothing in it speaks of this one.
pub(super) fn runs_other_language(image: &Image, language: Language) -> bool {
    let Some(stage) = image.last_stage() else { return false };
    let lineage: Vec<&Stage> = image.lineage(stage).collect();
    let base = lineage.last().map_or("", |stage| stage.base.value.as_str());
    let name = base.rsplit('/').next().unwrap_or_default().split([':', '@']).next().unwrap_or_default();
    let commands = lineage.iter().flat_map(|stage| &stage.instructions).filter_map(|instruction| match &instruction.kind {
        InstructionKind::Run(command) | InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => Some(command),
        _ => None,
    });
    let mut texts = commands.flat_map(Command::texts);
    let (others, words): (&[&str], &[&str]) = match language {
        Language::Python => (&JAVASCRIPT, &["python", "pip", "uvicorn", "gunicorn", "uv sync", "uv run", "poetry"]),
        Language::TypeScript => (&["python"], &["node", "npm", "yarn", "pnpm", "bun", "deno"]),
    };
    let speaks = |text: &str| words.iter().any(|word| text.contains(word));
    (OTHER_LANGUAGES.contains(&name) || others.contains(&name)) && !texts.any(|text| speaks(&text.value))
}

/// Whether an image copies a folder of its context (its own directory, or the project's root), or something in it.
fn copies(image: &Image, folder: &str) -> bool {
    let instructions = image.stages.iter().flat_map(|stage| &stage.instructions);
    let sources = instructions.filter_map(|instruction| match &instruction.kind {
        InstructionKind::Copy(copy) | InstructionKind::Add(copy) if copy.from.is_none() => Some(&copy.sources),
        _ => None,
    });
    sources.flatten().any(|source| {
        let path = source.value.trim_start_matches("./").trim_end_matches('/');
        is_below(path, folder) || (!path.is_empty() && path != "." && is_below(folder, path))
    })
}

/// The app that is created where an image starts, or else in the nearest module that this imports; among equals the one that
/// something listens for, and that has the most handlers.
pub(super) fn started_app(program: &Program, routes: &Routes, started: &[ModuleId], apps: &[App]) -> Option<usize> {
    let mut layer: BTreeSet<ModuleId> = started.iter().copied().collect();
    let mut seen = layer.clone();
    while !layer.is_empty() {
        let here = (0..apps.len()).filter(|app| layer.contains(&apps[*app].module));
        let handlers = |app: &usize| {
            let reached: BTreeSet<ModuleId> = reach(program, &[apps[*app].module]).collect();
            let count = routes.handlers.iter().filter(|handler| reached.contains(&handler.function.module)).count();
            let is_javascript = program.module(apps[*app].module).language == Language::TypeScript;
            let on = if is_javascript { apps::handlers_on(program, routes, &apps[*app]) } else { 0 };
            (apps[*app].is_started, on, count, std::cmp::Reverse(*app))
        };
        if let Some(app) = here.max_by_key(handlers) {
            return Some(app);
        }
        let next = layer.iter().flat_map(|id| program.imported_modules(*id));
        layer = next.filter(|id| seen.insert(*id)).collect();
    }
    None
}

/// Modules and what they import, nearest first.
fn reach(program: &Program, from: &[ModuleId]) -> impl Iterator<Item = ModuleId> {
    let mut seen: BTreeSet<ModuleId> = from.iter().copied().collect();
    let mut todo: VecDeque<ModuleId> = from.iter().copied().collect();
    std::iter::from_fn(move || {
        let id = todo.pop_front()?;
        todo.extend(program.imported_modules(id).filter(|imported| seen.insert(*imported)));
        Some(id)
    })
}

/// What images run, of the project.
#[derive(Debug, Default)]
pub struct Started {
    /// For each image, the modules that its command names.
    pub(in crate::model) by_image: Vec<Vec<ModuleId>>,
    /// Modules that run while an image is built, or that ask whether its container is well, which Docker ends after a while.
    pub(in crate::model) beside: BTreeSet<ModuleId>,
}

impl Started {
    /// Finds out.
    #[must_use]
    pub fn find(program: &Program, images: &[Image]) -> Self {
        Self {
            by_image: images.par_iter().map(|image| started(program, image)).collect(),
            beside: images.par_iter().flat_map_iter(|image| run_beside(program, image)).collect(),
        }
    }
}

/// The modules that an image's command names: `uvicorn app.main:app`, `python app/main.py`, `python -m app`. Where the last
/// stage names none, it is there for tests, and one before it counts.
fn started(program: &Program, image: &Image) -> Vec<ModuleId> {
    let folder = program.sources.get(image.file).directory();
    let of_stage = |stage| named(program, folder, &with_scripts(program, folder, words(image, stage)));
    image.stages.iter().rev().map(of_stage).find(|modules| !modules.is_empty()).unwrap_or_default()
}

/// The modules that run while an image is built, or that ask whether its container is well.
fn run_beside(program: &Program, image: &Image) -> Vec<ModuleId> {
    let folder = program.sources.get(image.file).directory();
    let commands = image.stages.iter().flat_map(|stage| &stage.instructions).filter_map(|instruction| match &instruction.kind {
        InstructionKind::Run(command) | InstructionKind::Healthcheck(Some(command)) => Some(command),
        _ => None,
    });
    let lines = commands.flat_map(|command| match &command.form {
        Form::Exec(words) => vec![words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(" ")],
        Form::Shell(line) => line.value.split(['&', '|', ';']).map(str::to_owned).collect(),
    });
    let program_of = |line: String| {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let runs = |word: &String| word.starts_with("python") || RUNNERS.contains(&word.as_str());
        let behind = words.iter().position(runs).map_or(0, |at| at + 1);
        let at = (behind..words.len()).find(|at| !words[*at].starts_with('-'))?;
        Some(named(program, folder, &words[at.saturating_sub(1)..=at]))
    };
    lines.filter_map(program_of).flatten().collect()
}

/// How often one script of `package.json` may run another.
const MOST_SCRIPTS: usize = 4;

/// Words of commands, and of the scripts of `package.json` that they run: `npm start`, `yarn run serve`.
fn with_scripts(program: &Program, folder: &str, mut words: Vec<String>) -> Vec<String> {
    let manifest = program.sources.in_directory(folder).find(|file| file.name() == "package.json");
    let scripts = manifest.and_then(|file| serde_json::from_str::<serde_json::Value>(&file.text).ok());
    let Some(scripts) = scripts.as_ref().and_then(|manifest| manifest.get("scripts")?.as_object()) else { return words };
    let mut at = 0;
    for _ in 0..MOST_SCRIPTS {
        let runs = |word: &String| matches!(word.as_str(), "npm" | "yarn" | "pnpm" | "bun" | "npm-run-all" | "run-s");
        let Some(manager) = words[at..].iter().position(runs) else { break };
        let mut behind = words[at + manager + 1..].iter().filter(|word| *word != "run" && !word.starts_with('-'));
        let script = behind.next().and_then(|name| scripts.get(name)).and_then(serde_json::Value::as_str);
        at = words.len();
        words.extend(script.into_iter().flat_map(str::split_whitespace).map(str::to_owned));
    }
    words
}

/// The modules that the commands of a Procfile in a directory name.
pub(super) fn by_procfile(program: &Program, directory: &str) -> Vec<ModuleId> {
    let procfile = program.sources.in_directory(directory).find(|file| file.name() == "Procfile");
    let words: Vec<String> = procfile.into_iter().flat_map(|file| file.text.split_whitespace()).map(str::to_owned).collect();
    named(program, directory, &words)
}

/// The modules that words of commands name. Those below a folder, where several bear the name.
fn named(program: &Program, folder: &str, words: &[String]) -> Vec<ModuleId> {
    let mut found: Vec<ModuleId> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let word = word.trim_matches(['"', '\'']);
        let previous = index.checked_sub(1).map_or("", |at| words[at].as_str());
        // `pytest -m slow` selects tests.
        let command = words[..index].iter().rev().find(|word| !word.starts_with('-')).map_or("", String::as_str);
        let is_dotted = matches!(previous, "-m" | "--app" | "-A" | "FLASK_APP") && !command.ends_with("pytest");
        // gunicorn calls what a module gives as `application`.
        let is_wsgi = word.ends_with(".wsgi") || word.ends_with(".asgi");
        if !is_dotted && !is_wsgi && !may_name(word) {
            continue;
        }
        let is_test = |id: &ModuleId| program.sources.get(program.module(*id).file).test;
        let names = |id: &ModuleId| is_named(program.path(*id), word, is_dotted || is_wsgi) && !is_test(id);
        let named: Vec<ModuleId> = program.module_ids().filter(names).collect();
        let near: Vec<ModuleId> = named.iter().copied().filter(|id| is_below(program.path(*id), folder)).collect();
        found.extend(if near.is_empty() { named } else { near });
    }
    found
}

/// The words of what an image runs; behind `FLASK_APP`, what that variable says.
fn words(image: &Image, stage: &Stage) -> Vec<String> {
    let mut words = Vec::new();
    for instruction in image.lineage(stage).flat_map(|stage| &stage.instructions) {
        match &instruction.kind {
            InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => {
                let texts = match &command.form {
                    Form::Exec(texts) => texts.as_slice(),
                    Form::Shell(text) => std::slice::from_ref(text),
                };
                words.extend(texts.iter().flat_map(|text| text.value.split_whitespace()).map(str::to_owned));
            }
            InstructionKind::Env(variables) => {
                for variable in variables.iter().filter(|variable| variable.name.value == "FLASK_APP") {
                    let value = variable.value.iter().map(|value| value.value.clone());
                    words.extend(std::iter::once("FLASK_APP".to_owned()).chain(value));
                }
            }
            _ => {}
        }
    }
    words
}

/// A path without the ending of a module of TypeScript.
fn javascript_stem(path: &str) -> Option<&str> {
    EXTENSIONS.iter().find_map(|end| path.strip_suffix(end))
}

/// Whether a word has the form of a file, or of an object in a module.
fn may_name(word: &str) -> bool {
    word.contains(':') || word.ends_with(".py") || javascript_stem(word).is_some()
}

/// Whether a word of a command names the module at a path: `app.main:app`, `app/main.py`, and `app.main` where a dotted
/// name is expected.
pub(super) fn is_named(path: &str, word: &str, is_dotted: bool) -> bool {
    let ends = |whole: &str, end: &str| {
        !end.is_empty() && (whole == end || whole.strip_suffix(end).is_some_and(|rest| rest.ends_with(['.', '/'])))
    };
    let dotted = || {
        let path = path.trim_end_matches(".py");
        path.strip_suffix("/__init__").or_else(|| path.strip_suffix("/__main__")).unwrap_or(path).replace('/', ".")
    };
    let word = word.trim_start_matches("./");
    if let Some(stem) = javascript_stem(path) {
        // `node dist/main.js` runs what `src/main.ts` was built into.
        let word = word.trim_start_matches("/app/").trim_start_matches("/usr/src/app/");
        let Some(asked) = javascript_stem(word) else { return false };
        let built = asked.split_once('/').filter(|(first, _)| BUILT.contains(first)).map(|(_, rest)| rest);
        return ends(stem, asked)
            || built.is_some_and(|rest| ends(stem, rest) || rest.split_once('/').is_some_and(|(_, deeper)| ends(stem, deeper)));
    }
    match word.split_once(':') {
        Some((target, _)) => ends(&dotted(), &target.trim_end_matches(".py").replace('/', ".")),
        None if word.ends_with(".py") => ends(path, word.rsplit_once("/app/").map_or(word, |(_, name)| name)),
        None => is_dotted && ends(&dotted(), word),
    }
}
