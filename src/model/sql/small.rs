//! Tables that hold few rows, by their names.

use crate::model::cleanup::words;

/// Words in the names of tables whose rows people put there one by one.
const FEW: [&str; 35] = [
    "config",
    "configs",
    "configuration",
    "configurations",
    "setting",
    "settings",
    "option",
    "options",
    "preference",
    "preferences",
    "role",
    "roles",
    "permission",
    "permissions",
    "provider",
    "providers",
    "plan",
    "plans",
    "currency",
    "currencies",
    "country",
    "countries",
    "language",
    "languages",
    "locale",
    "locales",
    "status",
    "statuses",
    "migration",
    "migrations",
    "watermark",
    "watermarks",
    "enum",
    "enums",
    "flags",
];

/// Words for tables, and for datasets of tables, that say what the values of others mean.
const DIRECTORIES: [&str; 4] = ["directory", "directories", "diretorio", "diretorios"];

/// The same for tables alone.
const LOOKUPS: [&str; 5] = ["dim", "lookup", "dictionary", "dicionario", "glossary"];

/// Whether a table holds few rows by its name: settings, roles, countries, what says what codes mean.
#[must_use]
pub fn is_small(table: &str) -> bool {
    let plain = table.replace(['`', '"', '[', ']'], "");
    let own = words(plain.rsplit('.').next().unwrap_or_default());
    let is_directory = || plain.split('.').flat_map(words).any(|word| DIRECTORIES.contains(&word.as_str()));
    let is_lookup = |word: &String| LOOKUPS.contains(&word.as_str());
    own.last().is_some_and(|word| FEW.contains(&word.as_str()) || is_lookup(word)) || own.first().is_some_and(is_lookup) || is_directory()
}
