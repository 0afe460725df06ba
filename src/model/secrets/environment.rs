//! Reads of the environment, and how their fallbacks are taken away.

use crate::ir::program::*;
use crate::model::calls::argument;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
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
    /// `os.getenv("X", "…")`: becomes `os.environ["X"]`.
    Call(ExprId),
    /// `os.getenv("X") or "…"`: as a whole becomes `os.environ["X"]`.
    Whole(ExprId),
    /// `env("X", default="…")`: without its default the call demands the variable.
    Argument(ExprId),
    /// A field of a settings class: without its default the class demands it.
    Field(StmtId),
}

/// The read of the environment that an expression is.
#[must_use]
pub fn read(program: &Program, id: ModuleId, expr: ExprId) -> Option<Read> {
    let module = program.module(id);
    if let ExprKind::Subscript { object, index, .. } = module.expr(expr).kind {
        let is_environment = Resolver::new(program).entity(id, object).library().as_deref() == Some("os.environ");
        let variable = is_environment.then(|| values::text(program, id, index))??;
        return Some(Read { variable, default: None, edit: None });
    }
    let call = module.call(expr)?;
    let Entity::Library(path) = program.callee(id, expr) else { return None };
    let is_plain = matches!(&*path, "os.getenv" | "os.environ.get" | "os.environ.pop");
    let demands = ["environ.Env.", "environ.FileAwareEnv.", "environs.Env.", "decouple.", "starlette.config.Config."];
    let demands = demands.iter().any(|prefix| path.starts_with(prefix));
    let is_app = path.ends_with(".config.get") || path == "streamlit.secrets.get";
    if !is_plain && !demands && !is_app {
        return None;
    }
    let variable = values::text(program, id, argument(call, Some(0), &["key", "var", "option", "var_name"])?)?;
    // The second position of django-environ's `env` and decouple's `config` is not (always) the default.
    let position = if path.starts_with("environ.") && path.ends_with("__call__") { None } else { Some(1) };
    let default = argument(call, position, &["default"]);
    let edit = if is_plain { Some(Edit::Call(expr)) } else { demands.then_some(Edit::Argument(expr)) };
    Some(Read { variable, default, edit })
}
