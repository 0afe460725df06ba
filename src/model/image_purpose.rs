//! What an image is for: whether it ships, or serves those who work on the code.

use crate::ir::image::{Command, Image, InstructionKind, Stage};
use crate::model::image_scripts::{join, plain};
use crate::model::image_users::{commands, own, program, words};
use crate::model::images::Base;
use crate::model::manifests;
use crate::model::services::is_example;
use crate::source::{SourceFile, Sources, at_or_above};

/// Parts of names of Dockerfiles and stages that are not what ships.
const NOT_SHIPPED: &[&str] = &[
    "dev",
    "develop",
    "development",
    "devel",
    "test",
    "tests",
    "testing",
    "e2e",
    "local",
    "ci",
    "lint",
    "debug",
    "gitpod",
    "devcontainer",
    "backup",
    "bak",
    "old",
    "orig",
];

/// Of these, what the head of a Dockerfile may say that it is for.
const SAID_OF_PURPOSE: &[&str] = &["dev", "development", "test", "tests", "testing", "integration", "e2e", "local", "ci", "debug"];

/// Folders of tools, whose images are where people and pipelines work, and of what is somebody else's.
const TOOL_FOLDERS: &[&str] = &["vendor", "third_party", ".devcontainer", ".github", ".gitlab", ".circleci", ".gitpod", ".cloudbuild"];

/// Programs that only those who work on the code start, with the word that has to follow, if any does: mail that is caught
/// rather than sent, previews of documents, runners of tests.
const FOR_DEVELOPERS: &[(&str, &str)] = &[
    ("maildev", ""),
    ("mailhog", ""),
    ("mailpit", ""),
    ("mailcatcher", ""),
    ("smtp4dev", ""),
    ("mintlify", "dev"),
    ("mint", "dev"),
    ("storybook", "dev"),
    ("start-storybook", ""),
    ("mkdocs", "serve"),
    ("sphinx-autobuild", ""),
    ("playwright", "test"),
    ("cypress", "run"),
    ("cypress", "open"),
    ("pytest", ""),
    ("tox", ""),
    ("nox", ""),
    ("jest", ""),
    ("vitest", ""),
    ("mocha", ""),
    ("newman", ""),
    ("ruff", ""),
    ("eslint", ""),
    // What scripts of packages call a server for those who change the code.
    ("dev", ""),
    ("vite", ""),
    ("next", "dev"),
    ("nuxt", "dev"),
    ("ng", "serve"),
    ("nodemon", ""),
    ("webpack-dev-server", ""),
    ("react-scripts", "start"),
];

/// Programs that bring a database to its present form, and what they are told for that.
const MIGRATORS: &[&str] = &["alembic", "aerich", "dbmate", "flyway", "goose", "liquibase", "sqitch"];

/// Lock files of the managers of Node's packages.
pub const NODE_LOCKS: &[&str] = &["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"];

/// Lock files of the managers of the same packages: a project has one of them.
const LOCK_FILES: &[&[&str]] = &[NODE_LOCKS, &["poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock"]];

/// The stage of an image that ships, where it is to be judged: it is neither test code nor one of Windows.
#[must_use]
pub fn judged<'a>(sources: &Sources, image: &'a Image) -> Option<&'a Stage> {
    image.last_stage().filter(|stage| !sources.get(image.file).test && !Base::of(image, stage).facts.windows)
}

/// Why an image is hardly what runs in production, in words that follow a comma.
#[must_use]
pub fn aside(sources: &Sources, image: &Image, stage: &Stage) -> Option<String> {
    let source = sources.get(image.file);
    if is_named_aside(source, stage) || says_aside(&source.text) {
        return Some("in an image that is hardly what ships".to_owned());
    }
    if is_example(source.directory()) {
        return Some("in an image that is an example".to_owned());
    }
    let all: Vec<&Command> = commands(image, stage).map(|(_, _, command)| command).collect();
    if let Some(tool) = all.iter().find_map(|command| for_developers(command)) {
        return Some(format!("as `{tool}` is for those who work on the code"));
    }
    if is_migration(&all) {
        return Some("for a migration that ends by itself".to_owned());
    }
    missing_lock(sources, image).map(|lock| format!("in an image that cannot be built: there is no `{lock}`"))
}

