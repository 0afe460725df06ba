//! Members of object literals, and what modules of JavaScript export: where the value of `config.redis.url` is written.

use ustr::Ustr;

use super::{Left, Value, fold, origin_within};
use crate::ir::program::*;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// An expression and its module.
type At = (ModuleId, ExprId);

/// What stands under a key of the object literal that an expression is, through what is spread into it. Nothing where that
/// may be something else, or is assigned elsewhere.
pub(super) fn member(program: &Program, id: ModuleId, object: ExprId, key: &str, depth: Left<'_>) -> Option<At> {
    match under(program, id, object, key, depth) {
        Under::Value(at) => Some(at),
        Under::Nothing | Under::Unknown => None,
    }
}

/// The key of an entry, as far as it is constant.
fn key_text(program: &Program, id: ModuleId, key: ExprId, depth: Left<'_>) -> Option<String> {
    match fold(program, id, key, depth) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// What stands under a key.
enum Under {
    Value(At),
    Nothing,
    Unknown,
}

fn under(program: &Program, id: ModuleId, object: ExprId, key: &str, depth: Left<'_>) -> Under {
    let Some(depth) = depth.step() else { return Under::Unknown };
    if let Entity::Module(from) = Resolver::new(program).entity(id, object) {
        return exported(program, from, Ustr::from(key), depth).map_or(Under::Unknown, Under::Value);
    }
    let (at, literal) = origin_within(program, id, object, depth);
    let ExprKind::Object(entries) = &program.module(at).expr(literal).kind else { return Under::Unknown };
    for entry in entries.iter().rev() {
        match entry {
            Entry::Pair { key: k, value } => match key_text(program, at, *k, depth) {
                Some(text) if text != key => {}
                Some(_) if !is_assigned(program.module(at), key) => return Under::Value((at, *value)),
                _ => return Under::Unknown,
            },
            Entry::Spread(inner) => match under(program, at, *inner, key, depth) {
                Under::Nothing => {}
                found => return found,
            },
        }
    }
    Under::Nothing
}

/// Whether a module assigns to an attribute of this name, whatever it is of.
fn is_assigned(module: &Module, key: &str) -> bool {
    let is_target = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::Attribute { name, .. } if name == key);
    module.stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Assign { targets, .. } | StmtKind::Delete(targets) => targets.iter().any(is_target),
        StmtKind::AugAssign { target, .. } => is_target(target),
        _ => false,
    })
}

/// What a name that an object pattern binds stands for: `const { key } = whole`.
pub(super) fn taken(program: &Program, id: ModuleId, whole: ExprId, key: Ustr, depth: Left<'_>) -> Option<At> {
    let (at, whole) = matched(program, id, whole, depth)?;
    member(program, at, whole, &key, depth)
}

/// What a pattern inside of another stands for; what is no pattern stands for itself.
fn matched(program: &Program, id: ModuleId, pattern: ExprId, depth: Left<'_>) -> Option<At> {
    let depth = depth.deeper()?;
    let module = program.module(id);
    if !module.is_pattern(pattern) {
        return Some((id, pattern));
    }
    match module.expr_parents[pattern.index()] {
        Parent::Expr(parent) => {
            let ExprKind::Object(entries) = &module.expr(parent).kind else { return None };
            let key = entries.iter().find_map(|entry| match entry {
                Entry::Pair { key, value } if *value == pattern => key_text(program, id, *key, depth),
                _ => None,
            })?;
            let (at, whole) = matched(program, id, parent, depth)?;
            member(program, at, whole, &key, depth)
        }
        Parent::Stmt(stmt) => match module.stmt(stmt).kind {
            StmtKind::Assign { value: Some(value), .. } => Some((id, value)),
            _ => None,
        },
        _ => None,
    }
}

/// The value that a module exports under a name.
pub(super) fn exported(program: &Program, id: ModuleId, name: Ustr, depth: Left<'_>) -> Option<At> {
    let depth = depth.step()?;
    let known = &depth.question.exported;
    if let Some(known) = known.borrow().get(&(id, name)) {
        return *known;
    }
    known.borrow_mut().insert((id, name), None);
    let found = exported_anew(program, id, name, depth);
    known.borrow_mut().insert((id, name), found);
    found
}

fn exported_anew(program: &Program, id: ModuleId, name: Ustr, depth: Left<'_>) -> Option<At> {
    let exports = program.module(id).exports;
    let only = |name: Ustr| {
        let mut bindings = program.bindings(id, exports, name);
        bindings.next().filter(|_| bindings.next().is_none()).map(|binding| binding.kind)
    };
    let value_of = |kind: BindingKind| match kind {
        BindingKind::Value(value) => Some((id, value)),
        BindingKind::Member(whole, key) => taken(program, id, whole, key, depth),
        BindingKind::Element(whole, index) => program.module(id).element(whole, index).map(|value| (id, value)),
        BindingKind::Import(import) => imported(program, id, import, depth),
        _ => None,
    };
    if program.bindings(id, exports, name).next().is_some() {
        return value_of(only(name)?);
    }
    let stars = program.starred(id, name);
    if program.module(id).language == Language::Python {
        // Of several, the one that runs last counts, and some may not run.
        let [Link::Symbol(from, name)] = stars[..] else { return None };
        return exported(program, from, name, depth);
    }
    for star in stars {
        if let Link::Symbol(from, name) = star
            && let Some(found) = exported(program, from, name, depth)
        {
            return Some(found);
        }
    }
    // `module.exports = config`
    let (at, whole) = value_of(only(Ustr::from(WHOLE))?)?;
    if name == "default" || name == WHOLE { Some((at, whole)) } else { member(program, at, whole, &name, depth) }
}

/// The value that an import brings.
pub(super) fn imported(program: &Program, id: ModuleId, import: u32, depth: Left<'_>) -> Option<At> {
    match program.import(id, import) {
        Link::Symbol(from, name) => exported(program, from, name, depth),
        Link::Module(from) => exported(program, from, Ustr::from(WHOLE), depth),
        Link::Library(_) => None,
    }
}
