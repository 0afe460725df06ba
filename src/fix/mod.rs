//! Fixes: what rules want done, as intents that say nothing of text offsets.

pub mod apply;
pub mod deployment;
pub mod deployment_secret;
pub mod diff;
pub mod edit;
pub mod engine;
pub mod habits;
pub mod image_caches;
pub mod image_command;
pub mod image_layers;
pub mod image_stages;
pub mod image_user;
mod imports;
mod lists;
mod python;
pub mod rate_limit;
pub mod secrets;
pub mod sql;
mod sql_javascript;
mod sql_text;
mod statement;
pub mod timeout;
pub mod timeout_option;
mod typescript;
pub mod yaml;

use serde::{Deserialize, Serialize};

use crate::source::{FileId, Place};

/// Whether a fix may be applied without a look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// Keeps the behaviour of every correct run.
    Safe,
    /// A new limit, error or dependency, or needs a look.
    Unsafe,
    /// Code to read, never applied.
    Advice,
}

/// How to mend a finding.
#[derive(Clone, PartialEq, Debug)]
pub struct Fix {
    /// What it does, in an imperative sentence without a full stop.
    pub title: String,
    /// Whether it may be applied.
    pub applicability: Applicability,
    /// What to change; empty for advice.
    pub intents: Vec<Intent>,
    /// Code for their case, shown and not applied.
    pub advice: Option<String>,
    /// Rules of equal or higher severity whose findings this fix may bring.
    pub then: &'static [&'static str],
}

impl Applicability {
    /// The name that outputs and options use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Advice => "advice",
        }
    }
}

impl Fix {
    /// Advice: code shown for their case.
    pub fn advice(title: impl Into<String>, code: impl Into<String>) -> Self {
        Self { title: title.into(), applicability: Applicability::Advice, intents: Vec::new(), advice: Some(code.into()), then: &[] }
    }

    /// An edit that needs a look.
    pub fn unsafe_edit(title: impl Into<String>, intents: Vec<Intent>) -> Self {
        Self { title: title.into(), applicability: Applicability::Unsafe, intents, advice: None, then: &[] }
    }

    /// An edit that keeps every correct run's behaviour.
    pub fn safe_edit(title: impl Into<String>, intents: Vec<Intent>) -> Self {
        Self { title: title.into(), applicability: Applicability::Safe, intents, advice: None, then: &[] }
    }
}

/// One change, said in terms of the program, the image or the deployment. Texts are written with `\n` and without
/// indentation of their first line; the edit engine puts in the file's own indentation and line endings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Intent {
    /// Pass a keyword argument (Python) to the call at `call`, or replace its value if it is passed already.
    SetArgument {
        /// The whole call expression.
        call: Place,
        /// The keyword.
        name: String,
        /// The value, as source text.
        value: String,
    },
    /// Append a positional argument to the call at `call`.
    AppendArgument {
        /// The whole call expression.
        call: Place,
        /// The value, as source text.
        value: String,
    },
    /// Set a key of the object literal at `object` (TypeScript), or replace its value.
    SetKey {
        /// The whole literal.
        object: Place,
        /// The key.
        key: String,
        /// The value, as source text.
        value: String,
    },
    /// Pass an argument at a position of the call at `call` (TypeScript): `undefined` stands for those before it that are not
    /// passed, and gives way where it is the one.
    PassArgument {
        /// The whole call expression.
        call: Place,
        /// The position, from 0.
        position: usize,
        /// The value, as source text.
        value: String,
    },
    /// Put other text in the place of an expression, statement or value.
    Replace {
        /// What goes.
        place: Place,
        /// What comes.
        text: String,
    },
    /// Put lines before the statement or instruction at `before`, indented as it is.
    InsertBefore {
        /// The statement.
        before: Place,
        /// The lines.
        text: String,
    },
    /// Put lines after the statement or instruction at `after`, indented as it is.
    InsertAfter {
        /// The statement.
        after: Place,
        /// The lines.
        text: String,
    },
    /// Make a name importable: `import module` or `from module import name`, unless it is already imported.
    AddImport {
        /// The file.
        file: FileId,
        /// The module.
        module: String,
        /// The name, or nothing for the module itself.
        name: Option<String>,
    },
    /// Give a module a logger: `name = value` behind its imports.
    AddLogger {
        /// The file.
        file: FileId,
        /// The logger's name.
        name: String,
        /// What makes it.
        value: String,
        /// `import logging` is needed for that.
        import: bool,
    },
    /// Set the scalar at a place of a YAML file to another value; quotes and trailing comment stay as they are.
    SetYaml {
        /// The scalar.
        place: Place,
        /// The new plain value.
        value: String,
    },
    /// Put another node in the place of a YAML key's whole `key: value` pair; the lines are indented as the key is.
    ReplaceYamlPair {
        /// Key and value.
        place: Place,
        /// The lines, the first without indentation, the others relative to it.
        text: String,
    },
    /// Add `key: value` pairs to the end of the YAML mapping at a place.
    AddYamlPair {
        /// The mapping.
        mapping: Place,
        /// The lines, the first without indentation, the others relative to it.
        text: String,
    },
}

impl Intent {
    /// The file that it changes.
    #[must_use]
    pub fn file(&self) -> FileId {
        match self {
            Self::SetArgument { call, .. } | Self::AppendArgument { call, .. } | Self::PassArgument { call, .. } => call.file,
            Self::SetKey { object, .. } => object.file,
            Self::Replace { place, .. } | Self::SetYaml { place, .. } | Self::ReplaceYamlPair { place, .. } => place.file,
            Self::AddYamlPair { mapping, .. } => mapping.file,
            Self::InsertBefore { before, .. } => before.file,
            Self::InsertAfter { after, .. } => after.file,
            Self::AddImport { file, .. } | Self::AddLogger { file, .. } => *file,
        }
    }
}
