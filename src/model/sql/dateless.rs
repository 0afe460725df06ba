//! Tables that a project makes without a date or time, or without partitions: nothing can be bounded there, or it saves nothing.

use rustc_hash::FxHashMap;

use super::creations::Dates;
use super::queries::Query;
use super::reading::HOLE;
use crate::model::cleanup::words;
use crate::model::program::{ModuleId, Program};
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

/// A table's name and its dataset's, in lower case; what is filled in by what it is called, which holds for its module alone.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Name {
    module: Option<ModuleId>,
    text: String,
}

/// How the statements of a project make a table, all of them.
#[derive(Clone, Copy, Debug)]
struct Made {
    /// Without a date, and without partitions.
    is_dateless: bool,
    /// Without partitions.
    is_unpartitioned: bool,
}

/// The tables of `BigQuery` that statements of a project make.
#[derive(Clone, Debug, Default)]
pub struct Dateless(FxHashMap<Name, Made>);

impl Dateless {
    /// Finds them.
    #[must_use]
    pub fn find(project: &Project) -> Self {
        let mut made: FxHashMap<Name, Made> = FxHashMap::default();
        for query in project.program.code_ids().flat_map(|id| project.queries(id)).filter(|query| query.is_big_query()) {
            let Some(creation) = query.reading.creation.as_ref().filter(|creation| !creation.is_view) else { continue };
            let is_unpartitioned = creation.partitioned_by.is_none();
            let is_dateless = creation.dates == Dates::None && is_unpartitioned;
            for name in read(&project.program, query, std::slice::from_ref(&creation.table), &MAKES).into_iter().flatten() {
                let all = made.entry(name).or_insert(Made { is_dateless: true, is_unpartitioned: true });
                all.is_dateless &= is_dateless;
                all.is_unpartitioned &= is_unpartitioned;
            }
        }
        Self(made)
    }

    /// Whether all tables that a query reads are made without a date, and without partitions.
    #[must_use]
    pub fn has_all_of(&self, program: &Program, query: &Query) -> bool {
        self.all(program, query, |made| made.is_dateless)
    }

    /// Whether all tables that a query reads are made without partitions.
    #[must_use]
    pub fn are_unpartitioned(&self, program: &Program, query: &Query) -> bool {
        self.all(program, query, |made| made.is_unpartitioned)
    }

    fn all(&self, program: &Program, query: &Query, is_so: impl Fn(&Made) -> bool) -> bool {
        let is_such = |name: Name| self.0.get(&name).is_some_and(&is_so);
        !self.0.is_empty()
            && read(program, query, &query.reading.tables, &READS).is_some_and(|names| !names.is_empty() && names.into_iter().all(is_such))
    }
}

/// What the tables that a query reads are called where their names are filled in.
#[must_use]
pub fn called(program: &Program, query: &Query) -> Vec<String> {
    let split: Vec<&str> = program.sources.slice(query.place).split_whitespace().collect();
    let named = split.windows(2).filter(|pair| READS.iter().any(|word| pair[0].eq_ignore_ascii_case(word)));
    // `{os.environ['CONFIG_TABLE']}`: the last name in it.
    let last = |text: &str| {
        let text = text.trim_end_matches(|c: char| !c.is_alphanumeric());
        text.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_lowercase()
    };
    named.map(|pair| without_kind(&last(pair[1])).to_owned()).filter(|name| !name.is_empty()).collect()
}

/// A name without the word that says that it is a table's.
fn without_kind(name: &str) -> &str {
    ["_table", "_tbl", "_table_name", "_table_id"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// The names of the tables of a query; nothing where one of them says nothing.
fn read(program: &Program, query: &Query, tables: &[String], words: &[&str]) -> Option<Vec<Name>> {
    if tables.iter().all(|table| !table.contains(HOLE)) {
        let name = |table: &String| Name { module: None, text: last_parts(table).to_lowercase() };
        return Some(tables.iter().map(name).collect());
    }
    // What is filled in has a name where the text is written in one piece.
    let written = program.sources.slice(query.place);
    let names = names(written, words);
    let module = program.module_of(query.place.file);
    (names.len() == tables.len()).then(|| names.into_iter().map(|text| Some(Name { module, text: text? })).collect())?
}

/// The names that follow some words in a text; nothing for one that says nothing of the table. Sub-selects have none.
fn names(text: &str, words: &[&str]) -> Vec<Option<String>> {
    let split: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for pair in split.windows(2) {
        let is_named = !pair[1].eq_ignore_ascii_case("if") && !pair[1].starts_with('(');
        if words.iter().any(|word| pair[0].eq_ignore_ascii_case(word)) && is_named {
            found.push(said(pair[1]));
        }
    }
    found
}

/// What a name that is filled in says of its table.
fn said(name: &str) -> Option<String> {
    let name = name.split('(').next().unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    let last = last.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let says_nothing = words(last).iter().all(|word| word.len() < 3 || ANY.contains(&word.as_str()));
    (!says_nothing).then(|| last_parts(name).to_lowercase())
}

/// A table's name and its dataset's, without quotation marks and braces.
fn last_parts(name: &str) -> String {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')).collect();
    let mut parts: Vec<&str> = plain.trim_matches('.').rsplit('.').take(2).collect();
    parts.reverse();
    parts.join(".")
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
        assert_eq!(of("CREATE TABLE IF NOT EXISTS `a.b.Orders` (id STRING)", &MAKES), ["b.orders"]);
        assert_eq!(of("CREATE TABLE\n  `{p}.{d}.{self.orders_table}`(id STRING)", &MAKES), ["self.orders_table"]);
        assert_eq!(of("CREATE TABLE `{p}.{d}.{orders_table}` (id STRING)", &MAKES), ["d.orders_table"]);
        assert_eq!(of("CREATE TABLE `${project}.${dataset}.${tableId}` (id STRING)", &MAKES), ["?"]);
        assert_eq!(of("SELECT 1 FROM a.b o JOIN `c.d` ON x FROM (SELECT 2 FROM events) FROM `{t}`", &READS), ["?", "?", "events", "?"]);
    }
}
