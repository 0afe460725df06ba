//! The fix: a leaner base, or a draft of two stages out of the user's own commands, of which one is thrown away.

use std::fmt::Write as _;

use super::{Fix, Intent};
use crate::ir::Known;
use crate::ir::image::{Image, Instruction, InstructionKind, Stage};
use crate::model::image_sizes::{self, Weights};
use crate::model::image_steps;
use crate::model::image_users as users;
use crate::model::images::Reference;
use crate::model::package_tools::{self, Ecosystem, Tool, Use};
use crate::source::{Place, Sources};

/// Packages of Python that are built on installation, and take a compiler for it.
const COMPILED: [&str; 13] = [
    "psycopg",
    "pycurl",
    "netifaces",
    "psycopg2",
    "mysqlclient",
    "uwsgi",
    "python-ldap",
    "pycairo",
    "pygraphviz",
    "pyodbc",
    "gevent",
    "pycrypto",
    "xmlsec",
];

/// Names of releases at the end of tags, before which `slim` stands with most images.
const RELEASES: [&str; 4] = ["bookworm", "bullseye", "trixie", "buster"];

/// A leaner base where that is all it takes, else a draft.
#[must_use]
pub fn fix(sources: &Sources, image: &Image, stage: &Stage, weights: &Weights<'_>) -> Fix {
    let only_base = weights.all.len() == 1;
    match weights.base {
        Some((base, "-slim")) if only_base => slim(sources, image, stage, base),
        Some((base, lean)) if only_base && installs_nothing(image, stage) && lean.contains("-jre") && is_plain_jdk(base) => {
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
        let node = ["node-sass", "canvas", "node-gyp", "@prisma/client"].iter().find(|name| text.contains(&format!("\"{name}\"")));
        if let Some(name) = node.filter(|_| file.name() == "package.json") {
            Some(format!("what `{name}` is built with, or links to"))
        } else if text.contains("git+") || text.contains("git =") || text.contains("git=") || text.contains("\"github:") {
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
    let packages = image_steps::of_lineage(image, stage).iter().filter_map(|step| package_tools::read(&step.command)).any(|used| {
        used.packages().iter().any(|word| word.value.contains("git+") || COMPILED.iter().any(|name| is_named(&word.value, name)))
            || used.requirements().iter().any(|file| file.contains('/'))
    });
    if packages
        || !is_own(image, root, stage)
        || matches!(root.resolved, Known::Unknown)
        || !has_slim_form(base)
        || (written.contains('$') && !is_version(base))
    {
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

/// Whether a tag is a version, with the name of a release of Debian behind it or not: those have a slim form.
fn has_slim_form(base: &str) -> bool {
    let tag = Reference::parse(base).tag.unwrap_or("latest");
    let of_release =
        |tag: &str| RELEASES.iter().find_map(|release| tag.strip_suffix(release)).map(|head| head.trim_end_matches('-').to_owned());
    let head = of_release(tag).unwrap_or_else(|| tag.to_owned());
    head.is_empty() || head == "latest" || head == "lts" || head.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Whether a tag is a version and nothing else.
fn is_version(base: &str) -> bool {
    Reference::parse(base).tag.is_some_and(|tag| tag.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
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

/// A version of Java that a runtime of the same name is made of, on the same distribution.
fn is_plain_jdk(base: &str) -> bool {
    let tag = Reference::parse(base).tag.unwrap_or_default();
    matches!(tag.strip_suffix("-jdk").unwrap_or(tag), "8" | "11" | "17" | "21" | "25")
}

/// Whether nothing is installed or built in a stage, and what it starts builds nothing.
fn installs_nothing(image: &Image, stage: &Stage) -> bool {
    const BUILDS: [&str; 8] = ["javac", "mvn", "mvnw", "gradle", "gradlew", "jlink", "jar", "ant"];
    let builds = |word: &str| BUILDS.contains(&word.rsplit('/').next().unwrap_or(word));
    let steps = image_steps::of_lineage(image, stage);
    let started: Vec<&str> = users::commands(image, stage).flat_map(|(_, _, command)| users::words(command)).collect();
    steps.iter().all(|step| package_tools::read(&step.command).is_none() && !builds(step.command.program()))
        && !started.into_iter().any(builds)
}

/// Two stages out of the instructions of one.
fn draft(sources: &Sources, image: &Image, stage: &Stage, weights: &Weights<'_>) -> String {
    let file = sources.get(image.file);
    let base = image.lineage(stage).last().unwrap_or(stage).base.value.as_str();
    let all = users::in_order(image, stage);
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
