//! Where data enters a function: its parameters, and the request objects it reads.

use ustr::Ustr;

use super::{Abstract, Kind, Origin};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::calls::{argument, has_spread};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{Handler, Routes, inherits};
use crate::model::values;

/// Attributes and methods of request objects that hold what an outsider sent.
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
pub(super) fn is_request_data(name: Ustr) -> bool {
    DATA.contains(&name.as_str())
}

/// What a parameter holds when the function is called.
pub(super) fn parameter(program: &Program, routes: &Routes, function: FunctionRef, index: usize) -> Abstract {
    let id = function.module;
    let f = program.function(function);
    let param = &f.params[index];
    let is_receiver = index == 0 && f.class.is_some() && !Resolver::new(program).has_decorator(id, f, "staticmethod");
    if is_receiver {
        let in_enum = f.class.is_some_and(|class| is_enum(program, &Resolver::new(program), id, class));
        return Abstract::of(if in_enum { Origin::Safe } else { Origin::Unseen });
    }
    let by_annotation = param.annotation.map_or(Annotated::Nothing, |annotation| annotated(program, id, annotation));
    match by_annotation {
        Annotated::Number => return Abstract::of(Origin::Safe),
        Annotated::Numbers => return numbers(),
        Annotated::Request => return Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) },
        Annotated::Text | Annotated::Model(..) | Annotated::Other | Annotated::Nothing => {}
    }
    let Some(handler) = routes.handler(function) else {
        return match by_annotation {
            Annotated::Other => Abstract::of(Origin::Unseen),
            _ if is_passed_constants(program, routes, function, index) => Abstract::default(),
            // `limit=0`
            Annotated::Nothing if param.default.is_some_and(|d| matches!(program.module(id).expr(d).kind, ExprKind::Number(_))) => {
                Abstract::of(Origin::Checked)
            }
            // Whoever calls it knows more; what they pass is not followed here.
            _ if !routes.callers(function).is_empty() => Abstract::of(Origin::Passed),
            _ => Abstract::of(Origin::Parameter),
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
    if is_numeric_in_path(handler, param.name) {
        return Abstract::of(Origin::Safe);
    }
    match by_annotation {
        Annotated::Other => Abstract::of(Origin::Unseen),
        Annotated::Model(m, c) => Abstract { kind: Kind::Model(m, c), ..Abstract::request(param.target) },
        _ => Abstract::request(param.target),
    }
}

/// A container of numbers.
fn numbers() -> Abstract {
    super::container(vec![Abstract::of(Origin::Safe)])
}

/// What is known of a field of a model that request data was parsed into.
pub(super) fn field(program: &Program, module: ModuleId, class: ClassId, name: Ustr, whole: &Abstract) -> Abstract {
    let values = program.attribute(module, class, name);
    let Some(annotation) = values.iter().find_map(|value| value.annotation) else { return whole.derived() };
    match annotated(program, module, annotation) {
        Annotated::Number => Abstract::of(Origin::Safe),
        Annotated::Numbers => numbers(),
        Annotated::Model(m, c) => Abstract { kind: Kind::Model(m, c), ..whole.derived() },
        _ => whole.derived(),
    }
}

/// Whether a function of the project says that it returns a number, or another value that is no text anybody chose.
pub(super) fn returns_number(program: &Program, function: FunctionRef) -> bool {
    let returns = program.function(function).returns;
    returns.is_some_and(|annotation| annotated(program, function.module, annotation) == Annotated::Number)
}

/// What an annotation says about a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Annotated {
    /// Nothing, or nothing that can be read.
    Nothing,
    /// A number, an enum member, a date, a choice of literals.
    Number,
    /// A list or mapping of these.
    Numbers,
    /// Text, or something that holds text.
    Text,
    /// A request object.
    Request,
    /// A class of the project that holds data.
    Model(ModuleId, ClassId),
    /// Any other class: a session, a client.
    Other,
}

/// Names of types whose values are no text that anybody chose.
const NUMBERS: [&str; 18] = [
    "ZoneInfo",
    "tzinfo",
    "int",
    "float",
    "bool",
    "complex",
    "UUID",
    "UUID1",
    "UUID4",
    "date",
    "datetime",
    "time",
    "timedelta",
    "Decimal",
    "PositiveInt",
    "NonNegativeInt",
    "PositiveFloat",
    "Literal",
];

const TEXTS: [&str; 12] = ["str", "bytes", "dict", "Dict", "list", "List", "Any", "object", "Mapping", "Sequence", "Iterable", "EmailStr"];

