//! Dictionaries: what stands under a key, and whether one is changed after it was written.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::calls::Passed;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// How deep dictionaries are followed into each other.
const DEPTH: u32 = 8;

/// What a dictionary holds under a key, as far as it can be followed: through names, copies and what is spread into it.
#[must_use]
pub fn entry(program: &Program, module: ModuleId, dictionary: ExprId, key: &str) -> Passed {
    under(program, module, dictionary, key, DEPTH)
}

fn under(program: &Program, id: ModuleId, expr: ExprId, key: &str, depth: u32) -> Passed {
    let Some(depth) = depth.checked_sub(1) else { return Passed::Unknown };
    let module = program.module(id);
    // Of several that are put into one, the last one that has the key.
    let later = |result: Passed, next: Passed| if next == Passed::No { result } else { next };
    match &module.expr(expr).kind {
        ExprKind::Object(entries) => entries.iter().fold(Passed::No, |result, entry| {
            later(
                result,
                match entry {
                    Entry::Pair { key: k, value } => match values::text(program, id, *k) {
                        Some(text) if text == key => Passed::Value(id, *value),
                        Some(_) => Passed::No,
                        None => Passed::Unknown,
                    },
                    Entry::Spread(inner) => under(program, id, *inner, key, depth),
                },
            )
        }),
        ExprKind::Binary { op: BinaryOp::BitOr, operands } => {
            operands.iter().fold(Passed::No, |result, operand| later(result, under(program, id, *operand, key, depth)))
        }
        ExprKind::Call(call) => match module.expr(call.callee).kind {
            ExprKind::Attribute { object, name, .. } if name == "copy" && call.args.is_empty() => under(program, id, object, key, depth),
            _ if program.callee(id, expr) == Entity::Builtin(Ustr::from("dict")) => {
                call.args.iter().fold(Passed::No, |result, arg| later(result, in_argument(program, id, arg, key, depth)))
            }
            _ => Passed::Unknown,
        },
        ExprKind::Name(name) => {
            let resolver = Resolver::new(program);
            let Some((scope, count)) = resolver.scope_of_name(id, expr, *name) else { return Passed::Unknown };
            let binding = match count {
                1 => program.bindings(id, scope, *name).next().copied(),
                _ => resolver.reaching(id, scope, expr, *name),
            };
            match binding.map(|binding| binding.kind) {
                _ if changes_name(program, id, scope, *name, Some(key), depth) => Passed::Unknown,
                Some(BindingKind::Value(value)) => under(program, id, value, key, depth),
                Some(BindingKind::Import(import)) => match program.import(id, import) {
                    Link::Symbol(from, name) => of_module(program, from, name, key, depth),
                    _ => Passed::Unknown,
                },
                _ => Passed::Unknown,
            }
        }
        ExprKind::Attribute { object, name, .. } => match Resolver::new(program).entity(id, *object) {
            Entity::Module(from) => of_module(program, from, *name, key, depth),
            Entity::Class(m, c) | Entity::Object(m, c) => match program.attribute(m, c, *name) {
                [only] if ![id, m].iter().any(|at| changes_attribute(program, *at, *name, key, depth)) => {
                    only.value.map_or(Passed::Unknown, |value| under(program, m, value, key, depth))
                }
                _ => Passed::Unknown,
            },
            _ => Passed::Unknown,
        },
        _ => Passed::Unknown,
    }
}

/// What an argument of `dict(…)` or `update(…)` puts under a key.
fn in_argument(program: &Program, id: ModuleId, arg: &Arg, key: &str, depth: u32) -> Passed {
    match arg.kind {
        ArgKind::Keyword(name) if name == key => Passed::Value(id, arg.value),
        ArgKind::Keyword(_) => Passed::No,
        ArgKind::Positional | ArgKind::KeywordSpread => under(program, id, arg.value, key, depth),
        ArgKind::Spread => Passed::Unknown,
    }
}

/// What the dictionary that a name of a module stands for holds under a key.
fn of_module(program: &Program, id: ModuleId, name: Ustr, key: &str, depth: u32) -> Passed {
    let (mut id, mut name) = (id, name);
    for _ in 0..depth {
        if changes_name(program, id, ScopeId(0), name, Some(key), depth) {
            break;
        }
        let mut bindings = program.bindings(id, ScopeId(0), name);
        match (bindings.next().map(|binding| binding.kind), bindings.next()) {
            (Some(BindingKind::Value(value)), None) => return under(program, id, value, key, depth),
            (Some(BindingKind::Import(import)), None) => match program.import(id, import) {
                Link::Symbol(from, next) => (id, name) = (from, next),
                _ => break,
            },
            _ => break,
        }
    }
    Passed::Unknown
}

