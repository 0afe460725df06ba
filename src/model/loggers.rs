//! Loggers: the one that a module keeps.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// The name of the logger that a module has at its top.
#[must_use]
pub fn of_module(program: &Program, id: ModuleId) -> Option<Ustr> {
    let resolver = Resolver::new(program);
    let bindings = &program.module(id).scope(ScopeId(0)).bindings;
    bindings.iter().map(|binding| binding.name).find(|name| {
        let entity = resolver.symbol(id, *name);
        matches!(entity, Entity::Instance(class) if matches!(class.as_str(), "logging.Logger" | "logging.LoggerAdapter" | "structlog.BoundLogger" | "loguru.Logger"))
    })
}
