//! The fix: manifests are copied, and their packages installed, before the sources come.

use super::{Fix, Intent};
use crate::ir::image::{Copy, Image, Instruction, InstructionKind, Stage};
use crate::ir::shell;
use crate::model::image_purpose::NODE_LOCKS;
use crate::model::image_scripts::{join, plain};
use crate::model::image_steps::{self, Step};
use crate::model::image_users::own;
use crate::model::package_tools::{self, Tool, Use};
use crate::source::{Place, SourceFile, Sources, at_or_above};

const TITLE: &str = "Copy the manifest first, install, and copy the sources after that";

/// Programs that need none of the sources.
const NEED_NOTHING: [&str; 24] = [
    "apt-get",
    "apt",
    "apk",
    "dnf",
    "microdnf",
    "yum",
    "tdnf",
    "set",
    "rm",
    "mkdir",
    "curl",
    "wget",
    "corepack",
    "export",
    "echo",
    "true",
    "ln",
    "useradd",
    "groupadd",
    "adduser",
    "addgroup",
    "gpg",
    "locale-gen",
    "update-ca-certificates",
];

/// Moves the copy of the sources below the installation, where nothing between them needs them.
#[must_use]
pub fn manifests_first(sources: &Sources, image: &Image, stage: &Stage, copied: (&Instruction, &Copy), install: &Instruction) -> Fix {
    let (at, copy) = copied;
    let steps = image_steps::of(install);
    let uses: Vec<Use<'_>> = steps.iter().filter_map(|step| package_tools::read(&step.command)).filter(Use::installs_manifest).collect();
    let Some(used) = uses.first() else { return advice(&[], copy, "") };
    let folder = copy.sources.first().map_or("", |source| plain(source.value.trim_end_matches('*')));
    let manifests = manifests(sources, image, folder, used);
    let shown: Vec<String> =
        if manifests.is_empty() { usual(used.tool).iter().map(|name| join(folder, name)).collect() } else { manifests.clone() };
    let command = sources.get(image.file).slice(install.span).to_owned();
    let between: Vec<&Instruction> =
        own(stage).filter(|other| other.span.start > at.span.start && other.span.start < install.span.start).collect();
    let in_stage = |instruction: &Instruction| own(stage).any(|own| own.span == instruction.span);
    let is_movable = !manifests.is_empty()
        && in_stage(at)
        && in_stage(install)
        && image.errors.is_empty()
        && copy.sources.len() == 1
        && copy.destination.as_ref().is_some_and(|to| !to.value.contains(' ') && is_where_it_runs(stage, install, &to.value))
        && !copy.flags.iter().any(|flag| flag.value.starts_with("--parents"))
        && !steps.iter().any(|step| step.command.program() == "cd")
        && !used.has(&["--prefix", "--cwd", "-C", "--dir", "--directory", "--project", "--filter", "-F"])
        && between.iter().all(|other| needs_nothing(other))
        && steps.iter().all(needs_no_sources)
        && is_alone(sources, image, folder, used);
    if !is_movable {
        return advice(&shown, copy, &command);
    }
    let Some(destination) = copy.destination.as_ref().map(|destination| destination.value.trim_end_matches('/')) else {
        return advice(&shown, copy, &command);
    };
    let destination = if destination.is_empty() { "/" } else { destination };
    let flags = copy.flags.iter().fold(String::new(), |all, flag| all + &flag.value + " ");
    let lines: Vec<String> = by_folder(&manifests, folder)
        .into_iter()
        .map(|(below, files)| {
            let to = if below.is_empty() { destination.to_owned() } else { join(destination, &below) };
            format!("COPY {flags}{} {}/", files.join(" "), to.trim_end_matches('/'))
        })
        .collect();
    let place = |instruction: &Instruction| Place { file: image.file, span: instruction.span };
    let whole = sources.get(image.file).slice(at.span).to_owned();
    Fix::unsafe_edit(
        TITLE,
        vec![Intent::Replace { place: place(at), text: lines.join("\n") }, Intent::InsertAfter { after: place(install), text: whole }],
    )
}

fn advice(manifests: &[String], copy: &Copy, command: &str) -> Fix {
    let names = if manifests.is_empty() { "requirements.txt".to_owned() } else { manifests.join(" ") };
    let all = copy.sources.first().map_or(".", |source| &source.value);
    let to = copy.destination.as_ref().map_or(".", |destination| &destination.value);
    Fix::advice(TITLE, format!("COPY {names} ./\n{command}\nCOPY {all} {to}\n"))
}

/// What a manager reads where nothing is seen.
fn usual(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::Poetry => &["pyproject.toml", "poetry.lock"],
        Tool::Uv => &["pyproject.toml", "uv.lock"],
        Tool::Pdm => &["pyproject.toml", "pdm.lock"],
        Tool::Pipenv => &["Pipfile", "Pipfile.lock"],
        Tool::Npm => &["package*.json"],
        Tool::Yarn => &["package.json", "yarn.lock"],
        Tool::Pnpm => &["package.json", "pnpm-lock.yaml"],
        Tool::Bun => &["package.json", "bun.lock"],
        _ => &["requirements.txt"],
    }
}

