//! Values of expressions. Evaluation is a loop over tasks: depth of input is not depth of stack.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::interpret::{Environment, Key, Record};
use super::sources::parameter;
use super::{Abstract, Content, Kind, Origin, Piece, assembled, constant, container, format, mapping};
use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::Resolver;
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
}

/// More than the longest real functions take.
const STEPS: u32 = 400_000;

enum Task {
    Visit(ExprId),
    Done(ExprId),
    Bind { target: ExprId, iter: ExprId },
    Refine(ExprId, bool),
    Parameters(FunctionId),
    Save,
    Restore,
}

pub(super) type Values = FxHashMap<ExprId, Abstract>;

impl<'p> Evaluator<'p> {
    pub(super) fn new(program: &'p Program, routes: &'p Routes, id: ModuleId) -> Self {
        let record = RefCell::new(Record::default());
        Self { program, routes, id, record, recording: Cell::new(true), steps: Cell::new(STEPS), depth: 6 }
    }

    /// One for a global of a module, unless globals have led to each other too often.
    pub(super) fn of_global(&self, module: ModuleId) -> Option<Self> {
        let depth = self.depth.checked_sub(1)?;
        Some(Self { depth, ..Self::new(self.program, self.routes, module) })
    }

    pub(super) fn module(&self) -> &'p Module {
        self.program.module(self.id)
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.steps.get() == 0
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
                Task::Save => saved.push(environment.clone()),
                Task::Restore => *environment = saved.pop().unwrap_or_default(),
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
            ExprKind::Function(function) => {
                if let FunctionBody::Expr(body) = self.module().function(*function).body {
                    tasks.extend([Task::Restore, Task::Visit(body), Task::Parameters(*function), Task::Save]);
                }
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
            let value = parameter(self.program, self.routes, FunctionRef { module: self.id, function }, index);
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
            ExprKind::Subscript { object, index, .. } => self.subscript(expr, &of(values, object), *index, &of(values, index)),
            ExprKind::Call(call) => self.call(environment, expr, call, values),
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
                    Abstract { content: Some(Rc::new(Content { items, ..Content::default() })), ..all }
                } else {
                    container(parts.iter().map(|part| of(values, part)).collect())
                }
            }
            ExprKind::Object(entries) => {
                let entry = |entry: &Entry| match entry {
                    Entry::Pair { key, value } => (of(values, key), of(values, value)),
                    Entry::Spread(other) => (of(values, other).keys(), of(values, other).values()),
                };
                mapping(entries.iter().map(entry).collect())
            }
            ExprKind::Comprehension(comprehension) => {
                if let Some(value) = comprehension.value {
                    mapping(vec![(of(values, &comprehension.element), of(values, &value))])
                } else {
                    let all = container(vec![of(values, &comprehension.element)]);
                    let items = all.values();
                    Abstract { content: Some(Rc::new(Content { items, ..Content::default() })), ..all }
                }
            }
            ExprKind::Await(value) | ExprKind::Spread(value) | ExprKind::YieldFrom(value) => of(values, value),
            ExprKind::Assign { target, value } => {
                let value = of(values, value);
                self.bind(environment, *target, value.clone());
                value
            }
            ExprKind::Slice(_)
            | ExprKind::Function(_)
            | ExprKind::Class(_)
            | ExprKind::Require(_)
            | ExprKind::Yield(_)
            | ExprKind::Opaque(_) => Abstract::of(Origin::Unseen),
        }
    }

    /// `{n:d}`: formatting what is no number fails.
    fn is_written_as_number(&self, hole: ExprId) -> bool {
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
                let content = joined.content.as_ref().map(|content| Rc::new(Content { parts: Vec::new(), ..(**content).clone() }));
                Abstract { content, ..joined }
            }
            BinaryOp::Add | BinaryOp::BitOr => worst(),
            BinaryOp::Mod if all[0].text.is_some() => self.percent(expr, operands, &all),
            BinaryOp::Mul => match all.iter().find(|value| value.text.is_some() || value.content.is_some()) {
                Some(repeated) => {
                    let content = repeated.content.as_ref().map(|content| Rc::new(Content { parts: Vec::new(), ..(**content).clone() }));
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

    /// The key of a name, or of an attribute of names.
    pub(super) fn key(&self, expr: ExprId) -> Option<Key> {
        match self.module().expr(expr).kind {
            ExprKind::Name(name) => {
                let (scope, _) = Resolver::new(self.program).scope_of_name(self.id, expr, name)?;
                Some(Key::Name(scope, name))
            }
            ExprKind::Attribute { mut object, .. } => {
                while let ExprKind::Attribute { object: inner, .. } = self.module().expr(object).kind {
                    object = inner;
                }
                let is_path = matches!(self.module().expr(object).kind, ExprKind::Name(_));
                is_path.then(|| Key::Path(self.program.text(self.id, expr).into()))
            }
            _ => None,
        }
    }

    /// Binds a target to a value: names, patterns, attributes, items of containers.
    pub(super) fn bind(&self, environment: &mut Environment, target: ExprId, value: Abstract) {
        let module = self.module();
        let mut todo = vec![(target, value)];
        while let Some((target, value)) = todo.pop() {
            match &module.expr(target).kind {
                ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                    let parts = value.content.as_ref().filter(|content| content.parts.len() == targets.len());
                    for (index, target) in targets.iter().enumerate() {
                        let part = parts.map_or_else(|| value.item(), |content| content.parts[index].clone());
                        todo.push((*target, part));
                    }
                }
                ExprKind::Spread(target) => {
                    let items = value.item();
                    todo.push((
                        *target,
                        Abstract { content: Some(Rc::new(Content { items: items.clone(), ..Content::default() })), ..items },
                    ));
                }
                ExprKind::Subscript { object, index, .. } => {
                    let key = self.value_in(environment, *index);
                    self.put(environment, *object, Some(&key), &value);
                }
                _ => {
                    if let Some(key) = self.key(target) {
                        environment.insert(key, value);
                    }
                }
            }
        }
    }

    /// Puts a value into the container that a name holds.
    pub(super) fn put(&self, environment: &mut Environment, object: ExprId, key: Option<&Abstract>, value: &Abstract) {
        let Some(name) = self.key(object) else { return };
        let old = self.value_in(environment, object);
        let mut content = old.content.as_ref().map_or_else(Content::default, |content| (**content).clone());
        let is_empty = old.content.as_ref().is_none_or(|content| content.parts.is_empty() && content.fields.is_empty())
            && content.items == Abstract::default();
        content.parts.clear();
        content.items = if is_empty { value.clone() } else { content.items.join(value) };
        if let Some(key) = key {
            content.keys = if is_empty { key.clone() } else { content.keys.join(key) };
            if let Some(text) = constant(key) {
                content.fields.retain(|(k, _)| **k != *text);
                content.fields.push((text.into(), value.clone()));
            }
        }
        let worse = [&content.items, &content.keys].into_iter().max_by_key(|part| part.origin).cloned().unwrap_or_default();
        let (origin, source) = if worse.origin > old.origin { (worse.origin, worse.source) } else { (old.origin, old.source) };
        environment.insert(name, Abstract { origin, source, text: None, content: Some(Rc::new(content)), kind: old.kind });
    }
}

pub(super) fn fill(pieces: &mut Vec<Piece>, roots: &mut Vec<ExprId>, expr: ExprId, value: &Abstract) {
    roots.extend(value.roots());
    if value.text.is_none() && value.origin == Origin::Constant {
        // Constant, but of unknown wording: configuration.
        pieces.push(Piece::Text(" ? ".into()));
    } else {
        pieces.extend(value.pieces(expr));
    }
}
