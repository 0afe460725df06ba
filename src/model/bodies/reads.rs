//! Where code reads the body of a request: `request.get_json()`, `req.body`, `await request.json()`.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use super::fate::{self, Fate, Key, Part, Spot};
use super::{Unchecked, middleware, signatures};
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::requests::Requests;
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::HandlerKind;
use crate::model::values;

/// Members of Python's request objects that hold a body as data, and as bytes.
const DATA: [&str; 7] = ["json", "get_json", "form", "POST", "data", "post", "get_body_argument"];
const BYTES: [&str; 5] = ["body", "get_data", "text", "read", "stream"];

/// The same of JavaScript's.
const JAVASCRIPT_DATA: [&str; 4] = ["body", "json", "parseBody", "formData"];
const JAVASCRIPT_BYTES: [&str; 3] = ["rawBody", "text", "arrayBuffer"];

/// How far a value is looked into.
const DEPTH: u8 = 10;

/// The bodies that functions of a module read and use without a schema.
pub(super) fn find(project: &Project, id: ModuleId) -> Vec<Unchecked> {
    let program = &project.program;
    let module = program.module(id);
    let requests = Requests::new(program, id);
    let mut by_function: FxHashMap<FunctionId, Vec<(ExprId, Part, Spot)>> = FxHashMap::default();
    for expr in module.expr_ids() {
        let Some((part, spot)) = read(program, &requests, id, expr) else { continue };
        let Some(function) = owner(project, id, expr) else { continue };
        by_function.entry(function).or_default().push((expr, part, spot));
    }
    let mut found = Vec::new();
    let mut validating: FxHashMap<FunctionRef, bool> = FxHashMap::default();
    for (function, mut reads) in by_function {
        let function = FunctionRef { module: id, function };
        let Some(handler) = project.routes.reached_by(function) else { continue };
        if handler.kind == HandlerKind::Hook || project.routes.handler(function).is_some_and(|handler| handler.kind == HandlerKind::Hook) {
            continue;
        }
        reads.sort_by_key(|(expr, ..)| module.expr(*expr).span.start);
        let fates: Vec<(ExprId, Part, Fate)> =
            reads.iter().map(|(expr, part, spot)| (*expr, *part, fate::of(project, vec![(*spot, *part)]))).collect();
        let mut whole = Fate::default();
        fates.iter().for_each(|(.., fate)| whole.merge(fate.clone()));
        if !whole.is_open()
            || is_guarded(project, function)
            || is_checked_by_helper(project, function)
            || is_settled_before(project, function, &whole)
        {
            continue;
        }
        whole.goes_out_of_sight |= is_validated_by_callers(project, function, &mut validating);
        // What is only looked at, or hashed, is not what is meant.
        let first =
            fates.iter().find(|(_, part, fate)| fate.is_used || (*part != Part::Raw && !fate.is_checked_outside && fates.len() == 1));
        let is_first_test = fates.first().filter(|(_, _, fate)| fate.is_checked_outside).map(|(expr, ..)| *expr);
        let Some(at) = is_first_test.or(first.map(|(expr, ..)| *expr)) else { continue };
        found.push(Unchecked::new(at, false, whole));
    }
    found
}

/// Whether a function gives the whole request to one of the project that checks what it reads of the body: `if (!isValid(req))`.
fn is_checked_by_helper(project: &Project, function: FunctionRef) -> bool {
    let program = &project.program;
    let id = function.module;
    let module = program.module(id);
    let requests = Requests::new(program, id);
    program.calls[id.0 as usize].iter().filter(|site| module.function_of(site.expr) == Some(function.function)).any(|site| {
        let Entity::Function(helper) = site.callee else { return false };
        let name = program.function(helper).name.to_ascii_lowercase();
        if !["valid", "check", "verify", "ensure", "assert", "require", "sanit", "missing"].iter().any(|word| name.contains(word)) {
            return false;
        }
        let is_given = module.call(site.expr).is_some_and(|call| call.args.iter().any(|arg| requests.is_request(arg.value, 4)));
        is_given && helper != function && project.routes.handler(helper).is_none() && checks_what_it_reads(project, helper)
    })
}

