//! What an image ships that nobody needs while it runs: a base with everything in it, compilers, packages for developers.

use super::image_contexts;
use super::image_steps::{self, Step};
use super::image_users::own;
use super::images::{self, Reference};
use super::package_caches;
use super::package_tools::{self, Tool, Use};
use crate::finding::Confidence;
use crate::ir::Known;
use crate::ir::image::{Image, InstructionKind, Stage};
use crate::source::{FileKind, SourceFile, Sources, Span};

/// What only builds with a compiler beside it, or runs other tasks.
const HELPERS: [&str; 10] =
    ["make", "cmake", "musl-dev", "libc6-dev", "libc-dev", "linux-headers", "autoconf", "automake", "ninja-build", "base-devel"];

/// Compilers and what they need.
const BUILD_TOOLS: [&str; 31] = [
    "gcc",
    "g++",
    "gcc-c++",
    "clang",
    "make",
    "cmake",
    "build-essential",
    "build-base",
    "musl-dev",
    "libc6-dev",
    "libc-dev",
    "alpine-sdk",
    "python3-dev",
    "python3-devel",
    "python-dev",
    "python-devel",
    "linux-headers",
    "cargo",
    "rustc",
    "golang",
    "golang-go",
    "default-jdk",
    "maven",
    "gradle",
    "autoconf",
    "automake",
    "@development-tools",
    "Development Tools",
    "base-devel",
    "ninja-build",
    "gfortran",
];

/// Packages that run `git` themselves.
const RUN_GIT: [&str; 8] = ["gitpython", "dulwich", "pygit2", "simple-git", "isomorphic-git", "nodegit", "dvc", "pre-commit"];

/// Something that an image ships without need.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weight {
    /// What, as a sentence without its end.
    pub what: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it comes in, where that is not the base.
    pub place: Option<Span>,
}

/// What makes an image large.
#[derive(Clone, Debug, Default)]
pub struct Weights<'a> {
    /// The base that brings too much, and what brings less.
    pub base: Option<(&'a str, &'static str)>,
    /// All that it ships without need.
    pub all: Vec<Weight>,
}

/// What the final stage ships without need.
#[must_use]
pub fn of<'a>(sources: &Sources, image: &'a Image, stage: &'a Stage) -> Weights<'a> {
    let mut weights = Weights::default();
    let root = image.lineage(stage).last().unwrap_or(stage);
    // A digest alone may be that of a lean form.
    let is_named = |base: &str| {
        let reference = Reference::parse(base);
        reference.tag.is_some() || reference.digest.is_none()
    };
    if let Known::Yes(base) = &root.resolved
        && is_named(base)
        && let Some(lean) = images::facts(&Reference::parse(base)).lean.filter(|lean| *lean != "itself")
    {
        weights.base = Some((base, lean));
        let named = base.split('@').next().unwrap_or(base);
        weights.all.push(Weight { what: format!("`{named}` {}", brings(named, lean)), confidence: Confidence::High, place: None });
    }
    let is_fed = image.lineage(stage).flat_map(own).any(|instruction| match &instruction.kind {
        InstructionKind::Copy(copy) => {
            copy.from.as_ref().is_some_and(|from| image.copied_stage(image.stages.len() - 1, &from.value).is_some())
        }
        _ => false,
    });
    if let Some((names, span)) = build_tools(image, stage) {
        let named: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
        weights.all.push(Weight {
            what: format!(
                "{} {} in the image, which only its build needs",
                named.join(", "),
                if names.len() == 1 { "stays" } else { "stay" }
            ),
            confidence: if is_fed { Confidence::Medium } else { Confidence::High },
            place: Some(span),
        });
    } else if let Some(span) = git(sources, image, stage) {
        let is_asked =
            !is_fed && requirements(sources, image, stage).any(|file| file.name() != "package.json" && file.text.contains("git+"));
        weights.all.push(Weight {
            what: "`git` stays in the image, which only its build needs".to_owned(),
            confidence: if is_asked { Confidence::Medium } else { Confidence::Low },
            place: Some(span),
        });
    }
    if let Some(span) = development(sources, image, stage) {
        weights.all.push(Weight {
            what: "the packages for developers of its `package.json` are shipped".to_owned(),
            confidence: Confidence::High,
            place: Some(span),
        });
    }
    weights
}

/// What a base brings that has a leaner form.
fn brings(base: &str, lean: &str) -> &'static str {
    match lean {
        "-slim" if !base.contains("debian") => "brings compilers, headers and tools of a whole distribution",
        _ if lean.contains("-jre") || lean.contains("/distroless/") || lean.contains("aspnet") => {
            "brings what builds programs, where one only has to run"
        }
        _ => "brings a whole distribution",
    }
}

/// The build tools that stay in a stage, and where the first comes in.
fn build_tools(image: &Image, stage: &Stage) -> Option<(Vec<String>, Span)> {
    let mut found: Option<(Vec<String>, Span)> = None;
    each_kept(image, stage, |name, span| {
        if is_build_tool(name) {
            found.get_or_insert_with(|| (Vec::new(), span)).0.push(name.to_owned());
        }
    });
    found.filter(|(names, _)| names.iter().any(|name| !HELPERS.contains(&name.as_str())))
}

fn git(sources: &Sources, image: &Image, stage: &Stage) -> Option<Span> {
    let mut found = None;
    each_kept(image, stage, |name, span| {
        if name == "git" {
            found = found.or(Some(span));
        }
    });
    let runs_git = |file: &SourceFile| RUN_GIT.iter().any(|name| file.text.to_ascii_lowercase().contains(name));
    found.filter(|_| !requirements(sources, image, stage).any(runs_git) && !is_run(sources, image))
}

