//! The walk: which files there are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::{DirEntry, WalkBuilder, WalkState};
use rayon::prelude::*;

use super::kind::{ByName, by_name};
use super::scope::{Scope, relative};
use crate::config::{self, Config, Patterns};
use crate::error::describe;
use crate::source::FileKind;

/// What a walk found, by absolute path.
#[derive(Default, Debug)]
pub(super) struct Walked {
    /// Files whose names say that they have to do with services.
    pub files: BTreeSet<PathBuf>,
    /// Folders that were given and reached.
    pub reached: BTreeSet<PathBuf>,
    /// What is not read, and why.
    pub skipped: Vec<(PathBuf, String)>,
    /// What could not be read, and why.
    pub failed: Vec<(PathBuf, String)>,
}

/// Patterns of the command line, and the folder that they are relative to.
pub(super) struct Excludes<'a> {
    pub config: &'a Config,
    pub command_line: &'a Patterns,
    pub cwd: &'a Path,
    pub root: &'a Path,
}

impl Excludes<'_> {
    /// Whether the entry itself is excluded; folders above it are asked on the way down.
    fn match_entry(&self, path: &Path, is_folder: bool) -> bool {
        let matches = |patterns: &Patterns, folder: &Path| {
            // Elsewhere only patterns without a folder can match: one in front of the name keeps the others away.
            let elsewhere = || format!("elsewhere/{}", path.file_name().unwrap_or_default().to_string_lossy());
            let below = if path.starts_with(folder) { relative(path, folder) } else { elsewhere() };
            patterns.match_entry(&below, is_folder)
        };
        let closest = self.config.at(&relative(path, self.root));
        let in_config = |config: &Config| matches(&config.exclude, &config.directory);
        in_config(self.config) || (!std::ptr::eq(self.config, closest) && in_config(closest)) || matches(self.command_line, self.cwd)
    }
}

/// Walks the evidence, and the folders that were given although the walk would pass them by.
pub(super) fn walk(scope: &Scope, excludes: &Excludes<'_>, threads: usize) -> Walked {
    let mut walked = Walked::default();
    // A text from standard input may be that of a file yet to be written.
    for start in scope.evidence.iter().filter(|start| start.symlink_metadata().is_ok()) {
        walk_from(start, true, scope, excludes, threads, &mut walked);
    }
    for target in scope.targets.iter().filter(|target| target.is_folder) {
        if !walked.reached.contains(&target.path) {
            walk_from(&target.path, false, scope, excludes, threads, &mut walked);
        }
    }
    walked
}

/// The folders at or below the paths that were given, or between them and the root, that hold a configuration.
pub(super) fn configured_folders(scope: &Scope, config: &Config) -> Vec<PathBuf> {
    let concerns = |folder: &Path| scope.targets.iter().any(|target| folder.starts_with(&target.path) || target.path.starts_with(folder));
    let mut found = BTreeSet::new();
    for start in &scope.evidence {
        let mut builder = WalkBuilder::new(start);
        builder.git_global(false).require_git(false).follow_links(false);
        let (exclude, directory) = (config.exclude.clone(), config.directory.clone());
        builder.filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let concerns_us = is_folder || config::is_file_name(entry.file_name());
            entry.depth() == 0 || (concerns_us && !exclude.match_entry(&relative(entry.path(), &directory), is_folder))
        });
        let folders = Mutex::new(Vec::new());
        builder.build_parallel().run(|| {
            Box::new(|entry| {
                let file = entry.ok().filter(|entry| config::is_file_name(entry.file_name()));
                if let (Some(folder), Ok(mut folders)) = (file.and_then(|file| Some(file.path().parent()?.to_path_buf())), folders.lock()) {
                    folders.push(folder);
                }
                WalkState::Continue
            })
        });
        let folders = folders.into_inner().unwrap_or_default().into_iter();
        found.extend(folders.filter(|folder| *folder != scope.root && concerns(folder)));
    }
    found.into_iter().collect()
}

