//! What reads rows into memory: methods that fetch all, lists that take all, loops that gather one after another.

use ustr::Ustr;

use super::bounds::{Bound, Search};
use super::{Extent, ResultSet, Source, keys, vocabulary};
use crate::ir::program::*;
use crate::model::apis::{Gives, Rows};
use crate::model::calls::{Passed, argument, passed};
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;
use crate::model::{options, routes};

/// Methods that a chain goes on with once its rows are in memory.
const AFTERWARDS: [&str; 3] = ["then", "catch", "finally"];

/// The places of a module that read all rows of a query which nothing limits.
pub(super) fn find(project: &Project, id: ModuleId) -> Vec<ResultSet> {
    let readers = Readers { project, program: &project.program, id, search: Search::new(project) };
    let module = project.program.module(id);
    let mut found: Vec<ResultSet> = module.expr_ids().filter_map(|expr| readers.of_expression(expr)).collect();
    found.extend(module.stmts.iter().filter_map(|stmt| readers.of_loop(stmt)));
    found
}

/// A look at what a module reads.
pub(super) struct Readers<'p> {
    project: &'p Project,
    pub(super) program: &'p Program,
    pub(super) id: ModuleId,
    search: Search<'p>,
}

impl Readers<'_> {
    fn of_expression(&self, expr: ExprId) -> Option<ResultSet> {
        let module = self.program.module(self.id);
        match &module.expr(expr).kind {
            ExprKind::Call(call) => self.of_call(expr, call),
            ExprKind::Template { tag: Some(tag), .. } => {
                let api = Resolver::new(self.program).entity(self.id, *tag).library()?;
                let reads = self.program.apis.rows(api).is_some_and(|rows| rows.gives == Gives::All);
                reads.then(|| self.of_text(expr, None, true))?
            }
            ExprKind::Comprehension(comprehension) if comprehension.kind != ComprehensionKind::Generator => {
                match comprehension.clauses.first()? {
                    Clause::For { iter, .. } => self.taken(*iter, *iter, None),
                    Clause::If(_) => None,
                }
            }
            // `[*rows]`
            ExprKind::List(items) => match items[..] {
                [only] => match module.expr(only).kind {
                    ExprKind::Spread(inner) => self.taken(expr, inner, None),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// A place that takes all rows that an expression stands for.
    fn taken(&self, at: ExprId, source: ExprId, reader: Option<Ustr>) -> Option<ResultSet> {
        if !self.project.is_reached(self.id, at) {
            return None;
        }
        match self.search.bound(self.id, source, at) {
            Bound::Open(source) if source.is_filtered && self.takes_first_only(at) => None,
            Bound::Open(source) => Some(ResultSet { at, reader, source, is_handed_on: false }),
            Bound::Held | Bound::Unknown => None,
        }
    }

    fn of_call(&self, expr: ExprId, call: &Call) -> Option<ResultSet> {
        let module = self.program.module(self.id);
        let callee = self.program.callee(self.id, expr);
        let first = call.args.first().filter(|arg| arg.kind == ArgKind::Positional);
        match callee {
            Entity::Builtin(name) if matches!(name.as_str(), "list" | "tuple" | "set" | "sorted" | "frozenset") => {
                return self.taken(expr, first?.value, Some(name));
            }
            Entity::Class(m, c) => return self.serialized(expr, call, m, c),
            _ => {}
        }
        if let Some(name) = callee.library()
            && let Some(rows) = self.program.apis.rows(name)
        {
            return match (rows.gives, &module.expr(call.callee).kind) {
                (Gives::All, _) => self.of_whole(expr, call, name, rows),
                (Gives::Rest, ExprKind::Attribute { object, name, .. }) => self.taken(expr, *object, Some(*name)),
                _ => None,
            };
        }
        if matches!(callee, Entity::Library(name) if name == "django.shortcuts.render") {
            return self.rendered(call);
        }
        if let Entity::Function(_) = callee {
            return self.of_wrapper(expr);
        }
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return None };
        if vocabulary::reads(&name) && !self.search.is_lazy(self.id, call, &name) {
            if self.search.is_limited_by(self.id, call, Some(&self.search.first)) {
                return None;
            }
            return self.taken(expr, object, Some(name)).or_else(|| self.of_unresolved(expr, &name));
        }
        match name.as_str() {
            "extend" => self.taken(expr, first?.value, Some(name)),
            "query" | "$queryRawUnsafe" => self.of_unresolved(expr, &name),
            _ => None,
        }
    }

    /// A call of something that is not known, with a text that can only be SQL: `db.query("SELECT …")`.
    fn of_unresolved(&self, expr: ExprId, name: &str) -> Option<ResultSet> {
        let is_javascript = self.program.module(self.id).language == Language::TypeScript;
        (is_javascript && matches!(name, "query" | "all" | "$queryRawUnsafe")).then(|| self.of_text(expr, Some(Ustr::from(name)), false))?
    }

    /// A function of the project that runs a text it is passed, and reads all rows.
    fn of_wrapper(&self, expr: ExprId) -> Option<ResultSet> {
        let set = self.of_text(expr, None, true)?;
        let reads = set.source.api.and_then(|api| self.program.apis.rows(api)).is_some_and(|rows| rows.gives == Gives::All);
        reads.then_some(set)
    }

    fn of_text(&self, expr: ExprId, reader: Option<Ustr>, is_resolved: bool) -> Option<ResultSet> {
        if !self.project.is_reached(self.id, expr) {
            return None;
        }
        match self.search.of_queries(self.id, expr)? {
            Bound::Open(source) if !self.takes_first_only(expr) || !source.is_filtered => {
                let is_resolved = is_resolved && source.is_resolved;
                Some(ResultSet { at: expr, reader, source: Source { is_resolved, ..source }, is_handed_on: false })
            }
            _ => None,
        }
    }

    /// A call that reads all rows of a table, or of a text.
    fn of_whole(&self, expr: ExprId, call: &Call, api: Ustr, rows: &Rows) -> Option<ResultSet> {
        let module = self.program.module(self.id);
        if !self.project.is_reached(self.id, expr) {
            return None;
        }
        let name = match module.expr(call.callee).kind {
            ExprKind::Attribute { name, .. } => Some(name),
            _ => None,
        };
        if self.search.is_limited_by(self.id, call, Some(&rows.options)) || self.is_limited_after(self.id, expr, true) {
            return None;
        }
        let sql = self.program.apis.row(api).and_then(|row| row.sql.as_ref());
        if let Some(sql) = sql {
            let text = argument(call, Some(sql.position), &[sql.keyword.as_deref().unwrap_or_default()])?;
            if self.is_streamed(text) {
                return None;
            }
            if let Some(set) = self.of_text(expr, name, true) {
                return Some(set);
            }
            return self.taken(expr, text, name);
        }
        let table = self.search.table_of(self.id, call).unwrap_or_default();
        let filters = rows.filter.and_then(|position| call.args.get(position).map(|arg| arg.value));
        let conditions = rows.options.0.iter().filter_map(|position| {
            let arg = call.args.get(*position)?;
            match options::held(self.program, self.id, arg.value, "where") {
                Passed::Value(at, value) => Some((at, value)),
                Passed::No | Passed::Unknown => None,
            }
        });
        let mut compared = Vec::new();
        for (at, filter) in filters.map(|filter| (self.id, filter)).into_iter().chain(conditions) {
            let is_by_key = if at == self.id { self.search.filter(at, filter, &table) } else { None };
            if is_by_key != Some(false) && !matches!(self.program.module(at).expr(filter).kind, ExprKind::Null) {
                return None;
            }
            compared.extend(keys::compared_in(self.program, at, filter));
        }
        if self.project.uniques().are_together_in(&table, &compared) {
            return None;
        }
        let source = Source {
            api: Some(api),
            table: Some(table).filter(|table| !table.is_empty()),
            text: None,
            is_resolved: true,
            is_filtered: false,
            extent: Extent::of(&compared, false),
        };
        Some(ResultSet { at: expr, reader: name, source, is_handed_on: false })
    }

    /// `client.query(new QueryStream("SELECT …"))`
    fn is_streamed(&self, text: ExprId) -> bool {
        let (at, made) = values::origin(self.program, self.id, text);
        let callee = self.program.module(at).call(made).and_then(|_| self.program.callee(at, made).library());
        callee.and_then(|name| self.program.apis.row(name)).is_some_and(|row| row.sql.is_some() && row.rows.is_none())
    }

    /// Whether what stands behind a query that runs once somebody waits for it limits it, passes its rows on one by one, or makes
    /// something else of it; here, or in those that the function gives it to.
    fn is_limited_after(&self, id: ModuleId, expr: ExprId, is_here: bool) -> bool {
        let module = self.program.module(id);
        let (mut at, mut chain) = (expr, Vec::new());
        while let Parent::Expr(parent) = module.expr_parents[at.index()] {
            match &module.expr(parent).kind {
                ExprKind::Attribute { object, name, .. } if *object == at => {
                    let Parent::Expr(outer) = module.expr_parents[parent.index()] else { break };
                    match module.call(outer) {
                        Some(call) if call.callee == parent && !AFTERWARDS.contains(&name.as_str()) => {
                            if vocabulary::limits(name) || vocabulary::streams(name) || self.search.is_limited_by(id, call, None) {
                                return true;
                            }
                            chain.push((id, outer));
                            at = outer;
                        }
                        _ => break,
                    }
                }
                // Handed to something else before it has run: a part of another query.
                ExprKind::Call(call) if call.callee != at => {
                    let callee = self.program.callee(id, parent).library();
                    return module.language == Language::TypeScript && callee.is_none_or(|name| !name.contains(".Promise."));
                }
                _ => break,
            }
        }
        if keys::are_looked_up(self.project, &chain, &self.search.name_of(id, expr)) || keys::are_unseen(self.program, &chain) {
            return true;
        }
        match module.expr_parents[at.index()] {
            Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
                StmtKind::Return(_) => is_here && self.is_limited_by_callers(id, at),
                StmtKind::Assign { targets, .. } => targets.iter().any(|target| self.is_limited_by_name(id, *target)),
                _ => false,
            },
            Parent::Function(_) => is_here && self.is_limited_by_callers(id, at),
            _ => false,
        }
    }

    fn is_limited_by_callers(&self, id: ModuleId, result: ExprId) -> bool {
        let Some(function) = self.program.module(id).function_of(result) else { return false };
        let function = crate::model::program::FunctionRef { module: id, function };
        let sites = self.program.callers().of(function);
        !sites.is_empty() && sites.iter().all(|(at, call)| self.is_chained_limit(*at, *call))
    }

    /// `openOrders().limit(10)`
    fn is_chained_limit(&self, id: ModuleId, call: ExprId) -> bool {
        let module = self.program.module(id);
        let Parent::Expr(parent) = module.expr_parents[call.index()] else { return false };
        match &module.expr(parent).kind {
            ExprKind::Attribute { object, .. } if *object == call => self.is_limited_after(id, call, false),
            _ => false,
        }
    }

    /// `let query = Order.find(); if (some) query = query.limit(5)`
    fn is_limited_by_name(&self, id: ModuleId, target: ExprId) -> bool {
        let module = self.program.module(id);
        let ExprKind::Name(name) = module.expr(target).kind else { return false };
        self.program.mentions(id, name).any(|mention| {
            let Parent::Expr(parent) = module.expr_parents[mention.index()] else { return false };
            matches!(module.expr(parent).kind, ExprKind::Attribute { object, name, .. } if object == mention && (vocabulary::limits(&name) || vocabulary::streams(&name))
                && matches!(module.expr_parents[parent.index()], Parent::Expr(call) if module.call(call).is_some_and(|call| call.callee == parent)))
        })
    }

    /// `OrderSerializer(orders, many=True)`
    fn serialized(&self, expr: ExprId, call: &Call, id: ModuleId, class: ClassId) -> Option<ResultSet> {
        let is_serializer = |name: Ustr| name.starts_with("rest_framework.");
        let is_many = passed(self.program, self.id, call, None, "many").is_true(self.program);
        if !is_many || !routes::inherits(self.program, &Resolver::new(self.program), id, class, is_serializer) {
            return None;
        }
        self.taken(expr, argument(call, Some(0), &["instance"])?, None)
    }

    /// `render(request, "orders.html", {"orders": Order.objects.all()})`: the template may still cut it.
    fn rendered(&self, call: &Call) -> Option<ResultSet> {
        let (at, entries) = values::object_literal(self.program, self.id, argument(call, Some(2), &["context"])?)?;
        if at != self.id {
            return None;
        }
        let found = entries.iter().find_map(|entry| match entry {
            Entry::Pair { value, .. } => self.taken(*value, *value, None),
            Entry::Spread(_) => None,
        })?;
        Some(ResultSet { is_handed_on: true, ..found })
    }

    /// A loop that puts one row after another into a list, and never empties it.
    fn of_loop(&self, stmt: &Stmt) -> Option<ResultSet> {
        let module = self.program.module(self.id);
        let StmtKind::Loop(l) = &stmt.kind else { return None };
        let LoopKind::For { iter, .. } = l.kind else { return None };
        let body = module.statements(l.body);
        let leaves = |stmt: &StmtId| matches!(module.stmt(*stmt).kind, StmtKind::Break | StmtKind::Return(_));
        if body.iter().any(leaves) {
            return None;
        }
        let expressions = module.expressions(l.body);
        let yields = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_));
        if expressions.iter().any(yields) {
            return None;
        }
        let gathered = expressions.iter().find_map(|expr| match module.expr(module.call(*expr)?.callee).kind {
            ExprKind::Attribute { object, name, .. } if vocabulary::gathers(&name) => match module.expr(object).kind {
                ExprKind::Name(list) => Some(list),
                _ => None,
            },
            _ => None,
        })?;
        let is_emptied = body.iter().any(|stmt| match &module.stmt(*stmt).kind {
            StmtKind::Assign { targets, .. } => targets.iter().any(|target| names(module, *target, gathered)),
            StmtKind::Delete(targets) => {
                targets.iter().any(|target| module.descendants(*target).iter().any(|e| names(module, *e, gathered)))
            }
            _ => false,
        }) || expressions.iter().any(|expr| match module.expr(*expr).kind {
            ExprKind::Attribute { object, name, .. } => {
                names(module, object, gathered) && matches!(name.as_str(), "clear" | "pop" | "splice" | "length" | "shift" | "commit")
            }
            _ => false,
        });
        if is_emptied { None } else { self.taken(iter, iter, None) }
    }
}

fn names(module: &Module, expr: ExprId, name: Ustr) -> bool {
    matches!(module.expr(expr).kind, ExprKind::Name(other) if other == name)
}
