//! SQL texts with holes: whether a text is SQL, and what stands where a hole is.

use crate::model::flow::{Hole, Piece, Text};

pub mod bounds;
pub mod creations;
pub mod dateless;
mod groups;
pub mod keys;
pub mod partitions;
pub mod queries;
pub mod reading;
pub mod small;
pub mod units;
mod walk;
pub mod wrappers;
pub mod written;

pub use walk::is_about_tables;

/// What a hole stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Position {
    /// A value inside quotation marks.
    Quoted,
    /// A value: behind a comparison, in a list of values, behind `LIMIT`.
    Value,
    /// A name, or any other part of the statement.
    Name,
    /// What a column's name is of, where it stands for a table that is named elsewhere: `{alias}.name`.
    Alias,
}

/// The holes of a text, and what each stands for.
#[must_use]
pub fn holes(text: &Text) -> Vec<(Hole, Position)> {
    let mut before = String::new();
    let mut found = Vec::new();
    for (index, piece) in text.pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => before.push_str(text),
            Piece::Hole(hole) => {
                let after = match text.pieces.get(index + 1) {
                    Some(Piece::Text(text)) => text.as_ref(),
                    _ => "",
                };
                let position = match position(&before) {
                    Position::Name | Position::Value if is_alias(&before, after) => Position::Alias,
                    position => position,
                };
                found.push((hole.clone(), position));
                before.push('?');
            }
        }
    }
    found
}

/// What stands behind a text.
#[must_use]
pub fn position(before: &str) -> Position {
    if is_open(before, '\'') {
        return Position::Quoted;
    }
    // `name IN ("?`: what is compared with a list is no name, whatever its quotation marks say.
    if is_open(before, '"')
        && let Some((outside, _)) = before.rsplit_once('"')
        && outside.trim_end().ends_with(['(', ','])
        && position(outside) == Position::Value
    {
        return Position::Quoted;
    }
    let line = before.trim_end();
    if line.ends_with(['=', '<', '>']) {
        return Position::Value;
    }
    // `(a, ?` behind `VALUES` or `IN`; in `SELECT a, ?` or `INSERT INTO t (a, ?` it is a name.
    if line.ends_with(['(', ',']) {
        let open = unclosed(line);
        let word = last_word(&line[..open.unwrap_or(0)]);
        return if open.is_some() && matches!(word.as_str(), "VALUES" | "IN") { Position::Value } else { Position::Name };
    }
    match last_word(line).as_str() {
        "LIKE" | "ILIKE" | "BETWEEN" | "LIMIT" | "OFFSET" | "VALUES" | "IN" => Position::Value,
        _ => Position::Name,
    }
}

/// Whether what stands between is what a column is of, and no table that is named here.
fn is_alias(before: &str, after: &str) -> bool {
    let column = after
        .strip_prefix('.')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '"' | '`')) || rest.is_empty());
    let names_table =
        matches!(last_word(before).as_str(), "FROM" | "JOIN" | "INTO" | "UPDATE" | "TABLE" | "INDEX" | "VIEW" | "DELETE" | "TRUNCATE");
    column && !names_table && !before.ends_with(['.', '"', '`', '['])
}

/// Whether a quotation mark is open at the end.
fn is_open(text: &str, mark: char) -> bool {
    text.matches(mark).count() % 2 == 1
}

