//! The way of a value from where it enters to where it is used, step by step.

use std::sync::Arc;

use ustr::Ustr;

use crate::ir::program::ExprId;
use crate::model::program::ModuleId;

/// A place in the program.
pub type Site = (ModuleId, ExprId);

/// A step of a value's way, and those before it.
#[derive(PartialEq, Eq, Debug)]
pub struct Step {
    /// Where it is taken.
    pub at: Site,
    /// What it is.
    pub kind: StepKind,
    /// The step before.
    pub before: Way,
    length: u8,
}

/// What happens to a value in a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepKind {
    /// It comes from outside the function: request data, or a parameter.
    Enters,
    /// What it holds under this name is taken.
    Member(Ustr),
    /// It is bound to this name.
    Bound(Ustr),
    /// It is passed to this function.
    Passed(Ustr),
    /// This function gives it back.
    Returned(Ustr),
}

/// A way: its last step.
pub type Way = Option<Arc<Step>>;

/// Longer ways are told by their first steps.
const LONGEST: u8 = 12;

/// A way that begins here.
#[must_use]
pub fn begin(at: Site) -> Way {
    Some(Arc::new(Step { at, kind: StepKind::Enters, before: None, length: 1 }))
}

/// The way with one step more; what has not begun has none.
#[must_use]
pub fn then(way: &Way, at: Site, kind: StepKind) -> Way {
    let last = way.as_ref()?;
    if last.length >= LONGEST || last.at == at {
        return way.clone();
    }
    Some(Arc::new(Step { at, kind, before: way.clone(), length: last.length + 1 }))
}

/// Where a way begins.
#[must_use]
pub fn start(way: &Way) -> Option<Site> {
    steps(way).first().map(|step| step.at)
}

/// The steps of a way, the first one first.
#[must_use]
pub fn steps(way: &Way) -> Vec<&Step> {
    let mut steps: Vec<&Step> = std::iter::successors(way.as_deref(), |step| step.before.as_deref()).collect();
    steps.reverse();
    steps
}

/// The names of the members that are taken of what a way begins with, before it is passed on.
#[must_use]
pub fn members(way: &Way) -> Vec<Ustr> {
    let taken = steps(way).into_iter().skip(1).map_while(|step| match step.kind {
        StepKind::Member(name) => Some(Some(name)),
        StepKind::Bound(_) => Some(None),
        _ => None,
    });
    taken.flatten().collect()
}

/// A way that goes on where another has led: the steps of the second behind those of the first.
#[must_use]
pub fn joined(first: &Way, second: &Way) -> Way {
    steps(second).into_iter().skip(1).fold(first.clone(), |way, step| then(&way, step.at, step.kind))
}
