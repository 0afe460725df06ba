//! What is bound where.

use super::module;
use crate::ir::program::*;
use crate::lower::render::render_expr;

/// All scopes that bind something, and the module's, with their bindings.
pub fn scopes(text: &str) -> Vec<String> {
    let module = module(text);
    let scope = |scope: &Scope| {
        let kind = match scope.kind {
            ScopeKind::Module => "module".to_owned(),
            ScopeKind::Function(id) => format!("def {}", module.function(id).name),
            ScopeKind::Class(id) => format!("class {}", module.class(id).name),
            ScopeKind::Comprehension => "of Python".to_owned(),
            ScopeKind::Block => "block".to_owned(),
            ScopeKind::Exports => "exports".to_owned(),
        };
        let bindings: Vec<String> = scope.bindings.iter().map(|b| binding(&module, b)).collect();
        format!("{kind}: {}", bindings.join(", ")).trim_end().to_owned()
    };
    let speaks = |scope: &&Scope| scope.kind == ScopeKind::Module || !scope.bindings.is_empty();
    module.scopes.iter().filter(speaks).map(scope).collect()
}

fn binding(module: &Module, binding: &Binding) -> String {
    let Binding { name, kind, .. } = binding;
    let expr = |id: &ExprId| render_expr(module, *id);
    match kind {
        BindingKind::Import(_) => format!("{name} import"),
        BindingKind::Function(_) => format!("{name} def"),
        BindingKind::Class(_) => format!("{name} class"),
        BindingKind::Param(index) => format!("{name} param {index}"),
        BindingKind::Value(value) => format!("{name} = {}", expr(value)),
        BindingKind::Declared(annotation) => format!("{name}: {}", expr(annotation)),
        BindingKind::Element(value, index) => format!("{name} = {}[{index}]", expr(value)),
        BindingKind::Item(iter) => format!("{name} in {}", expr(iter)),
        BindingKind::Context(context) => format!("{name} with {}", expr(context)),
        BindingKind::Exception(_) => format!("{name} except"),
        BindingKind::Member(value, key) => format!("{name} = {}.{key}", expr(value)),
        BindingKind::Unset => format!("{name} unset"),
        BindingKind::Opaque => format!("{name} ?"),
    }
}

#[test]
fn everything_that_binds() {
    for (text, expected) in [
        ("const a = 1", "module: a = 1"),
        ("let a; var b", "module: a unset, b unset"),
        ("let a: T", "module: a: T"),
        ("let a: T = 1", "module: a = 1"),
        ("const [a, , [b], ...c] = d", "module: a = d[0], b ?, c ?"),
        ("const { a, b: c, 'd-e': f, [g]: h, ...i } = j", "module: a = j.a, c = j.b, f = j.d-e, h ?, i ?"),
        ("const { a: { b }, c = 1 } = d", "module: b = {\"b\": b}.b, c = d.c"),
        ("a = 1", "module: a = 1"),
        ("let a; a = b = 1", "module: a unset, a = 1, b = 1"),
        ("[a, b] = c", "module: a = c[0], b = c[1]"),
        ("({ a } = b)", "module: a = b.a"),
        ("a.b = c[d] = 1", "module:"),
        ("let a; a += 1", "module: a unset, a ?"),
        ("let a = 1; a ??= 2", "module: a = 1, a = 2"),
        ("let a = 1; a++", "module: a = 1, a ?"),
        ("import a, { b as c, type D } from 'e'; import * as f from 'g'", "module: a import, c import, D import, f import"),
        ("import a = require('b')", "module: a import"),
        ("import a = b.c", "module: a = b.c"),
        ("function a() {} async function* b() {}", "module: a def, b def"),
        ("class A {} abstract class B {}", "module: A class, B class"),
        ("enum A {}", "module: A class"),
        ("namespace A {}", "module: A ?"),
        ("interface A {} type B = C", "module: A class, B = C"),
        ("declare const a: B; declare function c(): void", "module:"),
        ("using a = b()", "module: a = b()"),
        ("const a = { b: 1 }, c = a.b", "module: a = {\"b\": 1}, c = a.b"),
        ("try {} catch {}", "module:"),
    ] {
        assert_eq!(scopes(text), [expected], "{text}");
    }
}

