//! Modules that are imported by name at run time: plugins, routers that are found in a folder.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::services::is_below;

/// Functions that import a module by its name.
const BY_NAME: [&str; 4] =
    ["importlib.import_module", "__import__", "werkzeug.utils.import_string", "django.utils.module_loading.import_string"];

/// Functions that find the modules of a folder.
const IN_FOLDER: [&str; 3] = ["pkgutil.iter_modules", "pkgutil.walk_packages", "werkzeug.utils.find_modules"];

/// Packages that load the modules of a folder.
const LOADERS: [&str; 4] = ["@fastify/autoload", "fastify-autoload", "require-all", "require-directory"];

fn imports(program: &Program, id: ModuleId, packages: &[&str]) -> bool {
    program.module(id).imports.iter().any(|import| packages.contains(&import.module.as_str()))
}

/// The modules that a module may import so: those that its constant texts name, wholly or as the beginning of a name that
/// is put together; where it looks through a folder, those in its own.
pub(super) fn by_name(program: &Program, id: ModuleId) -> Vec<ModuleId> {
    let module = program.module(id);
    let calls =
        |names: &[&str]| program.calls[id.0 as usize].iter().any(|s| s.callee.library().is_some_and(|n| names.contains(&n.as_str())));
    let mut found = Vec::new();
    if calls(&BY_NAME) {
        for expr in &module.exprs {
            match &expr.kind {
                ExprKind::String(text) => found.extend(named(program, text, false)),
                ExprKind::Template { parts, .. } => {
                    if let Some(TemplatePart::Text(text, _)) = parts.first() {
                        found.extend(named(program, text, true));
                    }
                }
                _ => {}
            }
        }
    }
    let in_folder = match module.language {
        Language::Python => calls(&IN_FOLDER),
        // A path that is put together, or a plugin that reads a folder.
        Language::TypeScript => calls(&["js:globalThis.require", "js:globalThis.import"]) || imports(program, id, &LOADERS),
    };
    if in_folder {
        let directory = program.sources.get(module.file).directory();
        let is_loaded = |other: &ModuleId| is_below(program.path(*other), directory) && may_be_loaded(program, *other);
        found.extend(program.code_ids().filter(is_loaded));
    }
    found
}

/// Whether something may load a module for what it gives: a program of JavaScript exports nothing.
#[must_use]
pub fn may_be_loaded(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    module.language == Language::Python || program.sources.get(module.file).text.contains("export")
}

/// The modules that a dotted name, or the beginning of one, leads to.
fn named(program: &Program, text: &str, begins: bool) -> Vec<ModuleId> {
    let prefix = text.strip_suffix('.').filter(|_| begins || text.ends_with('.'));
    let name = prefix.unwrap_or(text);
    let is_name = !name.is_empty() && name.split('.').all(|part| part.chars().all(|c| c.is_alphanumeric() || c == '_') && !part.is_empty());
    // One word alone may be anything.
    if !is_name || (prefix.is_none() && !name.contains('.')) {
        return Vec::new();
    }
    let path = name.replace('.', "/");
    let leads = |id: &ModuleId| {
        let own = program.path(*id).trim_end_matches(".py").trim_end_matches("/__init__");
        let around = if prefix.is_some() { own.rsplit_once('/').map_or("", |(up, _)| up) } else { own };
        around == path || around.strip_suffix(&*path).is_some_and(|rest| rest.ends_with('/'))
    };
    program.code_ids().filter(leads).collect()
}
