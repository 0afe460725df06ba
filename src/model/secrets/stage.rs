//! What the code around a literal is for: production, a developer's machine, an example.

use super::names::words;
use crate::ir::program::ExprId;
use crate::ir::walk::Around;
use crate::model::program::{ModuleId, Program};

/// What a piece of code is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Nothing says otherwise.
    Production,
    /// `class Development(Config)`, `settings/local.py`
    Development,
    /// `examples/`
    Example,
}

/// What the code around a literal is for.
#[must_use]
pub fn stage(program: &Program, id: ModuleId, literal: ExprId) -> Stage {
    const DEVELOPMENT: &[&str] = &["development", "dev", "local", "test", "testing", "tests", "ci"];
    let module = program.module(id);
    let is_named = |name: &str| {
        let words = words(name);
        let rest = words.iter().filter(|word| !matches!(word.as_str(), "config" | "settings" | "configuration" | "env"));
        words.iter().any(|word| DEVELOPMENT.contains(&word.as_str())) && rest.count() == 1
    };
    let in_class = module.around(literal).any(|around| matches!(around, Around::Class(class) if is_named(&module.class(class).name)));
    let path = program.path(id);
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    if in_class || is_named(file.trim_end_matches(".py")) {
        return Stage::Development;
    }
    let is_example = |folder: &str| ["example", "sample", "docs", "demo", "tutorial"].iter().any(|word| folder.contains(word));
    if folders.split('/').any(is_example) { Stage::Example } else { Stage::Production }
}
