//! Tables that hold few rows, by their names.

use super::keys::singular;
use crate::model::cleanup::words;

/// Words in the names of tables whose rows people put there one by one.
const FEW: [&str; 41] = [
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
    "metadata",
    "state",
    "checkpoint",
    "checkpoints",
    "cursor",
    "cursors",
];

/// Words for tables, and for datasets of tables, that say what the values of others mean.
const DIRECTORIES: [&str; 4] = ["directory", "directories", "diretorio", "diretorios"];

/// Words of which the names of datasets of settings and look-ups are made, and nothing else.
const SETTINGS: [&str; 17] = [
    "config",
    "configuration",
    "metadata",
    "lookup",
    "lookups",
    "reference",
    "settings",
    "table",
    "tables",
    "zone",
    "data",
    "dataset",
    "dev",
    "prod",
    "stg",
    "qa",
    "common",
];

/// The same for tables alone.
const LOOKUPS: [&str; 5] = ["dim", "lookup", "dictionary", "dicionario", "glossary"];

/// Whether a table holds few rows by its name: settings, roles, countries, what says what codes mean.
#[must_use]
pub fn is_small(table: &str) -> bool {
    let plain = table.replace(['`', '"', '[', ']'], "");
    let own = words(plain.rsplit('.').next().unwrap_or_default());
    let is_directory = || plain.split('.').flat_map(words).any(|word| DIRECTORIES.contains(&word.as_str()));
    let is_setting = |word: &String| SETTINGS.contains(&word.as_str());
    let said =
        |word: &String| matches!(word.as_str(), "config" | "configuration" | "metadata" | "lookup" | "lookups" | "reference" | "settings");
    let dataset = plain.rsplit('.').nth(1).map(words).unwrap_or_default();
    let is_of_settings = dataset.iter().all(is_setting) && dataset.iter().any(said);
    let is_lookup = |word: &String| LOOKUPS.contains(&word.as_str());
    own.last().is_some_and(|word| FEW.contains(&word.as_str()) || is_lookup(word))
        || own.first().is_some_and(is_lookup)
        || is_directory()
        || is_of_settings
}

/// Whether the dataset of a table is there to try things out, by its name.
#[must_use]
pub fn is_of_tests(table: &str) -> bool {
    let dataset = table.rsplit('.').nth(1).map(words).unwrap_or_default();
    let is_test = |word: &String| matches!(word.as_str(), "test" | "tests" | "testing" | "fixture" | "fixtures");
    let is_plain = |word: &String| matches!(word.as_str(), "data" | "dataset" | "db" | "env" | "bq" | "tables");
    dataset.iter().any(is_test) && (dataset.len() == 1 || dataset.last().is_some_and(is_plain))
}

/// What registers hold a row of each of, in the singular: who and what there is, not what happens.
const REGISTERED: [&str; 30] = [
    "account",
    "campaign",
    "company",
    "credential",
    "customer",
    "department",
    "device",
    "employee",
    "location",
    "member",
    "merchant",
    "organization",
    "person",
    "product",
    "profile",
    "project",
    "school",
    "seller",
    "shop",
    "site",
    "staff",
    "station",
    "store",
    "student",
    "supplier",
    "team",
    "tenant",
    "token",
    "user",
    "vendor",
];

/// What happens again and again, in the singular: a table of it grows by the day.
const HAPPENING: [&str; 52] = [
    "activity",
    "alert",
    "audit",
    "bid",
    "booking",
    "call",
    "change",
    "charge",
    "click",
    "comment",
    "conversion",
    "crash",
    "daily",
    "delivery",
    "event",
    "exposure",
    "history",
    "hit",
    "hourly",
    "impression",
    "incident",
    "invoice",
    "job",
    "log",
    "measurement",
    "message",
    "metric",
    "notification",
    "order",
    "page",
    "payment",
    "post",
    "purchase",
    "reading",
    "record",
    "request",
    "result",
    "return",
    "run",
    "sale",
    "session",
    "shipment",
    "span",
    "telemetry",
    "ticket",
    "trace",
    "trade",
    "transaction",
    "trip",
    "usage",
    "view",
    "visit",
];

/// Whether a table grows by the day, by its name: events, orders, logs, and shards of anything.
#[must_use]
pub fn grows(table: &str) -> bool {
    let own = words(table.rsplit('.').next().unwrap_or_default());
    table.trim_end_matches('`').ends_with('*') || own.iter().any(|word| HAPPENING.contains(&singular(word).as_str()))
}

/// Whether a table is a register by its name: all of it is asked for, however old a row is.
#[must_use]
pub fn is_register(table: &str) -> bool {
    let own = words(table.rsplit('.').next().unwrap_or_default());
    let last = own.last().map(|word| singular(word)).unwrap_or_default();
    // Master data, and what people write down once: `material_master`, `price_list`, `salary_schedule`.
    let is_kept_by_hand = own.iter().any(|word| matches!(word.as_str(), "master" | "registry" | "catalog" | "catalogue"))
        || matches!(last.as_str(), "rule" | "policy" | "list" | "roster" | "schedule" | "suggestion" | "recommendation");
    // What is worked out of other tables, and replaced as a whole: `top_products`, `customer_summary`.
    let is_result = own.first().is_some_and(|word| word == "top")
        || matches!(last.as_str(), "ranking" | "leaderboard" | "summary" | "cache" | "snapshot");
    // `daily_active_users`, `page_views_by_user` hold what happens.
    is_kept_by_hand || is_result || (own.len() <= 2 && REGISTERED.contains(&last.as_str()))
}
