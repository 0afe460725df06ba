//! What a literal in code is bound to: a name, a header, a parameter, a variable of the environment that it stands in for.

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::{routes, values};

use super::environment::{self, Edit};
use super::{arguments, schema};

/// What a literal is bound to.
#[derive(Clone, PartialEq, Debug)]
pub enum Bound {
    /// It is used where a variable of the environment is not set.
    Fallback {
        /// The variable, or the field of a settings class.
        variable: String,
        /// How the fallback is taken away.
        edit: Option<Edit>,
    },
    /// Something of this name gets it.
    Name(String, How),
    /// It is an argument that is a secret wherever this function is called.
    Argument(String),
    /// A statement of its own: a docstring.
    Documentation,
    /// What a schema shows as an example, or a text for people.
    Example,
    /// Nothing that tells anything.
    Nothing,
}

/// How a name gets a literal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// By assignment.
    Variable,
    /// As a member of an enumeration: the name and the text often are the same.
    Member,
    /// As a keyword argument, or one that a parameter takes.
    Argument,
    /// As the default of a parameter.
    Default,
    /// As the entry of a dictionary, or by a method that sets one.
    Entry,
    /// It is compared with it.
    Compared,
    /// A function of this name returns it.
    Returned,
}

/// Keywords and keys of what is shown to people.
pub(super) const EXAMPLES: &[&str] = &[
    "example",
    "examples",
    "openapi_examples",
    "json_schema_extra",
    "schema_extra",
    "description",
    "help",
    "help_text",
    "placeholder",
    "helperText",
    "epilog",
    "metavar",
];

/// Attributes of elements, beside these, that show a text to people.
const SHOWN: &[&str] = &["title", "label", "hint", "tooltip", "helpText", "alt", "aria-label"];

/// Methods of a text that keep what it says.
const METHODS: &[&str] =
    &["encode", "strip", "decode", "lower", "upper", "get_secret_value", "trim", "toString", "toLowerCase", "toUpperCase"];

/// `PLACEHOLDER_SECRETS`, `mockConfig`
fn is_example_name(name: &str) -> bool {
    const STANDS_FOR: &[&str] =
        &["placeholder", "placeholders", "example", "examples", "mock", "mocked", "mocks", "dummy", "fake", "sample", "samples"];
    EXAMPLES.contains(&name) || super::words(name).iter().any(|word| STANDS_FOR.contains(&word.as_str()))
}

/// Whether a literal is somewhere below an `examples=…` or `"example": …`.
#[must_use]
pub fn is_example(program: &Program, id: ModuleId, literal: ExprId) -> bool {
    let module = program.module(id);
    let mut below = literal;
    for around in module.around(literal) {
        match around {
            Around::Expr(parent) => {
                let is_shown = match &module.expr(parent).kind {
                    ExprKind::Call(call) => call
                        .args
                        .iter()
                        .any(|a| a.value == below && matches!(a.kind, ArgKind::Keyword(name) if EXAMPLES.contains(&name.as_str()))),
                    ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
                        Entry::Pair { key, value } if *value == below => {
                            matches!(module.expr(*key).kind, ExprKind::String(key) if EXAMPLES.contains(&key.as_str()))
                        }
                        _ => false,
                    }),
                    // `placeholder="…"`, `placeholder={'…'}`
                    ExprKind::Opaque(_) => is_shown(program, id, parent),
                    _ => false,
                };
                if is_shown {
                    return true;
                }
                below = parent;
            }
            Around::Stmt(stmt, _) => {
                let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind else { return false };
                return targets.iter().any(|t| name_of(program, id, *t).is_some_and(|name| is_example_name(&name)))
                    || matches!(targets[..], [only] if is_only_shown(program, id, only));
            }
            _ => return false,
        }
    }
    false
}

/// Whether an expression is an attribute of an element that shows a text to people.
fn is_shown(program: &Program, id: ModuleId, attribute: ExprId) -> bool {
    let is_element = program.module(id).language == Language::TypeScript;
    let name = program.text(id, attribute).split_once('=').map(|(name, _)| name.trim_end()).filter(|_| is_element);
    name.is_some_and(|name| EXAMPLES.contains(&name) || SHOWN.contains(&name))
}

/// Whether all that is done with a constant of a file is to show it so: `placeholder={holder}`.
fn is_only_shown(program: &Program, id: ModuleId, target: ExprId) -> bool {
    let module = program.module(id);
    let ExprKind::Name(name) = module.expr(target).kind else { return false };
    if module.language != Language::TypeScript || program.bindings(id, module.exports, name).next().is_some() {
        return false;
    }
    let mut uses = program.mentions(id, name).filter(|e| *e != target).peekable();
    let in_attribute = |e: ExprId| {
        let mut around = module.around(e).take_while(|around| matches!(around, Around::Expr(_)));
        around.any(
            |around| matches!(around, Around::Expr(e) if matches!(module.expr(e).kind, ExprKind::Opaque(_)) && is_shown(program, id, e)),
        )
    };
    uses.peek().is_some() && uses.all(in_attribute)
}

