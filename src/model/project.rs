//! The whole project: what every rule may ask.

use crate::config::Settings;
use crate::ir::deploy::Deployment;
use crate::ir::image::Image;
use crate::model::program::Program;
use crate::model::routes::Routes;
use crate::model::services::Service;

/// Everything that was read, linked and immutable.
#[derive(Debug)]
pub struct Project {
    /// The linked program, with the files.
    pub program: Program,
    /// The handlers, and what they reach.
    pub routes: Routes,
    /// The Dockerfiles, by path.
    pub images: Vec<Image>,
    /// The deployments, by path and place.
    pub deployments: Vec<Deployment>,
    /// The services, by path of their app.
    pub services: Vec<Service>,
    /// Thresholds of the rules.
    pub settings: Settings,
}
