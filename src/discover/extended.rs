//! Files that what compilers are told is written in, whatever their names: those that a `tsconfig.json` extends.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::kind::{ByName, by_name};
use super::scope::Scope;
use super::text;
use crate::lower::compiler;
use crate::source::{FileKind, SourceFile};

/// How many files may be found that way; projects have a few.
const MOST: usize = 1000;

/// The files that are extended, of those that the walk found, by path.
pub(super) fn find(sources: &[SourceFile], files: &BTreeSet<PathBuf>, scope: &Scope) -> Vec<(PathBuf, SourceFile)> {
    let is_configuration = |file: &&SourceFile| compiler::is_configuration(file.name());
    let package = |name: &str| package(sources, name);
    let mut found: Vec<(PathBuf, SourceFile)> = Vec::new();
    let mut todo: Vec<String> = sources.iter().filter(is_configuration).flat_map(|file| wanted(file, &package)).collect();
    let mut seen = BTreeSet::new();
    while let Some(path) = todo.pop().filter(|_| found.len() < MOST) {
        let at = scope.root.join(&path);
        if seen.insert(path.clone())
            && files.contains(&at)
            && let Some(file) = read(&at, &path)
        {
            todo.extend(wanted(&file, &package));
            found.push((at, file));
        }
    }
    found
}

/// Where what a file extends may be.
fn wanted(file: &SourceFile, package: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    if !file.text.contains("\"extends\"") && !file.text.contains("extends:") {
        return Vec::new();
    }
    let Some(config) = compiler::read(&file.text) else { return Vec::new() };
    compiler::extended(&config).into_iter().flat_map(|path| compiler::candidates(file.directory(), path, package)).collect()
}

/// A JSON file that is not read for its name.
fn read(at: &Path, path: &str) -> Option<SourceFile> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if by_name(folder, name) != ByName::Json {
        return None;
    }
    let bytes = text::read(at, FileKind::Manifest).ok()?;
    let (text, encoding) = text::decode(&bytes, FileKind::Manifest).ok()?;
    let mut file = SourceFile::new(path, FileKind::Manifest, &text);
    file.encoding = encoding;
    Some(file)
}

/// The directory of the package of a name.
fn package(sources: &[SourceFile], name: &str) -> Option<String> {
    let is_it = |file: &&SourceFile| {
        let named = || Some(serde_json::from_str::<Value>(&file.text).ok()?.get("name")?.as_str()? == name);
        file.name() == "package.json" && file.text.contains(name) && named() == Some(true)
    };
    sources.iter().find(is_it).map(|file| file.directory().to_owned())
}
