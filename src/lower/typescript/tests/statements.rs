//! Kinds of statements.

use super::{assert_lowered, module};
use crate::ir::program::*;

#[test]
fn simple_statements() {
    assert_lowered(&[
        ("", ""),
        (";", ""),
        ("a; b", "a; b"),
        ("a\nb", "a; b"),
        ("#!/usr/bin/env node\na", "a"),
        ("'use strict';", "\"use strict\""),
        ("debugger;", "pass"),
        ("while (x) break;", "while x {break}!"),
        ("for (const x of y) continue;", "for x in y {continue}!"),
        ("function f() { return; }", "def f() {return}!"),
        ("function f() { return a, b; }", "def f() {return ?(a, b)}!"),
        ("throw e;", "raise e"),
        ("throw new E(x, { cause: e });", "raise new E(x, {\"cause\": e})"),
        ("delete a.b;", "del a.b"),
        ("delete a[b], c;", "?(Other(a[b]), c)"),
        ("type X = string;", "type"),
        ("type X<T> = { a: T };", "type"),
        ("{ a; { b; } }", "with  {a; with  {b}}"),
        ("function f() { { return; } a; }", "def f() {with  {return}!; a}!"),
    ]);
}

#[test]
fn assignments() {
    assert_lowered(&[
        ("const a = 1, b: T = x;", "let a = 1; let b: T = x"),
        ("let a;", "let a"),
        ("var a = 1, b;", "let a = 1; let b"),
        ("let a!: T;", "let a: T"),
        ("a = b = c;", "let a, b = c"),
        ("a.b = c[d] = e;", "let a.b, c[d] = e"),
        ("[a, b] = c;", "let tuple(a, b) = c"),
        ("({ a, b: c.d } = e);", "let {\"a\": a, \"b\": c.d} = e"),
        ("let { a, b: { c }, ...rest } = f();", "let {\"a\": a, \"b\": {\"c\": c}, **rest} = f()"),
        ("let { a = 1, b: c = 2, 'd-e': f, [g]: h } = i;", "let {\"a\": (a := 1), \"b\": (c := 2), \"d-e\": f, g: h} = i"),
        ("const [, second] = pair;", "let tuple(?(), second) = pair"),
        ("const [a, , , [b = 1], ...c] = d;", "let tuple(a, ?(), ?(), tuple((b := 1)), *c) = d"),
        ("x ??= f();", "let x = f()"),
        ("x ||= f();", "let x = f()"),
        ("x &&= f();", "x Other= f()"),
        ("n += 1;", "n Add= 1"),
        ("n |= a;", "n BitOr= a"),
        ("a.b -= c;", "a.b Other= c"),
        ("const a = await b;", "let a = await b"),
        ("using a = b();", "let a = b()"),
        ("await using a = b();", "let a = b()"),
    ]);
}

#[test]
fn branches_and_loops() {
    assert_lowered(&[
        ("if (a) b(); else if (c) { d(); } else e();", "if a {b()} elif c {d()} else {e()}"),
        ("if (a) b(); else if (c) d(); else if (e) f();", "if a {b()} elif c {d()} elif e {f()}"),
        ("if (a) {} else { if (b) c(); }", "if a {} else {if b {c()}}"),
        ("if (a) if (b) c(); else d();", "if a {if b {c()} else {d()}}"),
        ("function f() { if (a) { return; } else { throw e; } }", "def f() {if a {return}! else {raise e}!}!"),
        ("for (let i = 0; i < n; i++) f(i);", "let i = 0; while ?((i Less n), Other(i)) {f(i)}"),
        ("for (;;) { f(); }", "while true {f()}"),
        ("for (i = 0, j = 1; ; ) f();", "?((i := 0), (j := 1)); while true {f()}"),
        ("for (let i = 0, j = 1; i < j; ) f();", "let i = 0; let j = 1; while (i Less j) {f()}"),
        ("if (a) for (let i = 0; i < n; i++) f();", "if a {let i = 0; while ?((i Less n), Other(i)) {f()}}"),
        ("for (const x of xs) { f(x); }", "for x in xs {f(x)}"),
        ("for (const [k, { v }] of xs) f(k, v);", "for tuple(k, {\"v\": v}) in xs {f(k, v)}"),
        ("for (x of xs) f(x);", "for x in xs {f(x)}"),
        ("for (const k in o) f(k);", "for k in o {f(k)}"),
        ("while (a) b();", "while a {b()}"),
        ("do { a(); } while (b);", "while b {a()}"),
        ("do a(); while (b)", "while b {a()}"),
        // Only a `break` leads out of an endless loop.
        ("function f() { while (true) a(); }", "def f() {while true {a()}}!"),
        ("function f() { for (;;) { if (a) break; } }", "def f() {while true {if a {break}!}}"),
        ("function f() { while (true) { for (const x of y) break; } }", "def f() {while true {for x in y {break}!}}!"),
        // A `break` of a `switch` stays in the loop.
        ("function f() { while (true) { switch (a) { case 1: break; } } }", "def f() {while true {match a case <1> {pass}}}!"),
    ]);
}

