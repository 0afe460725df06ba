//! The result of a run: everything that outputs and the exit code are made from.

use std::path::PathBuf;
use std::time::Duration;

use crate::finding::Finding;
use crate::source::{FileKind, Place, Sources};

/// What a run found.
#[derive(Debug)]
pub struct Report {
    /// The project root; paths of [`Sources`] are relative to it.
    pub root: PathBuf,
    /// The files that were read.
    pub sources: Sources,
    /// Findings that stand after filters, sorted by path, line, column, rule.
    pub findings: Vec<Finding>,
    /// The secrets that were found, by file: they are hidden whether or not findings about them stand.
    pub secrets: Vec<Place>,
    /// Number of files that were judged.
    pub checked: usize,
    /// Files that are not judged, and why.
    pub skipped: Vec<Unread>,
    /// Files that should have been judged and could not be, or not wholly.
    pub failed: Vec<Unread>,
    /// Files that were given by name and are not judged, and why: whoever names a file waits for an answer.
    pub passed_by: Vec<Unread>,
    /// Wall-clock time of the run.
    pub elapsed: Duration,
}

/// A file that was not (wholly) judged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unread {
    /// Path relative to the root, with `/`.
    pub path: String,
    /// Why, in a few words: "over 2 MiB", "binary", "Helm template".
    pub reason: String,
}

/// What would be judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// The project root.
    pub root: PathBuf,
    /// The files, by path.
    pub files: Vec<Listed>,
}

/// A file, and what becomes of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Listed {
    /// Path relative to the root, with `/`.
    pub path: String,
    /// What it is judged as, if it is judged.
    pub judged_as: Option<FileKind>,
    /// Why it is not.
    pub reason: Option<String>,
}
