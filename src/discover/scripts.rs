//! Scripts that images start with, read as evidence of who they go on as.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::kind::is_script;
use super::scope::Scope;
use super::text;
use crate::source::{FileKind, SourceFile};

/// How many are read; projects have a few.
const MOST: usize = 1000;

/// The scripts that Dockerfiles speak of by name, of the files that the walk found.
pub(super) fn find(sources: &[SourceFile], files: &BTreeSet<PathBuf>, scope: &Scope) -> Vec<(PathBuf, SourceFile)> {
    let images: Vec<&SourceFile> = sources.iter().filter(|file| file.kind == FileKind::Dockerfile).collect();
    let is_spoken_of = |path: &&PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        is_script(&name.to_ascii_lowercase()) && images.iter().any(|image| image.text.contains(&*name))
    };
    let read = |path: &PathBuf| {
        // A path is text from here on, as that of every other file.
        path.to_str()?;
        let bytes = text::read(path, FileKind::Dockerfile).ok()?;
        let (text, encoding) = text::decode(&bytes, FileKind::Dockerfile).ok()?;
        let mut file = SourceFile::new(&scope.relative(path), FileKind::Manifest, &text);
        file.encoding = encoding;
        Some((path.clone(), file))
    };
    files.iter().filter(is_spoken_of).take(MOST).filter_map(read).collect()
}
