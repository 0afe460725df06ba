//! Python in, program model out. `render` writes the model down, so that each case is a line.

mod expressions;
mod recovery;
mod scopes;
mod statements;

use super::{lower, parse};
use crate::ir::program::*;
use crate::lower::render::render;
use crate::lower::sound::assert_sound;
use crate::source::FileId;

/// A source, lowered. What holds of every module is checked on the way.
fn module(text: &str) -> Module {
    let tree = parse(text).expect("the parser is set up");
    let module = lower(FileId(0), text, &tree);
    assert_sound(text, &module);
    module
}

/// Asserts that sources become these statements, and that nothing in them is a syntax error.
fn assert_lowered(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let module = module(text);
        assert_eq!(render(&module), *expected, "{text:.200}");
        assert!(module.errors.is_empty(), "{text:.200}: {:?}", module.errors);
    }
}
