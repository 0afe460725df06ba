//! Kinds of expressions.

use super::assert_lowered;

#[test]
fn atoms() {
    assert_lowered(&[
        ("x", "x"),
        ("é_1", "é_1"),
        ("1", "1"),
        ("0x_ff", "0x_ff"),
        ("1.5e3", "1.5e3"),
        ("2j", "2j"),
        ("True", "true"),
        ("False", "false"),
        ("None", "null"),
        ("...", "..."),
        ("(x)", "x"),
        ("((x))", "x"),
        // Soft keywords are names elsewhere.
        ("match", "match"),
        ("match(x)", "match(x)"),
        ("type(x)", "type(x)"),
        ("type = 1", "let type = 1"),
        ("match = case", "let match = case"),
    ]);
}

#[test]
fn accesses_and_calls() {
    assert_lowered(&[
        ("a.b.c", "a.b.c"),
        ("a .\\\n b", "a.b"),
        ("a[1]", "a[1]"),
        ("a[1, 2]", "a[tuple(1, 2)]"),
        ("a[(1, 2)]", "a[tuple(1, 2)]"),
        ("a[1:2:3]", "a[slice(1, 2, 3)]"),
        ("a[:]", "a[slice()]"),
        ("a[::2, x]", "a[tuple(slice(2), x)]"),
        ("a[*b]", "a[*b]"),
        ("f()", "f()"),
        ("f(a)(b)", "f(a)(b)"),
        ("f(a, *b, k=c, **d)", "f(a, *b, k=c, **d)"),
        ("f(*a, b, *c)", "f(*a, b, *c)"),
        ("f(x for x in y)", "f(Generator(x for x in y))"),
        ("f((yield))", "f(yield)"),
        ("f(a := 1)", "f((a := 1))"),
        ("f(a,  # first\n  b)", "f(a, b)"),
        ("f(print=1)", "f(print=1)"),
        ("await f(x)", "await f(x)"),
        ("(await f)(x)", "await f(x)"),
    ]);
}

#[test]
fn operators() {
    assert_lowered(&[
        ("a + b + c", "Add(a, b, c)"),
        ("a + (b + c)", "Add(a, Add(b, c))"),
        // What was grouped on purpose stays apart.
        ("(a + b) + c", "Add(Add(a, b), c)"),
        ("a + b * c", "Add(a, Mul(b, c))"),
        ("a - b - c", "Other(Other(a, b), c)"),
        ("a % b % c", "Mod(Mod(a, b), c)"),
        ("a | b", "BitOr(a, b)"),
        ("a ** -b", "Other(a, Minus(b))"),
        ("a and b and c or d", "Or(And(a, b, c), d)"),
        ("a or b or c", "Or(a, b, c)"),
        ("not a", "Not(a)"),
        ("not not a", "Not(Not(a))"),
        ("-a", "Minus(a)"),
        ("+a", "Other(a)"),
        ("~a", "Other(a)"),
        ("a if b else c if d else e", "(b ? a : (d ? c : e))"),
    ]);
}

#[test]
fn comparisons_are_whole() {
    assert_lowered(&[
        ("a < b", "(a Less b)"),
        ("a < b <= c == d != e", "(a Less b Less c Eq d NotEq e)"),
        ("a > b >= c", "(a Greater b Greater c)"),
        ("a in b", "(a In b)"),
        ("a not in b", "(a NotIn b)"),
        ("a not  in b", "(a NotIn b)"),
        ("a is b", "(a Is b)"),
        ("a is not b", "(a IsNot b)"),
        ("a is not None and b", "And((a IsNot null), b)"),
        ("(a < b) < c", "((a Less b) Less c)"),
        ("not a in b", "Not((a In b))"),
        ("a <> b", "(a NotEq b)"),
    ]);
}

#[test]
fn collections() {
    assert_lowered(&[
        ("[]", "[]"),
        ("[a, *b]", "[a, *b]"),
        ("()", "tuple()"),
        ("(a,)", "tuple(a)"),
        ("x = a, b", "let x = tuple(a, b)"),
        ("x = *a, b", "let x = tuple(*a, b)"),
        ("{a, *b}", "set(a, *b)"),
        ("{}", "{}"),
        ("{'a': 1, **b, c: d}", "{\"a\": 1, **b, c: d}"),
        ("{'a': {'b': []}}", "{\"a\": {\"b\": []}}"),
    ]);
}

