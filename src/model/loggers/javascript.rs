//! Loggers of TypeScript and JavaScript. Each file has one at hand: `console`.

mod usage;

use ustr::Ustr;

pub use self::usage::Form;
use self::usage::Uses;
use super::NAMES;
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// A logger, and how it takes an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logger {
    /// What to call a method of.
    pub text: String,
    /// The method that takes errors; nothing if none is known to be there.
    pub method: Option<&'static str>,
    /// What that takes.
    pub form: Form,
}

/// Whose loggers take the error first.
const ERROR_FIRST: [&str; 6] =
    ["js:pino.", "js:bunyan.", "js:nestjs-pino.PinoLogger", "js:fastify.", "js:abstract-logging", "js:@google-cloud/logging-bunyan."];

/// The logger that code at an offset in a function would use.
#[must_use]
pub fn at(program: &Program, id: ModuleId, function: Option<FunctionId>, offset: u32) -> Logger {
    let of_function = function.and_then(|function| of_scopes(program, id, function, offset));
    let of_object = || function.and_then(|function| of_object(program, id, function));
    let of_path = || function.and_then(|function| of_path(program, id, function, offset));
    let of_module = || of_module(program, id, function.is_none().then_some(offset));
    let found = of_function.or_else(of_object).or_else(of_path).or_else(of_module);
    found.unwrap_or_else(|| Logger { text: "console".to_owned(), method: Some("error"), form: Form::MessageFirst })
}

/// What logs an error, if something does: it has a method `error` that logs.
fn logger(program: &Program, entity: Entity, text: String) -> Option<Logger> {
    let error = Resolver::new(program).member_of(entity, Ustr::from("error")).library()?;
    let is_one = program.apis.row(error).is_some_and(|row| row.is(Role::Logging));
    let form = if ERROR_FIRST.iter().any(|start| error.starts_with(start)) { Form::ErrorFirst } else { Form::MessageFirst };
    is_one.then_some(Logger { text, method: Some("error"), form })
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
            let object = if f.form.is_static() { Entity::Class(id, class) } else { Entity::Object(id, class) };
            let resolver = Resolver::new(program);
            let span = module.class(class).span;
            return NAMES.iter().find_map(|name| {
                let member = resolver.member_of(object, Ustr::from(name));
                let text = format!("this.{name}");
                logger(program, member, text.clone()).or_else(|| {
                    let uses = Uses::of(program, id, &text, span);
                    let is_there = !program.attribute(id, class, Ustr::from(name)).is_empty();
                    (is_there || uses.any()).then(|| usage::logger(program, id, member, text, &uses))
                })
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
    let known = usual.iter().chain(&others).filter(in_time).find_map(|binding| {
        let entity = resolver.bound(id, ScopeId(0), binding);
        logger(program, entity, binding.name.to_string())
    });
    let whole = module.block(module.body).span;
    let by_name = || {
        usual.iter().filter(in_time).find_map(|binding| {
            let entity = resolver.bound(id, ScopeId(0), binding);
            let is_value = !matches!(entity, Entity::Function(_) | Entity::Class(..) | Entity::Module(_))
                && !matches!(binding.kind, BindingKind::Function(_) | BindingKind::Class(_) | BindingKind::Unset | BindingKind::Opaque);
            let text = binding.name.to_string();
            let uses = Uses::of(program, id, &text, whole);
            // `log` may be anything.
            let is_one = uses.any() || matches!(text.as_str(), "logger" | "LOGGER");
            (is_value && is_one).then(|| usage::logger(program, id, entity, text, &uses))
        })
    };
    known.or_else(by_name)
}

/// `request.log`, `ctx.logger`: a logger that the same function, or one around it, uses, of something that is there.
fn of_path(program: &Program, id: ModuleId, function: FunctionId, offset: u32) -> Option<Logger> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let outer = outermost(module, function);
    let span = module.function(outer).span;
    let mut scopes = Vec::new();
    let mut scope = Some(module.function(function).scope);
    while let Some(at) = scope {
        scopes.push(at);
        scope = module.scope(at).parent;
    }
    program.calls[id.0 as usize].iter().find_map(|site| {
        let ExprKind::Attribute { object, name, .. } = module.expr(module.call(site.expr)?.callee).kind else { return None };
        let ExprKind::Attribute { object: of, name: last, .. } = module.expr(object).kind else { return None };
        if !span.contains(module.expr(site.expr).span) || !usage::takes_errors(&name) || !NAMES.contains(&last.as_str()) {
            return None;
        }
        let mut root = of;
        while let ExprKind::Attribute { object, .. } = module.expr(root).kind {
            root = object;
        }
        let ExprKind::Name(name) = module.expr(root).kind else { return None };
        let (scope, _) = resolver.scope_of_name(id, root, name)?;
        let is_there = scopes.contains(&scope) && program.bindings(id, scope, name).any(|binding| binding.span.start < offset);
        let text = program.text(id, object).to_owned();
        let uses = Uses::of(program, id, &text, span);
        (is_there && !text.contains('\n')).then(|| {
            let owner = resolver.entity(id, object);
            logger(program, owner, text.clone()).unwrap_or_else(|| usage::logger(program, id, owner, text, &uses))
        })
    })
}

/// The outermost of the functions around one.
fn outermost(module: &Module, function: FunctionId) -> FunctionId {
    let mut at = function;
    loop {
        let around = match module.function(at).parent {
            Parent::Expr(value) => module.function_of(value),
            Parent::Stmt(stmt) => module.function_of_stmt(stmt),
            _ => None,
        };
        match around {
            Some(outer) if outer != at => at = outer,
            _ => return at,
        }
    }
}
