//! The command as it is called: help, exit codes, errors, closed pipes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

fn roadworthy(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roadworthy"));
    command.args(arguments).env_clear().current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = roadworthy(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn help_goes_to_standard_output() {
    let (code, stdout, stderr) = run(&["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for command in ["check", "explain", "rules", "config", "completions"] {
        assert!(stdout.contains(command), "{stdout}");
    }
}

#[test]
fn help_of_check() {
    let (code, stdout, _) = run(&["check", "--help"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(stdout);
}

#[test]
fn version() {
    let (code, stdout, _) = run(&["--version"]);
    assert_eq!((code, stdout), (0, format!("roadworthy {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn wrong_usage_ends_with_2_and_nothing_on_standard_output() {
    for arguments in [
        &["chekc"][..],
        &["check", "--ouput-format", "json"],
        &["check", "--select", "no-such-rule-at-all"],
        &["check", "--ignore", "securty"],
        &["check", "no/such/path.py"],
        &["check", "-"],
        &["explain", "no-such-rule"],
        &["config", "show", "no/such/folder"],
        &[],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn unknown_names_are_met_with_the_nearest() {
    let (_, _, stderr) = run(&["check", "--ignore", "securty"]);
    assert!(stderr.contains("unknown rule `securty`") && stderr.contains("did you mean `security`?"), "{stderr}");
    let (_, _, stderr) = run(&["chekc"]);
    assert!(stderr.contains("'check'"), "{stderr}");
}

/// A project with these files.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn run_in(folder: &std::path::Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = roadworthy(arguments).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

const CALL: &str = "import requests\n\nrequests.get('https://example.com')\n";

#[test]
fn no_number_of_threads_hangs() {
    let folder = project(&[("a.py", CALL)]);
    let (code, stdout, _) = run_in(folder.path(), &["check", "-j", "1000000", "--output-format", "concise"]);
    assert!(code == 1 && stdout.starts_with("a.py:3:1: critical[missing-timeout]"), "{stdout}");
}

#[test]
fn files_that_were_named_get_an_answer() {
    let folder = project(&[("target.txt", ""), ("main.tf.json", ""), ("test_a.py", ""), ("a.py", ""), ("b/main.tf.json", "")]);
    let (code, _, stderr) = run_in(folder.path(), &["check", "target.txt", "main.tf.json", "test_a.py", "a.py", "b"]);
    let expected = "main.tf.json: skipped: Terraform in JSON: not supported\ntarget.txt: skipped: not a kind of file that is judged\n\
                    test_a.py: skipped: test code\n";
    assert_eq!((code, stderr.as_str()), (0, expected));
    let (_, _, stderr) = run_in(folder.path(), &["check", "--stdin-filename", "new.txt"]);
    assert_eq!(stderr, "new.txt: skipped: not a kind of file that is judged\n");
    for quiet in [&["check", "main.tf.json", "--quiet"][..], &["check", "main.tf.json", "--output-format", "json"]] {
        assert_eq!(run_in(folder.path(), quiet).2, "");
    }
}

#[test]
fn what_could_not_be_analysed_is_named_folded_and_strict() {
    let broken: Vec<String> = (10..22).map(|number| format!("a/f{number}.py")).collect();
    let mut files: Vec<(&str, &str)> = broken.iter().map(|path| (path.as_str(), "def f(:\n")).collect();
    files.extend([("roadworthy.toml", "root = true"), ("b/g.py", "x = 1\n"), ("Dockerfile", "RUN true\n")]);
    let folder = project(&files);
    let (code, stdout, _) = run_in(folder.path(), &["check", "--strict"]);
    assert_eq!(code, 3);
    assert!(
        stdout.starts_with("incomplete Dockerfile: has no FROM: it builds nothing\nincomplete a/f10.py: syntax error at line 1"),
        "{stdout}"
    );
    assert!(stdout.contains("\nincomplete 3 more") && stdout.contains("14 files checked, 13 incomplete"), "{stdout}");
    // Only what lies within the paths counts.
    let (code, stdout, _) = run_in(folder.path(), &["check", "--strict", "b"]);
    assert_eq!(code, 0, "{stdout}");
    assert!(!stdout.contains("incomplete"), "{stdout}");
}

#[test]
fn files_are_shown_for_people_and_for_programs() {
    let helm = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n";
    let folder = project(&[("a.py", ""), ("helm.yaml", helm), ("run.sh", "")]);
    let (_, stdout, _) = run_in(folder.path(), &["check", "--show-files"]);
    assert_eq!(stdout, "python      a.py\n-           helm.yaml  (Helm template)\nshell       run.sh\n");
    let (_, stdout, _) = run_in(folder.path(), &["check", "--show-files", "--output-format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&document["files"][0]["kind"], &document["files"][1]["reason"]), (&"python".into(), &"Helm template".into()));
    assert_eq!(run_in(folder.path(), &["check", "--show-files", "--output-format", "sarif"]).0, 2);
}

#[test]
fn patches_and_sarif_lead_nowhere_outside() {
    let folder = project(&[("roadworthy.toml", "root = true"), ("x.py", CALL), ("a/y.py", "")]);
    let inside = folder.path().join("a");
    let (_, stdout, stderr) = run_in(&inside, &["check", "--diff", "--fix=unsafe", ".."]);
    assert!(stdout.starts_with("--- a/x.py\n+++ b/x.py\n"), "{stdout}");
    assert!(stderr.starts_with("1 fix would change 1 file; the patch is to be applied in /"), "{stderr}");
    let (_, stdout, _) = run_in(&inside, &["check", "--output-format", "sarif", ".."]);
    let log: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "x.py");
    let root = run["originalUriBaseIds"]["%SRCROOT%"]["uri"].as_str().unwrap();
    assert!(root.ends_with(&format!("{}/", folder.path().file_name().unwrap().to_str().unwrap())), "{root}");
}

#[test]
fn a_clean_run_ends_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, _) = run(&["check", folder.path().to_str().unwrap()]);
    assert_eq!(code, 0);
    assert!(stdout.starts_with("no findings"), "{stdout}");
    let (code, stdout, _) = run(&["check", "--quiet", folder.path().to_str().unwrap()]);
    assert_eq!((code, stdout.as_str()), (0, ""));
}

#[test]
fn formats_are_documents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let file = folder.path().join("out.sarif");
    let output = format!("sarif={}", file.display());
    let (code, stdout, stderr) = run(&["check", "--output-format", "json", "--output", &output, path]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["schema"], 1);
    let sarif: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let output = format!("json={}", folder.path().join("no/such/folder.json").display());
    let (code, _, stderr) = run(&["check", "--output", &output, folder.path().to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(stderr.starts_with("error: cannot write `") && stderr.contains("folder.json"), "{stderr}");
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, stdout, _) = run(&["completions", shell]);
        assert_eq!(code, 0);
        assert!(stdout.contains("stdin-filename"), "{shell}");
    }
}

#[test]
fn configuration_is_shown_and_described() {
    let (code, stdout, _) = run(&["config", "schema"]);
    assert_eq!(code, 0);
    let schema: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(schema["type"], "object");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("roadworthy.toml"), "fail-on = \"high\"\n").unwrap();
    let (code, stdout, _) = run(&["config", "show", folder.path().to_str().unwrap()]);
    assert_eq!(code, 0);
    assert!(stdout.contains("fail-on = \"high\""), "{stdout}");
}

#[test]
fn rules_are_listed() {
    let (code, stdout, _) = run(&["rules"]);
    assert_eq!(code, 0);
    assert!(stdout.starts_with("rule "), "{stdout}");
    let (code, stdout, _) = run(&["rules", "--output-format", "json"]);
    assert_eq!(code, 0);
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["schema"], 1);
}

#[test]
fn diagnostics_about_suppressions_are_listed_and_explained() {
    let (_, stdout, _) = run(&["rules"]);
    let (code, explained, _) = run(&["explain", "invalid-suppression"]);
    assert_eq!(code, 0);
    assert!(
        stdout.contains("\ninvalid-suppression ") && explained.contains("# roadworthy: ignore[missing-timeout]"),
        "{stdout}{explained}"
    );
    let (code, _, stderr) = run(&["explain", "invalid-supression"]);
    assert!(code == 2 && stderr.contains("did you mean `invalid-suppression`?"), "{stderr}");
}

/// A reader that has gone is no error: the run ends as it would have, and says nothing.
#[test]
fn a_closed_pipe_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    for arguments in [
        &["completions", "zsh"][..],
        &["config", "schema"],
        &["rules"],
        &["--help"],
        &["check", folder],
        &["check", "--output-format", "sarif", folder],
    ] {
        let mut child = roadworthy(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            stderr.push_str(&line.unwrap());
        }
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn nothing_is_coloured_unless_it_is_forced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let coloured = |variable: &str| {
        let output = roadworthy(&["check", path]).env(variable, "1").output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured("NO_COLOR"));
    assert!(coloured("FORCE_COLOR"));
    assert!(coloured("CLICOLOR_FORCE"));
}
