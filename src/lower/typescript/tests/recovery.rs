//! What is left of files that are no valid TypeScript.

use super::{BOTH, Dialect, module, module_in};
use crate::ir::program::*;
use crate::lower::render::{render, render_expr};

/// The names of all functions that are called.
fn calls(module: &Module) -> Vec<String> {
    let callee = |id: ExprId| module.call(id).map(|call| render_expr(module, call.callee));
    module.expr_ids().filter_map(callee).collect()
}

#[test]
fn what_stands_around_an_error_is_kept() {
    for (text, expected) in [
        ("f(1);\nconst x = = 2;\ng(2);\n", &["f", "g"][..]),
        ("f(1);\nfunction e(x {\n  g(x);\n}\nh(3);\n", &["f", "g", "h"]),
        ("f(1);\nif x {\n  g(x);\n}\nh(3);\n", &["f", "g", "h"]),
        ("f(g(1);\n\nconst h = i(2);\n", &["g", "i"]),
        ("function a() {\n  f(1);\n  return g(\n}\n\nfunction b() {\n  h(2);\n}\n", &["f", "h"]),
        ("try {\n  f(1);\n} catch e {\n  g(2);\n}\nh(3);\n", &["f", "g", "h"]),
        ("class A {\n  f() {\n    g(1);\n  }\n  async\n  =\n}\n", &["g"]),
        ("const x = { a: f(1), 'b' g(2) };\nh(3);\n", &["f", "h"]),
        ("app.get('/', (req, res) => {\n  f(1);\n  res.json({ a: );\n});\ng(2);\n", &["f", "g"]),
        ("f(`a ${g(1)`);\nh(2);\n", &["g"]),
        ("switch (x) {\n  case 1 f(1);\n  default: g(2);\n}\nh(3);\n", &["f", "g", "h"]),
    ] {
        for dialect in BOTH {
            let module = module_in(dialect, text);
            let found = calls(&module);
            assert!(!module.errors.is_empty(), "{text}");
            for name in expected {
                assert!(found.iter().any(|f| f == name), "{text}: {name} is lost: {}", render(&module));
            }
        }
    }
}

#[test]
fn broken_functions_do_not_leave_scopes_open() {
    for text in [
        "function f(: {\n  const x = 1;\n}\nconst y = 2;\n",
        "class A ( {\n  x = 1;\n}\nconst y = 2;\n",
        "f((x) => );\nconst y = 2;\n",
        "for (const x of) {\n  f(x);\n}\nconst y = 2;\n",
        "switch (x) { case }\nconst y = 2;\n",
    ] {
        for dialect in BOTH {
            let module = module_in(dialect, text);
            let bound: Vec<&str> = module.scopes[0].bindings.iter().map(|b| b.name.as_str()).collect();
            assert!(bound.contains(&"y"), "{text} in {dialect:?}: {bound:?}");
        }
    }
}

#[test]
fn errors_have_places() {
    let text = "const a = 1;\nconst b = = 2;\n";
    let module = module(text);
    assert!(!module.errors.is_empty());
    assert!(module.errors.iter().all(|e| text[..e.start as usize].contains('\n')), "{:?}", module.errors);
}