/// Where the innermost open parenthesis stands.
fn unclosed(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' if depth == 0 => return Some(at),
            '(' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn last_word(text: &str) -> String {
    let word = text.trim_end().rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
    word.to_ascii_uppercase()
}

/// Whether nothing but a transaction is put around what is filled in.
#[must_use]
pub fn is_frame(text: &Text) -> bool {
    let words = text.pieces.iter().flat_map(|piece| match piece {
        Piece::Text(text) => text.split(|c: char| !c.is_alphanumeric() && c != '?').filter(|word| !word.is_empty()).collect(),
        Piece::Hole(_) => Vec::new(),
    });
    let frames = ["BEGIN", "COMMIT", "END", "START", "ROLLBACK", "TRANSACTION", "WORK"];
    words.into_iter().all(|word| frames.iter().any(|frame| word.eq_ignore_ascii_case(frame)))
}

/// Whether a text is a SQL statement beyond doubt: it begins as one, and has the words that must follow. Prose that starts
/// with "Select" or "Update" does not.
#[must_use]
pub fn is_statement(text: &Text) -> bool {
    let mut whole = String::new();
    for piece in &text.pieces {
        match piece {
            Piece::Text(text) => whole.push_str(text),
            Piece::Hole(_) => whole.push('?'),
        }
        if whole.len() > 4000 {
            break;
        }
    }
    let upper = whole.to_ascii_uppercase();
    let words: Vec<&str> =
        upper.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';')).filter(|w| !w.is_empty()).collect();
    let has = |word: &str| words.contains(&word);
    let at = |index: usize| words.get(index).copied().unwrap_or_default();
    // `FROM` of a table that is named, in a condition that SQL has: "Select a value from: …" has neither.
    match at(0) {
        "SELECT" => {
            let from = words.iter().position(|word| *word == "FROM");
            let named = from.is_some_and(|from| words.get(from + 1).is_some_and(|table| is_name(table)));
            let clause = ["WHERE", "JOIN", "LIMIT", "HAVING", "UNION", "GROUP", "ORDER"].iter().any(|word| has(word));
            named && clause && !upper.contains("</")
        }
        "WITH" => has("AS") && has("SELECT") && has("FROM"),
        "INSERT" | "REPLACE" => at(1) == "INTO" && is_name(at(2)) && (has("VALUES") || has("SELECT")),
        "UPDATE" => is_name(at(1)) && has("SET") && upper.contains('='),
        "DELETE" => at(1) == "FROM" && is_name(at(2)) && has("WHERE"),
        "MERGE" => has("USING") && has("MATCHED"),
        _ => false,
    }
}

fn is_name(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || "_.`\"[]$?-{}:".contains(c)) && !word.ends_with(':') && !word.ends_with('?')
        || (word == "?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::program::ExprId;
    use crate::model::flow::Origin;

    fn text(written: &str) -> Text {
        let mut pieces = Vec::new();
        for (index, part) in written.split("{}").enumerate() {
            if index > 0 {
                pieces.push(Piece::Hole(Hole { origin: Origin::Unseen, expr: ExprId(0), way: None }));
            }
            pieces.push(Piece::Text(part.into()));
        }
        Text { pieces, roots: Vec::new() }
    }

    fn positions(written: &str) -> Vec<Position> {
        holes(&text(written)).into_iter().map(|(_, position)| position).collect()
    }

    #[test]
    fn positions_of_holes() {
        use Position::{Name, Quoted, Value};
        assert_eq!(positions("SELECT {} FROM {} WHERE a = '{}' AND b > {} ORDER BY {} LIMIT {}"), [Name, Name, Quoted, Value, Name, Value]);
        assert_eq!(positions("INSERT INTO t (a, {}) VALUES ('{}', {})"), [Name, Quoted, Value]);
        assert_eq!(positions("SELECT a FROM `{}.{}` WHERE name LIKE '%{}%'"), [Name, Name, Quoted]);
        assert_eq!(positions("WHERE a IN ({}, {})"), [Value, Value]);
        assert_eq!(positions("WHERE a NOT IN (\"{}\", '{}') ORDER BY \"{}\""), [Quoted, Quoted, Name]);
        assert_eq!(positions("WHERE a.\"{}\" = b.\"{}\""), [Name, Name]);
    }

    #[test]
    fn statements_are_told_from_prose() {
        for sql in [
            "SELECT id FROM users WHERE email = '{}'",
            "\n  select day, sum(total) from sales where region = '{}' group by day",
            "INSERT INTO people (name, city) VALUES ('{}', '{}')",
            "UPDATE users SET name = '{}'",
            "DELETE FROM files WHERE owner = '{}'",
            "SELECT * FROM `{}.t` LIMIT 5",
            "WITH a AS (SELECT 1 FROM b) SELECT * FROM a WHERE x = {}",
        ] {
            assert!(is_statement(&text(sql)), "{sql}");
        }
        for prose in [
            "Select {} from the menu",
            "Select a value from: {}",
            "Update {} where you left off",
            "Delete {} from {}?",
            "Insert {} into the basket",
            "SELECT failed for customer {}: {}",
            "SELECT returned {} rows for {}",
            "<select name='{}'>{}</select><a href='{}'>Select from list</a>",
            "Update available: {}",
        ] {
            assert!(!is_statement(&text(prose)), "{prose}");
        }
    }
}
