//! Where a run looks, and of what it reports.

use std::fmt;
use std::path::{Component, MAIN_SEPARATOR, Path, PathBuf};

use crate::config::{self, ConfigError};
use crate::error::describe;

/// What is read and what is reported.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The project root; all of it is evidence.
    pub root: PathBuf,
    /// The folder whose closest configuration file holds.
    pub start: PathBuf,
    /// The last folder, going up, in which a configuration file is looked for.
    pub stop: PathBuf,
    /// The working directory.
    pub(super) cwd: PathBuf,
    /// The file whose text comes from standard input.
    pub(super) stdin: Option<PathBuf>,
    /// The paths that were given.
    pub(super) targets: Vec<Target>,
    /// What is walked: usually the root alone.
    pub(super) evidence: Vec<PathBuf>,
}

/// A path that was given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Target {
    /// Absolute.
    pub path: PathBuf,
    /// A folder, or else a file.
    pub is_folder: bool,
}

/// Why there is nothing to look at.
#[derive(Debug)]
pub enum ScopeError {
    /// A path that was given does not exist.
    NotFound(PathBuf, String),
    /// A configuration file on the way to the root cannot be used.
    Config(ConfigError),
}

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(path, reason) => write!(f, "cannot check `{}`: {reason}", path.display()),
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ScopeError {}

/// Where a path's project begins.
struct Root {
    /// The root, or the path itself where nothing marks one.
    path: PathBuf,
    marked: bool,
}

impl Scope {
    /// Finds the project that `paths` belong to: its root is the nearest folder at or above them that holds `.git` or a
    /// configuration file with `root = true`, else the paths themselves are all there is. Without paths, the file whose
    /// text comes from standard input (`stdin`) is meant, or else the working directory.
    ///
    /// Paths of several projects are taken as parts of the folder above them all: each project is evidence.
    ///
    /// # Errors
    /// When a path does not exist, or a configuration file on the way up cannot be used.
    pub fn resolve(paths: &[PathBuf], stdin: Option<&Path>, cwd: &Path, use_config: bool) -> Result<Self, ScopeError> {
        let cwd = cwd.canonicalize().map_err(|error| ScopeError::NotFound(cwd.to_path_buf(), describe(&error)))?;
        let mut targets = Vec::new();
        for path in paths {
            targets.push(target(path, &cwd)?);
        }
        let stdin = stdin.map(|path| absolute(path, &cwd));
        match &stdin {
            Some(path) => targets.push(Target { path: path.clone(), is_folder: false }),
            None if paths.is_empty() => targets.push(Target { path: cwd.clone(), is_folder: true }),
            None => {}
        }
        targets.sort();
        targets.dedup();

        let mut evidence: Vec<PathBuf> = Vec::new();
        let mut folders = Vec::new();
        let mut all_marked = true;
        for target in &targets {
            let root = root_of(target, use_config).map_err(ScopeError::Config)?;
            all_marked &= root.marked;
            folders.push(if root.path.is_dir() { root.path.clone() } else { target.folder().to_path_buf() });
            evidence.push(root.path);
        }
        evidence.sort();
        evidence.dedup();
        let outermost = evidence.clone();
        evidence.retain(|path| !outermost.iter().any(|other| other != path && path.starts_with(other)));

        let root = common(folders.iter().map(PathBuf::as_path));
        let start = common(targets.iter().map(Target::folder));
        // Where nothing marks a root, the folder that the command was given in is as far up as anybody expects.
        let stop = if !all_marked && start.starts_with(&cwd) { cwd.clone() } else { root.clone() };
        Ok(Self { root, start, stop, cwd, stdin, targets, evidence })
    }

    /// The paths that were given and that hold `path` (absolute) or are it.
    pub(super) fn targets_of<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Target> {
        self.targets.iter().filter(move |target| if target.is_folder { path.starts_with(&target.path) } else { path == target.path })
    }

    /// A path relative to the root, with `/`.
    #[must_use]
    pub fn relative(&self, path: &Path) -> String {
        relative(path, &self.root)
    }
}

impl Target {
    /// The folder itself, or the one that holds the file.
    pub(super) fn folder(&self) -> &Path {
        if self.is_folder { &self.path } else { self.path.parent().unwrap_or(&self.path) }
    }
}

/// A path relative to a folder above it, with `/`; as it is if it lies elsewhere.
pub(super) fn relative(path: &Path, folder: &Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path);
    // Nearly all are written as they are meant.
    if let Some(text) = path.to_str().filter(|text| MAIN_SEPARATOR == '/' && !text.contains("//") && !text.contains("./")) {
        return text.strip_suffix('/').unwrap_or(text).to_owned();
    }
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn target(path: &Path, cwd: &Path) -> Result<Target, ScopeError> {
    let not_found = |error: &std::io::Error| ScopeError::NotFound(path.to_path_buf(), describe(error));
    let full = absolute(path, cwd);
    // The link itself: one that leads nowhere was given all the same, and is named as failed.
    full.symlink_metadata().map_err(|error| not_found(&error))?;
    if full.is_dir() {
        let path = full.canonicalize().map_err(|error| not_found(&error))?;
        return Ok(Target { path, is_folder: true });
    }
    Ok(Target { path: full, is_folder: false })
}

/// An absolute path; links among its folders are followed as far as they exist, the last part keeps its name.
fn absolute(path: &Path, cwd: &Path) -> PathBuf {
    let joined = cwd.join(path);
    if let (Some(folder), Some(name)) = (joined.parent(), joined.file_name())
        && let Ok(folder) = folder.canonicalize()
    {
        return folder.join(name);
    }
    let mut plain = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

fn root_of(target: &Target, use_config: bool) -> Result<Root, ConfigError> {
    for folder in target.folder().ancestors() {
        if folder.join(".git").exists() || (use_config && config::is_root(folder)?) {
            return Ok(Root { path: folder.to_path_buf(), marked: true });
        }
    }
    Ok(Root { path: target.path.clone(), marked: false })
}

/// The deepest folder at or above all of these.
fn common<'a>(mut folders: impl Iterator<Item = &'a Path>) -> PathBuf {
    let mut shared = folders.next().map(Path::to_path_buf).unwrap_or_default();
    for folder in folders {
        while !folder.starts_with(&shared) {
            if !shared.pop() {
                break;
            }
        }
    }
    shared
}
