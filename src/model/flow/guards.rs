//! Guards: what a test that holds (or does not) says about the values in it.

use super::evaluate::Evaluator;
use super::interpret::Environment;
use super::{Abstract, Content, Origin};
use crate::ir::program::*;
use crate::model::resolve::Entity;
use std::rc::Rc;

/// Methods that hold only of texts without quotation marks.
const HARMLESS: [&str; 6] = ["isdigit", "isnumeric", "isdecimal", "isalnum", "isalpha", "isidentifier"];

impl Evaluator<'_> {
    /// Takes into the environment what is known once `test` has turned out as `truth`.
    pub(super) fn refine(&self, environment: &mut Environment, test: ExprId, truth: bool) {
        let mut todo = vec![(test, truth)];
        while let Some((test, truth)) = todo.pop() {
            match &self.module().expr(test).kind {
                ExprKind::Unary { op: UnaryOp::Not, operand } => todo.push((*operand, !truth)),
                ExprKind::Logical { op: LogicalOp::And, operands } if truth => todo.extend(operands.iter().map(|o| (*o, true))),
                ExprKind::Logical { op: LogicalOp::Or, operands } if !truth => todo.extend(operands.iter().map(|o| (*o, false))),
                ExprKind::Compare { operands, ops } => self.refine_by_comparison(environment, operands, ops, truth),
                ExprKind::Call(call) => self.refine_by_call(environment, test, call, truth),
                ExprKind::Assign { value, .. } => todo.push((*value, truth)),
                _ => {}
            }
        }
    }

    fn refine_by_comparison(&self, environment: &mut Environment, operands: &[ExprId], ops: &[CompareOp], truth: bool) {
        let ([left, right], [op]) = (operands, ops) else { return };
        match (op, truth) {
            (CompareOp::In, true) | (CompareOp::NotIn, false)
                // A list that the outsider sent allows anything.
                if self.value_in(environment, *right).origin < Origin::Request => {
                    self.improve(environment, *left, Origin::Safe);
                }
            (CompareOp::Eq | CompareOp::Is, true) | (CompareOp::NotEq | CompareOp::IsNot, false) => {
                if self.value_in(environment, *right).origin <= Origin::Safe {
                    self.improve(environment, *left, Origin::Safe);
                } else if self.value_in(environment, *left).origin <= Origin::Safe {
                    self.improve(environment, *right, Origin::Safe);
                }
            }
            // `set(columns) <= ALLOWED`
            (CompareOp::Less, true) => {
                if let Some(inner) = self.set_of(*left) {
                    self.improve_items(environment, inner);
                }
            }
            _ => {}
        }
    }

    fn refine_by_call(&self, environment: &mut Environment, test: ExprId, call: &Call, truth: bool) {
        let module = self.module();
        let callee = self.program.callee(self.id, test);
        let args: Vec<ExprId> = call.args.iter().filter(|a| a.kind == ArgKind::Positional).map(|a| a.value).collect();
        if truth {
            match callee.library().as_deref() {
                Some("isinstance") => {
                    let numeric = args.get(1).is_some_and(|types| self.are_numbers(*types));
                    if let (Some(value), true) = (args.first(), numeric) {
                        self.improve(environment, *value, Origin::Safe);
                    }
                    return;
                }
                Some("all") => {
                    if let Some(ExprKind::Comprehension(comprehension)) = args.first().map(|a| &module.expr(*a).kind) {
                        self.refine_by_all(environment, comprehension);
                    }
                    return;
                }
                Some("re.fullmatch" | "re.match") => {
                    args.iter().skip(1).take(1).for_each(|value| self.improve(environment, *value, Origin::Safe));
                    return;
                }
                _ => {}
            }
            if let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind {
                if HARMLESS.contains(&name.as_str()) {
                    self.improve(environment, object, Origin::Safe);
                    return;
                }
                if matches!(name.as_str(), "fullmatch" | "match") {
                    args.iter().take(1).for_each(|value| self.improve(environment, *value, Origin::Safe));
                    return;
                }
                if name == "issubset" {
                    self.improve_items(environment, self.set_of(object).unwrap_or(object));
                    return;
                }
            }
        }
        // Some test of theirs that held: it cannot be judged, and it may well do.
        if truth && matches!(callee, Entity::Function(_)) {
            args.iter().for_each(|value| self.improve(environment, *value, Origin::Checked));
        }
    }

    /// `all(column in ALLOWED for column in columns)`
    fn refine_by_all(&self, environment: &mut Environment, comprehension: &Comprehension) {
        let [Clause::For { target, iter }] = &*comprehension.clauses else { return };
        let mut inner = environment.clone();
        self.bind(&mut inner, *target, self.value_in(environment, *iter).item());
        self.refine(&mut inner, comprehension.element, true);
        if self.value_in(&inner, *target).origin <= Origin::Safe {
            self.improve_items(environment, *iter);
        }
    }

    /// Lowers the origin of what a name or attribute holds.
    pub(super) fn improve(&self, environment: &mut Environment, expr: ExprId, to: Origin) {
        let expr = match &self.module().expr(expr).kind {
            // `(sort or "").lower() in ALLOWED` says as much about `sort`.
            ExprKind::Call(call) => match self.module().expr(call.callee).kind {
                ExprKind::Attribute { object, name, .. } if matches!(name.as_str(), "lower" | "upper" | "strip") => object,
                _ => expr,
            },
            ExprKind::Assign { target, .. } => *target,
            _ => expr,
        };
        let value = self.value_in(environment, expr);
        if let (Some(key), true) = (self.key(expr), value.origin > to) {
            environment.insert(key, Abstract::of(to));
        }
    }

    /// Lowers the origin of the items of what a name holds.
    pub(super) fn improve_items(&self, environment: &mut Environment, expr: ExprId) {
        let Some(key) = self.key(expr) else { return };
        let old = self.value_in(environment, expr);
        let safe = Abstract::of(Origin::Safe);
        let content = match &old.content {
            Some(content) if content.keys == Abstract::default() => Content { items: safe, ..Content::default() },
            Some(content) => Content { keys: safe, parts: Vec::new(), ..(**content).clone() },
            // It may be a mapping: its keys were looked at, its values are whatever they were.
            None => Content { keys: safe, items: old.derived(), ..Content::default() },
        };
        environment.insert(key, Abstract { content: Some(Rc::new(content)), text: None, ..old });
    }

    /// `set(x)`
    fn set_of(&self, expr: ExprId) -> Option<ExprId> {
        let call = self.module().call(expr)?;
        let is_set = matches!(self.program.callee(self.id, expr), Entity::Builtin(name) if matches!(name.as_str(), "set" | "frozenset"));
        call.args.first().filter(|_| is_set).map(|arg| arg.value)
    }

    /// `int`, `(int, float)`
    fn are_numbers(&self, types: ExprId) -> bool {
        match &self.module().expr(types).kind {
            ExprKind::Name(name) => matches!(name.as_str(), "int" | "float" | "bool" | "UUID" | "date" | "datetime" | "Decimal"),
            ExprKind::Attribute { name, .. } => matches!(name.as_str(), "UUID" | "date" | "datetime" | "Decimal"),
            ExprKind::Tuple(all) => all
                .iter()
                .all(|one| matches!(self.module().expr(*one).kind, ExprKind::Name(n) if matches!(n.as_str(), "int" | "float" | "bool"))),
            _ => false,
        }
    }
}