#[test]
fn nothing_is_too_broken() {
    for text in [
        "",
        "\n",
        "\u{feff}const x = 1;\n",
        "\u{0}",
        ")",
        "(((((",
        "function",
        "class",
        "class A",
        "class A {",
        "class A { f(",
        "=>",
        "() =>",
        "x =>",
        "async",
        "async (",
        "`",
        "`${",
        "`${x",
        "'abc",
        "\"abc",
        "/",
        "/a",
        "/*",
        "//",
        "@",
        "@a",
        "@a(",
        "import",
        "import {",
        "import a",
        "import a from",
        "import(",
        "import * as",
        "export",
        "export {",
        "export default",
        "export =",
        "export * from",
        "export * as",
        "x: =",
        "try",
        "try {",
        "catch",
        "catch (e) {}",
        "finally {}",
        "else",
        "else if (x) {}",
        "case 1: f()",
        "default:",
        "yield",
        "...a",
        "f(...)",
        "f(,)",
        "a[",
        "a?.",
        "a?.[",
        "a?.(",
        "x = a ? b",
        "x = a ? b :",
        "{",
        "}",
        "{ a: ",
        "({ a",
        "({ ...",
        "[...",
        "for (",
        "for (;;",
        "for (const x of",
        "for await (",
        "while",
        "do",
        "do {",
        "switch",
        "switch (x) {",
        "switch (x) { case",
        "with (a)",
        "new",
        "new A(",
        "new.",
        "super",
        "#a",
        "a.#",
        "let",
        "const",
        "var",
        "const {",
        "const [",
        "enum",
        "enum A {",
        "enum A { b =",
        "interface A",
        "interface A {",
        "interface A { b:",
        "type",
        "type A",
        "type A =",
        "namespace",
        "namespace A {",
        "declare",
        "abstract",
        "abstract class",
        "let x:",
        "let x: {",
        "let x: A<",
        "let x: (a",
        "f<",
        "f<T",
        "x as",
        "x satisfies",
        "x!",
        "<",
        "<a",
        "<a>",
        "<a b=",
        "<a b={",
        "<a>{",
        "</a>",
        "<>",
        "label:",
        "break",
        "continue a",
        "throw",
        "return",
        "é = ü + \u{1F600}",
        "module.exports =",
        "exports.",
        "require(",
        "require('a'",
        "using",
        "using a =",
        "await using",
        "static {",
        "class A { static {",
        "class A { get",
        "class A { @a",
        "class A { [",
        "class A { #",
        "class A { constructor(private",
        "\u{2028}",
        "<!--",
        "-->",
        "#!",
        "export type *",
        "a>`",
        "<T>`",
        "a<b>`",
    ] {
        for dialect in BOTH {
            module_in(dialect, text);
        }
    }
}

/// A file with a bit of everything.
const SAMPLE: &str = r#"#!/usr/bin/env node
import a, { b as c, type D } from './e';
import * as f from "f";
import g = require('g');
export * from './h';
export { i as default } from 'j';

@Module({ k: [L] })
export class M<T> extends N<T> implements O {
  static #p = q`r ${s(1)} t`;
  @u() private v?: W;
  constructor(@x('y') private readonly z: A = new B(), ...rest: C[]) { super(z); }
  async *d(e?: F): AsyncGenerator<G> { for await (const h of this.i?.j?.() ?? []) yield* h!; }
  get k() { return `a${b}c`; }
}

enum P { Q = 1, R = 'r' }
namespace S { export const t = u as const; }
type V = { w: X | null }[] & Y<typeof z>;
interface Z extends A { b(c: string): void }

export default async function main({ a, b: [c, , d] = [] }: { a: string }): Promise<void> {
  label: for (let i = 0, j = 1; i < j; i++) {
    switch (i) { case 1: continue label; default: break label; }
  }
  try { await Promise.all([f(), import('g')]); } catch ({ message }) { throw new Error(message); } finally { h ||= 1; }
  if (a) return; else if (b instanceof C) { delete d.e; } else do { x ??= y; } while (z);
  using r = s();
  const t = /u[/]v/g.test(w) ? (x, y) => ({ ...x, [y]: 1, z() {} }) : function* () { yield; };
  module.exports = { t, u: require('v') };
}
"#;

#[test]
fn files_may_end_anywhere() {
    for dialect in BOTH {
        assert_eq!(module_in(dialect, SAMPLE).errors, []);
        for end in 0..SAMPLE.len() {
            module_in(dialect, &SAMPLE[..end]);
        }
    }
}

/// The same numbers every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

#[test]
fn files_may_be_damaged_anywhere() {
    let mut numbers = Numbers(1);
    for dialect in BOTH {
        for _ in 0..300 {
            let (here, there) = (numbers.below(SAMPLE.len()), numbers.below(SAMPLE.len()));
            module_in(dialect, &format!("{}{}", &SAMPLE[..here], &SAMPLE[there..]));
        }
    }
}

#[test]
fn files_may_be_noise() {
    let mut numbers = Numbers(2);
    let words: Vec<&str> = SAMPLE.split_inclusive([' ', '(', ')', '{', '}', '\n', '`']).collect();
    for round in 0..200 {
        let dialect = BOTH[round % 2];
        let shuffled: String = (0..60).map(|_| words[numbers.below(words.len())]).collect();
        module_in(dialect, &shuffled);
        let bytes: Vec<u8> = (0..300).map(|_| u8::try_from(numbers.below(256)).unwrap_or(0)).collect();
        module_in(dialect, &String::from_utf8_lossy(&bytes));
    }
}

/// How deep things are nested below.
const DEPTH: usize = 100_000;

