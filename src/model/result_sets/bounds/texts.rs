//! Texts that are run: by a call, on a cursor before it is read, by a function that is passed them.

use super::super::Extent;
use super::{Bound, Chain, Search, Source};
use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId};
use crate::model::resolve::Resolver;
use crate::model::sql::is_about_tables;
use crate::model::sql::queries::{self, Query};
use crate::model::sql::reading::{HOLE, Rows, Verb};

/// Methods that run a text on a cursor.
pub(super) const EXECUTES: [&str; 5] = ["execute", "executemany", "callproc", "execute_async", "executescript"];

impl Search<'_> {
    /// What the texts say that a call runs; nothing where it runs none that is seen.
    pub(in super::super) fn of_queries(&self, id: ModuleId, call: ExprId) -> Option<Bound> {
        let queries = self.project.queries(id).iter().filter(|query| query.call == Some(call));
        let bounds: Vec<Bound> = queries.map(|query| self.of_query(query)).collect();
        let open = || bounds.iter().find(|bound| matches!(bound, Bound::Open(_)));
        open().or_else(|| bounds.iter().find(|bound| **bound == Bound::Held)).or_else(|| bounds.first()).cloned()
    }

    pub(super) fn of_text(&self, id: ModuleId, template: ExprId) -> Bound {
        self.of_queries(id, template).unwrap_or(Bound::Unknown)
    }

    /// What a text says that a function is passed and runs, by those that pass it; nothing where it is not passed.
    pub(super) fn passed_text(&self, id: ModuleId, call: ExprId, text: ExprId) -> Option<Bound> {
        let module = self.program.module(id);
        let ExprKind::Name(name) = module.expr(text).kind else { return None };
        let (scope, _) = Resolver::new(self.program).scope_of_name(id, text, name)?;
        let ScopeKind::Function(function) = module.scope(scope).kind else { return None };
        let is_param = self.program.bindings(id, scope, name).any(|binding| matches!(binding.kind, BindingKind::Param(_)));
        if !is_param || self.of_queries(id, call).is_some() {
            return None;
        }
        self.by_callers(FunctionRef { module: id, function }, 3)
    }

    /// The first text without a limit that a function is passed by what requests reach.
    pub(super) fn by_callers(&self, function: FunctionRef, depth: u8) -> Option<Bound> {
        let depth = depth.checked_sub(1)?;
        let sites = self.program.callers().of(function);
        let of_site = |(at, call): &(ModuleId, ExprId)| {
            if let Some(bound) = self.of_queries(*at, *call) {
                return self.project.is_reached(*at, *call).then_some(bound);
            }
            let outer = self.program.module(*at).function_of(*call)?;
            self.by_callers(FunctionRef { module: *at, function: outer }, depth)
        };
        let bounds: Vec<Bound> = sites.iter().filter_map(of_site).collect();
        bounds.iter().find(|bound| matches!(bound, Bound::Open(_))).or_else(|| bounds.first()).cloned()
    }

    /// What the last call before `reader` has run on a cursor.
    pub(super) fn executed_on(&self, id: ModuleId, cursor: ExprId, reader: (ModuleId, ExprId), chain: &Chain, depth: u8) -> Option<Bound> {
        let module = self.program.module(id);
        if reader.0 != id {
            return None;
        }
        let (name, before, within) = (self.program.text(id, cursor), module.expr(reader.1).span.start, module.function_of(reader.1));
        let runs_on = |run: &ExprId| {
            let callee = module.call(*run).map(|call| &module.expr(call.callee).kind);
            matches!(callee, Some(ExprKind::Attribute { object, .. }) if self.program.text(id, *object) == name)
                && module.expr(*run).span.start < before
                && module.function_of(*run) == within
        };
        let last = self.runs_in(id).into_iter().filter(runs_on).max_by_key(|run| module.expr(*run).span.start)?;
        if let Some(bound) = self.of_queries(id, last) {
            return Some(bound);
        }
        let text = module.call(last)?.args.first()?.value;
        Some(match self.passed_text(id, last, text) {
            Some(bound) => bound,
            // Nothing is known of the cursor.
            None => match queries::of_constant(self.program, id, text) {
                Some(query) => self.of_query(&query),
                None => self.of(id, text, (id, last), chain, depth),
            },
        })
    }

    /// The calls of a module that run a text on a cursor.
    pub(super) fn runs_in(&self, id: ModuleId) -> Vec<ExprId> {
        let module = self.program.module(id);
        let is_run = |expr: &ExprId| match module.call(*expr).map(|call| &module.expr(call.callee).kind) {
            Some(ExprKind::Attribute { name, .. }) => EXECUTES.contains(&name.as_str()),
            _ => false,
        };
        let find = || self.program.calls[id.0 as usize].iter().map(|site| site.expr).filter(is_run).collect();
        self.runs.borrow_mut().entry(id).or_insert_with(find).clone()
    }

    fn of_query(&self, query: &Query) -> Bound {
        if !query.reading.tables.is_empty() && query.reading.tables.iter().all(|table| is_about_tables(table)) {
            return Bound::Held;
        }
        let is_grouped = match (query.reading.verb, query.reading.rows) {
            (Verb::Select, Rows::All) => false,
            (Verb::Select, Rows::Grouped) => true,
            (Verb::Select, Rows::Unseen) => return Bound::Unknown,
            _ => return Bound::Held,
        };
        let compared = &query.reading.compared;
        // Of one table: what is joined to a row may be many.
        let are_together = match &query.reading.tables[..] {
            [only] => self.project.uniques().are_together_in(only, compared),
            _ => false,
        };
        if compared.iter().any(|compared| self.project.uniques().columns.contains(&compared.column)) || are_together {
            return Bound::Held;
        }
        // As many as the list that is given has.
        if takes_given_list(&query.text) {
            return Bound::Unknown;
        }
        Bound::Open(Source {
            api: query.api,
            table: query.reading.tables.first().filter(|table| !table.contains(HOLE)).cloned(),
            text: Some((query.place, query.text.clone())),
            is_resolved: !query.is_unresolved,
            is_filtered: is_filtered(&query.text),
            extent: match Extent::of(compared, is_grouped) {
                // Filled when it was set up, or by somebody else.
                Extent::Any if query.reading.tables.first().is_some_and(|table| self.project.written().leaves_out(table)) => Extent::Some,
                extent => extent,
            },
        })
    }
}

/// Whether a text asks for rows by the value of some column.
fn is_filtered(text: &str) -> bool {
    text.to_ascii_lowercase().split_once("where").is_some_and(|(_, condition)| condition.contains('='))
}

/// `FROM unnest(:keys) AS key JOIN users ON users.name = key`
fn takes_given_list(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.split("unnest(").skip(1).any(|rest| rest.trim_start().starts_with([':', '$', '%', '@', '?']))
}
