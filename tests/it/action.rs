//! The action's script, as a runner calls it. It needs bash and jq, which every runner of GitHub's has.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn there_is(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn run(workspace: &Path, temporary: &Path, paths: &str) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/check.sh");
    let mut command = Command::new("bash");
    command.arg(script).current_dir(workspace).env("ROADWORTHY", env!("CARGO_BIN_EXE_roadworthy")).env("RUNNER_TEMP", temporary);
    command.env("PATHS", paths).env("ARGS", "--no-config").env("SARIF", "out.sarif").output().expect("bash runs")
}

#[test]
fn annotations_are_escaped_and_the_workspace_is_left_alone() {
    if !there_is("bash") || !there_is("jq") {
        return;
    }
    let (workspace, temporary) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let call = "import requests\n\n\ndef f():\n    requests.get(\n        'https://example.com',\n    )\n";
    let name = if cfg!(windows) { "a,100%.py" } else { "a,b:100%.py" };
    fs::write(workspace.path().join(name), call).expect("a file");
    let output = run(workspace.path(), temporary.path(), ".");
    let text = String::from_utf8(output.stdout).expect("text");
    let line = text.lines().find(|line| line.starts_with("::")).unwrap_or_else(|| panic!("{text}"));
    let file = name.replace('%', "%25").replace(':', "%3A").replace(',', "%2C");
    assert!(
        line.starts_with(&format!("::error file={file},line=5,endLine=7,col=5,title=roadworthy%3A missing-timeout::`requests.get` is")),
        "{line}"
    );
    assert_eq!(output.status.code(), Some(1));
    let mut left: Vec<_> = fs::read_dir(workspace.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    left.sort();
    assert_eq!(left, [name, "out.sarif"]);
    assert_eq!(fs::read_dir(temporary.path()).expect("a folder").count(), 0);
}

#[test]
fn wrong_usage_stays_wrong_usage() {
    if !there_is("bash") || !there_is("jq") {
        return;
    }
    let (workspace, temporary) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let output = run(workspace.path(), temporary.path(), "no/such/path");
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.starts_with("error: cannot check `no/such/path`") && stderr.lines().count() == 1, "{stderr}");
}
