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
