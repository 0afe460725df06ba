//! Look-ups by a table's own key: what they give is one row, or as many as the caller has asked for.

use sqlparser::ast::{BinaryOperator, Expr, InTarget, Query, Select, SetExpr, TableFactor, Value};

use super::bounds::is_constant;
use super::reading::HOLE;
use super::small::grows;
use crate::model::cleanup::words;

/// Columns that are the key of whatever table has them.
const KEYS: [&str; 6] = ["id", "uuid", "guid", "pk", "rowid", "ctid"];

/// Whether a column tells one row of a table from all others, by their names: `id`, `order_id` of `shop.orders_v2`.
#[must_use]
pub fn tells_one(column: &str, table: &str) -> bool {
    let own: Vec<String> = words(table.rsplit('.').next().unwrap_or_default()).iter().map(|word| singular(word)).collect();
    let words = words(column);
    let Some((last, stem)) = words.split_last() else { return false };
    let is_key = KEYS.contains(&last.as_str()) || matches!(last.as_str(), "key" | "slug" | "number" | "email");
    // Of what happens, there are many for each user: `user_id` of `user_events`.
    let is_of_it = |word: &String| if grows(table) { own.last() == Some(&singular(word)) } else { own.contains(&singular(word)) };
    is_key && (!stem.is_empty() || last != "number") && stem.iter().all(is_of_it)
}

/// Whether a query asks for rows by a key of one of its tables: `WHERE id = ?`.
#[must_use]
pub fn is_looked_up(query: &Query) -> bool {
    match &*query.body {
        SetExpr::Select(select) => select.selection.as_ref().is_some_and(|condition| by_key(select, condition)),
        SetExpr::Query(query) => is_looked_up(query),
        _ => false,
    }
}

/// The columns that a query compares for equality with some value.
#[must_use]
pub fn compared(query: &Query) -> Vec<Compared> {
    let mut found = Vec::new();
    let mut todo: Vec<&Expr> = match &*query.body {
        SetExpr::Select(select) => select.selection.iter().collect(),
        SetExpr::Query(query) => return compared(query),
        _ => Vec::new(),
    };
    while let Some(condition) = todo.pop() {
        match condition {
            Expr::Nested(inner) => todo.push(inner),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => todo.extend([&**left, &**right]),
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                let (column, other) = if is_constant(left) { (right, left) } else { (left, right) };
                found.extend(column_of(column).filter(|_| is_constant(other)).map(|column| Compared { column, is_given: is_given(other) }));
            }
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, .. } => {
                found.extend(column_of(left).map(|column| Compared { column, is_given: true }));
            }
            Expr::In { expr, target: InTarget::List(_) | InTarget::Unnest(_), negated: false, .. } => {
                found.extend(column_of(expr).map(|column| Compared { column, is_given: false }));
            }
            _ => {}
        }
    }
    found
}

/// A column that is compared with one value, or some.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// Its name, in lower case.
    pub column: String,
    /// With one that the query is given, and not one that is written out.
    pub is_given: bool,
}

fn column_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.to_lowercase()),
        Expr::CompoundIdentifier(names) => names.last().map(|name| name.value.to_lowercase()),
        // `day::date = ?`
        Expr::Cast { expr, .. } => column_of(expr),
        _ => None,
    }
}

/// Whether a value is filled in when the query is run.
fn is_given(value: &Expr) -> bool {
    match value {
        Expr::Value(value) => match &value.value {
            Value::Placeholder(_) => true,
            // What stands for a part that is filled in between quotation marks.
            Value::SingleQuotedString(text) => text == "x",
            _ => false,
        },
        Expr::Identifier(name) => name.value.starts_with(['@', ':']) || name.value.contains(HOLE),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => is_given(expr),
        _ => false,
    }
}

fn by_key(select: &Select, condition: &Expr) -> bool {
    match condition {
        Expr::Nested(inner) => by_key(select, inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => by_key(select, left) || by_key(select, right),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            (is_constant(right) && is_key(select, left)) || (is_constant(left) && is_key(select, right))
        }
        // `id = ANY(?)`
        Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => is_constant(right) && is_key(select, left),
        Expr::In { expr, target, negated: false, .. } => {
            let is_given = match target {
                InTarget::List(list) => list.iter().all(is_constant),
                InTarget::Unnest(_) => true,
                _ => false,
            };
            is_given && is_key(select, expr)
        }
        _ => false,
    }
}

/// Whether an expression is the key of a table that is read.
fn is_key(select: &Select, column: &Expr) -> bool {
    let (of, name) = match column {
        Expr::Identifier(name) => (None, name.value.as_str()),
        Expr::CompoundIdentifier(names) => match &names[..] {
            [.., of, name] => (Some(of.value.as_str()), name.value.as_str()),
            _ => return false,
        },
        _ => return false,
    };
    let factors = select.from.iter().flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
    let tables = factors.filter_map(|factor| match factor {
        TableFactor::Table { name, alias, .. } => {
            let table = name.to_string().replace(['`', '"', '[', ']'], "");
            let last = table.rsplit('.').next().unwrap_or_default().to_owned();
            Some((alias.as_ref().map_or_else(|| last.clone(), |alias| alias.name.value.clone()), last))
        }
        _ => None,
    });
    let mut meant = tables.filter(|(called, _)| of.is_none_or(|of| of.eq_ignore_ascii_case(called)));
    // Which table it is cannot be seen: it may be that one's key.
    let is_of_unseen = |table: &str| table.contains(HOLE) && ["id", "Id", "uuid"].iter().any(|end| name.ends_with(end));
    meant.any(|(_, table)| is_key_of(name, &table) || is_of_unseen(&table))
}

/// Whether a column is, by its name, the key of a table: `id`, `uuid`, `order_id` of `orders`.
#[must_use]
pub fn is_key_of(column: &str, table: &str) -> bool {
    let plain = |name: &str| name.to_ascii_lowercase().replace('_', "");
    let (column, table) = (plain(column), plain(table));
    let of_table = |table: &str| !table.is_empty() && ["id", "uuid", "guid"].iter().any(|key| column == format!("{table}{key}"));
    KEYS.contains(&column.as_str()) || of_table(&table) || of_table(&singular(&table))
}

/// `categories` → `category`
#[must_use]
pub fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if let Some(stem) = ["ses", "xes", "ches", "shes"].iter().find_map(|end| name.ends_with(end).then(|| &name[..name.len() - 2])) {
        return stem.to_owned();
    }
    name.strip_suffix('s').filter(|stem| !stem.ends_with('s')).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_table_itself() {
        for (column, table) in
            [("id", "orders"), ("order_id", "orders"), ("OrderId", "orders"), ("category_uuid", "categories"), ("box_id", "boxes")]
        {
            assert!(is_key_of(column, table), "{column} of {table}");
        }
        for (column, table) in [("user_id", "orders"), ("order_id", "order_lines"), ("idle", "orders"), ("paid", "orders")] {
            assert!(!is_key_of(column, table), "{column} of {table}");
        }
    }
}
