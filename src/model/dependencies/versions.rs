//! Versions and ranges of them, as manifests write both.

use std::fmt;
use std::ops::Bound;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The numbers of a release, without zeros at the end. What is published before a release counts as that release, for it
/// behaves like it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version(Vec<u64>);

impl Version {
    /// Reads `1.2.3`, `v1.2`, `2.0.0-rc.1`, `2.0b1`, `1.2.post1`, `1.2+cu118`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (numbers, rest) = numbers(text)?;
        (!is_wildcard(rest)).then(|| Self::new(numbers))
    }

    fn new(mut numbers: Vec<u64>) -> Self {
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Self(numbers)
    }

    /// The first version that does not begin with these numbers, and is greater.
    fn behind(numbers: &[u64]) -> Self {
        let mut numbers = numbers.to_vec();
        if let Some(last) = numbers.last_mut() {
            *last = last.saturating_add(1);
        }
        Self::new(numbers)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("0"),
            numbers => f.write_str(&numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")),
        }
    }
}

/// How those who write a range mean it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    /// `1.2` is 1.2.0.
    Python,
    /// `1.2` is any 1.2.x.
    Node,
}

/// A range of versions: what is known of the one that is used.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Versions {
    from: Bound<Version>,
    to: Bound<Version>,
}

impl Versions {
    /// Nothing is known.
    pub const ANY: Self = Self { from: Bound::Unbounded, to: Bound::Unbounded };

    /// One version.
    #[must_use]
    pub fn exact(version: Version) -> Self {
        Self { from: Bound::Included(version.clone()), to: Bound::Included(version) }
    }

    /// Versions that begin with these numbers.
    fn beginning(numbers: Vec<u64>) -> Self {
        let to = Bound::Excluded(Version::behind(&numbers));
        Self { from: Bound::Included(Version::new(numbers)), to }
    }

    /// Reads `>=1.2,<2`, `^1.2 || ~2.3`, `1.2 - 2.3`, `==1.*`. Nothing where the text is about something else than versions,
    /// or no version fits it.
    #[must_use]
    pub fn parse(text: &str, notation: Notation) -> Option<Self> {
        let alternatives = text.split('|').map(str::trim).filter(|part| !part.is_empty());
        let found = alternatives.map(|part| all_of(part, notation)).collect::<Option<Vec<_>>>()?;
        found.into_iter().reduce(|a, b| a.or(&b))
    }

    /// The versions in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Option<Self> {
        let from = std::cmp::max_by(&self.from, &other.from, |a, b| lower(a).cmp(&lower(b))).clone();
        let to = std::cmp::min_by(&self.to, &other.to, |a, b| upper(a).cmp(&upper(b))).clone();
        let some = match (&from, &to) {
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => true,
            (Bound::Included(a), Bound::Included(b)) => a <= b,
            (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a < b,
        };
        some.then_some(Self { from, to })
    }

    /// The smallest range around both.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let from = std::cmp::min_by(&self.from, &other.from, |a, b| lower(a).cmp(&lower(b))).clone();
        let to = std::cmp::max_by(&self.to, &other.to, |a, b| upper(a).cmp(&upper(b))).clone();
        Self { from, to }
    }

    /// Whether the newest version of another range is in this one. Installers take the newest that is allowed; of a range
    /// without an end, that is a version yet to come.
    #[must_use]
    pub fn has_newest_of(&self, other: &Self) -> bool {
        let starts_before = match (&self.from, &other.to) {
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => true,
            (Bound::Included(from), Bound::Included(newest)) => from <= newest,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(newest) | Bound::Excluded(newest)) => from < newest,
        };
        starts_before && upper(&other.to) <= upper(&self.to)
    }

    /// Whether they end at all.
    #[must_use]
    pub fn has_end(&self) -> bool {
        self.to != Bound::Unbounded
    }
}

fn lower(bound: &Bound<Version>) -> (bool, Option<&Version>, bool) {
    match bound {
        Bound::Unbounded => (false, None, false),
        Bound::Included(version) => (true, Some(version), false),
        Bound::Excluded(version) => (true, Some(version), true),
    }
}

fn upper(bound: &Bound<Version>) -> (bool, Option<&Version>, bool) {
    match bound {
        Bound::Unbounded => (true, None, false),
        Bound::Included(version) => (false, Some(version), true),
        Bound::Excluded(version) => (false, Some(version), false),
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.from, &self.to) {
            (Bound::Unbounded, Bound::Unbounded) => return f.write_str("*"),
            (Bound::Included(from), Bound::Included(to)) if from == to => return write!(f, "=={from}"),
            _ => {}
        }
        let from = match &self.from {
            Bound::Unbounded => String::new(),
            Bound::Included(version) => format!(">={version}"),
            Bound::Excluded(version) => format!(">{version}"),
        };
        let to = match &self.to {
            Bound::Unbounded => String::new(),
            Bound::Included(version) => format!("<={version}"),
            Bound::Excluded(version) => format!("<{version}"),
        };
        let comma = if from.is_empty() || to.is_empty() { "" } else { "," };
        write!(f, "{from}{comma}{to}")
    }
}