fn checks_what_it_reads(project: &Project, helper: FunctionRef) -> bool {
    fates_within(project, helper).any(|fate| fate.is_validated || fate.is_checked)
}

/// Whether a function that reads a request's body is a helper, and all that call it give the body to a schema, which may know what
/// it reads.
fn is_validated_by_callers(project: &Project, helper: FunctionRef, known: &mut FxHashMap<FunctionRef, bool>) -> bool {
    let callers = project.routes.callers(helper);
    let mut validates =
        |caller: FunctionRef| *known.entry(caller).or_insert_with(|| fates_within(project, caller).any(|fate| fate.is_validated));
    project.routes.handler(helper).is_none()
        && !callers.is_empty()
        && callers.iter().all(|(caller, _)| *caller != helper && validates(*caller))
}

/// Whether, on each of its routes, functions that are bound before a handler set all keys that it reads, or check one of them.
fn is_settled_before(project: &Project, function: FunctionRef, whole: &Fate) -> bool {
    let routes = middleware::functions_before(project, function);
    !routes.is_empty() && routes.iter().all(|before| is_settled_by(project, before, whole))
}

fn is_settled_by(project: &Project, before: &[FunctionRef], whole: &Fate) -> bool {
    let set: Vec<Ustr> = before.iter().flat_map(|before| middleware::keys_set(&project.program, *before)).collect();
    let is_set = |key: &Key| set.contains(&Ustr::from(&key.name));
    let is_read = |key: &Key| whole.keys.iter().any(|read| read.name == key.name);
    let checks = |fate: Fate| (fate.is_checked || fate.is_validated) && fate.keys.iter().any(|key| is_read(key) && !is_set(key));
    let settles = |before: &FunctionRef| middleware::refuses(&project.program, *before) && fates_within(project, *before).any(checks);
    (!whole.keys.is_empty() && whole.keys.iter().all(is_set)) || before.iter().any(settles)
}

/// What becomes of the bodies that a function reads.
fn fates_within(project: &Project, function: FunctionRef) -> impl Iterator<Item = Fate> {
    let program = &project.program;
    let id = function.module;
    let module = program.module(id);
    let requests = Requests::new(program, id);
    let span = module.function(function.function).span;
    let within = module.expr_ids().filter(move |expr| span.contains(module.expr(*expr).span));
    within.filter_map(move |expr| {
        let (part, spot) = read(program, &requests, id, expr)?;
        Some(fate::of(project, vec![(spot, part)]))
    })
}

/// Whether the body of a function's request is checked before, or its signature is verified.
pub(super) fn is_guarded(project: &Project, function: FunctionRef) -> bool {
    if middleware::checks_before(project, function) || signatures::verifies(&project.program, function) {
        return true;
    }
    // A helper: all that call it are guarded.
    let callers = project.routes.callers(function);
    project.routes.handler(function).is_none()
        && !callers.is_empty()
        && callers.iter().all(|(caller, _)| {
            *caller != function && (middleware::checks_before(project, *caller) || signatures::verifies(&project.program, *caller))
        })
}

/// The function that a read is counted for: the innermost handler around it, else the innermost function.
fn owner(project: &Project, id: ModuleId, expr: ExprId) -> Option<FunctionId> {
    let functions: Vec<FunctionId> = project
        .program
        .module(id)
        .around(expr)
        .filter_map(|around| if let Around::Function(f) = around { Some(f) } else { None })
        .collect();
    let is_handler = |function: &&FunctionId| project.routes.handler(FunctionRef { module: id, function: **function }).is_some();
    functions.iter().find(is_handler).or_else(|| functions.first()).copied()
}

/// Whether an expression is the body of a request, or stands for it.
pub(super) fn is_body(program: &Program, requests: &Requests<'_>, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    module.descendants(expr).into_iter().any(|part| {
        if read(program, requests, id, part).is_some() {
            return true;
        }
        let ExprKind::Name(_) = module.expr(part).kind else { return false };
        let (at, origin) = values::origin(program, id, part);
        at == id && origin != part && module.descendants(origin).into_iter().any(|inner| read(program, requests, id, inner).is_some())
    })
}