fn walk_from(start: &Path, is_root: bool, scope: &Scope, excludes: &Excludes<'_>, threads: usize, walked: &mut Walked) {
    // Only what the project itself says counts: neither ignore files above the root nor the user's global ones, so that
    // every machine sees the same files. A folder below the root also obeys what lies between.
    let mut builder = WalkBuilder::new(start);
    builder.hidden(false).parents(!is_root).git_global(false).require_git(false).follow_links(false).threads(threads);
    builder.add_custom_ignore_filename(".roadworthyignore");

    let found = Mutex::new(Vec::new());
    builder.build_parallel().run(|| {
        Box::new(|entry| {
            let seen = match entry {
                Ok(entry) if passes(&entry, excludes) => visit(&entry, scope),
                Ok(_) => return WalkState::Skip,
                Err(error) => failure(&error, start).map(|(path, reason)| Seen::Failed(path, reason)),
            };
            let Some(seen) = seen else { return WalkState::Continue };
            // A poisoned lock means that another thread panicked, which ends the run anyway.
            let Ok(mut found) = found.lock() else { return WalkState::Quit };
            found.push(seen);
            WalkState::Continue
        })
    });
    let mut files = Vec::new();
    for seen in found.into_inner().unwrap_or_default() {
        match seen {
            Seen::File(path) => files.push(path),
            Seen::Reached(path) => _ = walked.reached.insert(path),
            Seen::Skipped(path, reason) => walked.skipped.push((path, reason)),
            Seen::Failed(path, reason) => walked.failed.push((path, reason)),
        }
    }
    // Paths take long to compare: all at once, on all threads.
    files.par_sort_unstable();
    walked.files.append(&mut files.into_iter().collect());
}

/// What an entry of a folder is to us.
enum Seen {
    File(PathBuf),
    Reached(PathBuf),
    Skipped(PathBuf, String),
    Failed(PathBuf, String),
}

/// Whether an entry is neither hidden nor excluded, and not a file that has nothing to do with us, as most are; what was
/// given always passes.
fn passes(entry: &DirEntry, excludes: &Excludes<'_>) -> bool {
    let name = entry.file_name().to_string_lossy();
    let kind = entry.file_type();
    let is_folder = kind.is_some_and(|kind| kind.is_dir());
    let concerns_us = || !kind.is_some_and(|kind| kind.is_file()) || by_entry(entry) != ByName::Other;
    entry.depth() == 0 || ((!name.starts_with('.') || name == ".github") && concerns_us() && !excludes.match_entry(entry.path(), is_folder))
}

/// What the name of an entry, and that of its folder, tell.
fn by_entry(entry: &DirEntry) -> ByName {
    let folder = entry.path().parent().and_then(Path::file_name).unwrap_or_default();
    by_name(&folder.to_string_lossy(), &entry.file_name().to_string_lossy())
}

fn visit(entry: &DirEntry, scope: &Scope) -> Option<Seen> {
    let path = entry.path();
    let kind = entry.file_type()?;
    if kind.is_dir() {
        return scope.targets.iter().any(|target| target.path == path).then(|| Seen::Reached(path.to_path_buf()));
    }
    let by_name = by_entry(entry);
    if kind.is_symlink() {
        return visit_link(path, by_name, scope);
    }
    (by_name != ByName::Other).then(|| Seen::File(path.to_path_buf()))
}

/// Links to folders are not followed: what lies inside the project is walked where it is, what lies outside is not the
/// project's, and loops cannot happen. Links to files are, unless the file is found anyway.
fn visit_link(path: &Path, by_name: ByName, scope: &Scope) -> Option<Seen> {
    let inside = |target: &Path| scope.evidence.iter().any(|root| target.starts_with(root));
    let skipped = |reason: String| Some(Seen::Skipped(path.to_path_buf(), reason));
    match path.canonicalize() {
        Ok(target) if target.is_dir() && inside(&target) => None,
        Ok(target) if target.is_dir() => skipped("link to a folder outside the project".to_owned()),
        Ok(target) => match by_name {
            ByName::Json | ByName::Bare | ByName::Other => None,
            ByName::Kind(kind) if kind != FileKind::Manifest && inside(&target) => skipped(format!("link to {}", scope.relative(&target))),
            ByName::Kind(_) | ByName::NotJudged(_) => Some(Seen::File(path.to_path_buf())),
        },
        Err(error) => matches!(by_name, ByName::Kind(_)).then(|| Seen::Failed(path.to_path_buf(), broken_link(&error))),
    }
}

/// Why a link leads nowhere.
pub(super) fn broken_link(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "dangling symlink".to_owned(),
        _ => describe(error),
    }
}

/// The path and reason of what the walk could not enter.
fn failure(error: &ignore::Error, start: &Path) -> Option<(PathBuf, String)> {
    let mut path = start.to_path_buf();
    let mut inner = error;
    loop {
        match inner {
            ignore::Error::WithPath { path: at, err } => {
                path.clone_from(at);
                inner = err;
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => inner = err,
            // A line of an ignore file that cannot be read is not the project's failure to be analysed.
            ignore::Error::Partial(_) | ignore::Error::Glob { .. } => return None,
            ignore::Error::Io(error) => return Some((path, describe(error))),
            other => return Some((path, other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_name_path_and_reason() {
        let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let inner = ignore::Error::WithPath { path: "a/locked".into(), err: Box::new(ignore::Error::Io(denied)) };
        let error = ignore::Error::WithDepth { depth: 2, err: Box::new(inner) };
        assert_eq!(failure(&error, Path::new("a")), Some(("a/locked".into(), "permission denied".to_owned())));
    }
}
