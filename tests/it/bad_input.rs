//! Bad input: each kind has a clear outcome, and loses nothing of its neighbours.

use std::fs;
use std::path::Path;

use roadworthy::finding::Confidence;
use roadworthy::fix::Applicability;
use roadworthy::options::CheckOptions;
use roadworthy::progress::Progress;
use roadworthy::run::{self, Outcome};
use tempfile::TempDir;

/// A file with one finding: whatever else is there, it has to be found.
const NEIGHBOUR: &str = "import requests\n\nrequests.get('https://example.com')\n";

fn folder() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("neighbour.py"), NEIGHBOUR).expect("a file");
    directory
}

fn check(directory: &Path) -> Outcome {
    let options = CheckOptions { min_confidence: Some(Confidence::Low), ..CheckOptions::new(directory.to_path_buf()) };
    let outcome = run::check(&options, &Progress::default()).expect("a result");
    let sources = &outcome.report.sources;
    let found = outcome.report.findings.iter().any(|finding| &*sources.get(finding.place.file).path == "neighbour.py");
    assert!(found, "the neighbour's finding is lost");
    outcome
}

/// The outcome with one more file.
fn with(name: &str, bytes: &[u8]) -> Outcome {
    let directory = folder();
    fs::write(directory.path().join(name), bytes).expect("a file");
    check(directory.path())
}

/// Why a file was passed by, or not wholly read.
fn reason(outcome: &Outcome, path: &str) -> String {
    let all = outcome.report.skipped.iter().chain(&outcome.report.failed);
    all.filter(|file| file.path == path).map(|file| file.reason.clone()).collect::<Vec<_>>().join("; ")
}

/// Lines of findings in a file.
fn lines(outcome: &Outcome, path: &str) -> Vec<u32> {
    let sources = &outcome.report.sources;
    let here = outcome.report.findings.iter().filter(|finding| &*sources.get(finding.place.file).path == path);
    here.map(|finding| sources.get(finding.place.file).position(finding.place.span.start).line).collect()
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let byte = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33).to_le_bytes()[0]
    };
    (0..length).map(byte).collect()
}

#[test]
fn an_empty_file_is_fine() {
    let outcome = with("empty.py", b"");
    assert_eq!(reason(&outcome, "empty.py"), "");
    assert_eq!(outcome.report.checked, 2);
}

#[test]
fn random_bytes_are_binary() {
    assert_eq!(reason(&with("noise.py", &noise(1 << 20)), "noise.py"), "binary");
    let without_nul: Vec<u8> = noise(1 << 20).into_iter().map(|byte| byte.max(1)).collect();
    assert_eq!(reason(&with("noise.py", &without_nul), "noise.py"), "binary");
}

#[test]
fn nesting_is_no_depth_of_stack() {
    let brackets = format!("x = {}{}\n", "[".repeat(5000), "]".repeat(5000));
    with("brackets.py", brackets.as_bytes());
    let open = format!("x = {}\n", "(".repeat(5000));
    with("open.py", open.as_bytes());
    let calls = format!("import requests\nx = {}1{}\n", "f(".repeat(5000), ")".repeat(5000));
    with("calls.py", calls.as_bytes());
    let yaml = format!("apiVersion: serving.knative.dev/v1\nkind: Service\nx: {}\n", "[".repeat(5000));
    with("deep.yaml", yaml.as_bytes());
    let blocks = (0..300).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "if x:\n");
    with("blocks.py", format!("{blocks}{}pass\n", " ".repeat(300)).as_bytes());
}

#[test]
fn nesting_of_typescript_is_no_depth_of_stack() {
    let nested = |before: &str, inside: &str, after: &str| format!("{}{inside}{}\n", before.repeat(5000), after.repeat(5000));
    for (name, text) in [
        ("brackets.ts", format!("const x = {}", nested("[", "1", "]"))),
        ("calls.js", format!("const axios = require('axios');\n{}", nested("f(", "axios.get(u)", ")"))),
        ("arrows.ts", format!("const f = {}", nested("() => ", "1", ""))),
        ("objects.ts", format!("export const x = {}", nested("{ a: ", "1", " }"))),
        ("templates.ts", format!("const x = {}", nested("`${", "1", "}`"))),
        ("blocks.js", nested("if (x) {", "f();", "}")),
        ("elses.js", nested("if (x) { f(); } else ", "g();", "")),
        ("functions.js", nested("function f() {", "g();", "}")),
        ("tries.ts", format!("{}f();{}", "try {".repeat(300), "} catch (e) {}".repeat(300))),
        ("elements.tsx", format!("const x = {}", nested("<a>", "", "</a>"))),
        ("patterns.ts", format!("const {} = x;", nested("{ a: ", "b", " }"))),
        ("types.ts", format!("let x: {}", nested("A<", "B", ">"))),
        ("open.ts", "(".repeat(5000)),
    ] {
        with(name, text.as_bytes());
    }
}

