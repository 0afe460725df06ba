//! What becomes of a body: what is read of it, what checks it, on the way through names, functions and their results.

mod attempts;
mod calls;
mod members;

use attempts::{is_in_search, is_refused_when_broken, is_refused_when_missing, is_refused_when_unknown};
use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::overrides::is_receiver;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::Resolver;
use crate::model::values;

/// How many expressions are followed of one body.
const MOST: usize = 1500;

/// How deep bodies are taken for parts of others: a message in an envelope.
const DEPTH: u8 = 2;

/// A key that is read of a body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// What it seems to hold.
    pub shape: Shape,
    /// Whether something stands in for it where it is missing.
    pub is_optional: bool,
}

/// What a key seems to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Text, as far as can be told.
    Text,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A list.
    List,
}

/// What part of a body a value is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Part {
    /// Bytes that are not parsed yet.
    Raw,
    /// All of it, or an item of its outermost list.
    Whole,
    /// What stands under a key.
    Member,
}

/// What is known of a body.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are gathered one by one, not states")]
pub(super) struct Fate {
    /// Something is taken of it, or it is handed on.
    pub(super) is_used: bool,
    /// A schema has seen it.
    pub(super) is_validated: bool,
    /// Some of what is used of it is checked.
    pub(super) is_checked: bool,
    /// Its outside is checked: whether it is there, an object, a list.
    pub(super) is_checked_outside: bool,
    /// Some of it goes to what nothing is known of.
    pub(super) goes_out_of_sight: bool,
    /// A message in it is used as it comes.
    pub(super) is_open_inside: bool,
    /// The keys that are read.
    pub(super) keys: Vec<Key>,
}

impl Fate {
    /// Whether it is used, and nothing has checked what is used.
    pub(super) fn is_open(&self) -> bool {
        self.is_used && !self.is_validated && (!self.is_checked || self.is_open_inside)
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.is_used |= other.is_used;
        self.is_validated |= other.is_validated;
        self.is_checked |= other.is_checked;
        self.is_checked_outside |= other.is_checked_outside;
        self.goes_out_of_sight |= other.goes_out_of_sight;
        self.is_open_inside |= other.is_open_inside;
        for key in other.keys {
            if !self.keys.iter().any(|known| known.name == key.name) {
                self.keys.push(key);
            }
        }
    }
}

/// Where a part of a body is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Spot {
    /// An expression that gives it.
    Expr(ModuleId, ExprId),
    /// A name of a scope.
    Name(ModuleId, ScopeId, Ustr),
}

/// What becomes of the parts of a body that stand at these places.
pub(super) fn of(project: &Project, start: Vec<(Spot, Part)>) -> Fate {
    within(project, start, DEPTH)
}

fn within(project: &Project, start: Vec<(Spot, Part)>, depth: u8) -> Fate {
    let mut follow = Follow {
        project,
        program: &project.program,
        todo: start,
        seen: FxHashSet::default(),
        fate: Fate::default(),
        inside: Vec::new(),
        overridden: FxHashSet::default(),
    };
    for _ in 0..MOST {
        let Some(next) = follow.todo.pop() else { break };
        if follow.seen.insert(next) {
            follow.step(next);
        }
    }
    let (mut fate, inside) = (follow.fate, follow.inside);
    for (id, expr) in inside {
        let message = match depth.checked_sub(1) {
            Some(depth) => within(project, vec![(Spot::Expr(id, expr), Part::Whole)], depth),
            None => Fate::default(),
        };
        fate.is_used = true;
        fate.is_checked_outside |= is_refused_when_broken(project.program.module(id), expr);
        fate.goes_out_of_sight |= message.goes_out_of_sight;
        fate.is_open_inside |= message.is_used && !message.is_validated && !message.is_checked;
        // Whoever checks the message has looked at what is used of the envelope.
        fate.is_checked |= message.is_validated || message.is_checked;
    }
    fate
}

struct Follow<'p> {
    project: &'p Project,
    program: &'p Program,
    todo: Vec<(Spot, Part)>,
    seen: FxHashSet<(Spot, Part)>,
    fate: Fate,
    /// What is parsed of members.
    inside: Vec<(ModuleId, ExprId)>,
    /// Keys that are put over those of the body: `{ ...body, owner: user.id }`.
    overridden: FxHashSet<Ustr>,
}

