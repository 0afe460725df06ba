//! The text of a suppression: `# roadworthy: ignore[rule, …] until=YYYY-MM-DD owner=@who -- reason`; `//` in TypeScript.

use std::ops::Range;

use super::comments::NAME;
use crate::date::Date;
use crate::suggest::nearest;

/// A suppression as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Directive<'a> {
    /// Where in the comment it stands, from its `#` on.
    pub span: Range<usize>,
    /// It holds for the whole file.
    pub whole_file: bool,
    /// The rules, and where each stands in the comment.
    pub rules: Vec<(&'a str, Range<usize>)>,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

/// Reads the suppression in a comment; nothing if the comment is about something else.
///
/// # Errors
/// What is wrong with it, and does it therefore suppress nothing.
pub(super) fn parse<'a>(comment: &'a str, known: &[&str]) -> Option<Result<Directive<'a>, String>> {
    let mark = mark(comment)?;
    if !mark.is_exact {
        let opening = if comment[mark.opening..].starts_with('#') { "#" } else { "//" };
        return Some(Err(format!("write `{opening} roadworthy:`, in lower case and with a colon")));
    }
    let end = mark.text + end(&comment[mark.text..]);
    Some(read(&comment[..end], &mark, known))
}

/// A reason without the end of the comment that it is in.
fn without_end(reason: &str) -> &str {
    let reason = reason.trim();
    reason.strip_suffix("*/").map_or(reason, |inside| inside.trim_end_matches('*').trim_end())
}

/// The beginning of a suppression.
struct Mark {
    /// Its `#`, `//` or `/*`; other directives (`# noqa`) may stand before it.
    opening: usize,
    /// What comes after the name and the colon.
    text: usize,
    /// It is written as it should be, and not only meant.
    is_exact: bool,
}

fn mark(comment: &str) -> Option<Mark> {
    let openings = comment.match_indices(['#', '/']).filter_map(|(at, _)| {
        let length = ["#", "//", "/*"].iter().find(|opening| comment[at..].starts_with(**opening))?.len();
        Some((at, at + length))
    });
    openings.into_iter().find_map(|(opening, inside)| {
        // `/** … */`
        let rest = comment[inside..].trim_start_matches('*').trim_start();
        let name = rest.get(..NAME.len()).filter(|name| name.eq_ignore_ascii_case(NAME))?;
        let behind = &rest[name.len()..];
        let text = comment.len() - behind.len();
        if name == NAME && behind.starts_with(':') {
            return Some(Mark { opening, text: text + 1, is_exact: true });
        }
        // `# roadworthy ignores this` is prose: only brackets show what is meant.
        let verb = behind.trim_start_matches(|c: char| c == ':' || c.is_whitespace());
        let is_meant = verb.get(..6).is_some_and(|verb| verb.eq_ignore_ascii_case("ignore")) && {
            let file = verb.get(6..11).is_some_and(|file| file.eq_ignore_ascii_case("-file"));
            verb[if file { 11 } else { 6 }..].trim_start().starts_with('[')
        };
        is_meant.then_some(Mark { opening, text, is_exact: false })
    })
}

/// Where a suppression ends: with its comment, or where another one begins in its line (`-- why  # noqa`).
fn end(text: &str) -> usize {
    let begins = |at: usize| text[..at].ends_with([' ', '\t']) && text[at + 1..].starts_with(|c: char| c == ' ' || c.is_alphabetic());
    let reason = text.find("--").unwrap_or(text.len());
    text.match_indices('#').find(|(at, _)| *at > reason && begins(*at)).map_or(text.len(), |(at, _)| at)
}

