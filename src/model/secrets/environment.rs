//! Reads of the environment, and how their fallbacks are taken away.

use crate::ir::program::*;
use crate::model::apis::Environment;
use crate::model::calls::argument;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::values;

/// A read of a variable of the environment.
#[derive(Clone, PartialEq, Debug)]
pub struct Read {
    /// The variable.
    pub variable: String,
    /// What is used where it is not set.
    pub default: Option<ExprId>,
    /// How that is taken away.
    pub edit: Option<Edit>,
}

/// What a fallback is taken away from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edit {
    /// `os.getenv("X", "…")`: becomes a call or look-up that demands the variable.
    Call(ExprId),
    /// `os.getenv("X") or "…"`, `process.env.X || '…'`: the read alone, which demands the variable.
    Whole(ExprId),
    /// `env("X", default="…")`: without its default the call demands the variable.
    Argument(ExprId),
    /// A field of a settings class: without its default the class demands it.
    Field(StmtId),
    /// `const { X = '…' } = process.env`: the pattern without its default.
    Pattern(ExprId),
    /// `z.string().default('…')`: the chain without this call.
    Method(ExprId),
}

/// The read of the environment that an expression is.
#[must_use]
pub fn read(program: &Program, id: ModuleId, expr: ExprId) -> Option<Read> {
    let module = program.module(id);
    let plain = |variable: String| Some(Read { variable, default: None, edit: None });
    match &module.expr(expr).kind {
        ExprKind::Subscript { object, index, .. } if is_environment(program, id, *object) => plain(values::text(program, id, *index)?),
        ExprKind::Attribute { object, name, .. } if module.language == Language::TypeScript && is_environment(program, id, *object) => {
            plain(name.to_string())
        }
        ExprKind::Name(name) if module.language == Language::TypeScript => plain(taken(program, id, expr, *name)?),
        ExprKind::Call(call) => {
            let environment = reader(program, id, expr)?;
            let keyword: Vec<&str> = environment.keyword.iter().map(String::as_str).collect();
            let variable = values::text(program, id, argument(call, environment.variable, &keyword)?)?;
            let key: Vec<&str> = environment.key.iter().map(String::as_str).collect();
            let default = argument(call, environment.fallback, &key).filter(|_| environment.fallback.is_some() || !key.is_empty());
            let default = default.and_then(|default| match &module.expr(default).kind {
                ExprKind::Object(entries) => entry(program, id, entries, environment.key.as_deref()?),
                _ => Some(default),
            });
            let edit = environment.demand.as_ref().map(|demand| if demand == "call" { Edit::Argument(expr) } else { Edit::Call(expr) });
            Some(Read { variable, default, edit })
        }
        _ => None,
    }
}

/// What the tables say of a call that reads a variable.
#[must_use]
pub fn reader(program: &Program, id: ModuleId, call: ExprId) -> Option<&Environment> {
    let path = program.callee(id, call).library()?;
    program.apis.row(path)?.environment.as_ref().filter(|environment| environment.variable.is_some())
}

/// Whether an object's members are the variables.
fn is_environment(program: &Program, id: ModuleId, object: ExprId) -> bool {
    let path = Resolver::new(program).entity(id, object).library();
    let row = path.and_then(|path| program.apis.row(path));
    row.and_then(|row| row.environment.as_ref()).is_some_and(|environment| environment.variable.is_none())
}

/// `const { X } = process.env`, `const x = process.env.X`
fn taken(program: &Program, id: ModuleId, expr: ExprId, name: ustr::Ustr) -> Option<String> {
    let (scope, _) = Resolver::new(program).scope_of_name(id, expr, name).filter(|(_, count)| *count == 1)?;
    match program.bindings(id, scope, name).next()?.kind {
        BindingKind::Member(whole, key) if is_environment(program, id, whole) => Some(key.to_string()),
        BindingKind::Value(value)
            if matches!(program.module(id).expr(value).kind, ExprKind::Attribute { .. } | ExprKind::Subscript { .. }) =>
        {
            read(program, id, value).map(|read| read.variable)
        }
        _ => None,
    }
}

/// The variable that a pattern's default stands in for: `const { X = '…' } = process.env`.
#[must_use]
pub fn in_pattern(program: &Program, id: ModuleId, default: ExprId) -> Option<String> {
    let module = program.module(id);
    let Parent::Expr(pattern) = module.expr_parents[default.index()] else { return None };
    let ExprKind::Object(entries) = &module.expr(pattern).kind else { return None };
    let Parent::Stmt(stmt) = module.expr_parents[pattern.index()] else { return None };
    let StmtKind::Assign { value: Some(whole), .. } = module.stmt(stmt).kind else { return None };
    is_environment(program, id, whole).then(|| key_of(program, id, entries, default))?
}

/// The key whose value an expression is.
#[must_use]
pub fn key_of(program: &Program, id: ModuleId, entries: &[Entry], of: ExprId) -> Option<String> {
    entries.iter().find_map(|entry| match entry {
        Entry::Pair { key, value } if *value == of => values::text(program, id, *key),
        _ => None,
    })
}

/// The value of a key.
#[must_use]
pub fn entry(program: &Program, id: ModuleId, entries: &[Entry], name: &str) -> Option<ExprId> {
    entries.iter().find_map(|entry| match entry {
        Entry::Pair { key, value } if values::text(program, id, *key).as_deref() == Some(name) => Some(*value),
        _ => None,
    })
}
