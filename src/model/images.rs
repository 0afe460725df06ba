//! Knowledge about container images: who they run as, and how a user comes into them. The rows live in `rules/images.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::ir::Known;
use crate::ir::image::{Image, Stage};

/// An image reference, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference<'a> {
    /// Registry and repository in lower case; Docker Hub's registry, mirrors of it and `library/` are left out.
    pub repository: String,
    /// The tag, if there is one.
    pub tag: Option<&'a str>,
    /// The digest with its algorithm, if there is one.
    pub digest: Option<&'a str>,
}

/// Other names of Docker Hub.
const DOCKER_HUB: &[&str] =
    &["docker.io/", "index.docker.io/", "registry-1.docker.io/", "registry.hub.docker.com/", "mirror.gcr.io/", "public.ecr.aws/docker/"];

impl<'a> Reference<'a> {
    /// Takes a reference apart: `docker.io/library/python:3.12@sha256:…`.
    #[must_use]
    pub fn parse(reference: &'a str) -> Self {
        let (name, digest) = reference.split_once('@').map_or((reference, None), |(name, digest)| (name, Some(digest)));
        // A colon before the last slash is a registry's port.
        let (repository, tag) = match name.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (name, None),
        };
        let repository = repository.to_ascii_lowercase();
        let hub = DOCKER_HUB.iter().find_map(|prefix| repository.strip_prefix(prefix)).unwrap_or(&repository);
        Self { repository: hub.strip_prefix("library/").unwrap_or(hub).to_owned(), tag, digest }
    }

    /// Whether it names a registry other than Docker Hub.
    #[must_use]
    pub fn registry(&self) -> Option<&str> {
        let (first, _) = self.repository.split_once('/')?;
        (first.contains(['.', ':']) || first == "localhost").then_some(first)
    }
}

/// How a user is added in an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserTool {
    /// `useradd` of shadow-utils.
    Useradd,
    /// `adduser` of `BusyBox`.
    Adduser,
    /// The image has no such tool: a numeric `USER` needs none.
    None,
}

/// What is known of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Facts<'a> {
    /// Who it runs as.
    pub user: Option<&'a str>,
    /// Its entry point starts as root and steps down itself.
    pub steps_down: bool,
    /// An unprivileged user that it brings along and does not run as.
    pub ships: Option<&'a str>,
    /// An image of the same software that does not need root.
    pub instead: Option<&'a str>,
    /// How a user is added.
    pub user_tool: Option<UserTool>,
    /// A Windows image.
    pub windows: bool,
    /// Started without a command it is a server, and no shell or interpreter.
    pub serves: bool,
    /// What brings less: `itself`, a suffix of its tag, or another image, `{}` standing for the version.
    pub lean: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
struct Table {
    image: Vec<Row>,
}

/// Facts that a group of images share. A fact is taken from the first row that fits and states it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    names: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// Where its facts are from.
    #[cfg_attr(not(test), expect(dead_code, reason = "for people; a test sees to it that it is there"))]
    docs: String,
    user: Option<String>,
    steps_down: Option<bool>,
    ships: Option<String>,
    instead: Option<String>,
    user_tool: Option<UserTool>,
    windows: Option<bool>,
    serves: Option<bool>,
    lean: Option<String>,
}

// The table is part of the program; a test reads it.
static TABLE: LazyLock<Vec<Row>> =
    LazyLock::new(|| toml::from_str::<Table>(include_str!("../../rules/images.toml")).map(|table| table.image).unwrap_or_default());

/// What the table says of an image.
#[must_use]
pub fn facts(reference: &Reference<'_>) -> Facts<'static> {
    let fits = |patterns: &[String], text: &str| patterns.iter().any(|pattern| glob(pattern, text));
    let tag = reference.tag.unwrap_or("latest");
    let mut facts = Facts::default();
    let (mut steps_down, mut windows, mut serves) = (None, None, None);
    for row in TABLE.iter().filter(|row| fits(&row.names, &reference.repository) && (row.tags.is_empty() || fits(&row.tags, tag))) {
        facts.user = facts.user.or(row.user.as_deref());
        facts.ships = facts.ships.or(row.ships.as_deref());
        facts.instead = facts.instead.or(row.instead.as_deref());
        facts.user_tool = facts.user_tool.or(row.user_tool);
        facts.lean = facts.lean.or(row.lean.as_deref());
        steps_down = steps_down.or(row.steps_down);
        windows = windows.or(row.windows);
        serves = serves.or(row.serves);
    }
    let is = |fact: Option<bool>| fact.unwrap_or(false);
    Facts { steps_down: is(steps_down), windows: is(windows), serves: is(serves), ..facts }
}

/// Whether the table has a row of this repository.
#[must_use]
pub fn is_known(reference: &Reference<'_>) -> bool {
    let names = |row: &Row| row.names.iter().any(|pattern| pattern != "*" && glob(pattern, &reference.repository));
    TABLE.iter().any(names)
}

/// Whether the user of a repository's images depends on their tag, so that a digest or an unknown tag tells nothing.
fn user_depends_on_tag(reference: &Reference<'_>) -> bool {
    let by_tag = |row: &&Row| row.user.as_ref().is_some_and(|user| user != "root") && !row.tags.is_empty();
    let names = |row: &Row| row.names.iter().any(|pattern| glob(pattern, &reference.repository));
    TABLE.iter().filter(by_tag).any(names)
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    true
}

/// The image that a stage is built on, through the stages between.
#[derive(Clone, Debug)]
pub struct Base<'a> {
    /// As the `FROM` says it, without its digest.
    pub name: &'a str,
    /// What is known of it.
    pub facts: Facts<'static>,
    /// Who it runs as; nothing where that cannot be seen.
    pub user: Option<&'a str>,
    /// What its reference is, or may be, is in sight.
    pub seen: bool,
}

