//! What runs before a handler and checks the body: decorators, middleware of a route, options of a route.

use ustr::Ustr;

use super::{checks, signatures};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::calls::Passed;
use crate::model::options;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::requests::Requests;
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{Handler, inherits};
use crate::model::values;

/// Decorators and middleware of libraries that check bodies.
const CHECKERS: [&str; 26] = [
    "use_args",
    "use_kwargs",
    "use_body",
    "arguments",
    "expects_json",
    "validate_request",
    "validate_json",
    "validate_body",
    "input",
    "celebrate",
    "checkSchema",
    "checkExact",
    "validator",
    "validate",
    "zValidator",
    "vValidator",
    "sValidator",
    "tbValidator",
    "arktypeValidator",
    "validateRequest",
    "json_schema",
    "dto",
    "validated",
    "request_schema",
    "json_body",
    "apispec_validate",
];

/// Whether something that runs before a function checks the body, or the signature of the request.
pub(super) fn checks_before(project: &Project, function: FunctionRef) -> bool {
    let program = &project.program;
    let is_helper = project.routes.handler(function).is_none();
    if is_checked_by_interface(program, function) || (is_helper && has_serializer(program, function)) {
        return true;
    }
    let (id, module) = (function.module, program.module(function.module));
    let f = module.function(function.function);
    if f.decorators.iter().any(|decorator| is_checking(program, id, *decorator)) {
        return true;
    }
    // `dependencies=[Depends(verify)]`
    let injects = |expr: ExprId| {
        module.descendants(expr).into_iter().any(|expr| {
            let row = program.callee(id, expr).library().and_then(|name| program.apis.row(name));
            let is_injection = row.is_some_and(|row| row.is(Role::Injection));
            is_injection && module.call(expr).and_then(|call| call.args.first()).is_some_and(|arg| is_verifying(program, id, arg.value))
        })
    };
    let said = f.params.iter().flat_map(|param| param.default.into_iter().chain(param.annotation));
    if f.decorators.iter().copied().chain(said).any(injects) {
        return true;
    }
    let class = f.class.map(|class| &module.class(class).decorators).into_iter().flatten();
    if class.into_iter().any(|decorator| is_checking(program, id, *decorator)) {
        return true;
    }
    project.routes.handlers.iter().filter(|handler| handler.function == function).any(|handler| is_bound_with_check(program, handler))
}

/// The call that binds a handler to its route, and the module that it is made in.
fn binding<'p>(program: &'p Program, handler: &Handler) -> Option<(ModuleId, &'p Call)> {
    let id = program.module_of(handler.place.file)?;
    let module = program.module(id);
    let site = program.calls[id.0 as usize].iter().find(|site| module.expr(site.expr).span == handler.place.span)?;
    Some((id, module.call(site.expr)?))
}

/// Whether the call that binds a route names something that checks the body.
fn is_bound_with_check(program: &Program, handler: &Handler) -> bool {
    let Some((id, call)) = binding(program, handler) else { return false };
    call.args.iter().any(|arg| {
        let is_handler = Resolver::new(program).entity(id, arg.value) == Entity::Function(handler.function);
        !is_handler && (has_schema(program, id, arg.value) || is_checking(program, id, arg.value))
    })
}

/// The functions of the project that are bound before a handler, for each of its routes.
pub(super) fn functions_before(project: &Project, function: FunctionRef) -> Vec<Vec<FunctionRef>> {
    let program = &project.program;
    let before = |handler: &Handler| {
        let (id, call) = binding(program, handler)?;
        let behind = call.args.iter().flat_map(|arg| functions_behind(program, id, arg.value));
        Some(behind.filter(|before| *before != function).collect())
    };
    let of_function = project.routes.handlers.iter().filter(|handler| handler.function == function);
    of_function.map(|handler| before(handler).unwrap_or_default()).collect()
}

/// The function that an expression stands for, and those that are passed to what makes it: `caught(async (req, res) => …)`.
fn functions_behind(program: &Program, id: ModuleId, expr: ExprId) -> Vec<FunctionRef> {
    let (at, origin) = values::origin(program, id, expr);
    let module = program.module(at);
    let passed = module.call(origin).into_iter().flat_map(|call| &call.args).filter_map(|arg| match module.expr(arg.value).kind {
        ExprKind::Function(function) if module.function(function).params.len() > 1 => Some(FunctionRef { module: at, function }),
        _ => None,
    });
    signatures::function_of(program, id, expr).into_iter().chain(passed).collect()
}

