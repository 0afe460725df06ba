//! Services: which files make up one deployable unit.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::deploy::Deployment;
use crate::ir::image::{Command, Form, Image, InstructionKind};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{HandlerKind, Routes, inherits};
use crate::source::{FileKind, Place, SourceFile};

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

struct App {
    module: ModuleId,
    place: Place,
    framework: Option<ustr::Ustr>,
    call: Option<ExprId>,
}

/// Finds the services of a project.
#[must_use]
pub fn find(program: &Program, routes: &Routes, images: &[Image], deployments: &[Deployment]) -> Vec<Service> {
    let mut by_directory: BTreeMap<String, Vec<App>> = BTreeMap::new();
    for app in apps(program, routes) {
        let file = program.module(app.module).file;
        by_directory.entry(unit_directory(program, program.sources.get(file).directory())).or_default().push(app);
    }
    let directories: Vec<String> = by_directory.keys().cloned().collect();
    let mut services = Vec::new();
    for (directory, mut apps) in by_directory {
        let image = image_of(program, images, &directory, directories.len());
        let started = image.and_then(|i| apps.iter().position(|app| starts(program, &images[i], app.module)));
        let app = apps.swap_remove(started.unwrap_or(0));
        let (modules, code) = parts(program, &directory, &directories, &app);
        services.push(Service {
            directory,
            module: app.module,
            app: app.place,
            framework: app.framework,
            app_call: app.call,
            modules,
            code,
            image,
            deployments: Vec::new(),
        });
    }
    for (index, deployment) in deployments.iter().enumerate() {
        if let Some(service) = service_of(program, &services, deployment) {
            services[service].deployments.push(index);
        }
    }
    services.sort_by_key(|a| a.app);
    services
}

/// Apps of code that is no test, by place; entry points where a module has no app.
fn apps(program: &Program, routes: &Routes) -> Vec<App> {
    let resolver = Resolver::new(program);
    let mut found = Vec::new();
    for id in program.module_ids() {
        let module = program.module(id);
        if program.sources.get(module.file).test {
            continue;
        }
        for site in &program.calls[id.0 as usize] {
            let framework = match site.callee {
                Entity::Library(name) if program.apis.row(name).is_some_and(|row| row.is(Role::App)) => Some(name),
                Entity::Class(m, c) => app_class(program, &resolver, m, c),
                _ => None,
            };
            if framework.is_some() {
                found.push(App { module: id, place: program.place(id, site.expr), framework, call: Some(site.expr) });
            }
        }
    }
    for handler in routes.handlers.iter().filter(|h| h.kind == HandlerKind::EntryPoint) {
        let id = handler.function.module;
        let file = program.module(id).file;
        if program.sources.get(file).test || found.iter().any(|app| app.module == id) {
            continue;
        }
        let span = program.function(handler.function).span;
        found.push(App { module: id, place: Place { file, span }, framework: None, call: None });
    }
    found.sort_by_key(|app| app.place);
    found
}

/// The framework whose app class a class of the project extends.
fn app_class(program: &Program, resolver: &Resolver<'_>, module: ModuleId, class: ClassId) -> Option<ustr::Ustr> {
    let framework = std::cell::Cell::new(None);
    inherits(program, resolver, module, class, |name| {
        let app = program.apis.row(name).is_some_and(|row| row.is(Role::App));
        if app {
            framework.set(Some(name));
        }
        app
    });
    framework.get()
}