/// Packages that bring Docker's client, or its engine.
const DOCKER: &[&str] =
    &["docker-ce", "docker-ce-cli", "docker.io", "docker-cli", "docker-cli-compose", "docker-compose-plugin", "docker-engine", "moby-cli"];

/// Whether an image drives Docker: it brings its client, or names its socket. Whoever may use that is as good as root.
#[must_use]
pub fn drives_docker(image: &Image, stage: &Stage) -> bool {
    let is_image = |from: &str| {
        let name = from.trim_start_matches("docker.io/").trim_start_matches("library/");
        ["docker:", "docker@", "docker/"].iter().any(|start| name.starts_with(start)) || name == "docker"
    };
    let is_client = |path: &str| path.ends_with("/bin/docker");
    let is_socket = |text: &str| text.contains("docker.sock");
    image.lineage(stage).flat_map(own).any(|instruction| match &instruction.kind {
        InstructionKind::Run(command) => {
            let is_package = |word: &str| DOCKER.contains(&word.split('=').next().unwrap_or(word));
            words(command).any(|word| is_package(word) || is_client(word))
                || command.texts().any(|text| text.value.contains("get.docker.com"))
        }
        InstructionKind::Copy(copy) | InstructionKind::Add(copy) => {
            let mut paths = copy.sources.iter().chain(&copy.destination);
            copy.from.as_ref().is_some_and(|from| is_image(&from.value))
                || paths.any(|path| is_client(&path.value) || is_socket(&path.value))
        }
        InstructionKind::Volume(paths) => paths.iter().any(|path| is_socket(&path.value)),
        InstructionKind::Env(variables) => variables.iter().filter_map(|v| v.value.as_ref()).any(|value| is_socket(&value.value)),
        _ => false,
    })
}

/// Whether the name of a Dockerfile, of its stage or of a folder around it says so.
fn is_named_aside(source: &SourceFile, stage: &Stage) -> bool {
    let parts = |text: &str| text.split(['.', '-', '_']).map(str::to_ascii_lowercase).collect::<Vec<_>>();
    // A folder `integration` may hold a service that integrates.
    let listed = |text: &str| parts(text).iter().any(|part| part == "integration" || NOT_SHIPPED.contains(&part.as_str()));
    let is_tools = |folder: &str| TOOL_FOLDERS.contains(&folder) || NOT_SHIPPED.contains(&folder) || folder.starts_with("e2e");
    // `Dockerfile.base` is what others are built on.
    let built_on = |part: &str| matches!(part, "base" | "builder" | "build");
    source.name().split('.').any(built_on)
        || listed(source.name())
        || stage.name.as_deref().is_some_and(listed)
        || source.directory().split('/').any(is_tools)
}

/// Whether the first line of a Dockerfile's comment says what it is for, and that this is not production: `# Image for
/// integration tests`, `# DEVELOPMENT image`.
fn says_aside(text: &str) -> bool {
    let comment = text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with('#'));
    let words = |line: &str| -> Vec<String> {
        let sentence = line.trim_matches(['#', ' ', '=', '-', '*']).split(['.', ',', ';', ':', '(', '—', '–']).next().unwrap_or_default();
        sentence.split_whitespace().map(str::to_lowercase).collect()
    };
    // `syntax=docker/dockerfile:1` is no comment.
    let Some(first) = comment.map(words).find(|words| !words.is_empty() && !words[0].contains('=')) else { return false };
    let is_image = |word: &str| matches!(word, "dockerfile" | "containerfile" | "image" | "container" | "docker");
    let is_purpose = |word: &str| SAID_OF_PURPOSE.contains(&word);
    let Some(start) = first.iter().position(|word| is_purpose(word)) else { return false };
    let rest: Vec<&str> = first[start..].iter().map(String::as_str).skip_while(|word| is_purpose(word)).collect();
    let is_for = start > 0 && first[start - 1] == "for" && first[..start].iter().any(|word| is_image(word));
    let ends = rest.first().is_none_or(|word| matches!(*word, "only" | "purposes" | "use" | "environment" | "environments" | "setup"));
    // `test image`, but not `test image uploads`.
    let is_kind =
        rest.first().is_some_and(|word| is_image(word)) && rest.get(1).is_none_or(|word| matches!(*word, "for" | "of" | "with" | "that"));
    (is_for && ends) || is_kind
}

