//! Guards: what a test that holds (or does not) says about the values in it.

use super::environment::{Environment, joined};
use super::evaluate::Evaluator;
use super::{Abstract, Content, Origin};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::FunctionRef;
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;
use std::sync::Arc;

/// Methods that hold only of texts without quotation marks.
const HARMLESS: [&str; 6] = ["isdigit", "isnumeric", "isdecimal", "isalnum", "isalpha", "isidentifier"];

/// How deep alternatives within alternatives are looked at.
const MOST_ALTERNATIVES: u8 = 2;

impl Evaluator<'_> {
    /// Takes into the environment what is known once `test` has turned out as `truth`.
    pub(super) fn refine(&self, environment: &mut Environment, test: ExprId, truth: bool) {
        self.refine_within(environment, test, truth, MOST_ALTERNATIVES);
    }

    fn refine_within(&self, environment: &mut Environment, test: ExprId, truth: bool, depth: u8) {
        let mut todo = vec![(test, truth)];
        while let Some((test, truth)) = todo.pop() {
            match &self.module().expr(test).kind {
                ExprKind::Unary { op: UnaryOp::Not, operand } => todo.push((*operand, !truth)),
                ExprKind::Logical { op: LogicalOp::And, operands } if truth => todo.extend(operands.iter().map(|o| (*o, true))),
                ExprKind::Logical { op: LogicalOp::Or, operands } if !truth => todo.extend(operands.iter().map(|o| (*o, false))),
                // One of them did it: what holds whichever it was.
                ExprKind::Logical { operands, .. } if depth > 0 && operands.len() < 8 => {
                    let known = environment.clone();
                    let alternative = |operand: &ExprId| {
                        let mut one = known.clone();
                        self.refine_within(&mut one, *operand, truth, depth - 1);
                        one
                    };
                    let all = operands.iter().map(alternative).fold(None, |all, one| Some(joined(all, one)));
                    *environment = all.unwrap_or(known);
                }
                ExprKind::Compare { operands, ops } => self.refine_by_comparison(environment, operands, ops, truth),
                ExprKind::Call(call) if self.is_javascript() => self.refine_by_call_of_javascript(environment, test, call, truth),
                ExprKind::Call(call) => self.refine_by_call(environment, test, call, truth),
                // `if (!COLUMNS[key]) return`
                ExprKind::Subscript { .. } if truth && self.is_javascript() => self.refine_by_found(environment, test),
                ExprKind::Name(_) if truth => self.refine_by_found(environment, self.looked_up(test)),
                ExprKind::Assign { value, .. } => todo.push((*value, truth)),
                _ => {}
            }
        }
    }

    fn refine_by_comparison(&self, environment: &mut Environment, operands: &[ExprId], ops: &[CompareOp], truth: bool) {
        let ([left, right], [op]) = (operands, ops) else { return };
        if self.is_javascript() {
            if self.refine_by_type(environment, *left, *right, *op, truth) {
                return;
            }
        } else if matches!(op, CompareOp::Less | CompareOp::Greater) {
            // A text cannot be compared with a number.
            self.refine_by_number(environment, *left, *right);
        }
        match (op, truth) {
            (CompareOp::In, true) | (CompareOp::NotIn, false)
                // A list that the outsider sent allows anything.
                if self.value_in(environment, *right).origin < Origin::Request => {
                    self.improve(environment, *left, Origin::Safe);
                }
            // `PATTERN.fullmatch(name) is None`, `column is None`
            (CompareOp::Is | CompareOp::IsNot, _)
                if matches!(self.module().expr(*right).kind, ExprKind::Null)
                    && matches!(self.module().expr(*left).kind, ExprKind::Call(_) | ExprKind::Name(_)) =>
            {
                self.refine(environment, *left, (*op == CompareOp::IsNot) == truth);
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

    /// Something was found in a mapping: what it was asked for is one of the keys.
    fn refine_by_found(&self, environment: &mut Environment, look_up: ExprId) {
        let (mapping, key) = match &self.module().expr(look_up).kind {
            ExprKind::Subscript { object, index, .. } => (*object, *index),
            ExprKind::Call(call) => match (&self.module().expr(call.callee).kind, &call.args[..]) {
                (ExprKind::Attribute { object, name, .. }, [key]) if *name == "get" => (*object, key.value),
                _ => return,
            },
            _ => return,
        };
        // It may be another one by now.
        let is_bound_anew = match self.module().expr(key).kind {
            ExprKind::Name(name) => Resolver::new(self.program).scope_of_name(self.id, key, name).is_some_and(|(_, count)| count > 1),
            _ => false,
        };
        let mapping = self.value_in(environment, mapping);
        if !is_bound_anew && mapping.content.is_some() && mapping.origin < Origin::Request {
            self.improve(environment, key, Origin::Safe);
        }
    }

    /// What a name was bound to before it is tested.
    fn looked_up(&self, name: ExprId) -> ExprId {
        let ExprKind::Name(text) = self.module().expr(name).kind else { return name };
        let resolver = Resolver::new(self.program);
        let Some((scope, count)) = resolver.scope_of_name(self.id, name, text) else { return name };
        let binding = match count {
            1 => self.program.bindings(self.id, scope, text).next().copied(),
            _ => resolver.reaching(self.id, scope, name, text),
        };
        match binding.map(|binding| binding.kind) {
            Some(BindingKind::Value(value)) => value,
            _ => name,
        }
    }

    /// `limit > 0`
    fn refine_by_number(&self, environment: &mut Environment, left: ExprId, right: ExprId) {
        let is_number = |expr: ExprId| match &self.module().expr(expr).kind {
            ExprKind::Number(_) => true,
            ExprKind::Unary { op: UnaryOp::Minus, operand } => matches!(self.module().expr(*operand).kind, ExprKind::Number(_)),
            _ => false,
        };
        if is_number(right) {
            self.improve(environment, left, Origin::Safe);
        } else if is_number(left) {
            self.improve(environment, right, Origin::Safe);
        }
    }

    /// Comparisons of JavaScript that tell what something is: `typeof x === 'number'`, `x > 0`, `LIST.indexOf(x) !== -1`. Whether
    /// it was one.
    fn refine_by_type(&self, environment: &mut Environment, left: ExprId, right: ExprId, op: CompareOp, truth: bool) -> bool {
        let module = self.module();
        let holds = matches!((op, truth), (CompareOp::Eq, true) | (CompareOp::NotEq, false));
        match (&module.expr(left).kind, &module.expr(right).kind) {
            (ExprKind::Unary { op: UnaryOp::Other, operand }, ExprKind::String(kind)) => {
                if holds && matches!(kind.as_str(), "number" | "boolean" | "bigint") {
                    self.improve(environment, *operand, Origin::Safe);
                }
                true
            }
            (ExprKind::Call(call), ExprKind::Number(_) | ExprKind::Unary { .. }) => {
                let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return false };
                let is_found = match op {
                    CompareOp::NotEq => truth,
                    CompareOp::Eq => !truth,
                    CompareOp::Greater => truth,
                    CompareOp::Less => !truth,
                    _ => false,
                };
                if name == "indexOf"
                    && is_found
                    && let Some(arg) = call.args.first()
                    && self.value_in(environment, object).origin < Origin::Request
                {
                    self.improve(environment, arg.value, Origin::Safe);
                }
                true
            }
            // What is no number is neither less nor greater.
            _ if matches!(op, CompareOp::Less | CompareOp::Greater) => {
                if truth {
                    self.refine_by_number(environment, left, right);
                }
                true
            }
            _ if op == CompareOp::InstanceOf => {
                let class = Resolver::new(self.program).entity(self.id, right).library();
                if truth && class.is_some_and(|class| class == "js:globalThis.Date") {
                    self.improve(environment, left, Origin::Safe);
                }
                true
            }
            _ => false,
        }
    }

    fn refine_by_call_of_javascript(&self, environment: &mut Environment, test: ExprId, call: &Call, truth: bool) {
        let module = self.module();
        let callee = self.program.callee(self.id, test);
        let args: Vec<ExprId> = call.args.iter().filter(|a| a.kind == ArgKind::Positional).map(|a| a.value).collect();
        let Some(first) = args.first().copied() else { return };
        if let Entity::Library(name) = callee {
            let last = name.rsplit('.').next().unwrap_or_default();
            let is_test = last != "isArray" && self.program.apis.row(name).is_some_and(|row| row.is(Role::Sanitizer));
            match last {
                "isNaN" if is_test => {
                    if !truth {
                        self.improve(environment, first, Origin::Safe);
                    }
                    return;
                }
                _ if is_test && truth && (last.starts_with("is") || last == "validate") => {
                    self.improve(environment, first, Origin::Safe);
                    return;
                }
                "hasOwn" if truth => {
                    args.iter().skip(1).for_each(|key| self.improve(environment, *key, Origin::Safe));
                    return;
                }
                "Boolean" => return self.refine(environment, first, truth),
                _ => {}
            }
        }
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else {
            match callee {
                Entity::Function(function) => self.refine_by_function(environment, function, call, truth),
                // Some test of theirs that held: it cannot be judged, and it may well do.
                _ if truth => args.iter().for_each(|value| self.improve(environment, *value, Origin::Checked)),
                _ => {}
            }
            return;
        };
        if !truth {
            return;
        }
        match name.as_str() {
            // A list that the outsider sent allows anything.
            "includes" | "has" | "hasOwnProperty" | "propertyIsEnumerable"
                if self.value_in(environment, object).origin < Origin::Request =>
            {
                self.improve(environment, first, Origin::Safe);
            }
            "every" => {
                let item = self.value_in(environment, object).item();
                if self.accepted(environment, first, &item).origin <= Origin::Safe {
                    self.improve_items(environment, object);
                }
            }
            // `LIST.some(one => one === x)`
            "some" => {
                if let Some(test) = self.test_of(first)
                    && let ExprKind::Compare { operands, ops } = &module.expr(test).kind
                    && let ([left, right], [CompareOp::Eq]) = (&operands[..], &ops[..])
                    && self.value_in(environment, object).origin < Origin::Request
                {
                    self.improve(environment, *left, Origin::Safe);
                    self.improve(environment, *right, Origin::Safe);
                }
            }
            "test" => self.improve_by_pattern(environment, object, first),
            "match" => self.improve_by_pattern(environment, first, object),
            "call" => {
                args.iter().skip(1).for_each(|key| self.improve(environment, *key, Origin::Safe));
            }
            _ => args.iter().for_each(|value| self.improve(environment, *value, Origin::Checked)),
        }
    }

    /// A text that a regular expression was found in: harmless if it has to be the whole text, and that has no quotation marks.
    fn improve_by_pattern(&self, environment: &mut Environment, pattern: ExprId, value: ExprId) {
        match self.regex(pattern) {
            Some(regex) if is_whole(&regex) => self.improve(environment, value, Origin::Safe),
            // Anything may stand before or behind what is found.
            Some(regex) if !regex.ends_with('$') && !regex.starts_with('^') => {}
            _ => self.improve(environment, value, Origin::Checked),
        }
    }

    /// What a function gives that is written in place and is one expression.
    fn test_of(&self, function: ExprId) -> Option<ExprId> {
        let ExprKind::Function(function) = self.module().expr(function).kind else { return None };
        match self.module().function(function).body {
            FunctionBody::Expr(test) => Some(test),
            FunctionBody::Block(_) => None,
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
                Some("re.fullmatch" | "re.match" | "re.search") => {
                    if let ([pattern, value, ..], Some(name)) = (&args[..], callee.library()) {
                        self.improve_by_match(environment, *pattern, name == "re.fullmatch", *value);
                    }
                    return;
                }
                _ => {}
            }
            if let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind {
                if HARMLESS.contains(&name.as_str()) {
                    self.improve(environment, object, Origin::Safe);
                    return;
                }
                if let (true, Some(value)) = (matches!(name.as_str(), "fullmatch" | "match" | "search"), args.first()) {
                    self.improve_by_match(environment, object, name == "fullmatch", *value);
                    return;
                }
                if name == "get" {
                    self.refine_by_found(environment, test);
                }
                if name == "issubset" {
                    self.improve_items(environment, self.set_of(object).unwrap_or(object));
                    return;
                }
            }
        }
        if let Entity::Function(function) = callee {
            self.refine_by_function(environment, function, call, truth);
        }
    }

    /// What a function of the project says of its arguments by its answer: `return name in COLUMNS`. What cannot be judged may
    /// well do.
    fn refine_by_function(&self, environment: &mut Environment, function: FunctionRef, call: &Call, truth: bool) {
        let args: Vec<&Arg> = call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).collect();
        let receivers = self.program.receivers(function);
        let f = self.program.function(function);
        let test = match f.body {
            FunctionBody::Expr(test) => Some(test),
            FunctionBody::Block(body) => match self.program.module(function.module).block(body).stmts[..] {
                [.., last] => match self.program.module(function.module).stmt(last).kind {
                    StmtKind::Return(value) => value,
                    _ => None,
                },
                [] => None,
            },
        };
        // Functions that are run on the way take its word for it.
        let inner = test.filter(|_| self.active.is_empty()).and_then(|test| Some((test, self.of_function(function)?)));
        for (index, arg) in args.into_iter().enumerate() {
            let proven = inner.as_ref().is_some_and(|(test, inner)| {
                let Some(param) = f.params.get(index + receivers) else { return false };
                let mut inside = Environment::default();
                inner.bind(&mut inside, param.target, self.value_in(environment, arg.value));
                inner.refine(&mut inside, *test, truth);
                inner.value_in(&inside, param.target).origin <= Origin::Safe
            });
            if let Some((_, inner)) = &inner {
                self.pay_for(inner);
            }
            if proven {
                self.improve(environment, arg.value, Origin::Safe);
            } else if truth {
                self.improve(environment, arg.value, Origin::Checked);
            }
        }
    }

    /// A text that a pattern of Python matches: harmless if it has to be the whole text, and that has no quotation marks.
    fn improve_by_match(&self, environment: &mut Environment, pattern: ExprId, is_full: bool, value: ExprId) {
        let (at, origin) = values::origin(self.program, self.id, pattern);
        let written = match self.program.module(at).call(origin) {
            // `re.compile("…")`
            Some(call) => call.args.first().and_then(|arg| values::text(self.program, at, arg.value)),
            None => values::text(self.program, self.id, pattern),
        };
        match written {
            Some(regex) => {
                let whole = if is_full { format!("^{}$", regex.trim_start_matches('^').trim_end_matches('$')) } else { regex };
                let whole = whole.strip_suffix("\\Z").map_or(whole.clone(), |start| format!("{start}$"));
                let whole = whole.strip_prefix("\\A").map_or(whole.clone(), |rest| format!("^{rest}"));
                let ends = whole.ends_with('$');
                let whole = if whole.starts_with('^') { whole } else { format!("^{whole}") };
                if is_whole(&whole) {
                    self.improve(environment, value, Origin::Safe);
                } else if ends {
                    self.improve(environment, value, Origin::Checked);
                }
            }
            // What it is cannot be seen.
            None => self.improve(environment, value, if is_full { Origin::Safe } else { Origin::Checked }),
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
                ExprKind::Attribute { object, name, .. }
                    if matches!(name.as_str(), "lower" | "upper" | "strip" | "toLowerCase" | "toUpperCase" | "trim" | "toString") =>
                {
                    object
                }
                // `String(x)`
                // What is no number as a whole has become none.
                ExprKind::Name(name) if self.is_javascript() && matches!(name.as_str(), "String" | "Number") && call.args.len() == 1 => {
                    call.args[0].value
                }
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
        environment.insert(key, Abstract { content: Some(Arc::new(content)), text: None, ..old });
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

/// Whether a pattern takes the whole of a text, and none with quotation marks.
pub(super) fn is_whole(regex: &str) -> bool {
    regex.starts_with('^')
        && regex.ends_with('$')
        && !regex.contains(['\'', '"', '`', ';'])
        && !regex.contains(".*")
        && !regex.contains(".+")
        && !regex.contains("[^")
}
