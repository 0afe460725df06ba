//! Lowering: from the texts of files to the models in [`crate::ir`].

pub mod deploy;
pub mod yaml;
