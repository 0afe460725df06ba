//! Origins that a service lets read its answers: whether a value allows any.

use crate::ir::program::*;
use crate::model::development;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::secrets::environment;
use crate::model::values::{self, Value};

/// The header that says who may read an answer.
pub const HEADER: &str = "access-control-allow-origin";

/// How deep values are put together of others.
const DEPTH: u32 = 12;

/// How any origin comes to be allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Any {
    /// `*`.
    Star,
    /// A pattern that all match.
    Pattern,
    /// The origin of the request, whatever it is.
    Reflected,
    /// `*` where the environment says nothing else.
    Fallback,
}

/// Whether a value of origins allows any.
#[must_use]
pub fn any(program: &Program, id: ModuleId, expr: ExprId) -> Option<Any> {
    of(program, id, expr, DEPTH)
}

fn of(program: &Program, id: ModuleId, expr: ExprId, depth: u32) -> Option<Any> {
    let depth = depth.checked_sub(1)?;
    let (id, expr) = values::origin(program, id, expr);
    let module = program.module(id);
    let is_script = module.language == Language::TypeScript;
    let first = |exprs: &[ExprId]| exprs.iter().find_map(|part| of(program, id, *part, depth));
    if let Some(environment::Read { default: Some(default), .. }) = environment::read(program, id, expr) {
        return of(program, id, default, depth).map(|_| Any::Fallback);
    }
    if let Some(default) = values::default(program, id, expr) {
        return of(program, id, default, depth);
    }
    match &module.expr(expr).kind {
        ExprKind::String(text) => text.split(',').any(|part| part.trim() == "*").then_some(Any::Star),
        ExprKind::Bool(true) if is_script => Some(Any::Reflected),
        ExprKind::List(items) | ExprKind::Tuple(items) => first(items),
        ExprKind::Spread(inner) | ExprKind::Await(inner) => of(program, id, *inner, depth),
        // Whatever comes behind is used where the environment says nothing.
        ExprKind::Logical { operands, .. } => {
            let found = first(operands)?;
            Some(if found == Any::Reflected { found } else { Any::Fallback })
        }
        ExprKind::Comprehension(comprehension) => match comprehension.clauses.first() {
            Some(Clause::For { iter, .. }) => of(program, id, *iter, depth),
            _ => None,
        },
        ExprKind::Conditional { test, then, otherwise } => {
            let asks = program.text(id, *test);
            let asks_environment = ["environ", "getenv", "process.env", "prod", "PROD"].iter().any(|name| asks.contains(name));
            // What developers alone get is theirs.
            let branch = |branch: ExprId| of(program, id, branch, depth).filter(|_| !development::runs(program, id, branch));
            match [branch(*then), branch(*otherwise)] {
                [Some(any), Some(_)] => Some(any),
                [Some(any), None] if development::runs(program, id, *otherwise) => Some(any),
                [None, Some(any)] if development::runs(program, id, *then) => Some(any),
                [Some(_), None] | [None, Some(_)] if asks_environment => Some(Any::Fallback),
                _ => None,
            }
        }
        ExprKind::Binary { op: BinaryOp::Add, operands } => first(operands),
        // `request.headers.get("Origin")`
        ExprKind::Call(call) if is_header_of_request(program, id, call) => Some(Any::Reflected),
        ExprKind::Call(call) => match module.expr(call.callee).kind {
            // `"*".split(",")`
            ExprKind::Attribute { object, name, .. }
                if matches!(name.as_str(), "split" | "map" | "filter" | "trim" | "strip" | "toString") =>
            {
                of(program, id, object, depth)
            }
            _ if is_container(program, id, expr) => first(&call.args.iter().map(|arg| arg.value).collect::<Vec<_>>()),
            _ => None,
        },
        // `field(default_factory=lambda: ["*"])`
        ExprKind::Function(function) if !is_script => match module.function(*function).body {
            FunctionBody::Expr(value) => of(program, id, value, depth),
            FunctionBody::Block(_) => None,
        },
        ExprKind::Function(function) => allows_all(program, FunctionRef { module: id, function: *function }).then_some(Any::Reflected),
        ExprKind::Attribute { .. } | ExprKind::Subscript { .. } if is_origin_of_request(program, id, expr) => Some(Any::Reflected),
        _ if is_script && is_wide_pattern(program.text(id, expr)) => Some(Any::Pattern),
        _ => match Resolver::new(program).entity(id, expr) {
            Entity::Function(function) if is_script => allows_all(program, function).then_some(Any::Reflected),
            _ => None,
        },
    }
}

