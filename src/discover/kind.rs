//! What a file is judged as, by its name.

use crate::source::FileKind;

/// What a name tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByName {
    /// It is read.
    Kind(FileKind),
    /// It has to do with services, but is not read; the reason is for people.
    NotJudged(&'static str),
    /// It has nothing to do with us.
    Other,
}

const TYPESCRIPT: [&str; 8] = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];

/// Manifests and lock files with a name of their own; requirement files are matched by pattern.
const MANIFESTS: [&str; 12] = [
    "pyproject.toml",
    "setup.cfg",
    "Pipfile",
    "Pipfile.lock",
    "poetry.lock",
    "pdm.lock",
    "uv.lock",
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
];

/// What is behind `Dockerfile.` in names of files that are none.
const NOT_DOCKERFILES: [&str; 8] = [".dockerignore", ".md", ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".erb"];

/// What the file of this name, in this folder (relative path, `/`), is judged as.
#[must_use]
pub fn by_name(folder: &str, name: &str) -> ByName {
    let lower = name.to_ascii_lowercase();
    let ends = |suffix: &str| lower.ends_with(suffix);
    if MANIFESTS.contains(&name) || is_requirements(folder, &lower) {
        return ByName::Kind(FileKind::Manifest);
    }
    if is_dockerfile(&lower) {
        return ByName::Kind(FileKind::Dockerfile);
    }
    if ends(".py") {
        return ByName::Kind(FileKind::Python);
    }
    if ends(".yml") || ends(".yaml") {
        return if is_compose(&lower) { ByName::NotJudged("compose file: not supported") } else { ByName::Kind(FileKind::Yaml) };
    }
    if ends(".tf") || ends(".tf.json") {
        return ByName::NotJudged("Terraform: not supported yet");
    }
    if TYPESCRIPT.iter().any(|suffix| ends(suffix)) {
        return ByName::NotJudged(match () {
            () if lower.contains(".min.") => "minified",
            () if ends(".d.ts") || ends(".d.mts") || ends(".d.cts") => "type declarations",
            () => "TypeScript and JavaScript: not supported yet",
        });
    }
    ByName::Other
}

/// `requirements*.txt`, `constraints*.txt`, and what lies in a folder of requirements.
fn is_requirements(folder: &str, lower: &str) -> bool {
    let in_folder = folder == "requirements" || folder.ends_with("/requirements");
    (lower.ends_with(".txt") || lower.ends_with(".in"))
        && (in_folder || lower.starts_with("requirements") || lower.starts_with("constraints"))
}

fn is_dockerfile(lower: &str) -> bool {
    ["dockerfile", "containerfile"].iter().any(|word| {
        let behind = lower.strip_prefix(word);
        let named = behind.is_some_and(|rest| rest.is_empty() || (rest.starts_with('.') && rest.len() > 1));
        (named && !NOT_DOCKERFILES.iter().any(|suffix| lower.ends_with(suffix)))
            || lower.strip_suffix(word).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
    })
}

fn is_compose(lower: &str) -> bool {
    lower.starts_with("docker-compose") || lower.starts_with("compose.") || lower.starts_with("compose-")
}

/// Whether the text of a file of this name is App Engine's configuration, which is another thing than Cloud Run's.
pub(super) fn is_app_engine(name: &str, text: &str) -> bool {
    let named = name.starts_with("app.") || name.starts_with("app-");
    named && text.lines().any(|line| line.starts_with("runtime:")) && !text.lines().any(|line| line.starts_with("apiVersion:"))
}

/// Whether a file is written by a program, by its name or by what its first lines say.
pub(super) fn is_generated(kind: FileKind, name: &str, text: &str) -> bool {
    if kind == FileKind::Manifest {
        // Lock files are written by programs, and read for that.
        return false;
    }
    if [".py", ".yaml", ".yml"].iter().any(|suffix| {
        name.strip_suffix(suffix).is_some_and(|stem| stem.ends_with("_pb2") || stem.ends_with("_pb2_grpc") || stem.ends_with(".generated"))
    }) {
        return true;
    }
    // Markers are spelt in two parts, or tools would take this file for a generated one.
    let markers = [concat!("@", "generated"), concat!("DO NOT", " EDIT")];
    let comments = text.lines().take(15).filter(|line| line.trim_start().starts_with(['#', '"', '\'', '/', '*']));
    comments.into_iter().any(|line| markers.iter().any(|marker| line.contains(marker)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str) -> ByName {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        by_name(folder, name)
    }

    #[test]
    fn names_tell_kinds() {
        for path in
            ["Dockerfile", "a/dockerfile", "Dockerfile.dev", "api.Dockerfile", "api.dockerfile", "Containerfile", "Containerfile.dev"]
        {
            assert_eq!(kind(path), ByName::Kind(FileKind::Dockerfile), "{path}");
        }
        for path in ["requirements.txt", "requirements-dev.txt", "a/requirements/base.txt", "Pipfile", "pnpm-lock.yaml", "package.json"] {
            assert_eq!(kind(path), ByName::Kind(FileKind::Manifest), "{path}");
        }
        for path in ["a.py", "setup.py", "A.PY"] {
            assert_eq!(kind(path), ByName::Kind(FileKind::Python), "{path}");
        }
        for path in ["service.yaml", "a.yml", "composer.yaml"] {
            assert_eq!(kind(path), ByName::Kind(FileKind::Yaml), "{path}");
        }
        for path in
            ["a.pyi", "README.md", "Dockerfile.dockerignore", "Dockerfile.", "dockerfiles", ".dockerfile", "notes.txt", "a.pyc", "py"]
        {
            assert_eq!(kind(path), ByName::Other, "{path}");
        }
        for path in ["docker-compose.yml", "compose.override.yaml", "main.tf", "a.tsx", "a.min.js", "a.d.ts"] {
            assert!(matches!(kind(path), ByName::NotJudged(_)), "{path}");
        }
    }

    #[test]
    fn headers_tell_generated_files() {
        let python = |name: &str, text: &str| is_generated(FileKind::Python, name, text);
        assert!(python("a_pb2.py", "") && python("a_pb2_grpc.py", ""));
        assert!(python("a.py", concat!("# Code generated by x. DO NOT", " EDIT.\n")));
        assert!(python("a.py", concat!("#!/usr/bin/env python\n\n# @", "generated\n")));
        assert!(!python("a.py", concat!("x = '@", "generated'\n")));
        assert!(!is_generated(FileKind::Manifest, "poetry.lock", concat!("# @", "generated by Poetry\n")));
    }
}