#[test]
fn labels() {
    assert_lowered(&[
        ("a: for (const x of xs) f(x);", "for x in xs {f(x)}"),
        // What is broken out of by its label is left.
        (
            "function f() { a: while (true) { for (const x of xs) { break a; } } g(); }",
            "def f() {?(){while true {for x in xs {break}!}}; g()}",
        ),
        ("function f() { a: { if (b) break a; return; } g(); }", "def f() {?(){with  {if b {break}!; return}!}; g()}"),
        ("a: for (;;) { switch (b) { case 1: break a; } }", "?(){while true {match b case <1> {break}!}}"),
        ("a: for (;;) { for (;;) continue a; }", "while true {while true {continue}!}!"),
    ]);
}

#[test]
fn switches() {
    assert_lowered(&[
        ("switch (a) { case 1: f(); break; default: g(); }", "match a case <1> {f(); pass} case <> {g()}"),
        ("switch (a) { case 'b': case c.D: { f(); break; } }", "match a case <\"b\"> {} case <c.D> {with  {f(); pass}}"),
        ("switch (true) { case a > 1: return; }", "match true case <(a Greater 1)> {return}!"),
        ("switch (a) {}", "match a"),
        ("for (;;) { switch (a) { case 1: continue; } break; }", "while true {match a case <1> {continue}!; break}!"),
    ]);
}

#[test]
fn tries() {
    assert_lowered(&[
        ("try { f(); } catch { g(); } finally { h(); }", "try {f()} except {g()} finally {h()}"),
        ("try { a(); } catch (e) { b(e); }", "try {a()} except as e {b(e)}"),
        ("try { a(); } catch (e: unknown) {}", "try {a()} except as e {}"),
        ("try { a(); } catch ({ message }) {}", "try {a()} except as {\"message\": message} {}"),
        ("try { a(); } finally { b(); }", "try {a()} finally {b()}"),
        ("function f() { try { return a; } catch {} }", "def f() {try {return a}! except {}}"),
        ("function f() { try { return a; } catch (e) { throw e; } }", "def f() {try {return a}! except as e {raise e}!}!"),
        ("function f() { try { a(); } finally { return; } }", "def f() {try {a()} finally {return}!}!"),
    ]);
    let module = module("try {\n  a();\n} catch (e) { // why\n  b();\n}\n");
    let handler = module.stmts.iter().find_map(|s| if let StmtKind::Try(t) = &s.kind { t.handlers.first() } else { None });
    assert_eq!(handler.map(|h| (h.span.start, h.span.end)), Some((15, 42)));
}

#[test]
fn functions() {
    assert_lowered(&[
        ("function f() {}", "def f() {}"),
        (
            "async function f(a: A, b?: B, c: C = 1, ...d: D[]): Promise<E> {}",
            "async def f(a: A, b: B, c: C = 1, *d: Array[D]) -> Promise[E] {}",
        ),
        ("function* f() { yield; }", "generator def f() {yield}"),
        (
            "function f({ a, b = 1 }: { a: A; b?: B } = {}) {}",
            "def f({\"a\": a, \"b\": (b := 1)}: (class () {let a: A; let b: B}) = {}) {}",
        ),
        ("function f([a, b]: T) {}", "def f(tuple(a, b): T) {}"),
        ("function f(this: T, a) {}", "def f(a) {}"),
        ("function f<T extends U>(a: T): a is V {}", "def f(a: T) {}"),
        // Overloads run nothing.
        ("function f(a: A): B;\nfunction f(a: C): D;\nfunction f(a: any) { return a; }", "def f(a: any) {return a}!"),
        ("declare function f(): void;", ""),
        ("function f() { function g() {} return g; }", "def f() {def g() {}; return g}!"),
        ("function f(a, b,) {}", "def f(a, b) {}"),
    ]);
}

