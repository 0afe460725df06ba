//! What the callers of a function pass to it: whether it is request data.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::evaluate::{Evaluator, Values};
use super::facts::{Flows, Parameter};
use super::{Abstract, Kind, Origin, Site, StepKind, Way, path};
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::calls::{argument, has_spread};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::routes::Routes;
use crate::model::{arguments, values};

/// Callers that are asked; what is further away is not followed.
const MOST_ASKED: usize = 12;

/// What is known of a parameter by those who pass it.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The worst that is passed.
    pub origin: Origin,
    /// If that is request data, its way.
    pub way: Way,
}

/// What comes to be in a hole that is filled with what a function is passed, or with a member of that, by what is seen of the
/// functions that pass it.
#[must_use]
pub fn arrival(program: &Program, routes: &Routes, flows: &Flows, way: &Way) -> Arrival {
    let wanted = path::start(way).and_then(|start| parameter_at(program, start));
    let mut todo: VecDeque<(Parameter, Way)> = wanted.map(|wanted| (wanted, way.clone())).into_iter().collect();
    let mut seen = FxHashSet::default();
    let mut asked = FxHashSet::default();
    let mut origin = Origin::Constant;
    while let Some((wanted, rest)) = todo.pop_front() {
        if !seen.insert(wanted) {
            continue;
        }
        let calls = calls_of(program, routes, wanted.0);
        for (id, call) in &calls {
            let unit = outermost(program.module(*id), *call);
            if asked.len() >= MOST_ASKED {
                origin = origin.max(Origin::Unseen);
                break;
            }
            if !asked.insert((*id, unit, wanted)) {
                continue;
            }
            let facts = flows.of(program, routes, *id, unit);
            let beside = calls.iter().filter(|(other, _)| other == id);
            for (_, call) in beside.filter(|(_, call)| outermost(program.module(*id), *call) == unit) {
                let handed = facts.handed.iter().find(|handed| handed.parameter == wanted && handed.call == *call);
                let Some(handed) = handed else {
                    origin = origin.max(left_out(program, *id, wanted, *call));
                    continue;
                };
                let passed = handed.value.narrowed(&path::taken(&rest));
                let whole = path::joined(&passed.way, &rest);
                match passed.origin {
                    Origin::Request if passed.kind == Kind::Plain || passed.is_model() => {
                        return Arrival { origin: Origin::Request, way: whole };
                    }
                    Origin::Passed => match path::start(&passed.way).and_then(|start| parameter_at(program, start)) {
                        Some(outer) => todo.push_back((outer, whole)),
                        None => origin = origin.max(Origin::Unseen),
                    },
                    other => origin = origin.max(other),
                }
            }
        }
    }
    Arrival { origin, way: None }
}

/// The calls of a function, those that stand in no function among them, and where it is passed on.
pub(super) fn calls_of(program: &Program, routes: &Routes, function: FunctionRef) -> Vec<(ModuleId, ExprId)> {
    let in_functions = routes.callers(function).iter().map(|(caller, call)| (caller.module, *call));
    let is_apart = |(id, call): &(ModuleId, ExprId)| program.module(*id).function_of(*call).is_none();
    in_functions.chain(program.callers().of(function).iter().copied().filter(is_apart)).collect()
}

/// What a parameter has that a call does not pass, as far as can be seen: its default.
fn left_out(program: &Program, id: ModuleId, (function, index): Parameter, call: ExprId) -> Origin {
    let f = program.function(function);
    let Some(call) = program.module(id).call(call) else { return Origin::Unseen };
    let callee = arguments::called(&Resolver::new(program), Resolver::new(program).entity(id, call.callee));
    let position = index.checked_sub(program.receivers(function));
    let is_left_out = callee == Some(function) && argument(call, position, &[f.params[index].name.as_str()]).is_none() && !has_spread(call);
    let is_constant = f.params[index].default.is_none_or(|default| values::is_constant(program, function.module, default));
    if is_left_out && is_constant { Origin::Constant } else { Origin::Unseen }
}

/// The function whose parameter is bound by an expression, and which one it is.
fn parameter_at(program: &Program, (id, target): Site) -> Option<Parameter> {
    let module = program.module(id);
    module.function_ids().find_map(|function| {
        let index = module.function(function).params.iter().position(|param| param.target == target)?;
        Some((FunctionRef { module: id, function }, index))
    })
}

/// The outermost function around an expression, if it has a name: others are part of what stands around them.
#[must_use]
pub fn outermost(module: &Module, expr: ExprId) -> Option<FunctionId> {
    let functions = module.around(expr).filter_map(|around| match around {
        Around::Function(id) => Some(id),
        _ => None,
    });
    functions.last().filter(|id| !module.function(*id).name.is_empty())
}

impl Evaluator<'_> {
    /// Notes what a call passes to a function of the project.
    pub(super) fn note_handed(&self, function: FunctionRef, expr: ExprId, call: &Call, values: &Values) {
        let params = &self.program.function(function).params;
        for (position, arg) in call.args.iter().enumerate() {
            let index = match arg.kind {
                ArgKind::Positional => position + self.program.receivers(function),
                ArgKind::Keyword(name) => match params.iter().position(|param| param.name == name) {
                    Some(index) => index,
                    None => continue,
                },
                // What follows stands who knows where.
                ArgKind::Spread => return,
                ArgKind::KeywordSpread => continue,
            };
            let Some(value) = values.get(&arg.value) else { continue };
            let name = self.program.function(function).name;
            let way = path::then(&value.way, (self.id, arg.value), StepKind::Passed(name));
            self.note(|record| record.hand((function, index), expr, Abstract { way, ..value.clone() }));
        }
    }
}