/// The nearest directory at or above one that holds something a unit is built from.
fn unit_directory(program: &Program, directory: &str) -> String {
    let mut at = directory;
    loop {
        if is_unit(program, at) {
            return at.to_owned();
        }
        match at.rsplit_once('/') {
            Some((up, _)) => at = up,
            None if at.is_empty() => return directory.to_owned(),
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
        FileKind::Yaml => false,
    }
}

/// All modules of a unit, and those that its app's module reaches.
fn parts(program: &Program, directory: &str, directories: &[String], app: &App) -> (Vec<ModuleId>, Vec<ModuleId>) {
    let own = |id: &ModuleId| {
        let path = program.path(*id);
        is_below(path, directory) && !directories.iter().any(|d| d.len() > directory.len() && is_below(d, directory) && is_below(path, d))
    };
    let is_test = |id: &ModuleId| program.sources.get(program.module(*id).file).test;
    let below: Vec<ModuleId> = program.module_ids().filter(own).collect();
    let modules = closure(program, below.iter().copied());
    let django = app.framework.is_some_and(|f| f.starts_with("django."));
    let code = if django {
        // Settings and URLconfs name the rest in strings.
        closure(program, below.iter().copied().filter(|id| !is_test(id)))
    } else {
        let starters = below.iter().copied().filter(|id| !is_test(id) && program.imported_modules(*id).any(|m| m == app.module));
        closure(program, std::iter::once(app.module).chain(starters))
    };
    (modules.into_iter().collect(), code.into_iter().filter(|id| !is_test(id)).collect())
}

/// Whether a path lies in a directory or below.
#[must_use]
pub fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path == directory || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// Modules and all that they import, packages' `__init__` included.
fn closure(program: &Program, start: impl Iterator<Item = ModuleId>) -> BTreeSet<ModuleId> {
    let mut found: BTreeSet<ModuleId> = BTreeSet::new();
    let mut todo: Vec<ModuleId> = start.collect();
    while let Some(id) = todo.pop() {
        if found.insert(id) {
            todo.extend(program.imported_modules(id));
        }
    }
    found
}

/// The image that a unit is built into: one in its directory, else one below it, else the root's where there is one unit.
fn image_of(program: &Program, images: &[Image], directory: &str, units: usize) -> Option<usize> {
    let path = |image: &Image| program.sources.get(image.file);
    let plain = |image: &&Image| path(image).name() == "Dockerfile";
    let here = |image: &&Image| path(image).directory() == directory;
    let find = |test: &dyn Fn(&&Image) -> bool| images.iter().position(|image| test(&image));
    find(&|i| here(i) && plain(i))
        .or_else(|| find(&|i| here(i)))
        .or_else(|| find(&|i| is_below(path(i).directory(), directory) && plain(i)))
        .or_else(|| find(&|i| is_below(path(i).directory(), directory)))
        .or(if units == 1 && images.len() == 1 { Some(0) } else { None })
}

/// Whether an image's command starts a module: `uvicorn app.main:app`, `python app/main.py`.
fn starts(program: &Program, image: &Image, module: ModuleId) -> bool {
    let path = program.path(module);
    let dotted = path.trim_end_matches(".py").trim_end_matches("/__init__").replace('/', ".");
    let command = |c: &Command| {
        let words: Vec<&str> = match &c.form {
            Form::Exec(words) => words.iter().flat_map(|w| w.value.split_whitespace()).collect(),
            Form::Shell(text) => text.value.split_whitespace().collect(),
        };
        words.iter().any(|word| {
            let word = word.trim_matches(['"', '\'']);
            let ends = |whole: &str, end: &str| whole == end || whole.strip_suffix(end).is_some_and(|rest| rest.ends_with(['.', '/']));
            match word.split_once(':') {
                Some((target, _)) => ends(&dotted, target),
                None => word.ends_with(".py") && ends(path, word.trim_start_matches("./")),
            }
        })
    };
    image.last_stage().is_some_and(|stage| {
        image.lineage(stage).flat_map(|s| &s.instructions).any(|i| match &i.kind {
            InstructionKind::Cmd(c) | InstructionKind::Entrypoint(c) => command(c),
            _ => false,
        })
    })
}

/// The service that a deployment leads to: by name or image, else the one in whose directory it lies.
fn service_of(program: &Program, services: &[Service], deployment: &Deployment) -> Option<usize> {
    let normal = |name: &str| name.replace('_', "-").to_lowercase();
    let known = |setting: &Option<crate::ir::deploy::Setting<String>>| setting.as_ref().and_then(|s| s.value.as_ref().known().cloned());
    let names = |name: &str| services.iter().position(|s| !s.directory.is_empty() && normal(s.name()) == normal(name));
    if let Some(found) = known(&deployment.name).and_then(|name| names(&name)) {
        return Some(found);
    }
    let image = deployment.containers.first().and_then(|c| c.image.as_ref()).map(|i| i.written.as_str());
    let repository = image.and_then(|i| i.rsplit('/').next()).and_then(|i| i.split([':', '@']).next());
    if let Some(found) = repository.and_then(names) {
        return Some(found);
    }
    let path = &program.sources.get(deployment.file).path;
    let holding = |s: &&Service| is_below(path, &s.directory);
    let deepest = services.iter().filter(holding).map(|s| s.directory.len()).max()?;
    services.iter().position(|s| is_below(path, &s.directory) && s.directory.len() == deepest)
}
