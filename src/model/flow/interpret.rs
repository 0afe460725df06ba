//! Statements, in order: branches join, loops run twice.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::callers::calls_of;
use super::environment::{Environment, joined};
use super::evaluate::{Evaluator, fill};
use super::facts::{Facts, Handed, Parameter, SinkCall};
use super::{Abstract, Origin, Piece};
use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Entity;
use crate::model::routes::Routes;

/// What is seen on the way.
#[derive(Debug, Default)]
pub(super) struct Record {
    sinks: BTreeMap<(ExprId, ExprId), SinkCall>,
    texts: BTreeMap<ExprId, Abstract>,
    handed: BTreeMap<(Parameter, ExprId), Abstract>,
    /// Texts that became part of others, or are known to end somewhere.
    settled: FxHashSet<ExprId>,
}

impl Record {
    pub(super) fn assembled(&mut self, root: ExprId, parts: &[ExprId], value: &Abstract) {
        for part in parts.iter().filter(|part| **part != root) {
            self.settled.insert(*part);
            // What has become a part of another text is of no interest by itself.
            self.texts.remove(part);
        }
        let old = self.texts.remove(&root);
        self.texts.insert(root, old.map_or_else(|| value.clone(), |old| old.join(value)));
    }

    pub(super) fn sink(&mut self, sink: SinkCall) {
        self.settle(&sink.value);
        let key = (sink.call, sink.argument);
        match self.sinks.get_mut(&key) {
            Some(old) => old.value = old.value.join(&sink.value),
            None => {
                self.sinks.insert(key, sink);
            }
        }
    }

    pub(super) fn hand(&mut self, parameter: Parameter, call: ExprId, value: Abstract) {
        let value = match self.handed.remove(&(parameter, call)) {
            Some(old) => old.join(&value),
            None => value,
        };
        self.handed.insert((parameter, call), value);
    }

    /// Says that nothing more has to be known of a text: it was logged, raised, or run.
    pub(super) fn settle(&mut self, value: &Abstract) {
        self.settled.extend(value.roots());
        if let Some(content) = &value.content {
            self.settled.extend(content.items.roots());
        }
    }
}

/// Interprets a function with the functions in it, or the statements of a module (`None`).
#[must_use]
pub fn interpret(program: &Program, routes: &Routes, id: ModuleId, function: Option<FunctionId>) -> Facts {
    let evaluator = Evaluator::new(program, routes, id);
    let interpreter = Interpreter { evaluator: &evaluator };
    let mut environment = Environment::default();
    match function {
        Some(function) => interpreter.function(function, &mut environment, 0),
        None => {
            interpreter.block(&mut environment, program.module(id).body, 0);
        }
    }
    let record = evaluator.record.into_inner();
    Facts {
        sinks: record.sinks.into_values().collect(),
        loose: record.texts.into_iter().filter(|(root, _)| !record.settled.contains(root)).collect(),
        handed: record.handed.into_iter().map(|((parameter, call), value)| Handed { parameter, call, value }).collect(),
    }
}

/// Deeper nesting than any compiler takes is not followed.
const MAX_DEPTH: u32 = 120;

pub(super) struct Interpreter<'e, 'p> {
    pub(super) evaluator: &'e Evaluator<'p>,
}

impl Interpreter<'_, '_> {
    /// A function's body, with what it captures.
    fn function(&self, function: FunctionId, environment: &mut Environment, depth: u32) {
        let e = self.evaluator;
        let f = e.module().function(function);
        e.bind_parameters(environment, function);
        e.returned.borrow_mut().push(None);
        match f.body {
            FunctionBody::Block(body) => {
                self.block(environment, body, depth + 1);
            }
            FunctionBody::Expr(given) => {
                let value = e.evaluate(environment, given);
                self.returned(given, &value);
            }
        }
        e.returned.borrow_mut().pop();
    }

    /// Whether the end of the block is reached.
    pub(super) fn block(&self, environment: &mut Environment, block: BlockId, depth: u32) -> bool {
        let e = self.evaluator;
        if depth > MAX_DEPTH {
            return true;
        }
        for stmt in &e.module().block(block).stmts {
            if e.is_exhausted() {
                return true;
            }
            if !self.statement(environment, *stmt, depth) {
                return false;
            }
        }
        true
    }