/// The keys of the body that a function always sets to something that is not of the request: `req.body.password = DEFAULT`.
pub(super) fn keys_set(program: &Program, function: FunctionRef) -> Vec<Ustr> {
    let module = program.module(function.module);
    let requests = Requests::new(program, function.module);
    let FunctionBody::Block(body) = module.function(function.function).body else { return Vec::new() };
    let is_of_request = |expr: ExprId| module.descendants(expr).into_iter().any(|part| requests.is_request(part, 4));
    let key = |stmt: &StmtId| {
        let (target, value) = match &module.stmt(*stmt).kind {
            StmtKind::Assign { targets, value: Some(value), .. } => (*targets.first()?, *value),
            StmtKind::Expr(expr) => match module.expr(*expr).kind {
                ExprKind::Assign { target, value } => (target, value),
                _ => return None,
            },
            _ => return None,
        };
        let ExprKind::Attribute { object, name: key, .. } = module.expr(target).kind else { return None };
        let ExprKind::Attribute { object: request, name, .. } = module.expr(object).kind else { return None };
        (name == "body" && requests.is_request(request, 4) && !is_of_request(value)).then_some(key)
    };
    module.block(body).stmts.iter().filter_map(key).collect()
}

/// Whether a function refuses some requests: it ends early, and does not hand them on.
pub(super) fn refuses(program: &Program, function: FunctionRef) -> bool {
    let module = program.module(function.module);
    let span = module.function(function.function).span;
    let hands_on = |block: BlockId| {
        let place = program.span_place(function.module, module.block(block).span);
        program.sources.slice(place).contains("next()")
    };
    let ends = |block: BlockId| !module.block(block).falls_through && !hands_on(block);
    let within = module.stmts.iter().filter(|stmt| span.contains(stmt.span));
    within.into_iter().any(|stmt| match &stmt.kind {
        StmtKind::If { branches, .. } => branches.iter().any(|(_, block)| ends(*block)),
        _ => false,
    })
}

/// Fastify: `{ schema: { body: … } }`
fn has_schema(program: &Program, id: ModuleId, options: ExprId) -> bool {
    let module = program.module(id);
    if matches!(module.expr(options).kind, ExprKind::String(_) | ExprKind::Template { .. } | ExprKind::Function(_))
        || module.language != Language::TypeScript
    {
        return false;
    }
    let is_object = values::object_literal(program, id, options).is_some();
    match options::held(program, id, options, "schema.body") {
        Passed::Value(..) => true,
        Passed::Unknown => {
            is_object
                || matches!(module.expr(options).kind, ExprKind::Name(_)) && Resolver::new(program).entity(id, options) == Entity::Unknown
        }
        Passed::No => false,
    }
}

/// Whether a decorator or middleware checks the body of a request.
fn is_checking(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    is_checking_within(program, id, expr, 8)
}

fn is_checking_within(program: &Program, id: ModuleId, expr: ExprId, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let module = program.module(id);
    match &module.expr(expr).kind {
        ExprKind::List(items) => return items.iter().any(|item| is_checking_within(program, id, *item, depth)),
        ExprKind::Spread(inner) => return is_checking_within(program, id, *inner, depth),
        ExprKind::String(_) | ExprKind::Function(_) => return false,
        _ => {}
    }
    if let Some(function) = signatures::function_of(program, id, expr) {
        let called = module.call(expr).map_or(expr, |call| call.callee);
        let mut names = program.text(id, called).rsplit('.');
        let name = names.next().unwrap_or_default();
        // `BodyValidation.ofOrders`: the class says it as well as the method.
        let class = names.next().filter(|class| class.starts_with(char::is_uppercase)).unwrap_or_default();
        let is_said = is_checker(name) || (is_checker(class) && !is_of_other_parts(name));
        return applies(program, function, 3)
            || (is_said && (has_schema_inside(program, function) || looks_at_body(program, function)))
            || signatures::verifies(program, function);
    }
    let (at, origin) = values::origin(program, id, expr);
    if (at, origin) != (id, expr) {
        return is_checking_within(program, at, origin, depth);
    }
    let Some(call) = module.call(expr) else {
        return matches!(module.expr(expr).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if is_checker(&name));
    };
    // `body("serial").isString()`: the first call of a chain says what it is.
    let mut first = call;
    while let ExprKind::Attribute { object, .. } = module.expr(first.callee).kind
        && let Some(inner) = module.call(object)
    {
        first = inner;
    }
    let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(first.callee).kind else { return false };
    let place = first.args.first().and_then(|arg| values::text(program, id, arg.value));
    if matches!(place.as_deref(), Some("query" | "param" | "params" | "header" | "cookie" | "querystring")) && is_checker(&name) {
        return false;
    }
    let by_library =
        Resolver::new(program).entity(id, first.callee).library().is_some_and(|library| library.starts_with("js:express-validator"));
    is_checker(&name) || (by_library && matches!(name.as_str(), "body" | "check" | "oneOf"))
}

