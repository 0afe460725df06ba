//! Dictionaries: what stands under a key, and whether one is changed after it was written.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::calls::Passed;
use crate::model::program::{FunctionRef, Link, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// How deep dictionaries are followed into each other.
const DEPTH: u32 = 8;

/// What a dictionary holds under a key, as far as it can be followed: through names, copies and what is spread into it.
/// Whoever is handed it on the way may have changed it.
#[must_use]
pub fn entry(program: &Program, module: ModuleId, dictionary: ExprId, key: &str) -> Passed {
    Search { program, key: Some(key), is_handed: true }.under(module, dictionary, DEPTH)
}

/// What a dictionary was written to hold under a key: nobody that is handed it is taken to change it.
#[must_use]
pub fn written(program: &Program, module: ModuleId, dictionary: ExprId, key: &str) -> Passed {
    Search { program, key: Some(key), is_handed: false }.under(module, dictionary, DEPTH)
}

/// Whether the dict or list that a name stands for is changed in place somewhere in its module, or handed to something
/// that may: what its literal says is then not all there is to it.
#[must_use]
pub fn is_changed(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let ExprKind::Name(name) = program.module(id).expr(expr).kind else { return false };
    let scope = Resolver::new(program).scope_of_name(id, expr, name).map(|(scope, _)| scope);
    Search { program, key: None, is_handed: true }.changes_name(id, scope, name, DEPTH)
}

/// A look for what is under a key.
#[derive(Clone, Copy)]
struct Search<'a> {
    program: &'a Program,
    /// The key; any, where nobody says which.
    key: Option<&'a str>,
    /// Whether a function of the project that is handed the dictionary may change it.
    is_handed: bool,
}

