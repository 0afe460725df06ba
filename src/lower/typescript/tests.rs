//! TypeScript in, program model out.

use super::{Dialect, lower, parse};
use crate::ir::program::*;
use crate::lower::render::render;
use crate::lower::sound::assert_sound;
use crate::source::FileId;

fn module(text: &str) -> Module {
    let tree = parse(Dialect::TypeScript, text).expect("the parser is set up");
    let module = lower(FileId(0), Dialect::TypeScript, text, &tree);
    assert_sound(text, &module);
    module
}

#[test]
fn statements() {
    let cases = [
        ("const a = 1, b: T = x;", "let a = 1; let b: T = x"),
        ("let { a, b: { c }, ...rest } = f();", "let {\"a\": a, \"b\": {\"c\": c}, **rest} = f()"),
        ("const [, second] = pair;", "let tuple(?(), second) = pair"),
        ("if (a) b(); else if (c) { d(); } else e();", "if a {b()} elif c {d()} else {e()}"),
        ("for (let i = 0; i < n; i++) f(i);", "let i = 0; while ?((i Less n), Other(i)) {f(i)}"),
        ("for (const x of xs) { f(x); }", "for x in xs {f(x)}"),
        ("switch (a) { case 1: f(); break; default: g(); }", "match a case <1> {f(); pass} case <> {g()}"),
        ("try { f(); } catch { g(); } finally { h(); }", "try {f()} except {g()} finally {h()}"),
        ("x ??= f();", "let x = f()"),
        ("n += 1;", "n Add= 1"),
    ];
    for (text, expected) in cases {
        assert_eq!(render(&module(text)), expected, "{text}");
    }
}
