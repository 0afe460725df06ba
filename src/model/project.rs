//! The whole project: what every rule may ask.

use crate::config::Settings;
use crate::ir::deploy::Deployment;
use crate::ir::image::Image;
use crate::ir::program::{ExprId, Module};
use crate::model::apis::Apis;
use crate::model::services::Service;
use crate::source::{FileId, Place, Sources, Span};

/// Index of a [`Module`] in a [`Project`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ModuleId(pub u32);

/// Everything that was read, linked and immutable.
#[derive(Debug)]
pub struct Project {
    /// The files.
    pub sources: Sources,
    /// The programs, by path.
    pub modules: Vec<Module>,
    /// The Dockerfiles, by path.
    pub images: Vec<Image>,
    /// The deployments, by path and place.
    pub deployments: Vec<Deployment>,
    /// The services, by path of their app.
    pub services: Vec<Service>,
    /// What library functions are.
    pub apis: Apis,
    /// Thresholds of the rules.
    pub settings: Settings,
}

impl Project {
    /// A module.
    #[must_use]
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// Where an expression stands.
    #[must_use]
    pub fn place(&self, module: ModuleId, expr: ExprId) -> Place {
        let module = self.module(module);
        Place { file: module.file, span: module.expr(expr).span }
    }

    /// The text of a span of a file.
    #[must_use]
    pub fn text(&self, file: FileId, span: Span) -> &str {
        self.sources.get(file).slice(span)
    }
}
