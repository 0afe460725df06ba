//! How many rows a query gives by the way it puts rows together.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, LimitClause, Query, Select, SelectItem, SetExpr, TableFactor, Value, visit_expressions,
};

use super::walk::{is_aggregate, is_bare_count};

/// Columns that have few values, whatever table they are of, by the last word of their name.
const KINDS: [&str; 17] = [
    "status", "state", "type", "kind", "severity", "priority", "level", "role", "gender", "sex", "weekday", "dow", "method", "phase",
    "stage", "tier", "plan",
];

/// What there are as many of as there are customers and wares.
const THINGS: [&str; 17] = [
    "customer", "tenant", "user", "member", "account", "client", "visitor", "author", "owner", "product", "order", "sku", "item", "name",
    "path", "page", "query",
];

/// Whether a query gives one row, or one for each of few groups: `SELECT COUNT(*) FROM t`, `SELECT TOP 1 a FROM t`,
/// `SELECT status, COUNT(*) FROM t GROUP BY status`.
#[must_use]
pub fn gives_few(query: &Query, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match &*query.body {
        SetExpr::Select(select) => {
            let keys = keys(select);
            let is_one =
                || keys.is_empty() && !groups_by_all(select) && (select.from.is_empty() || shown(select).any(|item| is_aggregate(&item)));
            select.top.is_some()
                || is_one()
                || (!keys.is_empty() && keys.iter().all(|key| has_few_values(key)))
                || is_of_few(query, select, depth)
        }
        SetExpr::Query(inner) => gives_few(inner, depth),
        _ => false,
    }
}

/// Whether a query gives one row for each value of what it groups by, or each that differs.
#[must_use]
pub fn is_grouped(query: &Query) -> bool {
    match &*query.body {
        SetExpr::Select(select) => {
            let keys = keys(select);
            let shown = match (&select.distinct, &select.projection[..]) {
                (Some(Distinct::Distinct), [SelectItem::UnnamedExpr(only) | SelectItem::ExprWithAlias { expr: only, .. }]) => Some(only),
                _ => None,
            };
            (shown.is_some() || !keys.is_empty()) && !keys.into_iter().chain(shown).any(is_of_each)
        }
        SetExpr::Query(inner) => is_grouped(inner),
        _ => false,
    }
}

/// `GROUP BY ALL`: by whatever is shown.
fn groups_by_all(select: &Select) -> bool {
    matches!(select.group_by, GroupByExpr::All(_))
}

/// Whether there are as many values of what rows are grouped by as there are things: `user_id`, `LOWER(email)`.
fn is_of_each(key: &Expr) -> bool {
    let is_thing = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let is_key = lower == "id" || lower.ends_with("_id") || name.ends_with("Id");
        is_key
            || ["uuid", "email", "url", "key", "hash", "name"].iter().any(|end| lower.ends_with(end))
            || lower.rsplit('_').next().is_some_and(|word| THINGS.contains(&word))
    };
    let found = visit_expressions(key, |expr| {
        let is_one = match expr {
            Expr::Identifier(name) => is_thing(&name.value),
            Expr::CompoundIdentifier(names) => names.last().is_some_and(|name| is_thing(&name.value)),
            _ => false,
        };
        if is_one { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found.is_break()
}

/// Whether a condition of a query is never met: `WHERE FALSE`, `WHERE 1 = 0`.
#[must_use]
pub fn gives_none(query: &Query) -> bool {
    let SetExpr::Select(select) = &*query.body else { return false };
    let number = |expr: &Expr| match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => Some(number.clone()),
            _ => None,
        },
        _ => None,
    };
    match &select.selection {
        Some(Expr::Value(value)) => value.value == Value::Boolean(false),
        Some(Expr::BinaryOp { left, op: BinaryOperator::Eq, right }) => {
            number(left).zip(number(right)).is_some_and(|(left, right)| left != right)
        }
        _ => false,
    }
}

/// `SELECT * FROM t LIMIT 0`
#[must_use]
pub fn is_probe(query: &Query) -> bool {
    let is_zero = |limit: &Expr| matches!(limit, Expr::Value(value) if matches!(&value.value, Value::Number(number, _) if number == "0"));
    matches!(&query.limit_clause, Some(LimitClause::LimitOffset { limit: Some(limit), .. }) if is_zero(limit))
}

/// `SELECT COUNT(*) FROM t`
#[must_use]
pub fn counts_only(query: &Query) -> bool {
    match &*query.body {
        SetExpr::Select(select) => {
            let is_plain = select.selection.is_none() && matches!(&select.from[..], [from] if from.joins.is_empty());
            is_plain && matches!(select.from[0].relation, TableFactor::Table { args: None, .. }) && is_bare_count(select)
        }
        _ => false,
    }
}

/// Whether all that a query reads are queries which give few rows.
fn is_of_few(query: &Query, select: &Select, depth: usize) -> bool {
    let named = |name: &str| {
        let mut tables = query.with.iter().flat_map(|with| &with.cte_tables);
        tables.find(|table| table.alias.name.value.eq_ignore_ascii_case(name)).map(|table| &*table.query)
    };
    let factors = select.from.iter().flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
    let mut inner = factors.map(|factor| match factor {
        TableFactor::Table { name, args: None, .. } => named(&name.to_string().replace(['`', '"'], "")),
        TableFactor::Derived { subquery, .. } => Some(&**subquery),
        _ => None,
    });
    !select.from.is_empty() && inner.all(|inner| inner.is_some_and(|inner| gives_few(inner, depth)))
}

/// What the rows of a query are grouped by, each as it is written out among what it shows.
fn keys(select: &Select) -> Vec<&Expr> {
    let GroupByExpr::Expressions(keys, _) = &select.group_by else { return Vec::new() };
    keys.iter().map(|key| written_out(select, key)).collect()
}

/// `1` and `month` of `SELECT DATE_TRUNC(day, MONTH) AS month … GROUP BY 1`
fn written_out<'s>(select: &'s Select, key: &'s Expr) -> &'s Expr {
    let shown = |item: &'s SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    };
    let found = match key {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => {
                let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                index.and_then(|index| select.projection.get(index)).and_then(shown)
            }
            _ => None,
        },
        Expr::Identifier(name) => select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(&name.value) => Some(expr),
            _ => None,
        }),
        _ => None,
    };
    found.unwrap_or(key)
}

fn shown(select: &Select) -> impl Iterator<Item = String> {
    select.projection.iter().map(ToString::to_string)
}

/// Whether what rows are grouped by has few values.
fn has_few_values(key: &Expr) -> bool {
    let name = match key {
        Expr::Identifier(name) => &name.value,
        Expr::CompoundIdentifier(names) => match names.last() {
            Some(name) => &name.value,
            None => return false,
        },
        _ => return false,
    };
    name.to_ascii_lowercase().rsplit('_').next().is_some_and(|word| KINDS.contains(&word))
}
