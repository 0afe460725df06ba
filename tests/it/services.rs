//! The platform of the review, whole: what is found in it, and that nothing is left where it was mended.
//!
//! `ROADWORTHY_BLESS=1 cargo test --test it services` rewrites the expected findings; read the difference.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use roadworthy::finding::Confidence;
use roadworthy::fix::Applicability;
use roadworthy::options::CheckOptions;
use roadworthy::progress::Progress;
use roadworthy::run::{self, Outcome};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn options(directory: &Path) -> CheckOptions {
    CheckOptions { min_confidence: Some(Confidence::Low), ..CheckOptions::new(directory.to_path_buf()) }
}

/// `path:line rule confidence`, sorted as reported.
fn lines(outcome: &Outcome) -> String {
    let sources = &outcome.report.sources;
    let line = |finding: &roadworthy::finding::Finding| {
        let file = sources.get(finding.place.file);
        let at = file.position(finding.place.span.start);
        format!("{}:{} {} {}\n", file.path, at.line, finding.rule, finding.confidence.name())
    };
    outcome.report.findings.iter().map(line).collect()
}

#[test]
fn the_platform_has_what_the_review_found() {
    let directory = fixture("platform");
    let outcome = run::check(&options(&directory), &Progress::default()).expect("a result");
    let expected = directory.join("expected-findings.txt");
    let found = lines(&outcome);
    if env::var_os("ROADWORTHY_BLESS").is_some() {
        fs::write(&expected, &found).expect("the file is written");
    }
    assert_eq!(found, fs::read_to_string(&expected).expect("the file is there"));
    assert!(outcome.report.failed.is_empty(), "{:?}", outcome.report.failed);
}

#[test]
fn nothing_is_left_in_the_platform_that_was_mended() {
    let outcome = run::check(&options(&fixture("platform-fixed")), &Progress::default()).expect("a result");
    assert_eq!(lines(&outcome), "");
    assert!(outcome.report.checked > 20, "{} files", outcome.report.checked);
}

#[test]
fn fixing_the_platform_leaves_fewer_findings_and_valid_files() {
    let fixed = run::fix(&options(&fixture("platform")), Applicability::Unsafe, false, &Progress::default()).expect("a result");
    assert!(fixed.applied > 10, "{} fixes", fixed.applied);
    assert!(fixed.left.report.findings.len() + 10 < fixed.found.report.findings.len());
    assert!(fixed.left.report.failed.is_empty(), "{:?}", fixed.left.report.failed);
}

#[test]
fn advice_shows_no_secret_of_its_file() {
    let outcome = run::check(&options(&fixture("platform")), &Progress::default()).expect("a result");
    let (sources, findings) = (&outcome.report.sources, &outcome.report.findings);
    let secrets: Vec<&str> =
        findings.iter().filter_map(|finding| finding.secret).map(|place| sources.slice(place)).filter(|secret| secret.len() >= 8).collect();
    let advice: Vec<&String> = findings.iter().filter_map(|finding| finding.fix.advice.as_ref()).collect();
    let hidden = advice.iter().any(|advice| advice.contains("JWT_SIGNING_KEY=gw-6****"));
    assert!(secrets.len() > 10 && hidden, "{} secrets", secrets.len());
    for advice in advice {
        assert!(secrets.iter().all(|secret| !advice.contains(secret)), "{advice}");
    }
}
