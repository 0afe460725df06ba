//! From syntax to meaning: each kind of file is lowered into its type in [`crate::ir`].

pub mod dockerfile;
