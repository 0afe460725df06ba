//! The fix: a leaner base, or a draft of two stages out of the user's own commands, of which one is thrown away.

use std::fmt::Write as _;

use super::{Fix, Intent};
use crate::ir::Known;
use crate::ir::image::{Image, Instruction, InstructionKind, Stage};
use crate::model::image_sizes::{self, Weights};
use crate::model::image_steps;
use crate::model::image_users::own;
use crate::model::images::Reference;
use crate::model::package_tools::{self, Ecosystem, Tool, Use};
use crate::source::{Place, Sources};

/// Packages of Python that are built on installation, and take a compiler for it.
const COMPILED: [&str; 10] =
    ["psycopg2", "mysqlclient", "uwsgi", "python-ldap", "pycairo", "pygraphviz", "pyodbc", "gevent", "pycrypto", "xmlsec"];

/// Names of releases at the end of tags, before which `slim` stands with most images.
const RELEASES: [&str; 4] = ["bookworm", "bullseye", "trixie", "buster"];

/// A leaner base where that is all it takes, else a draft.
#[must_use]
pub fn fix(sources: &Sources, image: &Image, stage: &Stage, weights: &Weights<'_>) -> Fix {
    let only_base = weights.all.len() == 1;
    match weights.base {
        Some((base, "-slim")) if only_base => slim(sources, image, stage, base),
        Some((base, lean)) if only_base && installs_nothing(image, stage) && lean.contains("-jre") => {
            let lean = lean.replace("{}", &version(base));
            let root = image.lineage(stage).last().unwrap_or(stage);
            let title = format!("Run it on `{lean}`");
            if root.base.value == base && is_own(image, root, stage) {
                return Fix::unsafe_edit(
                    title,
                    vec![Intent::Replace { place: Place { file: image.file, span: root.base.span }, text: lean }],
                );
            }
            Fix::advice(title, format!("FROM {lean}\n"))
        }
        _ => Fix::advice("Build in one stage, and copy what runs into another", draft(sources, image, stage, weights)),
    }
}

/// The version at the head of a tag.
fn version(base: &str) -> String {
    let reference = Reference::parse(base);
    let tag = reference.tag.unwrap_or("21");
    tag.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect()
}

