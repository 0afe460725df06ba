//! The cases of a page: small projects, and what the rule says about them.

use std::ops::Range;

use super::{Block, PageError};

/// A small project that a rule is run on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case<'a> {
    /// What it shows.
    pub name: &'a str,
    /// Whether the rule finds something in it.
    pub fails: bool,
    /// 1-based line of its heading.
    pub line: usize,
    /// Paths and texts.
    pub files: Vec<(&'a str, &'a str)>,
    /// The expected findings, one a line, without blank lines.
    pub findings: Vec<&'a str>,
    /// Where these lines stand in the page (fence lines excluded), for a command that rewrites them.
    pub findings_range: Option<Range<usize>>,
    /// The expected fix as a unified diff.
    pub diff: Option<&'a str>,
    /// Where the diff stands in the page (fence lines excluded).
    pub diff_range: Option<Range<usize>>,
    /// Where the case's last fence ends: a block that is missing goes here.
    pub end: usize,
}

pub(super) fn parse<'a>(text: &'a str, blocks: &[Block<'a>]) -> Result<Vec<Case<'a>>, PageError> {
    let mut cases: Vec<Case<'a>> = Vec::new();
    for block in blocks {
        match block {
            Block::Heading { text: heading, number, span } => {
                let (fails, name) = if let Some(name) = heading.strip_prefix("### fail: ") {
                    (true, name)
                } else if let Some(name) = heading.strip_prefix("### pass: ") {
                    (false, name)
                } else {
                    return Err(block.error("a case is headed `### fail: name` or `### pass: name`"));
                };
                cases.push(Case {
                    name: name.trim(),
                    fails,
                    line: *number,
                    files: Vec::new(),
                    findings: Vec::new(),
                    findings_range: None,
                    diff: None,
                    diff_range: None,
                    end: span.end,
                });
            }
            Block::Fence { info, content, span, .. } => {
                let Some(case) = cases.last_mut() else { return Err(block.error("a fence before the first case")) };
                case.end = span.end;
                add_fence(case, info, &text[content.clone()], content).map_err(|message| block.error(message))?;
            }
        }
    }
    for case in &cases {
        let missing = |message: &str| Err(PageError { line: case.line, message: message.to_owned() });
        if case.files.is_empty() {
            return missing("a case without a file");
        }
        if !case.fails && case.findings_range.is_some() {
            return missing("a passing case that expects findings");
        }
    }
    Ok(cases)
}

fn add_fence<'a>(case: &mut Case<'a>, info: &'a str, content: &'a str, range: &Range<usize>) -> Result<(), String> {
    match info {
        "findings" if case.findings_range.is_some() => return Err("a second `findings` block".to_owned()),
        "findings" => {
            case.findings = content.lines().filter(|line| !line.trim().is_empty()).collect();
            case.findings_range = Some(range.clone());
        }
        "diff" if case.diff.is_some() => return Err("a second `diff` block".to_owned()),
        "diff" => {
            case.diff = Some(content);
            case.diff_range = Some(range.clone());
        }
        _ => {
            let path = info.split_once(" file=").map(|(_, path)| path.trim().trim_matches('"'));
            let path = path.ok_or("a fence of a case is `language file=path`, `findings` or `diff`")?;
            if case.files.iter().any(|(other, _)| *other == path) {
                return Err(format!("a second file `{path}`"));
            }
            case.files.push((path, content));
        }
    }
    Ok(())
}
