//! From syntax to meaning: each kind of file is lowered into its type in [`crate::ir`].

mod builder;
pub mod dockerfile;
pub mod python;