impl Search<'_> {
    fn under(&self, id: ModuleId, expr: ExprId, depth: u32) -> Passed {
        let Some(depth) = depth.checked_sub(1) else { return Passed::Unknown };
        let program = self.program;
        let module = program.module(id);
        // Of several that are put into one, the last one that has the key.
        let later = |result: Passed, next: Passed| if next == Passed::No { result } else { next };
        match &module.expr(expr).kind {
            ExprKind::Object(entries) => entries.iter().fold(Passed::No, |result, entry| later(result, self.in_entry(id, entry, depth))),
            ExprKind::Binary { op: BinaryOp::BitOr, operands } => {
                operands.iter().fold(Passed::No, |result, operand| later(result, self.under(id, *operand, depth)))
            }
            ExprKind::Call(call) => match module.expr(call.callee).kind {
                ExprKind::Attribute { object, name, .. } if name == "copy" && call.args.is_empty() => self.under(id, object, depth),
                _ if program.callee(id, expr) == Entity::Builtin(Ustr::from("dict")) => {
                    call.args.iter().fold(Passed::No, |result, arg| later(result, self.in_argument(id, arg, depth)))
                }
                _ => match program.callee(id, expr) {
                    Entity::Function(f) => self.given_by(f, depth),
                    _ => Passed::Unknown,
                },
            },
            ExprKind::Await(inner) => self.under(id, *inner, depth),
            // `CONFIG["http"]`
            ExprKind::Subscript { object, index, .. } => {
                let Some(outer) = values::text(program, id, *index) else { return Passed::Unknown };
                match (Search { key: Some(&outer), ..*self }).under(id, *object, depth) {
                    Passed::Value(m, inner) => self.under(m, inner, depth),
                    _ => Passed::Unknown,
                }
            }
            ExprKind::Name(name) => {
                let resolver = Resolver::new(program);
                let Some((scope, count)) = resolver.scope_of_name(id, expr, *name) else {
                    return self.of_module(id, *name, depth);
                };
                let here = Some(scope);
                let binding = match count {
                    1 => program.bindings(id, scope, *name).next().copied(),
                    _ => resolver.reaching(id, scope, expr, *name),
                };
                match binding.map(|binding| binding.kind) {
                    Some(BindingKind::Value(value)) if !self.changes_name(id, here, *name, depth) => self.under(id, value, depth),
                    Some(BindingKind::Import(import)) if !self.changes_name(id, here, *name, depth) => match program.import(id, import) {
                        Link::Symbol(from, name) => self.of_module(from, name, depth),
                        _ => Passed::Unknown,
                    },
                    _ => Passed::Unknown,
                }
            }
            ExprKind::Attribute { object, name, .. } => match Resolver::new(program).entity(id, *object) {
                Entity::Module(from) => self.of_module(from, *name, depth),
                Entity::Class(m, c) | Entity::Object(m, c) => match values::attribute_value(program, m, c, *name) {
                    Some((m, value)) if ![id, m].iter().any(|at| self.changes_attribute(*at, *name, depth)) => self.under(m, value, depth),
                    _ => Passed::Unknown,
                },
                _ => Passed::Unknown,
            },
            _ => Passed::Unknown,
        }
    }

    /// What the dictionary holds that a function of the project gives, whichever of its results that is.
    fn given_by(&self, f: FunctionRef, depth: u32) -> Passed {
        if self.program.function(f).is_generator {
            return Passed::Unknown;
        }
        let results = Resolver::new(self.program).results(f);
        match results[..] {
            [] => Passed::Unknown,
            [only] => self.under(f.module, only, depth),
            _ if results.iter().all(|result| self.under(f.module, *result, depth) == Passed::No) => Passed::No,
            _ => Passed::Unknown,
        }
    }

    fn in_entry(&self, id: ModuleId, entry: &Entry, depth: u32) -> Passed {
        match entry {
            Entry::Pair { key, value } => match values::text(self.program, id, *key) {
                Some(text) if self.key == Some(&text) => Passed::Value(id, *value),
                Some(_) => Passed::No,
                None => Passed::Unknown,
            },
            Entry::Spread(inner) => self.under(id, *inner, depth),
        }
    }

    /// What an argument of `dict(…)` or `update(…)` puts under the key.
    fn in_argument(&self, id: ModuleId, arg: &Arg, depth: u32) -> Passed {
        match arg.kind {
            ArgKind::Keyword(name) if self.key == Some(&*name) => Passed::Value(id, arg.value),
            ArgKind::Keyword(_) => Passed::No,
            ArgKind::Positional | ArgKind::KeywordSpread => self.under(id, arg.value, depth),
            ArgKind::Spread => Passed::Unknown,
        }
    }

    /// What the dictionary that a name of a module stands for holds under the key.
    fn of_module(&self, id: ModuleId, name: Ustr, depth: u32) -> Passed {
        let (mut id, mut name) = (id, name);
        for _ in 0..depth {
            let scope = self.program.module(id).exports;
            // A name that nothing in the file binds may be one that `from … import *` brings.
            if [Some(scope), None].iter().any(|scope| self.changes_name(id, *scope, name, depth)) {
                break;
            }
            let mut bindings = self.program.bindings(id, scope, name);
            match (bindings.next().map(|binding| binding.kind), bindings.next()) {
                (Some(BindingKind::Value(value)), None) => return self.under(id, value, depth),
                (Some(BindingKind::Import(import)), None) => match self.program.import(id, import) {
                    Link::Symbol(from, next) => (id, name) = (from, next),
                    _ => break,
                },
                (None, _) => match self.program.starred(id, name)[..] {
                    [Link::Symbol(from, next)] => (id, name) = (from, next),
                    _ => break,
                },
                _ => break,
            }
        }
        Passed::Unknown
    }

    /// Whether what a name stands for is changed in a module, by the name of this scope, or of none.
    fn changes_name(&self, id: ModuleId, scope: Option<ScopeId>, name: Ustr, depth: u32) -> bool {
        let module = self.program.module(id);
        self.program.mentions(id, name).any(|other| {
            matches!(module.expr(other).kind, ExprKind::Name(_))
                && self.changes(id, other, depth)
                && Resolver::new(self.program).scope_of_name(id, other, name).map(|(of, _)| of) == scope
        })
    }

    /// Whether an attribute of this name, whatever it is of, is changed in a module.
    fn changes_attribute(&self, id: ModuleId, name: Ustr, depth: u32) -> bool {
        let module = self.program.module(id);
        let is_attribute = |other: ExprId| matches!(module.expr(other).kind, ExprKind::Attribute { .. });
        self.program.mentions(id, name).any(|other| is_attribute(other) && self.changes(id, other, depth))
    }

    /// Whether an expression stands where what it denotes is changed in place.
    fn changes(&self, id: ModuleId, expr: ExprId, depth: u32) -> bool {
        const READS: [&str; 6] = ["get", "items", "keys", "values", "copy", "__contains__"];
        let module = self.program.module(id);
        let Parent::Expr(parent) = module.expr_parents[expr.index()] else { return false };
        let is_key = |index: ExprId| {
            let text = values::text(self.program, id, index);
            self.key.is_none_or(|key| text.is_none_or(|text| text == key))
        };
        if module.language == Language::TypeScript {
            return self.changes_in_javascript(id, expr, parent);
        }
        match &module.expr(parent).kind {
            ExprKind::Attribute { name: method, object, .. } if *object == expr => match (method.as_str(), called(module, parent)) {
                (method, _) if READS.contains(&method) => false,
                ("setdefault" | "pop", Some(call)) => call.args.first().is_none_or(|arg| is_key(arg.value)),
                ("update", Some(call)) if self.key.is_some() => {
                    let puts = |arg: &Arg| depth.checked_sub(1).is_none_or(|depth| self.in_argument(id, arg, depth) != Passed::No);
                    call.args.iter().any(puts)
                }
                _ => true,
            },
            ExprKind::Subscript { object, index, .. } if *object == expr => is_target(module, parent) && is_key(*index),
            ExprKind::Call(call) => {
                let is_passed = |a: &Arg| a.value == expr && matches!(a.kind, ArgKind::Positional | ArgKind::Keyword(_));
                self.is_handed && call.args.iter().any(is_passed) && may_change(self.program, id, parent, call)
            }
            _ => false,
        }
    }

    /// The same in JavaScript, where members are attributes, too, and where whoever gets a list or an object makes another of it.
    fn changes_in_javascript(&self, id: ModuleId, expr: ExprId, parent: ExprId) -> bool {
        const WRITES: [&str; 11] = ["push", "unshift", "splice", "fill", "copyWithin", "set", "add", "delete", "clear", "pop", "shift"];
        let module = self.program.module(id);
        match &module.expr(parent).kind {
            ExprKind::Attribute { name, object, .. } if *object == expr => {
                (WRITES.contains(&name.as_str()) && called(module, parent).is_some()) || is_target(module, parent)
            }
            ExprKind::Subscript { object, .. } if *object == expr => is_target(module, parent),
            ExprKind::Call(call) => {
                let callee = self.program.callee(id, parent).library();
                call.args.first().is_some_and(|first| first.value == expr)
                    && callee.is_some_and(|name| name == "js:globalThis.Object.assign")
            }
            _ => false,
        }
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
