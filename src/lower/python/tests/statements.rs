//! Kinds of statements.

use super::{assert_lowered, module};
use crate::ir::program::*;

#[test]
fn simple_statements() {
    assert_lowered(&[
        ("pass", "pass"),
        ("a; b", "a; b"),
        ("while x: break", "while x {break}!"),
        ("for x in y: continue", "for x in y {continue}!"),
        ("return", "return"),
        ("def f(): return", "def f() {return}!"),
        ("def f(): return a, b", "def f() {return tuple(a, b)}!"),
        ("raise", "raise"),
        ("raise E", "raise E"),
        ("raise E(x) from e", "raise E(x) from e"),
        ("raise E from None", "raise E from null"),
        ("assert a", "assert a"),
        ("assert a, 'b'", "assert a, \"b\""),
        ("del a", "del a"),
        ("del a.b, c[0]", "del tuple(a.b, c[0])"),
        ("type X = int", "type"),
        ("type X[T] = list[T]", "type"),
        ("a, b", "?(a, b){}"),
    ]);
}

#[test]
fn assignments() {
    assert_lowered(&[
        ("a = 1", "let a = 1"),
        ("a = b = c", "let a, b = c"),
        ("a, b = c", "let tuple(a, b) = c"),
        ("(a, b) = c", "let tuple(a, b) = c"),
        ("[a, *b] = c", "let [a, *b] = c"),
        ("a, (b, c) = d", "let tuple(a, tuple(b, c)) = d"),
        ("a.b = c[d] = e", "let a.b, c[d] = e"),
        ("a: int", "let a: int"),
        ("a: int = 1", "let a: int = 1"),
        ("a: list[int] | None = None", "let a: BitOr(list[int], null) = null"),
        ("a: 'T' = x", "let a: \"T\" = x"),
        ("self.a: dict[str, int] = {}", "let self.a: dict[tuple(str, int)] = {}"),
        ("a += 1", "a Add= 1"),
        ("a |= b", "a BitOr= b"),
        ("a.b //= c", "a.b Other= c"),
        ("a = yield", "let a = yield"),
        ("a = await b", "let a = await b"),
    ]);
}

#[test]
fn branches_and_loops() {
    assert_lowered(&[
        ("if a: b\nelif c: d\nelse: e", "if a {b} elif c {d} else {e}"),
        ("if a:\n    return\nelse:\n    raise E", "if a {return}! else {raise E}!"),
        ("for a, b in c: d\nelse: e", "for tuple(a, b) in c {d} else {e}"),
        ("for a in b, c: d", "for a in tuple(b, c) {d}"),
        ("async def f():\n    async for a in b: c", "async def f() {async for a in b {c}}"),
        ("while a: b\nelse: c", "while a {b} else {c}"),
        // Only a `break` leads out of an endless loop.
        ("def f():\n    while True: a", "def f() {while true {a}}!"),
        ("def f():\n    while True:\n        if a: break", "def f() {while true {if a {break}!}}"),
        ("def f():\n    while True:\n        for x in y: break", "def f() {while true {for x in y {break}!}}!"),
    ]);
}

#[test]
fn tries() {
    assert_lowered(&[
        ("try: a\nexcept: b", "try {a} except {b}"),
        ("try: a\nexcept E: b", "try {a} except E {b}"),
        ("try: a\nexcept E as e: b", "try {a} except E as e {b}"),
        ("try: a\nexcept (E, F) as e: b", "try {a} except tuple(E, F) as e {b}"),
        ("try: a\nexcept m.E: b\nexcept F: c", "try {a} except m.E {b} except F {c}"),
        // Without parentheses, as 3.14 has it; so wrote Python 2 `as e`.
        ("try: a\nexcept E, F: b", "try {a} except tuple(E, F) {b}"),
        ("try: a\nexcept E, F, G: b", "try {a} except tuple(E, F, G) {b}"),
        ("try: a\nexcept* E as e: b", "try {a} except E as e {b}"),
        ("try: a\nexcept* (E, F): b", "try {a} except tuple(E, F) {b}"),
        ("try: a\nexcept f(x): b", "try {a} except f(x) {b}"),
        ("try: a\nfinally: b", "try {a} finally {b}"),
        ("try: a\nexcept E: b\nelse: c\nfinally: d", "try {a} except E {b} else {c} finally {d}"),
        ("def f():\n    try: return a\n    except E: pass\n    finally: b", "def f() {try {return a}! except E {pass} finally {b}}"),
        ("def f():\n    try: return a\n    except E: raise", "def f() {try {return a}! except E {raise}!}!"),
        ("def f():\n    try: a\n    finally: return", "def f() {try {a} finally {return}!}!"),
        ("def f():\n    try: a\n    except E: return\n    else: return", "def f() {try {a} except E {return}! else {return}!}!"),
    ]);
    let module = module("try:\n    a\nexcept E:  # why\n    b\n");
    let StmtKind::Try(t) = &module.stmts.last().expect("a statement").kind else { panic!("no try") };
    assert_eq!(module.comments.len(), 1);
    assert!(t.handlers[0].span.contains(module.comments[0]));
}

