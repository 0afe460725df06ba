//! Discovery: which files there are, what they are judged as, and their texts.
//!
//! The whole project root is read as evidence; the paths that were given select what is reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use memchr::memmem;
use rayon::prelude::*;

use crate::config::{Config, Patterns};
use crate::lower::deploy;
use crate::report::{Listed, Unread};
use crate::source::{FileKind, SourceFile, Sources};

mod extended;
mod kind;
mod scope;
mod text;
mod walk;

pub use kind::{ByName, by_name};
pub use scope::{Scope, ScopeError};
pub use text::MAX_BYTES;

use text::NoText;

/// What the command line says about files.
#[derive(Debug)]
pub struct Options<'a> {
    /// `--exclude`, relative to the working directory.
    pub exclude: &'a Patterns,
    /// Files that were given obey excludes, ignore files and test patterns as if they had been found.
    pub force_exclude: bool,
    /// Threads of the walk; 0 lets it choose.
    pub threads: usize,
    /// What standard input holds, where the scope was told which file that is the text of.
    pub stdin: Option<&'a [u8]>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Discovered {
    /// The project root; paths are relative to it.
    pub root: PathBuf,
    /// The files that were read.
    pub sources: Sources,
    /// Files within the paths that were given which are not judged, and why. Test code is not among them: it is known
    /// by [`SourceFile::test`]. Generated files are, although they were read as evidence.
    pub skipped: Vec<Unread>,
    /// Files and folders within the paths that were given which should have been read and could not be.
    pub failed: Vec<Unread>,
    /// Files that were given by name and are not judged, and why.
    pub passed_by: Vec<Unread>,
}

impl Discovered {
    /// Every file within the paths that were given and what becomes of it, by path.
    #[must_use]
    pub fn listing(&self) -> Vec<Listed> {
        let mut listed = BTreeMap::new();
        for (_, file) in self.sources.iter().filter(|(_, file)| file.reported) {
            let reason = match file.kind {
                FileKind::Manifest => Some("manifest: read as evidence".to_owned()),
                _ if file.test => Some("test code".to_owned()),
                _ => None,
            };
            let judged_as = reason.is_none().then_some(file.kind);
            listed.insert(&*file.path, Listed { path: file.path.to_string(), judged_as, reason });
        }
        for unread in self.skipped.iter().chain(&self.failed) {
            listed.insert(&unread.path, Listed { path: unread.path.clone(), judged_as: None, reason: Some(unread.reason.clone()) });
        }
        listed.into_values().collect()
    }

    /// Number of files that are judged.
    #[must_use]
    pub fn checked(&self) -> usize {
        self.sources.iter().filter(|(_, file)| file.reported && !file.test && file.kind != FileKind::Manifest).count()
    }
}

/// How many files one thread takes at once: whoever takes more leaves the others idle in the end.
pub const AT_ONCE: usize = 8;

