//! Kinds of expressions.

use super::{Dialect, assert_lowered, assert_lowered_in, module};
use crate::ir::program::*;

#[test]
fn atoms() {
    assert_lowered(&[
        ("x", "x"),
        ("$é_1", "$é_1"),
        ("1", "1"),
        ("0xff_ff", "0xff_ff"),
        ("1.5e3", "1.5e3"),
        ("10n", "10n"),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ("undefined", "null"),
        ("(x)", "x"),
        ("((x))", "x"),
        ("this", "this"),
        ("/a[/]b/gi", "?()"),
        ("import.meta.url", "import.meta.url"),
        ("function f() { return new.target; }", "def f() {return new.target}!"),
        // Words that are names elsewhere.
        ("type = of + async + get + set + from + as", "let type = Add(of, async, get, set, from, as)"),
        ("async(x)", "async(x)"),
        ("of(x)", "of(x)"),
        ("module.exports", "module.exports"),
        ("namespace.x", "namespace.x"),
    ]);
}

#[test]
fn accesses_and_calls() {
    assert_lowered(&[
        ("a.b.c", "a.b.c"),
        ("a\n  .b\n  .c()", "a.b.c()"),
        ("a.#b", "a.#b"),
        ("a.default.new.class", "a.default.new.class"),
        ("a[1]", "a[1]"),
        ("a['b']", "a[\"b\"]"),
        ("a[b, c]", "a[?(b, c)]"),
        ("a?.b", "a?.b"),
        ("a?.[b]", "a?[b]"),
        ("a?.(b)", "a?(b)"),
        ("a?.b.c?.()", "a?.b.c?()"),
        ("f()", "f()"),
        ("f(a)(b)", "f(a)(b)"),
        ("f(a, ...b, c)", "f(a, *b, c)"),
        ("f(a, /* why */ b, // first\n)", "f(a, b)"),
        ("f<T>(a)", "f(a)"),
        ("f<A, B<C>>(a)", "f(a)"),
        ("a.b<T>()", "a.b()"),
        ("new A", "new A()"),
        ("new A(b, ...c)", "new A(b, *c)"),
        ("new a.B<T>(c)", "new a.B(c)"),
        ("new (f())()", "new f()()"),
        ("new A().b()", "new A().b()"),
        ("await f(x)", "await f(x)"),
        ("(await f)(x)", "await f(x)"),
        ("f((a, b))", "f(?(a, b))"),
        ("super.f(x)", "super.f(x)"),
        ("const g = f<string>;", "let g = f"),
    ]);
}

#[test]
fn modules_as_values() {
    assert_lowered(&[
        ("const a = require('b');", "let a = require(\"b\")"),
        ("const { a } = require('b').c;", "let {\"a\": a} = require(\"b\").c"),
        ("require('a')(b)", "require(\"a\")(b)"),
        ("require(name)", "require(name)"),
        ("require(`a`)", "require(\"a\")"),
        ("require(`./${a}`)", "require(f<\"./\" {a}>)"),
        ("require.resolve('a')", "require.resolve(\"a\")"),
        ("await import('a')", "await require(\"a\")"),
        ("import('a', { with: { type: 'json' } })", "require(\"a\")"),
        ("import(name)", "import(name)"),
        ("import('a').then((m) => m.b)", "require(\"a\").then((def (m) = m.b))"),
    ]);
}