fn annotated(program: &Program, id: ModuleId, annotation: ExprId) -> Annotated {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    // Unions and generics nest a few levels at most; what lies deeper counts as text.
    let mut todo = vec![(annotation, false, 0_u8)];
    let mut found = None;
    while let Some((expr, inside, depth)) = todo.pop() {
        if depth > 6 {
            return Annotated::Text;
        }
        let one = match &module.expr(expr).kind {
            ExprKind::Null => continue,
            ExprKind::Binary { op: BinaryOp::BitOr, operands } => {
                todo.extend(operands.iter().map(|operand| (*operand, inside, depth + 1)));
                continue;
            }
            ExprKind::Subscript { object, index, .. } => {
                let generic = resolver.entity(id, *object).library();
                let last = generic.map(|path| path.rsplit('.').next().unwrap_or_default().to_owned()).unwrap_or_default();
                let parts: Vec<ExprId> = match &module.expr(*index).kind {
                    ExprKind::Tuple(parts) => parts.to_vec(),
                    _ => vec![*index],
                };
                match last.as_str() {
                    "Literal" => Annotated::Number,
                    "Annotated" | "Final" | "Required" | "NotRequired" => {
                        todo.extend(parts.first().map(|part| (*part, inside, depth + 1)));
                        continue;
                    }
                    "Optional" | "Union" => {
                        todo.extend(parts.iter().map(|part| (*part, inside, depth + 1)));
                        continue;
                    }
                    "list" | "List" | "set" | "Set" | "tuple" | "Tuple" | "Sequence" | "Iterable" | "frozenset" | "Collection" => {
                        todo.extend(parts.iter().map(|part| (*part, true, depth + 1)));
                        continue;
                    }
                    _ => Annotated::Text,
                }
            }
            ExprKind::Ellipsis => continue,
            // A forward reference.
            ExprKind::String(text) if NUMBERS.contains(&text.trim()) => Annotated::Number,
            // `conint(gt=0)`
            ExprKind::Call(call) => match resolver.entity(id, call.callee).library().as_deref().and_then(|name| name.rsplit('.').next()) {
                Some("conint" | "confloat" | "condecimal" | "condate") => Annotated::Number,
                _ => Annotated::Text,
            },
            _ => class(program, &resolver, id, expr),
        };
        let one = if inside && one == Annotated::Number { Annotated::Numbers } else { one };
        found = match found {
            None => Some(one),
            Some(other) if other == one => Some(one),
            // A union is no better than its worst member.
            Some(_) => Some(Annotated::Text),
        };
    }
    found.unwrap_or(Annotated::Nothing)
}

fn class(program: &Program, resolver: &Resolver<'_>, id: ModuleId, expr: ExprId) -> Annotated {
    match resolver.entity(id, expr) {
        Entity::Builtin(name) | Entity::Library(name) => {
            let last = name.rsplit('.').next().unwrap_or_default();
            if NUMBERS.contains(&last) {
                Annotated::Number
            } else if TEXTS.contains(&last) {
                Annotated::Text
            } else if program.apis.class_has_role(name, Role::Request) {
                Annotated::Request
            } else {
                Annotated::Other
            }
        }
        Entity::Class(m, c) => {
            if is_enum(program, resolver, m, c) {
                Annotated::Number
            } else {
                Annotated::Model(m, c)
            }
        }
        _ => Annotated::Text,
    }
}

/// Whether a class of the project is an enum.
pub(super) fn is_enum(program: &Program, resolver: &Resolver<'_>, module: ModuleId, class: ClassId) -> bool {
    const ENUMS: [&str; 7] = ["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TextChoices", "IntegerChoices"];
    inherits(program, resolver, module, class, |base| ENUMS.contains(&base.rsplit('.').next().unwrap_or_default()))
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
    let callers = routes.callers(function);
    let f = program.function(function);
    let param = &f.params[index];
    let position = if f.class.is_some() { index.checked_sub(1) } else { Some(index) };
    !callers.is_empty()
        && callers.iter().all(|(caller, expr)| {
            let Some(call) = program.module(caller.module).call(*expr) else { return false };
            let calls_it = program.callee(caller.module, *expr) == Entity::Function(function);
            match argument(call, position, &[param.name.as_str()]) {
                Some(value) => calls_it && values::is_constant(program, caller.module, value),
                None => calls_it && !has_spread(call) && param.default.is_some_and(|d| values::is_constant(program, function.module, d)),
            }
        })
}