#[test]
fn functions_and_classes_have_scopes() {
    assert_eq!(
        scopes("function f(a, b = 1, { c, d: [e] }, ...g) { const x = a; }\nclass A { y = 1; g() { const z = 2; } }"),
        [
            "module: f def, A class",
            "def f: a param 0, b param 1, c = {\"c\": c, \"d\": tuple(e)}.c, e ?, g param 3, x = a",
            "class A: y = 1",
            "def g: z = 2",
        ]
    );
    assert_eq!(scopes("const f = x => (y) => x"), ["module: f = (def f(x) = (def (y) = x))", "def f: x param 0", "def : y param 0"]);
    assert_eq!(scopes("function f(this: T, a) {}"), ["module: f def", "def f: a param 0"]);
    assert_eq!(scopes("interface A { b: C }\nenum D { E = 1 }"), ["module: A class, D class", "class A: b: C", "class D: E = 1"]);
}

#[test]
fn function_expressions_know_their_own_name() {
    assert_eq!(scopes("f(function g(a) { g(a); })"), ["module:", "def g: g def, a param 0"]);
    assert_eq!(scopes("f(function g(g) {})"), ["module:", "def g: g param 0"]);
}

#[test]
fn blocks_keep_what_they_declare() {
    assert_eq!(scopes("{ const a = 1; { let b = 2; } } let a;"), ["module: a unset", "block: a = 1", "block: b = 2"]);
    assert_eq!(scopes("if (x) { const a = 1; } else { const a = 2; }"), ["module:", "block: a = 1", "block: a = 2"]);
    assert_eq!(scopes("{ function f() {} class A {} }"), ["module:", "block: f def, A class"]);
    assert_eq!(scopes("switch (x) { case 1: const a = 1; default: let b; }"), ["module:", "block: a = 1, b unset"]);
    assert_eq!(
        scopes("try { const a = 1; } catch (e) { const b = e; } finally { const c = 1; }"),
        ["module:", "block: a = 1", "block: e except, b = e", "block: c = 1",]
    );
    assert_eq!(scopes("try {} catch ({ message }) {}"), ["module:", "block: message ?"]);
    assert_eq!(scopes("namespace A { const b = 1; }"), ["module: A ?", "block: b = 1"]);
    assert_eq!(scopes("class A { static { const b = 1; } }"), ["module: A class", "block: b = 1"]);
}

#[test]
fn loops_keep_what_they_declare() {
    assert_eq!(scopes("for (let i = 0; i < n; i++) { const a = i; }"), ["module:", "block: i = 0, i ?, a = i"]);
    assert_eq!(scopes("for (const x of xs) { const a = x; }"), ["module:", "block: x in xs, a = x"]);
    assert_eq!(scopes("for (const [k, v] of xs) {}"), ["module:", "block: k ?, v ?"]);
    assert_eq!(scopes("for (const k in o) {}"), ["module:", "block: k ?"]);
    assert_eq!(scopes("let x; for (x of xs) {}"), ["module: x unset, x ?"]);
    assert_eq!(scopes("while (x) { const a = 1; }"), ["module:", "block: a = 1"]);
}

#[test]
fn var_belongs_to_the_function() {
    assert_eq!(scopes("if (x) { var a = 1; }"), ["module: a = 1"]);
    assert_eq!(scopes("function f() { for (var i = 0; ; ) { var { a } = b; } }"), ["module: f def", "def f: i = 0, a = b.a"]);
    assert_eq!(scopes("for (var x of xs) {}"), ["module: x in xs"]);
    assert_eq!(scopes("try {} catch (e) { var a = e; }"), ["module: a = e", "block: e except"]);
    assert_eq!(scopes("const f = () => { { var a = 1; } }"), ["module: f = (def f() {with  {let a = 1}})", "def f: a = 1"]);
}

