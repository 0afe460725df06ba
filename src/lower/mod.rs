//! From syntax trees to the models. One file (or folder) per notation.

mod builder;
pub mod deploy;
pub mod dockerfile;
pub mod python;
pub mod yaml;
