//! What a literal is bound to as an argument of a call.

use crate::ir::program::*;
use crate::model::calls::argument;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

use super::bound::{Bound, EXAMPLES, How, name_of};
use super::{environment, schema};

/// Functions that give back what they are given, in another type or with a description.
const WRAPPERS: &[&str] =
    &["SecretStr", "SecretBytes", "Secret", "str", "bytes", "Field", "Header", "Query", "Cookie", "Form", "Body", "b64decode", "field"];

/// Methods that set or read something by its name.
const SETS: &[&str] = &[
    "get",
    "pop",
    "setdefault",
    "set",
    "add",
    "add_header",
    "set_header",
    "putheader",
    "append_header",
    "putenv",
    "append",
    "header",
    "setHeader",
    "setRequestHeader",
    "setItem",
];

/// An argument of a call; nothing where the call only wraps it.
pub(super) fn of_argument(program: &Program, id: ModuleId, expr: ExprId, call: &Call, value: ExprId) -> Option<Bound> {
    let module = program.module(id);
    let Some(arg) = call.args.iter().find(|arg| arg.value == value) else { return Some(Bound::Nothing) };
    if let Some(read) = environment::read(program, id, expr) {
        let is_default = read.default == Some(value);
        return Some(if is_default { Bound::Fallback { variable: read.variable, edit: read.edit } } else { Bound::Nothing });
    }
    if module.language == Language::TypeScript
        && let Some(bound) = schema::of_method(program, id, expr, call)
    {
        return Some(bound);
    }
    let callee = program.callee(id, expr);
    let name = match (callee, &module.expr(call.callee).kind) {
        (Entity::Library(path) | Entity::Builtin(path), _) => path.as_str().rsplit('.').next().unwrap_or_default(),
        (_, ExprKind::Attribute { name, .. } | ExprKind::Name(name)) => name.as_str(),
        _ => "",
    };
    let first = call.args.first().filter(|first| first.kind == ArgKind::Positional && first.value != value);
    let first_text = || first.and_then(|first| values::text(program, id, first.value));
    let position = call.args.iter().take_while(|a| a.kind == ArgKind::Positional).position(|a| a.value == value);
    if let ArgKind::Keyword(keyword) = arg.kind {
        if matches!(keyword.as_str(), "default" | "value") {
            if WRAPPERS.contains(&name) || name == "mapped_column" {
                return None;
            }
            // An option of a command line.
            let option = first_text().filter(|text| text.starts_with('-')).map(|text| text.trim_start_matches('-').to_owned());
            return Some(option.map_or(Bound::Nothing, |option| Bound::Name(option, How::Default)));
        }
        return Some(if EXAMPLES.contains(&keyword.as_str()) { Bound::Example } else { Bound::Name(keyword.to_string(), How::Argument) });
    }
    let Some(position) = position else { return Some(Bound::Nothing) };
    let row = callee.library().and_then(|path| program.apis.row(path));
    let gives_it_back = row.is_some_and(|row| row.returns.as_deref() == Some("arg[0]"));
    if position == 0 && (gives_it_back || module.language == Language::Python && WRAPPERS.contains(&name)) {
        return None;
    }
    if matches!(callee, Entity::Library(path) if path.ends_with("compare_digest") || path.ends_with("timingSafeEqual")) {
        let other = call.args.iter().find(|a| a.value != value).and_then(|other| name_of(program, id, other.value));
        return Some(other.map_or(Bound::Nothing, |name| Bound::Name(name, How::Compared)));
    }
    if row.and_then(|row| row.secret.as_ref()).is_some_and(|secret| secret.keys.is_empty() && secret.position == position) {
        return Some(Bound::Argument(program.text(id, call.callee).to_owned()));
    }
    // `headers.set("Authorization", …)`, `options.get("api_key", …)`, `setattr(client, "api_key", …)`
    if position == 1 && SETS.contains(&name) {
        return Some(first_text().map_or(Bound::Nothing, |key| Bound::Name(key, How::Entry)));
    }
    if position == 2 && matches!(name, "getattr" | "setattr") {
        let key = argument(call, Some(1), &[]).and_then(|key| values::text(program, id, key));
        return Some(key.map_or(Bound::Nothing, |key| Bound::Name(key, How::Entry)));
    }
    let function = match callee {
        Entity::Function(function) => Some(function),
        Entity::Class(m, class) if module.language == Language::TypeScript => {
            let methods = &program.module(m).class(class).methods;
            let constructor = methods.iter().find(|method| program.module(m).function(**method).name == "constructor");
            constructor.map(|function| FunctionRef { module: m, function: *function })
        }
        _ => None,
    };
    if let Some(function) = function {
        let params = &program.function(function).params;
        let is_method = params.first().is_some_and(|p| matches!(p.name.as_str(), "self" | "cls"));
        let param = params.get(position + usize::from(is_method)).filter(|p| p.kind == ParamKind::Normal);
        return Some(param.map_or(Bound::Nothing, |param| Bound::Name(param.name.to_string(), How::Argument)));
    }
    Some(Bound::Nothing)
}

/// The function that takes a secret under this key of an object of options: `session({ secret: … })`.
pub(super) fn given_in_options(program: &Program, id: ModuleId, object: ExprId, key: &str) -> Option<String> {
    let module = program.module(id);
    let Parent::Expr(parent) = module.expr_parents[object.index()] else { return None };
    // `auth: { pass: … }`
    if let ExprKind::Object(entries) = &module.expr(parent).kind {
        let outer = environment::key_of(program, id, entries, object)?;
        return if key.contains('.') { None } else { given_in_options(program, id, parent, &format!("{outer}.{key}")) };
    }
    let call = module.call(parent)?;
    let position = call.args.iter().position(|arg| arg.value == object)?;
    let takes = |entity: Entity| {
        let secret = entity.library().and_then(|path| program.apis.row(path)).and_then(|row| row.secret.as_ref());
        secret.is_some_and(|secret| secret.position == position && secret.keys.iter().any(|taken| taken == key))
    };
    if takes(program.callee(id, parent)) {
        return Some(program.text(id, call.callee).to_owned());
    }
    // `fastify.register(jwt, { secret: … })`
    let plugin = call.args.first().filter(|_| position > 0)?.value;
    takes(Resolver::new(program).entity(id, plugin)).then(|| program.text(id, plugin).to_owned())
}