fn is_checker(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    CHECKERS.contains(&name) || (!is_of_other_parts(name) && (lower.contains("valid") || lower.contains("schema")))
}

/// Whether a name speaks of other parts of a request than its body.
fn is_of_other_parts(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["query", "param", "token", "header", "cookie", "session", "auth"].iter().any(|word| lower.contains(word))
}

/// Whether a function of JavaScript mentions the body of a request: what is called a check of it may well be one.
fn looks_at_body(program: &Program, function: FunctionRef) -> bool {
    let module = program.module(function.module);
    let place = program.span_place(function.module, module.function(function.function).span);
    module.language == Language::TypeScript && program.sources.slice(place).contains(".body")
}

/// Libraries that check whatever comes in by a description of the whole interface.
const BY_INTERFACE: [&str; 3] = ["js:express-openapi-validator.", "js:openapi-validator-middleware.", "connexion."];

/// Whether what an application is described by checks all that its package's handlers are given.
fn is_checked_by_interface(program: &Program, function: FunctionRef) -> bool {
    let package = program.package_of(function.module);
    program.code_ids().filter(|id| program.package_of(*id) == package).any(|id| {
        let names = program.calls[id.0 as usize].iter().filter_map(|site| site.callee.library());
        names.into_iter().any(|name| BY_INTERFACE.iter().any(|library| name.starts_with(library)))
    })
}

/// Whether a method is of a view of REST framework with a serializer, which the actions that call it apply.
fn has_serializer(program: &Program, function: FunctionRef) -> bool {
    let (id, module) = (function.module, program.module(function.module));
    let Some(class) = module.function(function.function).class else { return false };
    let is_said = program.attributes_of(id).any(|(of, name)| of == class && name == "serializer_class");
    is_said && inherits(program, &Resolver::new(program), id, class, |base| base.starts_with("rest_framework."))
}

fn is_verifying(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    signatures::function_of(program, id, expr).is_some_and(|function| signatures::verifies(program, function))
}

/// Whether a function applies a schema to anything.
pub(super) fn has_schema_inside(program: &Program, function: FunctionRef) -> bool {
    let id = function.module;
    let module = program.module(id);
    let span = module.function(function.function).span;
    program.calls[id.0 as usize].iter().any(|site| {
        let at = module.expr(site.expr).span;
        let is_inside = span.start <= at.start && at.end <= span.end;
        is_inside
            && module.call(site.expr).is_some_and(|call| checks::of_call(program, id, call, site.callee) == checks::Verdict::Validates)
    })
}

/// Whether a function applies a schema to the body of a request.
fn applies(program: &Program, function: FunctionRef, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let id = function.module;
    let module = program.module(id);
    let span = module.function(function.function).span;
    let requests = Requests::new(program, id);
    program.calls[id.0 as usize]
        .iter()
        .filter(|site| span.start <= module.expr(site.expr).span.start && module.expr(site.expr).span.end <= span.end)
        .any(|site| {
            let Some(call) = module.call(site.expr) else { return false };
            let validates = checks::of_call(program, id, call, site.callee) == checks::Verdict::Validates;
            if validates {
                return call.args.iter().any(|arg| super::reads::is_body(program, &requests, id, arg.value));
            }
            match site.callee {
                Entity::Function(called) => called != function && applies(program, called, depth),
                _ => false,
            }
        })
}
