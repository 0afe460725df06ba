//! Which tables the texts of a project write to: what it never does, others fill, or nobody since it was set up.

use rustc_hash::FxHashSet;

use super::reading::{HOLE, Verb};
use crate::model::project::Project;

/// How many tables a project writes to, at least, of which one can say that it writes to all that it fills.
const ENOUGH: usize = 5;

/// The tables that a project writes to by statements, by the last part of their names.
#[derive(Clone, Debug, Default)]
pub struct Written {
    names: FxHashSet<String>,
    /// Some statement's table cannot be seen.
    is_open: bool,
}

impl Written {
    /// Finds them.
    #[must_use]
    pub fn find(project: &Project) -> Self {
        let mut found = Self::default();
        let queries = project.program.code_ids().flat_map(|id| project.queries(id));
        for query in queries.filter(|query| matches!(query.reading.verb, Verb::Insert | Verb::Change)) {
            let words: Vec<&str> = query.text.split(|c: char| c.is_whitespace() || c == '(').filter(|word| !word.is_empty()).collect();
            for pair in words.windows(2).filter(|pair| ["into", "update"].iter().any(|verb| pair[0].eq_ignore_ascii_case(verb))) {
                found.is_open |= pair[1].contains("{}") || pair[1].contains(HOLE);
                found.names.insert(plain(pair[1]));
            }
        }
        found
    }

    /// Whether a project that fills its tables by statements has none that fills this one.
    #[must_use]
    pub fn leaves_out(&self, table: &str) -> bool {
        !self.is_open && self.names.len() >= ENOUGH && !self.names.contains(&plain(table))
    }
}

fn plain(table: &str) -> String {
    table.rsplit('.').next().unwrap_or(table).trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_lowercase()
}
