//! What is bound where.

use super::module;
use crate::ir::program::*;
use crate::lower::render::render_expr;

/// All scopes with their bindings, the module's first.
fn scopes(text: &str) -> Vec<String> {
    let module = module(text);
    let scope = |scope: &Scope| {
        let kind = match scope.kind {
            ScopeKind::Module => "module".to_owned(),
            ScopeKind::Function(id) => format!("def {}", module.function(id).name),
            ScopeKind::Class(id) => format!("class {}", module.class(id).name),
            ScopeKind::Comprehension => "comprehension".to_owned(),
            ScopeKind::Block | ScopeKind::Exports => "of TypeScript".to_owned(),
        };
        let bindings: Vec<String> = scope.bindings.iter().map(|b| binding(&module, text, b)).collect();
        format!("{kind}: {}", bindings.join(", ")).trim_end().to_owned()
    };
    module.scopes.iter().map(scope).collect()
}

fn binding(module: &Module, text: &str, binding: &Binding) -> String {
    let Binding { name, span, kind } = binding;
    // `import a.b` binds `a`.
    assert!(text[span.range()].starts_with(name.as_str()), "{binding:?}");
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
        BindingKind::Exception(types) => format!("{name} except {}", types.as_ref().map_or(String::new(), expr)),
        BindingKind::Member(value, key) => format!("{name} = {}.{key}", expr(value)),
        BindingKind::Unset => format!("{name} unset"),
        BindingKind::Opaque => format!("{name} ?"),
    }
}

#[test]
fn everything_that_binds() {
    for (text, expected) in [
        ("a = b = 1", "module: a = 1, b = 1"),
        ("a: int", "module: a: int"),
        ("a: int = 1", "module: a = 1"),
        ("a, (b, *c) = d", "module: a = d[0], b ?, c ?"),
        ("a.b = c[d] = 1", "module:"),
        ("a += 1", "module: a ?"),
        ("del a", "module: a ?"),
        ("for a in b: pass", "module: a in b"),
        ("for a, b in c: pass", "module: a ?, b ?"),
        ("with a as b, c as (d, e): pass", "module: b with a, d ?, e ?"),
        ("with (a as b,): pass", "module: b with a"),
        ("try: pass\nexcept E as e: pass", "module: e except E"),
        ("try: pass\nexcept (E, F) as e: pass", "module: e except tuple(E, F)"),
        ("import a.b, c as d", "module: a import, d import"),
        ("from a import b, c as d", "module: b import, d import"),
        ("from a import *", "module: * import"),
        ("(a := 1)", "module: a = 1"),
        (
            "match x:\n    case [a, *b]: pass\n    case {'k': c, **d}: pass\n    case P(e, f=g) as h: pass",
            "module: a ?, b ?, c ?, d ?, e ?, g ?, h ?",
        ),
        ("match x:\n    case M.A | 1 | None: pass", "module:"),
        ("match x:\n    case a: pass", "module: a ?"),
    ] {
        assert_eq!(scopes(text), [expected], "{text}");
    }
}

#[test]
fn functions_and_classes_have_scopes() {
    assert_eq!(
        scopes("def f(a, *b, k=1, **c):\n    x = a\n\n\nclass A:\n    y = 1\n\n    def g(self):\n        z = 2\n"),
        [
            "module: f def, A class",
            "def f: a param 0, b param 1, k param 2, c param 3, x = a",
            "class A: y = 1, g def",
            "def g: self param 0, z = 2",
        ]
    );
    assert_eq!(scopes("x = lambda a: (b := a)"), ["module: x = (def (a) = (b := a))", "def : a param 0, b = a"]);
}

#[test]
fn comprehensions_keep_their_variables() {
    assert_eq!(scopes("[x for x in y]"), ["module:", "comprehension: x in y"]);
    assert_eq!(scopes("{k: v for k, v in y}"), ["module:", "comprehension: k ?, v ?"]);
    assert_eq!(scopes("[[a for a in b] for b in c]"), ["module:", "comprehension: b in c", "comprehension: a in b"]);
    // A walrus binds outside of the comprehension.
    assert_eq!(scopes("[(last := x) for x in y]"), ["module: last = x", "comprehension: x in y"]);
    assert_eq!(
        scopes("def f():\n    return [[(n := b) for b in a] for a in c]"),
        ["module: f def", "def f: n = b", "comprehension: a in c", "comprehension: b in a"]
    );
}

#[test]
fn uses_are_in_the_scope_around_them() {
    let scope_of = |text: &str, name: &str| {
        let module = module(text);
        let is_it = |id: &ExprId| matches!(module.expr(*id).kind, ExprKind::Name(n) if n == name);
        let found = module.expr_ids().find(is_it).expect("the name is used");
        match module.scope(module.expr_scopes[found.index()]).kind {
            ScopeKind::Module => "module",
            ScopeKind::Function(_) => "function",
            ScopeKind::Class(_) => "class",
            ScopeKind::Comprehension => "comprehension",
            ScopeKind::Block | ScopeKind::Exports => "of TypeScript",
        }
    };
    assert_eq!(scope_of("def f(): return x", "x"), "function");
    assert_eq!(scope_of("class A(B):\n    y = x", "x"), "class");
    assert_eq!(scope_of("@x\ndef f(): pass", "x"), "module");
    assert_eq!(scope_of("[x for y in z]", "x"), "comprehension");
    assert_eq!(scope_of("lambda: x", "x"), "function");
}

#[test]
fn global_and_nonlocal_bind_elsewhere() {
    assert_eq!(scopes("def f():\n    global a, b\n    a = 1\n    c = 2\n"), ["module: a = 1, f def", "def f: c = 2"]);
    assert_eq!(
        scopes("def f():\n    a = 1\n    def g():\n        nonlocal a\n        a = 2\n"),
        ["module: f def", "def f: a = 1, a = 2, g def", "def g:"]
    );
    // Past the functions between.
    assert_eq!(
        scopes("def f():\n    a = 1\n    def g():\n        def h():\n            nonlocal a\n            a = 2\n"),
        ["module: f def", "def f: a = 1, a = 2, g def", "def g: h def", "def h:"]
    );
    // A class body is no scope for the functions in it.
    assert_eq!(
        scopes("def f():\n    a = 1\n    class C:\n        def g(self):\n            nonlocal a\n            a = 2\n"),
        ["module: f def", "def f: a = 1, a = 2, C class", "class C: g def", "def g: self param 0"]
    );
}
