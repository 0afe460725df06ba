//! Page sizes that whoever sends a request chooses, and how much they may ask for.

mod declarations;
mod parameters;
mod reads;
mod schemas;
mod uses;

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::values::{self, Value};

/// A page size that a request may make too large.
#[derive(Clone, Debug)]
pub struct PageSize {
    /// Where it is declared or read.
    pub at: ExprId,
    /// Its name.
    pub name: String,
    /// What it may be at most.
    pub most: Most,
    /// Whether all that is seen of it is that a list of JavaScript is cut: `results.slice(0, limit)`.
    pub is_only_slice: bool,
    /// Where an upper bound would be put.
    pub slot: Slot,
}

/// What a page size may be at most.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Most {
    /// Anything.
    Any,
    /// So much, where it is declared.
    Declared(f64),
    /// So much, because code makes sure of that.
    Clamped(f64),
}

/// Where an upper bound is put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// In a call that declares it: `Query(50, ge=1)`. Whether it says `lt`, and what module such calls are of.
    Call(ExprId, bool),
    /// A parameter or field with this annotation and default, of a function (`fastapi.Query`) or a model (`pydantic.Field`).
    Parameter {
        /// Its annotation.
        annotation: Option<ExprId>,
        /// Its default.
        default: Option<ExprId>,
        /// Whether it is a field of a model.
        is_field: bool,
    },
    /// Around an expression.
    Around(ExprId),
    /// Behind a call in a chain that declares a number: `z.number()`.
    Chain(ExprId),
    /// In an object that describes a number: `{ type: "integer" }`.
    Object(ExprId),
    /// Nowhere that an edit could put it.
    Elsewhere,
}

/// What limits a value.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Limit {
    /// Nothing that is seen.
    None,
    /// A number.
    At(f64),
    /// Something that is not known.
    Unseen,
}

impl Limit {
    /// The stricter of two.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, other) => other,
            (own, Self::None) => own,
            (Self::At(a), Self::At(b)) => Self::At(a.min(b)),
            _ => Self::Unseen,
        }
    }

    fn of(program: &Program, id: ModuleId, value: ExprId) -> Self {
        match values::value(program, id, value) {
            Value::Number(most) => Self::At(most),
            _ => Self::Unseen,
        }
    }
}

/// The page sizes of a module that may be more than `most`, by place.
#[must_use]
pub fn too_large(project: &Project, id: ModuleId, most: f64) -> Vec<PageSize> {
    let module = project.program.module(id);
    let mut found = match module.language {
        Language::Python => parameters::find(project, id),
        Language::TypeScript => schemas::find(project, id),
    };
    found.extend(reads::find(project, id));
    found.retain(|size| match size.most {
        Most::Any => true,
        Most::Declared(n) | Most::Clamped(n) => n > most,
    });
    found.sort_by_key(|size| module.expr(size.at).span.start);
    found.dedup_by_key(|size| module.expr(size.at).span.start);
    found
}

/// How sure a name is to be that of a page size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Named {
    /// It means nothing else.
    Clearly,
    /// It may mean something else: `size`, `count`.
    Perhaps,
}

/// Whether a parameter's name is that of a page size.
fn named(name: &str) -> Option<Named> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    match plain.as_str() {
        "limit" | "pagesize" | "perpage" | "maxresults" => Some(Named::Clearly),
        "size" | "count" | "top" | "take" | "first" => Some(Named::Perhaps),
        _ => None,
    }
}

/// What all uses of a value say of it, what its declaration says being known.
fn judged(name: Named, declared: Limit, uses: &uses::Uses) -> Option<Most> {
    let is_page_size = uses.is_limit || (name == Named::Clearly && uses.is_used);
    match (declared.and(uses.limit), declared) {
        _ if !is_page_size => None,
        (Limit::None, _) => Some(Most::Any),
        (Limit::Unseen, _) => None,
        (Limit::At(n), Limit::At(m)) if n >= m => Some(Most::Declared(n)),
        (Limit::At(n), _) => Some(Most::Clamped(n)),
    }
}