/// What an expression reads of a body, and where that goes on from.
fn read(program: &Program, requests: &Requests<'_>, id: ModuleId, expr: ExprId) -> Option<(Part, Spot)> {
    let module = program.module(id);
    match module.expr(expr).kind {
        ExprKind::Attribute { object, name, .. } => {
            let part = part_of(module.language, name)?;
            if !requests.is_request(object, DEPTH) || module.is_assigned(expr) {
                return None;
            }
            let called = match module.expr_parents[expr.index()] {
                Parent::Expr(parent) if module.call(parent).is_some_and(|call| call.callee == expr) => Some(parent),
                _ => None,
            };
            // Hono: `c.json(answer)`
            let answers = |call: ExprId| module.call(call).is_some_and(|call| !call.args.is_empty() && name != "parseBody");
            if module.language == Language::TypeScript && called.is_some_and(answers) {
                return None;
            }
            match called {
                Some(call) if is_method(module.language, name) => Some((part, Spot::Expr(id, call))),
                // `request.args.get(…)`: a method of another name.
                Some(_) => None,
                None if is_method_only(module.language, name) => None,
                None => Some((part, Spot::Expr(id, expr))),
            }
        }
        // `({ body }) => …`, `const { body } = req`
        ExprKind::Name(name) if name == "body" && module.language == Language::TypeScript && module.is_pattern(expr) => {
            let (scope, 1) = Resolver::new(program).scope_of_name(id, expr, name)? else { return None };
            let BindingKind::Member(whole, key) = program.bindings(id, scope, name).next()?.kind else { return None };
            let is_of_request =
                key == "body" && (is_parameter(program, id, whole) || (!module.is_pattern(whole) && requests.is_request(whole, DEPTH)));
            is_of_request.then_some((Part::Whole, Spot::Name(id, scope, name)))
        }
        _ => None,
    }
}

/// Whether a function is written where it is passed to one of the project, which gives it what it has made of a request.
fn is_for_project(program: &Program, id: ModuleId, function: FunctionId) -> bool {
    let module = program.module(id);
    let Parent::Expr(value) = module.function(function).parent else { return false };
    let Parent::Expr(outer) = module.expr_parents[value.index()] else { return false };
    module.call(outer).is_some_and(|call| call.callee != value) && matches!(program.callee(id, outer), Entity::Function(_))
}

/// Whether a pattern is the first parameter of a function that a library calls with a request.
fn is_parameter(program: &Program, id: ModuleId, pattern: ExprId) -> bool {
    let module = program.module(id);
    let Parent::Function(function) = module.expr_parents[pattern.index()] else { return false };
    let Some(index) = module.function(function).params.iter().position(|param| param.target == pattern) else { return false };
    if is_for_project(program, id, function) {
        return false;
    }
    match Resolver::new(program).parameter(id, function, index) {
        Entity::Instance(class) => program.apis.class_has_role(class, Role::Request),
        _ => false,
    }
}

fn part_of(language: Language, name: Ustr) -> Option<Part> {
    let (data, bytes): (&[&str], &[&str]) = match language {
        Language::Python => (&DATA, &BYTES),
        Language::TypeScript => (&JAVASCRIPT_DATA, &JAVASCRIPT_BYTES),
    };
    if data.contains(&name.as_str()) { Some(Part::Whole) } else { bytes.contains(&name.as_str()).then_some(Part::Raw) }
}

/// Whether what holds a body is a method, in some library.
fn is_method(language: Language, name: Ustr) -> bool {
    match language {
        Language::Python => {
            matches!(name.as_str(), "json" | "get_json" | "form" | "post" | "body" | "get_data" | "text" | "read" | "get_body_argument")
        }
        Language::TypeScript => matches!(name.as_str(), "json" | "parseBody" | "formData" | "text" | "arrayBuffer"),
    }
}

/// Whether what holds a body is nothing but a method.
fn is_method_only(language: Language, name: Ustr) -> bool {
    match language {
        Language::Python => matches!(name.as_str(), "get_json" | "post" | "get_data" | "read" | "get_body_argument" | "text"),
        Language::TypeScript => matches!(name.as_str(), "json" | "parseBody" | "formData" | "text" | "arrayBuffer"),
    }
}
