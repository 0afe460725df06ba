//! Columns about credentials: what reads the environment, and which arguments are secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How variables of the environment are read.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Environment {
    /// 0-based position of the variable's name; without it, the members of the object are the variables.
    pub variable: Option<usize>,
    /// Keyword of the variable's name.
    pub keyword: Option<String>,
    /// 0-based position of what is taken where the variable is not set.
    pub fallback: Option<usize>,
    /// Keyword of that, or its key in an object of options.
    pub key: Option<String>,
    /// The method of what the call gives that is passed the fallback.
    pub method: Option<String>,
    /// What demands the variable: `call`, the same without a fallback; a method of the same object; or `os.environ`.
    pub demand: Option<String>,
}

/// An argument that is a secret, whatever it is called.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecretArgument {
    /// 0-based position of the secret, or of the object that holds it.
    pub position: usize,
    /// Keys of the secret in that object; paths are dotted.
    #[serde(default)]
    pub keys: Vec<String>,
}
