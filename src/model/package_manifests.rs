//! Manifests of packages of JavaScript: each `package.json` of a project, read once.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::source::Sources;

/// The manifests by their directories; nothing where one cannot be read.
#[derive(Debug, Default)]
pub struct PackageManifests {
    by_directory: FxHashMap<String, Option<Arc<Value>>>,
}

impl PackageManifests {
    /// Reads them.
    #[must_use]
    pub fn read(sources: &Sources) -> Self {
        let files: Vec<_> = sources.iter().map(|(_, file)| file).filter(|file| file.name() == "package.json").collect();
        let read = |file: &&crate::source::SourceFile| (file.directory().to_owned(), serde_json::from_str(&file.text).ok().map(Arc::new));
        Self { by_directory: files.par_iter().map(read).collect() }
    }

    /// The manifest in a directory.
    #[must_use]
    pub fn of(&self, directory: &str) -> Option<&Value> {
        self.by_directory.get(directory)?.as_deref()
    }

    /// Manifests that can be read, by directory.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Value>)> {
        let mut all: Vec<_> =
            self.by_directory.iter().filter_map(|(directory, manifest)| Some((directory.as_str(), manifest.as_ref()?))).collect();
        all.sort_unstable_by_key(|(directory, _)| *directory);
        all.into_iter()
    }

    /// The nearest directory at or above one that holds a manifest; else the root.
    #[must_use]
    pub fn package_around<'d>(&self, directory: &'d str) -> &'d str {
        let mut at = directory;
        while !at.is_empty() && !self.by_directory.contains_key(at) {
            at = at.rsplit_once('/').map_or("", |(up, _)| up);
        }
        at
    }
}
