//! Models of pydantic that take a body, and bound nothing that is in it.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use super::parameters;
use crate::ir::program::*;
use crate::model::fields;
use crate::model::generics;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::inherits;
use crate::model::values;

/// Arguments of `Field` that bound a value.
const BOUNDS: [&str; 17] = [
    "max_length",
    "min_length",
    "pattern",
    "regex",
    "le",
    "lt",
    "ge",
    "gt",
    "max_items",
    "min_items",
    "multiple_of",
    "max_digits",
    "const",
    "strict",
    "discriminator",
    "to_lower",
    "allow_inf_nan",
];

/// The models of a module that handlers take as a body and whose texts, lists and dictionaries are all bare.
#[must_use]
pub fn bare(project: &Project, id: ModuleId) -> Vec<ClassId> {
    let program = &project.program;
    let models = project.body_models();
    program.module(id).class_ids().filter(|class| models.contains(&(id, *class)) && is_bare(program, id, *class)).collect()
}

/// The models that handlers take as a body.
#[must_use]
pub fn taken(project: &Project) -> FxHashSet<(ModuleId, ClassId)> {
    let program = &project.program;
    let resolver = Resolver::new(program);
    let mut found = FxHashSet::default();
    for id in program.code_ids().filter(|id| program.module(*id).language == Language::Python) {
        let module = program.module(id);
        for function in parameters::functions(project, id) {
            for param in &program.function(function).params {
                let Some(annotation) = param.annotation else { continue };
                let said: Vec<ExprId> = param.default.into_iter().chain([annotation]).flat_map(|expr| module.descendants(expr)).collect();
                let is_elsewhere = said.iter().any(|expr| match module.call(*expr).map(|call| &module.expr(call.callee).kind) {
                    Some(ExprKind::Name(name) | ExprKind::Attribute { name, .. }) => {
                        matches!(name.as_str(), "Depends" | "Query" | "Path" | "Header" | "Cookie" | "Security" | "Parameter" | "Form")
                    }
                    _ => false,
                });
                if is_elsewhere {
                    continue;
                }
                for expr in module.descendants(annotation) {
                    if let Entity::Class(m, c) = resolver.entity(id, expr)
                        && inherits(program, &resolver, m, c, |name| name == "pydantic.BaseModel")
                    {
                        found.insert((m, c));
                    }
                }
            }
        }
    }
    found
}

/// What a field of a model is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    /// A text, a list or a dictionary that nothing bounds.
    Bare,
    /// Something that bounds what it takes.
    Bounded,
    /// A number, a flag, another model.
    Other,
}

fn is_bare(program: &Program, id: ModuleId, class: ClassId) -> bool {
    if is_checked_as_whole(program, id, class, 6) {
        return false;
    }
    let module = program.module(id);
    let fields: Vec<Field> =
        fields::of(module, class).filter_map(|field| Some(of_field(program, id, field.annotation?, field.value))).collect();
    fields.contains(&Field::Bare) && !fields.contains(&Field::Bounded)
}

/// Whether a validator or a setting of a model, or of what it inherits, checks what it takes.
fn is_checked_as_whole(program: &Program, id: ModuleId, class: ClassId, depth: u8) -> bool {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let by_method = module.class(class).methods.iter().any(|method| {
        module.function(*method).decorators.iter().any(|decorator| {
            let callee = module.call(*decorator).map_or(*decorator, |call| call.callee);
            matches!(module.expr(callee).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if name.ends_with("validator"))
        })
    });
    let body = module.block(module.class(class).body).span;
    let text = &program.sources.get(module.file).text;
    let says = text.get(body.start as usize..body.end as usize).is_some_and(|text| {
        ["str_max_length", "max_anystr_length", "str_pattern", "__get_validators__", "__get_pydantic_core_schema__"]
            .iter()
            .any(|word| text.contains(word))
    });
    by_method
        || says
        || module.class(class).bases.iter().filter(|base| base.kind == ArgKind::Positional).any(|base| {
            match resolver.entity(id, base.value) {
                Entity::Class(m, c) => depth > 0 && (is_checked_as_whole(program, m, c, depth - 1) || has_bounded_field(program, m, c)),
                _ => false,
            }
        })
}

