//! Tables that a project makes without a date or time: nothing can be bounded there.

use rustc_hash::{FxHashMap, FxHashSet};

use super::creations::Dates;
use super::queries::Query;
use crate::model::cleanup::words;
use crate::model::program::Program;
use crate::model::project::Project;

/// Words that a table's name follows in a statement that reads it, and in one that makes it.
const READS: [&str; 2] = ["from", "join"];
const MAKES: [&str; 2] = ["table", "exists"];

/// Words of names for any table at all.
const ANY: [&str; 16] = [
    "table",
    "tables",
    "tbl",
    "name",
    "id",
    "ref",
    "reference",
    "full",
    "fq",
    "qualified",
    "source",
    "src",
    "target",
    "dest",
    "dst",
    "destination",
];

/// The names, in lower case and without project and dataset, of the tables that statements of a project make without a date.
/// A name that is filled in later counts by what it is called: `{orders_table}`.
#[derive(Clone, Debug, Default)]
pub struct Dateless(FxHashSet<String>);

impl Dateless {
    /// Finds them.
    #[must_use]
    pub fn find(project: &Project) -> Self {
        let mut made: FxHashMap<String, bool> = FxHashMap::default();
        for query in project.program.code_ids().flat_map(|id| project.queries(id)) {
            let Some(creation) = query.reading.creation.as_ref().filter(|creation| !creation.is_view) else { continue };
            for name in names(source(&project.program, query), &MAKES).into_iter().flatten() {
                *made.entry(name).or_insert(true) &= creation.dates == Dates::None;
            }
        }
        Self(made.into_iter().filter_map(|(name, is_dateless)| is_dateless.then_some(name)).collect())
    }

    /// Whether all tables that a query reads are such.
    #[must_use]
    pub fn has_all_of(&self, program: &Program, query: &Query) -> bool {
        let read = || names(source(program, query), &READS);
        let is_dateless = |name: Option<String>| name.is_some_and(|name| self.0.contains(&name));
        !self.0.is_empty() && !read().is_empty() && read().into_iter().all(is_dateless)
    }
}

/// The text as it is written, where it is written in one piece: what is filled in has a name there.
fn source<'p>(program: &'p Program, query: &'p Query) -> &'p str {
    let written = program.sources.slice(query.place);
    let has = |word: &str| written.split_whitespace().any(|next| next.eq_ignore_ascii_case(word));
    if READS.iter().chain(&MAKES).any(|word| has(word)) { written } else { &query.text }
}

/// The names that follow some words in a text; nothing for one that says nothing of the table. Sub-selects have none.
fn names(text: &str, words: &[&str]) -> Vec<Option<String>> {
    let split: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for pair in split.windows(2) {
        let is_named = !pair[1].eq_ignore_ascii_case("if") && !pair[1].starts_with('(');
        if words.iter().any(|word| pair[0].eq_ignore_ascii_case(word)) && is_named {
            found.push(last_part(pair[1]));
        }
    }
    found
}

fn last_part(name: &str) -> Option<String> {
    let name = name.split('(').next().unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    let last = last.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let says_nothing = words(last).iter().all(|word| ANY.contains(&word.as_str()));
    (!says_nothing).then(|| last.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_behind_the_words() {
        let of = |text: &str, words: &[&str]| {
            let names = names(text, words).into_iter().map(|name| name.unwrap_or_else(|| "?".to_owned()));
            names.collect::<Vec<_>>()
        };
        assert_eq!(of("CREATE TABLE IF NOT EXISTS `a.b.Orders` (id STRING)", &MAKES), ["orders"]);
        assert_eq!(of("CREATE TABLE\n  `{p}.{d}.{self.orders_table}`(id STRING)", &MAKES), ["orders_table"]);
        assert_eq!(of("CREATE TABLE `${project}.${dataset}.${tableId}` (id STRING)", &MAKES), ["?"]);
        assert_eq!(of("SELECT 1 FROM a.b o JOIN `c.d` ON x FROM (SELECT 2 FROM e) FROM `{}`", &READS), ["b", "d", "e", "?"]);
    }
}
