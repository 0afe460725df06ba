//! Loggers: what code would log with.

pub mod javascript;

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// How code at a place logs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logger {
    /// What to call a method of.
    pub text: String,
    /// What has to be there for it and is not.
    pub missing: Missing,
}

/// What a logger needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// It is there.
    Nothing,
    /// `import logging`.
    Import,
    /// A module's own `logger`, made by what has this name here; `import logging` as well if it has none.
    Logger(Option<Ustr>),
}

/// What loggers are called. `log` is a function as well.
const NAMES: [&str; 6] = ["logger", "log", "_logger", "_log", "LOGGER", "LOG"];

/// The logger that code at an offset in a function would use; at the top of the module without one.
#[must_use]
pub fn at(program: &Program, id: ModuleId, function: Option<FunctionId>, offset: u32) -> Logger {
    let own = function.and_then(|function| of_function(program, id, function, offset));
    let from = if function.is_some() { None } else { Some(offset) };
    let own =
        own.or_else(|| of_module(program, id, offset, from)).map(|name| name.to_string()).or_else(|| of_object(program, id, function?));
    if let Some(text) = own {
        return Logger { text, missing: Missing::Nothing };
    }
    let module = program.module(id);
    let imported = imported(program, id, offset, from);
    if let Some(name) = imported.filter(|_| logs_at_the_root(program, id)) {
        return Logger { text: name.to_string(), missing: Missing::Nothing };
    }
    let is_taken = module.scopes.iter().flat_map(|scope| &scope.bindings).any(|binding| binding.name == "logger");
    if !is_taken {
        return Logger { text: "logger".to_owned(), missing: Missing::Logger(imported) };
    }
    let missing = if imported.is_some() { Missing::Nothing } else { Missing::Import };
    Logger { text: format!("{}.getLogger(__name__)", imported.map_or("logging", |name| name.as_str())), missing }
}

/// The logger that a function, or one around it, has bound before a place.
fn of_function(program: &Program, id: ModuleId, function: FunctionId, offset: u32) -> Option<Ustr> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let is_param = |function: FunctionId, index: u32| {
        module.function(function).params.get(index as usize).is_some_and(|param| match param.annotation {
            Some(annotation) => is_logger(program, resolver.annotated(id, annotation)),
            None => param.name == "logger",
        })
    };
    let mut scope = Some(module.function(function).scope);
    while let Some(at) = scope {
        let content = module.scope(at);
        if let ScopeKind::Function(function) = content.kind {
            let mut before = content.bindings.iter().filter(|binding| binding.span.start < offset && reaches(module, binding, offset));
            let is_one = |binding: &&Binding| match binding.kind {
                BindingKind::Value(value) => is_logger(program, resolver.entity(id, value)),
                BindingKind::Param(index) => is_param(function, index),
                _ => false,
            };
            if let Some(binding) = before.find(is_one) {
                return Some(binding.name);
            }
        }
        scope = content.parent;
    }
    None
}

/// Whether a binding holds at a place whatever branch was taken: no block is around it alone.
fn reaches(module: &Module, binding: &Binding, offset: u32) -> bool {
    let around = module.blocks.iter().filter(|block| block.span.contains(binding.span));
    let mut spans = around.map(|block| block.span);
    spans.all(|span| span.start <= offset && offset <= span.end)
}

/// The name of the logger that a module has at its top, its own or imported, from wherever; with `before`, only one that is
/// bound before that place.
fn of_module(program: &Program, id: ModuleId, offset: u32, before: Option<u32>) -> Option<Ustr> {
    let resolver = Resolver::new(program);
    let module = program.module(id);
    let bindings = &module.scope(ScopeId(0)).bindings;
    let is_one = |binding: &&Binding| {
        if before.is_some_and(|before| binding.span.start >= before) || !reaches(module, binding, offset) {
            return false;
        }
        let entity = resolver.symbol(id, binding.name);
        is_logger(program, entity) || is_imported_as_logger(program, id, binding, entity)
    };
    let (usual, others): (Vec<&Binding>, Vec<&Binding>) = bindings.iter().partition(|b| NAMES.contains(&b.name.as_str()));
    usual.iter().chain(&others).copied().find(is_one).map(|binding| binding.name)
}

/// `from somewhere import logger`, which is out of sight.
fn is_imported_as_logger(program: &Program, id: ModuleId, binding: &Binding, entity: Entity) -> bool {
    let BindingKind::Import(import) = binding.kind else { return false };
    let import = &program.module(id).imports[import as usize];
    let Imported::Name(name) = import.what else { return false };
    let is_unknown = match entity {
        Entity::Unknown => true,
        Entity::Library(path) => program.apis.row(path).is_none(),
        _ => false,
    };
    let is_named = |name: &str| NAMES.contains(&name) && (name != "log" || import.module.contains("log"));
    is_unknown && is_named(&name) && is_named(&binding.name)
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
    let receiver = function.params.first().map(|param| param.name).filter(|name| name == "self" || name == "cls")?;
    let resolver = Resolver::new(program);
    let name = NAMES.into_iter().find(|name| is_logger(program, resolver.member_of(object, Ustr::from(name))))?;
    Some(format!("{receiver}.{name}"))
}

/// The name that a module has `logging` by.
fn imported(program: &Program, id: ModuleId, offset: u32, before: Option<u32>) -> Option<Ustr> {
    let module = program.module(id);
    module.scope(ScopeId(0)).bindings.iter().find_map(|binding| match binding.kind {
        BindingKind::Import(import)
            if program.import(id, import) == Link::Library(Ustr::from("logging"))
                && before.is_none_or(|before| binding.span.start < before)
                && reaches(module, binding, offset) =>
        {
            Some(binding.name)
        }
        _ => None,
    })
}

/// Whether a module logs with the functions of `logging`, without a logger.
fn logs_at_the_root(program: &Program, id: ModuleId) -> bool {
    let is_function = |name: Ustr| {
        name.strip_prefix("logging.").is_some_and(|rest| !rest.contains('.'))
            && program.apis.row(name).is_some_and(|row| row.is(Role::Logging))
    };
    program.calls[id.0 as usize].iter().any(|site| site.callee.library().is_some_and(is_function))
}

/// Whether a function is `sys.excepthook`, or makes the records of the logging.
#[must_use]
pub fn is_hook(program: &Program, id: ModuleId, function: FunctionId) -> bool {
    let module = program.module(id);
    let name = module.function(function).name;
    let is_it = |expr: ExprId| matches!(module.expr(expr).kind, ExprKind::Name(n) if n == name) && !name.is_empty();
    let resolver = Resolver::new(program);
    let is_hook = |target: ExprId| {
        let target = resolver.entity(id, target).library();
        matches!(target.as_deref(), Some("sys.excepthook" | "threading.excepthook" | "sys.unraisablehook"))
    };
    let assigned = module.stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Assign { targets, value: Some(value), .. } => is_it(*value) && targets.iter().any(|target| is_hook(*target)),
        _ => false,
    });
    assigned
        || program.calls[id.0 as usize].iter().any(|site| {
            let sets = matches!(site.callee.library().as_deref(), Some("logging.setLogRecordFactory" | "logging.addFilter"));
            sets && module.call(site.expr).is_some_and(|call| call.args.iter().any(|arg| is_it(arg.value)))
        })
}
