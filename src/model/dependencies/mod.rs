//! Packages that a project depends on: the versions that its manifests allow and that its lock files chose.
//!
//! A file is read when a question first needs it, and once: most lock files are large, and most runs ask nothing.

use std::sync::OnceLock;

use globset::GlobBuilder;
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;

use crate::ir::program::Module;
use crate::report::Unread;
use crate::source::{FileId, FileKind, SourceFile, Sources, at_or_above};

mod node;
mod node_locks;
mod python;
mod python_locks;
mod said;
mod versions;

pub use versions::{Notation, Version, Versions};

use said::{Packages, Said};

/// Where packages come from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ecosystem {
    /// The Python Package Index.
    Python,
    /// The npm registry.
    Node,
}

impl Ecosystem {
    /// That of the code in a file.
    #[must_use]
    pub fn of(kind: FileKind) -> Self {
        if kind == FileKind::Python { Self::Python } else { Self::Node }
    }
}

/// What kind of manifest or lock file something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Requirements { is_aside: bool },
    Pyproject,
    Pipfile,
    SetupCfg,
    SetupPy,
    PackageJson,
    PythonList,
    PipfileLock,
    PackageLock,
    YarnLock,
    PnpmLock,
}

impl Kind {
    fn of(file: &SourceFile) -> Option<Self> {
        /// Words in names of files for those who work on the code.
        const ASIDE: [&str; 8] = ["dev", "develop", "development", "test", "tests", "testing", "lint", "docs"];
        let name = file.name();
        Some(match (file.kind, name) {
            (FileKind::Python, "setup.py") => Self::SetupPy,
            (FileKind::Manifest, "pyproject.toml") => Self::Pyproject,
            (FileKind::Manifest, "Pipfile") => Self::Pipfile,
            (FileKind::Manifest, "setup.cfg") => Self::SetupCfg,
            (FileKind::Manifest, "package.json") => Self::PackageJson,
            (FileKind::Manifest, "poetry.lock" | "uv.lock" | "pdm.lock" | "pylock.toml") => Self::PythonList,
            (FileKind::Manifest, "Pipfile.lock") => Self::PipfileLock,
            (FileKind::Manifest, "package-lock.json" | "npm-shrinkwrap.json") => Self::PackageLock,
            (FileKind::Manifest, "yarn.lock") => Self::YarnLock,
            (FileKind::Manifest, "pnpm-lock.yaml") => Self::PnpmLock,
            (FileKind::Manifest, name) if name.ends_with(".txt") || name.ends_with(".in") => {
                Self::Requirements { is_aside: name.split(['-', '_', '.']).any(|word| ASIDE.contains(&word)) }
            }
            _ => return None,
        })
    }

    fn is_lock(self) -> bool {
        matches!(self, Self::PythonList | Self::PipfileLock | Self::PackageLock | Self::YarnLock | Self::PnpmLock)
    }

    fn ecosystem(self) -> Ecosystem {
        match self {
            Self::PackageJson | Self::PackageLock | Self::YarnLock | Self::PnpmLock => Ecosystem::Node,
            _ => Ecosystem::Python,
        }
    }

    fn read(self, text: &str) -> Result<Said, String> {
        match self {
            Self::Requirements { is_aside } => Ok(python::requirements(text, is_aside)),
            Self::Pyproject => python::pyproject(text),
            Self::Pipfile => python::pipfile(text),
            Self::SetupCfg => Ok(python::setup_cfg(text)),
            // Its module was read.
            Self::SetupPy => Ok(Said::default()),
            Self::PackageJson => node::package_json(text),
            Self::PythonList => python_locks::list(text),
            Self::PipfileLock => python_locks::pipfile(text),
            Self::PackageLock => node_locks::npm(text),
            Self::YarnLock => node_locks::yarn(text),
            Self::PnpmLock => node_locks::pnpm(text),
        }
    }
}

/// A manifest or lock file.
#[derive(Debug)]
struct Manifest {
    file: FileId,
    kind: Kind,
    said: OnceLock<Result<Said, String>>,
}

/// All manifests and lock files.
#[derive(Debug, Default)]
pub struct Dependencies {
    manifests: Vec<Manifest>,
    /// Indices of those that speak of a folder.
    by_folder: FxHashMap<(String, Ecosystem), Vec<usize>>,
}

impl Dependencies {
    /// Finds the manifests and lock files; what belongs to tests speaks of nothing else.
    #[must_use]
    pub fn find(sources: &Sources, modules: &[Module]) -> Self {
        let mut found = Self::default();
        for (id, file) in sources.iter().filter(|(_, file)| !file.test) {
            let Some(kind) = Kind::of(file) else { continue };
            let said = OnceLock::new();
            if kind == Kind::SetupPy
                && let Some(module) = modules.iter().find(|module| module.file == id)
            {
                let _ = said.set(Ok(python::setup_py(module)));
            }
            let folder = file.directory();
            // `requirements/base.txt`
            let folder = match kind {
                Kind::Requirements { .. } if folder == "requirements" => "",
                Kind::Requirements { .. } => folder.strip_suffix("/requirements").unwrap_or(folder),
                _ => folder,
            };
            let at = found.by_folder.entry((folder.to_owned(), kind.ecosystem())).or_default();
            at.push(found.manifests.len());
            found.manifests.push(Manifest { file: id, kind, said });
        }
        found
    }

