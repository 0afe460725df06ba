//! Page sizes that Python's frameworks take from a request by themselves: parameters of handlers and of what is injected into
//! them, fields of models that describe a query.

use super::{Limit, Named, PageSize, Slot, declarations, judged, named, uses};
use crate::ir::program::*;
use crate::model::fields;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::routes::Handler;
use crate::model::values;

/// Frameworks whose handlers take nothing but parts of the path as parameters.
const BY_PATH: [&str; 8] = ["flask.", "django.", "rest_framework.", "aiohttp.", "starlette.", "sanic.", "quart.", "tornado."];

/// The page sizes that a module declares.
pub(super) fn find(project: &Project, id: ModuleId) -> Vec<PageSize> {
    let taken = project.taken();
    let mut found = Vec::new();
    for function in project.program.module(id).function_ids() {
        let function = FunctionRef { module: id, function };
        if taken.functions.contains(&function) {
            found.extend(of_function(project, function));
        }
    }
    for class in project.program.module(id).class_ids() {
        if taken.models.contains(&(id, class)) {
            found.extend(of_model(project, id, class));
        }
    }
    found
}

fn of_function(project: &Project, function: FunctionRef) -> Vec<PageSize> {
    let (program, id) = (&project.program, function.module);
    let f = program.function(function);
    let handler = project.routes.handler(function);
    let mut found = Vec::new();
    for (index, param) in f.params.iter().enumerate().skip(program.receivers(function)) {
        let Some(name) = named(&param.name) else { continue };
        let is_matched = handler.and_then(|handler| converter(handler, &param.name));
        if let Some(handler) = handler.filter(|_| is_matched.is_none())
            && takes_paths_only(project, handler)
        {
            continue;
        }
        let declared = declarations::of(program, id, param.annotation, param.default);
        let by_path = is_matched.as_deref().map_or(Limit::None, most_of);
        if !declared.is_number && is_matched.is_none() {
            continue;
        }
        let uses = uses::of_parameter(program, function, index);
        if let Some(most) = judged(name, declared.limit.and(by_path), &uses) {
            let slot = match declared.call {
                Some(call) => Slot::Call(call, declared.is_below),
                None if is_matched.is_some() => Slot::Elsewhere,
                None => Slot::Parameter { annotation: param.annotation, default: param.default, is_field: false },
            };
            found.push(PageSize { at: param.target, name: param.name.to_string(), most, is_only_slice: uses.is_only_slice(), slot });
        }
    }
    found
}

/// The converter that a route's path gives a parameter: `int` of `/top/<int:count>`.
fn converter(handler: &Handler, name: &str) -> Option<String> {
    let path = handler.path.as_deref()?;
    path.split(['<', '{']).skip(1).find_map(|rest| {
        let inside = rest.split(['>', '}']).next().unwrap_or_default();
        match inside.rsplit_once(':') {
            Some((converter, of)) if of == name && converter.starts_with("int") => Some(converter.to_owned()),
            Some((of, "int")) if of == name => Some("int".to_owned()),
            _ => None,
        }
    })
}

/// `int(max=100)`
fn most_of(converter: &str) -> Limit {
    let said = converter.split_once("max=").map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    said.map_or(Limit::None, |digits| digits.parse().map_or(Limit::Unseen, Limit::At))
}

/// Whether a handler's parameters come from the path, and nothing else.
fn takes_paths_only(project: &Project, handler: &Handler) -> bool {
    handler.class.is_some()
        || handler.framework(&project.program).is_none_or(|of| BY_PATH.iter().any(|framework| of.starts_with(framework)))
}

fn of_model(project: &Project, id: ModuleId, class: ClassId) -> Vec<PageSize> {
    let program = &project.program;
    let module = program.module(id);
    let mut found = Vec::new();
    for field in fields::of(module, class) {
        let Some(Named::Clearly | Named::Perhaps) = named(&field.name) else { continue };
        let declared = declarations::of(program, id, field.annotation, field.value);
        if !declared.is_number || is_validated(program, id, class, &field.name) {
            continue;
        }
        let uses = uses::of(program, uses::Spot::Field(id, class, field.name));
        // Whoever takes the model as a whole uses it somewhere.
        let uses = uses::Uses { is_used: true, ..uses };
        if let Some(most) = named(&field.name).and_then(|name| judged(name, declared.limit, &uses)) {
            let slot = match declared.call {
                Some(call) => Slot::Call(call, declared.is_below),
                None => Slot::Parameter { annotation: field.annotation, default: field.value, is_field: true },
            };
            found.push(PageSize { at: field.target, name: field.name.to_string(), most, is_only_slice: uses.is_only_slice(), slot });
        }
    }
    found
}

/// Whether a method of a model checks a field: `@field_validator("limit")`.
fn is_validated(program: &Program, id: ModuleId, class: ClassId, field: &str) -> bool {
    let module = program.module(id);
    module.class(class).methods.iter().any(|method| {
        module.function(*method).decorators.iter().any(|decorator| {
            let Some(call) = module.call(*decorator) else { return false };
            let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
            let is_of_field =
                call.args.iter().any(|arg| values::text(program, id, arg.value).is_some_and(|text| text == field || text == "*"));
            (name.ends_with("field_validator") || name == "validator") && is_of_field
                || name == "model_validator"
                || name == "root_validator"
        })
    })
}
