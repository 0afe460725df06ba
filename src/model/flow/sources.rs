//! Where data enters a function: its parameters, and the request objects it reads.

use ustr::Ustr;

use super::annotations::{Annotated, annotated, is_enum};
use super::callers::calls_of;
use super::environment::Environment;
use super::evaluate::Evaluator;
use super::{Abstract, Kind, Origin, path};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::calls::{argument, has_spread};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{Handler, Routes};
use crate::model::values;

/// Attributes and methods of Python's request objects that hold what an outsider sent.
const DATA: [&str; 31] = [
    "args",
    "form",
    "json",
    "values",
    "headers",
    "cookies",
    "files",
    "data",
    "body",
    "stream",
    "text",
    "read",
    "post",
    "query",
    "query_string",
    "query_params",
    "path_params",
    "match_info",
    "rel_url",
    "GET",
    "POST",
    "META",
    "COOKIES",
    "FILES",
    "get_json",
    "get_data",
    "get_argument",
    "get_query_argument",
    "get_body_argument",
    "view_args",
    "url",
];

/// Whether an attribute of a request object is request data.
#[must_use]
pub fn is_request_data(name: Ustr) -> bool {
    DATA.contains(&name.as_str())
}

/// What a parameter holds when the function is called.
pub(super) fn parameter(program: &Program, routes: &Routes, function: FunctionRef, index: usize) -> Abstract {
    let id = function.module;
    let f = program.function(function);
    let param = &f.params[index];
    let is_javascript = program.module(id).language == Language::TypeScript;
    if index < program.receivers(function) {
        let in_enum = f.class.is_some_and(|class| is_enum(program, &Resolver::new(program), id, class));
        return Abstract::of(if in_enum { Origin::Safe } else { Origin::Unseen });
    }
    let by_annotation = param.annotation.map_or(Annotated::Nothing, |annotation| annotated(program, id, annotation));
    match by_annotation {
        Annotated::Number => return Abstract::of(Origin::Safe),
        Annotated::Numbers => return numbers(),
        Annotated::Request => return Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) },
        Annotated::Text | Annotated::Model(..) | Annotated::Models(..) | Annotated::Other | Annotated::Nothing => {}
    }
    if is_javascript {
        // `limit = 10`: TypeScript keeps it a number.
        let default = param.default.map(|default| &program.module(id).expr(default).kind);
        if by_annotation == Annotated::Nothing && matches!(default, Some(ExprKind::Number(_) | ExprKind::Bool(_))) {
            let is_typed = [".ts", ".tsx", ".mts", ".cts"].iter().any(|end| program.path(id).ends_with(end));
            return Abstract::of(if is_typed { Origin::Safe } else { Origin::Checked });
        }
        let value = by_library(program, function, index, by_annotation).unwrap_or_else(|| passed(program, routes, function, index));
        return of_model(value, by_annotation);
    }
    let Some(handler) = routes.handler(function) else {
        return match by_annotation {
            Annotated::Other => Abstract::of(Origin::Unseen),
            _ if is_passed_constants(program, routes, function, index) => Abstract::default(),
            // `limit=0`
            Annotated::Nothing if param.default.is_some_and(|d| matches!(program.module(id).expr(d).kind, ExprKind::Number(_))) => {
                Abstract::of(Origin::Checked)
            }
            annotation => of_model(passed(program, routes, function, index), annotation),
        };
    };
    if matches!(param.name.as_str(), "request" | "req") && by_annotation == Annotated::Nothing {
        return Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) };
    }
    if param.default.is_some_and(|default| is_injection(program, id, default))
        || param.annotation.is_some_and(|annotation| holds_injection(program, id, annotation))
    {
        return Abstract::of(Origin::Unseen);
    }
    if is_numeric_in_path(handler, param.name) || is_matched(program, id, param) {
        return Abstract::of(Origin::Safe);
    }
    match by_annotation {
        Annotated::Other => Abstract::of(Origin::Unseen),
        Annotated::Model(m, c) => Abstract { kind: Kind::Model(m, c), ..Abstract::request((id, param.target)) },
        _ => Abstract::request((id, param.target)),
    }
}