impl Follow<'_> {
    fn step(&mut self, (spot, part): (Spot, Part)) {
        match spot {
            Spot::Expr(id, expr) => self.expression(id, expr, part),
            Spot::Name(id, scope, name) => {
                let uses = Resolver::new(self.program).uses(id, scope, name);
                self.todo.extend(uses.into_iter().map(|mention| (Spot::Expr(id, mention), part)));
            }
        }
    }

    fn becomes(&mut self, id: ModuleId, expr: ExprId, part: Part) {
        self.todo.push((Spot::Expr(id, expr), part));
    }

    /// A test of a part.
    fn tested(&mut self, part: Part) {
        match part {
            Part::Member => self.fate.is_checked = true,
            Part::Whole => self.fate.is_checked_outside = true,
            Part::Raw => {}
        }
    }

    fn used(&mut self, part: Part) {
        self.fate.is_used |= part != Part::Raw;
    }

    fn key(&mut self, name: &str, shape: Shape, is_optional: bool) {
        match self.fate.keys.iter_mut().find(|key| key.name == name) {
            Some(key) => {
                key.is_optional |= is_optional;
                if shape != Shape::Text {
                    key.shape = shape;
                }
            }
            None => self.fate.keys.push(Key { name: name.to_owned(), shape, is_optional }),
        }
    }

    fn expression(&mut self, id: ModuleId, expr: ExprId, part: Part) {
        let module = self.program.module(id);
        // `files.find((file) => same(file.id, body.file))`
        if part == Part::Member && is_in_search(module, expr) {
            return self.tested(part);
        }
        let parent = match module.expr_parents[expr.index()] {
            Parent::Expr(parent) => parent,
            Parent::Stmt(stmt) => return self.statement(id, stmt, expr, part),
            Parent::Function(function) => {
                // `() => request.json()`
                if matches!(module.function(function).body, FunctionBody::Expr(body) if body == expr) {
                    self.returned(FunctionRef { module: id, function }, part);
                }
                return;
            }
            _ => return,
        };
        match &module.expr(parent).kind {
            ExprKind::Attribute { object, name, .. } if *object == expr => self.attribute(id, parent, *name, part),
            ExprKind::Subscript { object, index, .. } if *object == expr => {
                if part == Part::Whole
                    && let Some(key) = values::text(self.program, id, *index)
                {
                    self.key(&key, self.shape_of(id, parent), false);
                }
                if part == Part::Whole && module.language == Language::Python && is_refused_when_missing(module, parent) {
                    self.tested(Part::Member);
                }
                self.becomes(id, parent, Part::Member);
            }
            // `Role[form["role"]]`, where what is no role is refused.
            ExprKind::Subscript { index, .. } if *index == expr && is_refused_when_unknown(module, parent) => self.tested(part),
            ExprKind::Call(call) if call.callee != expr => self.argument(id, parent, call, expr, part),
            ExprKind::Compare { operands, ops } => self.compared(id, expr, operands, ops, part),
            ExprKind::Unary { op: UnaryOp::Not, .. } => self.tested(part),
            ExprKind::Unary { .. } if self.program.text(id, parent).starts_with("typeof") => self.tested(part),
            ExprKind::Logical { .. } => {
                if self.is_test(id, parent) {
                    self.tested(part);
                }
                self.becomes(id, parent, part);
            }
            ExprKind::Conditional { test, .. } => {
                if *test == expr {
                    self.tested(part);
                } else {
                    self.becomes(id, parent, part);
                }
            }
            ExprKind::Await(_) => self.becomes(id, parent, part),
            ExprKind::List(_) | ExprKind::Tuple(_) => {
                self.used(part);
                self.becomes(id, parent, part);
            }
            ExprKind::Assign { target, value } if *value == expr => {
                self.bound(id, *target, part);
                self.becomes(id, parent, part);
            }
            ExprKind::Comprehension(comprehension) => {
                for clause in &comprehension.clauses {
                    if let Clause::For { target, iter } = clause
                        && *iter == expr
                    {
                        self.used(part);
                        self.bound(id, *target, part);
                    }
                }
            }
            ExprKind::Opaque(_) | ExprKind::Yield(_) => self.becomes(id, parent, part),
            // `fetch(url, { body: request.body })`: passed on as it is.
            ExprKind::Object(entries) if part == Part::Whole && is_passed_on(module, entries, expr) => {}
            ExprKind::Object(entries) => self.entry(id, parent, entries, expr, part),
            // Bytes with something before or behind them are bytes.
            ExprKind::Template { .. } | ExprKind::Binary { .. } => {
                self.becomes(id, parent, if part == Part::Raw { Part::Raw } else { Part::Member });
            }
            _ => self.used(part),
        }
    }

    /// Whether an expression decides what is done: the test of a statement or of a choice, as a whole or in part.
    fn is_test(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        let mut at = expr;
        loop {
            match module.expr_parents[at.index()] {
                Parent::Expr(parent) => match &module.expr(parent).kind {
                    ExprKind::Logical { .. } | ExprKind::Unary { op: UnaryOp::Not, .. } => at = parent,
                    ExprKind::Conditional { test, .. } => return *test == at,
                    _ => return false,
                },
                Parent::Stmt(stmt) => {
                    return match &module.stmt(stmt).kind {
                        StmtKind::If { branches, .. } => branches.iter().any(|(test, _)| *test == at),
                        StmtKind::Assert { test, .. } => *test == at,
                        StmtKind::Loop(l) => matches!(l.kind, LoopKind::While(test) if test == at),
                        _ => false,
                    };
                }
                _ => return false,
            }
        }
    }

    fn statement(&mut self, id: ModuleId, stmt: StmtId, expr: ExprId, part: Part) {
        let module = self.program.module(id);
        match &module.stmt(stmt).kind {
            StmtKind::Assign { targets, value, .. } if *value == Some(expr) => {
                for target in targets {
                    self.bound(id, *target, part);
                }
            }
            StmtKind::AugAssign { value, .. } if *value == expr => self.used(part),
            StmtKind::If { .. } | StmtKind::Assert { .. } => self.tested(part),
            // What matches a pattern has its form.
            StmtKind::Match { subject, .. } if *subject == expr => self.fate.is_checked = true,
            StmtKind::Loop(l) => {
                if let LoopKind::For { target, iter } = l.kind
                    && iter == expr
                {
                    self.used(part);
                    self.bound(id, target, part);
                }
            }
            StmtKind::Return(_) => {
                if let Some(function) = module.function_of_stmt(stmt) {
                    self.returned(FunctionRef { module: id, function }, part);
                }
            }
            StmtKind::With { items, .. } => {
                for target in items.iter().filter(|(context, _)| *context == expr).filter_map(|(_, target)| *target) {
                    self.bound(id, target, part);
                }
            }
            _ => {}
        }
    }

    /// A result of a function: those that call it go on with it.
    fn returned(&mut self, function: FunctionRef, part: Part) {
        if self.project.routes.handler(function).is_some() {
            return self.used(part);
        }
        for (id, call) in self.program.callers().of(function) {
            self.becomes(*id, *call, part);
        }
        for (taker, index) in self.project.taken().injected_into(function) {
            let f = self.program.function(*taker);
            self.todo.push((Spot::Name(taker.module, f.scope, f.params[*index].name), part));
        }
    }

    /// What is bound to a part: a name, or names that it is taken apart into.
    fn bound(&mut self, id: ModuleId, target: ExprId, part: Part) {
        let mut todo = vec![(target, part)];
        while let Some((target, part)) = todo.pop() {
            self.bound_one(id, target, part, &mut todo);
        }
    }

    fn bound_one(&mut self, id: ModuleId, target: ExprId, part: Part, todo: &mut Vec<(ExprId, Part)>) {
        let module = self.program.module(id);
        match &module.expr(target).kind {
            ExprKind::Name(name) => {
                if let Some((scope, _)) = Resolver::new(self.program).scope_of_name(id, target, *name) {
                    self.todo.push((Spot::Name(id, scope, *name), part));
                }
            }
            ExprKind::Object(entries) => {
                for entry in entries {
                    match entry {
                        Entry::Pair { key, value } => {
                            if part == Part::Whole
                                && let ExprKind::String(key) = module.expr(*key).kind
                            {
                                if self.overridden.contains(&key) {
                                    continue;
                                }
                                let is_optional = matches!(module.expr(*value).kind, ExprKind::Assign { .. });
                                self.key(&key, Shape::Text, is_optional);
                            }
                            todo.push((*value, Part::Member));
                        }
                        Entry::Spread(rest) => todo.push((*rest, part)),
                    }
                }
            }
            ExprKind::Assign { target, .. } => todo.push((*target, part)),
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                for target in parts {
                    todo.push((*target, Part::Member));
                }
            }
            // `self.payload = payload`: what its methods do with it.
            ExprKind::Attribute { object, name, .. } if is_receiver(module, *object) => {
                let of_object = |mention: &ExprId| {
                    *mention != target
                        && !module.is_assigned(*mention)
                        && matches!(module.expr(*mention).kind, ExprKind::Attribute { object, .. } if is_receiver(module, object))
                };
                let uses: Vec<ExprId> = self.program.mentions(id, *name).filter(of_object).collect();
                if uses.is_empty() {
                    self.used(part);
                }
                self.todo.extend(uses.into_iter().map(|mention| (Spot::Expr(id, mention), part)));
            }
            // `options.body = request.body`
            ExprKind::Attribute { name, .. } if matches!(name.as_str(), "body" | "form") && part == Part::Whole => {}
            // `const [first, ...rest] = rows`
            ExprKind::Spread(inner) => todo.push((*inner, part)),
            _ => self.used(part),
        }
    }
}

/// Whether a body is put under the key of a body.
fn is_passed_on(module: &Module, entries: &[Entry], body: ExprId) -> bool {
    entries.iter().any(|entry| match entry {
        Entry::Pair { key, value } => {
            *value == body && matches!(module.expr(*key).kind, ExprKind::String(key) if matches!(key.as_str(), "body" | "POST" | "form"))
        }
        Entry::Spread(_) => false,
    })
}
