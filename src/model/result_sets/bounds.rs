//! How many rows there may be: a query is followed back to what it begins with, through names, functions and cursors.

mod tables;
mod texts;

use std::cell::{Cell, RefCell};

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use super::{Extent, Source, keys, vocabulary};
use crate::ir::program::*;
use crate::model::apis::{Gives, Positions};
use crate::model::calls::{Passed, argument, has_spread};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes;
use crate::model::values::{self, Value};
use crate::model::{callers, options};

/// How far a query is followed back.
const DEPTH: u8 = 24;

/// How many steps one question may take, whatever ways there are. Real code takes a few dozen.
const STEPS: u32 = 300;

/// No options are passed.
static NOWHERE: Positions = Positions(Vec::new());

/// What is known of how many rows there may be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    /// Something limits them, or they are those of keys.
    Held,
    /// Nothing does.
    Open(Source),
    /// It cannot be seen.
    Unknown,
}

/// A question of how many rows an expression stands for.
pub(super) struct Search<'p> {
    project: &'p Project,
    program: &'p Program,
    /// Names that have been followed: a query that is put together of itself ends there.
    seen: RefCell<FxHashSet<(ModuleId, ScopeId, Ustr, u32)>>,
    /// How many steps the question may still take.
    left: Cell<u32>,
    /// The calls of modules that run a text on a cursor.
    runs: RefCell<FxHashMap<ModuleId, Vec<ExprId>>>,
    /// Where options of a method stand whose library is not known.
    pub(super) first: Positions,
}

/// The calls that a query has gone through so far, the last one first.
type Chain = Vec<(ModuleId, ExprId)>;

impl<'p> Search<'p> {
    pub(super) fn new(project: &'p Project) -> Self {
        let (seen, runs) = (RefCell::default(), RefCell::default());
        Self { project, program: &project.program, seen, left: Cell::new(0), runs, first: Positions(vec![0]) }
    }

    /// How many rows an expression stands for that is read at `reader`.
    pub(super) fn bound(&self, id: ModuleId, expr: ExprId, reader: ExprId) -> Bound {
        self.seen.borrow_mut().clear();
        self.left.set(STEPS);
        self.of(id, expr, (id, reader), &Vec::new(), DEPTH)
    }