#[test]
fn comprehensions() {
    assert_lowered(&[
        ("[x for x in y]", "List(x for x in y)"),
        ("{x for x in y}", "Set(x for x in y)"),
        ("{k: v for k, v in y}", "Dict(k: v for tuple(k, v) in y)"),
        ("(x for x in y)", "Generator(x for x in y)"),
        ("[x for y in z if y for x in y if x if not y]", "List(x for y in z if y for x in y if x if Not(y))"),
        ("[x async for x in y]", "List(x for x in y)"),
        ("[[a for a in b] for b in c]", "List(List(a for a in b) for b in c)"),
        ("[(a, b) for a in b]", "List(tuple(a, b) for a in b)"),
        ("[f(x) if x else None for x in y]", "List((x ? f(x) : null) for x in y)"),
    ]);
}

#[test]
fn lambdas() {
    assert_lowered(&[
        ("lambda: 1", "(def () = 1)"),
        ("lambda x, *y, k=1, **z: x", "(def (x, *y, kw k = 1, **z) = x)"),
        ("lambda x, /, y, *, k: x", "(def (x, y, kw k) = x)"),
        ("lambda: (yield x)", "(generator def () = yield x)"),
        ("lambda x: lambda y: x", "(def (x) = (def (y) = x))"),
        ("sorted(a, key=lambda x: x[1])", "sorted(a, key=(def (x) = x[1]))"),
    ]);
}

#[test]
fn walrus_await_and_yield() {
    assert_lowered(&[
        ("(a := f(b))", "(a := f(b))"),
        ("if (m := f(x)) and m.y: pass", "if And((m := f(x)), m.y) {pass}"),
        ("[y := f(x), y]", "[(y := f(x)), y]"),
        ("def f():\n    x = yield", "generator def f() {let x = yield}"),
        ("def f():\n    x = yield a, b", "generator def f() {let x = yield tuple(a, b)}"),
        ("def f():\n    yield from g()", "generator def f() {yield from g()}"),
        ("async def f():\n    return await g(), await h()", "async def f() {return tuple(await g(), await h())}!"),
        // The inner function's `yield` is its own.
        ("def f():\n    def g():\n        yield\n    return g", "def f() {generator def g() {yield}; return g}!"),
    ]);
}

#[test]
fn strings() {
    assert_lowered(&[
        ("''", "\"\""),
        (r"'a\n\'\x41\u00e4\\'", "\"a\\n'Aä\\\\\""),
        (r"r'a\n'", "\"a\\\\n\""),
        (r"b'a\x41'", "\"aA\""),
        ("'''a\nb'''", "\"a\\nb\""),
        ("'a\\\nb'", "\"ab\""),
        (r"'\d'", r#""\\d""#),
        ("'a' 'b'", "\"ab\""),
        ("('a'\n 'b'  # why\n 'c')", "\"abc\""),
        ("'a' r'\\b'", "\"a\\\\b\""),
        ("'{x}'", "\"{x}\""),
        ("u'a'", "\"a\""),
    ]);
}

#[test]
fn templates() {
    assert_lowered(&[
        ("f''", "\"\""),
        ("f'a'", "\"a\""),
        ("f'a{x}b'", "f<\"a\" {x} \"b\">"),
        ("f'{x}{y}'", "f<{x} {y}>"),
        ("f'{{x}}'", "\"{x}\""),
        ("f'{{{x}}}'", "f<\"{\" {x} \"}\">"),
        ("f'{x!r}'", "f<{x}>"),
        ("f'{x=}'", "f<{x}>"),
        ("f'{x:>10}'", "f<{x}>"),
        // What a format specifier computes is seen.
        ("f'{x:{width}.{f(p)}}'", "f<{?(x, ?(width, f(p)))}>"),
        ("f'{a[\"k\"]}'", "f<{a[\"k\"]}>"),
        ("f'{f(x, y=1)} {a + b}'", "f<{f(x, y=1)} \" \" {Add(a, b)}>"),
        ("f'{f\"{x}\"}'", "f<{f<{x}>}>"),
        ("f'{x, y}'", "f<{tuple(x, y)}>"),
        ("f'{x if y else z}'", "f<{(y ? x : z)}>"),
        ("'a' f'{x}' 'b'", "f<\"a\" {x} \"b\">"),
        ("f'a' 'b'", "\"ab\""),
        ("rf'\\d{x}'", "f<\"\\\\d\" {x}>"),
        ("f'''\n{x}\n'''", "f<\"\\n\" {x} \"\\n\">"),
        ("f'{await g(x)}'", "f<{await g(x)}>"),
    ]);
}
