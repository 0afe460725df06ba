//! What the program model knows, feature by feature: names across files, values, control facts, services.
//!
//! `tests/features/<language>/*.md` is the table. Each `## ` heading is a feature; below it stand small projects in the form of
//! the cases of rules' pages, at least one in which something must be found (`### fail: …`) and one that must stay silent
//! (`### pass: …`). Rules are only the probes: a line of a ```` ```findings ```` fence is
//!
//! ```text
//! path:line rule confidence
//! path:line rule confidence: words that the message holds
//! ```
//!
//! and the rules that a feature's findings name are the ones that look at all its projects. Nothing else may be found.
//! `ROADWORTHY_FEATURE=<part of a heading>` looks at some features only.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use roadworthy::options::CheckOptions;
use roadworthy::pages::{self, Case};
use roadworthy::progress::Progress;
use roadworthy::run;

use crate::pages::{options, project};

/// What a line of findings says: where and what, and words of the message.
fn parted(line: &str) -> (&str, &str) {
    let (_, rest) = line.split_once(' ').unwrap_or(("", line));
    match rest.split_once(": ") {
        Some((_, words)) => (&line[..line.len() - words.len() - 2], words),
        None => (line, ""),
    }
}

/// `path:line rule confidence: message`, sorted as reported.
fn findings(case: &Case<'_>, rules: &BTreeSet<&str>) -> Vec<String> {
    let directory = project(&case.files);
    let select = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let outcome = run::check(&CheckOptions { select, ..options(directory.path(), "") }, &Progress::default());
    let report = outcome.unwrap_or_else(|error| panic!("line {}: {error}", case.line)).report;
    let line = |finding: &roadworthy::finding::Finding| {
        let file = report.sources.get(finding.place.file);
        let at = file.position(finding.place.span.start).line;
        format!("{}:{at} {} {}: {}", file.path, finding.rule, finding.confidence.name(), finding.message)
    };
    report.findings.iter().map(line).collect()
}

fn holds(expected: &[&str], found: &[String]) -> bool {
    let says = |(expected, found): (&&str, &String)| {
        let ((place, words), (at, message)) = (parted(expected), parted(found));
        place == at && message.contains(words)
    };
    expected.len() == found.len() && expected.iter().zip(found).all(says)
}

/// The files of all projects of the table, each project in a folder of its own.
pub fn all_cases() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for language in entries(&table()) {
        let language = language.file_name().expect("a name").to_string_lossy().into_owned();
        for path in pages(&language) {
            let text = fs::read_to_string(&path).expect("a page");
            let page = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let features = pages::sections(&text).unwrap_or_else(|error| panic!("{page}: {error}"));
            for case in features.iter().flat_map(|feature| &feature.cases) {
                let folder = format!("{language}-{page}-{}", case.line);
                files.extend(case.files.iter().map(|(path, text)| (format!("{folder}/{path}"), (*text).to_owned())));
            }
        }
    }
    files
}

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/features")
}

fn pages(language: &str) -> Vec<PathBuf> {
    entries(&table().join(language))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut pages: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    pages.sort();
    pages
}

/// Runs the table of a language; how many programs it has.
fn check(language: &str) -> usize {
    let only = env::var("ROADWORTHY_FEATURE").unwrap_or_default();
    let (mut problems, mut programs) = (String::new(), 0);
    for path in pages(language) {
        let text = fs::read_to_string(&path).expect("a page");
        let page = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let features = pages::sections(&text).unwrap_or_else(|error| panic!("{page}: {error}"));
        for feature in features.iter().filter(|feature| feature.name.contains(&only)) {
            let has = |fails: bool| feature.cases.iter().any(|case| case.fails == fails);
            assert!(has(true) && has(false), "{page}: {} must be found somewhere and be silent somewhere else", feature.name);
            let expected = feature.cases.iter().flat_map(|case| &case.findings);
            let rules: BTreeSet<&str> = expected.filter_map(|line| line.split([' ', ':']).nth(2)).collect();
            for case in &feature.cases {
                programs += 1;
                let found = findings(case, &rules);
                if !holds(&case.findings, &found) || case.fails == found.is_empty() {
                    let (expected, found) = (case.findings.join("\n    "), found.join("\n    "));
                    let _ = writeln!(problems, "{page}:{} {}: {}", case.line, feature.name, case.name);
                    let _ = writeln!(problems, "  expected:\n    {expected}\n  found:\n    {found}");
                }
            }
        }
    }
    assert!(problems.is_empty(), "{problems}");
    programs
}

#[test]
fn python() {
    let programs = check("python");
    assert!(programs >= 60 || env::var_os("ROADWORTHY_FEATURE").is_some(), "{programs} programs");
}

#[test]
fn typescript() {
    let programs = check("typescript");
    assert!(programs >= 60 || env::var_os("ROADWORTHY_FEATURE").is_some(), "{programs} programs");
}
