//! Services: which files make up one deployable unit.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use ustr::Ustr;

use crate::config::ServiceEntry;
use crate::ir::deploy::Deployment;
use crate::ir::image::Image;
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::routes::{Routes, javascript};
use crate::source::{FileKind, Place, SourceFile};

mod apps;
mod deployments;
mod django;
mod images;

use apps::App;
pub use images::{Started, is_of_other_language};

/// One deployable unit.
#[derive(Clone, Debug)]
pub struct Service {
    /// Directory relative to the project root; empty for the root.
    pub directory: String,
    /// The module of its app or entry point.
    pub module: ModuleId,
    /// The expression that creates its app, or the entry point's definition.
    pub app: Place,
    /// The framework's canonical name; nothing for an entry point.
    pub framework: Option<ustr::Ustr>,
    /// The call that creates the app.
    pub app_call: Option<ExprId>,
    /// Calls that create the other apps of the project, by module.
    pub others: Vec<(ModuleId, ExprId)>,
    /// All modules that belong to it, shared libraries included, by id.
    pub modules: Vec<ModuleId>,
    /// Service code: what is reachable by imports from the app's module, and the modules that start it.
    pub code: Vec<ModuleId>,
    /// Index in `Project::images` of the image that it is built into.
    pub image: Option<usize>,
    /// Indices in `Project::deployments` of its deployments.
    pub deployments: Vec<usize>,
}

impl Service {
    /// The last part of its directory.
    #[must_use]
    pub fn name(&self) -> &str {
        self.directory.rsplit('/').next().unwrap_or_default()
    }
}

/// Finds the services of a project.
#[must_use]
pub fn find(
    program: &Program,
    routes: &Routes,
    (images, started): (&[Image], &Started),
    deployments: &[Deployment],
    entries: &[ServiceEntry],
) -> Vec<Service> {
    let mut by_directory: BTreeMap<String, Vec<App>> = BTreeMap::new();
    let apps = apps::find(program, routes);
    let calls: Vec<(ModuleId, ExprId)> = apps.iter().filter_map(|app| Some((app.module, app.call?))).collect();
    for app in apps {
        let file = program.module(app.module).file;
        by_directory.entry(unit_directory(program, program.sources.get(file).directory())).or_default().push(app);
    }
    let directories: Vec<String> = by_directory.keys().cloned().collect();
    let service = |(directory, mut apps): (String, Vec<App>)| {
        let image = images::of_unit(program, images, &started.by_image, &directory, &apps);
        let app = image.and_then(|image| images::started_app(program, routes, &started.by_image[image], &apps));
        let app = app.or_else(|| images::started_app(program, routes, &images::by_procfile(program, &directory), &apps));
        let app = app.or_else(|| django::preferred(program, &directory, &apps));
        // Where nothing is known to be started, what is no example and no tool comes first, and what something listens for.
        let is_main = |app: &App| !is_aside(program, app.module);
        let app = app.or_else(|| apps.iter().position(|app| app.is_started && is_main(app))).or_else(|| apps.iter().position(is_main));
        let app = apps.swap_remove(app.unwrap_or(0));
        let (modules, code) = parts(program, &directory, &directories, &app, &started.beside);
        Service {
            directory,
            module: app.module,
            app: app.place,
            framework: app.framework,
            app_call: app.call,
            others: calls.iter().copied().filter(|(module, call)| (*module, Some(*call)) != (app.module, app.call)).collect(),
            modules,
            code,
            image,
            deployments: Vec::new(),
        }
    };
    let mut services: Vec<Service> = by_directory.into_par_iter().map(service).collect();
    for (index, deployment) in deployments.iter().enumerate() {
        if let Some(service) = deployments::service_of(program, images, &services, deployment, entries) {
            services[service].deployments.push(index);
        }
    }
    services.sort_by_key(|a| a.app);
    services
}

/// Whether a module lies among examples or tools.
#[must_use]
pub fn is_aside(program: &Program, module: ModuleId) -> bool {
    lies_aside(program, program.sources.get(program.module(module).file).directory())
}

/// Whether a directory is one of examples or tools.
#[must_use]
pub fn lies_aside(program: &Program, directory: &str) -> bool {
    let is_package = |end: usize| program.sources.find(&format!("{}/__init__.py", &directory[..end])).is_some();
    let (mut start, mut is_in_code) = (0, false);
    is_example(directory)
        || directory.split('/').any(|part| {
            is_in_code |= start > 0 && is_package(start - 1);
            let lower = part.to_ascii_lowercase();
            let is_one = SCRIPTS.contains(&part) || (!is_in_code && BESIDE_CODE.contains(&lower.as_str()));
            is_in_code |= CODE.contains(&part);
            start += part.len() + 1;
            is_one
        })
}

