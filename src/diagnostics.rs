//! What is said about suppressions, beside the rules: always on, unless its own id is ignored.

use crate::finding::Severity;

/// A diagnostic that no rule reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Its id, which selectors and reports use.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, as a headline.
    pub title: &'static str,
    /// What it is and what to do about it, in Markdown; the first paragraph is the reason.
    pub text: &'static str,
    /// Whether its fix edits, or advises.
    pub edits: bool,
}

/// The category that all of them are in.
pub const CATEGORY: &str = "suppression";

/// All of them, by id.
pub const DIAGNOSTICS: [Diagnostic; 3] = [
    Diagnostic {
        id: "expired-suppression",
        severity: Severity::Medium,
        title: "Suppression whose last day has passed",
        text: "\
Whoever wrote `until=` decided that the finding may stay until that day and no longer. It is reported again, and the comment
takes nothing away any more.

## What to do

Mend what it hides, and delete the comment; or decide anew, with another day and a reason that still holds. `--today` says which
day counts.
",
        edits: false,
    },
    Diagnostic {
        id: "invalid-suppression",
        severity: Severity::Medium,
        title: "Suppression that suppresses nothing",
        text: "\
A comment that is meant as a suppression and not written as one takes nothing away. Were it passed by in silence, its writer would
look for the reason in the wrong place.

## What to do

Write it on the line of the finding or on the line above, with the rule and a reason:

```python
response = requests.get(url)  # roadworthy: ignore[missing-timeout] until=2027-01-31 owner=@payments -- the gateway cuts at 5 s
```

- It begins with `# roadworthy:`, in lower case and with a colon. Other comments may stand before and behind it.
- Several rules stand in the same brackets: `ignore[missing-timeout, sql-injection]`.
- The reason follows `--` and is not optional. `until=`, the last day on which it holds, and `owner=` are.
- `ignore-file[rule]` holds for the whole file, and stands above the first line of code.
",
        edits: false,
    },
    Diagnostic {
        id: "unused-suppression",
        severity: Severity::Low,
        title: "Suppression that nothing needs",
        text: "\
Nothing is found where the comment could take it away: the code was mended or has moved. Left there, it would hide the next finding
in its place, which nobody has looked at. Only rules that ran are counted.

## What to do

Delete it, or the rules in its brackets that are not needed. `--fix` does both.
",
        edits: true,
    },
];

impl Diagnostic {
    /// Why it matters: the first paragraph.
    #[must_use]
    pub fn reason(&self) -> String {
        self.text.split("\n\n").next().unwrap_or_default().replace('\n', " ")
    }
}

/// The diagnostic of an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Diagnostic> {
    const ALL: &[Diagnostic] = &DIAGNOSTICS;
    ALL.iter().find(|diagnostic| diagnostic.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_found_by_id_and_say_why() {
        assert!(DIAGNOSTICS.is_sorted_by_key(|diagnostic| diagnostic.id));
        for diagnostic in DIAGNOSTICS {
            assert_eq!(find(diagnostic.id), Some(&diagnostic));
            assert!(diagnostic.reason().ends_with('.') && diagnostic.text.contains("## What to do"));
        }
    }
}
