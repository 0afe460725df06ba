//! Programs that were written from the specification of a class alone, by somebody who had not seen its rule: `tests/recall/*.md`.
//!
//! They have the form of the cases of pages. A line of findings is `path:line`, and a confidence behind it where the specification
//! gives one. `ROADWORTHY_PAGE=<rule>` looks at one class only.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use roadworthy::pages::{self, Case};
use roadworthy::progress::Progress;
use roadworthy::rules::RULES;
use roadworthy::run;

use crate::pages::{options, project};

/// `path:line confidence`, sorted as reported.
fn found(case: &Case<'_>, rule: &str) -> Vec<String> {
    let directory = project(&case.files);
    let outcome = run::check(&options(directory.path(), rule), &Progress::default());
    let report = outcome.unwrap_or_else(|error| panic!("line {}: {error}", case.line)).report;
    let line = |finding: &roadworthy::finding::Finding| {
        let file = report.sources.get(finding.place.file);
        format!("{}:{} {}", file.path, file.position(finding.place.span.start).line, finding.confidence.name())
    };
    report.findings.iter().map(line).collect()
}

fn is_said(expected: &str, found: &str) -> bool {
    if expected.contains(' ') { expected == found } else { found.split(' ').next() == Some(expected) }
}

#[test]
fn programs_written_without_sight_of_the_rules() {
    let only = env::var("ROADWORTHY_PAGE").unwrap_or_default();
    let (mut problems, mut programs, mut right) = (String::new(), 0, 0);
    for rule in RULES.iter().filter(|rule| rule.id.contains(&only)) {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recall").join(format!("{}.md", rule.id));
        let Ok(text) = fs::read_to_string(&page) else { continue };
        let sections = pages::sections(&text).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        for case in sections.iter().flat_map(|section| &section.cases) {
            programs += 1;
            let found = found(case, rule.id);
            let missing: Vec<&&str> = case.findings.iter().filter(|line| !found.iter().any(|f| is_said(line, f))).collect();
            // What is low is shown only to those who ask for it.
            let is_extra = |f: &&String| !f.ends_with(" low") && !case.findings.iter().any(|line| is_said(line, f));
            let extra: Vec<&String> = found.iter().filter(is_extra).collect();
            if missing.is_empty() && extra.is_empty() {
                right += 1;
            } else {
                let _ = writeln!(problems, "{}:{} {}\n  missing {missing:?}\n  extra {extra:?}", rule.id, case.line, case.name);
            }
        }
    }
    assert!(problems.is_empty(), "{problems}{right} of {programs} programs");
}