    fn of(&self, id: ModuleId, expr: ExprId, reader: (ModuleId, ExprId), chain: &Chain, depth: u8) -> Bound {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), self.left.get().checked_sub(1)) else { return Bound::Unknown };
        self.left.set(left);
        let module = self.program.module(id);
        match &module.expr(expr).kind {
            ExprKind::Await(inner) | ExprKind::Spread(inner) | ExprKind::Assign { value: inner, .. } => {
                self.of(id, *inner, reader, chain, depth)
            }
            ExprKind::Call(call) => self.of_call(id, expr, call, reader, chain, depth),
            ExprKind::Template { .. } => self.of_text(id, expr),
            ExprKind::Name(name) => self.of_name(id, expr, *name, reader, chain, depth),
            ExprKind::Attribute { object, .. } => self.of_attribute(id, expr, *object, reader, chain, depth),
            ExprKind::Subscript { object, index, .. } => match &module.expr(*index).kind {
                // `queryset[:50]`
                ExprKind::Slice(parts) if self.has_end(id, *index, parts) => Bound::Held,
                ExprKind::Slice(_) => self.of(id, *object, reader, chain, depth),
                _ => Bound::Unknown,
            },
            ExprKind::Conditional { then, otherwise, .. } => worst([*then, *otherwise].map(|e| self.of(id, e, reader, chain, depth))),
            ExprKind::Logical { operands, .. } => worst(operands.iter().map(|e| self.of(id, *e, reader, chain, depth))),
            ExprKind::Comprehension(comprehension) if comprehension.kind == ComprehensionKind::Generator => {
                match comprehension.clauses.first() {
                    Some(Clause::For { iter, .. }) => self.of(id, *iter, reader, chain, depth),
                    _ => Bound::Unknown,
                }
            }
            _ => Bound::Unknown,
        }
    }

    /// Whether a slice has an end: `[:50]`, and not `[50:]`.
    fn has_end(&self, id: ModuleId, slice: ExprId, parts: &[ExprId]) -> bool {
        let module = self.program.module(id);
        let text = self.program.text(id, slice);
        let Some(colon) = text.find(':') else { return false };
        let start = module.expr(slice).span.start;
        let behind = |part: &&ExprId| (module.expr(**part).span.start.saturating_sub(start)) as usize > colon;
        parts.iter().find(behind).is_some_and(|end| !matches!(module.expr(*end).kind, ExprKind::Null))
    }

    fn of_attribute(&self, id: ModuleId, expr: ExprId, object: ExprId, reader: (ModuleId, ExprId), chain: &Chain, depth: u8) -> Bound {
        let resolver = Resolver::new(self.program);
        match resolver.entity(id, expr) {
            // `Order.objects`, `Post.query`
            Entity::Library(name) if self.program.apis.rows(name).is_some_and(|rows| rows.gives == Gives::Query) => {
                return self.begun(name, chain, Some(self.name_of(id, object)), None);
            }
            // A manager of the project: `Order.published`.
            Entity::Object(m, c) if self.is_manager(m, c) => {
                return self.begun(Ustr::from("django.db.models.Model.objects"), chain, Some(self.name_of(id, object)), None);
            }
            _ => {}
        }
        if let Some(bound) = self.executed_on(id, expr, reader, chain, depth) {
            return bound;
        }
        match values::origin(self.program, id, expr) {
            (m, origin) if (m, origin) != (id, expr) => self.of(m, origin, reader, chain, depth),
            _ => Bound::Unknown,
        }
    }

    fn is_manager(&self, id: ModuleId, class: ClassId) -> bool {
        let is_base = |name: Ustr| matches!(name.as_str(), "django.db.models.Manager" | "django.db.models.QuerySet");
        routes::inherits(self.program, &Resolver::new(self.program), id, class, is_base)
    }

    fn of_name(&self, id: ModuleId, expr: ExprId, name: Ustr, reader: (ModuleId, ExprId), chain: &Chain, depth: u8) -> Bound {
        if let Some(bound) = self.executed_on(id, expr, reader, chain, depth) {
            return bound;
        }
        let resolver = Resolver::new(self.program);
        let Some((scope, count)) = resolver.scope_of_name(id, expr, name) else { return Bound::Unknown };
        let at = self.program.module(id).expr(expr).span.start;
        if !self.seen.borrow_mut().insert((id, scope, name, at)) {
            return Bound::Unknown;
        }
        if self.is_built_upon(id, expr, scope, name) {
            return Bound::Held;
        }
        if let Some(binding) = resolver.reaching(id, scope, expr, name).filter(|_| count > 1) {
            return self.of_binding(id, expr, &binding, reader, chain, depth);
        }
        let before = |binding: &&Binding| count == 1 || binding.span.start < at;
        let bindings: Vec<Binding> = self.program.bindings(id, scope, name).filter(before).copied().collect();
        worst(bindings.iter().map(|binding| self.of_binding(id, expr, binding, reader, chain, depth)))
    }

    /// Whether what a name of JavaScript stands for is limited in place, or handed to something that may: `qb.take(20)`,
    /// `paginate(qb, options)`.
    fn is_built_upon(&self, id: ModuleId, expr: ExprId, scope: ScopeId, name: Ustr) -> bool {
        let module = self.program.module(id);
        if module.language != Language::TypeScript {
            return false;
        }
        let resolver = Resolver::new(self.program);
        self.program.mentions(id, name).any(|mention| {
            let Parent::Expr(parent) = module.expr_parents[mention.index()] else { return false };
            let is_it = || mention != expr && resolver.scope_of_name(id, mention, name).is_some_and(|(found, _)| found == scope);
            match &module.expr(parent).kind {
                ExprKind::Attribute { object, .. } if *object == mention => self.goes_on_to_limit(id, parent) && is_it(),
                ExprKind::Call(call) => call.callee != mention && is_it(),
                _ => false,
            }
        })
    }

    /// Whether a chain of calls that begins with a member limits what it is called on.
    fn goes_on_to_limit(&self, id: ModuleId, member: ExprId) -> bool {
        let module = self.program.module(id);
        let mut at = member;
        loop {
            let ExprKind::Attribute { name, .. } = module.expr(at).kind else { return false };
            let Parent::Expr(outer) = module.expr_parents[at.index()] else { return false };
            let Some(call) = module.call(outer).filter(|call| call.callee == at) else { return false };
            if vocabulary::limits(&name) || self.is_limited_by(id, call, Some(&self.first)) {
                return true;
            }
            match module.expr_parents[outer.index()] {
                Parent::Expr(next) if matches!(module.expr(next).kind, ExprKind::Attribute { .. }) => at = next,
                _ => return false,
            }
        }
    }

    fn of_binding(&self, id: ModuleId, expr: ExprId, binding: &Binding, reader: (ModuleId, ExprId), chain: &Chain, depth: u8) -> Bound {
        match binding.kind {
            BindingKind::Value(value) | BindingKind::Context(value) | BindingKind::Element(value, 0) if value != expr => {
                self.of(id, value, reader, chain, depth)
            }
            BindingKind::Param(_) => {
                let given = callers::some_given(self.program, id, expr);
                let reached = given.into_iter().filter(|(at, value)| self.project.is_reached(*at, *value));
                let bounds: Vec<Bound> = reached.map(|(at, value)| self.of(at, value, (at, value), chain, depth)).collect();
                bounds.into_iter().find(|bound| matches!(bound, Bound::Open(_))).unwrap_or(Bound::Unknown)
            }
            BindingKind::Import(_) => match values::origin(self.program, id, expr) {
                (m, origin) if (m, origin) != (id, expr) => self.of(m, origin, reader, chain, depth),
                _ => Bound::Unknown,
            },
            _ => Bound::Unknown,
        }
    }

    fn of_call(&self, id: ModuleId, expr: ExprId, call: &Call, reader: (ModuleId, ExprId), chain: &Chain, depth: u8) -> Bound {
        let module = self.program.module(id);
        if self.is_read(id, expr, call) {
            return Bound::Unknown;
        }
        if let Some(bound) = self.of_queries(id, expr) {
            return if self.is_limited_by(id, call, None) { Bound::Held } else { bound };
        }
        let mut chain = chain.clone();
        chain.push((id, expr));
        let callee = self.program.callee(id, expr);
        match callee {
            Entity::Function(function) => return self.given_by(function, reader, &chain, depth),
            Entity::Class(..) => return Bound::Unknown,
            Entity::Builtin(name) if matches!(name.as_str(), "iter" | "enumerate" | "reversed" | "map" | "filter" | "aiter") => {
                let taken = if matches!(name.as_str(), "map" | "filter") { call.args.get(1) } else { call.args.first() };
                return taken.map_or(Bound::Unknown, |arg| self.of(id, arg.value, reader, &chain, depth));
            }
            _ => {}
        }
        let library = callee.library();
        let rows = library.and_then(|name| self.program.apis.rows(name));
        if self.is_limited_by(id, call, rows.map(|rows| &rows.options)) {
            return Bound::Held;
        }
        if let (Some(name), Some(rows)) = (library, rows.filter(|rows| rows.gives == Gives::Query)) {
            let table = self.table_of(id, call);
            if let Some(filter) = rows.filter.and_then(|position| argument(call, Some(position), &["filter"])) {
                match self.filter(id, filter, table.as_deref().unwrap_or_default()) {
                    Some(true) => return Bound::Held,
                    Some(false) => {}
                    None => return Bound::Unknown,
                }
            }
            return self.begun(name, &chain, table, Some((id, call)));
        }
        // A statement that is run: `session.execute(select(Order))`.
        let sql = library.and_then(|name| self.program.apis.row(name)).and_then(|row| row.sql.as_ref());
        if let Some(sql) = sql {
            let Some(text) = argument(call, Some(sql.position), &[sql.keyword.as_deref().unwrap_or_default()]) else {
                return Bound::Unknown;
            };
            return match self.passed_text(id, expr, text) {
                Some(bound) => bound,
                None => self.of(id, text, reader, &chain, depth),
            };
        }
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return Bound::Unknown };
        if vocabulary::limits(&name) {
            return Bound::Held;
        }
        if texts::EXECUTES.contains(&name.as_str())
            && let Some(text) = call.args.first()
            && let Some(bound) = self.passed_text(id, expr, text.value)
        {
            return bound;
        }
        self.of(id, object, reader, &chain, depth)
    }

    /// What a call of a function of the project gives.
    fn given_by(&self, function: FunctionRef, reader: (ModuleId, ExprId), chain: &Chain, depth: u8) -> Bound {
        if self.program.function(function).is_generator {
            return Bound::Unknown;
        }
        let results = Resolver::new(self.program).results(function);
        worst(results.into_iter().map(|result| self.of(function.module, result, reader, chain, depth)))
    }

    /// Whether a call has read its rows into memory: whoever takes them from there has a list.
    fn is_read(&self, id: ModuleId, expr: ExprId, call: &Call) -> bool {
        let module = self.program.module(id);
        let callee = self.program.callee(id, expr);
        let rows = callee.library().and_then(|name| self.program.apis.rows(name));
        if let Some(rows) = rows {
            return rows.gives != Gives::Query;
        }
        match module.expr(call.callee).kind {
            ExprKind::Attribute { name, .. } => vocabulary::reads(&name) && !self.is_lazy(id, call, &name),
            _ => matches!(callee, Entity::Builtin(name) if matches!(name.as_str(), "list" | "tuple" | "set" | "sorted" | "frozenset")),
        }
    }

    /// `Order.objects.filter(…).all()` reads nothing yet.
    pub(super) fn is_lazy(&self, id: ModuleId, call: &Call, method: &str) -> bool {
        method == "all" && {
            let module = self.program.module(id);
            let mut at = call.callee;
            loop {
                match &module.expr(at).kind {
                    ExprKind::Attribute { name, .. } if *name == "objects" => break true,
                    ExprKind::Attribute { object, .. } => at = *object,
                    ExprKind::Call(inner) => at = inner.callee,
                    ExprKind::Name(_) => {
                        let entity = Resolver::new(self.program).entity(id, at);
                        break matches!(entity, Entity::Library(name) if name.starts_with("django."))
                            || matches!(entity, Entity::Object(m, c) if self.is_manager(m, c));
                    }
                    _ => break false,
                }
            }
        }
    }

    /// Whether an argument says how many rows there may be: `max_results=50`, `{ take: 20 }`; or may say it, out of sight.
    pub(super) fn is_limited_by(&self, id: ModuleId, call: &Call, positions: Option<&Positions>) -> bool {
        let module = self.program.module(id);
        let is_said = |arg: &Arg| match arg.kind {
            ArgKind::Keyword(name) => {
                vocabulary::LIMITS.contains(&name.as_str()) && values::value(self.program, id, arg.value) != Value::Null
            }
            ArgKind::KeywordSpread => module.language == Language::Python,
            ArgKind::Positional | ArgKind::Spread => false,
        };
        let by_position = match module.expr(call.callee).kind {
            ExprKind::Attribute { name, .. } => name == "to_list" && !call.args.is_empty() && !has_spread(call) && self.is_number(id, call),
            _ => false,
        };
        let in_options = |key: &&str| match options::told(self.program, id, call, positions.unwrap_or(&NOWHERE), key) {
            Passed::Value(at, value) => values::value(self.program, at, value) != Value::Null,
            Passed::Unknown => true,
            Passed::No => false,
        };
        by_position || call.args.iter().any(is_said) || vocabulary::LIMITS.iter().any(in_options)
    }

    /// Whether the first argument is a number, or may be one: `to_list(100)`.
    fn is_number(&self, id: ModuleId, call: &Call) -> bool {
        call.args.first().is_some_and(|arg| arg.kind == ArgKind::Positional && values::value(self.program, id, arg.value) != Value::Null)
    }

    /// Whether an object of conditions asks by a key; nothing where it cannot be seen.
    pub(super) fn filter(&self, id: ModuleId, filter: ExprId, table: &str) -> Option<bool> {
        if keys::is_filter_by_key(self.project, id, filter, table) {
            return Some(true);
        }
        values::object_literal(self.program, id, filter).map(|_| false)
    }

    /// What a query begins with.
    fn begun(&self, api: Ustr, chain: &Chain, table: Option<String>, call: Option<(ModuleId, &Call)>) -> Bound {
        let name = table.clone().unwrap_or_default();
        let has = |method: &str| chain.iter().any(|(id, expr)| self.method(*id, *expr).is_some_and(|name| name == method));
        if keys::are_looked_up(self.project, chain, &name) {
            return Bound::Held;
        }
        if keys::are_unseen(self.program, chain) {
            return Bound::Unknown;
        }
        let is_one_row =
            call.is_some_and(|(id, call)| !call.args.is_empty() && call.args.iter().all(|arg| self.is_aggregate(id, arg.value)));
        if is_one_row && !has("group_by") {
            return Bound::Held;
        }
        let compared = keys::compared(self.program, chain);
        let is_joined = ["join", "outerjoin", "leftJoin", "innerJoin", "select_related"].into_iter().any(has);
        if !is_joined && self.project.uniques().are_together_in(&name, &compared) {
            return Bound::Held;
        }
        let is_filtered = ["where", "filter", "filter_by", "find"].into_iter().any(has);
        let is_grouped = ["group_by", "groupBy", "group"].into_iter().any(has);
        let extent = match Extent::of(&compared, false) {
            Extent::Any if is_grouped => Extent::Some,
            extent => extent,
        };
        Bound::Open(Source { api: Some(api), table, text: None, is_resolved: true, is_filtered, extent })
    }

    fn method(&self, id: ModuleId, call: ExprId) -> Option<Ustr> {
        let module = self.program.module(id);
        match module.expr(module.call(call)?.callee).kind {
            ExprKind::Attribute { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// Of several that an expression may stand for: what limits one is taken to limit them all.
fn worst(all: impl IntoIterator<Item = Bound>) -> Bound {
    let all: Vec<Bound> = all.into_iter().collect();
    if all.contains(&Bound::Held) {
        return Bound::Held;
    }
    all.into_iter().find(|bound| matches!(bound, Bound::Open(_))).unwrap_or(Bound::Unknown)
}