impl TryFrom<String> for Versions {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text, Notation::Python).ok_or_else(|| format!("`{text}` is no range of versions, such as `>=3,<4`"))
    }
}

impl From<Versions> for String {
    fn from(versions: Versions) -> Self {
        versions.to_string()
    }
}

/// What fits each of several conditions.
fn all_of(text: &str, notation: Notation) -> Option<Versions> {
    if let (Notation::Node, Some((from, to))) = (notation, text.split_once(" - ")) {
        return condition(">=", from.trim(), notation)?.and(&condition("<=", to.trim(), notation)?);
    }
    let mut all = Versions::ANY;
    let mut rest = text.trim().trim_start_matches('(').trim_end_matches(')').trim();
    while !rest.is_empty() {
        let operator = rest.find(|c| !matches!(c, '<' | '>' | '=' | '!' | '~' | '^')).unwrap_or(rest.len());
        let (operator, behind) = rest.split_at(operator);
        let behind = behind.trim_start();
        let end = behind.find(|c: char| c.is_whitespace() || matches!(c, ',' | '<' | '>' | '=' | '!' | '~' | '^')).unwrap_or(behind.len());
        all = all.and(&condition(operator, &behind[..end], notation)?)?;
        rest = behind[end..].trim_start().trim_start_matches(',').trim_start();
    }
    Some(all)
}

/// What fits one condition.
fn condition(operator: &str, text: &str, notation: Notation) -> Option<Versions> {
    if matches!(text, "*" | "x" | "X") {
        return Some(Versions::ANY);
    }
    let (numbers, rest) = numbers(text)?;
    let is_part = is_wildcard(rest) || (notation == Notation::Node && numbers.len() < 3);
    let from = |numbers: &[u64]| Versions { from: Bound::Included(Version::new(numbers.to_vec())), to: Bound::Unbounded };
    let up_to = |version: Version| Versions { from: Bound::Unbounded, to: Bound::Excluded(version) };
    let beginning = |kept: usize| from(&numbers).and(&up_to(Version::behind(&numbers[..kept])));
    match operator {
        "" | "=" | "==" | "===" if is_part => Some(Versions::beginning(numbers)),
        "" | "=" | "==" | "===" => Some(Versions::exact(Version::new(numbers))),
        ">=" => Some(from(&numbers)),
        ">" if is_part => Some(Versions { from: Bound::Included(Version::behind(&numbers)), to: Bound::Unbounded }),
        ">" => Some(Versions { from: Bound::Excluded(Version::new(numbers)), to: Bound::Unbounded }),
        "<" => Some(up_to(Version::new(numbers))),
        "<=" if is_part => Some(up_to(Version::behind(&numbers))),
        "<=" => Some(Versions { from: Bound::Unbounded, to: Bound::Included(Version::new(numbers)) }),
        "!=" => Some(Versions::ANY),
        "~=" => beginning(numbers.len().saturating_sub(1).max(1)),
        "~" | "~>" => beginning(numbers.len().min(2)),
        // Up to the next change of the first number that is not 0.
        "^" => beginning(numbers.iter().position(|number| *number != 0).map_or(numbers.len(), |first| first + 1)),
        _ => None,
    }
}

/// The numbers that a text begins with, and what is behind them.
fn numbers(text: &str) -> Option<(Vec<u64>, &str)> {
    let mut rest = text.trim().trim_start_matches(['v', 'V']);
    let mut found = Vec::new();
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        found.push(rest[..end].parse().ok()?);
        rest = &rest[end..];
        match rest.strip_prefix('.') {
            Some(behind) if behind.starts_with(|c: char| c.is_ascii_digit()) && found.len() < 8 => rest = behind,
            _ => break,
        }
    }
    // What else may be behind numbers: epochs, addresses, and paths are no releases.
    let is_release = rest.starts_with(|c: char| matches!(c, '.' | '-' | '+' | '_') || c.is_ascii_alphabetic());
    ((rest.is_empty() || is_release) && !rest.contains(['/', ':', '@'])).then_some((found, rest))
}