/// The program of a command that is for those who work on the code.
fn for_developers(command: &Command) -> Option<&str> {
    let words: Vec<&str> = words(command).collect();
    FOR_DEVELOPERS.iter().find_map(|(tool, then)| {
        // Behind `npx`, `pnpm exec`, `uv run`: one that is handed over as an argument is another program's business.
        let runners = [
            "npx", "pnpm", "yarn", "npm", "bunx", "exec", "run", "dlx", "uv", "poetry", "python", "python3", "-m", "sh", "-c", "-lc",
            "bash",
        ];
        let at = words.iter().position(|word| !runners.contains(&program(word)))?;
        let is_it = program(words[at]) == *tool && (then.is_empty() || words.get(at + 1) == Some(then));
        is_it.then_some(words[at])
    })
}

/// Whether all that a container does is to bring a database to its present form.
fn is_migration(commands: &[&Command]) -> bool {
    let is_single = |command: &&Command| !command.texts().any(|text| text.value.contains(['&', ';', '|', '\n']));
    let said: Vec<&str> = commands.iter().flat_map(|command| words(command)).collect();
    let migrates = |word: &&str| matches!(*word, "migrate" | "migration:run") || word.starts_with("migrate:") || word.ends_with(":migrate");
    let told = |word: &&str| matches!(*word, "upgrade" | "update" | "up" | "deploy");
    let by_migrator = said.iter().any(|word| MIGRATORS.contains(&program(word))) && said.iter().any(told);
    // A script may start the server afterwards.
    commands.iter().all(is_single) && (by_migrator || said.iter().skip(1).any(migrates))
}

/// A lock file that the image copies although no folder that it may be built in has it, where one has that of another manager
/// of the same packages: that one is in use.
fn missing_lock<'a>(sources: &Sources, image: &'a Image) -> Option<&'a str> {
    let directory = sources.get(image.file).directory();
    let copied = image.stages.iter().flat_map(own).filter_map(|instruction| match &instruction.kind {
        InstructionKind::Copy(copy) if copy.from.is_none() => Some(&copy.sources),
        _ => None,
    });
    let there = |path: &str| at_or_above(directory).any(|context| sources.find(&join(context, path)).is_some());
    copied.flatten().map(|path| plain(&path.value)).find(|path| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let others = LOCK_FILES.iter().find(|of_kind| of_kind.contains(&name));
        others.is_some_and(|others| !there(path) && others.iter().any(|other| there(&join(folder, other))))
    })
}

/// Whether something says that a container of a stage is a server although the image has no command: the port that it opens,
/// how its health is asked for, a Procfile, a manifest.
#[must_use]
pub fn is_served(sources: &Sources, image: &Image, stage: &Stage) -> bool {
    let serves = |kind: &InstructionKind| matches!(kind, InstructionKind::Expose(_) | InstructionKind::Healthcheck(Some(_)));
    image.lineage(stage).flat_map(own).any(|instruction| serves(&instruction.kind))
        || sources.in_directory(sources.get(image.file).directory()).any(|file| file.name() == "Procfile")
        || manifests::runs(sources, image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_that_say_what_an_image_is_for() {
        for (text, aside) in [
            ("### Dockerfile for integration tests ###\nFROM a", true),
            ("# syntax=docker/dockerfile:1\n#\n# DEVELOPMENT image — builds from source.\nFROM a", true),
            ("# Image for local development only.\nFROM a", true),
            ("# Test image for the parser\nFROM a", true),
            ("# Docker image for testing purposes\nFROM a", true),
            ("# Dockerfile for development and production\nFROM a", false),
            ("# Dockerfile for test results\nFROM a", false),
            ("# The production image; for a development image see Dockerfile.dev\nFROM a", false),
            ("# To test, run: docker build .\nFROM a", false),
            ("# The image of the API\n# development image: see below\nFROM a", false),
            ("FROM a\n# development image\nRUN b", false),
        ] {
            assert_eq!(says_aside(text), aside, "{text}");
        }
    }
}
