//! What is taken of a body, and what it is compared with.

use ustr::Ustr;

use super::{Follow, Part, Shape};
use crate::ir::program::*;
use crate::model::program::ModuleId;
use crate::model::resolve::Entity;
use crate::model::values;

impl Follow<'_> {
    pub(super) fn attribute(&mut self, id: ModuleId, at: ExprId, name: Ustr, part: Part) {
        let module = self.program.module(id);
        let call = match module.expr_parents[at.index()] {
            Parent::Expr(outer) => module.call(outer).filter(|call| call.callee == at).map(|call| (outer, call)),
            _ => None,
        };
        match (call, name.as_str()) {
            (
                Some((outer, _)),
                "decode" | "toString" | "copy" | "to_dict" | "toLowerCase" | "toUpperCase" | "trim" | "strip" | "lower" | "upper" | "title"
                | "replace" | "replaceAll" | "split" | "normalize" | "encode" | "casefold" | "lstrip" | "rstrip" | "substring",
            ) => {
                if part == Part::Member {
                    self.used(part);
                }
                self.becomes(id, outer, part);
            }
            // `request.json().catch(() => ({}))`, `….then((data) => …)`
            (Some((outer, call)), "then" | "catch" | "finally") => {
                if let Some(arg) = call.args.first().filter(|_| name == "then")
                    && let ExprKind::Function(function) = module.expr(arg.value).kind
                    && let Some(first) = module.function(function).params.first()
                {
                    self.bound(id, first.target, part);
                }
                self.becomes(id, outer, part);
            }
            (Some((outer, call)), "get" | "pop" | "getlist" | "getAll" | "getall" | "setdefault" | "getfirst") if part != Part::Raw => {
                if let Some(key) = call.args.first().and_then(|arg| values::text(self.program, id, arg.value))
                    && part == Part::Whole
                {
                    let default = call.args.get(1).map(|arg| &module.expr(arg.value).kind);
                    let shape = match default {
                        Some(ExprKind::Number(_)) => Shape::Number,
                        Some(ExprKind::Bool(_)) => Shape::Flag,
                        Some(ExprKind::List(_)) => Shape::List,
                        _ if matches!(name.as_str(), "getlist" | "getAll" | "getall") => Shape::List,
                        _ => self.shape_of(id, outer),
                    };
                    self.key(&key, shape, true);
                }
                self.becomes(id, outer, Part::Member);
            }
            (
                Some(_),
                "hasOwnProperty" | "has" | "includes" | "every" | "some" | "isdigit" | "match" | "startswith" | "startsWith" | "endswith"
                | "endsWith",
            ) => {
                self.tested(Part::Member);
            }
            (None, "length" | "size") => self.becomes(id, at, part),
            (None, _) if part == Part::Whole && self.overridden.contains(&name) => {}
            // What reads bytes as they come in.
            (Some(_), "getReader" | "pipe" | "pipeTo" | "pipeThrough" | "tee" | "on") if part != Part::Member => {}
            (Some((outer, call)), _) => {
                self.used(part);
                // `rows.map((row) => …)`
                for arg in &call.args {
                    if let ExprKind::Function(function) = module.expr(arg.value).kind
                        && let Some(first) = module.function(function).params.first()
                    {
                        self.bound(id, first.target, part);
                    }
                }
                if matches!(name.as_str(), "items" | "values" | "keys" | "filter" | "slice" | "entries") {
                    self.becomes(id, outer, part);
                }
            }
            (None, _) => {
                if part == Part::Whole {
                    self.key(&name, self.shape_of(id, at), false);
                }
                self.becomes(id, at, Part::Member);
            }
        }
    }

    /// What a member seems to hold by what is done to it.
    pub(super) fn shape_of(&self, id: ModuleId, member: ExprId) -> Shape {
        let module = self.program.module(id);
        match module.expr_parents[member.index()] {
            Parent::Expr(parent) => match &module.expr(parent).kind {
                ExprKind::Call(call) if call.callee != member => match self.program.callee(id, parent) {
                    Entity::Builtin(name) if matches!(name.as_str(), "int" | "float") => Shape::Number,
                    Entity::Library(name)
                        if matches!(name.as_str(), "js:globalThis.Number" | "js:globalThis.parseInt" | "js:globalThis.parseFloat") =>
                    {
                        Shape::Number
                    }
                    _ => Shape::Text,
                },
                ExprKind::Binary { op: BinaryOp::Mul | BinaryOp::Other, .. } => Shape::Number,
                _ => Shape::Text,
            },
            Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
                StmtKind::Loop(l) if matches!(l.kind, LoopKind::For { iter, .. } if iter == member) => Shape::List,
                _ => Shape::Text,
            },
            _ => Shape::Text,
        }
    }

    pub(super) fn compared(&mut self, id: ModuleId, expr: ExprId, operands: &[ExprId], ops: &[CompareOp], part: Part) {
        let module = self.program.module(id);
        for op in ops {
            match op {
                // `"email" in data`, `plan in PLANS`
                CompareOp::In | CompareOp::NotIn => {
                    self.tested(if operands.last() == Some(&expr) && part == Part::Whole { Part::Member } else { part });
                }
                CompareOp::Is | CompareOp::IsNot | CompareOp::Less | CompareOp::Greater | CompareOp::InstanceOf => self.tested(part),
                CompareOp::Eq | CompareOp::NotEq => {
                    let is_nothing = |other: &ExprId| match &module.expr(*other).kind {
                        ExprKind::Null => true,
                        ExprKind::String(text) => text.is_empty(),
                        ExprKind::Name(name) => *name == "undefined",
                        _ => false,
                    };
                    let others = || operands.iter().filter(|operand| **operand != expr);
                    if others().any(is_nothing) || self.is_measured(id, expr) {
                        self.tested(part);
                    } else {
                        // Nothing is done with what is none of the values that are asked for.
                        self.fate.is_checked_outside |= others().any(|other| is_known_value(module, *other));
                        self.used(part);
                    }
                }
            }
        }
    }

    /// `len(data)`, `rows.length`, `type(x)`
    pub(super) fn is_measured(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        match &module.expr(expr).kind {
            ExprKind::Attribute { name, .. } => *name == "length",
            ExprKind::Call(_) => matches!(self.program.callee(id, expr), Entity::Builtin(name) if matches!(name.as_str(), "len" | "type")),
            _ => false,
        }
    }
}

/// A text, or a member of an enum: `"correct"`, `Kind.Open`.
fn is_known_value(module: &Module, expr: ExprId) -> bool {
    match module.expr(expr).kind {
        ExprKind::String(_) => true,
        ExprKind::Attribute { object, .. } => {
            matches!(module.expr(object).kind, ExprKind::Name(owner) if owner.starts_with(char::is_uppercase))
        }
        _ => false,
    }
}