/// `list(…)`, `set(…)`, `Field(default=[…])`, `Field(["*"])`.
fn is_container(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    match program.callee(id, expr) {
        Entity::Builtin(name) => matches!(name.as_str(), "list" | "tuple" | "set" | "frozenset" | "sorted"),
        Entity::Library(name) => {
            matches!(name.as_str(), "pydantic.Field" | "dataclasses.field" | "js:globalThis.Array.from" | "js:globalThis.Set")
        }
        _ => false,
    }
}

/// Whether a pattern, or one of several, matches any origin.
#[must_use]
pub fn any_pattern(program: &Program, id: ModuleId, expr: ExprId) -> Option<Any> {
    pattern(program, id, expr, DEPTH)
}

fn pattern(program: &Program, id: ModuleId, expr: ExprId, depth: u32) -> Option<Any> {
    let depth = depth.checked_sub(1)?;
    let (at, origin) = values::origin(program, id, expr);
    let module = program.module(at);
    match &module.expr(origin).kind {
        ExprKind::List(items) | ExprKind::Tuple(items) => items.iter().find_map(|item| pattern(program, at, *item, depth)),
        ExprKind::Call(call) => call.args.first().and_then(|arg| pattern(program, at, arg.value, depth)),
        _ => match values::value(program, at, origin) {
            Value::Text(text) => is_wide(&text).then_some(Any::Pattern),
            _ => None,
        },
    }
}

/// `/.*/`
fn is_wide_pattern(text: &str) -> bool {
    let inner = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')).map(|(pattern, _)| pattern);
    inner.is_some_and(is_wide)
}

/// Whether a pattern takes any host of a scheme.
fn is_wide(pattern: &str) -> bool {
    let pattern = pattern.trim_start_matches('^').trim_end_matches('$').replace("\\/", "/");
    let host = ["https?://", "http(s)?://", "(https?)://", "https://", "http://", "(http|https)://"]
        .iter()
        .find_map(|scheme| pattern.strip_prefix(scheme));
    matches!(host.unwrap_or(&pattern), ".*" | ".+" | "(.*)" | "(.+)" | ".*?" | "") && (host.is_some() || !pattern.is_empty())
}

/// `request.headers.origin`, `request.headers["Origin"]`.
fn is_origin_of_request(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let (object, name) = match &module.expr(expr).kind {
        ExprKind::Attribute { object, name, .. } => (*object, name.to_string()),
        ExprKind::Subscript { object, index, .. } => match values::text(program, id, *index) {
            Some(name) => (*object, name),
            None => return false,
        },
        _ => return false,
    };
    name.eq_ignore_ascii_case("origin") && matches!(module.expr(object).kind, ExprKind::Attribute { name, .. } if name == "headers")
}

fn is_header_of_request(program: &Program, id: ModuleId, call: &Call) -> bool {
    let module = program.module(id);
    let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return false };
    let is_name =
        |arg: &Arg| values::text(program, id, arg.value).is_some_and(|text| text.eq_ignore_ascii_case("origin") || text == "HTTP_ORIGIN");
    let of_headers = matches!(module.expr(object).kind, ExprKind::Attribute { name, .. } if matches!(name.as_str(), "headers" | "META"));
    let reads = (name == "get" && of_headers)
        || matches!(name.as_str(), "header" | "getHeader")
        || (name == "get" && module.language == Language::TypeScript);
    reads && call.args.first().is_some_and(is_name)
}

/// Whether a function that is asked about an origin says yes to all: `(origin, callback) => callback(null, true)`.
fn allows_all(program: &Program, function: FunctionRef) -> bool {
    let module = program.module(function.module);
    let f = module.function(function.function);
    let says_yes = |value: ExprId| match &module.expr(value).kind {
        ExprKind::Bool(true) => true,
        ExprKind::Name(name) => f.params.first().is_some_and(|param| param.name == *name),
        ExprKind::Call(call) => {
            let calls_back =
                matches!(module.expr(call.callee).kind, ExprKind::Name(name) if f.params.get(1).is_some_and(|param| param.name == name));
            let yes = call.args.get(1).is_some_and(|arg| match module.expr(arg.value).kind {
                ExprKind::Bool(true) => true,
                ExprKind::Name(name) => f.params.first().is_some_and(|param| param.name == name),
                _ => false,
            });
            (calls_back && yes) || is_header_of_request(program, function.module, call)
        }
        ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => is_origin_of_request(program, function.module, value),
        _ => false,
    };
    match f.body {
        FunctionBody::Expr(value) => says_yes(value),
        // Nothing is asked on the way.
        FunctionBody::Block(body) => {
            let says = |stmt: &StmtId| match module.stmt(*stmt).kind {
                StmtKind::Expr(value) | StmtKind::Return(Some(value)) => Some(says_yes(value)),
                _ => None,
            };
            let said: Option<Vec<bool>> = module.block(body).stmts.iter().map(says).collect();
            said.is_some_and(|said| said.contains(&true))
        }
    }
}
