//! Loggers of TypeScript and JavaScript. Each file has one at hand: `console`.

use ustr::Ustr;

use super::NAMES;
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// A logger, and how it takes an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logger {
    /// What to call `error` of.
    pub text: String,
    /// It takes the error before the message.
    pub error_first: bool,
}

/// Whose loggers take the error first.
const ERROR_FIRST: [&str; 6] =
    ["js:pino.", "js:bunyan.", "js:nestjs-pino.PinoLogger", "js:fastify.", "js:abstract-logging", "js:@google-cloud/logging-bunyan."];

/// The logger that code at an offset in a function would use.
#[must_use]
pub fn at(program: &Program, id: ModuleId, function: Option<FunctionId>, offset: u32) -> Logger {
    let of_function = function.and_then(|function| of_scopes(program, id, function, offset));
    let of_object = || function.and_then(|function| of_object(program, id, function));
    let found = of_function.or_else(of_object).or_else(|| of_module(program, id, function.is_none().then_some(offset)));
    found.unwrap_or_else(|| Logger { text: "console".to_owned(), error_first: false })
}

/// What logs an error, if something does: it has a method `error` that logs.
fn logger(program: &Program, entity: Entity, text: String) -> Option<Logger> {
    let error = Resolver::new(program).member_of(entity, Ustr::from("error")).library()?;
    let is_one = program.apis.row(error).is_some_and(|row| row.is(Role::Logging));
    is_one.then(|| Logger { text, error_first: ERROR_FIRST.iter().any(|start| error.starts_with(start)) })
}

/// A parameter or constant of a function, or of one around it, that is a logger.
fn of_scopes(program: &Program, id: ModuleId, function: FunctionId, offset: u32) -> Option<Logger> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let mut scope = Some(module.function(function).scope);
    while let Some(at) = scope {
        let content = module.scope(at);
        if let ScopeKind::Function(_) = content.kind {
            let mut before = content.bindings.iter().filter(|binding| binding.span.start < offset);
            let found = before.find_map(|binding| match binding.kind {
                BindingKind::Value(_) | BindingKind::Param(_) => logger(program, resolver.bound(id, at, binding), binding.name.to_string()),
                _ => None,
            });
            if found.is_some() {
                return found;
            }
        }
        scope = content.parent;
    }
    None
}

/// `this.logger` of a method, or of an arrow function inside of one.
fn of_object(program: &Program, id: ModuleId, function: FunctionId) -> Option<Logger> {
    let module = program.module(id);
    let mut at = function;
    // As deep as functions are nested in real code.
    for _ in 0..8 {
        let f = module.function(at);
        if let Some(class) = f.class.filter(|_| f.form != FunctionForm::Arrow) {
            let object = if f.form == FunctionForm::Static { Entity::Class(id, class) } else { Entity::Object(id, class) };
            let resolver = Resolver::new(program);
            return NAMES.iter().find_map(|name| {
                let member = resolver.member_of(object, Ustr::from(name));
                logger(program, member, format!("this.{name}"))
            });
        }
        if f.form != FunctionForm::Arrow {
            return None;
        }
        let Parent::Expr(value) = f.parent else { return None };
        at = module.function_of(value)?;
    }
    None
}

/// The logger that a module has at its top, its own or imported; with `before`, one that is bound before that place.
fn of_module(program: &Program, id: ModuleId, before: Option<u32>) -> Option<Logger> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let top = &module.scope(ScopeId(0)).bindings;
    let (usual, others): (Vec<&Binding>, Vec<&Binding>) = top.iter().partition(|binding| NAMES.contains(&binding.name.as_str()));
    let in_time = |binding: &&&Binding| before.is_none_or(|before| binding.span.start < before);
    usual.iter().chain(&others).filter(in_time).find_map(|binding| {
        let entity = resolver.bound(id, ScopeId(0), binding);
        logger(program, entity, binding.name.to_string()).or_else(|| out_of_sight(program, binding, entity))
    })
}

/// `import { logger } from "…"`, which is out of sight: the name says what it is, and most take the message first.
fn out_of_sight(program: &Program, binding: &Binding, entity: Entity) -> Option<Logger> {
    let is_unknown = match entity {
        Entity::Unknown => true,
        Entity::Library(path) => program.apis.row(path).is_none(),
        _ => false,
    };
    let is_imported = matches!(binding.kind, BindingKind::Import(_)) && matches!(binding.name.as_str(), "logger" | "LOGGER");
    (is_unknown && is_imported).then(|| Logger { text: binding.name.to_string(), error_first: false })
}