/// Whether the dict or list that a name stands for is changed in place somewhere in its module, or handed to something
/// that may: what its literal says is then not all there is to it.
#[must_use]
pub fn is_changed(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let ExprKind::Name(name) = program.module(id).expr(expr).kind else { return false };
    let scope = Resolver::new(program).scope_of_name(id, expr, name).map(|(scope, _)| scope);
    scope.is_some_and(|scope| changes_name(program, id, scope, name, None, DEPTH))
}

/// Whether what a name stands for is changed in its module; with a key, whether what is under that key may be.
fn changes_name(program: &Program, id: ModuleId, scope: ScopeId, name: Ustr, key: Option<&str>, depth: u32) -> bool {
    let module = program.module(id);
    module.expr_ids().any(|other| {
        matches!(module.expr(other).kind, ExprKind::Name(n) if n == name)
            && changes(program, id, other, key, depth)
            && Resolver::new(program).scope_of_name(id, other, name).is_some_and(|(of, _)| of == scope)
    })
}

/// Whether an attribute of this name, whatever it is of, is changed in a module.
fn changes_attribute(program: &Program, id: ModuleId, name: Ustr, key: &str, depth: u32) -> bool {
    let module = program.module(id);
    module.expr_ids().any(|other| {
        matches!(module.expr(other).kind, ExprKind::Attribute { name: n, .. } if n == name) && changes(program, id, other, Some(key), depth)
    })
}

/// Whether an expression stands where what it denotes is changed in place.
fn changes(program: &Program, id: ModuleId, expr: ExprId, key: Option<&str>, depth: u32) -> bool {
    const READS: [&str; 6] = ["get", "items", "keys", "values", "copy", "__contains__"];
    let module = program.module(id);
    let Parent::Expr(parent) = module.expr_parents[expr.index()] else { return false };
    let is_key = |index: ExprId| key.is_none_or(|key| values::text(program, id, index).is_none_or(|text| text == key));
    match &module.expr(parent).kind {
        ExprKind::Attribute { name: method, object, .. } if *object == expr => match (method.as_str(), called(module, parent)) {
            (method, _) if READS.contains(&method) => false,
            ("setdefault" | "pop", Some(call)) => call.args.first().is_none_or(|arg| is_key(arg.value)),
            ("update", Some(call)) => key.is_none_or(|key| {
                call.args.iter().any(|arg| {
                    let put = depth.checked_sub(1).map(|depth| in_argument(program, id, arg, key, depth));
                    put != Some(Passed::No)
                })
            }),
            _ => true,
        },
        ExprKind::Subscript { object, index, .. } if *object == expr => is_target(module, parent) && is_key(*index),
        ExprKind::Call(call) => {
            let is_passed = |a: &Arg| a.value == expr && matches!(a.kind, ArgKind::Positional | ArgKind::Keyword(_));
            call.args.iter().any(is_passed) && may_change(program, id, parent, call)
        }
        _ => false,
    }
}

/// The call whose callee an expression is.
fn called(module: &Module, callee: ExprId) -> Option<&Call> {
    let Parent::Expr(parent) = module.expr_parents[callee.index()] else { return None };
    module.call(parent).filter(|call| call.callee == callee)
}

/// Whether a call may change what it is given: libraries' functions and methods of texts do not.
fn may_change(program: &Program, id: ModuleId, expr: ExprId, call: &Call) -> bool {
    if let Entity::Builtin(_) | Entity::Library(_) = program.callee(id, expr) {
        return false;
    }
    let callee = &program.module(id).expr(call.callee).kind;
    !matches!(callee, ExprKind::Attribute { name, .. } if matches!(name.as_str(), "join" | "format" | "index" | "issuperset" | "issubset" | "update"))
}

/// Whether an expression is assigned to or deleted.
fn is_target(module: &Module, expr: ExprId) -> bool {
    let Parent::Stmt(stmt) = module.expr_parents[expr.index()] else { return false };
    match &module.stmt(stmt).kind {
        StmtKind::Assign { targets, .. } | StmtKind::Delete(targets) => targets.contains(&expr),
        StmtKind::AugAssign { target, .. } => *target == expr,
        _ => false,
    }
}
