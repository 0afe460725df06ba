//! What a call does with a body that it is given: a schema checks it, a test looks at it, a parser reads it.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::cleanup::words;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::inherits;

/// What a call does with an argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It applies a schema.
    Validates,
    /// It tests what it is given.
    Tests,
    /// It reads a text as data: what it gives is a body of its own.
    Parses,
    /// It gives the same in another form.
    Keeps,
    /// It shows it to somebody, and does nothing else.
    Shows,
    /// It gives true or false, whatever it is given.
    Flags,
    /// Something else.
    Other,
}

/// Methods and functions that apply a schema, whatever library they are of.
const VALIDATORS: [&str; 34] = [
    "parse",
    "safeParse",
    "parseAsync",
    "safeParseAsync",
    "validate",
    "validateAsync",
    "validateSync",
    "validateOrReject",
    "validate_python",
    "validate_json",
    "model_validate",
    "model_validate_json",
    "model_validate_strings",
    "parse_obj",
    "parse_raw",
    "parse_obj_as",
    "load",
    "loads",
    "structure",
    "convert",
    "Check",
    "Decode",
    "Parse",
    "Assert",
    "assert",
    "validate_strings",
    "is_valid",
    "iter_errors",
    "expects",
    "mask",
    "create",
    "assertEquals",
    "parseBody",
    "from_dict",
];

/// Classes that check what they are made of, and the names that those of libraries end in.
const SCHEMAS: [&str; 7] = ["pydantic.", "django.forms.", "wtforms.", "flask_wtf.", "rest_framework.", "sqlmodel.", "odmantic."];
const SCHEMA_NAMES: [&str; 4] = ["Serializer", "Form", "Schema", "Validator"];

/// Functions that read a text as data.
const PARSERS: [&str; 9] = ["json", "orjson", "ujson", "simplejson", "yaml", "rapidjson", "toml", "msgpack", "js:globalThis.JSON"];

/// What a call does with what it is given.
pub(super) fn of_call(program: &Program, id: ModuleId, call: &Call, callee: Entity) -> Verdict {
    let module = program.module(id);
    let method = match module.expr(call.callee).kind {
        ExprKind::Attribute { name, .. } | ExprKind::Name(name) => name,
        _ => Ustr::default(),
    };
    let library = callee.library();
    match callee {
        Entity::Builtin(name) => {
            return match name.as_str() {
                "isinstance" | "all" | "any" | "hasattr" | "callable" => Verdict::Tests,
                "len" | "type" | "dict" | "list" | "set" | "tuple" | "sorted" | "iter" | "next" | "enumerate" | "reversed" | "bytes" => {
                    Verdict::Keeps
                }
                "print" | "repr" => Verdict::Shows,
                "bool" => Verdict::Flags,
                _ => Verdict::Other,
            };
        }
        Entity::Function(_) => {
            // The project's own log.
            return if is_of_log(program, id, call) { Verdict::Shows } else { Verdict::Other };
        }
        Entity::Class(m, c) => return if is_schema(program, m, c) { Verdict::Validates } else { Verdict::Other },
        Entity::Library(name) => {
            // Whoever is asked next has a schema of its own.
            if program.apis.row(name).is_some_and(|row| row.is(Role::HttpCall)) {
                return Verdict::Shows;
            }
            let last = name.rsplit('.').next().unwrap_or_default();
            if PARSERS.iter().any(|parser| name.starts_with(parser) && name[parser.len()..].starts_with('.')) {
                return if matches!(last, "dumps" | "stringify" | "dump" | "safe_dump") { Verdict::Shows } else { Verdict::Parses };
            }
            match name.as_str() {
                "typing.cast" | "copy.deepcopy" | "copy.copy" => return Verdict::Keeps,
                "js:globalThis.Boolean" => return Verdict::Flags,
                _ if name.starts_with("base64.")
                    || name.starts_with("js:buffer.Buffer")
                    || name.starts_with("js:globalThis.Buffer")
                    || matches!(name.as_str(), "js:globalThis.String" | "js:globalThis.Number")
                    || name.starts_with("js:globalThis.Object.") =>
                {
                    return Verdict::Keeps;
                }
                _ if matches!(last, "plainToInstance" | "plainToClass" | "instanceToPlain") => return Verdict::Keeps,
                _ if name.starts_with("attr.") || name.starts_with("attrs.") => return Verdict::Validates,
                _ => {}
            }
            let is_of_forms = ["pydantic.", "django.forms.", "wtforms.", "flask_wtf."].iter().any(|schema| name.starts_with(schema));
            if is_of_forms {
                return Verdict::Validates;
            }
        }
        _ => {}
    }
    let name = method.as_str();
    if is_log(program, id, call, library) {
        return Verdict::Shows;
    }
    if is_compiled(program, id, call) {
        return Verdict::Validates;
    }
    if writes_by_schema(program, id, call, name) {
        return Verdict::Validates;
    }
    let lower = name.to_ascii_lowercase();
    let is_form = words(name).iter().any(|word| matches!(word.as_str(), "form" | "formset" | "serializer"));
    let reads = ["from", "deserialize", "unmarshal"].iter().any(|prefix| lower.starts_with(prefix) && lower.len() > prefix.len());
    let by_name = is_form
        || reads
        || ["valid", "schema", "sanitiz", "verif"].iter().any(|word| lower.contains(word))
        || SCHEMA_NAMES.iter().any(|end| name.ends_with(end));
    // Whoever reads messages of a protocol for signing in checks their form and signature first.
    let callee = program.text(id, call.callee).to_ascii_lowercase();
    let by_name = by_name || ["saml", "oauth", "oidc"].iter().any(|protocol| callee.contains(protocol));
    let is_storage = name == "create"
        || name == "load"
            && library.is_some_and(|name| !name.contains("marshmallow") && !name.contains("Schema") && program.apis.row(name).is_some());
    if by_name || (VALIDATORS.contains(&name) && !is_storage && name != "create") {
        return Verdict::Validates;
    }
    // `Array.isArray(tags)`, `Number.isInteger(age)`, `_.isString(name)`
    let is_predicate = name.starts_with("is_") || name.strip_prefix("is").is_some_and(|rest| rest.starts_with(char::is_uppercase));
    if is_predicate || matches!(name, "test" | "match" | "fullmatch" | "has") {
        return Verdict::Tests;
    }
    if name == "includes" || name == "indexOf" {
        return Verdict::Tests;
    }
    Verdict::Other
}

