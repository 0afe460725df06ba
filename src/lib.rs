//! roadworthy inspects a service before it takes traffic: its code, its Dockerfile and its Cloud Run configuration, as one thing.

pub mod config;
pub mod date;
pub mod discover;
pub mod error;
pub mod finding;
pub mod fingerprint;
pub mod fix;
pub mod ir;
pub mod lower;
pub mod model;
pub mod output;
pub mod pages;
pub mod progress;
pub mod report;
pub mod review;
pub mod rules;
pub mod source;
pub mod suggest;
