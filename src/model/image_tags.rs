//! Tags of images: whether they stay what they are, and what to write instead of those that do not.

use super::images::Reference;

/// What the releases of distributions and of Node are called: a tag that is one names a major version.
const CODENAMES: [(&str, &[&str]); 4] = [
    ("debian", &["buster", "bullseye", "bookworm", "trixie", "forky"]),
    ("ubuntu", &["bionic", "focal", "jammy", "mantic", "noble", "oracular", "plucky", "questing", "resolute"]),
    ("buildpack-deps", &["buster", "bullseye", "bookworm", "trixie", "focal", "jammy", "noble"]),
    ("node", &["gallium", "hydrogen", "iron", "jod", "krypton"]),
];

/// Words that say how an image is built, or which of several releases it is: what they stand for moves on.
const FLOATING: [&str; 33] = [
    "latest",
    "stable",
    "oldstable",
    "testing",
    "unstable",
    "sid",
    "edge",
    "nightly",
    "dev",
    "devel",
    "rolling",
    "current",
    "lts",
    "mainline",
    "main",
    "master",
    "next",
    "canary",
    "slim",
    "alpine",
    "full",
    "debug",
    "nonroot",
    "runtime",
    "base",
    "minimal",
    "builder",
    "cli",
    "fpm",
    "apache",
    "jre",
    "jdk",
    "headless",
];

/// Distributions that an image of something else is built on: their release is not that of the image.
const DISTRIBUTIONS: [&str; 15] = [
    "alpine",
    "debian",
    "ubuntu",
    "ubi",
    "bookworm",
    "bullseye",
    "buster",
    "trixie",
    "noble",
    "jammy",
    "focal",
    "bionic",
    "windowsservercore",
    "nanoserver",
    "oraclelinux",
];

/// What to write instead: a version that there is, as an example of the form. Newer ones may have come.
const CURRENT: [(&str, &str); 20] = [
    ("python", "3.13-slim"),
    ("node", "22-slim"),
    ("debian", "bookworm-slim"),
    ("ubuntu", "24.04"),
    ("alpine", "3.21"),
    ("golang", "1.23"),
    ("nginx", "1.27"),
    ("redis", "7"),
    ("postgres", "17"),
    ("mysql", "8.4"),
    ("mongo", "8"),
    ("ruby", "3.4-slim"),
    ("rust", "1.84"),
    ("php", "8.4-fpm"),
    ("eclipse-temurin", "21-jre"),
    ("maven", "3.9-eclipse-temurin-21"),
    ("gradle", "8-jdk21"),
    ("oven/bun", "1"),
    ("denoland/deno", "2.1.4"),
    ("ghcr.io/astral-sh/uv", "0.5"),
];

/// Whether a tag moves on from one major version to the next. A tag of words that nobody knows stays silent.
#[must_use]
pub fn floats(repository: &str, tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    let name = repository.rsplit('/').next().unwrap_or(repository);
    let parts: Vec<&str> = tag.split(['-', '_', '+']).filter(|part| !part.is_empty()).collect();
    let codenames = CODENAMES.iter().find(|(of, _)| *of == name).map_or(&[] as &[&str], |(_, names)| names);
    let word = |part: &str| part.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').to_owned();
    // A number is a version, unless it is that of the distribution below.
    let is_version = |part: &&str| {
        let number = part.strip_prefix('v').unwrap_or(part);
        number.starts_with(|c: char| c.is_ascii_digit()) || codenames.contains(part) || is_commit(part)
    };
    if parts.iter().any(is_version) {
        return false;
    }
    parts.iter().all(|part| {
        let word = word(part);
        FLOATING.contains(&word.as_str()) || DISTRIBUTIONS.contains(&word.as_str())
    })
}

/// Whether the name of a repository says which major version it holds: `gcr.io/distroless/nodejs24-debian13`, `ubi9/ubi`.
#[must_use]
pub fn is_version_named(repository: &str) -> bool {
    const NAMED: [&str; 12] =
        ["debian", "ubuntu", "ubi", "alpine", "nodejs", "java", "openjdk", "php", "python3", "rhel", "centos", "fedora"];
    let is_one = |part: &str| {
        NAMED
            .iter()
            .any(|name| part.strip_prefix(name).is_some_and(|version| !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit())))
    };
    repository.split(['/', '-', '.']).any(is_one)
}

/// Whether a part of a tag is the beginning of a commit's hash.
fn is_commit(part: &str) -> bool {
    part.len() >= 7 && part.bytes().all(|b| b.is_ascii_hexdigit()) && part.bytes().any(|b| b.is_ascii_digit())
}

/// A reference that names a version, for one that does not.
#[must_use]
pub fn pinned(reference: &Reference<'_>) -> String {
    let repository = &reference.repository;
    let variant = reference.tag.and_then(|tag| ["alpine", "slim"].into_iter().find(|variant| tag.contains(variant)));
    match (CURRENT.iter().find(|(name, _)| name == repository), variant) {
        (Some((_, version)), Some("alpine")) => {
            let version = version.split('-').next().unwrap_or(version);
            format!("{repository}:{version}-alpine")
        }
        (Some((_, version)), _) => format!("{repository}:{version}"),
        (None, _) => format!("{repository}:<version>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_move_on() {
        for (reference, expected) in [
            ("python:slim", true),
            ("python:alpine", true),
            ("python:3", false),
            ("python:3.12-slim-bookworm", false),
            ("python:slim-bookworm", true),
            ("python:alpine3.20", true),
            ("node:lts", true),
            ("node:lts-alpine", true),
            ("node:current-slim", true),
            ("node:iron-alpine", false),
            ("node:22", false),
            ("debian:stable", true),
            ("debian:bookworm", false),
            ("debian:bookworm-slim", false),
            ("debian:stable-slim", true),
            ("ubuntu:noble", false),
            ("ubuntu:rolling", true),
            ("alpine:edge", true),
            ("alpine:3", false),
            ("nginx:mainline-alpine", true),
            ("acme/base:prod", false),
            ("acme/base:v2", false),
            ("acme/base:4f2a9c1", false),
            ("acme/base:latest-dev", true),
            ("gcr.io/distroless/static:nonroot", true),
            ("eclipse-temurin:21-jre", false),
            ("openjdk:8u342-jdk", false),
        ] {
            let reference = Reference::parse(reference);
            assert_eq!(floats(&reference.repository, reference.tag.unwrap_or_default()), expected, "{reference:?}");
        }
    }

    #[test]
    fn what_to_write_instead() {
        for (reference, expected) in [
            ("python", "python:3.13-slim"),
            ("python:alpine", "python:3.13-alpine"),
            ("docker.io/library/node:lts", "node:22-slim"),
            ("acme/base", "acme/base:<version>"),
        ] {
            assert_eq!(pinned(&Reference::parse(reference)), expected);
        }
    }
}