/// What the literal is bound to, through what only wraps it.
#[must_use]
pub fn bound(program: &Program, id: ModuleId, literal: ExprId) -> Bound {
    let module = program.module(id);
    let mut value = literal;
    loop {
        let parent = match module.expr_parents[value.index()] {
            Parent::Expr(parent) => parent,
            Parent::Stmt(stmt) => return of_statement(program, id, stmt, value),
            Parent::Function(function) => {
                let function = module.function(function);
                if matches!(function.body, FunctionBody::Expr(body) if body == value) {
                    return returned(function);
                }
                let param = function.params.iter().find(|param| param.default == Some(value));
                return param.map_or(Bound::Nothing, |param| Bound::Name(param.name.to_string(), How::Default));
            }
            Parent::Class(_) | Parent::Module => return Bound::Nothing,
        };
        match &module.expr(parent).kind {
            ExprKind::Logical { op: LogicalOp::Or | LogicalOp::Coalesce, operands } => {
                let before = operands.iter().take_while(|operand| **operand != value);
                if let Some(read) = before.filter_map(|operand| environment::read(program, id, *operand)).last() {
                    let edit = (operands.len() == 2).then_some(Edit::Whole(parent));
                    return Bound::Fallback { variable: read.variable, edit };
                }
                value = parent;
            }
            ExprKind::Logical { operands, .. } if operands.last() == Some(&value) => value = parent,
            // `os.environ["X"] if … else "…"`
            ExprKind::Conditional { test, then, otherwise } if *test != value => {
                let other = if *then == value { *otherwise } else { *then };
                if let Some(read) = environment::read(program, id, other).filter(|read| super::is_secret(&read.variable)) {
                    return Bound::Fallback { variable: read.variable, edit: None };
                }
                value = parent;
            }
            ExprKind::Binary { op: BinaryOp::Add, .. } if values::text(program, id, parent).is_some() => value = parent,
            ExprKind::Attribute { object, name, .. } if *object == value && METHODS.contains(&name.as_str()) => {
                match module.expr_parents[parent.index()] {
                    Parent::Expr(call) if module.call(call).is_some_and(|c| c.callee == parent) => value = call,
                    _ => return Bound::Nothing,
                }
            }
            ExprKind::Call(call) => match arguments::of_argument(program, id, parent, call, value) {
                Some(bound) => return bound,
                None => value = parent,
            },
            ExprKind::Object(entries) => {
                let Some(key) = environment::key_of(program, id, entries, value) else { return Bound::Nothing };
                if let Some(function) = arguments::given_in_options(program, id, parent, &key) {
                    return Bound::Argument(function);
                }
                let is_default = key == "default" && module.language == Language::TypeScript;
                return if is_default { schema::of_key(program, id, parent, entries) } else { Bound::Name(key, How::Entry) };
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => return of_item(program, id, parent, items, value),
            ExprKind::Compare { operands, ops } => return compared(program, id, operands, ops, value),
            ExprKind::Assign { target, value: v } if *v == value => {
                if let Some(variable) = environment::in_pattern(program, id, parent) {
                    return Bound::Fallback { variable, edit: Some(Edit::Pattern(parent)) };
                }
                if module.is_pattern(parent) {
                    return name_of(program, id, *target).map_or(Bound::Nothing, |name| Bound::Name(name, How::Default));
                }
                return name_of(program, id, *target).map_or(Bound::Nothing, |name| Bound::Name(name, How::Variable));
            }
            _ => return Bound::Nothing,
        }
    }
}

/// What a function of this name gives.
fn returned(function: &Function) -> Bound {
    let words = super::words(&function.name);
    let is_verb = words.len() > 1 && words.first().is_some_and(|first| matches!(first.as_str(), "get" | "load" | "fetch" | "read"));
    let name = if is_verb { words[1..].join("_") } else { function.name.to_string() };
    if function.name.is_empty() { Bound::Nothing } else { Bound::Name(name, How::Returned) }
}

fn of_statement(program: &Program, id: ModuleId, stmt: StmtId, value: ExprId) -> Bound {
    let module = program.module(id);
    match &module.stmt(stmt).kind {
        StmtKind::Assign { targets, value: Some(v), .. } if *v == value => {
            let names: Vec<String> = targets.iter().filter_map(|target| name_of(program, id, *target)).collect();
            let Some(name) = names.iter().find(|name| super::is_secret(name)).or(names.first()) else { return Bound::Nothing };
            if let Parent::Class(class) = module.block_parents[module.stmt_parents[stmt.index()].index()] {
                let resolver = Resolver::new(program);
                if routes::inherits(program, &resolver, id, class, |base| base.ends_with(".BaseSettings")) {
                    return Bound::Fallback { variable: name.clone(), edit: Some(Edit::Field(stmt)) };
                }
                let is_enum = module.language == Language::TypeScript && {
                    let whole = program.sources.slice(program.span_place(id, module.class(class).span));
                    whole.starts_with("enum ") || whole.starts_with("const enum ")
                };
                if is_enum || routes::inherits(program, &resolver, id, class, |base| base.starts_with("enum.")) {
                    return Bound::Name(name.clone(), How::Member);
                }
            }
            Bound::Name(name.clone(), How::Variable)
        }
        StmtKind::Return(_) => module.function_of_stmt(stmt).map_or(Bound::Nothing, |function| returned(module.function(function))),
        StmtKind::Expr(_) => Bound::Documentation,
        _ => Bound::Nothing,
    }
}

/// An item of a list or tuple: one of several values, a header, or a part of a login.
fn of_item(program: &Program, id: ModuleId, parent: ExprId, items: &[ExprId], value: ExprId) -> Bound {
    let module = program.module(id);
    let Some(index) = items.iter().position(|item| *item == value) else { return Bound::Nothing };
    let is_second_of_two = items.len() == 2 && index == 1;
    match module.expr_parents[parent.index()] {
        // `user, password = "a", "b"`
        Parent::Stmt(stmt) => {
            let StmtKind::Assign { targets, value: Some(v), .. } = &module.stmt(stmt).kind else { return Bound::Nothing };
            let target = targets.iter().find_map(|target| match &module.expr(*target).kind {
                ExprKind::Tuple(names) | ExprKind::List(names) if names.len() == items.len() && *v == parent => names.get(index),
                _ => None,
            });
            let name = target.and_then(|target| name_of(program, id, *target));
            name.map_or(Bound::Nothing, |name| Bound::Name(name, How::Variable))
        }
        Parent::Expr(outer) => match &module.expr(outer).kind {
            // `auth=("user", "password")`
            // `cookieSession({ keys: ['…'] })`
            ExprKind::Object(entries) if module.language == Language::TypeScript => {
                let key = environment::key_of(program, id, entries, parent);
                let function = key.and_then(|key| arguments::given_in_options(program, id, outer, &key));
                function.map_or(Bound::Nothing, Bound::Argument)
            }
            ExprKind::Call(call) if module.language == Language::TypeScript => {
                match arguments::of_argument(program, id, outer, call, parent) {
                    Some(bound @ Bound::Argument(_)) => bound,
                    _ => Bound::Nothing,
                }
            }
            ExprKind::Call(call) => {
                let is_login = |arg: &Arg| {
                    arg.value == parent
                        && matches!(arg.kind, ArgKind::Keyword(name) if matches!(name.as_str(), "auth" | "basic_auth" | "http_auth"))
                };
                if is_second_of_two && call.args.iter().any(is_login) {
                    return Bound::Name("password".to_owned(), How::Argument);
                }
                Bound::Nothing
            }
            // `api_key in ("…", "…")`
            ExprKind::Compare { operands, ops } => compared(program, id, operands, ops, parent),
            // `[("Authorization", "Bearer …")]`
            ExprKind::List(_) | ExprKind::Tuple(_) if is_second_of_two => {
                values::text(program, id, items[0]).map_or(Bound::Nothing, |key| Bound::Name(key, How::Entry))
            }
            _ => Bound::Nothing,
        },
        _ => Bound::Nothing,
    }
}

fn compared(program: &Program, id: ModuleId, operands: &[ExprId], ops: &[CompareOp], value: ExprId) -> Bound {
    let ([left, right], [op]) = (operands, ops) else { return Bound::Nothing };
    let other = if *left == value { *right } else { *left };
    let compares = matches!(op, CompareOp::Eq | CompareOp::NotEq)
        || (matches!(op, CompareOp::In | CompareOp::NotIn) && *right == value && is_list(program, id, value));
    match name_of(program, id, other) {
        Some(name) if compares => Bound::Name(name, How::Compared),
        _ => Bound::Nothing,
    }
}

fn is_list(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    matches!(program.module(id).expr(expr).kind, ExprKind::Tuple(_) | ExprKind::List(_) | ExprKind::Set(_))
}

/// The name that a thing goes by: of a variable, an attribute, a key, what is read by key.
pub(super) fn name_of(program: &Program, id: ModuleId, expr: ExprId) -> Option<String> {
    let module = program.module(id);
    let mut expr = expr;
    loop {
        match &module.expr(expr).kind {
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => return Some(name.to_string()),
            ExprKind::Subscript { index, .. } => return values::text(program, id, *index),
            ExprKind::Await(inner) => expr = *inner,
            ExprKind::Call(call) => match &module.expr(call.callee).kind {
                ExprKind::Attribute { object, name, .. } if METHODS.contains(&name.as_str()) => expr = *object,
                _ => return call.args.first().and_then(|arg| values::text(program, id, arg.value)),
            },
            _ => return None,
        }
    }
}
