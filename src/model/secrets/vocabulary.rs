//! The words of secrets. They live in `rules/secrets.toml`.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use serde::Deserialize;

/// Words by what they tell.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Vocabulary {
    /// Words that are a secret by themselves, at the end of a name.
    pub secrets: FxHashSet<String>,
    /// Words for what a person or a program logs in with.
    pub passwords: FxHashSet<String>,
    /// What makes a key secret: `api_key`, but not `primary_key` or `sort_key`.
    pub keys: FxHashSet<String>,
    /// Vendors whose keys are called by their name: `STRIPE_KEY`.
    pub vendors: FxHashSet<String>,
    /// Words that may stand behind without changing what it is: `API_KEY_PROD`.
    pub tails: FxHashSet<String>,
    /// What makes a token none.
    pub tokens: FxHashSet<String>,
    /// What makes a token something other than a credential, or a name the name of an event, a question or a message.
    pub others: FxHashSet<String>,
    /// Words that make a text a placeholder wherever they stand in it.
    pub placeholders: FxHashSet<String>,
    /// Those among them that only say what a text is: it is used as it is.
    pub careless: FxHashSet<String>,
    /// Texts that say that there is none, or what kind of value belongs there.
    pub none: FxHashSet<String>,
    /// What local databases and brokers are shipped with: known to everybody.
    pub defaults: FxHashSet<String>,
}

// The table is part of the program; a test reads it.
static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| toml::from_str(include_str!("../../../rules/secrets.toml")).unwrap_or_default());

/// The words.
#[must_use]
pub fn vocabulary() -> &'static Vocabulary {
    &VOCABULARY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_its_schema() {
        toml::from_str::<Vocabulary>(include_str!("../../../rules/secrets.toml")).expect("rules/secrets.toml fits its schema");
    }
}