/// Names of directories that hold programs for those who work on the code, wherever they lie.
const SCRIPTS: [&str; 4] = [".github", "script", "scripts", "scripts-dev"];

/// The same beside the code: `tools` within it are the product's.
const BESIDE_CODE: [&str; 14] = [
    "archive",
    "attic",
    "bin",
    "contrib",
    "dev",
    "dev-server",
    "hack",
    "old",
    "playground",
    "playgrounds",
    "release",
    "releases",
    "testing",
    "tools",
];

/// Names of directories that hold services for whoever works on the code, or reads it.
const APART: [&str; 12] = [
    "dev-server",
    "example",
    "examples",
    "mock-server",
    "mock_server",
    "mock-servers",
    "mock-services",
    "mockserver",
    "mockservices",
    "playground",
    "playgrounds",
    "testing",
];

/// The same at the top of a project: further down they may be what a service is about.
const APART_AT_TOP: [&str; 8] = ["demo", "demos", "sample", "samples", "template", "templates", "tutorial", "tutorials"];

/// Whether a directory is one of those that hold such services, beside the code.
fn lies_apart(directory: &str) -> bool {
    let mut beside_code = directory.split('/').take_while(|part| !CODE.contains(part)).enumerate();
    beside_code.any(|(depth, part)| APART.contains(&part) || (depth == 0 && APART_AT_TOP.contains(&part)))
}

/// Whether a module lies apart from the code that is deployed, which there is.
#[must_use]
pub fn is_apart(program: &Program, module: ModuleId) -> bool {
    let directory = |id: ModuleId| program.sources.get(program.module(id).file).directory();
    lies_apart(directory(module))
        && program.code_ids().any(|id| !lies_apart(directory(id)) && !is_aside(program, id) && !program.path(id).contains(".config."))
}

/// Whether a module is a copy: of somebody else's code, or of code as it once was.
#[must_use]
pub fn is_of_others(program: &Program, module: ModuleId) -> bool {
    let path = program.path(module);
    path.split('/').any(|part| matches!(part, "third_party" | "third-party" | "vendor" | "vendored")) || is_backup(program, path)
}

/// Whether a directory on a path holds what another beside it once was: `src-backup` beside `src`.
fn is_backup(program: &Program, path: &str) -> bool {
    let mut start = 0;
    path.split('/').any(|part| {
        let end = start + part.len();
        let now = ["backup", "backups", "bak", "old"].iter().find_map(|word| part.strip_suffix(word)?.strip_suffix(['-', '_', '.']));
        let is_one = now.is_some_and(|now| {
            let beside = format!("{}{now}/", &path[..start]);
            end < path.len() && program.code_ids().any(|id| program.path(id).starts_with(&beside))
        });
        start = end + 1;
        is_one
    })
}

/// Names of directories that hold the code.
const CODE: [&str; 5] = ["api", "app", "lib", "server", "src"];

/// Words that names of directories begin or end with whose code is there to be read.
const EXAMPLES: [&str; 7] = ["example", "sample", "demo", "tutorial", "playground", "scaffold", "template"];

/// Whether a directory, or one around it, holds code that is there to be read rather than deployed.
#[must_use]
pub fn is_example(directory: &str) -> bool {
    let is_one = |word: &str| EXAMPLES.contains(&word) || word.strip_suffix('s').is_some_and(|one| EXAMPLES.contains(&one));
    let mut is_in_code = false;
    directory.split('/').any(|part| {
        let part = part.to_lowercase();
        let mut words = part.split(['-', '_', '.']);
        let first = words.next().unwrap_or_default();
        let last = words.next_back().unwrap_or(first);
        let is_example =
            is_one(first) || is_one(last) || matches!(part.as_str(), "doc" | "docs" | "docs_src") || part.starts_with("example");
        // What code fills in are templates, too, and a service may be about them.
        let is_filled_in = part.contains("template") && (is_in_code || (first.starts_with("template") && first != last));
        is_in_code |= CODE.contains(&part.as_str());
        is_example && !is_filled_in
    })
}

/// The nearest directory at or above one that holds something a unit is built from; else the directory itself.
fn unit_directory(program: &Program, directory: &str) -> String {
    unit_of(program, directory).unwrap_or(directory).to_owned()
}

/// The nearest directory at or above one that holds something a unit is built from.
pub(super) fn unit_of<'d>(program: &Program, directory: &'d str) -> Option<&'d str> {
    let mut at = directory;
    loop {
        if is_unit(program, at) {
            return Some(at);
        }
        match at.rsplit_once('/') {
            Some((up, _)) => at = up,
            None if at.is_empty() => return None,
            None => at = "",
        }
    }
}

fn is_unit(program: &Program, directory: &str) -> bool {
    program.sources.in_directory(directory).any(is_build_file)
}

