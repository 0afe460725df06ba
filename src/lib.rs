//! roadworthy inspects a service before it takes traffic: its code, its Dockerfile and its Cloud Run configuration, as one thing.

pub mod analysis;
pub mod cli;
pub mod config;
pub mod date;
pub mod diagnostics;
pub mod discover;
pub mod error;
pub mod filter;
pub mod finding;
pub mod fingerprint;
pub mod fix;
pub mod ir;
pub mod lower;
pub mod model;
pub mod options;
pub mod output;
pub mod pages;
pub mod progress;
pub mod report;
pub mod review;
pub mod rules;
pub mod run;
pub mod source;
pub mod suggest;

pub use run::{check, fix};
