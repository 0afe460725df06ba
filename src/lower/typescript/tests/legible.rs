//! What is put so that the grammar can read it changes nothing else.

use super::assert_lowered;

#[test]
fn type_arguments_of_tagged_templates() {
    assert_lowered(&[
        ("sql<T>`a`", "sql<\"a\">"),
        ("db.sql<{ id: string; n: number | null }[]>`a ${b}`", "db.sql<\"a \" {b}>"),
        ("sql<Map<string, T>>`a`", "sql<\"a\">"),
        ("sql<(a: A) => B>`a`", "sql<\"a\">"),
        ("sql<\n  T\n>`a`", "sql<\"a\">"),
        ("f(x)<{\n  a: any; // What's <it> + more\n  /** Is it b? */\n}[]>`a`", "f(x)<\"a\">"),
        // No type arguments.
        ("x = a > `b`", "let x = (a Greater \"b\")"),
        ("x = `Bot<${a}>`", "let x = f<\"Bot<\" {a} \">\">"),
        ("x = `a<br>`", "let x = \"a<br>\""),
        ("x = a<b && c>`d`", "let x = And((a Less b), (c Greater \"d\"))"),
        ("x = 'sql<T>`a`'", "let x = \"sql<T>`a`\""),
        ("// sql<T>`a`\nx", "x"),
    ]);
}

#[test]
fn exports_of_all_types() {
    assert_lowered(&[("export type * from 'a';", "import a.* as *"), ("f('export type * from a')", "f(\"export type * from a\")")]);
}

#[test]
fn parameters_that_are_called_as_types_are() {
    assert_lowered(&[
        ("let f: (any) => void;", "let f"),
        ("let f: (string, number)=> void;", "let f"),
        ("type F = { f?: (boolean) => void; g(x: (any) => T): U };", "type"),
        ("const f = (string) => string;", "let f = (def f(string) = string)"),
        ("const f = (a, b) => a;", "let f = (def f(a, b) = a)"),
        ("f(any) || ((x) => x)", "Or(f(any), (def (x) = x))"),
        ("f('(any) => void') // (any) => void", "f(\"(any) => void\")"),
    ]);
}

#[test]
fn members_called_in() {
    assert_lowered(&[
        ("let x: { in: string; b: c };", "let x: (class () {let in: string; let b: c})"),
        ("interface A {\n  in?: string\n}", "class A() {let in: string}"),
        ("x = { in: 1, within: 2 }", "let x = {\"in\": 1, \"within\": 2}"),
        ("x = a ? b in c : d", "let x = (a ? (b In c) : d)"),
        ("x = ' in: '", "let x = \" in: \""),
    ]);
}
