//! Parameters that a framework of Python fills with the body as it comes: `payload: dict`, `data: Any = Body()`.

use super::fate::{self, Part, Spot};
use super::{Unchecked, reads};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::generics;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::Resolver;
use crate::model::routes::{Handler, HandlerKind};
use crate::model::values;

/// Frameworks that fill parameters from bodies.
const FRAMEWORKS: [&str; 5] = ["fastapi.", "litestar.", "starlite.", "ninja.", "blacksheep."];

/// What says that a parameter is not the body.
const ELSEWHERE: [&str; 13] = [
    "Depends",
    "Query",
    "Path",
    "Header",
    "Cookie",
    "Form",
    "File",
    "Security",
    "Parameter",
    "Dependency",
    "Provide",
    "Inject",
    "FromServices",
];

/// The parameters of a module's handlers that take a body and are used without a schema.
pub(super) fn find(project: &Project, id: ModuleId) -> Vec<Unchecked> {
    let program = &project.program;
    let mut found = Vec::new();
    let handlers = project.routes.handlers.iter().filter(|handler| handler.function.module == id && handler.kind == HandlerKind::Route);
    for handler in handlers {
        let function = handler.function;
        if !is_filled(project, handler) {
            continue;
        }
        let f = program.function(function);
        for param in f.params.iter().skip(program.receivers(function)) {
            let is_in_path = handler.path.as_deref().is_some_and(|path| path.contains(&format!("{{{}", param.name)));
            if is_in_path || !is_raw(program, id, param) {
                continue;
            }
            let fate = fate::of(project, vec![(Spot::Name(id, f.scope, param.name), Part::Whole)]);
            if fate.is_open() && !reads::is_guarded(project, function) {
                found.push(Unchecked::new(param.target, true, fate));
            }
        }
    }
    found
}

/// Whether the framework of a handler fills parameters from bodies.
pub(super) fn is_filled(project: &Project, handler: &Handler) -> bool {
    handler.framework(&project.program).is_some_and(|of| FRAMEWORKS.iter().any(|framework| of.starts_with(framework)))
}

/// Whether a parameter takes the body as it comes.
fn is_raw(program: &Program, id: ModuleId, param: &Param) -> bool {
    let module = program.module(id);
    let calls: Vec<ExprId> = param
        .default
        .into_iter()
        .chain(param.annotation)
        .flat_map(|expr| module.descendants(expr))
        .filter(|expr| module.call(*expr).is_some())
        .collect();
    let name_of = |expr: &ExprId| match module.call(*expr).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Name(name) | ExprKind::Attribute { name, .. }) => Some(*name),
        _ => None,
    };
    let is_elsewhere = |expr: &ExprId| {
        let by_role =
            program.callee(id, *expr).library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Injection));
        by_role || name_of(expr).is_some_and(|name| ELSEWHERE.contains(&name.as_str()))
    };
    if calls.iter().any(is_elsewhere) {
        return false;
    }
    match param.annotation {
        Some(annotation) => is_untyped(program, id, annotation, 6),
        // `payload=Body(...)`
        None => calls.iter().any(|call| name_of(call).is_some_and(|name| name == "Body")),
    }
}

/// Whether an annotation says nothing of what is in a body: `dict`, `Any`, `list[dict]`, or a name for one.
fn is_untyped(program: &Program, id: ModuleId, annotation: ExprId, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let module = program.module(id);
    let resolver = Resolver::new(program);
    match &module.expr(annotation).kind {
        ExprKind::Name(_) | ExprKind::Attribute { .. } => {
            let last = resolver.entity(id, annotation).library().map(|path| path.rsplit('.').next().unwrap_or_default().to_owned());
            match last.as_deref() {
                Some("dict" | "Dict" | "Any" | "object" | "Mapping" | "MutableMapping" | "OrderedDict") => true,
                Some(_) => false,
                None => {
                    let (at, origin) = values::origin(program, id, annotation);
                    (at, origin) != (id, annotation) && is_untyped(program, at, origin, depth)
                }
            }
        }
        ExprKind::Subscript { object, index, .. } => {
            let (last, parts) = generics::taken_apart(program, id, *object, *index);
            let is_nothing = |part: &ExprId| matches!(module.expr(*part).kind, ExprKind::Null);
            match last.as_str() {
                "dict" | "Dict" | "Mapping" | "MutableMapping" => parts.last().is_none_or(|value| is_untyped(program, id, *value, depth)),
                "Annotated" => parts.first().is_some_and(|part| is_untyped(program, id, *part, depth)),
                "Optional" | "list" | "List" | "Sequence" | "Iterable" | "set" => {
                    parts.iter().any(|part| is_untyped(program, id, *part, depth))
                }
                "Union" => parts.iter().filter(|part| !is_nothing(part)).all(|part| is_untyped(program, id, *part, depth)),
                _ => false,
            }
        }
        ExprKind::Binary { op: BinaryOp::BitOr, operands } => {
            let mut others = operands.iter().filter(|operand| !matches!(module.expr(**operand).kind, ExprKind::Null)).peekable();
            others.peek().is_some() && others.all(|operand| is_untyped(program, id, *operand, depth))
        }
        ExprKind::String(text) => matches!(text.trim(), "dict" | "Any"),
        _ => false,
    }
}

/// The function that a handler is, for those that ask by parameter.
pub(super) fn functions(project: &Project, id: ModuleId) -> impl Iterator<Item = FunctionRef> + '_ {
    let handlers = project.routes.handlers.iter();
    handlers
        .filter(move |handler| handler.function.module == id && handler.kind == HandlerKind::Route && is_filled(project, handler))
        .map(|handler| handler.function)
}