    /// The versions that a package may have for code in a folder: what a lock file chose, else what the closest manifest
    /// allows that names it. Nothing where none does.
    #[must_use]
    pub fn versions(&self, sources: &Sources, folder: &str, ecosystem: Ecosystem, name: &str) -> Option<Versions> {
        let normal = if ecosystem == Ecosystem::Python { python::normal(name) } else { name.to_owned() };
        // The closest folder that has any manifest, and the versions that the closest allows that names the package.
        let mut unit: Option<&str> = None;
        let mut declared: Option<Versions> = None;
        for folder in at_or_above(folder) {
            let Some(here) = self.by_folder.get(&(folder.to_owned(), ecosystem)) else { continue };
            let unit = *unit.get_or_insert(folder);
            let below = unit[folder.len()..].trim_start_matches('/');
            // What a unit says of a package of its own is settled by its own lock file, or by that of its workspace.
            let is_settled_here = declared.is_none() || self.has_member(sources, here, below);
            declared = declared.or_else(|| self.declared(sources, here, &normal));
            if is_settled_here && let Some(locked) = self.locked(sources, here, below, &normal, declared.as_ref()) {
                return Some(locked);
            }
        }
        declared
    }

    /// What could not be read of what was asked for, among the files that are reported.
    #[must_use]
    pub fn unread(&self, sources: &Sources) -> Vec<Unread> {
        let broken = self.manifests.iter().filter_map(|manifest| {
            let file = sources.get(manifest.file);
            let why = manifest.said.get()?.as_ref().err()?;
            file.reported.then(|| Unread { path: file.path.to_string(), reason: format!("{why}: its versions are unknown") })
        });
        broken.collect()
    }

    fn said(&self, sources: &Sources, index: usize) -> Option<&Said> {
        let Manifest { file, kind, said } = &self.manifests[index];
        said.get_or_init(|| kind.read(&sources.get(*file).text)).as_ref().ok()
    }

    /// What the manifests of a folder allow: what the program needs counts before what is needed aside.
    fn declared(&self, sources: &Sources, here: &[usize], name: &str) -> Option<Versions> {
        let mut files: Vec<usize> = here.iter().copied().filter(|index| !self.manifests[*index].kind.is_lock()).collect();
        let mut at = 0;
        while let Some(index) = files.get(at).copied() {
            at += 1;
            let Some(said) = self.said(sources, index) else { continue };
            let included = said.included.iter().filter_map(|path| self.included(sources, index, path));
            let new: Vec<usize> = included.filter(|index| !files.contains(index)).collect();
            files.extend(new);
        }
        let said: Vec<&Said> = files.iter().filter_map(|index| self.said(sources, *index)).collect();
        let of = |packages: &mut dyn Iterator<Item = &Packages>| {
            packages.filter_map(|packages| said::all(packages.get(name)?)).reduce(|a, b| said::both(&a, &b))
        };
        of(&mut said.iter().filter_map(|said| said.folders.get(""))).or_else(|| of(&mut said.iter().map(|said| &said.aside)))
    }

    /// The manifest at a path that another one names.
    fn included(&self, sources: &Sources, by: usize, path: &str) -> Option<usize> {
        let mut folders: Vec<&str> = sources.get(self.manifests[by].file).directory().split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if part == ".." {
                folders.pop()?;
            } else {
                folders.push(part);
            }
        }
        let file = sources.find(&folders.join("/"))?;
        self.manifests.iter().position(|manifest| manifest.file == file)
    }

    /// What the lock files of a folder chose for a folder `below` it, of what is allowed.
    fn locked(&self, sources: &Sources, here: &[usize], below: &str, name: &str, declared: Option<&Versions>) -> Option<Versions> {
        let locks = here.iter().filter(|index| self.manifests[**index].kind.is_lock());
        let chosen = locks.filter_map(|index| {
            let folders = &self.said(sources, *index)?.folders;
            let allowed = at_or_above(below).find_map(|folder| folders.get(folder)?.get(name))?;
            let fit: Vec<Versions> = allowed.iter().filter_map(|versions| versions.and(declared.unwrap_or(&Versions::ANY))).collect();
            said::all(&fit)
        });
        chosen.reduce(|a, b| a.or(&b))
    }

    /// Whether a folder `below` belongs to the workspace of these manifests.
    fn has_member(&self, sources: &Sources, here: &[usize], below: &str) -> bool {
        below.is_empty()
            || here.iter().filter_map(|index| self.said(sources, *index)).any(|said| {
                let matches = |pattern: &String| {
                    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
                    glob.is_ok_and(|glob| glob.compile_matcher().is_match(below))
                };
                said.folders.contains_key(below) || said.members.iter().any(matches)
            })
    }
}

fn toml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().and_then(|span| Some(text.get(..span.start)?.matches('\n').count() + 1));
        let line = line.map(|line| format!(" at line {line}")).unwrap_or_default();
        format!("{}{line}", error.message().trim_end())
    })
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