#[test]
fn classes() {
    assert_lowered(&[
        ("class A {}", "class A() {}"),
        ("class A extends B implements C, D {}", "class A(B, implements=C, implements=D) {}"),
        ("class A<T> extends b.C<T> {}", "class A(b.C) {}"),
        ("class A extends f(B) {}", "class A(f(B)) {}"),
        ("abstract class A { abstract f(): void; abstract a: B; g() {} }", "class A() {let a: B; method def g() {}}"),
        (
            "class A { a = 1; b: B; c?: C; d!: D; #e = f(); static g = h; readonly i; declare j: J }",
            "class A() {let a = 1; let b: B; let c: C; let d: D; let #e = f(); let g = h; let i; let j: J}",
        ),
        ("class A { 'a-b' = 1; [c] = f(); 2 = 3 }", "class A() {let a-b = 1; ?(f()){}; ?(3){}}"),
        (
            "class A { constructor(private readonly a: A, public b = 1, readonly c: C, d: D) { super(); } }",
            "class A() {method def constructor(field a: A, field b = 1, field c: C, d: D) {super()}}",
        ),
        ("class A { constructor(override a: A) {} }", "class A() {method def constructor(field a: A) {}}"),
        (
            "class A { f() {} async g() {} *h() {} static i() {} get j() { return 1; } set j(x) {} #k() {} static async l() {} }",
            concat!(
                "class A() {method def f() {}; async method def g() {}; generator method def h() {}; static method def i() {}; ",
                "get method def j() {return 1}!; set method def j(x) {}; method def #k() {}; static async method def l() {}}",
            ),
        ),
        (
            "class A { get() {} set() {} static() {} async() {} }",
            "class A() {method def get() {}; method def set() {}; method def static() {}; method def async() {}}",
        ),
        (
            "class A { public async f() {} protected g() {} private static h() {} override i() {} }",
            "class A() {async method def f() {}; method def g() {}; static method def h() {}; method def i() {}}",
        ),
        ("class A { f(): void; f(a?: B): void {} }", "class A() {method def f(a: B) -> void {}}"),
        ("class A { static { f(); } }", "class A() {with  {f()}}"),
        ("class A { a = () => this.b; c = async function () {} }", "class A() {let a = (def a() = this.b); let c = (async def c() {})}"),
        ("class A { [key: string]: B }", "class A() {}"),
        ("class A { 'a b'() {} [c]() {} [Symbol.iterator]() {} }", "class A() {method def a b() {}; method def () {}; method def () {}}"),
    ]);
}

#[test]
fn decorators() {
    assert_lowered(&[
        ("@a class A {}", "@a class A() {}"),
        ("@a() @b.c(d) class A {}", "@a() @b.c(d) class A() {}"),
        ("@a export class A {}", "@a class A() {}"),
        ("export @a class A {}", "@a class A() {}"),
        ("@a export default class A {}", "@a class A() {}"),
        ("@a export default class {}", "(@a class () {})"),
        ("@a abstract class A {}", "@a class A() {}"),
        ("class A { @a() @b f() {} }", "class A() {@a() @b method def f() {}}"),
        ("class A { @a() public async f() {} }", "class A() {@a() async method def f() {}}"),
        ("class A { @a() b: B; @c d = 1 }", "class A() {?(a()){}; let b: B; ?(c){}; let d = 1}"),
        ("class A { constructor(@a() b: B, @c(d) private e: E) {} }", "class A() {method def constructor(@a() b: B, @c(d) field e: E) {}}"),
        ("class A { f(@a('b') c: C) {} }", "class A() {method def f(@a(\"b\") c: C) {}}"),
        ("x = @a class {}", "let x = (@a class () {})"),
    ]);
}

#[test]
fn what_has_the_shape_of_a_class() {
    assert_lowered(&[
        (
            "interface A { a: B; c?: D; readonly e: F; g(): H; (x): y; new (x): z; [k: string]: I }",
            "class A() {let a: B; let c: D; let e: F}",
        ),
        ("interface A extends B, C<D> { a: string }", "class A(B, C) {let a: string}"),
        ("interface A { a: { b: B } }", "class A() {let a: (class () {let b: B})}"),
        (
            "enum A { B, C = 1, D = 'd', 'e-f' = 2, G = C | D }",
            "class A() {let B = ?(); let C = 1; let D = \"d\"; let e-f = 2; let G = BitOr(C, D)}",
        ),
        ("const enum A { B = 'b' }", "class A() {let B = \"b\"}"),
        ("declare enum A { B }", ""),
    ]);
}

