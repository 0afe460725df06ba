//! Modules of Python by the paths that imports name.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use super::{Link, ModuleId, Program, defines};
use crate::ir::program::*;
use crate::model::services::is_build_file;
use crate::source::FileId;

/// Finds modules by the paths that imports name.
pub(super) struct PathIndex {
    /// Names of all directories and files that can begin a path: most imports are dismissed by this.
    names: FxHashSet<String>,
    /// Directories that hold what a unit is built from.
    units: FxHashSet<String>,
    /// For each package that lies in a library's directory, the directories that hold it.
    shared: FxHashMap<String, BTreeSet<String>>,
}

/// Names of directories whose modules other units import.
const LIBRARIES: [&str; 6] = ["lib", "libs", "library", "libraries", "packages", "shared"];

impl PathIndex {
    pub(super) fn new(program: &Program) -> Self {
        let mut names = FxHashSet::default();
        for id in program.module_ids() {
            for part in program.path(id).split('/') {
                let name = part.strip_suffix(".py").unwrap_or(part);
                if !names.contains(name) {
                    names.insert(name.to_owned());
                }
            }
        }
        let files = program.sources.iter().map(|(_, file)| file);
        let units = files.filter(|file| is_build_file(file)).map(|file| file.directory().to_owned()).collect();
        let mut shared: FxHashMap<String, BTreeSet<String>> = FxHashMap::default();
        for id in program.module_ids().filter(|id| !program.sources.get(program.module(*id).file).test) {
            let path = program.path(id);
            let mut top = path.strip_suffix(".py").unwrap_or(path);
            // The outermost package around a module, or else the module itself.
            while let Some((directory, _)) = top.rsplit_once('/')
                && program.sources.find(&format!("{directory}/__init__.py")).is_some()
            {
                top = directory;
            }
            let Some((directory, name)) = top.rsplit_once('/') else { continue };
            if directory.split('/').any(|part| LIBRARIES.contains(&part)) {
                shared.entry(name.to_owned()).or_default().insert(directory.to_owned());
            }
        }
        Self { names, units, shared }
    }

    /// A module of a library of the project, if there is but one of its name.
    fn in_library(&self, program: &Program, module: &Module, path: &str) -> Option<Found> {
        let directories = self.shared.get(path.split('.').next().unwrap_or_default())?;
        let mut directories = directories.iter();
        let (Some(only), None) = (directories.next(), directories.next()) else { return None };
        at(program, only, path, module.file)
    }

    pub(super) fn link(&self, program: &Program, module: &Module, import: &Import) -> Link {
        let found = self.find(program, module, &import.module);
        match (found, import.what) {
            (Some(Found::Module(id)), Imported::Module | Imported::All) => Link::Module(id),
            (Some(Found::Module(id)), Imported::Name(name)) => match program.submodule(id, &name) {
                // A name defined in `__init__` wins over a submodule of that name.
                Some(sub) if !defines(program.module(id), name) => Link::Module(sub),
                _ => Link::Symbol(id, name),
            },
            (Some(Found::Directory(directory)), Imported::Name(name)) => {
                match program.module_at(format!("{directory}/{name}").trim_start_matches('/')) {
                    Some(id) => Link::Module(id),
                    None => Link::Library(Ustr::from("?")),
                }
            }
            (Some(_), Imported::Root) => match self.find(program, module, &import.local) {
                Some(Found::Module(id)) => Link::Module(id),
                _ => Link::Library(Ustr::from("?")),
            },
            (Some(Found::Directory(_)), _) => Link::Library(Ustr::from("?")),
            (None, what) => {
                let path = match what {
                    Imported::Module | Imported::All => import.module,
                    Imported::Root => import.local,
                    Imported::Name(name) => Ustr::from(&format!("{}.{name}", import.module)),
                };
                Link::Library(if path.starts_with('.') { Ustr::from("?") } else { program.apis.canonical(path) })
            }
        }
    }

    fn find(&self, program: &Program, module: &Module, path: &str) -> Option<Found> {
        let file = program.sources.get(module.file);
        let dots = path.bytes().take_while(|b| *b == b'.').count();
        if dots > 0 {
            let mut directory = file.directory();
            for _ in 1..dots {
                directory = directory.rsplit_once('/').map_or("", |(up, _)| up);
            }
            return at(program, directory, &path[dots..], module.file);
        }
        let root = path.split('.').next().unwrap_or_default();
        if !self.names.contains(root) {
            return None;
        }
        // An installed package comes before a mere directory of its name.
        let is_library = program.apis.knows_root(Ustr::from(root));
        let mut directory = file.directory();
        loop {
            // The directory of a package is not on the import path; the first one around it may be. Where something is
            // built and started, it is on the path all the same.
            let is_package = program.sources.find(join(directory, "__init__.py").trim_start_matches('/')).is_some();
            let package = is_package && !directory.is_empty() && !self.units.contains(directory);
            if !package {
                let found = at(program, directory, path, module.file).or_else(|| at(program, &join(directory, "src"), path, module.file));
                if found.as_ref().is_some_and(|found| !is_library || matches!(found, Found::Module(_))) {
                    return found;
                }
            }
            directory = match directory.rsplit_once('/') {
                Some((up, _)) => up,
                None if directory.is_empty() => break,
                None => "",
            };
        }
        if is_library { None } else { self.in_library(program, module, path) }
    }
}

enum Found {
    Module(ModuleId),
    /// A package without `__init__.py`.
    Directory(String),
}

fn at(program: &Program, directory: &str, dotted: &str, asking: FileId) -> Option<Found> {
    let base = if dotted.is_empty() { directory.to_owned() } else { join(directory, &dotted.replace('.', "/")) };
    let base = base.trim_start_matches('/');
    if let Some(id) = program.module_at(base).filter(|id| program.module(*id).file != asking) {
        return Some(Found::Module(id));
    }
    program.sources.has_directory(base).then(|| Found::Directory(base.to_owned()))
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}
