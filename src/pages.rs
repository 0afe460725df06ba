//! Rule pages: one Markdown file per rule that is documentation, test and source of every table at once.
//!
//! A page is front matter between two `---` lines, prose with `## What to do` and `## Example`, and `## Cases`, which only
//! tests read. Fences are found line by line and may be longer than three backticks, so that a case can hold a fence.

use std::fmt;
use std::ops::Range;

use crate::finding::Severity;

mod cases;

pub use cases::Case;

/// A heading `## name`, and the cases below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section<'a> {
    /// What they have in common.
    pub name: &'a str,
    /// The cases.
    pub cases: Vec<Case<'a>>,
}

/// What a class of problems puts at stake.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Category {
    /// Data and access.
    Security,
    /// Staying up.
    Reliability,
    /// The bill.
    Cost,
    /// Latency and throughput.
    Performance,
    /// Knowing what happens.
    Observability,
    /// Keeping the code changeable.
    Maintainability,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Security, Self::Reliability, Self::Cost, Self::Performance, Self::Observability, Self::Maintainability];

    /// The name that pages, options and outputs use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Reliability => "reliability",
            Self::Cost => "cost",
            Self::Performance => "performance",
            Self::Observability => "observability",
            Self::Maintainability => "maintainability",
        }
    }
}

/// What a page says of its rule in its first lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrontMatter<'a> {
    /// What is wrong, as a headline.
    pub title: &'a str,
    /// How bad the class is.
    pub severity: Severity,
    /// What it puts at stake.
    pub category: Category,
    /// Number in the Common Weakness Enumeration.
    pub cwe: Option<u32>,
    /// What it looks at: `python`, `typescript`, `docker`, `deploy`.
    pub languages: Vec<&'a str>,
    /// The section of the review it comes from.
    pub section: &'a str,
}

/// A rule's page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<'a> {
    /// Its front matter.
    pub front: FrontMatter<'a>,
    /// The documentation: everything after the front matter and before `## Cases`, trimmed.
    pub body: &'a str,
    /// The examples of the documentation.
    pub examples: Vec<Example<'a>>,
    /// The cases.
    pub cases: Vec<Case<'a>>,
}

/// An example in the documentation, which is a test too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Example<'a> {
    /// The fence's language.
    pub language: &'a str,
    /// Whether the rule finds something in it.
    pub fails: bool,
    /// The code.
    pub text: &'a str,
}

/// What is wrong with a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageError {
    /// 1-based line.
    pub line: usize,
    /// What.
    pub message: String,
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for PageError {}

impl Page<'_> {
    /// The first paragraph's first sentence: why anybody should care.
    #[must_use]
    pub fn reason(&self) -> &str {
        let paragraph = self.body.split("\n\n").next().unwrap_or_default().trim();
        if paragraph.starts_with('#') || paragraph.starts_with("```") {
            return "";
        }
        let ends = paragraph.match_indices(['.', '!', '?']).map(|(at, _)| at + 1);
        // A full stop ends a sentence where a blank and a capital follow: not in `v1.2`, nor in "e.g. this".
        let end = ends.into_iter().find(|end| {
            let rest = &paragraph[*end..];
            let next = rest.trim_start();
            rest.is_empty() || (next.len() < rest.len() && !next.starts_with(char::is_lowercase))
        });
        &paragraph[..end.unwrap_or(paragraph.len())]
    }
}

/// Reads the front matter only: what every run needs of every page.
///
/// # Errors
///
/// If it lacks a key or has an unknown one.
pub fn front_matter(text: &str) -> Result<FrontMatter<'_>, PageError> {
    let end = text.find("\n---").map_or(text.len(), |at| text[at + 1..].find('\n').map_or(text.len(), |end| at + 1 + end));
    read_front_matter(&mut Lines::new(&text[..end]).iter())
}

/// Reads a page.
///
/// # Errors
///
/// If the front matter lacks a key or has an unknown one, or a fence or heading is not of the form that tests can run.
pub fn parse(text: &str) -> Result<Page<'_>, PageError> {
    let lines = Lines::new(text);
    let mut at = lines.iter();
    let front = read_front_matter(&mut at)?;
    let start = at.clone().next().map_or(text.len(), |line| line.span.start);
    let blocks = blocks(at)?;
    let is_cases = |block: &&Block<'_>| matches!(block, Block::Heading { text: "## Cases", .. });
    let cases_at = blocks.iter().position(|block| is_cases(&block)).unwrap_or(blocks.len());
    let body_end = blocks.get(cases_at).map_or(text.len(), |block| block.span().start);
    let (documentation, cases) = blocks.split_at(cases_at);
    let cases = cases::parse(text, cases.get(1..).unwrap_or_default())?;
    let examples = documentation.iter().filter_map(|block| example(text, block)).collect();
    Ok(Page { front, body: text[start..body_end].trim(), examples, cases })
}

/// Reads a page of cases under headings: `## name`, then cases as rules' pages have them. Text before the first such heading
/// says what the page is about.
///
/// # Errors
///
/// If a heading or fence below the first `## name` is not of that form.
pub fn sections(text: &str) -> Result<Vec<Section<'_>>, PageError> {
    let blocks = blocks(Lines::new(text).iter())?;
    let name = |block: &Block<'_>| match block {
        Block::Heading { text: heading, span, .. } if heading.starts_with("## ") => Some(text[span.clone()].trim()[3..].trim()),
        _ => None,
    };
    let starts: Vec<usize> = (0..blocks.len()).filter(|at| name(&blocks[*at]).is_some()).collect();
    let ends = starts.iter().skip(1).copied().chain([blocks.len()]);
    let section = |(start, end): (&usize, usize)| {
        let name = name(&blocks[*start]).unwrap_or_default();
        Ok(Section { name, cases: cases::parse(text, &blocks[start + 1..end])? })
    };
    starts.iter().zip(ends).map(section).collect()
}