fn read<'a>(comment: &'a str, mark: &Mark, known: &[&str]) -> Result<Directive<'a>, String> {
    let text = comment[mark.text..].trim_start();
    let start = comment.len() - text.len();
    let verb: &str = &text[..text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(text.len())];
    let whole_file = match verb {
        "ignore" => false,
        "ignore-file" => true,
        _ => return Err("expected `ignore[rule]` or `ignore-file[rule]`".to_owned()),
    };
    let rest = &text[verb.len()..];
    let Some(open) = rest.strip_prefix('[') else { return Err(format!("name the rules: `{verb}[rule]`")) };
    let Some(close) = open.find(']') else { return Err("`]` is missing".to_owned()) };
    let list = start + verb.len() + 1;
    let mut rules = Vec::new();
    let mut at = list;
    for part in open[..close].split(',') {
        let name = part.trim();
        let from = at + (part.len() - part.trim_start().len());
        at += part.len() + 1;
        if name.is_empty() {
            return Err(format!("name the rules: `{verb}[rule]`"));
        }
        if !known.contains(&name) {
            let hint = nearest(name, known.iter().copied()).map_or(String::new(), |near| format!(", did you mean `{near}`?"));
            return Err(format!("unknown rule `{name}`{hint}"));
        }
        rules.push((name, from..from + name.len()));
    }
    let (options, reason) = match open[close + 1..].split_once("--") {
        Some((options, reason)) => (options, without_end(reason)),
        None => (&open[close + 1..], ""),
    };
    let (mut until, mut owner) = (None, None);
    for option in options.split_whitespace() {
        match option.split_once('=') {
            Some(("until", _)) if until.is_some() => return Err("`until=` stands twice".to_owned()),
            Some(("owner", _)) if owner.is_some() => return Err("`owner=` stands twice".to_owned()),
            Some(("until", day)) => until = Some(day.parse::<Date>().map_err(|_| format!("`{day}` is no day, expected YYYY-MM-DD"))?),
            Some(("owner", name)) if !name.is_empty() => owner = Some(name),
            _ => return Err(format!("unknown option `{option}`, expected `until=`, `owner=` or `-- reason`")),
        }
    }
    if reason.is_empty() {
        return Err("a reason is missing: `-- why`".to_owned());
    }
    Ok(Directive { span: mark.opening..comment.len(), whole_file, rules, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["missing-timeout", "sql-injection"];

    fn error(comment: &str) -> String {
        parse(comment, &KNOWN).expect("a suppression").expect_err("an error")
    }

    #[test]
    fn comments_of_typescript_hold_them_too() {
        for comment in [
            "// roadworthy: ignore[missing-timeout] -- the proxy cuts",
            "/* roadworthy: ignore[missing-timeout] -- the proxy cuts */",
            "/** roadworthy: ignore[missing-timeout] -- the proxy cuts **/",
            "// eslint-disable-line // roadworthy: ignore[missing-timeout] -- the proxy cuts",
        ] {
            let directive = parse(comment, &KNOWN).expect("a suppression").expect("valid");
            assert_eq!(directive.rules[0].0, "missing-timeout", "{comment}");
        }
        assert_eq!(error("/* roadworthy: ignore[missing-timeout] -- */"), "a reason is missing: `-- why`");
        assert_eq!(parse("// see https://example.com/roadworthy: ignore[missing-timeout]", &KNOWN), None);
    }

    #[test]
    fn reads_rules_options_and_reason() {
        let comment = "# noqa  # roadworthy: ignore[missing-timeout, sql-injection] until=2030-01-31 owner=@me -- because";
        let directive = parse(comment, &KNOWN).expect("a suppression").expect("valid");
        assert!(!directive.whole_file);
        let rules: Vec<(&str, &str)> = directive.rules.iter().map(|(rule, at)| (*rule, &comment[at.clone()])).collect();
        assert_eq!(rules, [("missing-timeout", "missing-timeout"), ("sql-injection", "sql-injection")]);
        assert_eq!(directive.until, "2030-01-31".parse().ok());
        let whole = parse("#roadworthy:ignore-file[missing-timeout] -- x", &KNOWN).expect("a suppression").expect("valid");
        assert!(whole.whole_file);
    }

    #[test]
    fn other_comments_are_none_of_its_business() {
        assert_eq!(parse("# see roadworthy: ignore[missing-timeout]", &KNOWN), None);
        assert_eq!(parse("# plain", &KNOWN), None);
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(error("# roadworthy: ignore -- x"), "name the rules: `ignore[rule]`");
        assert_eq!(error("# roadworthy: ignore[] -- x"), "name the rules: `ignore[rule]`");
        assert_eq!(error("# roadworthy: ignore[missing-timeout -- x"), "`]` is missing");
        assert_eq!(error("# roadworthy: ignore[missing-timeot] -- x"), "unknown rule `missing-timeot`, did you mean `missing-timeout`?");
        assert_eq!(error("# roadworthy: ignore[missing-timeout]"), "a reason is missing: `-- why`");
        assert_eq!(error("# roadworthy: ignore[missing-timeout] --"), "a reason is missing: `-- why`");
        assert_eq!(error("# roadworthy: ignore[missing-timeout] until=soon -- x"), "`soon` is no day, expected YYYY-MM-DD");
        assert!(error("# roadworthy: ignore[missing-timeout] because -- x").starts_with("unknown option `because`"));
        assert!(error("# roadworthy: disable").starts_with("expected `ignore[rule]`"));
        let twice = "# roadworthy: ignore[missing-timeout] until=2030-01-31 until=2031-01-31 -- x";
        assert_eq!(error(twice), "`until=` stands twice");
        assert_eq!(error("# roadworthy: ignore[missing-timeout] owner=@a owner=@b -- x"), "`owner=` stands twice");
    }

    #[test]
    fn what_is_meant_and_not_written_is_said() {
        for comment in [
            "# roadworthy ignore[missing-timeout] -- y",
            "# ROADWORTHY: ignore[missing-timeout] -- y",
            "# noqa  # Roadworthy : ignore-file [missing-timeout] -- y",
            "#roadworthy Ignore[missing-timeout]",
        ] {
            assert!(error(comment).contains("`# roadworthy:`"), "{comment}");
        }
        for comment in ["# roadworthy ignores this", "# Roadworthy", "# roadworthy is a tool: ignore[x]"] {
            assert_eq!(parse(comment, &KNOWN), None, "{comment}");
        }
    }

    #[test]
    fn other_comments_of_the_line_are_not_part_of_it() {
        let span = |comment: &str| {
            let directive = parse(comment, &KNOWN).expect("a suppression").expect("valid");
            comment[directive.span].to_owned()
        };
        assert_eq!(span("# noqa: E501  # roadworthy: ignore[missing-timeout] -- x"), "# roadworthy: ignore[missing-timeout] -- x");
        assert_eq!(span("# roadworthy: ignore[missing-timeout] -- x  # noqa"), "# roadworthy: ignore[missing-timeout] -- x  ");
        assert_eq!(span("# roadworthy: ignore[missing-timeout] -- see #12"), "# roadworthy: ignore[missing-timeout] -- see #12");
        assert_eq!(error("# roadworthy: ignore[missing-timeout] --  # noqa"), "a reason is missing: `-- why`");
    }
}
