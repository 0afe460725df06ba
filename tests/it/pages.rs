//! Every rule's page is run: its examples and its cases, through the whole program.
//!
//! `ROADWORTHY_BLESS=1 cargo test --test it pages` writes positions, messages and diffs into the pages. It refuses to
//! change which lines are found, and how sure. `ROADWORTHY_PAGE=<rule>` looks at one page only.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use roadworthy::finding::Confidence;
use roadworthy::fix::{Applicability, diff};
use roadworthy::options::CheckOptions;
use roadworthy::pages::{self, Case};
use roadworthy::progress::Progress;
use roadworthy::rules::{RULES, Rule};
use roadworthy::run::{self, Outcome};
use tempfile::TempDir;

/// Where the pages are.
fn page_path(rule: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(format!("{rule}.md"))
}

/// The options that a rule's examples are checked with: this rule alone, and everything it has to say.
pub fn options(directory: &Path, rule: &str) -> CheckOptions {
    CheckOptions {
        select: vec![rule.to_owned()],
        ignore: vec!["unused-suppression".to_owned()],
        min_confidence: Some(Confidence::Low),
        ..CheckOptions::new(directory.to_path_buf())
    }
}

/// Files on disk.
pub fn project(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders are made");
        fs::write(path, text).expect("files are written");
    }
    directory
}

/// A finding as a page says it: path, line and confidence are the verdict, the rest is wording.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Verdict {
    place: String,
    confidence: String,
}

/// `path:line:column confidence: message`, or `path:line confidence` before it was blessed.
fn verdict(line: &str) -> Verdict {
    let (place, rest) = line.split_once(' ').unwrap_or((line, ""));
    let confidence = rest.split([':', ' ']).next().unwrap_or_default();
    let mut parts = place.splitn(3, ':');
    let place = format!("{}:{}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Verdict { place, confidence: confidence.to_owned() }
}

fn lines(outcome: &Outcome) -> Vec<String> {
    let sources = &outcome.report.sources;
    let line = |finding: &roadworthy::finding::Finding| {
        let file = sources.get(finding.place.file);
        let at = file.position(finding.place.span.start);
        format!("{}:{}:{} {}: {}", file.path, at.line, at.column, finding.confidence.name(), finding.message)
    };
    outcome.report.findings.iter().map(line).collect()
}

/// What a case leads to: lines of findings, and the diff of all fixes.
fn run(rule: &'static Rule, files: &[(&str, &str)]) -> (Vec<String>, String) {
    let directory = project(files);
    let fixed = run::fix(&options(directory.path(), rule.id), Applicability::Unsafe, false, &Progress::default());
    let fixed = fixed.unwrap_or_else(|error| panic!("{}: {error}", rule.id));
    let diffs = fixed.rewritten.iter().map(|file| diff::unified(&file.path, &file.before, &file.after));
    (lines(&fixed.found), diffs.collect())
}

fn file_name(language: &str) -> &'static str {
    match language {
        "python" => "main.py",
        "typescript" => "main.ts",
        "javascript" => "main.js",
        "dockerfile" | "docker" => "Dockerfile",
        "yaml" | "deploy" => "service.yaml",
        _ => panic!("no file is named for `{language}`"),
    }
}

struct Checked {
    problems: String,
    /// Replacements in the page: where, and with what.
    blessings: BTreeMap<(usize, usize), String>,
}

fn check_case(rule: &'static Rule, page: &str, case: &Case<'_>, checked: &mut Checked) {
    let (found, diff) = run(rule, &case.files);
    let mut expected: Vec<Verdict> = case.findings.iter().map(|line| verdict(line)).collect();
    let mut verdicts: Vec<Verdict> = found.iter().map(|line| verdict(line)).collect();
    expected.sort();
    verdicts.sort();
    let title = format!("rules/{}.md:{} {}", rule.id, case.line, case.name);
    if verdicts != expected || case.fails == case.findings.is_empty() {
        let _ = writeln!(
            checked.problems,
            "{title}\n  expected:\n    {}\n  found:\n    {}",
            case.findings.join("\n    "),
            found.join("\n    ")
        );
        return;
    }
    if found != case.findings || diff != case.diff.unwrap_or_default() {
        let _ = writeln!(checked.problems, "{title}\n  wording or fix changed:\n    {}\n{diff}", found.join("\n    "));
    }
    let Some(range) = &case.findings_range else { return };
    let text = found.join("\n") + "\n";
    checked.blessings.insert((range.start, range.end), text);
    match &case.diff_range {
        // Without a fix, the block goes with its fences.
        Some(range) if diff.is_empty() => checked.blessings.insert((range.start - "\n```diff\n".len(), range.end + "```\n".len()), diff),
        Some(range) => checked.blessings.insert((range.start, range.end), diff),
        None if diff.is_empty() => None,
        None => {
            let gap = if page[..case.end].ends_with('\n') { "" } else { "\n" };
            checked.blessings.insert((case.end, case.end), format!("{gap}\n```diff\n{diff}```\n"))
        }
    };
}

