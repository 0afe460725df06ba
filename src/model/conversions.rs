//! Conversions: code that turns texts into values, and which errors say that a text was none.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// What functions raise on what they cannot convert.
const CONVERSIONS: [(&[&str], &[&str]); 12] = [
    (&["bool", "repr", "str"], &[]),
    (&["abs", "len", "max", "min", "round", "sum"], &["TypeError", "ValueError"]),
    (&["complex", "float", "int", "json.loads"], &["TypeError", "ValueError"]),
    (&["decimal.Decimal"], &["ArithmeticError", "TypeError", "ValueError"]),
    (&["fractions.Fraction"], &["TypeError", "ValueError", "ZeroDivisionError"]),
    (&["uuid.UUID", "urllib.parse.urlparse", "urllib.parse.urlsplit"], &["AttributeError", "TypeError", "ValueError"]),
    (&["datetime.datetime.fromisoformat", "datetime.date.fromisoformat", "datetime.time.fromisoformat"], &["TypeError", "ValueError"]),
    (&["datetime.datetime.strptime", "time.strptime", "email.utils.parsedate_to_datetime"], &["TypeError", "ValueError"]),
    (&["datetime.datetime.fromtimestamp", "datetime.datetime.utcfromtimestamp"], &["OSError", "OverflowError", "TypeError", "ValueError"]),
    (&["ipaddress.ip_address", "ipaddress.ip_network", "ipaddress.ip_interface"], &["ValueError"]),
    (&["base64.b64decode", "base64.urlsafe_b64decode"], &["TypeError", "ValueError"]),
    (&["ast.literal_eval"], &["SyntaxError", "TypeError", "ValueError"]),
];

/// Methods of texts, dictionaries and times that fail only on what is none.
const METHODS: [&str; 25] = [
    "casefold",
    "decode",
    "encode",
    "endswith",
    "get",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "title",
    "upper",
    "date",
    "isoformat",
    "strftime",
    "timestamp",
    "total_seconds",
];

/// Methods that put something into a collection.
const COLLECTS: [&str; 4] = ["add", "append", "extend", "update"];

/// The errors that a block may raise, if it does nothing but convert; in order.
#[must_use]
pub fn expected_errors(program: &Program, id: ModuleId, block: BlockId) -> Option<Vec<&'static str>> {
    let module = program.module(id);
    let only_simple = module.statements(block).into_iter().all(|stmt| {
        let kind = &module.stmt(stmt).kind;
        matches!(kind, StmtKind::Expr(_) | StmtKind::Assign { .. } | StmtKind::Return(_) | StmtKind::If { .. })
            || matches!(kind, StmtKind::Continue | StmtKind::Break | StmtKind::Pass)
    });
    if !only_simple {
        return None;
    }
    let resolver = Resolver::new(program);
    let mut errors: Vec<&'static str> = Vec::new();
    let mut converts = false;
    let exprs = module.expressions(block);
    let is_callee = |expr: ExprId| matches!(module.expr_parents[expr.index()], Parent::Expr(call) if module.call(call).is_some_and(|call| call.callee == expr));
    for expr in exprs {
        match &module.expr(expr).kind {
            ExprKind::Call(call) => {
                let name = program.callee(id, expr).library();
                let row = name.and_then(|name| CONVERSIONS.iter().find(|(names, _)| names.contains(&name.as_str())));
                if let Some((_, raised)) = row {
                    converts |= !raised.is_empty();
                    errors.extend(*raised);
                    continue;
                }
                match module.expr(call.callee).kind {
                    ExprKind::Attribute { name, .. } if METHODS.contains(&&*name) => errors.push("AttributeError"),
                    ExprKind::Attribute { object, name, .. }
                        if COLLECTS.contains(&&*name) && matches!(module.expr(object).kind, ExprKind::Name(_)) => {}
                    _ => return None,
                }
            }
            ExprKind::Subscript { index, .. } => {
                let by_position = matches!(module.expr(*index).kind, ExprKind::Number(_) | ExprKind::Unary { .. } | ExprKind::Slice(_));
                errors.push(if by_position { "IndexError" } else { "KeyError" });
                errors.push("TypeError");
            }
            ExprKind::Attribute { .. } if is_callee(expr) => {}
            ExprKind::Attribute { .. } if matches!(resolver.entity(id, expr), Entity::Library(_) | Entity::Builtin(_)) => {}
            ExprKind::Attribute { .. } => errors.push("AttributeError"),
            ExprKind::Binary { .. } => errors.push("TypeError"),
            ExprKind::Await(_) | ExprKind::Yield(_) | ExprKind::YieldFrom(_) | ExprKind::Opaque(_) => return None,
            _ => {}
        }
    }
    errors.sort_unstable();
    errors.dedup();
    (converts && errors.len() <= 4).then_some(errors)
}