    /// Whether what follows is reached.
    fn statement(&self, environment: &mut Environment, stmt: StmtId, depth: u32) -> bool {
        let e = self.evaluator;
        match &e.module().stmt(stmt).kind {
            StmtKind::Expr(value) => {
                e.evaluate(environment, *value);
                self.checked_by_conversion(environment, *value);
                return !self.never_returns(e.id, *value);
            }
            StmtKind::Assign { targets, value: Some(value), .. } => {
                let value = e.evaluate(environment, *value);
                targets.iter().for_each(|target| e.bind(environment, *target, value.clone()));
            }
            StmtKind::Assign { value: None, .. } => {}
            StmtKind::AugAssign { target, op, value } => self.augmented(environment, *target, *op, *value),
            StmtKind::Return(value) => {
                if let Some(returned) = value {
                    let value = e.evaluate(environment, *returned);
                    self.returned(*returned, &value);
                    e.give(&value);
                }
                return false;
            }
            StmtKind::Raise { value, cause } => {
                for value in value.iter().chain(cause) {
                    self.raised(environment, *value);
                }
                return false;
            }
            StmtKind::Break | StmtKind::Continue => return false,
            StmtKind::Assert { test, message } => {
                e.evaluate(environment, *test);
                e.refine(environment, *test, true);
                if let Some(message) = message {
                    self.raised(&mut environment.clone(), *message);
                }
            }
            StmtKind::If { branches, otherwise } => return self.branches(environment, branches, *otherwise, depth),
            StmtKind::Loop(l) => self.repeat(environment, l, depth),
            StmtKind::Try(t) => return self.attempt(environment, t, depth),
            StmtKind::With { items, body, .. } => {
                for (context, target) in items {
                    let value = e.evaluate(environment, *context);
                    if let Some(target) = target {
                        e.bind(environment, *target, Abstract { text: None, ..value });
                    }
                }
                return self.block(environment, *body, depth + 1);
            }
            StmtKind::Match { subject, cases } => return self.cases(environment, *subject, cases, depth),
            StmtKind::Function(function) if !e.is_unit(*function) => {
                // It may run any time later; what it captures is taken as it is here.
                self.function(*function, &mut environment.clone(), depth);
            }
            StmtKind::Class(class) => {
                let class = e.module().class(*class);
                for stmt in &e.module().block(class.body).stmts {
                    self.statement(&mut environment.clone(), *stmt, depth + 1);
                }
            }
            StmtKind::Opaque(exprs, stmts) => {
                for expr in exprs {
                    e.evaluate(environment, *expr);
                }
                for stmt in stmts {
                    self.statement(environment, *stmt, depth + 1);
                }
            }
            StmtKind::Function(_)
            | StmtKind::Delete(_)
            | StmtKind::Import(_)
            | StmtKind::Global(_)
            | StmtKind::Pass
            | StmtKind::TypeAlias => {}
        }
        true
    }

    fn augmented(&self, environment: &mut Environment, target: ExprId, op: BinaryOp, value: ExprId) {
        let e = self.evaluator;
        let old = e.value_in(environment, target);
        let new = e.evaluate(environment, value);
        let result = if op == BinaryOp::Add && (old.text.is_some() || new.text.is_some()) {
            let (mut pieces, mut roots) = (Vec::<Piece>::new(), Vec::new());
            fill(&mut pieces, &mut roots, target, &old);
            fill(&mut pieces, &mut roots, value, &new);
            e.assembled(target, pieces, &roots)
        } else if op == BinaryOp::Mod && old.text.is_some() {
            e.percent(value, &[target, value], &[old, new])
        } else if new.content.is_some() || old.content.is_some() {
            e.put(environment, target, None, &new.item());
            return;
        } else if op == BinaryOp::Add {
            old.join(&new)
        } else {
            Abstract::of(Origin::Safe)
        };
        e.bind(environment, target, result);
    }

