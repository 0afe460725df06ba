//! Loggers: what code would log with.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// How code at a place logs: the logger of its module or its object, else the standard library's functions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logger {
    /// What to call a method of.
    pub text: String,
    /// `import logging` is needed for it.
    pub needs_import: bool,
}

/// The logger that a function would use; at the top of the module without one.
#[must_use]
pub fn at(program: &Program, id: ModuleId, function: Option<FunctionId>) -> Logger {
    let own = of_module(program, id).map(|name| name.to_string()).or_else(|| of_object(program, id, function?));
    let (text, needs_import) = match (own, imported(program, id)) {
        (Some(own), _) => (own, false),
        (None, Some(name)) => (name.to_string(), false),
        (None, None) => ("logging".to_owned(), true),
    };
    Logger { text, needs_import }
}

/// The name of the logger that a module has at its top.
fn of_module(program: &Program, id: ModuleId) -> Option<Ustr> {
    let resolver = Resolver::new(program);
    let bindings = &program.module(id).scope(ScopeId(0)).bindings;
    bindings.iter().map(|binding| binding.name).find(|name| is_logger(program, resolver.symbol(id, *name)))
}

/// Whether something has the method `exception`, and it logs.
fn is_logger(program: &Program, entity: Entity) -> bool {
    let Entity::Instance(class) = entity else { return false };
    program.apis.row(program.apis.member(class, Ustr::from("exception"))).is_some_and(|row| row.is(Role::Logging))
}

/// `self.logger` of a method.
fn of_object(program: &Program, id: ModuleId, function: FunctionId) -> Option<String> {
    let function = program.module(id).function(function);
    let object = Entity::Object(id, function.class?);
    let receiver = function.params.first().map(|param| param.name).filter(|name| name == "self")?;
    let resolver = Resolver::new(program);
    let name =
        ["logger", "log", "_logger", "_log"].into_iter().find(|name| is_logger(program, resolver.member_of(object, Ustr::from(name))))?;
    Some(format!("{receiver}.{name}"))
}

/// The name that a module has `logging` by.
fn imported(program: &Program, id: ModuleId) -> Option<Ustr> {
    let module = program.module(id);
    module.scope(ScopeId(0)).bindings.iter().find_map(|binding| match binding.kind {
        BindingKind::Import(import) if program.import(id, import) == Link::Library(Ustr::from("logging")) => Some(binding.name),
        _ => None,
    })
}
