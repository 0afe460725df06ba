//! Services: which files make up one deployable unit.

use crate::ir::program::ExprId;
use crate::model::project::ModuleId;

/// One deployable unit.
#[derive(Clone, Debug)]
pub struct Service {
    /// Directory relative to the project root; empty for the root.
    pub directory: String,
    /// The expression that creates its app, or the entry point's name.
    pub app: (ModuleId, ExprId),
    /// All modules that belong to it, shared libraries included, by id.
    pub modules: Vec<ModuleId>,
    /// Service code: what is reachable by imports from the app's module, and the modules that start it.
    pub code: Vec<ModuleId>,
    /// Index in `Project::images` of the image that it is built into.
    pub image: Option<usize>,
    /// Indices in `Project::deployments` of its deployments.
    pub deployments: Vec<usize>,
}