/// Something inside itself, over and over.
fn nested(before: &str, inside: &str, after: &str) -> String {
    format!("{}{inside}{}", before.repeat(DEPTH), after.repeat(DEPTH))
}

#[test]
fn depth_of_expressions_is_no_danger() {
    for text in [
        nested("(", "x", ")"),
        nested("[", "x", "]"),
        nested("f(", "x", ")"),
        nested("new f(", "x", ")"),
        nested("x=", "x", ""),
        nested("x+=", "x", ""),
        nested("!", "x", ""),
        nested("await ", "x", ""),
        nested("x?x:", "x", ""),
        nested("x?", "x", ":x"),
        nested("x.a[", "x", "]"),
        nested("`${", "x", "}`"),
        nested("x=>", "x", ""),
        nested("()=>{", "x", "}"),
        nested("x={a:", "x", "}"),
        nested("({...", "x", "})"),
        nested("x - (", "x", ")"),
        nested("x **", "x", ""),
        format!("x{}", ".a()".repeat(DEPTH)),
        format!("x{}", "?.a".repeat(DEPTH)),
        format!("x{}", "`a`".repeat(DEPTH)),
        format!("x{}", "!".repeat(DEPTH)),
        format!("x{}", " as x".repeat(DEPTH)),
        format!("x{}", " + x".repeat(DEPTH)),
        format!("x{}", " - x".repeat(DEPTH)),
        format!("x{}", " && x".repeat(DEPTH)),
        format!("x{}", ",x".repeat(DEPTH)),
    ] {
        module(&text);
    }
    module_in(Dialect::Tsx, &format!("x = {}", nested("<a b={", "x", "}/>")));
    module_in(Dialect::Tsx, &format!("x = {}", nested("<a>", "x", "</a>")));
    let module = module(&format!("x{}", " + x".repeat(DEPTH)));
    let flat = |kind: &ExprKind| matches!(kind, ExprKind::Binary { operands, .. } if operands.len() == DEPTH + 1);
    assert!(module.exprs.iter().any(|e| flat(&e.kind)), "a chain of one operator is one expression");
}

#[test]
fn depth_of_statements_is_no_danger() {
    for text in [
        nested("{", "x", "}"),
        nested("if(a){", "x", "}"),
        nested("if(a)", "x", ""),
        nested("if(a);else ", "x", ""),
        nested("for(;;){", "x", "}"),
        nested("for(const a of b)", "x", ""),
        nested("while(true)", "x", ""),
        nested("do ", "x", ";while(a)"),
        nested("switch(a){case 1:", "x", "}"),
        nested("try{", "x", "}catch{}"),
        nested("try{}catch(e){", "x", "}"),
        nested("try{}finally{", "x", "}"),
        nested("a:", "x", ""),
        nested("with(a)", "x", ""),
        nested("function f(){", "x", "}"),
        nested("class A{f(){", "x", "}}"),
        nested("class A{static{", "x", "}}"),
        nested("class A extends(", "x", "){}"),
        nested("namespace A{", "x", "}"),
        nested("@a(", "x", ") class A {}"),
    ] {
        module(&text);
    }
}

#[test]
fn depth_of_patterns_and_types_is_no_danger() {
    for (before, text, after) in [
        ("const ", nested("[", "x", "]"), "=y"),
        ("const ", nested("{a:", "x", "}"), "=y"),
        ("(", nested("[", "x", "]"), ")=>y"),
        ("", nested("[", "x", "]"), "=y"),
        ("let x:", nested("A<", "x", ">"), ""),
        ("let x:", nested("(", "x", ")"), ""),
        ("let x:", nested("[", "x", "]"), ""),
        ("let x:", nested("{a:", "x", "}"), ""),
        ("let x:", format!("A{}", "[]".repeat(DEPTH)), ""),
        ("let x:", format!("A{}", "|A".repeat(DEPTH)), ""),
        ("let x:", format!("A{}", "&A".repeat(DEPTH)), ""),
        ("let x:", format!("A{}", ".A".repeat(DEPTH)), ""),
    ] {
        module(&format!("{before}{text}{after}"));
    }
}

#[test]
fn unclosed_depth_is_no_danger() {
    for text in ["(", "[", "{", "f(", "`${", "x={a:", "if(a){", "()=>{", "class A{f(){", "try{", "a<", "/*"] {
        module(&text.repeat(DEPTH));
    }
    module_in(Dialect::Tsx, &"<a>".repeat(DEPTH));
}