fn slim(sources: &Sources, image: &Image, stage: &Stage, base: &str) -> Fix {
    let root = image.lineage(stage).last().unwrap_or(stage);
    let written = &root.base.value;
    let (Some(lean), Some(shown)) = (slim_of(written), slim_of(base)) else {
        return Fix::advice(
            "Take the slim form of the base",
            format!("FROM {}\n", slim_of(base).unwrap_or_else(|| format!("{base}-slim"))),
        );
    };
    let title = format!("Take `{shown}`");
    let lacking = image_sizes::lacking(image, stage);
    let needs = image_sizes::requirements(sources, image, stage).find_map(|file| {
        let text = file.text.to_ascii_lowercase();
        let compiled = COMPILED.iter().find(|name| text.lines().any(|line| is_named(line, name)));
        if text.contains("git+") {
            Some("`git`, which the requirements ask for".to_owned())
        } else {
            compiled.map(|name| format!("the compiler that `{name}` is built with"))
        }
    });
    let missing =
        needs.or_else(|| (!lacking.is_empty()).then(|| lacking.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")));
    if let Some(missing) = missing {
        return Fix::advice(
            format!("{title}, and install {missing}, which it lacks, or build in a stage of its own"),
            format!("FROM {lean}\n"),
        );
    }
    if !is_own(image, root, stage) || matches!(root.resolved, Known::Unknown) {
        return Fix::advice(title, format!("FROM {lean}\n"));
    }
    Fix::unsafe_edit(title, vec![Intent::Replace { place: Place { file: image.file, span: root.base.span }, text: lean }])
}

/// Whether a line of requirements names a package.
fn is_named(line: &str, name: &str) -> bool {
    let line = line.trim().trim_start_matches(['"', '\'']);
    line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', '>', '<', '~', '[', ' ', '"', '\'', ';']))
}

/// Whether no stage but those of the lineage is built on the root: another may need what it brings.
fn is_own(image: &Image, root: &Stage, stage: &Stage) -> bool {
    let spans: Vec<_> = image.lineage(stage).map(|stage| stage.span).collect();
    image.stages.iter().all(|other| spans.contains(&other.span) || image.lineage(other).all(|above| above.span != root.span))
}

/// The reference of the slim form; nothing where a digest, or a variable for all of it, says which image it is.
fn slim_of(base: &str) -> Option<String> {
    if base.contains('@') || base.starts_with('$') {
        return None;
    }
    let reference = Reference::parse(base);
    let name = reference.repository.rsplit('/').next().unwrap_or_default();
    let Some(tag) = reference.tag else { return Some(format!("{base}:{}", if name == "debian" { "stable-slim" } else { "slim" })) };
    let head = base.strip_suffix(tag)?;
    let tag = match tag {
        "latest" if name == "debian" => "stable-slim".to_owned(),
        "latest" => "slim".to_owned(),
        _ => {
            let release = RELEASES.iter().find(|release| tag.ends_with(&format!("-{release}")));
            match release {
                // Node's and Debian's put it behind.
                Some(release) if !matches!(name, "node" | "debian") => {
                    format!("{}-slim-{release}", tag.strip_suffix(&format!("-{release}"))?)
                }
                _ => format!("{tag}-slim"),
            }
        }
    };
    Some(format!("{head}{tag}"))
}

fn installs_nothing(image: &Image, stage: &Stage) -> bool {
    image_steps::of_lineage(image, stage).iter().all(|step| package_tools::read(&step.command).is_none())
}

/// Two stages out of the instructions of one.
fn draft(sources: &Sources, image: &Image, stage: &Stage, weights: &Weights<'_>) -> String {
    let file = sources.get(image.file);
    let mut lineage: Vec<&Stage> = image.lineage(stage).collect();
    lineage.reverse();
    let base = lineage.first().map_or(stage.base.value.as_str(), |root| root.base.value.as_str());
    let all: Vec<&Instruction> = lineage.into_iter().flat_map(own).collect();
    let works = |instruction: &&Instruction| {
        image_steps::of(instruction)
            .iter()
            .any(|step| package_tools::read(&step.command).is_some_and(|used| used.tool.ecosystem() != Ecosystem::System))
    };
    let ecosystem = |wanted: Ecosystem| {
        let of = |used: Use<'_>| used.installs() && used.tool.ecosystem() == wanted;
        all.iter().any(|instruction| image_steps::of(instruction).iter().any(|step| package_tools::read(&step.command).is_some_and(of)))
    };
    let last = all.iter().rposition(works).or_else(|| all.iter().rposition(|i| matches!(i.kind, InstructionKind::Run(_))));
    let (build, rest) = all.split_at(last.map_or(0, |at| at + 1));
    let lean = lean_base(base, weights);
    let folder = all.iter().rev().find_map(|instruction| match &instruction.kind {
        InstructionKind::Workdir(path) => Some(path.value.as_str()),
        _ => None,
    });
    let folder = folder.unwrap_or("/app");
    let mut text = format!("FROM {base} AS build\n");
    let is_python = ecosystem(Ecosystem::Python);
    if is_python {
        text.push_str("RUN python3 -m venv /venv\nENV PATH=/venv/bin:$PATH\n");
    }
    let runs = |instruction: &&&Instruction| {
        !matches!(
            instruction.kind,
            InstructionKind::User { .. } | InstructionKind::Expose(_) | InstructionKind::Cmd(_) | InstructionKind::Entrypoint(_)
        )
    };
    for instruction in build.iter().filter(runs) {
        let _ = writeln!(text, "{}", file.slice(instruction.span));
    }
    if let Some(prune) = prune(&all) {
        let _ = writeln!(text, "RUN {prune}");
    }
    let _ = write!(text, "\nFROM {lean}\n");
    let stays = |instruction: &&&Instruction| {
        matches!(
            instruction.kind,
            InstructionKind::Env(_) | InstructionKind::User { .. } | InstructionKind::Expose(_) | InstructionKind::Workdir(_)
        )
    };
    for instruction in build.iter().filter(stays) {
        let _ = writeln!(text, "{}", file.slice(instruction.span));
    }
    if is_python {
        text.push_str("COPY --from=build /venv /venv\nENV PATH=/venv/bin:$PATH\n");
    } else {
        let _ = writeln!(text, "COPY --from=build {folder} {folder}");
    }
    for instruction in rest {
        let _ = writeln!(text, "{}", file.slice(instruction.span));
    }
    text
}

/// The base of the stage that runs.
fn lean_base(base: &str, weights: &Weights<'_>) -> String {
    match weights.base {
        Some((_, "-slim")) => slim_of(base).unwrap_or_else(|| base.to_owned()),
        Some((resolved, lean)) => lean.replace("{}", &version(resolved)),
        None => base.to_owned(),
    }
}

/// What takes the packages for developers away again.
fn prune(all: &[&Instruction]) -> Option<&'static str> {
    let steps: Vec<_> = all.iter().flat_map(|instruction| image_steps::of(instruction)).collect();
    let used = steps
        .iter()
        .filter_map(|step| package_tools::read(&step.command))
        .find(|used| used.installs_manifest() && used.tool.ecosystem() == Ecosystem::Node)?;
    if used.is_for_production() {
        return None;
    }
    Some(match used.tool {
        Tool::Yarn => "yarn install --production --ignore-scripts --prefer-offline",
        Tool::Pnpm => "pnpm prune --prod",
        Tool::Bun => "rm -rf node_modules && bun install --production",
        _ => "npm prune --omit=dev",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slim_forms() {
        for (base, slim) in [
            ("python:3.11", Some("python:3.11-slim")),
            ("python", Some("python:slim")),
            ("python:latest", Some("python:slim")),
            ("docker.io/library/python:3.12-bookworm", Some("docker.io/library/python:3.12-slim-bookworm")),
            ("node:22-bookworm", Some("node:22-bookworm-slim")),
            ("node:${NODE_VERSION}", Some("node:${NODE_VERSION}-slim")),
            ("debian:bookworm", Some("debian:bookworm-slim")),
            ("debian", Some("debian:stable-slim")),
            ("localhost:5000/python:3", Some("localhost:5000/python:3-slim")),
            ("${BASE}", None),
            ("python:3@sha256:ab", None),
        ] {
            assert_eq!(slim_of(base).as_deref(), slim, "{base}");
        }
    }
}
