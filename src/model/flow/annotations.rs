//! What annotations say about values.

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::generics;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver, javascript};
use crate::model::routes::inherits;
use crate::model::values;

/// What an annotation says about a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Annotated {
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
    /// A list of its instances.
    Models(ModuleId, ClassId),
    /// Any other class: a session, a client.
    Other,
}

/// Names of Python's types whose values are no text that anybody chose.
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

/// The same of JavaScript's.
const JAVASCRIPT_NUMBERS: [&str; 10] = ["number", "boolean", "bigint", "Number", "Boolean", "BigInt", "Date", "symbol", "void", "never"];

/// What an annotation says.
pub(super) fn annotated(program: &Program, id: ModuleId, annotation: ExprId) -> Annotated {
    let resolver = Resolver::new(program);
    // Unions and generics nest a few levels at most; what lies deeper counts as text.
    let mut todo = vec![(id, annotation, false, 0_u8)];
    let mut found = None;
    while let Some((id, expr, inside, depth)) = todo.pop() {
        if depth > 6 {
            return Annotated::Text;
        }
        let module = program.module(id);
        let is_javascript = module.language == Language::TypeScript;
        let one = match &module.expr(expr).kind {
            ExprKind::Null => continue,
            ExprKind::Binary { op: BinaryOp::BitOr, operands } => {
                todo.extend(operands.iter().map(|operand| (id, *operand, inside, depth + 1)));
                continue;
            }
            // A choice of literals, or of the names of something that is written out.
            ExprKind::String(_) | ExprKind::Number(_) | ExprKind::Bool(_) if is_javascript => Annotated::Number,
            ExprKind::Opaque(_) if is_javascript => {
                let text = program.text(id, expr);
                let is_of_constant = text.starts_with("keyof")
                    || text.contains("[keyof typeof ")
                    || (text.contains("typeof ") && text.ends_with("[number]"));
                if is_of_constant { Annotated::Number } else { Annotated::Text }
            }
            // `const Direction = { Asc: "asc" } as const`, and the type of that name.
            ExprKind::Object(entries) if is_javascript => {
                let is_constant = |entry: &Entry| matches!(entry, Entry::Pair { value, .. } if matches!(module.expr(*value).kind, ExprKind::String(_) | ExprKind::Number(_)));
                if !entries.is_empty() && entries.iter().all(is_constant) { Annotated::Number } else { Annotated::Text }
            }
            ExprKind::Class(class) => Annotated::Model(id, *class),
            ExprKind::Subscript { object, index, .. } => {
                let (last, parts) = generics::taken_apart(program, id, *object, *index);
                match last.as_str() {
                    "Literal" => Annotated::Number,
                    "Annotated" | "Final" | "Required" | "NotRequired" | "Promise" | "Readonly" | "Partial" | "NonNullable" | "Awaited"
                    | "Pick" | "Omit" => {
                        todo.extend(parts.first().map(|part| (id, *part, inside, depth + 1)));
                        continue;
                    }
                    "Optional" | "Union" => {
                        todo.extend(parts.iter().map(|part| (id, *part, inside, depth + 1)));
                        continue;
                    }
                    "list" | "List" | "set" | "Set" | "tuple" | "Tuple" | "Sequence" | "Iterable" | "frozenset" | "Collection"
                    | "Array" | "ReadonlyArray" | "ReadonlySet" => {
                        todo.extend(parts.iter().map(|part| (id, *part, true, depth + 1)));
                        continue;
                    }
                    _ if is_javascript => class(program, &resolver, id, *object),
                    _ => Annotated::Text,
                }
            }
            ExprKind::Tuple(parts) if is_javascript => {
                todo.extend(parts.iter().map(|part| (id, *part, true, depth + 1)));
                continue;
            }
            ExprKind::Ellipsis => continue,
            // A forward reference.
            ExprKind::String(text) if NUMBERS.contains(&text.trim()) => Annotated::Number,
            // `conint(gt=0)`
            ExprKind::Call(call) => match resolver.entity(id, call.callee).library().as_deref().and_then(|name| name.rsplit('.').next()) {
                Some("conint" | "confloat" | "condecimal" | "condate") => Annotated::Number,
                _ => Annotated::Text,
            },
            ExprKind::Name(_) | ExprKind::Attribute { .. } if resolver.entity(id, expr) == Entity::Unknown => {
                // `type Direction = "asc" | "desc"`, `Direction = Literal["asc", "desc"]`
                let (module, aliased) = values::origin(program, id, expr);
                if (module, aliased) == (id, expr) {
                    Annotated::Text
                } else {
                    todo.push((module, aliased, inside, depth + 1));
                    continue;
                }
            }
            _ => class(program, &resolver, id, expr),
        };
        let one = match one {
            Annotated::Number if inside => Annotated::Numbers,
            Annotated::Model(m, c) if inside => Annotated::Models(m, c),
            one => one,
        };
        found = match found {
            None => Some(one),
            Some(other) if other == one => Some(one),
            Some(Annotated::Number | Annotated::Numbers) if matches!(one, Annotated::Number | Annotated::Numbers) => {
                Some(Annotated::Numbers)
            }
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
            let is_javascript = javascript::is_path(name);
            if is_javascript && JAVASCRIPT_NUMBERS.contains(&last) || !is_javascript && NUMBERS.contains(&last) {
                Annotated::Number
            } else if program.apis.class_has_role(name, Role::Request) {
                Annotated::Request
            } else if is_javascript && is_data(program, name) || !is_javascript && TEXTS.contains(&last) {
                Annotated::Text
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

/// Whether a type of JavaScript says nothing of what its values are: `string`, `any`, a parameter of types, what a schema gives.
fn is_data(program: &Program, name: ustr::Ustr) -> bool {
    let is_global = name.strip_prefix("js:globalThis.").is_some_and(|rest| !rest.contains('.'));
    let is_of_schema =
        matches!(name.rsplit('.').next(), Some("infer" | "input" | "output" | "Infer" | "InferType" | "InferOutput" | "Static"));
    is_of_schema || is_global && program.apis.row(name).is_none()
}

/// Classes of enums, as they are called in whatever module.
const ENUMS: [&str; 7] = ["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TextChoices", "IntegerChoices"];

/// Whether a class of a library makes enums.
pub(super) fn is_enum_class(name: ustr::Ustr) -> bool {
    ENUMS.contains(&name.rsplit('.').next().unwrap_or_default())
}

/// Whether a class of the project is an enum.
pub(super) fn is_enum(program: &Program, resolver: &Resolver<'_>, module: ModuleId, class: ClassId) -> bool {
    let m = program.module(module);
    if m.language == Language::TypeScript {
        let c = m.class(class);
        let text = &program.sources.get(m.file).text;
        let before = text.get(c.span.start as usize..c.name_span.start as usize).unwrap_or_default();
        return before.split_whitespace().any(|word| word == "enum");
    }
    inherits(program, resolver, module, class, is_enum_class)
}