    /// A text that a function gives to others of the project is theirs.
    fn returned(&self, expr: ExprId, value: &Abstract) {
        let e = self.evaluator;
        if let Some(function) = e.module().function_of(expr)
            && !calls_of(e.program, e.routes, FunctionRef { module: e.id, function }).is_empty()
            && value.origin != Origin::Request
        {
            e.note(|record| record.settle(value));
        }
    }

    /// What goes into an error is for people.
    fn raised(&self, environment: &mut Environment, value: ExprId) {
        let e = self.evaluator;
        e.evaluate(environment, value);
        let below: FxHashSet<ExprId> = e.module().descendants(value).into_iter().collect();
        e.note(|record| record.settled.extend(below));
    }

    fn branches(&self, environment: &mut Environment, branches: &[(ExprId, BlockId)], otherwise: Option<BlockId>, depth: u32) -> bool {
        let e = self.evaluator;
        let mut end: Option<Environment> = None;
        for (test, body) in branches {
            e.evaluate(environment, *test);
            let mut inside = environment.clone();
            e.refine(&mut inside, *test, true);
            if self.block(&mut inside, *body, depth + 1) {
                end = Some(joined(end, inside));
            }
            e.refine(environment, *test, false);
        }
        let reached = match otherwise {
            Some(body) => self.block(environment, body, depth + 1),
            None => true,
        };
        if reached {
            end = Some(joined(end, std::mem::take(environment)));
        }
        let falls_through = end.is_some();
        *environment = end.unwrap_or_default();
        falls_through
    }

    fn repeat(&self, environment: &mut Environment, l: &Loop, depth: u32) {
        let e = self.evaluator;
        let mut proven = None;
        // The second time sees what the first one left.
        for _ in 0..2 {
            let mut inside = environment.clone();
            match l.kind {
                LoopKind::For { target, iter } => {
                    let items = e.evaluate(environment, iter);
                    e.bind(&mut inside, target, items.item());
                    let ended = self.block(&mut inside, l.body, depth + 1);
                    // `for column in columns: if column not in ALLOWED: raise`
                    let before = items.item().origin;
                    if ended && before > Origin::Safe && e.value_in(&inside, target).origin <= Origin::Safe && e.key(target).is_some() {
                        proven = Some(iter);
                    }
                }
                LoopKind::While(test) => {
                    e.evaluate(&mut inside, test);
                    e.refine(&mut inside, test, true);
                    self.block(&mut inside, l.body, depth + 1);
                }
            }
            *environment = joined(Some(std::mem::take(environment)), inside);
        }
        if let Some(iter) = proven {
            e.improve_items(environment, iter);
        }
        // `while column not in ALLOWED: column = ask()`
        if let LoopKind::While(test) = l.kind
            && !e.module().statements(l.body).into_iter().any(|stmt| matches!(e.module().stmt(stmt).kind, StmtKind::Break))
        {
            e.refine(environment, test, false);
        }
        if let Some(otherwise) = l.otherwise {
            self.block(environment, otherwise, depth + 1);
        }
    }

    fn attempt(&self, environment: &mut Environment, t: &Try, depth: u32) -> bool {
        let before = environment.clone();
        let mut ends = Vec::new();
        let ended = self.block(environment, t.body, depth + 1);
        // An error may come before, after or between any of the statements.
        let broken = joined(Some(before), environment.clone());
        if ended && t.otherwise.is_none_or(|otherwise| self.block(environment, otherwise, depth + 1)) {
            ends.push(std::mem::take(environment));
        }
        for handler in &t.handlers {
            let mut inside = broken.clone();
            if self.block(&mut inside, handler.body, depth + 1) {
                ends.push(inside);
            }
        }
        let falls_through = !ends.is_empty();
        *environment = ends.into_iter().fold(None, |all, end| Some(joined(all, end))).unwrap_or(broken);
        match t.finally {
            Some(finally) => self.block(environment, finally, depth + 1) && falls_through,
            None => falls_through,
        }
    }