#[test]
fn withs() {
    assert_lowered(&[
        ("with a: b", "with a {b}"),
        ("with a as b: c", "with a as b {c}"),
        ("with a as b, c(d) as e.f: g", "with a as b, c(d) as e.f {g}"),
        ("with (a as b, c): d", "with a as b, c {d}"),
        ("with (\n    a as b,\n    c as d,\n): e", "with a as b, c as d {e}"),
        ("with (a, b): c", "with a, b {c}"),
        ("with (a): b", "with a {b}"),
        ("with (a,): b", "with a {b}"),
        ("with (a as b,): c", "with a as b {c}"),
        ("with (a as b, c,): d", "with a as b, c {d}"),
        ("with a as (b, c): d", "with a as tuple(b, c) {d}"),
        ("async def f():\n    async with a as b: c", "async def f() {async with a as b {c}}"),
        ("def f():\n    with a: return", "def f() {with a {return}!}!"),
    ]);
}

#[test]
fn matches() {
    assert_lowered(&[
        ("match a:\n    case 1: b", "match a case <1> {b}"),
        ("match a, b:\n    case _: c", "match tuple(a, b) case <> {c}"),
        ("match a:\n    case x: b", "match a case <x> {b}"),
        ("match a:\n    case x if x > 1: b\n    case _: c", "match a case <x> if (x Greater 1) {b} case <> {c}"),
        ("match a:\n    case 'b' | 'c': d", "match a case <\"b\", \"c\"> {d}"),
        ("match a:\n    case M.X: d", "match a case <M.X> {d}"),
        ("match a:\n    case None | True: d", "match a case <null, true> {d}"),
        ("match a:\n    case [x, *rest]: d", "match a case <[x, rest]> {d}"),
        ("match a:\n    case (x, 1): d", "match a case <tuple(x, 1)> {d}"),
        ("match a:\n    case P(x, y=z): d", "match a case <P, x, z> {d}"),
        ("match a:\n    case {'k': v, **rest}: d", "match a case <\"k\", v, rest> {d}"),
        ("match a:\n    case P() as p: d", "match a case <P, p> {d}"),
        ("match a:\n    case -1: d", "match a case <1> {d}"),
        // A `match` in a case keeps its cases to itself.
        (
            "match a:\n    case 1:\n        match b:\n            case 2: c\n    case 3: d",
            "match a case <1> {match b case <2> {c}} case <3> {d}",
        ),
    ]);
}

#[test]
fn functions() {
    assert_lowered(&[
        ("def f(): pass", "def f() {pass}"),
        ("async def f(): pass", "async def f() {pass}"),
        ("def f(a, b=1, *c, d, e=2, **g): pass", "def f(a, b = 1, *c, kw d, kw e = 2, **g) {pass}"),
        ("def f(a, /, b, *, c): pass", "def f(a, b, kw c) {pass}"),
        ("def f(a: int, b: str = 'x', *c: int, **d: T) -> None: pass", "def f(a: int, b: str = \"x\", *c: int, **d: T) -> null {pass}"),
        ("def f[T, *U, **V](a: T) -> list[T]: pass", "def f(a: T) -> list[T] {pass}"),
        ("def f[T: int](a: T): pass", "def f(a: T) {pass}"),
        ("@a\n@b.c(d)\ndef f(): pass", "@a @b.c(d) def f() {pass}"),
        ("@a\nasync def f(): pass", "@a async def f() {pass}"),
        ("@(lambda f: f)\ndef f(): pass", "@(def (f) = f) def f() {pass}"),
        ("def f():\n    'Doc.'\n    def g(): pass", "def f() {\"Doc.\"; def g() {pass}}"),
    ]);
    let module = module("@a\n# why\ndef f(): pass\n");
    assert_eq!((module.functions[0].span.start, module.stmts.last().map(|s| s.span.start)), (0, Some(0)));
}

#[test]
fn classes() {
    assert_lowered(&[
        ("class A: pass", "class A() {pass}"),
        ("class A(): pass", "class A() {pass}"),
        ("class A(B, m.C, metaclass=D, **k): pass", "class A(B, m.C, metaclass=D, **k) {pass}"),
        ("class A[T](B[T]): x: T", "class A(B[T]) {let x: T}"),
        ("@a(1)\nclass A: pass", "@a(1) class A() {pass}"),
        ("class A:\n    x = 1\n    @b\n    def f(self): pass", "class A() {let x = 1; @b method def f(self) {pass}}"),
        // Declared under a condition, it is a method all the same; in a method, it is none.
        ("class A:\n    if x:\n        def f(self):\n            def g(): pass", "class A() {if x {method def f(self) {def g() {pass}}}}"),
    ]);
}

#[test]
fn imports() {
    assert_lowered(&[
        ("import a", "import a as a"),
        ("import a.b", "import a.b.^ as a"),
        ("import a.b as c, d", "import a.b as c, d as d"),
        ("from a import b", "import a.b as b"),
        ("from a.b import (\n    c as d,  # why\n    e,\n)", "import a.b.c as d, a.b.e as e"),
        ("from . import a", "import ..a as a"),
        ("from ...a.b import c", "import ...a.b.c as c"),
        ("from a import *", "import a.* as *"),
        ("from __future__ import annotations", "import __future__.annotations as annotations"),
        ("import a . b", "import a.b.^ as a"),
    ]);
}

#[test]
fn python_2_is_read_too() {
    assert_lowered(&[
        ("print a", "?(a){}"),
        ("print a, b", "?(a, b){}"),
        ("print >>f, a", "?(?(f), a){}"),
        ("print(a)", "print(a)"),
        ("exec 'a'", "?(\"a\"){}"),
        ("exec code in scope", "?(code, scope){}"),
        ("exec(code)", "exec(code)"),
    ]);
}
