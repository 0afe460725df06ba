//! What a file is judged as, by its name.

use memchr::memmem;

use crate::lower::compiler;
use crate::source::FileKind;

/// What a name tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByName {
    /// It is read.
    Kind(FileKind),
    /// It has to do with services, but is not read; the reason is for people.
    NotJudged(&'static str),
    /// JSON: what it says tells whether it is a deployment, which is not read as such.
    Json,
    /// A name without an ending: its first line tells whether it is a shell script.
    Bare,
    /// It has nothing to do with us.
    Other,
}

const TYPESCRIPT: [&str; 8] = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];

/// Manifests and lock files with a name of their own; requirement files are matched by pattern.
const MANIFESTS: [&str; 16] = [
    "Procfile",
    "pyproject.toml",
    "setup.cfg",
    "Pipfile",
    "Pipfile.lock",
    "poetry.lock",
    "pdm.lock",
    "uv.lock",
    "pylock.toml",
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    BINARY_LOCK,
];

/// The lock file that holds no text: that it is there is all that it tells.
pub(super) const BINARY_LOCK: &str = "bun.lockb";

/// What is behind `Dockerfile.` in names of files that are none: documents, templates, programs.
const NOT_DOCKERFILES: [&str; 30] = [
    ".dockerignore",
    ".md",
    ".mdx",
    ".markdown",
    ".adoc",
    ".rst",
    ".txt",
    ".html",
    ".htm",
    ".svg",
    ".lock",
    ".log",
    ".j2",
    ".jinja",
    ".jinja2",
    ".tmpl",
    ".tpl",
    ".hbs",
    ".mustache",
    ".ejs",
    ".liquid",
    ".m4",
    ".erb",
    ".yml",
    ".yaml",
    ".json",
    ".toml",
    ".sh",
    ".py",
    ".go",
];

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
    if TYPESCRIPT.iter().any(|suffix| ends(suffix)) {
        return match () {
            () if lower.contains(".min.") => ByName::NotJudged("minified"),
            () if ends(".d.ts") || ends(".d.mts") || ends(".d.cts") => ByName::NotJudged("type declarations"),
            () => ByName::Kind(FileKind::TypeScript),
        };
    }
    if ends(".tf.json") {
        return ByName::NotJudged("Terraform in JSON: not supported");
    }
    if ends(".tf") || ends(".tfvars") {
        return ByName::Kind(FileKind::Terraform);
    }
    if is_script(&lower) {
        return ByName::Kind(FileKind::Shell);
    }
    if ends("makefile") || ends(".mk") {
        return ByName::Kind(FileKind::Makefile);
    }
    // Models of Prisma: what is unique.
    if ends(".prisma") {
        return ByName::Kind(FileKind::Manifest);
    }
    // What compilers are told says where imports lead.
    if compiler::is_configuration(name) {
        return ByName::Kind(FileKind::Manifest);
    }
    if ends(".json") {
        return ByName::Json;
    }
    // `bin/deploy`; what is in capitals is for people: `LICENSE`.
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return ByName::Bare;
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
        (named && !NOT_DOCKERFILES.iter().chain(&TYPESCRIPT).any(|suffix| lower.ends_with(suffix)))
            || lower.strip_suffix(word).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
    })
}

/// Whether a name, in lower case, is that of a shell script: `run.sh`, `docker-entrypoint`.
fn is_script(lower: &str) -> bool {
    [".sh", ".bash", "entrypoint"].iter().any(|end| lower.ends_with(end))
}

fn is_compose(lower: &str) -> bool {
    lower.starts_with("docker-compose") || lower.starts_with("compose.") || lower.starts_with("compose-")
}

/// Whether the text of a file of this name is App Engine's configuration, which is another thing than Cloud Run's.
pub(super) fn is_app_engine(name: &str, text: &str) -> bool {
    let named = name.starts_with("app.") || name.starts_with("app-");
    named && text.lines().any(|line| line.starts_with("runtime:")) && !text.lines().any(|line| line.starts_with("apiVersion:"))
}

/// How a program has written a file, if one has.
pub(super) fn written_by_program(kind: FileKind, name: &str, text: &str) -> Option<&'static str> {
    match kind {
        FileKind::TypeScript if is_minified(text) => Some("minified"),
        FileKind::TypeScript if is_compiled(text) => Some("compiled"),
        _ if is_generated(kind, name, text) => Some("generated"),
        _ => None,
    }
}

