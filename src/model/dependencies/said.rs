//! What one manifest or lock file says.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::versions::Versions;

/// Packages by name, with the versions that one may have: several where a lock file holds several, or where it depends on
/// the platform.
pub type Packages = FxHashMap<String, Vec<Versions>>;

/// What one manifest or lock file says.
#[derive(Debug, Default)]
pub struct Said {
    /// By folder, relative to the file's own, which is the empty one.
    pub folders: BTreeMap<String, Packages>,
    /// What is needed for some purposes only, such as development.
    pub aside: Packages,
    /// Paths of files, relative to this one's folder, that it takes in.
    pub included: Vec<String>,
    /// Patterns of the folders, relative to the file's own, that make up a workspace.
    pub members: Vec<String>,
}

impl Said {
    /// What is said of the file's own folder.
    pub fn own(&mut self) -> &mut Packages {
        self.folders.entry(String::new()).or_default()
    }
}

/// Adds versions that a package may have, too.
pub fn allow(packages: &mut Packages, name: &str, versions: Versions) {
    let allowed = packages.entry(name.to_owned()).or_default();
    if !allowed.contains(&versions) {
        allowed.push(versions);
    }
}

/// Adds versions that a package must have, whatever else is said of it.
pub fn demand(packages: &mut Packages, name: &str, versions: &Versions) {
    let allowed = packages.entry(name.to_owned()).or_default();
    let both = all(allowed).map_or_else(|| versions.clone(), |before| both(&before, versions));
    *allowed = vec![both];
}

/// The range around all versions that a package may have.
pub fn all(allowed: &[Versions]) -> Option<Versions> {
    allowed.iter().cloned().reduce(|a, b| a.or(&b))
}

/// What is left of two statements about one package: where they contradict, either may hold.
pub fn both(a: &Versions, b: &Versions) -> Versions {
    a.and(b).unwrap_or_else(|| a.or(b))
}

/// A folder relative to a file's, as written there: `./a/b/`, `.`, `a`.
pub fn folder(text: &str) -> String {
    let text = text.trim().trim_start_matches("./").trim_end_matches('/');
    if text == "." { String::new() } else { text.to_owned() }
}
