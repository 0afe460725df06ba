//! roadworthy inspects a service before it takes traffic: its code, its Dockerfile and its Cloud Run configuration, as one thing.

pub mod config;
pub mod finding;
pub mod fix;
pub mod ir;
pub mod lower;
pub mod model;
pub mod report;
pub mod review;
pub mod rules;
pub mod source;
