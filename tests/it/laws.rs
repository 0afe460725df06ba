//! The laws, over all pages and fixtures, and mutated and truncated versions of them.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use roadworthy::analysis::Demand;
use roadworthy::finding::Confidence;
use roadworthy::fix::Applicability;
use roadworthy::options::CheckOptions;
use roadworthy::output::{Format, OutputContext};
use roadworthy::pages;
use roadworthy::progress::Progress;
use roadworthy::rules::RULES;
use roadworthy::run::{self, Outcome};
use tempfile::TempDir;

use crate::features;
use crate::pages::project;

fn options(directory: &Path) -> CheckOptions {
    CheckOptions { min_confidence: Some(Confidence::Low), ..CheckOptions::new(directory.to_path_buf()) }
}

fn check(options: &CheckOptions) -> Outcome {
    run::check(options, &Progress::default()).expect("a result")
}

fn json(options: &CheckOptions) -> String {
    let outcome = check(options);
    let context = OutputContext::new(&outcome.report, RULES, &outcome.edits, &options.working_directory);
    let mut out = Vec::new();
    Format::Json.write(&context, &mut out).expect("memory can be written to");
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// The files of every case of every page and of the table of features, each case in a folder of its own.
fn all_cases() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for rule in RULES {
        let page = pages::parse(rule.page).expect("the page can be read");
        for (number, case) in page.cases.iter().enumerate() {
            for (path, text) in &case.files {
                files.push((format!("{}-{number}/{path}", rule.id), (*text).to_owned()));
            }
        }
    }
    // Several services, shared libraries, import cycles.
    files.extend(features::all_cases());
    files
}

fn written(files: &[(String, String)]) -> TempDir {
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    project(&borrowed)
}

/// Law 1: what nobody asks for need not be read. Test code beside each case, some of it imported, tells it apart.
#[test]
fn lowering_on_demand_changes_nothing() {
    let mut files = all_cases();
    for (path, text) in all_cases() {
        let Some((directory, name)) = path.rsplit_once('/') else { continue };
        if name.ends_with(".py") || name.ends_with(".ts") {
            files.push((format!("{directory}/tests/{name}"), text));
        }
    }
    let directory = written(&files);
    let with = |demand| json(&CheckOptions { demand, ..options(directory.path()) });
    assert!(with(Demand::Needed) == with(Demand::All), "what is found depends on what was lowered");
}

/// Law 2: neither threads nor the order of paths change a byte.
#[test]
fn threads_and_order_change_nothing() {
    let directory = written(&all_cases());
    let mut folders: Vec<PathBuf> =
        fs::read_dir(directory.path()).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    let with = |jobs: usize, paths: Vec<PathBuf>| json(&CheckOptions { jobs: NonZeroUsize::new(jobs), paths, ..options(directory.path()) });
    let one = with(1, folders.clone());
    assert!(one.contains("\"rule\""));
    folders.reverse();
    assert!(one == with(7, folders), "the report depends on threads or order");
}

/// Law 3: fixes remove what they are for, bring nothing new, and find nothing to do a second time.
#[test]
fn fixing_is_idempotent_and_brings_nothing_new() {
    let mut broken = Vec::new();
    for rule in RULES {
        let page = pages::parse(rule.page).expect("the page can be read");
        for case in page.cases.iter().filter(|case| case.fails) {
            let directory = project(&case.files);
            let options = options(directory.path());
            let fixed = run::fix(&options, Applicability::Unsafe, true, &Progress::default()).expect("a result");
            let place = format!("rules/{}.md:{} {}", rule.id, case.line, case.name);
            let mut hold = |holds: bool, problem: String| {
                if !holds {
                    broken.push(format!("{place}: {problem}"));
                }
            };
            // What could not be read wholly before is no fault of the fixes.
            hold(fixed.left.report.failed == fixed.found.report.failed, format!("{:?}", fixed.left.report.failed));
            let fixable = fixed.left.edits.iter().zip(&fixed.left.report.findings).filter(|(edits, _)| !edits.is_empty());
            let left: Vec<&str> = fixable.map(|(_, finding)| finding.message.as_str()).collect();
            hold(left.is_empty(), format!("left after fixing: {left:?}"));
            for other in RULES {
                let count = |outcome: &Outcome| outcome.report.findings.iter().filter(|finding| finding.rule == other.id).count();
                let declared = fixed.found.report.findings.iter().any(|finding| finding.fix.then.contains(&other.id));
                hold(declared || count(&fixed.left) <= count(&fixed.found), format!("a fix brings {}", other.id));
            }
            let again = run::fix(&options, Applicability::Unsafe, true, &Progress::default()).expect("a result");
            hold(again.rewritten.is_empty(), format!("the second time changes {:?}", again.rewritten));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Law 4: nothing that is cut or damaged makes it panic.
#[test]
fn damaged_files_are_survived() {
    let files = all_cases();
    let mut damaged = Vec::new();
    // The same numbers every time.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below.max(1)
    };
    for (path, text) in files.iter().filter(|(path, _)| !path.ends_with(".toml")) {
        let at = |byte: usize| (byte..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        damaged.push((format!("cut/{folder}/{name}"), text[..at(next(text.len()))].to_owned()));
        let (from, to) = (at(next(text.len())), at(next(text.len())));
        let (from, to) = (from.min(to), from.max(to));
        damaged.push((format!("hole/{folder}/{name}"), format!("{}{}", &text[..from], &text[to..])));
        let (here, there) = (at(next(text.len())), at(next(text.len())));
        damaged.push((format!("twice/{folder}/{name}"), format!("{}{}", &text[..here], &text[there.min(here)..])));
    }
    let directory = written(&damaged);
    let outcome = check(&options(directory.path()));
    let broken: Vec<String> =
        outcome.report.failed.iter().filter(|file| file.reason.contains("internal error")).map(|file| file.path.clone()).collect();
    assert!(broken.is_empty(), "{broken:?}");
    assert!(outcome.report.checked > 500, "{} files", outcome.report.checked);
}