#[test]
fn long_chains_are_flat() {
    let chain = format!("import sqlite3\nc = sqlite3.connect('x')\nc.execute('a' + {}'b')\n", "x + ".repeat(100_000));
    with("chain.py", chain.as_bytes());
    let elifs = String::from("if x == 0:\n    pass\n") + &"elif x == 1:\n    y = 1\n".repeat(5000);
    with("elifs.py", elifs.as_bytes());
    let attributes = format!("x = a{}\n", ".b".repeat(20_000));
    with("attributes.py", attributes.as_bytes());
    with("attributes.js", attributes.as_bytes());
    let promises = format!("f(){}\n", ".then((x) => x)".repeat(5000));
    with("promises.js", promises.as_bytes());
    let query = format!("const c = require('pg');\nnew c.Pool().query('a' + {}'b')\n", "x + ".repeat(100_000));
    with("chain.ts", query.as_bytes());
}

#[test]
fn line_breaks_marks_and_tabs_are_no_problem() {
    let crlf = NEIGHBOUR.replace('\n', "\r\n");
    assert_eq!(lines(&with("crlf.py", crlf.as_bytes()), "crlf.py"), [3]);
    let bom = format!("\u{feff}{NEIGHBOUR}");
    assert_eq!(lines(&with("bom.py", bom.as_bytes()), "bom.py"), [3]);
    let tabs = "import requests\n\ndef f():\n\tif True:\n\t\trequests.get('https://example.com')\n";
    assert_eq!(lines(&with("tabs.py", tabs.as_bytes()), "tabs.py"), [5]);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(NEIGHBOUR.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(lines(&with("utf16.py", &utf16), "utf16.py"), [3]);
    let latin = b"# -*- coding: latin-1 -*-\nimport requests\nrequests.get('caf\xe9')\n";
    assert_eq!(lines(&with("latin.py", latin), "latin.py"), [3]);
}

#[test]
fn fixes_keep_marks_and_line_breaks_and_leave_other_encodings_alone() {
    let directory = folder();
    let bom = format!("\u{feff}{}", NEIGHBOUR.replace('\n', "\r\n"));
    fs::write(directory.path().join("bom.py"), &bom).expect("a file");
    let latin = b"# -*- coding: latin-1 -*-\nimport requests\nrequests.get('caf\xe9')\n";
    fs::write(directory.path().join("latin.py"), latin).expect("a file");
    let options = CheckOptions::new(directory.path().to_path_buf());
    run::fix(&options, Applicability::Unsafe, true, &Progress::default()).expect("a result");
    let mended = fs::read_to_string(directory.path().join("bom.py")).expect("the file");
    assert_eq!(mended, bom.replace("com')", "com', timeout=10)"));
    assert_eq!(fs::read(directory.path().join("latin.py")).expect("the file"), latin);
}

#[test]
fn syntax_errors_cost_only_what_they_cover() {
    let broken = "import requests\n\ndef f(:\n    pass\n\nrequests.get('https://example.com')\n";
    let outcome = with("broken.py", broken.as_bytes());
    assert_eq!(lines(&outcome, "broken.py"), [6]);
    assert_eq!(reason(&outcome, "broken.py"), "syntax error at line 3: judged in part");
    assert_eq!(reason(&with("test_broken.py", broken.as_bytes()), "test_broken.py"), "", "tests are not judged anyway");
}

/// A file of TypeScript with one finding, in its third line.
const BESIDE: &str = "import axios from 'axios';\n\naxios.get('https://example.com');\n";

#[test]
fn marks_line_breaks_and_errors_of_typescript_are_no_problem() {
    let crlf = BESIDE.replace('\n', "\r\n");
    assert_eq!(lines(&with("crlf.ts", crlf.as_bytes()), "crlf.ts"), [3]);
    let bom = format!("\u{feff}{BESIDE}");
    assert_eq!(lines(&with("bom.mts", bom.as_bytes()), "bom.mts"), [3]);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(BESIDE.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(lines(&with("utf16.js", &utf16), "utf16.js"), [3]);
    assert_eq!(reason(&with("noise.ts", &noise(1 << 16)), "noise.ts"), "binary");
    assert_eq!(reason(&with("empty.ts", b""), "empty.ts"), "");
    let broken = format!("{BESIDE}\nconst b = = 2;\n\naxios.get('https://example.com');\n");
    let outcome = with("broken.ts", broken.as_bytes());
    assert_eq!(lines(&outcome, "broken.ts"), [3, 7]);
    assert_eq!(reason(&outcome, "broken.ts"), "syntax error at line 5: judged in part");
}

#[test]
fn lines_may_end_as_on_the_first_macs() {
    let old = NEIGHBOUR.repeat(2).replace('\n', "\r");
    let directory = folder();
    fs::write(directory.path().join("old.py"), &old).expect("a file");
    assert_eq!(lines(&check(directory.path()), "old.py"), [3, 6]);
    run::fix(&CheckOptions::new(directory.path().to_path_buf()), Applicability::Unsafe, true, &Progress::default()).expect("a result");
    assert_eq!(fs::read_to_string(directory.path().join("old.py")).expect("the file"), old);
}

#[test]
fn broken_and_templated_yaml_are_named() {
    let broken = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: [\n";
    assert!(reason(&with("broken.yaml", broken.as_bytes()), "broken.yaml").contains("line"));
    let helm = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n";
    let outcome = with("helm.yaml", helm.as_bytes());
    assert_eq!(reason(&outcome, "helm.yaml"), "Helm template");
    assert_eq!((outcome.report.failed.len(), outcome.report.checked), (0, 1), "it is skipped, and not judged");
}

#[test]
fn broken_deployments_are_named_and_hostile_ones_survived() {
    let broken = "resource \"google_cloud_run_v2_service\" \"a\" {\n  name = \n}\n";
    assert!(reason(&with("main.tf", broken.as_bytes()), "main.tf").contains("line 2"));
    // What has nothing to do with Cloud Run is somebody else's.
    assert_eq!(reason(&with("main.tf", b"resource {{{"), "main.tf"), "");
    let template = "{% if x %}\ngcloud run deploy a --memory 8Gi\n{% endif %}\n";
    assert_eq!(reason(&with("deploy.sh", template.as_bytes()), "deploy.sh"), "template");
    let nested = format!("gcloud run deploy {}x{}\n", "$(a ".repeat(20_000), ")".repeat(20_000));
    with("deploy.sh", nested.as_bytes());
    let lines = |line: fn(u32) -> String| (1..40).map(line).collect::<Vec<String>>().concat();
    let doubling = lines(|n| format!("V{n}=$V{0}$V{0}\n", n - 1));
    with("deploy.sh", format!("V0=x\n{doubling}gcloud run deploy $V39 --cpu $V39\n").as_bytes());
    let doubling = lines(|n| format!("  _V{n}: $_V{0}$_V{0}\n", n - 1));
    let steps = "steps:\n  - name: gcr.io/cloud-builders/gcloud\n    args: [run, deploy, $_V39]\n";
    with("cloudbuild.yaml", format!("substitutions:\n  _V0: x\n{doubling}{steps}").as_bytes());
    let doubling = lines(|n| format!("  v{n} = [local.v{0}, local.v{0}]\n", n - 1));
    let service = "resource \"google_cloud_run_v2_service\" \"a\" {\n  name = local.v39\n}\nmodule \"b\" {\n  source = \"./.\"\n}\n";
    with("main.tf", format!("locals {{\n  v0 = [local.v39]\n{doubling}}}\n{service}").as_bytes());
}

#[test]
fn a_dockerfile_without_from_is_survived() {
    let nothing = "has no FROM: it builds nothing";
    for (text, expected) in [
        ("", nothing),
        ("RUN true\n", nothing),
        ("# nothing\n", nothing),
        ("ARG A\nRUN <<EOF\n", nothing),
        ("FROM\n", "syntax error at line 1: judged in part"),
        ("FROM a\nRUN <<EOF\n", "syntax error at line 2: judged in part"),
        ("FROM a AS b\nFROM b AS a\nFROM ${X:-\n", ""),
    ] {
        assert_eq!(reason(&with("Dockerfile", text.as_bytes()), "Dockerfile"), expected, "{text:?}");
    }
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_in_circles_are_survived() {
    use std::os::unix::fs::symlink;
    let directory = folder();
    symlink("nowhere.py", directory.path().join("dangling.py")).expect("a link");
    symlink(".", directory.path().join("loop")).expect("a link");
    symlink("circle.py", directory.path().join("circle.py")).expect("a link");
    let outcome = check(directory.path());
    assert!(!reason(&outcome, "dangling.py").is_empty());
    assert!(!reason(&outcome, "circle.py").is_empty());
    assert_eq!(outcome.report.checked, 1);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let directory = folder();
    let closed = directory.path().join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::write(closed.join("a.py"), NEIGHBOUR).expect("a file");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("permissions");
    let outcome = check(directory.path());
    // Whoever is root may read everything.
    let readable = fs::read_dir(&closed).is_ok();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).expect("permissions");
    assert!(readable || !reason(&outcome, "closed").is_empty(), "{:?}", outcome.report.failed);
}

#[test]
fn files_that_are_too_large_are_named() {
    let large = format!("x = 1\n{}", "# filler\n".repeat(300_000));
    assert_eq!(reason(&with("large.py", large.as_bytes()), "large.py"), "over 2 MiB");
}

#[test]
fn lock_files_that_cannot_be_read_are_named_where_they_are_needed() {
    let directory = folder();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("a file");
    write("requirements.txt", "elasticsearch\n");
    write("poetry.lock", "<<<<<<< HEAD\n");
    assert_eq!(reason(&check(directory.path()), "poetry.lock"), "");
    // What waits for ever depends on the version.
    write("search.py", "from elasticsearch import Elasticsearch\n\nElasticsearch('https://search.example', request_timeout=None)\n");
    let outcome = check(directory.path());
    let why = reason(&outcome, "poetry.lock");
    assert!(why.contains("at line 1") && why.ends_with("its versions are unknown"), "{why}");
    assert_eq!(lines(&outcome, "search.py"), [3]);
    // Lock files may be larger than code, but not without end.
    write("poetry.lock", &format!("[[package]]\nname = 'elasticsearch'\nversion = '7.17.12'\n{}", "# filler\n".repeat(500_000)));
    let outcome = check(directory.path());
    assert_eq!((reason(&outcome, "poetry.lock").as_str(), lines(&outcome, "search.py").len()), ("", 0));
    write("poetry.lock", &"# filler\n".repeat(4_000_000));
    let outcome = check(directory.path());
    assert_eq!((reason(&outcome, "poetry.lock").as_str(), lines(&outcome, "search.py").len()), ("over 16 MiB", 1));
}

#[test]
fn broken_manifests_are_named_once() {
    for (name, text) in [("package.json", "{ \"name\": "), ("pyproject.toml", "[project\n"), ("tsconfig.json", "{ \"compilerOptions\": { ")]
    {
        let outcome = with(name, text.as_bytes());
        assert_ne!(reason(&outcome, name), "", "{name}");
        assert_eq!(outcome.report.failed.iter().filter(|unread| unread.path == name).count(), 1, "{name}");
    }
    assert_eq!(reason(&with("tsconfig.json", b"{ // comments and\n \"files\": [], }"), "tsconfig.json"), "", "commas are no errors");
}

#[test]
fn values_within_themselves_and_deep_ones_are_survived() {
    let deep = format!("CORS_ALLOWED_ORIGIN_REGEXES = {}{}\n", "[".repeat(20_000), "]".repeat(20_000));
    let round = "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\napp = FastAPI()\nPATTERN = wrap(PATTERN)\n\
                 app.add_middleware(CORSMiddleware, allow_origin_regex=PATTERN, allow_origins=PATTERN)\n";
    let chained = format!("import sqlite3\n\nsqlite3.connect('x').execute(\"SELECT a FROM t WHERE a = 1{}\")\n", " OR a = 1".repeat(9000));
    for text in [deep.as_str(), round, &chained] {
        let text = format!("import requests\n\nrequests.get('https://example.com')\n{text}");
        assert!(lines(&with("app.py", text.as_bytes()), "app.py").contains(&3), "{text:.80}");
    }
}