/// What became of one file.
enum Outcome {
    Read(SourceFile),
    /// Read as evidence, and named as not judged.
    Evidence(SourceFile, &'static str),
    Skipped(String),
    Failed(String),
    /// It has nothing to do with us.
    Nothing,
}

/// The folders below the root that hold a configuration of their own for something that was asked about.
#[must_use]
pub fn configured_folders(scope: &Scope, config: &Config) -> Vec<PathBuf> {
    walk::configured_folders(scope, config)
}

/// Finds and reads the files of a project. The result does not depend on the number of threads, nor on the order in
/// which paths were given.
#[must_use]
pub fn discover(scope: &Scope, config: &Config, options: &Options<'_>) -> Discovered {
    let excludes = walk::Excludes { config, command_line: options.exclude, cwd: &scope.cwd, root: &scope.root };
    let mut walked = walk::walk(scope, &excludes, options.threads);
    add_given_files(&mut walked, scope, options.force_exclude);

    let charts = charts(&walked.files);
    let files: Vec<&PathBuf> = walked.files.iter().collect();
    let outcomes: Vec<Outcome> = files
        .par_iter()
        .with_max_len(AT_ONCE)
        .map(|path| {
            let given = options.stdin.filter(|_| scope.stdin.as_ref() == Some(*path));
            let mut outcome = outcome(path, given, &charts, scope);
            if let Outcome::Read(file) | Outcome::Evidence(file, _) = &mut outcome {
                file.reported = scope.targets_of(path).next().is_some();
                file.test |= is_test(path, scope, config, options.force_exclude)
                    || (!config.at(&file.path).test_paths.is_empty() && kind::holds_tests(file.kind, file.name(), &file.text));
            }
            outcome
        })
        .collect();

    let mut sources = Vec::new();
    let (mut skipped, mut failed) = (walked.skipped, walked.failed);
    for (path, outcome) in files.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Read(file) => sources.push(file),
            Outcome::Evidence(file, reason) => {
                sources.push(file);
                skipped.push((path.clone(), reason.to_owned()));
            }
            Outcome::Skipped(reason) => skipped.push((path.clone(), reason)),
            Outcome::Failed(reason) => failed.push((path.clone(), reason)),
            Outcome::Nothing if scope.targets.iter().any(|target| !target.is_folder && target.path == *path) => {
                skipped.push((path.clone(), "not a kind of file that is judged".to_owned()));
            }
            Outcome::Nothing => {}
        }
    }
    for (path, mut file) in extended::find(&sources, &walked.files, scope) {
        skipped.retain(|(skipped, _)| *skipped != path);
        file.reported = scope.targets_of(&path).next().is_some();
        sources.push(file);
    }
    let mut discovered = Discovered {
        root: scope.root.clone(),
        sources: Sources::new(sources),
        skipped: unread(skipped, scope),
        failed: unread(failed, scope),
        passed_by: Vec::new(),
    };
    discovered.passed_by = passed_by(&discovered, scope);
    discovered
}

/// Files that were given by name and are not judged. Those that failed are named anyway.
fn passed_by(discovered: &Discovered, scope: &Scope) -> Vec<Unread> {
    let given: BTreeSet<String> =
        scope.targets.iter().filter(|target| !target.is_folder).map(|target| scope.relative(&target.path)).collect();
    if given.is_empty() {
        return Vec::new();
    }
    let reasons = discovered.listing().into_iter().filter_map(|listed| Some(Unread { reason: listed.reason?, path: listed.path }));
    reasons.filter(|unread| given.contains(&unread.path) && !discovered.failed.contains(unread)).collect()
}

/// Files that were given are judged although the walk passed them by, unless they have to obey.
fn add_given_files(walked: &mut walk::Walked, scope: &Scope, force_exclude: bool) {
    for target in scope.targets.iter().filter(|target| !target.is_folder) {
        let path = &target.path;
        if walked.files.contains(path) {
            continue;
        }
        let known = by_name("", &path.file_name().unwrap_or_default().to_string_lossy()) != ByName::Other;
        let exists = path.symlink_metadata().is_ok();
        if !(force_exclude && known && exists) {
            walked.files.insert(path.clone());
            walked.skipped.retain(|(skipped, _)| skipped != path);
        } else if !walked.skipped.iter().chain(&walked.failed).any(|(named, _)| named == path) {
            walked.skipped.push((path.clone(), "ignored or excluded".to_owned()));
        }
    }
}

/// Those within the paths that were given, by path.
fn unread(found: Vec<(PathBuf, String)>, scope: &Scope) -> Vec<Unread> {
    let mut unread: Vec<Unread> = found
        .into_iter()
        .filter(|(path, _)| scope.targets_of(path).next().is_some())
        .map(|(path, reason)| Unread { path: scope.relative(&path), reason })
        .collect();
    unread.sort();
    unread.dedup();
    unread
}

/// Whether a JSON file is a deployment. Those are small; what is large is data, and not worth a look.
fn is_cloud_run_json(path: &Path) -> bool {
    const LARGEST: u64 = 64 << 10;
    let is_small = path.symlink_metadata().is_ok_and(|file| file.is_file() && file.len() <= LARGEST);
    is_small && text::read(path, FileKind::Yaml).is_ok_and(|bytes| memmem::find(&bytes, b"serving.knative.dev").is_some())
}

/// Whether a file says in its first line that a shell reads it.
fn is_shell_script(path: &Path) -> bool {
    const HEAD: usize = 64;
    let is_file = path.metadata().is_ok_and(|file| file.is_file());
    let mut head = Vec::with_capacity(HEAD);
    if !is_file || File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head)).is_err() {
        return false;
    }
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    first.starts_with(b"#!") && memmem::find(first, b"sh").is_some()
}

