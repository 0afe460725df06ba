//! Arguments of calls.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::values;

/// The argument at a position, or passed by one of these keywords. Nothing where a spread may have passed it.
#[must_use]
pub fn argument(call: &Call, position: Option<usize>, keywords: &[&str]) -> Option<ExprId> {
    let by_keyword = call.args.iter().find(|a| matches!(a.kind, ArgKind::Keyword(name) if keywords.contains(&name.as_str())));
    if let Some(arg) = by_keyword {
        return Some(arg.value);
    }
    let position = position?;
    let positional: Vec<&Arg> =
        call.args.iter().take_while(|a| a.kind != ArgKind::Spread).filter(|a| a.kind == ArgKind::Positional).collect();
    positional.get(position).map(|a| a.value)
}

/// Whether arguments are passed that cannot be seen: `*args`, `**kwargs` of unknown content.
#[must_use]
pub fn has_spread(call: &Call) -> bool {
    call.args.iter().any(|a| matches!(a.kind, ArgKind::Spread | ArgKind::KeywordSpread))
}

/// The constant string passed at a position or by keyword.
#[must_use]
pub fn string_argument(program: &Program, module: ModuleId, call: &Call, position: usize, keywords: &[&str]) -> Option<String> {
    values::text(program, module, argument(call, Some(position), keywords)?)
}