impl Evaluator<'_> {
    /// What `Depends(f)` injects, if that is what an outsider sent, or harmless: the framework fills what `f` takes from the
    /// request.
    pub(super) fn injected(&self, param: &Param) -> Option<Abstract> {
        let (program, module) = (self.program, self.module());
        if module.language != Language::Python {
            return None;
        }
        let inside = |expr: ExprId| module.descendants(expr).into_iter().chain([expr]).find(|expr| is_injection(program, self.id, *expr));
        let injection = param.default.and_then(inside).or_else(|| param.annotation.and_then(inside))?;
        let dependency = module.call(injection)?.args.first()?.value;
        let Entity::Function(function) = Resolver::new(program).entity(self.id, dependency) else { return None };
        let inner = self.of_function(function)?;
        let mut environment = Environment::default();
        for param in &program.function(function).params {
            let annotated = param.annotation.map_or(Annotated::Nothing, |annotation| annotated(program, function.module, annotation));
            let value = match annotated {
                _ if inner.injected(param).is_some() => inner.injected(param)?,
                _ if param.default.is_some_and(|default| is_injection(program, function.module, default)) => Abstract::of(Origin::Unseen),
                Annotated::Number | Annotated::Numbers => Abstract::of(Origin::Safe),
                Annotated::Request => Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) },
                Annotated::Text => Abstract::request((function.module, param.target)),
                Annotated::Nothing if param.name == "request" => Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) },
                Annotated::Nothing => Abstract::request((function.module, param.target)),
                _ => Abstract::of(Origin::Unseen),
            };
            inner.bind(&mut environment, param.target, value);
        }
        let given = match program.function(function).body {
            FunctionBody::Block(body) => inner.run(&mut environment, body),
            FunctionBody::Expr(value) => inner.evaluate(&mut environment, value),
        };
        self.pay_for(&inner);
        let is_known = !inner.is_exhausted() && matches!(given.origin, Origin::Request | Origin::Safe | Origin::Constant);
        is_known.then(|| given.derived())
    }
}

/// Whether a framework lets nothing through for a parameter but what a pattern allows: `Query(pattern="^(asc|desc)$")`.
fn is_matched(program: &Program, id: ModuleId, param: &Param) -> bool {
    let module = program.module(id);
    let said = param.default.into_iter().chain(param.annotation);
    said.flat_map(|expr| module.descendants(expr)).any(|expr| {
        let checks = program.callee(id, expr).library().is_some_and(|name| name.starts_with("fastapi.") || name.starts_with("pydantic."));
        let mut args = module.call(expr).filter(|_| checks).into_iter().flat_map(|call| &call.args);
        args.any(|arg| {
            matches!(arg.kind, ArgKind::Keyword(name) if name == "pattern" || name == "regex")
                && crate::model::values::text(program, id, arg.value).is_some_and(|regex| super::guards::is_whole(&regex))
        })
    })
}

/// What is passed to a function by others of the project.
fn passed(program: &Program, routes: &Routes, function: FunctionRef, index: usize) -> Abstract {
    if is_passed_constants(program, routes, function, index) {
        Abstract::default()
    } else if calls_of(program, routes, function).is_empty() {
        Abstract::of(Origin::Parameter)
    } else {
        // Whoever calls it knows more: `flow::arrival` asks them.
        Abstract { way: path::begin((function.module, program.function(function).params[index].target)), ..Abstract::of(Origin::Passed) }
    }
}

/// A value whose fields are known by the class of the project that it is said to be of.
fn of_model(value: Abstract, annotation: Annotated) -> Abstract {
    match annotation {
        Annotated::Other if value.origin != Origin::Request => Abstract::of(Origin::Unseen),
        Annotated::Model(m, c) if value.kind == Kind::Plain => Abstract { kind: Kind::Model(m, c), ..value },
        Annotated::Models(m, c) => super::callbacks::list_of(Abstract { kind: Kind::Model(m, c), ..value.derived() }),
        _ => value,
    }
}