#[test]
fn pages_hold() {
    let only = env::var("ROADWORTHY_PAGE").ok();
    let mut problems = String::new();
    for rule in RULES.iter().filter(|rule| only.as_ref().is_none_or(|only| only == rule.id)) {
        let text = fs::read_to_string(page_path(rule.id)).expect("the page is there");
        let page = pages::parse(&text).unwrap_or_else(|error| panic!("rules/{}.md: {error}", rule.id));
        let mut checked = Checked { problems: String::new(), blessings: BTreeMap::new() };
        for example in &page.examples {
            let (found, _) = run(rule, &[(file_name(example.language), example.text)]);
            if example.fails == found.is_empty() {
                let _ = writeln!(checked.problems, "rules/{}.md: an example of {} is judged wrongly: {found:?}", rule.id, example.language);
            }
        }
        for case in &page.cases {
            check_case(rule, &text, case, &mut checked);
        }
        if env::var_os("ROADWORTHY_BLESS").is_some() {
            let mut blessed = text.clone();
            for ((start, end), new) in checked.blessings.iter().rev() {
                blessed.replace_range(*start..*end, new);
            }
            fs::write(page_path(rule.id), blessed).expect("the page is written");
        }
        problems += &checked.problems;
    }
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn every_rule_has_its_page_and_every_page_its_rule() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted(), "rules are listed by id: {ids:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let pages = fs::read_dir(folder).expect("the folder is there").filter_map(|entry| {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        name.strip_suffix(".md").map(str::to_owned)
    });
    let mut pages: Vec<String> = pages.collect();
    pages.sort();
    assert_eq!(pages, ids);
    for rule in RULES {
        let page = pages::parse(rule.page).unwrap_or_else(|error| panic!("rules/{}.md: {error}", rule.id));
        assert_eq!(page.front.severity, rule.severity, "{}", rule.id);
        assert!(!page.reason().is_empty(), "{} does not say why anybody should care", rule.id);
        for language in &page.front.languages {
            let is_of = |name: &str| match *language {
                "python" => name == "python",
                "typescript" => matches!(name, "typescript" | "javascript"),
                "docker" => matches!(name, "dockerfile" | "docker"),
                "deploy" => matches!(name, "yaml" | "deploy"),
                other => panic!("{}: unknown language {other}", rule.id),
            };
            let in_files = |case: &&Case<'_>| case.files.iter().any(|(path, _)| language_of(path) == *language);
            let has = |fails: bool| {
                page.examples.iter().any(|example| example.fails == fails && is_of(example.language))
                    || page.cases.iter().filter(in_files).any(|case| case.fails == fails)
            };
            assert!(has(true) && has(false), "{} lacks a failing or passing example of {language}", rule.id);
        }
    }
}

fn language_of(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.ends_with(".py") {
        "python"
    } else if [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"].iter().any(|end| name.ends_with(end)) {
        "typescript"
    } else if name.contains("ockerfile") || name.contains("ontainerfile") {
        "docker"
    } else {
        "deploy"
    }
}

/// Law 6: every message speaks of this code, and every finding has a fix or advice.
#[test]
fn every_finding_has_a_fix_or_advice() {
    for rule in RULES {
        let page = pages::parse(rule.page).unwrap_or_else(|error| panic!("rules/{}.md: {error}", rule.id));
        for case in page.cases.iter().filter(|case| case.fails) {
            let directory = project(&case.files);
            let outcome = run::check(&options(directory.path(), rule.id), &Progress::default()).expect("a result");
            for finding in &outcome.report.findings {
                let fix = &finding.fix;
                assert!(!fix.title.is_empty(), "{}: {}: a fix without a title", rule.id, case.name);
                assert!(!fix.intents.is_empty() || fix.advice.is_some(), "{}: {}: neither fix nor advice", rule.id, case.name);
                assert!(!finding.message.is_empty() && !finding.message.ends_with('.'), "{}: {}", rule.id, finding.message);
            }
        }
    }
}