#[test]
fn assignments_change_what_is_declared_around_them() {
    assert_eq!(scopes("let a; function f() { a = 1; }"), ["module: a unset, f def, a = 1"]);
    assert_eq!(scopes("function f() { let a; g(() => { a = 1; }); }"), ["module: f def", "def f: a unset, a = 1"]);
    assert_eq!(scopes("{ let a; { a = 1; } }"), ["module:", "block: a unset, a = 1"]);
    assert_eq!(scopes("function f(a) { a = 1; }"), ["module: f def", "def f: a param 0, a = 1"]);
    assert_eq!(
        scopes("let a; function f() { ({ a } = b); [a] = c; a++; for (a of d) {} }"),
        ["module: a unset, f def, a = b.a, a = c[0], a ?, a ?"]
    );
    // Whether it stands before or behind.
    assert_eq!(scopes("function f() { a = 1; } let a;"), ["module: f def, a = 1, a unset"]);
    assert_eq!(scopes("function f() { g(() => { a = 1; }); var a; }"), ["module: f def", "def f: a = 1, a unset"]);
    // The innermost.
    assert_eq!(scopes("let a; function f() { let a; a = 1; }"), ["module: a unset, f def", "def f: a unset, a = 1"]);
    // Fields are no variables.
    assert_eq!(scopes("let a; class A { a = 1; f() { a = 2; } }"), ["module: a unset, A class, a = 2", "class A: a = 1"]);
    // Declared nowhere: a global.
    assert_eq!(scopes("function f() { a = 1; }"), ["module: f def, a = 1"]);
}

#[test]
fn types_give_way_to_values() {
    assert_eq!(scopes("type A = B; const A = 1;"), ["module: A = 1"]);
    assert_eq!(scopes("interface A { b: C } class A {}"), ["module: A class", "class A: b: C"]);
    assert_eq!(scopes("interface A {} interface A {}"), ["module: A class"]);
    assert_eq!(scopes("export type A = B; export const A = 1;"), ["module: A = 1", "exports: A = 1"]);
    assert_eq!(scopes("export interface A {} export interface A {}"), ["module: A class", "exports: A class"]);
    assert_eq!(scopes("function f() { type A = B; }"), ["module: f def", "def f: A = B"]);
    assert_eq!(scopes("type A = B; function f() { const A = 1; }"), ["module: A = B, f def", "def f: A = 1"]);
}

#[test]
fn uses_are_in_the_scope_around_them() {
    let scope_of = |text: &str| {
        let module = module(text);
        let is_it = |id: &ExprId| matches!(module.expr(*id).kind, ExprKind::Name(n) if n == "x");
        let found = module.expr_ids().find(is_it).expect("the name is used");
        match module.scope(module.expr_scopes[found.index()]).kind {
            ScopeKind::Module => "module",
            ScopeKind::Function(_) => "function",
            ScopeKind::Class(_) => "class",
            ScopeKind::Block => "block",
            ScopeKind::Comprehension | ScopeKind::Exports => "none",
        }
    };
    for (text, expected) in [
        ("f(x)", "module"),
        ("function f() { return x; }", "function"),
        ("(a = x) => a", "function"),
        ("() => x", "function"),
        ("class A extends x {}", "module"),
        ("class A { y = x }", "class"),
        ("class A { f() { x; } }", "function"),
        ("@x class A {}", "module"),
        ("class A { @x f() {} }", "class"),
        ("class A { constructor(@x a) {} }", "function"),
        ("{ x; }", "block"),
        ("for (const a of x) {}", "block"),
        ("if (x) {}", "module"),
        ("try {} catch { x; }", "block"),
    ] {
        assert_eq!(scope_of(text), expected, "{text}");
    }
}
