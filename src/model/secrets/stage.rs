//! What the code around a literal is for: production, a developer's machine, an example.

use super::browser;
use super::names::words;
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::development;
use crate::model::program::{ModuleId, Program};
use crate::model::services::is_example;

/// What a piece of code is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Nothing says otherwise.
    Production,
    /// `class Development(Config)`, `settings/local.py`
    Development,
    /// `examples/`
    Example,
    /// What is sent to browsers holds no secret, whatever it is called.
    Browser,
}

/// What stages are called that are not production.
const DEVELOPMENT: &[&str] = &["development", "dev", "local", "test", "testing", "tests", "ci"];

/// Whether a word of a file's or folder's name says that it serves trials alone.
fn is_trial(word: &str) -> bool {
    matches!(
        word,
        "seed"
            | "seeds"
            | "seeder"
            | "seeders"
            | "dummy"
            | "hydrate"
            | "populate"
            | "mock"
            | "mocks"
            | "fake"
            | "stub"
            | "loadtest"
            | "loadtests"
            | "benchmark"
            | "benchmarks"
    )
}

/// Words of names of files that say nothing of what the settings in them are for.
const NEUTRAL: [&str; 6] = ["config", "settings", "configuration", "env", "server", "main"];

/// Folders of settings, one file for each place that a program runs in.
const SETTINGS: [&str; 8] = ["conf", "config", "configs", "configuration", "env", "environments", "envs", "settings"];

/// Whether a file holds the settings that tests run with: `settings/test.py`, `config/environments/test.js`, `settings_test.py`.
#[must_use]
pub fn is_for_tests(program: &Program, id: ModuleId) -> bool {
    let (folders, name) = folders_and_name(program, id);
    let words = words(name);
    let rest: Vec<&str> = words.iter().map(String::as_str).filter(|word| !NEUTRAL.contains(word)).collect();
    let lies_there = folders.rsplit('/').next().is_some_and(|folder| SETTINGS.contains(&folder));
    matches!(rest[..], ["test" | "tests" | "testing"]) && (lies_there || rest.len() < words.len())
}

/// The folders that a file lies in, and its name without its ending.
fn folders_and_name(program: &Program, id: ModuleId) -> (&str, &str) {
    let path = program.path(id);
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let is_python = program.module(id).language == Language::Python;
    (folders, if is_python { file.trim_end_matches(".py") } else { file.rsplit_once('.').map_or(file, |f| f.0) })
}

/// What the code around a literal is for.
#[must_use]
pub fn stage(program: &Program, id: ModuleId, literal: ExprId) -> Stage {
    let module = program.module(id);
    if module.language == Language::TypeScript {
        if browser::is_sent(program, id) {
            return Stage::Browser;
        }
        if development::is_guarded_within(program, id, literal) {
            return Stage::Development;
        }
    }
    let is_named = |name: &str| {
        let words = words(name);
        let rest = words.iter().filter(|word| !NEUTRAL.contains(&word.as_str()));
        words.iter().any(|word| DEVELOPMENT.contains(&word.as_str())) && rest.count() == 1
    };
    let in_class = module.around(literal).any(|around| matches!(around, Around::Class(class) if is_named(&module.class(class).name)));
    let (folders, name) = folders_and_name(program, id);
    // What fills a database to try things out, loads a service or plays another one.
    let is_tried =
        |folder: &str| ["dev", "development", "testing", "playground"].contains(&folder) || words(folder).iter().any(|word| is_trial(word));
    if in_class || is_named(name) || words(name).iter().any(|word| is_trial(word)) || folders.split('/').any(is_tried) {
        return Stage::Development;
    }
    if is_example(folders) { Stage::Example } else { Stage::Production }
}