/// Folders of Helm charts: those that hold a `Chart.yaml` beside `templates/`.
fn charts(files: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let charts = files.iter().filter(|path| path.file_name().is_some_and(|name| name == "Chart.yaml" || name == "Chart.yml"));
    charts.filter_map(|path| path.parent()).filter(|folder| folder.join("templates").is_dir()).map(Path::to_path_buf).collect()
}

/// Whether a YAML file is part of a chart: the chart's folder may be the project's, and hold other things too.
fn is_in_chart(path: &Path, chart: &Path) -> bool {
    let Ok(below) = path.strip_prefix(chart) else { return false };
    let first = below.iter().next().unwrap_or_default().to_string_lossy();
    let is_file = below.iter().count() == 1;
    if is_file { first.starts_with("Chart.") || first.starts_with("values") } else { ["templates", "charts", "crds"].contains(&&*first) }
}

/// Whether a file is test code: below every path that it was given by, its patterns match. A file that was given
/// itself has only its name to go by, unless it has to obey like one that was found.
fn is_test(path: &Path, scope: &Scope, config: &Config, force_exclude: bool) -> bool {
    let mut folders: Vec<&Path> =
        scope.targets_of(path).filter(|target| target.is_folder || !force_exclude).map(scope::Target::folder).collect();
    if folders.is_empty() {
        folders.push(&scope.root);
    }
    let test_paths = &config.at(&scope.relative(path)).test_paths;
    folders.into_iter().all(|folder| test_paths.match_file(&scope::relative(path, folder)))
}

fn outcome(path: &Path, given: Option<&[u8]>, charts: &[PathBuf], scope: &Scope) -> Outcome {
    let relative = scope.relative(path);
    let (folder, name) = relative.rsplit_once('/').unwrap_or(("", &relative));
    let kind = match by_name(folder, name) {
        ByName::Kind(kind) => kind,
        ByName::NotJudged(reason) => return Outcome::Skipped(reason.to_owned()),
        ByName::Json if is_cloud_run_json(path) => return Outcome::Skipped("Cloud Run JSON: not supported, YAML is".to_owned()),
        ByName::Bare if is_shell_script(path) => FileKind::Shell,
        ByName::Json | ByName::Bare | ByName::Other => return Outcome::Nothing,
    };
    // A path is text from here on: one that is none could not be found again, nor written to.
    if path.strip_prefix(&scope.root).unwrap_or(path).to_str().is_none() {
        return Outcome::Failed("its name is not UTF-8".to_owned());
    }
    if kind == FileKind::Yaml && charts.iter().any(|chart| is_in_chart(path, chart)) {
        return Outcome::Skipped("Helm chart: not supported".to_owned());
    }
    if name == kind::BINARY_LOCK {
        return Outcome::Read(SourceFile::new(&relative, kind, ""));
    }
    let bytes = given.map_or_else(|| text::read(path, kind), |bytes| Ok(bytes.to_vec()));
    let (text, encoding) = match bytes.as_deref().map_err(NoText::clone).and_then(|bytes| text::decode(bytes, kind)) {
        Ok(decoded) => decoded,
        Err(NoText::Skipped(reason)) => return Outcome::Skipped(reason.to_owned()),
        Err(NoText::Failed(reason)) => {
            let link = path.is_symlink().then(|| path.canonicalize().err()).flatten();
            return Outcome::Failed(link.map_or(reason, |error| walk::broken_link(&error)));
        }
    };
    if kind == FileKind::Yaml && kind::is_app_engine(name, &text) {
        // It tells that what lies beside it is deployed.
        return Outcome::Evidence(SourceFile::new(&relative, FileKind::Manifest, &text), "App Engine: not supported");
    }
    if kind == FileKind::Yaml
        && let Some(template) = deploy::template_kind(&text)
    {
        return Outcome::Skipped(template.to_owned());
    }
    let mut file = SourceFile::new(&relative, kind, &text);
    file.encoding = encoding;
    if let Some(how) = kind::written_by_program(kind, name, &text) {
        file.test = true;
        return Outcome::Evidence(file, how);
    }
    Outcome::Read(file)
}
