//! Bodies of requests: where handlers read them as they come, and what checks them.

mod checks;
mod fate;
mod middleware;
mod models;
mod nest;
mod parameters;
mod reads;
mod signatures;

use crate::ir::program::*;
use crate::model::program::ModuleId;
use crate::model::project::Project;

pub use fate::Key;
pub use fate::Shape;
pub use models::{bare, taken as body_models};

/// A body that is used without a schema.
#[derive(Clone, Debug)]
pub struct Unchecked {
    /// The parameter that takes it, or the expression that reads it first.
    pub at: ExprId,
    /// Whether it is a parameter.
    pub is_parameter: bool,
    /// Whether its outside is checked.
    pub is_checked_outside: bool,
    /// Whether some of it goes to what nothing is known of, which may check it.
    pub goes_out_of_sight: bool,
    /// The keys that are read of it, in order.
    pub keys: Vec<Key>,
}

impl Unchecked {
    fn new(at: ExprId, is_parameter: bool, fate: fate::Fate) -> Self {
        let is_checked_outside = fate.is_checked_outside || fate.is_checked;
        Self { at, is_parameter, is_checked_outside, goes_out_of_sight: fate.goes_out_of_sight, keys: fate.keys }
    }
}

/// The bodies that functions of a module use without a schema, by place.
#[must_use]
pub fn unchecked(project: &Project, id: ModuleId) -> Vec<Unchecked> {
    let module = project.program.module(id);
    let mut found = reads::find(project, id);
    match module.language {
        Language::Python => found.extend(parameters::find(project, id)),
        Language::TypeScript => found.extend(nest::find(project, id)),
    }
    found.sort_by_key(|body| module.expr(body.at).span.start);
    found.dedup_by_key(|body| body.at);
    found
}
