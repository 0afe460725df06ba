//! Values of expressions. Evaluation is a loop over tasks: depth of input is not depth of stack.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::callbacks::Runs;
use super::environment::{Environment, joined};
use super::interpret::Record;
use super::sources::parameter;
use super::{Abstract, Content, Hole, Kind, Origin, Piece, Written, assembled, container, format, mapping, mapping_of};
use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::routes::Routes;

/// Evaluates expressions of one module.
pub(super) struct Evaluator<'p> {
    pub(super) program: &'p Program,
    pub(super) routes: &'p Routes,
    pub(super) id: ModuleId,
    /// What was seen on the way.
    pub(super) record: RefCell<Record>,
    /// Whether what is seen counts: questions that guards ask do not.
    recording: Cell<bool>,
    /// How many more expressions may be looked at: a function that takes more is no function.
    steps: Cell<u32>,
    /// How many more globals may lead to each other.
    depth: u8,
    /// What functions give that are written where they are used, as they were run last.
    pub(super) given: RefCell<FxHashMap<FunctionId, Abstract>>,
    /// What the functions that are being run have returned so far.
    pub(super) returned: RefCell<Vec<Option<Abstract>>>,
    /// How many functions that are written in place lie around what is being run.
    pub(super) nesting: Cell<u32>,
    /// How many more expressions may be looked at in all that is called or named from here.
    elsewhere: Rc<Cell<u32>>,
    /// The functions of other units that are being run.
    pub(super) active: Vec<FunctionRef>,
    /// What functions have done that were run from here.
    pub(super) runs: Rc<RefCell<Runs>>,
    /// What constructors leave behind, as far as somebody has asked.
    pub(super) constructed: RefCell<FxHashMap<FunctionRef, Environment>>,
}

/// More than the longest real functions take.
const STEPS: u32 = 400_000;

/// More than helpers and constants take that make a part of a text.
const STEPS_ELSEWHERE: u32 = 2_000;

/// More than all of them take of a function that really makes texts.
const MOST_ELSEWHERE: u32 = 12_000;

/// How many globals may lead to each other; a call counts for two.
const DEPTH: u8 = 6;

enum Task {
    Visit(ExprId),
    Done(ExprId),
    Bind {
        target: ExprId,
        iter: ExprId,
    },
    Refine(ExprId, bool),
    Parameters(FunctionId),
    /// What a method that goes through what it is called on passes to a function.
    Items {
        function: FunctionId,
        call: ExprId,
    },
    /// Runs a function that is written in place.
    Body(FunctionId),
    Given(FunctionId, ExprId),
    Save,
    Restore,
    /// What was done in between may have been done, or may not.
    Join,
}

pub(super) type Values = FxHashMap<ExprId, Abstract>;

impl<'p> Evaluator<'p> {
    pub(super) fn new(program: &'p Program, routes: &'p Routes, id: ModuleId) -> Self {
        let record = RefCell::new(Record::default());
        Self {
            program,
            routes,
            id,
            record,
            recording: Cell::new(true),
            steps: Cell::new(STEPS),
            depth: DEPTH,
            given: RefCell::default(),
            returned: RefCell::default(),
            nesting: Cell::new(0),
            elsewhere: Rc::new(Cell::new(MOST_ELSEWHERE)),
            active: Vec::new(),
            runs: Rc::default(),
            constructed: RefCell::default(),
        }
    }

    /// One for a global of a module, unless globals have led to each other too often.
    pub(super) fn of_global(&self, module: ModuleId) -> Option<Self> {
        self.inner(module, 1)
    }

    /// One for a function that is called, unless functions have called each other too often.
    pub(super) fn of_function(&self, function: FunctionRef) -> Option<Self> {
        let mut inner = self.elsewhere(function.module)?;
        inner.active.clone_from(&self.active);
        inner.active.push(function);
        Some(inner)
    }

    /// One that only answers questions, about another module.
    pub(super) fn elsewhere(&self, module: ModuleId) -> Option<Self> {
        let inner = self.inner(module, 2)?;
        inner.recording.set(false);
        Some(inner)
    }

    /// One that takes of this one's steps, so that what leads to each other costs no more in all than it does alone.
    fn inner(&self, module: ModuleId, deeper: u8) -> Option<Self> {
        let depth = self.depth.checked_sub(deeper)?;
        if self.elsewhere.get() == 0 {
            return None;
        }
        let inner =
            Self { depth, elsewhere: self.elsewhere.clone(), runs: self.runs.clone(), ..Self::new(self.program, self.routes, module) };
        inner.steps.set(STEPS_ELSEWHERE.min(self.steps.get()));
        inner.nesting.set(self.nesting.get() + 1);
        Some(inner)
    }