/// Whether a text is in long lines of many statements, which no person writes: most of it, or a part where the rest is tables.
fn is_minified(text: &str) -> bool {
    const LONG: usize = 300;
    const MANY: usize = 10;
    let is_dense = |line: &str| line.bytes().filter(|byte| matches!(byte, b';' | b'{' | b'}')).nth(MANY - 1).is_some();
    let (mut long, mut dense) = (0, 0);
    for line in text.lines().filter(|line| line.len() >= LONG) {
        long += line.len();
        dense += if is_dense(line) { line.len() } else { 0 };
    }
    dense * 2 > text.len() || (long * 10 > text.len() * 9 && dense * 4 > text.len())
}

/// Whether a text is what compilers make of modules.
fn is_compiled(text: &str) -> bool {
    const HEAD: usize = 80;
    let helps = || text.lines().take(HEAD).any(|line| line.len() < 300 && line.contains("(this && this.__"));
    let is_marked =
        || ["exports, \"__esModule\", { value: true }", "exports, '__esModule', { value: true }"].iter().any(|mark| text.contains(mark));
    (memmem::find(text.as_bytes(), b"__esModule").is_some() && is_marked()) || helps()
}

/// Whether a file is written by a program, by its name or by what its first lines say.
fn is_generated(kind: FileKind, name: &str, text: &str) -> bool {
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
    let head = || text.lines().take(15).map(str::trim_start);
    let comments = || head().filter(|line| line.starts_with(['#', '"', '\'', '/', '*'])).map(str::to_ascii_lowercase);
    let says = |words: &[&str]| comments().any(|line| words.iter().any(|word| line.contains(word)));
    // In whatever letters, it is both made by something and to be left alone.
    if says(&["generated by", "auto-generated", "autogenerated", "file is generated", "file was generated"])
        && says(&[concat!("do not", " edit"), concat!("don't", " edit"), concat!("do not", " modify")])
    {
        return true;
    }
    head().any(|line| {
        let is_comment = line.starts_with(['#', '"', '\'', '/', '*']);
        // What OpenAPI Generator writes stands alone on its line of a docstring.
        (is_comment && markers.iter().any(|marker| line.contains(marker)))
            || (line.starts_with("Generated by") && line.contains("openapi-generator.tech"))
    })
}