/// What a parameter of JavaScript holds because of a decorator, or of the library that calls the function.
fn by_library(program: &Program, function: FunctionRef, index: usize, by_annotation: Annotated) -> Option<Abstract> {
    let id = function.module;
    let module = program.module(id);
    let f = program.function(function);
    let param = &f.params[index];
    let resolver = Resolver::new(program);
    let has_role = |expr: ExprId, role: Role| {
        let called = module.call(expr).map_or(expr, |call| call.callee);
        let row = resolver.entity(id, called).library().and_then(|name| program.apis.row(name));
        row.is_some_and(|row| row.is(role))
    };
    // `@Query("name") name: string`, `@Param("id", ParseIntPipe) id`
    if let Some(decorator) = param.decorators.iter().find(|decorator| has_role(**decorator, Role::RequestData)) {
        let converts = module.call(*decorator).is_some_and(|call| call.args.iter().any(|arg| has_role(arg.value, Role::Sanitizer)));
        return Some(match by_annotation {
            _ if converts => Abstract::of(Origin::Safe),
            _ => Abstract::request((id, param.target)),
        });
    }
    // Whatever it is said to be: what calls it passes what an outsider sent.
    if let Entity::Instance(class) = resolver.called_with(id, function.function, index)
        && program.apis.class_has_role(class, Role::RequestData)
    {
        return Some(Abstract::request((id, param.target)));
    }
    match resolver.parameter(id, function.function, index) {
        Entity::Instance(class) if program.apis.class_has_role(class, Role::Request) => {
            return Some(Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) });
        }
        Entity::Instance(_) if matches!(by_annotation, Annotated::Other | Annotated::Nothing) => return Some(Abstract::of(Origin::Unseen)),
        _ => {}
    }
    // What calls a function that is written where it is passed knows what it passes.
    let is_callback = matches!(f.parent, Parent::Expr(value) if matches!(module.expr_parents[value.index()],
        Parent::Expr(outer) if module.call(outer).is_some_and(|call| call.callee != value)));
    is_callback.then(|| Abstract::of(Origin::Unseen))
}

/// A container of numbers.
fn numbers() -> Abstract {
    super::container(vec![Abstract::of(Origin::Safe)])
}

/// What is known of a field of a model that request data was parsed into.
pub(super) fn field(program: &Program, module: ModuleId, class: ClassId, name: Ustr, whole: &Abstract) -> Abstract {
    let (module, values) = values::assigned(program, module, class, name);
    let Some(annotation) = values.iter().find_map(|value| value.annotation) else { return whole.derived() };
    match annotated(program, module, annotation) {
        Annotated::Number => Abstract::of(Origin::Safe),
        Annotated::Numbers => numbers(),
        annotation => of_model(whole.derived(), annotation),
    }
}

/// Whether a function of the project says that it returns a number, or another value that is no text anybody chose.
pub(super) fn returns_number(program: &Program, function: FunctionRef) -> bool {
    let returns = program.function(function).returns;
    returns.is_some_and(|annotation| annotated(program, function.module, annotation) == Annotated::Number)
}

/// `Depends(…)`, in a default or an `Annotated[…]`.
fn is_injection(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let callee = program.callee(id, expr).library();
    callee.and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Injection))
}

fn holds_injection(program: &Program, id: ModuleId, annotation: ExprId) -> bool {
    let (module, annotation) = values::origin(program, id, annotation);
    program.module(module).descendants(annotation).into_iter().any(|expr| is_injection(program, module, expr))
}

/// `/users/<int:user_id>`: the framework turns away what is no number.
fn is_numeric_in_path(handler: &Handler, name: Ustr) -> bool {
    let Some(path) = &handler.path else { return false };
    ["<", "{"].iter().any(|open| {
        path.split(open).skip(1).any(|rest| {
            let inside = rest.split(['>', '}']).next().unwrap_or_default();
            match inside.split_once(':') {
                // Flask and Django write the converter first, Starlette last.
                Some((converter, of)) if of == name => matches!(converter, "int" | "float" | "uuid" | "slug"),
                Some((of, converter)) if of == name => matches!(converter, "int" | "float" | "uuid"),
                _ => false,
            }
        })
    })
}

/// Whether all calls in the project pass a constant.
fn is_passed_constants(program: &Program, routes: &Routes, function: FunctionRef, index: usize) -> bool {
    let callers = calls_of(program, routes, function);
    let f = program.function(function);
    let param = &f.params[index];
    let position = index.checked_sub(program.receivers(function));
    !callers.is_empty()
        && callers.iter().all(|(caller, expr)| {
            let Some(call) = program.module(*caller).call(*expr) else { return false };
            let calls_it = program.callee(*caller, *expr) == Entity::Function(function);
            match argument(call, position, &[param.name.as_str()]) {
                Some(value) => calls_it && values::is_constant(program, *caller, value),
                None => calls_it && !has_spread(call) && param.default.is_some_and(|d| values::is_constant(program, function.module, d)),
            }
        })
}
