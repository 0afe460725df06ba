//! From syntax trees to the models. One file (or folder) per notation.

mod builder;
pub mod deploy;
pub mod dockerfile;
mod grammar;
pub mod python;
#[cfg(test)]
mod render;
#[cfg(test)]
mod sound;
pub mod typescript;
mod walk;
pub mod yaml;

pub use walk::errors;
