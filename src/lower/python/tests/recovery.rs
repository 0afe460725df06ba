//! What is left of files that are no valid Python.

use super::module;
use crate::ir::program::*;
use crate::lower::render::render;

/// The names of all functions that are called.
fn calls(module: &Module) -> Vec<String> {
    let callee = |id: ExprId| module.call(id).map(|call| crate::lower::render::render_expr(module, call.callee));
    module.expr_ids().filter_map(callee).collect()
}

#[test]
fn what_stands_around_an_error_is_kept() {
    for (text, expected) in [
        ("f(1)\nx = = 2\ng(2)\n", &["f", "g"][..]),
        ("f(1)\ndef (x):\n    g(x)\nh(3)\n", &["f", "g", "h"]),
        ("f(1)\nif x\n    g(x)\nh(3)\n", &["f", "g", "h"]),
        ("f(g(1)\n\nh = i(2)\n", &["g", "i"]),
        ("def a():\n    f(1)\n    return g(\n\ndef b():\n    h(2)\n", &["f", "h"]),
        ("try:\n    f(1)\nexcept E\n    g(2)\nh(3)\n", &["f", "g", "h"]),
        ("class A:\n    def f(self):\n        g(1)\n    def\n", &["g"]),
        ("x = {'a': f(1), 'b' g(2)}\nh(3)\n", &["f", "h"]),
    ] {
        let module = module(text);
        let found = calls(&module);
        assert!(!module.errors.is_empty(), "{text}");
        for name in expected {
            assert!(found.iter().any(|f| f == name), "{text}: {name} is lost: {}", render(&module));
        }
    }
}

#[test]
fn broken_functions_do_not_leave_scopes_open() {
    for text in ["def f(:\n    x = 1\ny = 2\n", "class A(:\n    x = 1\ny = 2\n", "f(lambda x: )\ny = 2\n", "[x for in z]\ny = 2\n"] {
        let module = module(text);
        let bound: Vec<&str> = module.scopes[0].bindings.iter().map(|b| b.name.as_str()).collect();
        assert!(bound.contains(&"y"), "{text}: {bound:?}");
    }
}

#[test]
fn errors_have_places() {
    let text = "a = 1\nb = = 2\n";
    let module = module(text);
    assert!(module.errors.iter().all(|e| text[..e.start as usize].contains('\n')), "{:?}", module.errors);
}

#[test]
fn nothing_is_too_broken() {
    for text in [
        "",
        "\n",
        "\u{feff}x = 1\n",
        "\u{0}",
        ")",
        "(((((",
        "def",
        "class",
        "lambda",
        "match x:",
        "match x:\n    case",
        "f'{",
        "f'{x:",
        "f'{x!}'",
        "'abc",
        "'''abc",
        "@",
        "@a",
        "import",
        "from . import",
        "x: =",
        "try:",
        "except:",
        "else:",
        "elif x: pass",
        "case 1: pass",
        "yield",
        "*a",
        "**a",
        "f(**)",
        "f(*)",
        "a[",
        "global",
        "x = 1 if",
        "[x for",
        "{**",
        "with",
        "\t\tx\n y",
        "é = ü + \u{1F600}",
    ] {
        module(text);
    }
}

#[test]
fn depth_is_no_danger() {
    let nested = format!("{}x{}", "(".repeat(3000), ")".repeat(3000));
    let calls = format!("{}x{}", "f(".repeat(2000), ")".repeat(2000));
    let chain = format!("x{}", ".a()".repeat(5000));
    let sum = format!("x{}", " + x".repeat(20_000));
    let differences = format!("x{}", " - x".repeat(5000));
    let conditions = format!("x{}", " and x".repeat(20_000));
    let negations = format!("{}x", "not ".repeat(3000));
    let elifs = format!("if a: pass\n{}", "elif b: pass\n".repeat(3000));
    let blocks: String = (0..90).fold(String::new(), |text, i| text + &" ".repeat(i) + "if a:\n") + &" ".repeat(90) + "b\n";
    for text in [&nested, &calls, &chain, &sum, &differences, &conditions, &negations, &elifs, &blocks] {
        module(text);
    }
    let module = module(&sum);
    let flat = |kind: &ExprKind| matches!(kind, ExprKind::Binary { operands, .. } if operands.len() == 20_001);
    assert!(module.exprs.iter().any(|e| flat(&e.kind)), "a chain of one operator is one expression");
}