/// Whether code or scripts beside a Dockerfile start Git.
fn is_run(sources: &Sources, image: &Image) -> bool {
    const STARTED: [&str; 6] = ["'git'", "\"git\"", "git clone", "git push", "git commit", "git fetch"];
    let dockerfile = sources.get(image.file);
    let around = |path: &str| crate::model::services::is_below(path, dockerfile.directory());
    let is_code = |file: &SourceFile| matches!(file.kind, FileKind::Python | FileKind::TypeScript) && !file.test;
    sources.iter().any(|(_, file)| is_code(file) && around(file.directory()) && STARTED.iter().any(|mark| file.text.contains(mark)))
}

/// Calls for each package of the system that a `RUN` installs and does not remove again.
fn each_kept(image: &Image, stage: &Stage, mut kept: impl FnMut(&str, Span)) {
    for instruction in image.lineage(stage).flat_map(own) {
        let steps = image_steps::of(instruction);
        let uses: Vec<Use<'_>> = steps.iter().filter_map(system).collect();
        let removed: Vec<&str> = uses
            .iter()
            .filter(|used| matches!(used.verb.as_str(), "purge" | "remove" | "autoremove" | "auto-remove" | "del" | "erase"))
            .flat_map(Use::packages)
            .map(|word| word.value.as_str())
            .collect();
        for used in uses.iter().filter(|used| used.installs()) {
            // `apk del .build-deps`
            let joined = used.arguments.iter().filter_map(|word| word.value.strip_prefix("--virtual="));
            let group = used.values(&["--virtual", "-t"]).into_iter().map(|word| word.value.as_str()).chain(joined);
            // The official images' own way: all that nobody asked for goes.
            let is_undone = steps.iter().any(|step| step.command.program() == "apt-mark")
                && uses.iter().any(|used| used.has(&["--auto-remove"]))
                || uses.iter().any(|used| used.verb == "history");
            if is_undone || group.into_iter().any(|group| removed.contains(&group)) {
                continue;
            }
            for package in used.packages() {
                let name = package.value.split(['=', '~', '>', '<']).next().unwrap_or_default();
                let is_removed = removed
                    .iter()
                    .any(|removed| name == *removed || removed.strip_suffix('*').is_some_and(|start| name.starts_with(start)));
                if !removed.contains(&package.value.as_str()) && !is_removed {
                    kept(name, instruction.span);
                }
            }
        }
    }
}

fn system<'s>(step: &'s Step<'_>) -> Option<Use<'s>> {
    package_tools::read(&step.command).filter(|used| matches!(used.tool, Tool::Apt | Tool::Apk | Tool::Dnf))
}

fn is_build_tool(name: &str) -> bool {
    let numbered = |start: &str| name.strip_prefix(start).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let of_python = name.starts_with("python3") && (name.ends_with("-dev") || name.ends_with("-devel"));
    let is_jdk = name.starts_with("openjdk") && name.contains("-jdk") || (name.starts_with("java-") && name.ends_with("-devel"));
    BUILD_TOOLS.contains(&name) || numbered("gcc-") || numbered("g++-") || numbered("clang-") || of_python || is_jdk
}

/// Where packages for developers come in, where the project's manifest has any.
fn development(sources: &Sources, image: &Image, stage: &Stage) -> Option<Span> {
    let span = package_caches::ships_development(image, stage)?;
    let file = image_contexts::manifest(sources, image, stage, "package.json")?;
    let json: serde_json::Value = serde_json::from_str(&file.text).ok()?;
    json.get("devDependencies")?.as_object().filter(|found| !found.is_empty()).map(|_| span)
}

/// The files that say which packages of a language an image gets.
pub fn requirements<'a>(sources: &'a Sources, image: &'a Image, stage: &'a Stage) -> impl Iterator<Item = &'a SourceFile> {
    let names = ["requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "package.json"];
    names.into_iter().filter_map(|name| image_contexts::manifest(sources, image, stage, name))
}

/// Programs that a stage, or what asks for its health, runs, that the slim form of a base lacks, and that nothing installs.
#[must_use]
pub fn lacking(image: &Image, stage: &Stage) -> Vec<String> {
    const LACKING: [&str; 10] = ["curl", "wget", "git", "gcc", "g++", "make", "unzip", "svn", "ssh", "openssl"];
    let mut installed: Vec<String> = Vec::new();
    each_kept(image, stage, |name, _| installed.push(name.to_owned()));
    let runs = image_steps::of_lineage(image, stage).into_iter().map(|step| step.command.program().to_owned());
    let asked = image.lineage(stage).flat_map(own).filter_map(|instruction| match &instruction.kind {
        InstructionKind::Healthcheck(Some(command)) | InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => {
            Some(super::image_users::words(command).map(str::to_owned).collect::<Vec<_>>())
        }
        _ => None,
    });
    let mut lacking: Vec<String> = runs.chain(asked.flatten()).filter(|program| LACKING.contains(&program.as_str())).collect();
    lacking.retain(|program| !installed.contains(program) && !installed.iter().any(|name| name == "build-essential"));
    lacking.sort();
    lacking.dedup();
    lacking
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_tools_are_told_from_what_runs() {
        for name in ["gcc", "g++-12", "build-essential", "python3.11-devel", "python3-dev", "openjdk-17-jdk", "musl-dev"] {
            assert!(is_build_tool(name), "{name}");
        }
        for name in ["libgcc-s1", "libpq5", "libpq-dev", "curl", "git", "python3", "openjdk-17-jre", "gcompat"] {
            assert!(!is_build_tool(name), "{name}");
        }
    }
}
