//! Tables that hold few rows, by their names.

use super::keys::singular;
use crate::model::cleanup::words;

/// Words in the names of tables whose rows people put there one by one.
const FEW: [&str; 39] = [
    "config",
    "configs",
    "configuration",
    "configurations",
    "setting",
    "settings",
    "option",
    "options",
    "param",
    "params",
    "parameter",
    "parameters",
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
const DIRECTORIES: [&str; 8] = ["directory", "directories", "diretorio", "diretorios", "lookup", "lookups", "metadata", "config"];

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

/// Whether a table, or its dataset, is there to try things out, by its name.
#[must_use]
pub fn is_of_tests(table: &str) -> bool {
    let is_one = |word: &String| matches!(word.as_str(), "test" | "tests" | "fixture" | "fixtures");
    table.split('.').flat_map(words).any(|word| is_one(&word))
}

/// What registers hold a row of each of, in the singular: who and what there is, not what happens.
const REGISTERED: [&str; 20] = [
    "account",
    "company",
    "customer",
    "device",
    "employee",
    "member",
    "merchant",
    "organization",
    "product",
    "project",
    "school",
    "site",
    "station",
    "store",
    "student",
    "supplier",
    "team",
    "tenant",
    "user",
    "vendor",
];

/// Whether a table is a register by its name: all of it is asked for, however old a row is.
#[must_use]
pub fn is_register(table: &str) -> bool {
    let own = words(table.rsplit('.').next().unwrap_or_default());
    own.last().is_some_and(|word| REGISTERED.contains(&singular(word).as_str()))
}
