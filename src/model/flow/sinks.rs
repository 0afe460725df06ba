//! Which texts calls run.

use ustr::Ustr;

use super::Abstract;
use super::environment::Environment;
use super::evaluate::{Evaluator, Values};
use super::facts::SinkCall;
use crate::ir::program::*;
use crate::model::apis::Row;
use crate::model::calls::{Passed, argument, passed, passed_on_or_prepared};
use crate::model::resolve::{Entity, Resolver};
use crate::model::sql;

/// Methods that run a text, whatever they are of, if it is SQL beyond doubt.
const RUNNERS: [&str; 10] = ["query", "execute", "raw", "run", "all", "exec", "prepare", "unsafe", "$queryRawUnsafe", "$executeRawUnsafe"];

impl Evaluator<'_> {
    /// Notes the texts that a call runs.
    pub(super) fn look_for_sinks(
        &self,
        environment: &Environment,
        expr: ExprId,
        call: &Call,
        callee: Entity,
        row: Option<&Row>,
        values: &Values,
    ) {
        let api = callee.library();
        if let Some(inner) = passed_on_or_prepared(self.program, self.id, expr)
            && let Entity::Library(api) = Resolver::new(self.program).entity(self.id, inner.callee)
            && let Some(sql) = self.program.apis.row(api).and_then(|row| row.sql.as_ref())
            && let Some(argument) = argument(&inner, Some(sql.position), &[sql.keyword.as_deref().unwrap_or_default()])
        {
            let value = values.get(&argument).cloned().unwrap_or_else(|| self.value_in(environment, argument));
            self.note(|record| record.sink(SinkCall { call: expr, argument, resolved: true, api: Some(api), is_wrapped: false, value }));
            return;
        }
        if let Some(sql) = row.and_then(|row| row.sql.as_ref()) {
            let keyword = sql.keyword.as_deref().unwrap_or_default();
            if let Passed::Value(module, argument) = passed(self.program, self.id, call, Some(sql.position), keyword)
                && module == self.id
            {
                let value = values.get(&argument).cloned().unwrap_or_else(|| self.value_in(environment, argument));
                let (argument, value) = match (self.is_javascript(), &sql.key) {
                    (true, _) => self.text_in(sql.keyword.as_deref().unwrap_or_default(), argument, value),
                    (false, Some(key)) => self.text_in(key, argument, value),
                    (false, None) => (argument, value),
                };
                self.note(|record| record.sink(SinkCall { call: expr, argument, resolved: true, api, is_wrapped: false, value }));
            }
            return;
        }
        // `asyncio.to_thread(run, sql)`
        let inner = passed_on_or_prepared(self.program, self.id, expr);
        let (call, callee) = match &inner {
            Some(inner) => (inner, Resolver::new(self.program).entity(self.id, inner.callee)),
            None => (call, callee),
        };
        if let Entity::Function(function) = callee
            && let Some(wrapper) = self.program.sql_wrappers().of(function)
            && let Some(argument) = wrapper.argument(self.program, function, call)
        {
            let value = values.get(&argument).cloned().unwrap_or_else(|| self.value_in(environment, argument));
            let value = value.followed_by(wrapper.after.as_str());
            let api = Some(wrapper.api);
            self.note(|record| record.sink(SinkCall { call: expr, argument, resolved: true, api, is_wrapped: true, value }));
            return;
        }
        let ExprKind::Attribute { object, name, .. } = self.module().expr(call.callee).kind else { return };
        if !matches!(callee, Entity::Unknown | Entity::Library(_)) {
            return;
        }
        let first = call.args.first().filter(|arg| arg.kind == ArgKind::Positional);
        if self.is_javascript() {
            if let Some(first) = first
                && row.is_none()
                && RUNNERS.contains(&name.as_str())
                && let Some(value) = values.get(&first.value)
                && value.text.as_ref().is_some_and(|text| sql::is_statement(text))
            {
                self.note(|record| {
                    record.sink(SinkCall {
                        call: expr,
                        argument: first.value,
                        resolved: false,
                        api,
                        is_wrapped: false,
                        value: value.clone(),
                    });
                });
            }
            return;
        }
        if let Some(first) = first
            && matches!(name.as_str(), "execute" | "executemany" | "executescript")
            && self.is_cursor_call(object)
        {
            let value = values.get(&first.value).cloned().unwrap_or_default();
            self.note(|record| record.sink(SinkCall { call: expr, argument: first.value, resolved: false, api, is_wrapped: false, value }));
        }
        // No other library has such a method.
        if name == "query_and_wait"
            && row.is_none()
            && let Some(text) = argument(call, Some(0), &["query"])
        {
            let value = values.get(&text).cloned().unwrap_or_default();
            let api = Some(Ustr::from("google.cloud.bigquery.Client.query_and_wait"));
            self.note(|record| record.sink(SinkCall { call: expr, argument: text, resolved: false, api, is_wrapped: false, value }));
        }
        // Managers of Django's models: `Model.objects.raw(…)`.
        if matches!(name.as_str(), "raw" | "extra") && self.is_manager(object) {
            for arg in &call.args {
                let is_text = match arg.kind {
                    ArgKind::Positional => name == "raw",
                    ArgKind::Keyword(keyword) => matches!(keyword.as_str(), "raw_query" | "where" | "select" | "tables" | "order_by"),
                    ArgKind::Spread | ArgKind::KeywordSpread => false,
                };
                let value = values.get(&arg.value).cloned().unwrap_or_default();
                let value = if value.content.is_some() { value.values() } else { value };
                if is_text && value.text.is_some() {
                    self.note(|record| {
                        record.sink(SinkCall { call: expr, argument: arg.value, resolved: true, api, is_wrapped: false, value });
                    });
                }
            }
        }
    }

    /// The text in what is passed for it: itself, a field of an object, an item of a list.
    fn text_in(&self, path: &str, mut argument: ExprId, mut value: Abstract) -> (ExprId, Abstract) {
        let module = self.module();
        for key in path.split('.').filter(|key| !key.is_empty()) {
            let Some(content) = value.content.clone() else { break };
            let Some((_, field)) = content.fields.iter().find(|(k, _)| **k == *key) else { break };
            value = field.clone();
            if let ExprKind::Object(entries) = &module.expr(argument).kind {
                let written = entries.iter().find_map(|entry| match entry {
                    Entry::Pair { key: k, value } if matches!(module.expr(*k).kind, ExprKind::String(k) if k == key) => Some(*value),
                    _ => None,
                });
                argument = written.unwrap_or(argument);
            }
        }
        let is_list = value.content.as_ref().is_some_and(|content| content.fields.is_empty());
        if is_list { (argument, value.item()) } else { (argument, value) }
    }

    /// `….cursor()`
    fn is_cursor_call(&self, expr: ExprId) -> bool {
        let callee = self.module().call(expr).map(|call| &self.module().expr(call.callee).kind);
        matches!(callee, Some(ExprKind::Attribute { name, .. }) if *name == "cursor")
    }

    /// `….objects`, or what its methods give.
    fn is_manager(&self, mut expr: ExprId) -> bool {
        loop {
            match &self.module().expr(expr).kind {
                ExprKind::Attribute { name, .. } if *name == "objects" => return true,
                ExprKind::Attribute { object, .. } => expr = *object,
                ExprKind::Call(call) => expr = call.callee,
                _ => return false,
            }
        }
    }
}