    fn cases(&self, environment: &mut Environment, subject: ExprId, cases: &[Case], depth: u32) -> bool {
        let e = self.evaluator;
        let value = e.evaluate(environment, subject);
        let mut end: Option<Environment> = None;
        let mut exhaustive = false;
        for case in cases {
            let mut inside = environment.clone();
            let (constants, names): (Vec<ExprId>, Vec<ExprId>) = case.pattern.iter().partition(|part| {
                matches!(e.module().expr(**part).kind, ExprKind::String(_) | ExprKind::Number(_) | ExprKind::Attribute { .. })
            });
            let (constants, names) = if e.is_javascript() { (case.pattern.to_vec(), Vec::new()) } else { (constants, names) };
            names.iter().for_each(|name| e.bind(&mut inside, *name, value.derived()));
            // `switch (true)`
            if let (true, [test]) = (e.is_javascript() && matches!(e.module().expr(subject).kind, ExprKind::Bool(true)), &constants[..]) {
                e.refine(&mut inside, *test, true);
            }
            if !constants.is_empty() && names.is_empty() {
                e.improve(&mut inside, subject, Origin::Safe);
            }
            exhaustive |= constants.is_empty() && case.guard.is_none();
            if let Some(guard) = case.guard {
                e.evaluate(&mut inside, guard);
                e.refine(&mut inside, guard, true);
            }
            if self.block(&mut inside, case.body, depth + 1) {
                end = Some(joined(end, inside));
            }
        }
        if !exhaustive {
            end = Some(joined(end, std::mem::take(environment)));
        }
        let falls_through = end.is_some();
        *environment = end.unwrap_or_default();
        falls_through
    }

    /// `int(limit)` as a statement: from here on it is known to be a number.
    fn checked_by_conversion(&self, environment: &mut Environment, value: ExprId) {
        let e = self.evaluator;
        let Some(call) = e.module().call(value) else { return };
        let callee = e.program.callee(e.id, value).library();
        let Some(argument) = call.args.first().map(|arg| arg.value) else { return };
        match callee.as_deref() {
            Some("int" | "float" | "uuid.UUID") => e.improve(environment, argument, Origin::Safe),
            // `assert(ALLOWED.includes(column))`
            Some("js:assert" | "js:assert.ok" | "js:assert.strict" | "js:tiny-invariant" | "js:globalThis.console.assert") => {
                e.refine(environment, argument, true);
            }
            _ => {
                if let Entity::Function(function) = e.program.callee(e.id, value)
                    && self.raises(function)
                {
                    let values = call.args.iter().map(|arg| (arg.value, e.value_in(environment, arg.value))).collect();
                    let passed = e.passed(function, call, &values).filter(|_| e.active.is_empty());
                    let run = passed.and_then(|passed| e.run_with(function, passed));
                    let receivers = e.program.receivers(function);
                    for (index, arg) in call.args.iter().enumerate() {
                        let left = run.as_ref().and_then(|run| run.left.get(index + receivers));
                        let is_proven = arg.kind == ArgKind::Positional && left.is_some_and(|left| *left <= Origin::Safe);
                        e.improve(environment, arg.value, if is_proven { Origin::Safe } else { Origin::Checked });
                    }
                }
            }
        }
    }

    /// Whether a function raises where it does not like what it is given.
    fn raises(&self, function: FunctionRef) -> bool {
        let module = self.evaluator.program.module(function.module);
        let FunctionBody::Block(body) = module.function(function.function).body else { return false };
        module.statements(body).into_iter().any(|stmt| match module.stmt(stmt).kind {
            StmtKind::Raise { .. } | StmtKind::Assert { .. } => true,
            StmtKind::Expr(value) => self.never_returns(function.module, value),
            _ => false,
        })
    }

    fn never_returns(&self, id: ModuleId, value: ExprId) -> bool {
        let name = self.evaluator.program.callee(id, value).library();
        matches!(
            name.as_deref(),
            Some(
                "sys.exit"
                    | "os._exit"
                    | "exit"
                    | "quit"
                    | "flask.abort"
                    | "quart.abort"
                    | "werkzeug.exceptions.abort"
                    | "bottle.abort"
                    | "flask_restful.abort"
                    | "flask_restx.abort"
                    | "pytest.fail"
                    | "js:globalThis.process.exit"
                    | "js:process.exit"
                    | "js:koa.Context.throw"
                    | "js:next/navigation.redirect"
                    | "js:next/navigation.notFound"
            )
        )
    }
}