/// Whether a unit is built from a file: a Dockerfile, or what declares dependencies.
#[must_use]
pub fn is_build_file(file: &SourceFile) -> bool {
    let name = file.name();
    match file.kind {
        FileKind::Dockerfile => true,
        FileKind::Manifest => {
            matches!(name, "pyproject.toml" | "Pipfile" | "package.json") || (name.starts_with("requirements") && name.ends_with(".txt"))
        }
        FileKind::Python => name == "setup.py",
        _ => false,
    }
}

/// Whether what is built in a directory is of another language than this.
fn is_other_language(program: &Program, directory: &str, language: Language) -> bool {
    let is_of = |file: &SourceFile| match (file.kind, language) {
        (FileKind::Python, Language::Python) | (FileKind::TypeScript, Language::TypeScript) => true,
        (FileKind::Manifest, Language::Python) => file.name() != "package.json" && is_build_file(file),
        (FileKind::Manifest, Language::TypeScript) => file.name() == "package.json",
        _ => false,
    };
    let is_of_other = |file: &SourceFile| match language {
        Language::Python => file.name() == "package.json",
        Language::TypeScript => file.kind == FileKind::Python || (file.name() != "package.json" && is_build_file(file)),
    };
    let files = || program.sources.in_directory(directory).filter(|file| file.kind != FileKind::Dockerfile);
    files().any(is_of_other) && !files().any(is_of)
}

/// All modules of a unit, and those that its app's module reaches.
fn parts(
    program: &Program,
    directory: &str,
    directories: &[String],
    app: &App,
    beside: &BTreeSet<ModuleId>,
) -> (Vec<ModuleId>, Vec<ModuleId>) {
    let own = |id: &ModuleId| {
        let path = program.path(*id);
        is_below(path, directory) && !directories.iter().any(|d| d.len() > directory.len() && is_below(d, directory) && is_below(path, d))
    };
    let is_test = |id: &ModuleId| program.sources.get(program.module(*id).file).test;
    let below: Vec<ModuleId> = program.code_ids().filter(own).collect();
    let modules = closure(program, below.iter().copied());
    let own_code = below.iter().copied().filter(|id| !is_test(id));
    let code = if app.framework.is_some_and(|f| f.starts_with("django.")) {
        // Settings and URLconfs name the rest in strings.
        let is_tool = |id: &ModuleId| is_aside(program, *id) && !is_aside(program, app.module);
        closure(program, own_code.filter(|id| !beside.contains(id) && !is_tool(id)))
    } else {
        let leads_to_app = packages_that_import(program, app.module);
        let starts = |id: &ModuleId| {
            // What a framework finds by its place is imported by nobody.
            program.imported_modules(*id).any(|m| leads_to_app.contains(&m))
                || javascript::names_by_place(program, *id)
                    .iter()
                    .any(|name| program.bindings(*id, program.module(*id).exports, Ustr::from(name)).next().is_some())
        };
        closure(program, std::iter::once(app.module).chain(own_code.filter(starts)))
    };
    (modules.into_iter().collect(), code.into_iter().filter(|id| !is_test(id)).collect())
}

/// A module, and the packages whose `__init__` imports it, or imports such a package: importing one of these leads to it.
fn packages_that_import(program: &Program, module: ModuleId) -> BTreeSet<ModuleId> {
    let mut found = BTreeSet::from([module]);
    loop {
        let is_new = |id: &ModuleId| {
            program.path(*id).ends_with("__init__.py") && !found.contains(id) && program.imported_modules(*id).any(|m| found.contains(&m))
        };
        let new: Vec<ModuleId> = program.code_ids().filter(is_new).collect();
        if new.is_empty() {
            return found;
        }
        found.extend(new);
    }
}

/// Whether a path lies in a directory or below.
#[must_use]
pub fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path == directory || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a command has nothing to do with an app that is served: in JavaScript, neither uses the other. In Python, commands
/// make the app to get at what it keeps.
pub(super) fn is_beside(program: &Program, app: ModuleId, command: ModuleId) -> bool {
    let reaches = |from: ModuleId, to: ModuleId| closure(program, std::iter::once(from)).contains(&to);
    let may_use = program.module(command).language == Language::Python;
    !reaches(app, command) && (may_use || !reaches(command, app))
}

/// Modules and all that they import, packages' `__init__` included, and what is imported by name at run time.
pub(super) fn closure(program: &Program, start: impl Iterator<Item = ModuleId>) -> BTreeSet<ModuleId> {
    let mut found: BTreeSet<ModuleId> = BTreeSet::new();
    let mut todo: Vec<ModuleId> = start.collect();
    while let Some(id) = todo.pop() {
        if found.insert(id) {
            todo.extend(program.imported_modules(id));
            todo.extend(program.imported_at_run_time(id));
        }
    }
    found
}