fn is_wildcard(rest: &str) -> bool {
    matches!(rest.as_bytes(), [b'.', b'*' | b'x' | b'X', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        let version = |text: &str| Version::parse(text).unwrap_or_else(|| panic!("{text}"));
        for (text, same) in [
            ("1.2.0", "1.2"),
            ("v1.2", "1.2"),
            ("2.0.0-rc.1", "2"),
            ("2.0b1", "2"),
            ("1.2.post1", "1.2"),
            ("1.2+cu118", "1.2"),
            ("0", "0.0"),
        ] {
            assert_eq!(version(text), version(same), "{text}");
        }
        assert!(version("1.10") > version("1.9.9") && version("2") > version("1.99") && version("1.0.1") > version("1"));
        for text in ["", "latest", "1!2.0", "1.*", "https://x/1.2", "99999999999999999999", "1/2", "-1", "1.2@3"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_are_read() {
        use Notation::{Node, Python};
        for (notation, text, range) in [
            (Python, "==1.2.3", "==1.2.3"),
            (Python, "1.2", "==1.2"),
            (Python, "===1.2", "==1.2"),
            (Python, "==1.2.*", ">=1.2,<1.3"),
            (Python, "~=1.4.2", ">=1.4.2,<1.5"),
            (Python, "~=1.4", ">=1.4,<2"),
            (Python, ">=1.2, <2, !=1.5", ">=1.2,<2"),
            (Python, "(>=1.2,<2)", ">=1.2,<2"),
            (Python, ">1", ">1"),
            (Python, "<=1.2", "<=1.2"),
            (Python, "*", "*"),
            (Python, "^1.2", ">=1.2,<2"),
            (Python, "^0.2.3", ">=0.2.3,<0.3"),
            (Python, "^0.0.3", ">=0.0.3,<0.0.4"),
            (Python, "^0", ">=0,<1"),
            (Python, "~1.2.3", ">=1.2.3,<1.3"),
            (Python, "~1", ">=1,<2"),
            (Python, "^1.2 || ^2", ">=1.2,<3"),
            (Python, ">=2.0.0rc1", ">=2"),
            (Node, "1.2.3", "==1.2.3"),
            (Node, "=v1.2.3", "==1.2.3"),
            (Node, "1.2", ">=1.2,<1.3"),
            (Node, "4", ">=4,<5"),
            (Node, "1.x", ">=1,<2"),
            (Node, ">=1.2.3 <2", ">=1.2.3,<2"),
            (Node, ">= 1.2.3 < 2.0.0", ">=1.2.3,<2"),
            (Node, ">1.2", ">=1.3"),
            (Node, "<=1", "<2"),
            (Node, "1.2 - 2.3", ">=1.2,<2.4"),
            (Node, "1.2.3 - 2.3.4", ">=1.2.3,<=2.3.4"),
            (Node, "^3 || ^5.0.0-beta.1", ">=3,<6"),
            (Node, "x", "*"),
        ] {
            assert_eq!(Versions::parse(text, notation).map(|range| range.to_string()).as_deref(), Some(range), "{text}");
        }
        for text in ["latest", "", "git+https://x/y.git", "workspace:*", ">=", "~!1", ">2,<1", "^1 || latest"] {
            assert_eq!(Versions::parse(text, Node), None, "{text}");
        }
    }

    #[test]
    fn the_newest_version_decides() {
        let range = |text: &str| Versions::parse(text, Notation::Python).unwrap_or_else(|| panic!("{text}"));
        for (row, known, fits) in [
            (">=3", "==3", true),
            (">=3", "==2.9", false),
            ("<3", "==2.9", true),
            ("<3", "*", false),
            (">=3", "*", true),
            (">=3", ">=1", true),
            (">=3", ">=1,<4", true),
            (">=3", ">=1,<3", false),
            ("<3", ">=1,<3", true),
            ("<3", ">=1,<=3", false),
            (">=1,<3", "<3", true),
            (">=1,<3", "==0.9", false),
        ] {
            assert_eq!(range(row).has_newest_of(&range(known)), fits, "{row} {known}");
        }
    }

    #[test]
    fn ranges_meet_and_join() {
        let range = |text: &str| Versions::parse(text, Notation::Python).unwrap_or_else(|| panic!("{text}"));
        let and = |a: &str, b: &str| range(a).and(&range(b)).map(|range| range.to_string());
        assert_eq!(and(">=1,<3", ">=2").as_deref(), Some(">=2,<3"));
        assert_eq!(and("<2", ">=2"), None);
        assert_eq!(and("<=2", ">=2").as_deref(), Some("==2"));
        assert_eq!(range("==1").or(&range(">=2,<3")).to_string(), ">=1,<3");
        assert_eq!(range("==1").or(&range("*")).to_string(), "*");
    }
}
