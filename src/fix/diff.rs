//! Unified diffs that `git apply` and `patch -p1` take.

use similar::TextDiff;

/// The unified diff of one file, with `a/` and `b/` before its path and three lines of context; empty if nothing differs.
#[must_use]
pub fn unified(path: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(3)
        .header(&header('a', path), &header('b', path))
        .missing_newline_hint(true)
        .to_string()
}

/// The name of one side. git quotes names that hold control characters, quotes or backslashes, and a name with a blank
/// is ended by a tab, so that nobody takes the rest for a time stamp.
fn header(side: char, path: &str) -> String {
    if path.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
        let mut quoted = format!("\"{side}/");
        for c in path.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                '\n' => quoted.push_str("\\n"),
                '\t' => quoted.push_str("\\t"),
                c if c.is_control() => quoted.push_str(&format!("\\{:03o}", u32::from(c))),
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        quoted
    } else if path.contains(' ') {
        format!("{side}/{path}\t")
    } else {
        format!("{side}/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_headers_and_context() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let after = "a\nb\nc\nd\nE\nf\ng\nh\n";
        assert_eq!(
            unified("app/main.py", before, after),
            "--- a/app/main.py\n+++ b/app/main.py\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n"
        );
    }

    #[test]
    fn says_where_the_last_line_has_no_end() {
        assert_eq!(
            unified("x", "a\nb", "a\nB"),
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+B\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn keeps_carriage_returns() {
        let diff = unified("x", "a\r\nb\r\n", "a\r\nB\r\n");
        assert!(diff.contains(" a\r\n-b\r\n+B\r\n"), "{diff:?}");
    }

    #[test]
    fn nothing_for_no_change() {
        assert_eq!(unified("x", "a", "a"), "");
    }

    #[test]
    fn names_are_written_as_git_does() {
        assert_eq!(header('a', "my app/x.py"), "a/my app/x.py\t");
        assert_eq!(header('b', "a\"b\n.py"), "\"b/a\\\"b\\n.py\"");
    }
}
