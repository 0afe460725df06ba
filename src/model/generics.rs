//! Generic types as annotations write them: `Optional[int]`, `dict[str, Any]`.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::Resolver;

/// The last part of a library's or the language's generic, empty where it is none of these, and what it is made of: `dict`, and `str`
/// and `Any`.
#[must_use]
pub fn taken_apart(program: &Program, id: ModuleId, generic: ExprId, index: ExprId) -> (String, Vec<ExprId>) {
    let path = Resolver::new(program).entity(id, generic).library();
    let last = path.map(|path| path.rsplit('.').next().unwrap_or_default().to_owned()).unwrap_or_default();
    let parts = match &program.module(id).expr(index).kind {
        ExprKind::Tuple(parts) => parts.to_vec(),
        _ => vec![index],
    };
    (last, parts)
}
