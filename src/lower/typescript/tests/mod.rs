//! TypeScript in, program model out. `render` writes the model down, so that each case is a line.

mod expressions;
mod legible;
mod recovery;
mod scopes;
mod statements;

use std::fmt::Write as _;

use super::{Dialect, lower, parse};
use crate::ir::program::*;
use crate::lower::render::render;
use crate::lower::sound::assert_sound;
use crate::source::FileId;

const BOTH: [Dialect; 2] = [Dialect::TypeScript, Dialect::Tsx];

/// A source, lowered. What holds of every module is checked on the way.
fn module_in(dialect: Dialect, text: &str) -> Module {
    let tree = parse(dialect, text).expect("the parser is set up");
    let module = lower(FileId(0), dialect, text, &tree);
    assert_sound(text, &module);
    module
}

/// A source of TypeScript, lowered.
fn module(text: &str) -> Module {
    module_in(Dialect::TypeScript, text)
}

/// Asserts that sources become these statements, and that nothing in them is a syntax error.
fn assert_lowered_in(dialects: &[Dialect], cases: &[(&str, &str)]) {
    let mut wrong = String::new();
    for dialect in dialects {
        for (text, expected) in cases {
            let module = module_in(*dialect, text);
            let found = render(&module);
            if found != *expected || !module.errors.is_empty() {
                let _ = writeln!(wrong, "{text} in {dialect:?}: errors at {:?}\n  {expected}\n  {found}", module.errors);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Asserts it of both dialects.
fn assert_lowered(cases: &[(&str, &str)]) {
    assert_lowered_in(&BOTH, cases);
}