/// The files that an installation reads, relative to the context, as far as the project has them.
fn manifests(sources: &Sources, image: &Image, folder: &str, used: &Use<'_>) -> Vec<String> {
    let wanted: Vec<String> = match used.tool {
        Tool::Pip | Tool::Uv if !used.requirements().is_empty() => used.requirements(),
        Tool::Uv if used.verb == "sync" => usual(Tool::Uv).iter().map(|name| (*name).to_owned()).collect(),
        Tool::Pip | Tool::Uv => return Vec::new(),
        Tool::Npm | Tool::Yarn | Tool::Pnpm | Tool::Bun => {
            std::iter::once(&"package.json").chain(NODE_LOCKS).map(|name| (*name).to_owned()).collect()
        }
        tool => usual(tool).iter().map(|name| (*name).to_owned()).collect(),
    };
    let first = wanted.first().map(|name| plain(name).to_owned()).unwrap_or_default();
    at_or_above(sources.get(image.file).directory())
        .find(|context| sources.find(&join(context, &join(folder, &first))).is_some())
        .map(|context| {
            let there = wanted.iter().map(|name| join(folder, plain(name)));
            there.filter(|path| sources.find(&join(context, path)).is_some()).collect()
        })
        .unwrap_or_default()
}

/// Whether the manifests can be read without the files around them, and the installation makes nothing of the sources.
fn is_alone(sources: &Sources, image: &Image, folder: &str, used: &Use<'_>) -> bool {
    let read = |name: &str| -> Option<&SourceFile> {
        at_or_above(sources.get(image.file).directory())
            .find_map(|context| Some(sources.get(sources.find(&join(context, &join(folder, name)))?)))
    };
    match used.tool.ecosystem() {
        package_tools::Ecosystem::Node => {
            read("package.json").is_some_and(|file| {
                let json: serde_json::Value = serde_json::from_str(&file.text).unwrap_or_default();
                let has = |key: &str| json.get("scripts").and_then(|scripts| scripts.get(key)).is_some();
                let links = ["file:", "link:", "workspace:", "portal:", "patch:", "./", "../"]
                    .iter()
                    .any(|start| file.text.contains(&format!("\"{start}")));
                !["preinstall", "install", "postinstall", "prepare"].iter().any(|key| has(key))
                    && json.get("workspaces").is_none()
                    && !["@prisma/client", "patchedDependencies"].iter().any(|name| file.text.contains(name))
                    && !links
            }) && read("pnpm-workspace.yaml").is_none()
        }
        _ if used.has(&["-c", "--constraint", "--constraints"]) => false,
        _ => match used.tool {
            Tool::Pip => {
                used.requirements()
                    .iter()
                    .all(|name| read(plain(name)).is_some_and(|file| file.text.lines().map(str::trim).all(|line| !is_local(line))))
                    && used.packages().is_empty()
            }
            Tool::Pipenv => read("Pipfile").is_some_and(|file| !file.text.contains("path =") && !file.text.contains("path=")),
            // They install the project as well, unless they are told not to.
            Tool::Poetry => used.has(&["--no-root"]) && read("pyproject.toml").is_some_and(|file| !has_paths(&file.text)),
            Tool::Uv => {
                used.has(&["--no-install-project", "--no-install-workspace"])
                    && read("pyproject.toml").is_some_and(|file| !has_paths(&file.text))
            }
            Tool::Pdm => used.has(&["--no-self"]),
            _ => false,
        },
    }
}

/// Whether an instruction has nothing to do with the sources.
fn needs_nothing(instruction: &Instruction) -> bool {
    match &instruction.kind {
        InstructionKind::Env(_) | InstructionKind::Arg(_) | InstructionKind::Label(_) | InstructionKind::Expose(_) => true,
        InstructionKind::Run(_) => {
            let steps = image_steps::of(instruction);
            !steps.is_empty() && steps.iter().all(needs_no_sources)
        }
        _ => false,
    }
}

fn needs_no_sources(step: &Step<'_>) -> bool {
    let is_script = |word: &shell::Word| word.value == "venv" || word.value == "ensurepip";
    package_tools::read(&step.command)
        .is_some_and(|used| used.installs() || matches!(used.verb.as_str(), "cache" | "cache clean" | "config" | "clean" | "update"))
        || NEED_NOTHING.contains(&step.command.program())
        || (step.command.program().starts_with("python") && step.command.arguments().iter().any(is_script))
}

/// Whether a project of Python depends on folders beside its manifest.
fn has_paths(text: &str) -> bool {
    ["path =", "path=", "workspace =", "workspace=", "[tool.uv.workspace]"].iter().any(|mark| text.contains(mark))
}

/// Whether a line of requirements names something else than a package.
fn is_local(line: &str) -> bool {
    const OPTIONS: [&str; 10] =
        ["-r", "-c", "-e", "-f", "--requirement", "--constraint", "--editable", "--find-links", "--extra-index-url file", "."];
    OPTIONS.iter().any(|option| line.starts_with(option))
        || line.contains("file:")
        || (line.contains('/') && !line.contains("://") && !line.starts_with('#'))
}

/// Whether files are copied to where the installation runs.
fn is_where_it_runs(stage: &Stage, install: &Instruction, to: &str) -> bool {
    let plain = |path: &str| path.trim_end_matches("/.").trim_end_matches('/').to_owned();
    let before = own(stage).filter(|other| other.span.start < install.span.start);
    let mut folder = before.filter_map(|other| match &other.kind {
        InstructionKind::Workdir(path) => Some(plain(&path.value)),
        _ => None,
    });
    let to = plain(to);
    to.is_empty() || to == "." || folder.next_back().is_none_or(|folder| folder == to || folder == format!("/{to}"))
}

/// Files by the folder that they lie in, below the copied one.
fn by_folder(files: &[String], folder: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for file in files {
        let below = file.strip_prefix(folder).unwrap_or(file).trim_start_matches('/');
        let at = below.rsplit_once('/').map_or("", |(at, _)| at).to_owned();
        match found.iter_mut().find(|(known, _)| *known == at) {
            Some((_, files)) => files.push(file.clone()),
            None => found.push((at, vec![file.clone()])),
        }
    }
    found
}
