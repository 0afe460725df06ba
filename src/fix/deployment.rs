//! Edits of deployments, in the notation that they are written in.

use super::Intent;
use crate::ir::deploy::{Notation, Setting};

/// Gives a setting another value: a number, an amount, or another word that needs no quotes.
#[must_use]
pub fn set<T>(notation: Notation, setting: &Setting<T>, value: &str) -> Intent {
    let (place, value) = (setting.place, value.to_owned());
    match notation {
        Notation::Knative | Notation::Compact => Intent::SetYaml { place, value },
        Notation::Command | Notation::Terraform => Intent::Replace { place, text: value },
    }
}
