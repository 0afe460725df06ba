use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use super::*;
use crate::finding::{Confidence, Finding, Severity};
use crate::fix::Fix;
use crate::output::Format;
use crate::report::{Listed, Unread};
use crate::source::{FileId, FileKind, Place, SourceFile, Sources, Span};

#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    low: LowArgs,
}

fn resolve(arguments: &[&str]) -> HiArgs {
    try_resolve(arguments).unwrap()
}

fn try_resolve(arguments: &[&str]) -> Result<HiArgs, Error> {
    let alone = Alone::try_parse_from(["check"].iter().chain(arguments)).unwrap();
    alone.low.resolve(PathBuf::from("/repo"), |bytes| {
        bytes.extend(b"text");
        Ok(())
    })
}

#[test]
fn arguments_resolve_to_options() {
    let high = resolve(&["app", "--select", "cost,missing-timeout", "--select", "high", "--fix", "--output", "json=a=b.json", "-j", "3"]);
    assert_eq!(high.options.select, ["cost", "missing-timeout", "high"]);
    assert_eq!(high.options.paths, [PathBuf::from("app")]);
    assert_eq!(high.options.jobs.map(Into::into), Some(3_usize));
    assert_eq!(high.fix, Some(Applicability::Safe));
    assert_eq!(high.outputs, [(Format::Json, PathBuf::from("a=b.json"))]);
}

#[test]
fn fix_takes_its_value_after_an_equals_sign_only() {
    let high = resolve(&["--fix=unsafe", "unsafe"]);
    assert_eq!(high.fix, Some(Applicability::Unsafe));
    assert_eq!(resolve(&["--fix", "unsafe"]).options.paths, [PathBuf::from("unsafe")]);
    assert_eq!(resolve(&[]).fix, None);
}

#[test]
fn standard_input_needs_a_name_and_stands_alone() {
    let stdin = resolve(&["-", "--stdin-filename", "a.py"]).options.stdin.unwrap();
    assert_eq!((stdin.path, stdin.bytes), (PathBuf::from("a.py"), b"text".to_vec()));
    assert!(try_resolve(&["-"]).unwrap_err().to_string().contains("--stdin-filename"));
    assert!(try_resolve(&["--stdin-filename", "a.py", "b.py"]).unwrap_err().to_string().contains("`b.py`"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let refused = |arguments: &[&str]| Alone::try_parse_from(["check"].iter().chain(arguments)).map(|_| ()).unwrap_err().to_string();
    assert!(refused(&["--output", "jsn=x"]).contains("did you mean `json`?"));
    assert!(refused(&["--output", "json"]).contains("FORMAT=FILE"));
    assert!(refused(&["--today", "2025-02-30"]).contains("there is no day"));
    assert!(refused(&["--jobs", "0"]).contains("--jobs"));
    assert!(refused(&["--diff", "--output-format", "json"]).contains("cannot be used with"));
    assert!(refused(&["--fail-on", "bad"]).contains("never"));
    assert!(refused(&["--show-files", "--fix"]).contains("cannot be used with"));
}

fn report(severities: &[Severity], failed: bool) -> Report {
    let finding = |severity: &Severity| Finding {
        rule: "x",
        severity: *severity,
        confidence: Confidence::High,
        place: Place { file: FileId(0), span: Span::default() },
        symbol: String::new(),
        message: String::new(),
        related: Vec::new(),
        trace: Vec::new(),
        secret: None,
        saving_usd_per_month: None,
        fix: Fix::advice("", ""),
    };
    Report {
        root: PathBuf::from("/repo"),
        sources: Sources::new(vec![SourceFile::new("a.py", FileKind::Python, "a\n")]),
        findings: severities.iter().map(finding).collect(),
        secrets: Vec::new(),
        checked: 1,
        skipped: Vec::new(),
        failed: if failed { vec![Unread { path: "b.py".to_owned(), reason: "unreadable".to_owned() }] } else { Vec::new() },
        passed_by: Vec::new(),
        elapsed: Duration::ZERO,
    }
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let code =
        |arguments: &[&str], severities: &[Severity], failed, fail_on| exit_code(&resolve(arguments), &report(severities, failed), fail_on);
    assert_eq!(code(&[], &[], false, FailOn::Low), 0);
    assert_eq!(code(&[], &[Severity::Low], false, FailOn::Low), 1);
    assert_eq!(code(&[], &[Severity::Medium], false, FailOn::High), 0);
    assert_eq!(code(&[], &[Severity::Critical], false, FailOn::High), 1);
    assert_eq!(code(&[], &[Severity::Critical], false, FailOn::Never), 0);
    assert_eq!(code(&["--exit-zero"], &[Severity::Critical], false, FailOn::Low), 0);
    assert_eq!(code(&[], &[], true, FailOn::Low), 0);
    assert_eq!(code(&["--strict"], &[], true, FailOn::Low), 3);
    assert_eq!(code(&["--strict"], &[Severity::Low], true, FailOn::Low), 1);
    assert_eq!(code(&["--strict", "--exit-zero"], &[Severity::Low], true, FailOn::Low), 3);
    assert_eq!(code(&["--strict"], &[], false, FailOn::Low), 0);
}

#[test]
fn listings_say_what_files_are_and_why_not() {
    let file = |path: &str, judged_as, reason: Option<&str>| Listed { path: path.to_owned(), judged_as, reason: reason.map(str::to_owned) };
    let listing = Listing {
        root: PathBuf::from("/repo/shop"),
        files: vec![file("app/main.py", Some(FileKind::Python), None), file("main.tf", None, Some("Terraform is not supported"))],
    };
    let mut out = Vec::new();
    write_listing(&listing, Path::new("/repo"), Format::Pretty, &mut out).unwrap();
    let expected = "python      shop/app/main.py\n-           shop/main.tf  (Terraform is not supported)\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let mut out = Vec::new();
    write_listing(&listing, Path::new("/repo"), Format::Json, &mut out).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let files = serde_json::json!([
        {"path": "shop/app/main.py", "kind": "python"},
        {"path": "shop/main.tf", "kind": null, "reason": "Terraform is not supported"},
    ]);
    assert_eq!((&document["schema"], &document["files"]), (&serde_json::json!(1), &files));
}

#[test]
fn patches_apply_from_the_working_directory() {
    let outcome = || Outcome { report: report(&[], false), edits: Vec::new(), fail_on: FailOn::Low };
    let rewritten = vec![Rewritten { path: "app/a.py".to_owned(), before: "a\n".to_owned(), after: "b\n".to_owned() }];
    let fixed = Fixed { found: outcome(), left: outcome(), applied: 1, rewritten };
    let mut out = Vec::new();
    write_diff(&fixed, Path::new("/repo/app"), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n");
    // Where that would lead out of it, which `git apply` refuses, from the root.
    let mut out = Vec::new();
    write_diff(&fixed, Path::new("/repo/docs"), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "--- a/app/a.py\n+++ b/app/a.py\n@@ -1 +1 @@\n-a\n+b\n");
}