#[test]
fn namespaces() {
    assert_lowered(&[
        ("namespace A { f(); }", "with  {f()}"),
        ("module A { f(); }", "with  {f()}"),
        ("namespace A.B { f(); }", "with  {f()}"),
        ("export namespace A { export const x = f(); }", "with  {let x = f()}"),
        ("declare module 'a' { f(); }", ""),
        ("declare global { interface A {} }", ""),
        ("declare const x: T;", ""),
        ("import A = B.C;", "let A = B.C"),
        ("export import A = B.C;", "let A = B.C"),
    ]);
}

/// What a module exports, as `name kind` each.
fn exports(text: &str) -> Vec<String> {
    super::scopes::scopes(text).into_iter().filter_map(|scope| scope.strip_prefix("exports: ").map(str::to_owned)).collect()
}

#[test]
fn imports() {
    assert_lowered(&[
        ("import 'a';", "import a as "),
        ("import a from 'b';", "import b.default as a"),
        ("import * as a from \"b\";", "import b as a"),
        ("import { a, b as c, default as d, 'e f' as g } from './h';", "import ./h.a as a, ./h.b as c, ./h.default as d, ./h.e f as g"),
        ("import a, { b } from 'c';", "import c.default as a, c.b as b"),
        ("import a, * as b from 'c';", "import c.default as a, c as b"),
        ("import type A from 'b';", "import b.default as A"),
        ("import type { A } from 'b';", "import b.A as A"),
        ("import { type A, type B as C, type } from 'b';", "import b.A as A, b.B as C, b.type as type"),
        ("import a = require('b');", "import b as a"),
        ("import a from './b.json' with { type: 'json' };", "import ./b.json.default as a"),
        ("import a from './b.json' assert { type: 'json' };", "import ./b.json.default as a"),
        ("import {} from 'a';", "import a as "),
    ]);
}

#[test]
fn re_exports() {
    assert_lowered(&[
        ("export * from 'a';", "import a.* as *"),
        ("export * as b from 'a';", "import a as b"),
        ("export { a, b as c, default, d as default } from 'e';", "import e.a as a, e.b as c, e.default as default, e.d as default"),
        ("export type { A } from 'b';", "import b.A as A"),
        ("export type * from 'a';", "import a.* as *"),
        ("export type * as b from 'a';", "import a as b"),
    ]);
    assert_eq!(
        exports("export { a, b as c } from 'e'; export * from 'f'; export * as g from 'h';"),
        ["a import, c import, * import, g import"]
    );
}

#[test]
fn what_modules_export() {
    for (text, expected) in [
        ("export const a = 1, b = f();", "a = 1, b = f()"),
        ("export const { a, b: [c] } = d;", "a = d.a, c ?"),
        ("export let a: T;", "a: T"),
        ("export function f() {}", "f def"),
        ("export async function f() {}", "f def"),
        ("export class A {}", "A class"),
        ("export abstract class A {}", "A class"),
        ("export enum A { B }", "A class"),
        ("export interface A {}", "A class"),
        ("export type A = B;", "A = B"),
        ("export namespace A {}", "A ?"),
        ("export default f();", "default = f()"),
        ("export default function f() {}", "default def"),
        ("export default function () {}", "default = (def () {})"),
        ("export default async () => {};", "default = (async def () {})"),
        ("export default class A {}", "default class"),
        ("export default class {}", "default = (class () {})"),
        ("export default { a: 1 };", "default = {\"a\": 1}"),
        ("export default abstract class A {}", "default class"),
        ("export default interface A {}", "default class"),
        ("const a = 1; export { a, a as b, a as default };", "a = a, b = a, default = a"),
        ("export { type A };", "A = A"),
        ("export = f;", "= = f"),
        ("export import a = b.c;", "a = b.c"),
        ("module.exports = f;", "= = f"),
        (
            "module.exports = { a, b: c, ...require('d'), 'e-f': 1, g() {} };",
            concat!(
                "= = {\"a\": a, \"b\": c, **require(\"d\"), \"e-f\": 1, \"g\": (def g() {})}, ",
                "* import, a = a, b = c, e-f = 1, g = (def g() {})",
            ),
        ),
        ("exports.a = b; module.exports.c = d;", "a = b, c = d"),
        ("exports.a = exports.b = f;", "a = f, b = f"),
        ("exports = module.exports = f;", "= = f"),
        ("function g() { exports.a = 1; }", "a = 1"),
    ] {
        assert_eq!(exports(text), [expected], "{text}");
    }
    for text in ["export as namespace A;", "namespace A { export const a = 1; }", "export {};", "other.exports = f;", "x.exports.a = 1;"] {
        assert_eq!(exports(text), [""; 0], "{text}");
    }
}
