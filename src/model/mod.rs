//! What the program means: names, values, flow, routes, services.

pub mod apis;
pub mod calls;
pub mod evidence;
pub mod flow;
pub mod image_users;
pub mod images;
pub mod manifests;
pub mod program;
pub mod project;
pub mod resolve;
pub mod routes;
pub mod services;
pub mod sessions;
pub mod sql;
pub mod time_limits;
pub mod values;