impl<'a> Base<'a> {
    /// The base of a stage.
    #[must_use]
    pub fn of(image: &'a Image, stage: &'a Stage) -> Self {
        let from = image.lineage(stage).last().unwrap_or(stage);
        // The repository is enough in `python:${VERSION}-slim`.
        let text = match &from.resolved {
            Known::Yes(reference) => reference.as_str(),
            Known::Unknown => &from.base.value,
        };
        let reference = Reference::parse(text);
        let mut facts = facts(&reference);
        facts.windows |= from.platform.as_ref().is_some_and(|platform| platform.starts_with("windows"));
        let named = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c));
        let open = reference.tag.map_or(reference.digest.is_some(), |tag| tag.contains('$'));
        let user = facts.user.filter(|_| !open || !user_depends_on_tag(&reference));
        Self {
            name: text.split('@').next().unwrap_or(text),
            facts,
            user,
            seen: named(&reference.repository) && (user.is_some() || !open || facts.user.is_none()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let cases = [
            ("python", "python", None, None),
            ("python:3.12-slim", "python", Some("3.12-slim"), None),
            ("docker.io/library/python:3", "python", Some("3"), None),
            ("public.ecr.aws/docker/library/node:20", "node", Some("20"), None),
            ("localhost:5000/app", "localhost:5000/app", None, None),
            ("localhost:5000/app:1", "localhost:5000/app", Some("1"), None),
            ("gcr.io/distroless/static:nonroot@sha256:ab", "gcr.io/distroless/static", Some("nonroot"), Some("sha256:ab")),
            ("Redis@sha256:ab", "redis", None, Some("sha256:ab")),
        ];
        for (text, repository, tag, digest) in cases {
            assert_eq!(Reference::parse(text), Reference { repository: repository.to_owned(), tag, digest }, "{text}");
        }
    }

    #[test]
    fn globs() {
        for (pattern, text, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*", "", true),
            ("*b", "ab", true),
            ("*-alpine*", "3.12-alpine3.20", true),
            ("*-alpine*", "alpine", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn every_row_states_something_and_says_where_it_is_documented() {
        let table = toml::from_str::<Table>(include_str!("../../rules/images.toml"));
        for row in table.expect("rules/images.toml fits its schema").image {
            assert!(row.docs.starts_with("https://") && !row.names.is_empty(), "{row:?}");
            let texts = [row.user.is_some(), row.ships.is_some(), row.instead.is_some(), row.user_tool.is_some()];
            let states = texts.contains(&true) || row.lean.is_some() || row.steps_down.or(row.windows).or(row.serves).is_some();
            assert!(states, "{row:?}");
        }
    }

    #[test]
    fn who_images_run_as() {
        let cases = [
            ("python:3.12", Some("root"), Some(UserTool::Useradd)),
            ("python:3.12-alpine", Some("root"), Some(UserTool::Adduser)),
            ("alpine", Some("root"), Some(UserTool::Adduser)),
            ("scratch", Some("root"), Some(UserTool::None)),
            ("gcr.io/distroless/python3-debian12", Some("root"), Some(UserTool::None)),
            ("gcr.io/distroless/python3-debian12:debug-nonroot", Some("nonroot"), Some(UserTool::None)),
            ("gcr.io/distroless/static:nonroot-amd64", Some("nonroot"), Some(UserTool::None)),
            ("cgr.dev/chainguard/python:latest", Some("nonroot"), Some(UserTool::Adduser)),
            ("cgr.dev/chainguard/wolfi-base", Some("root"), Some(UserTool::Adduser)),
            ("bitnami/redis:7", Some("1001"), None),
            ("bitnami/minideb:bookworm", Some("root"), Some(UserTool::Useradd)),
            ("registry.access.redhat.com/ubi9/python-312", Some("1001"), None),
            ("registry.access.redhat.com/ubi9/ubi-minimal:9.4", Some("root"), Some(UserTool::None)),
            ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", Some("app"), Some(UserTool::None)),
            ("amazoncorretto:21", Some("root"), Some(UserTool::None)),
            ("amazoncorretto:21-alpine", Some("root"), Some(UserTool::Adduser)),
            ("eclipse-temurin:21-jre-ubi9-minimal", Some("root"), Some(UserTool::None)),
            ("eclipse-temurin:21", Some("root"), Some(UserTool::Useradd)),
            ("acme/base:1", None, None),
        ];
        for (reference, user, tool) in cases {
            let facts = facts(&Reference::parse(reference));
            assert_eq!((facts.user, facts.user_tool), (user, tool), "{reference}");
        }
        assert!(facts(&Reference::parse("postgres:16")).steps_down);
        assert!(facts(&Reference::parse("python:3.12-windowsservercore-ltsc2022")).windows);
        assert_eq!(facts(&Reference::parse("node:20-alpine")).ships, Some("node"));
        for (reference, serves) in [("nginx", true), ("php:8-apache", true), ("php:8-cli", false), ("python:3.12", false)] {
            assert_eq!(facts(&Reference::parse(reference)).serves, serves, "{reference}");
        }
    }
}
