//! What the program means: names, values, flow, routes, services.

pub mod apis;
pub mod calls;
pub mod cleanup;
pub mod conversions;
pub mod evidence;
pub mod exceptions;
pub mod exposure;
pub mod flow;
pub mod image_users;
pub mod images;
pub mod loggers;
pub mod program;
pub mod project;
pub mod pushed;
pub mod rate_limits;
pub mod refusals;
pub mod resolve;
pub mod routes;
pub mod secrets;
pub mod services;
pub mod sessions;
pub mod sql;
pub mod telemetry;
pub mod time_limits;
pub mod uses;
pub mod values;