fn has_bounded_field(program: &Program, id: ModuleId, class: ClassId) -> bool {
    let module = program.module(id);
    fields::of(module, class)
        .any(|field| field.annotation.is_some_and(|annotation| of_field(program, id, annotation, field.value) == Field::Bounded))
}

fn of_field(program: &Program, id: ModuleId, annotation: ExprId, value: Option<ExprId>) -> Field {
    let module = program.module(id);
    let bounds = value.and_then(|value| module.call(value)).is_some_and(|call| {
        call.args
            .iter()
            .any(|arg| matches!(arg.kind, ArgKind::Keyword(name) if BOUNDS.contains(&name.as_str())) || arg.kind == ArgKind::KeywordSpread)
    });
    if bounds { Field::Bounded } else { of_annotation(program, id, annotation, 8) }
}

fn of_annotation(program: &Program, id: ModuleId, annotation: ExprId, depth: u8) -> Field {
    let Some(depth) = depth.checked_sub(1) else { return Field::Bounded };
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let worst = |parts: &[ExprId]| {
        let all: Vec<Field> = parts.iter().map(|part| of_annotation(program, id, *part, depth)).collect();
        if all.contains(&Field::Bounded) {
            Field::Bounded
        } else if all.contains(&Field::Bare) {
            Field::Bare
        } else {
            Field::Other
        }
    };
    match &module.expr(annotation).kind {
        ExprKind::Null => Field::Other,
        ExprKind::Name(_) | ExprKind::Attribute { .. } => match resolver.entity(id, annotation) {
            Entity::Class(m, c) => {
                let is_model = inherits(program, &resolver, m, c, |name: Ustr| name == "pydantic.BaseModel");
                if is_model { Field::Other } else { Field::Bounded }
            }
            Entity::Builtin(name) | Entity::Library(name) => match name.rsplit('.').next().unwrap_or_default() {
                "str" | "list" | "List" | "dict" | "Dict" | "bytes" | "Any" | "object" | "set" | "Set" | "tuple" | "Mapping"
                | "Sequence" => Field::Bare,
                "int" | "float" | "bool" | "Decimal" | "date" | "datetime" | "time" | "timedelta" | "None" => Field::Other,
                _ => Field::Bounded,
            },
            _ => {
                let (at, origin) = values::origin(program, id, annotation);
                if (at, origin) == (id, annotation) { Field::Bounded } else { of_annotation(program, at, origin, depth) }
            }
        },
        ExprKind::Binary { op: BinaryOp::BitOr, operands } => worst(operands),
        ExprKind::Subscript { object, index, .. } => {
            let (last, parts) = generics::taken_apart(program, id, *object, *index);
            match last.as_str() {
                "Optional" | "Union" => worst(&parts),
                "list" | "List" | "dict" | "Dict" | "set" | "Set" | "Sequence" | "Mapping" | "tuple" => match worst(&parts) {
                    Field::Bounded => Field::Bounded,
                    _ => Field::Bare,
                },
                "Annotated" => {
                    let (first, rest) = parts.split_first().map_or((None, &[][..]), |(first, rest)| (Some(*first), rest));
                    let describes = |part: &ExprId| {
                        let text = program.text(id, *part);
                        text.contains("Field(") && !BOUNDS.iter().any(|bound| text.contains(&format!("{bound}=")))
                            || text.starts_with(['"', '\''])
                    };
                    match first {
                        Some(first) if rest.iter().all(describes) => of_annotation(program, id, first, depth),
                        _ => Field::Bounded,
                    }
                }
                "ClassVar" | "PrivateAttr" => Field::Other,
                _ => Field::Bounded,
            }
        }
        ExprKind::String(text) if matches!(text.trim(), "str" | "dict" | "list") => Field::Bare,
        _ => Field::Bounded,
    }
}
