//! Names: what an expression denotes.

use ustr::Ustr;

/// What a call calls, as far as it could be resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Callee {
    /// A library function, class or method by its canonical dotted name.
    Api(Ustr),
}
