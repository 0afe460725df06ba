//! What the callers of a function pass to it: whether it is request data.

use rustc_hash::FxHashSet;

use super::Origin;
use super::evaluate::{Evaluator, Values};
use super::interpret::interpret;
use super::sources::receivers;
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::routes::Routes;

/// Callers that are asked; what is further away is not followed.
const MOST_ASKED: usize = 12;

/// Whether what a parameter holds comes from a request, by what is seen of the functions that pass it. `target` is where the
/// parameter is bound.
#[must_use]
pub fn is_request_data(program: &Program, routes: &Routes, id: ModuleId, target: ExprId) -> bool {
    let mut todo: Vec<(FunctionRef, usize)> = parameter_at(program, id, target).into_iter().collect();
    let mut seen = FxHashSet::default();
    let mut asked = FxHashSet::default();
    while let Some(wanted) = todo.pop() {
        if !seen.insert(wanted) {
            continue;
        }
        for (caller, call) in routes.callers(wanted.0) {
            let unit = outermost(program.module(caller.module), *call);
            if asked.len() >= MOST_ASKED || !asked.insert((caller.module, unit, wanted)) {
                continue;
            }
            let facts = interpret(program, routes, caller.module, unit);
            let handed = facts.handed.into_iter().filter(|(parameter, ..)| *parameter == wanted);
            for (_, origin, source) in handed {
                match origin {
                    Origin::Request => return true,
                    Origin::Passed => todo.extend(source.and_then(|source| parameter_at(program, caller.module, source))),
                    _ => {}
                }
            }
        }
    }
    false
}

/// The function whose parameter is bound by an expression, and which one it is.
fn parameter_at(program: &Program, id: ModuleId, target: ExprId) -> Option<(FunctionRef, usize)> {
    let module = program.module(id);
    module.function_ids().find_map(|function| {
        let index = module.function(function).params.iter().position(|param| param.target == target)?;
        Some((FunctionRef { module: id, function }, index))
    })
}

/// The outermost function with a name around an expression.
#[must_use]
pub fn outermost(module: &Module, expr: ExprId) -> Option<FunctionId> {
    let functions = module.around(expr).filter_map(|around| match around {
        Around::Function(id) if !module.function(id).name.is_empty() => Some(id),
        _ => None,
    });
    functions.last()
}

impl Evaluator<'_> {
    /// Notes what a call passes to a function of the project.
    pub(super) fn note_handed(&self, function: FunctionRef, call: &Call, values: &Values) {
        let params = &self.program.function(function).params;
        for (position, arg) in call.args.iter().enumerate() {
            let index = match arg.kind {
                ArgKind::Positional => position + receivers(self.program, function),
                ArgKind::Keyword(name) => match params.iter().position(|param| param.name == name) {
                    Some(index) => index,
                    None => continue,
                },
                // What follows stands who knows where.
                ArgKind::Spread => return,
                ArgKind::KeywordSpread => continue,
            };
            let Some(value) = values.get(&arg.value) else { continue };
            let origin = if value.is_request() { Origin::Request } else { value.origin };
            if matches!(origin, Origin::Request | Origin::Passed) {
                self.note(|record| record.hand((function, index), origin, value.source));
            }
        }
    }
}
