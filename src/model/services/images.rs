//! Images of services: which one a unit is built into, and which module it starts.

use std::collections::{BTreeSet, VecDeque};

use super::apps::App;
use super::{is_below, is_other_language};
use crate::ir::image::{Form, Image, InstructionKind, Stage};
use crate::model::program::{ModuleId, Program};
use crate::model::routes::Routes;

/// The image that a unit is built into: of those in its directory or below it, and those above it that copy from it, the
/// first that starts one of its apps; else the first in its directory or below it.
pub(super) fn of_unit(program: &Program, images: &[Image], started: &[Vec<ModuleId>], directory: &str, apps: &[App]) -> Option<usize> {
    let folder = |index: usize| program.sources.get(images[index].file).directory();
    let is_plain = |index: usize| program.sources.get(images[index].file).name() == "Dockerfile";
    let is_own =
        |index: &usize| is_below(folder(*index), directory) && (folder(*index) == directory || !is_other_language(program, folder(*index)));
    let mut own: Vec<usize> = (0..images.len()).filter(is_own).collect();
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

/// The app that is created where an image starts, or else in the nearest module that this imports; the one with the most
/// handlers in reach among equals.
pub(super) fn started_app(program: &Program, routes: &Routes, started: &[ModuleId], apps: &[App]) -> Option<usize> {
    let mut layer: BTreeSet<ModuleId> = started.iter().copied().collect();
    let mut seen = layer.clone();
    while !layer.is_empty() {
        let here = (0..apps.len()).filter(|app| layer.contains(&apps[*app].module));
        let handlers = |app: &usize| {
            let reached: BTreeSet<ModuleId> = reach(program, &[apps[*app].module]).collect();
            let count = routes.handlers.iter().filter(|handler| reached.contains(&handler.function.module)).count();
            (count, std::cmp::Reverse(*app))
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

/// The modules that an image's command names: `uvicorn app.main:app`, `python app/main.py`, `python -m app`. Where the last
/// stage names none, it is there for tests, and one before it counts.
pub(super) fn started(program: &Program, image: &Image) -> Vec<ModuleId> {
    let folder = program.sources.get(image.file).directory();
    let of_stage = |stage| named(program, folder, &words(image, stage));
    image.stages.iter().rev().map(of_stage).find(|modules| !modules.is_empty()).unwrap_or_default()
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
    match word.split_once(':') {
        Some((target, _)) => ends(&dotted(), &target.trim_end_matches(".py").replace('/', ".")),
        None if word.ends_with(".py") => ends(path, word.rsplit_once("/app/").map_or(word, |(_, name)| name)),
        None => is_dotted && ends(&dotted(), word),
    }
}