/// Whether a call writes to a log.
fn is_log(program: &Program, id: ModuleId, call: &Call, library: Option<Ustr>) -> bool {
    let by_row = library.and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Logging));
    by_row || is_of_log(program, id, call)
}

/// `log.debug(…)`, `this.logger.warn(…)`
fn is_of_log(program: &Program, id: ModuleId, call: &Call) -> bool {
    let ExprKind::Attribute { object, .. } = program.module(id).expr(call.callee).kind else { return false };
    let last = program.text(id, object).rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(last.as_str(), "log" | "logger" | "_logger" | "logging" | "console")
}

/// `const isOrder = ajv.compile(schema)`, and `isOrder(body)`
fn is_compiled(program: &Program, id: ModuleId, call: &Call) -> bool {
    let module = program.module(id);
    if !matches!(module.expr(call.callee).kind, ExprKind::Name(_) | ExprKind::Attribute { .. }) {
        return false;
    }
    let (at, origin) = crate::model::values::origin(program, id, call.callee);
    let made = program.module(at).call(origin).map(|made| &program.module(at).expr(made.callee).kind);
    matches!(made, Some(ExprKind::Attribute { name, .. } | ExprKind::Name(name))
        if matches!(name.as_str(), "compile" | "compileAsync" | "getSchema" | "createValidate" | "createIs" | "createAssert" | "Compile"))
}

/// Objection: `Order.query().patch(body)`, where `Order` has a JSON schema, which is asked before anything is written.
fn writes_by_schema(program: &Program, id: ModuleId, call: &Call, method: &str) -> bool {
    if !["insert", "patch", "update", "upsert"].iter().any(|verb| method.starts_with(verb)) {
        return false;
    }
    let module = program.module(id);
    let (mut at, mut first) = (call.callee, Ustr::default());
    loop {
        at = match &module.expr(at).kind {
            ExprKind::Attribute { object, name, .. } => {
                first = *name;
                *object
            }
            ExprKind::Call(inner) => inner.callee,
            _ => break,
        };
    }
    let Entity::Class(m, class) = Resolver::new(program).entity(id, at) else { return false };
    // The schema is asked by the queries of the model alone, not by what reaches below or beside them.
    if first != "query" || !program.module(m).imports.iter().any(|import| import.module == "objection") {
        return false;
    }
    let (name, owner) = (Ustr::from("jsonSchema"), program.module(m));
    let is_method = owner.class(class).methods.iter().any(|method| owner.function(*method).name == name);
    is_method || !program.attribute(m, class, name).is_empty()
}

/// Whether a class of the project checks what it is made of: a model of pydantic, a form, a serializer, a class of attrs.
pub(super) fn is_schema(program: &Program, id: ModuleId, class: ClassId) -> bool {
    let is_base = |name: Ustr| SCHEMAS.iter().any(|schema| name.starts_with(schema)) || name.starts_with("marshmallow.");
    let resolver = Resolver::new(program);
    let module = program.module(id);
    let is_attrs = module.class(class).decorators.iter().any(|decorator| {
        let callee = module.call(*decorator).map_or(*decorator, |call| call.callee);
        resolver.entity(id, callee).library().is_some_and(|name| name.starts_with("attr") || name.starts_with("pydantic.dataclasses"))
    });
    is_attrs || inherits(program, &resolver, id, class, is_base)
}