    /// What an inner one took is not there for others.
    pub(super) fn pay_for(&self, inner: &Self) {
        let taken = STEPS_ELSEWHERE.min(self.steps.get()).saturating_sub(inner.steps.get());
        self.steps.set(self.steps.get().saturating_sub(taken).max(1));
    }

    /// How many more globals and functions may lead to each other.
    pub(super) fn depth(&self) -> u8 {
        self.depth
    }

    pub(super) fn module(&self) -> &'p Module {
        self.program.module(self.id)
    }

    pub(super) fn is_javascript(&self) -> bool {
        self.module().language == Language::TypeScript
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.steps.get() == 0
    }

    /// Whether a function is interpreted by itself: it has a name, and is in no other.
    pub(super) fn is_unit(&self, function: FunctionId) -> bool {
        self.returned.borrow().is_empty() && !self.module().function(function).name.is_empty()
    }

    /// Notes what was seen, unless this is only a question.
    pub(super) fn note(&self, note: impl FnOnce(&mut Record)) {
        if self.recording.get() {
            note(&mut self.record.borrow_mut());
        }
    }

    /// The value of an expression, without any effect.
    pub(super) fn value_in(&self, environment: &Environment, expr: ExprId) -> Abstract {
        if let Some(value) = self.key(expr).and_then(|key| environment.get(&key)) {
            return value.clone();
        }
        let was = self.recording.replace(false);
        let value = self.evaluate(&mut environment.clone(), expr);
        self.recording.set(was);
        value
    }

    /// The value of an expression; names that it binds are bound.
    pub(super) fn evaluate(&self, environment: &mut Environment, root: ExprId) -> Abstract {
        let mut values = Values::default();
        let mut saved: Vec<Environment> = Vec::new();
        let mut tasks = vec![Task::Visit(root)];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Visit(expr) => {
                    self.steps.set(self.steps.get().saturating_sub(1));
                    if self.depth < DEPTH {
                        self.elsewhere.set(self.elsewhere.get().saturating_sub(1));
                        if self.elsewhere.get() == 0 {
                            self.steps.set(0);
                        }
                    }
                    if self.is_exhausted() {
                        return Abstract::of(Origin::Unseen);
                    }
                    self.visit(expr, &mut tasks);
                }
                Task::Done(expr) => {
                    let value = self.done(environment, expr, &mut values);
                    values.insert(expr, value);
                }
                Task::Bind { target, iter } => {
                    let item = values.get(&iter).map(Abstract::item).unwrap_or_default();
                    self.bind(environment, target, item);
                }
                Task::Refine(test, truth) => self.refine(environment, test, truth),
                Task::Parameters(function) => self.bind_parameters(environment, function),
                Task::Items { function, call } => self.bind_items(environment, function, call, &values),
                Task::Body(function) => match self.module().function(function).body {
                    FunctionBody::Expr(body) => tasks.extend([Task::Given(function, body), Task::Visit(body)]),
                    FunctionBody::Block(body) => {
                        let given = self.run(environment, body);
                        self.given.borrow_mut().insert(function, given);
                    }
                },
                Task::Given(function, body) => {
                    let given = values.get(&body).cloned().unwrap_or_default();
                    self.given.borrow_mut().insert(function, given);
                }
                Task::Save => saved.push(environment.clone()),
                Task::Restore => *environment = saved.pop().unwrap_or_default(),
                Task::Join => *environment = joined(saved.pop(), std::mem::take(environment)),
            }
        }
        values.remove(&root).unwrap_or_default()
    }

    /// Plans what has to be evaluated before an expression can be; the last task is the first.
    fn visit(&self, expr: ExprId, tasks: &mut Vec<Task>) {
        tasks.push(Task::Done(expr));
        match &self.module().expr(expr).kind {
            ExprKind::Conditional { test, then, otherwise } => {
                tasks.extend([Task::Restore, Task::Visit(*otherwise), Task::Refine(*test, false), Task::Save]);
                tasks.extend([Task::Restore, Task::Visit(*then), Task::Refine(*test, true), Task::Save]);
                tasks.push(Task::Visit(*test));
            }
            ExprKind::Comprehension(comprehension) => {
                tasks.push(Task::Restore);
                tasks.extend(comprehension.value.map(Task::Visit));
                tasks.push(Task::Visit(comprehension.element));
                for clause in comprehension.clauses.iter().rev() {
                    match clause {
                        Clause::For { target, iter } => tasks.extend([Task::Bind { target: *target, iter: *iter }, Task::Visit(*iter)]),
                        Clause::If(test) => tasks.extend([Task::Refine(*test, true), Task::Visit(*test)]),
                    }
                }
                tasks.push(Task::Save);
            }
            ExprKind::Assign { value, .. } => tasks.push(Task::Visit(*value)),
            // It may run any time later; what it captures is taken as it is here.
            ExprKind::Function(function) if !self.is_unit(*function) => {
                let end = if self.is_javascript() { Task::Join } else { Task::Restore };
                tasks.extend([end, Task::Body(*function), Task::Parameters(*function), Task::Save]);
            }
            // `items.map(item => …)`: what the function is called with is known once the items are.
            ExprKind::Call(call) if self.is_javascript() && self.goes_through(call) => {
                for arg in call.args.iter().rev() {
                    match self.module().expr(arg.value).kind {
                        ExprKind::Function(function) => {
                            let items = Task::Items { function, call: expr };
                            tasks.extend([Task::Done(arg.value), Task::Join, Task::Body(function), items, Task::Save]);
                        }
                        _ => tasks.push(Task::Visit(arg.value)),
                    }
                }
                tasks.push(Task::Visit(call.callee));
            }
            // `known && …`: what the first says holds in the others.
            ExprKind::Logical { op: LogicalOp::And, operands } if self.is_javascript() => {
                tasks.push(Task::Restore);
                for operand in operands.iter().rev() {
                    tasks.extend([Task::Refine(*operand, true), Task::Visit(*operand)]);
                }
                tasks.push(Task::Save);
            }
            kind => {
                let first = tasks.len();
                kind.for_each_child(|child| tasks.push(Task::Visit(child)));
                tasks[first..].reverse();
            }
        }
    }

    /// What a function is called with.
    pub(super) fn bind_parameters(&self, environment: &mut Environment, function: FunctionId) {
        for (index, param) in self.module().function(function).params.iter().enumerate() {
            let value = self
                .injected(param)
                .unwrap_or_else(|| parameter(self.program, self.routes, FunctionRef { module: self.id, function }, index));
            self.bind(environment, param.target, value);
        }
    }

    fn done(&self, environment: &mut Environment, expr: ExprId, values: &mut Values) -> Abstract {
        let module = self.module();
        let of = |values: &Values, id: &ExprId| values.get(id).cloned().unwrap_or_default();
        match &module.expr(expr).kind {
            ExprKind::String(text) => Abstract::constant_text(text),
            ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::Null | ExprKind::Ellipsis => Abstract::default(),
            ExprKind::Name(_) => match self.key(expr).and_then(|key| environment.get(&key)) {
                Some(value) => value.clone(),
                None => self.outside(expr),
            },
            ExprKind::Attribute { object, name, .. } => match self.key(expr).and_then(|key| environment.get(&key)) {
                Some(value) => value.clone(),
                None => self.attribute(expr, *name, &of(values, object)),
            },
            ExprKind::Subscript { object, index, .. } => match self.key(expr).and_then(|key| environment.get(&key)) {
                Some(value) => value.clone(),
                None => self.subscript(expr, &of(values, object), *index, &of(values, index)),
            },
            ExprKind::Call(call) => {
                let value = self.call(environment, expr, call, values);
                self.key(expr).and_then(|key| environment.get(&key)).cloned().unwrap_or(value)
            }
            ExprKind::Template { tag: Some(tag), .. } if !self.gives_text(*tag) => {
                // It gets its values apart from its text.
                Abstract::of(Origin::Safe)
            }
            ExprKind::Template { parts, .. } => {
                let (mut pieces, mut roots) = (Vec::new(), Vec::new());
                for part in parts {
                    match part {
                        TemplatePart::Text(text, _) => pieces.push(Piece::Text(text.as_str().into())),
                        TemplatePart::Hole(hole) if self.is_written_as_number(*hole) => {
                            fill(&mut pieces, &mut roots, *hole, &Abstract::of(Origin::Safe));
                        }
                        TemplatePart::Hole(hole) => fill(&mut pieces, &mut roots, *hole, &of(values, hole)),
                    }
                }
                self.assembled(expr, pieces, &roots)
            }
            ExprKind::Binary { op, operands } => self.binary(expr, *op, operands, values),
            // What the others can be instead is empty.
            ExprKind::Logical { op: LogicalOp::And, operands } => operands.last().map(|last| of(values, last)).unwrap_or_default(),
            ExprKind::Logical { operands, .. } => {
                let all: Vec<Abstract> = operands.iter().map(|o| of(values, o)).collect();
                all.iter().skip(1).fold(all.first().cloned().unwrap_or_default(), |a, b| a.join(b))
            }
            ExprKind::Conditional { then, otherwise, .. } => of(values, then).join(&of(values, otherwise)),
            ExprKind::Compare { .. } | ExprKind::Unary { .. } => Abstract::of(Origin::Safe),
            ExprKind::List(parts) | ExprKind::Tuple(parts) | ExprKind::Set(parts) => {
                let is_spread = |part: &ExprId| matches!(module.expr(*part).kind, ExprKind::Spread(_));
                if parts.iter().any(is_spread) {
                    let item = |part: &ExprId| if is_spread(part) { of(values, part).item() } else { of(values, part) };
                    let all = container(parts.iter().map(item).collect());
                    let items = all.values();
                    Abstract { content: Some(Arc::new(Content { items, ..Content::default() })), ..all }
                } else {
                    container(parts.iter().map(|part| of(values, part)).collect())
                }
            }
            ExprKind::Object(entries) => {
                let entry = |entry: &Entry| match entry {
                    Entry::Pair { key, value } => Written::Pair(of(values, key), of(values, value)),
                    Entry::Spread(other) => Written::All(of(values, other)),
                };
                mapping_of(entries.iter().map(entry).collect())
            }
            ExprKind::Comprehension(comprehension) => {
                if let Some(value) = comprehension.value {
                    mapping(vec![(of(values, &comprehension.element), of(values, &value))])
                } else {
                    let all = container(vec![of(values, &comprehension.element)]);
                    let items = all.values();
                    Abstract { content: Some(Arc::new(Content { items, ..Content::default() })), ..all }
                }
            }
            ExprKind::YieldFrom(value) => {
                self.give(&of(values, value).item());
                of(values, value)
            }
            ExprKind::Await(value) | ExprKind::Spread(value) => of(values, value),
            ExprKind::Assign { target, value } => {
                let value = of(values, value);
                self.bind(environment, *target, value.clone());
                value
            }
            ExprKind::Yield(value) => {
                if let Some(value) = value {
                    self.give(&of(values, value));
                }
                Abstract::of(Origin::Unseen)
            }
            ExprKind::Slice(_) | ExprKind::Function(_) | ExprKind::Class(_) | ExprKind::Require(_) | ExprKind::Opaque(_) => {
                Abstract::of(Origin::Unseen)
            }
        }
    }

    /// `{n:d}`: formatting what is no number fails.
    fn is_written_as_number(&self, hole: ExprId) -> bool {
        if self.is_javascript() {
            return false;
        }
        let place = self.program.place(self.id, hole);
        let after = &self.program.sources.get(place.file).text[place.span.end as usize..];
        let format = after.trim_start().strip_prefix(':').and_then(|rest| rest.split_once('}')).map(|(format, _)| format);
        format.is_some_and(|format| format.len() < 8 && format.ends_with(['d', 'f', 'g', 'e', 'x', 'b', 'o']))
    }

    /// A text made of pieces by an expression, noted.
    pub(super) fn assembled(&self, root: ExprId, pieces: Vec<Piece>, roots: &[ExprId]) -> Abstract {
        let value = assembled(root, pieces, roots);
        self.note(|record| record.assembled(root, roots, &value));
        value
    }

    fn binary(&self, expr: ExprId, op: BinaryOp, operands: &[ExprId], values: &Values) -> Abstract {
        let of = |id: &ExprId| values.get(id).cloned().unwrap_or_default();
        let all: Vec<Abstract> = operands.iter().map(of).collect();
        let worst = || all.iter().max_by_key(|value| value.origin).map(Abstract::derived).unwrap_or_default();
        // JavaScript computes numbers with all signs but one.
        if self.is_javascript() && op != BinaryOp::Add {
            return Abstract::of(Origin::Safe);
        }
        match op {
            BinaryOp::Add if all.iter().any(|value| value.text.is_some()) => {
                let (mut pieces, mut roots) = (Vec::new(), Vec::new());
                for (operand, value) in operands.iter().zip(&all) {
                    fill(&mut pieces, &mut roots, *operand, value);
                }
                let composable = all.iter().any(|value| value.kind == Kind::Composable);
                let whole = self.assembled(expr, pieces, &roots);
                if composable { Abstract { kind: Kind::Composable, ..whole } } else { whole }
            }
            BinaryOp::Add | BinaryOp::BitOr if all.iter().any(|value| value.content.is_some()) => {
                let joined = all.iter().skip(1).fold(all[0].clone(), |a, b| a.join(b));
                let content = joined.content.as_ref().map(|content| Arc::new(Content { parts: Vec::new(), ..(**content).clone() }));
                Abstract { content, ..joined }
            }
            BinaryOp::Add | BinaryOp::BitOr => worst(),
            BinaryOp::Mod if all[0].text.is_some() => self.percent(expr, operands, &all),
            BinaryOp::Mul => match all.iter().find(|value| value.text.is_some() || value.content.is_some()) {
                Some(repeated) => {
                    let content = repeated.content.as_ref().map(|content| Arc::new(Content { parts: Vec::new(), ..(**content).clone() }));
                    Abstract { content, ..repeated.clone() }
                }
                None => Abstract::of(Origin::Safe),
            },
            BinaryOp::Other => all.iter().find(|value| value.content.is_some()).cloned().unwrap_or_else(|| Abstract::of(Origin::Safe)),
            BinaryOp::Mod => Abstract::of(Origin::Safe),
        }
    }

    /// `text % arguments`
    pub(super) fn percent(&self, expr: ExprId, operands: &[ExprId], all: &[Abstract]) -> Abstract {
        let (Some(template), Some(arguments)) = (all.first(), all.get(1)) else { return Abstract::of(Origin::Unseen) };
        let is_tuple = matches!(self.module().expr(operands[1]).kind, ExprKind::Tuple(_));
        let positional: Vec<Abstract> = match &arguments.content {
            Some(content) if is_tuple => content.parts.clone(),
            _ => vec![arguments.clone()],
        };
        let holes: Vec<ExprId> = match &self.module().expr(operands[1]).kind {
            ExprKind::Tuple(parts) => parts.to_vec(),
            _ => vec![operands[1]],
        };
        let positional: Vec<(ExprId, Abstract)> = holes.into_iter().zip(positional).collect();
        self.formatted(expr, template, format::percent, &positional, arguments, operands[1])
    }

    /// A format text with its fields filled in. `named` is where fields with names are looked up.
    pub(super) fn formatted(
        &self,
        expr: ExprId,
        template: &Abstract,
        read: fn(&str) -> Vec<format::Part>,
        positional: &[(ExprId, Abstract)],
        named: &Abstract,
        named_expr: ExprId,
    ) -> Abstract {
        let (mut pieces, mut roots) = (Vec::new(), template.roots().to_vec());
        let mut next = 0;
        for piece in template.text.iter().flat_map(|text| &text.pieces) {
            let Piece::Text(text) = piece else {
                pieces.push(piece.clone());
                continue;
            };
            for part in read(text) {
                let (field, numeric) = match part {
                    format::Part::Text(text) => {
                        pieces.push(Piece::Text(text.as_str().into()));
                        continue;
                    }
                    format::Part::Field(field, numeric) => (field, numeric),
                };
                let (at, value) = match field {
                    format::Field::Next => {
                        next += 1;
                        positional.get(next - 1).or(positional.last()).cloned().unwrap_or((named_expr, named.derived()))
                    }
                    format::Field::At(index) => positional.get(index).cloned().unwrap_or((named_expr, named.derived())),
                    format::Field::Named(name) => {
                        let fields = named.content.iter().flat_map(|content| &content.fields);
                        let value = fields.into_iter().find(|(key, _)| **key == *name).map(|(_, value)| value.clone());
                        (named_expr, value.unwrap_or_else(|| named.values()))
                    }
                };
                let value = if numeric { Abstract::of(Origin::Safe) } else { value };
                fill(&mut pieces, &mut roots, at, &value);
            }
        }
        self.assembled(expr, pieces, &roots)
    }
}

pub(super) fn fill(pieces: &mut Vec<Piece>, roots: &mut Vec<ExprId>, expr: ExprId, value: &Abstract) {
    roots.extend(value.roots());
    if value.text.is_none() && value.origin == Origin::Constant {
        // Constant, but of unknown wording: configuration.
        pieces.push(Piece::Hole(Hole { origin: Origin::Constant, expr, way: None }));
    } else {
        pieces.extend(value.pieces(expr));
    }
}
