//! The text of a suppression: `roadworthy: ignore[rule, …] until=YYYY-MM-DD owner=@who -- reason`.

use std::ops::Range;

use crate::date::Date;
use crate::suggest::nearest;

/// A suppression as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Directive<'a> {
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
    let start = start(comment)?;
    Some(read(comment, start, known))
}

/// Where the text after `# roadworthy:` begins; other directives (`# noqa`) may stand before it.
fn start(comment: &str) -> Option<usize> {
    let at = comment.match_indices(super::comments::MARK).find(|(at, _)| comment[..*at].trim_end().ends_with('#'))?;
    Some(at.0 + super::comments::MARK.len())
}

fn read<'a>(comment: &'a str, start: usize, known: &[&str]) -> Result<Directive<'a>, String> {
    let text = &comment[start..];
    let offset = text.len() - text.trim_start().len();
    let (text, start) = (&text[offset..], start + offset);
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
        Some((options, reason)) => (options, reason.trim()),
        None => (&open[close + 1..], ""),
    };
    let mut until = None;
    for option in options.split_whitespace() {
        match option.split_once('=') {
            Some(("until", day)) => until = Some(day.parse::<Date>().map_err(|_| format!("`{day}` is no day, expected YYYY-MM-DD"))?),
            Some(("owner", owner)) if !owner.is_empty() => {}
            _ => return Err(format!("unknown option `{option}`, expected `until=`, `owner=` or `-- reason`")),
        }
    }
    if reason.is_empty() {
        return Err("a reason is missing: `-- why`".to_owned());
    }
    Ok(Directive { whole_file, rules, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["missing-timeout", "sql-injection"];

    fn error(comment: &str) -> String {
        parse(comment, &KNOWN).expect("a suppression").expect_err("an error")
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
    }
}
