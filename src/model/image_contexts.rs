//! What copies bring into an image: the whole context, the sources of a service, or a few files.

use crate::finding::Confidence;
use crate::ir::image::{Command, Copy, Image, InstructionKind, Stage};
use crate::model::image_scripts::{join, plain};
use crate::model::image_users::own;
use crate::source::{FileKind, SourceFile, Sources, at_or_above};

/// What is copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// The whole context.
    All,
    /// A folder that holds code and the manifest of its packages.
    Service,
    /// A folder that holds code, its manifest lying elsewhere.
    Sources,
}

/// Folders that an installation may need to have.
const NEEDED: [&str; 18] = [
    "static",
    "assets",
    "public",
    "templates",
    "prisma",
    "patches",
    "requirements",
    "packages",
    "scripts",
    "bin",
    "vendor",
    "wheels",
    "libs",
    "lib",
    "tools",
    "plugins",
    "config",
    "docker",
];

/// Names of manifests whose packages an image installs.
const MANIFESTS: [&str; 8] =
    ["requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "package.json", "poetry.lock", "uv.lock"];

impl Held {
    /// It, for a message.
    #[must_use]
    pub fn name(self, copy: &Copy) -> String {
        let source = copy.sources.first().map_or("", |source| &source.value);
        match self {
            Self::All => "The whole context".to_owned(),
            Self::Service => format!("The whole of `{source}`"),
            Self::Sources => format!("The code in `{source}`"),
        }
    }

    /// How sure it is that the installation did not need it.
    #[must_use]
    pub fn confidence(self) -> Confidence {
        match self {
            Self::All | Self::Service => Confidence::High,
            Self::Sources => Confidence::Medium,
        }
    }
}

/// What a copy brings of the sources; nothing for manifests, for single files and for what another stage made.
#[must_use]
pub fn held(sources: &Sources, image: &Image, copy: &Copy) -> Option<Held> {
    if copy.from.is_some() {
        return None;
    }
    copy.sources.iter().filter_map(|source| of_path(sources, image, &source.value)).min_by_key(|held| *held as u8)
}

fn of_path(sources: &Sources, image: &Image, path: &str) -> Option<Held> {
    let path = path.trim_end_matches('*');
    let folder = plain(path);
    if folder.is_empty() || folder == "." {
        return Some(Held::All);
    }
    if folder.contains("://") || folder.starts_with('$') {
        return None;
    }
    let name = folder.rsplit('/').next().unwrap_or_default();
    at_or_above(sources.get(image.file).directory()).find_map(|context| {
        let at = format!("{}/", join(context, folder));
        let mut holds_code = false;
        let mut holds_manifest = false;
        for (_, file) in sources.iter().filter(|(_, file)| file.path.starts_with(&at)) {
            holds_code |= matches!(file.kind, FileKind::Python | FileKind::TypeScript);
            holds_manifest |= MANIFESTS.contains(&&file.path[at.len()..]);
        }
        match (holds_code, holds_manifest) {
            (true, true) => Some(Held::Service),
            (true, false) if !NEEDED.contains(&name) => Some(Held::Sources),
            _ => None,
        }
    })
}

/// The manifest of a name that an image is given: where a copy takes it from, else the closest to the Dockerfile.
#[must_use]
pub fn manifest<'a>(sources: &'a Sources, image: &Image, stage: &Stage, name: &str) -> Option<&'a SourceFile> {
    let copies = image.lineage(stage).flat_map(own).filter_map(|instruction| match &instruction.kind {
        InstructionKind::Copy(copy) | InstructionKind::Add(copy) if copy.from.is_none() => Some(copy),
        _ => None,
    });
    let mut folders: Vec<String> = Vec::new();
    for source in copies.flat_map(|copy| &copy.sources) {
        let path = plain(&source.value);
        let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
        // `package*.json`, or the folder that holds it.
        let is_it = last == name || last.split_once('*').is_some_and(|(start, end)| name.starts_with(start) && name.ends_with(end));
        folders.push(if is_it { folder.to_owned() } else { path.trim_end_matches('*').trim_end_matches('/').to_owned() });
    }
    folders.push(String::new());
    at_or_above(sources.get(image.file).directory()).find_map(|context| {
        let at = |folder: &String| sources.find(&join(context, &join(folder, name)));
        folders.iter().find_map(at).map(|id| sources.get(id))
    })
}

/// Whether a command is handed the whole context as a mount: no layer holds it.
#[must_use]
pub fn mounts_all(command: &Command) -> bool {
    command.mounts.iter().any(|mount| mount.kind == "bind" && mount.target.as_deref().is_some_and(|target| target == "."))
}