fn example<'a>(text: &'a str, block: &Block<'a>) -> Option<Example<'a>> {
    let Block::Fence { info, content, .. } = block else { return None };
    let (language, verdict) = info.split_once(' ')?;
    let fails = match verdict.trim() {
        "fail" => true,
        "pass" => false,
        _ => return None,
    };
    Some(Example { language, fails, text: &text[content.clone()] })
}

/// One line of a page, its line break excluded from `text` and included in `span`.
#[derive(Clone, Debug)]
struct Line<'a> {
    number: usize,
    text: &'a str,
    span: Range<usize>,
}

impl Line<'_> {
    fn error(&self, message: impl Into<String>) -> PageError {
        PageError { line: self.number, message: message.into() }
    }
}

struct Lines<'a>(Vec<Line<'a>>);

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let mut start = 0;
        let lines = text.split_inclusive('\n').enumerate().map(|(index, raw)| {
            let span = start..start + raw.len();
            start = span.end;
            Line { number: index + 1, text: raw.trim_end_matches(['\n', '\r']), span }
        });
        Self(lines.collect())
    }

    fn iter(&self) -> std::slice::Iter<'_, Line<'a>> {
        self.0.iter()
    }
}

/// Reads `key: value` lines: a scalar, perhaps in double quotes, or a list in brackets. That is all pages need of YAML.
fn read_front_matter<'a>(lines: &mut std::slice::Iter<'_, Line<'a>>) -> Result<FrontMatter<'a>, PageError> {
    let (mut title, mut severity, mut category, mut cwe, mut languages, mut section) = (None, None, None, None, None, None);
    let missing = |what: &str| PageError { line: 1, message: format!("front matter without `{what}`") };
    if lines.next().is_none_or(|line| line.text != "---") {
        return Err(PageError { line: 1, message: "a page starts with a `---` line".to_owned() });
    }
    loop {
        let Some(line) = lines.next() else { return Err(missing("---")) };
        if line.text == "---" {
            break;
        }
        let Some((key, value)) = line.text.split_once(':') else { return Err(line.error("expected `key: value`")) };
        let value = value.trim().trim_matches('"');
        match key.trim() {
            "title" => title = Some(value),
            "severity" => {
                let found = Severity::ALL.into_iter().find(|severity| severity.name() == value);
                severity = Some(found.ok_or_else(|| line.error(format!("unknown severity `{value}`")))?);
            }
            "category" => {
                let found = Category::ALL.into_iter().find(|category| category.name() == value);
                category = Some(found.ok_or_else(|| line.error(format!("unknown category `{value}`")))?);
            }
            "cwe" => cwe = Some(value.parse().map_err(|_| line.error("`cwe` is a number"))?),
            "languages" => {
                let list = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                let list = list.ok_or_else(|| line.error("`languages` is a list in brackets"))?;
                languages = Some(list.split(',').map(str::trim).collect());
            }
            "section" => section = Some(value),
            other => return Err(line.error(format!("unknown key `{other}`"))),
        }
    }
    Ok(FrontMatter {
        title: title.ok_or_else(|| missing("title"))?,
        severity: severity.ok_or_else(|| missing("severity"))?,
        category: category.ok_or_else(|| missing("category"))?,
        cwe,
        languages: languages.ok_or_else(|| missing("languages"))?,
        section: section.ok_or_else(|| missing("section"))?,
    })
}

/// What a page is made of below its front matter.
#[derive(Clone, Debug)]
enum Block<'a> {
    Heading { number: usize, text: &'a str, span: Range<usize> },
    Fence { number: usize, info: &'a str, content: Range<usize>, span: Range<usize> },
}

impl Block<'_> {
    fn span(&self) -> Range<usize> {
        match self {
            Self::Heading { span, .. } | Self::Fence { span, .. } => span.clone(),
        }
    }

    fn error(&self, message: impl Into<String>) -> PageError {
        let (Self::Heading { number, .. } | Self::Fence { number, .. }) = self;
        PageError { line: *number, message: message.into() }
    }
}

/// Headings and fences, in order; what looks like a heading inside a fence is none.
fn blocks<'a>(mut lines: std::slice::Iter<'_, Line<'a>>) -> Result<Vec<Block<'a>>, PageError> {
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        let ticks = line.text.bytes().take_while(|b| *b == b'`').count();
        if ticks >= 3 {
            let start = line.span.end;
            let end = lines.find(|l| l.text.len() >= ticks && l.text.bytes().all(|b| b == b'`'));
            let Some(end) = end else { return Err(line.error("this fence is never closed")) };
            blocks.push(Block::Fence {
                number: line.number,
                info: line.text[ticks..].trim(),
                content: start..end.span.start,
                span: line.span.start..end.span.end,
            });
        } else if line.text.starts_with('#') {
            blocks.push(Block::Heading { number: line.number, text: line.text.trim_end(), span: line.span.clone() });
        }
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests;