/// Whether a Python file whose name mentions tests holds test functions, whatever convention its name follows.
pub(super) fn holds_tests(kind: FileKind, name: &str, text: &str) -> bool {
    let named = || name.trim_end_matches(".py").split(['_', '-']).any(|word| matches!(word, "test" | "tests" | "testing"));
    let is_test = |line: &str| line.strip_prefix("async ").unwrap_or(line).starts_with("def test_");
    kind == FileKind::Python && named() && text.lines().any(is_test)
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
        for path in [
            "requirements.txt",
            "requirements-dev.txt",
            "a/requirements/base.txt",
            "Pipfile",
            "pnpm-lock.yaml",
            "package.json",
            "schema.prisma",
        ] {
            assert_eq!(kind(path), ByName::Kind(FileKind::Manifest), "{path}");
        }
        for path in ["a.py", "setup.py", "A.PY"] {
            assert_eq!(kind(path), ByName::Kind(FileKind::Python), "{path}");
        }
        for (kind_of, paths) in [
            (FileKind::Shell, ["run.sh", "docker-entrypoint"]),
            (FileKind::Makefile, ["Makefile", "a.mk"]),
            (FileKind::Terraform, ["main.tf", "prod.tfvars"]),
        ] {
            for path in paths {
                assert_eq!(kind(path), ByName::Kind(kind_of), "{path}");
            }
        }
        for path in ["service.yaml", "a.yml", "composer.yaml", "dockerfile.yml"] {
            assert_eq!(kind(path), ByName::Kind(FileKind::Yaml), "{path}");
        }
        for path in ["a.pyi", "README.md", "Dockerfile.dockerignore", "Dockerfile.", ".dockerfile", "notes.txt", "a.pyc", "LICENSE"] {
            assert_eq!(kind(path), ByName::Other, "{path}");
        }
        assert_eq!((kind("service.json"), kind("package.json")), (ByName::Json, ByName::Kind(FileKind::Manifest)));
        assert_eq!((kind("bin/deploy"), kind("dockerfiles")), (ByName::Bare, ByName::Bare));
        for path in ["dockerfile.ts", "Dockerfile.js"] {
            assert_eq!(kind(path), ByName::Kind(FileKind::TypeScript), "{path}");
        }
        for path in ["docs/dockerfile.mdx", "Dockerfile.hbs", "Containerfile.html", "dockerfile.adoc"] {
            assert_eq!(kind(path), ByName::Other, "{path}");
        }
        for path in ["docker-compose.yml", "compose.override.yaml", "main.tf.json", "a.min.js", "a.d.ts"] {
            assert!(matches!(kind(path), ByName::NotJudged(_)), "{path}");
        }
    }

    #[test]
    fn functions_tell_tests() {
        let holds = |name: &str, text: &str| holds_tests(FileKind::Python, name, text);
        assert!(holds("sample_http_test_system.py", "import x\n\n\ndef test_get():\n    assert x\n"));
        assert!(holds("storage-test-integration.py", "async def test_get():\n    assert x\n"));
        assert!(!holds("connection.py", "def test_connection():\n    return 1\n"));
        assert!(!holds("latest_orders.py", "def test_connection():\n    return 1\n"));
        assert!(!holds("test_bench_control.py", "def start():\n    return 1\n"));
    }

    #[test]
    fn lines_tell_what_tools_have_written() {
        let how = |text: &str| written_by_program(FileKind::TypeScript, "index.js", text);
        let dense = "function a(){return b;}".repeat(20);
        assert_eq!(how(&format!("/* Some library, 2013 */\n{dense}\n{dense}\n")), Some("minified"));
        let table = format!("{}\n", "0x1f,".repeat(90)).repeat(20);
        assert_eq!(how(&format!("{}{table}", format!("{dense}\n").repeat(10))), Some("minified"));
        assert_eq!(how(&format!("const PRICES = [\n{table}];\n")), None);
        // A picture, or a text, in code that somebody has written.
        assert_eq!(how(&format!("const LOGO = \"{}\";\n", "iVBORw0KGgo".repeat(90))), None);
        let written = "export function a() {\n  return b;\n}\n".repeat(30);
        assert_eq!(how(&format!("{written}const TEMPLATE = '{dense}';\n")), None);
        assert_eq!(
            how("\"use strict\";\nObject.defineProperty(exports, \"__esModule\", { value: true });\nfs.unlink(path);\n"),
            Some("compiled")
        );
        assert_eq!(
            how("\"use strict\";\nvar __importDefault = (this && this.__importDefault) || function (m) { return m; };\n"),
            Some("compiled")
        );
        assert_eq!(how("const { a } = await import('./a.js');\nconst b = a.__esModule ? a.default : a;\n"), None);
    }

    #[test]
    fn headers_tell_generated_files() {
        let python = |name: &str, text: &str| is_generated(FileKind::Python, name, text);
        assert!(python("a_pb2.py", "") && python("a_pb2_grpc.py", ""));
        assert!(python("a.py", concat!("# Code generated by x. DO NOT", " EDIT.\n")));
        assert!(python("a.py", concat!("#!/usr/bin/env python\n\n# @", "generated\n")));
        assert!(!python("a.py", concat!("x = '@", "generated'\n")));
        assert!(python("a.py", "\"\"\"\n    Shop API\n\n    Generated by: https://openapi-generator.tech\n\"\"\"\n"));
        assert!(python("a.py", "# coding: utf-8\n\n\"\"\"\nGenerated by OpenAPI Generator (https://openapi-generator.tech)\n\"\"\"\n"));
        assert!(!python("a.py", "# Generated by hand; see https://openapi-generator.tech\n"));
        assert!(python(
            "a.py",
            concat!("# bundle: slides\n# generated by tools/build.py\n# do not", " edit by hand, run `make bundles`\n")
        ));
        assert!(!python("a.py", concat!("# Prices are generated by the shop.\n# Do not", " use in production.\n")));
        assert!(!python("a.py", concat!("# Do not", " edit without asking the team.\n")));
        assert!(!is_generated(FileKind::Manifest, "poetry.lock", concat!("# @", "generated by Poetry\n")));
    }
}
