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
    /// What looping over it gives is taken.
    Item,
    /// Its keys are taken.
    Keys,
    /// Its values are taken.
    Values,
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

/// The way into a container; what is taken of it there has no place of its own.
#[must_use]
pub fn within(way: &Way, kind: StepKind) -> Way {
    let last = way.as_ref()?;
    if last.length >= LONGEST || last.kind == kind {
        return way.clone();
    }
    Some(Arc::new(Step { at: last.at, kind, before: way.clone(), length: last.length + 1 }))
}

/// What is taken of what a way begins with, before it is passed on.
#[must_use]
pub fn taken(way: &Way) -> Vec<StepKind> {
    let taken = steps(way).into_iter().skip(1).map(|step| step.kind);
    let taken = taken.take_while(|kind| !matches!(kind, StepKind::Enters | StepKind::Passed(_) | StepKind::Returned(_)));
    taken.filter(|kind| !matches!(kind, StepKind::Bound(_))).collect()
}

/// A way that goes on where another has led: the steps of the second behind those of the first.
#[must_use]
pub fn joined(first: &Way, second: &Way) -> Way {
    steps(second).into_iter().skip(1).fold(first.clone(), |way, step| match step.kind {
        StepKind::Item | StepKind::Keys | StepKind::Values => way,
        kind => then(&way, step.at, kind),
    })
}
