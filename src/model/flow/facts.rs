//! What interpreting a function has shown.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use ustr::Ustr;

use super::Abstract;
use super::interpret::interpret;
use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::routes::Routes;

/// A call that a text reaches.
#[derive(Clone, Debug)]
pub struct SinkCall {
    /// The call.
    pub call: ExprId,
    /// The argument that is the text.
    pub argument: ExprId,
    /// Whether the callee was resolved, or is only told by its shape.
    pub resolved: bool,
    /// What runs the text in the end, where that is known.
    pub api: Option<Ustr>,
    /// Whether a function of the project stands in between.
    pub is_wrapped: bool,
    /// The text.
    pub value: Abstract,
}

/// What an interpretation has seen.
#[derive(Debug, Default)]
pub struct Facts {
    /// Calls that texts reach, by place.
    pub sinks: Vec<SinkCall>,
    /// Texts that were assembled and did not reach any such call, nor a log or an error: the outermost ones, by place.
    pub loose: Vec<(ExprId, Abstract)>,
    /// What functions of the project are passed.
    pub handed: Vec<Handed>,
}

/// What a parameter is passed.
#[derive(Clone, Debug)]
pub struct Handed {
    /// The parameter.
    pub parameter: Parameter,
    /// The call that passes it.
    pub call: ExprId,
    /// What is passed, with the way that it has come.
    pub value: Abstract,
}

/// A parameter of a function, by its index.
pub type Parameter = (FunctionRef, usize);

/// The facts of all functions that somebody has asked for, by module.
#[derive(Debug)]
pub struct Flows(Vec<Mutex<FxHashMap<Option<FunctionId>, Arc<Facts>>>>);

impl Flows {
    /// None yet, of so many modules.
    #[must_use]
    pub fn new(modules: usize) -> Self {
        Self((0..modules).map(|_| Mutex::default()).collect())
    }

    /// Those of a function with the functions in it, or of the statements of a module (`None`).
    #[must_use]
    pub fn of(&self, program: &Program, routes: &Routes, id: ModuleId, function: Option<FunctionId>) -> Arc<Facts> {
        let known = || self.0[id.0 as usize].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(facts) = known().get(&function) {
            return facts.clone();
        }
        // Whoever comes second at the same time finds the same.
        let facts = Arc::new(interpret(program, routes, id, function));
        known().entry(function).or_insert(facts).clone()
    }
}
