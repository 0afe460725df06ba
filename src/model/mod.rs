//! What the program means: names, values, flow, routes, services.

pub mod apis;
pub mod evidence;
pub mod project;
pub mod resolve;
pub mod services;