#[test]
fn operators() {
    assert_lowered(&[
        ("a + b + c", "Add(a, b, c)"),
        ("a + (b + c)", "Add(a, Add(b, c))"),
        ("(a + b) + c", "Add(Add(a, b), c)"),
        ("a + b * c", "Add(a, Mul(b, c))"),
        ("a - b - c", "Other(Other(a, b), c)"),
        ("a % b", "Mod(a, b)"),
        ("a | b", "BitOr(a, b)"),
        ("a ** -b", "Other(a, Minus(b))"),
        ("a << b >>> c", "Other(Other(a, b), c)"),
        ("a && b && c || d", "Or(And(a, b, c), d)"),
        ("a || b || c", "Or(a, b, c)"),
        ("a ?? b ?? c", "Coalesce(a, b, c)"),
        ("!a", "Not(a)"),
        ("!!a", "Not(Not(a))"),
        ("-a", "Minus(a)"),
        ("+a", "Other(a)"),
        ("~a", "Other(a)"),
        ("typeof a", "Other(a)"),
        ("void f()", "Other(f())"),
        ("void 0", "null"),
        ("a++", "Other(a)"),
        ("--a.b", "Other(a.b)"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a, b", "?(a, b)"),
        ("a === b", "(a Eq b)"),
        ("a == b", "(a Eq b)"),
        ("a !== b", "(a NotEq b)"),
        ("a < b", "(a Less b)"),
        ("a >= b", "(a Greater b)"),
        ("a in b", "(a In b)"),
        ("a instanceof B", "(a InstanceOf B)"),
        ("!(a in b)", "Not((a In b))"),
        ("a < b && c > d", "And((a Less b), (c Greater d))"),
        ("typeof a === 'string'", "(Other(a) Eq \"string\")"),
    ]);
}

#[test]
fn assignments_as_values() {
    assert_lowered(&[
        ("f(a = 1)", "f((a := 1))"),
        ("if ((m = f(x))) m.y;", "if (m := f(x)) {m.y}"),
        ("f(a = b = 1)", "f((a := (b := 1)))"),
        ("f(a += 1)", "f(?(a, 1))"),
        ("f(a ??= 1)", "f((a := 1))"),
        ("() => a = 1", "(def () = (a := 1))"),
        ("a = 1, b = 2", "?((a := 1), (b := 2))"),
    ]);
}

#[test]
fn collections() {
    assert_lowered(&[
        ("[]", "[]"),
        ("[a, ...b]", "[a, *b]"),
        ("x = {}", "let x = {}"),
        ("x = { a: 1, ...b, c }", "let x = {\"a\": 1, **b, \"c\": c}"),
        ("x = { 'a-b': 1, 2: 3, [c]: d, [`e`]: f }", "let x = {\"a-b\": 1, 2: 3, c: d, \"e\": f}"),
        ("x = { a: { b: [] } }", "let x = {\"a\": {\"b\": []}}"),
        (
            "x = { a() {}, async b() {}, *c() {}, async *d() {} }",
            concat!(
                "let x = {\"a\": (def a() {}), \"b\": (async def b() {}), \"c\": (generator def c() {}), ",
                "\"d\": (async generator def d() {})}",
            ),
        ),
        ("x = { get a() { return 1; }, set a(b) {} }", "let x = {\"a\": (get def a() {return 1}!), \"a\": (set def a(b) {})}"),
        (
            "x = { 'a b'() {}, [c]() {}, get() {}, set() {}, async() {}, static() {} }",
            concat!(
                "let x = {\"a b\": (def a b() {}), ?(): (def () {}), \"get\": (def get() {}), \"set\": (def set() {}), ",
                "\"async\": (def async() {}), \"static\": (def static() {})}",
            ),
        ),
        ("x = { a: () => 1, b: function () {} }", "let x = {\"a\": (def a() = 1), \"b\": (def b() {})}"),
        ("x = { __proto__: a, default: b, class: c }", "let x = {\"__proto__\": a, \"default\": b, \"class\": c}"),
    ]);
}

#[test]
fn functions() {
    assert_lowered(&[
        ("() => 1", "(def () = 1)"),
        ("x => x", "(def (x) = x)"),
        ("async x => await x", "(async def (x) = await x)"),
        ("async (x) => { return x; }", "(async def (x) {return x}!)"),
        ("(x, y = 1, ...z) => x", "(def (x, y = 1, *z) = x)"),
        ("({ a, b = 1, c: { d }, ...e }) => a", "(def ({\"a\": a, \"b\": (b := 1), \"c\": {\"d\": d}, **e}) = a)"),
        ("([a, , b = 1, ...c]) => a", "(def (tuple(a, ?(), (b := 1), *c)) = a)"),
        ("({ a } = {}) => a", "(def ({\"a\": a} = {}) = a)"),
        ("(x: T, y?: U): V => x", "(def (x: T, y: U) -> V = x)"),
        ("<T,>(x: T) => x", "(def (x: T) = x)"),
        ("<T extends U = V>(x: T) => x", "(def (x: T) = x)"),
        ("() => ({ a: 1 })", "(def () = {\"a\": 1})"),
        ("() => () => x", "(def () = (def () = x))"),
        ("(function () { return 1; })()", "(def () {return 1}!)()"),
        ("(async () => { await f(); })()", "(async def () {await f()})()"),
        ("x = function f() {}", "let x = (def f() {})"),
        ("x = function* () { yield 1; }", "let x = (generator def x() {yield 1})"),
        ("x = async function* f() {}", "let x = (async generator def f() {})"),
        ("f(function (this: T, a) {})", "f((def (a) {}))"),
        ("const f = (a) => a;", "let f = (def f(a) = a)"),
        ("exports.f = () => 1", "let exports.f = (def f() = 1)"),
        ("(x): x is T => true", "(def (x) = true)"),
        ("(x): asserts x => {}", "(def (x) {})"),
        ("x = class { a = 1 }", "let x = (class () {let a = 1})"),
        ("x = class A extends B {}", "let x = (class A(B) {})"),
        ("f(class extends mix(A, B) {})", "f((class (mix(A, B)) {}))"),
    ]);
}

#[test]
fn await_and_yield() {
    assert_lowered(&[
        ("function* f() { const x = yield; }", "generator def f() {let x = yield}"),
        ("function* f() { yield a, b; }", "generator def f() {?(yield a, b)}"),
        ("function* f() { yield* g(); }", "generator def f() {yield from g()}"),
        ("function* f() {}", "generator def f() {}"),
        ("async function f() { return [await g(), await h()]; }", "async def f() {return [await g(), await h()]}!"),
        ("async function f() { for await (const x of g()) h(x); }", "async def f() {async for x in g() {h(x)}}"),
        // The inner function's `yield` is its own.
        ("function f() { return function* () { yield; }; }", "def f() {return (generator def () {yield})}!"),
    ]);
}

#[test]
fn strings() {
    assert_lowered(&[
        ("x = ''", "let x = \"\""),
        ("x = \"a\"", "let x = \"a\""),
        (r"x = 'a\n\'\x41\u00e4\u{1F600}\\'", "let x = \"a\\n'Aä😀\\\\\""),
        ("x = 'a\\\nb'", "let x = \"ab\""),
        (r"x = '\d\0'", r#"let x = "d\0""#),
        ("x = 'a' + 'b'", "let x = Add(\"a\", \"b\")"),
        ("x = '${y}'", "let x = \"${y}\""),
    ]);
}

#[test]
fn templates() {
    assert_lowered(&[
        ("x = ``", "let x = \"\""),
        ("x = `a\nb`", "let x = \"a\\nb\""),
        ("x = `a${y}b`", "let x = f<\"a\" {y} \"b\">"),
        ("x = `${y}${z}`", "let x = f<{y} {z}>"),
        ("x = `\\${y} \\` \\n`", "let x = \"${y} ` \\n\""),
        ("x = `$y $`", "let x = \"$y $\""),
        ("x = `${f(`${y}`)}`", "let x = f<{f(f<{y}>)}>"),
        ("x = `${{ a: 1 }.a}`", "let x = f<{{\"a\": 1}.a}>"),
        ("x = `${a, b}`", "let x = f<{?(a, b)}>"),
        ("x = `${a ? 'b' : c}`", "let x = f<{(a ? \"b\" : c)}>"),
        ("x = `${await f(y)}`", "let x = f<{await f(y)}>"),
        ("sql`a ${b}`", "sql<\"a \" {b}>"),
        ("sql``", "sql<\"\">"),
        ("db.sql`a`.execute()", "db.sql<\"a\">.execute()"),
        ("sql<T>`a ${b}`", "sql<\"a \" {b}>"),
        ("f(x)`a`", "f(x)<\"a\">"),
    ]);
}

#[test]
fn types_are_transparent() {
    assert_lowered(&[
        ("x as T", "x"),
        ("x as const", "x"),
        ("x as unknown as T", "x"),
        ("x satisfies T", "x"),
        ("x!", "x"),
        ("x!.y!.z", "x.y.z"),
        ("(x as T).y", "x.y"),
        ("x = { a: 1 } as const satisfies T", "let x = {\"a\": 1}"),
        ("f(x as T, y!)", "f(x, y)"),
    ]);
    assert_lowered_in(&[Dialect::TypeScript], &[("<T>x", "x"), ("f(<T>x.y)", "f(x.y)"), ("<T>(x: T) => x", "(def (x: T) = x)")]);
}

#[test]
fn types_name_what_things_are() {
    assert_lowered(&[
        ("let x: T;", "let x: T"),
        ("let x: a.b.T;", "let x: a.b.T"),
        ("let x: T[];", "let x: Array[T]"),
        ("let x: readonly T[];", "let x: Array[T]"),
        ("let x: Map<K, V>;", "let x: Map[tuple(K, V)]"),
        ("let x: Promise<T | null>;", "let x: Promise[BitOr(T, null)]"),
        ("let x: A | B | undefined;", "let x: BitOr(A, B, null)"),
        ("let x: | A | B;", "let x: BitOr(A, B)"),
        ("let x: A & B;", "let x: Other(A, B)"),
        ("let x: (A);", "let x: A"),
        ("let x: [A, b?: B, ...C[]];", "let x: tuple(A, B, Array[C])"),
        ("let x: string | 'a' | 1 | true;", "let x: BitOr(string, \"a\", 1, true)"),
        ("let x: { a: A; b?: B; c(): void; [key: string]: D };", "let x: (class () {let a: A; let b: B})"),
        // What leads nowhere.
        ("let x: (a: A) => B;", "let x"),
        ("let x: new () => A;", "let x"),
        ("let x: keyof A;", "let x: ?()"),
        ("let x: typeof y;", "let x"),
        ("let x: A['b'];", "let x: ?()"),
        ("let x: A extends B ? C : D;", "let x"),
        ("let x: { [K in keyof A]: B };", "let x: (class () {})"),
        ("let x: `a${string}`;", "let x"),
        ("let x: unique symbol;", "let x: unique symbol"),
    ]);
}

#[test]
fn elements() {
    assert_lowered_in(
        &[Dialect::Tsx],
        &[
            ("x = <a />", "let x = ?()"),
            ("x = <a>text &amp; more</a>", "let x = ?()"),
            ("x = <></>", "let x = ?()"),
            ("x = <a b=\"c\" d={f(x)} {...g()} e />", "let x = ?(?(\"c\"), ?(?(f(x))), ?(*g()))"),
            ("x = <A.B c:d={e}>{f(x)}</A.B>", "let x = ?(?(?(?(e))), ?(f(x)))"),
            ("x = <ul>{xs.map((x) => <li key={x}>{f(x)}</li>)}</ul>", "let x = ?(?(xs.map((def (x) = ?(?(?(?(x))), ?(f(x)))))))"),
            ("x = <a>{/* nothing */}</a>", "let x = ?()"),
            ("x = <A<T> b={c} />", "let x = ?(?(?(c)))"),
            ("x = a ? <b /> : null", "let x = (a ? ?() : null)"),
            (
                "const F = () => <a onClick={async () => { await fetch('/x'); }} />;",
                "let F = (def F() = ?(?(?((async def () {await fetch(\"/x\")})))))",
            ),
        ],
    );
}

#[test]
fn spans_are_those_of_the_text() {
    let text = "const x = ( f(a) ) as T;";
    let module = module(text);
    let call = module.expr_ids().find(|id| module.call(*id).is_some()).expect("a call");
    assert_eq!(&text[module.expr(call).span.range()], "f(a)");
    let ExprKind::Call(call) = &module.expr(call).kind else { panic!("a call") };
    assert_eq!(&text[call.args_span.range()], "(a)");
}
