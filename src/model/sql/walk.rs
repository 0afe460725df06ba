//! A walk through a statement: which tables it reads from end to end, and whether what comes out has all of their columns.

use rustc_hash::FxHashMap;
use sqlparser::ast::*;

use super::bounds::Bounds;
use super::reading::{DEPTH, HOLE, Scan};
use crate::model::cleanup::words;

/// How many sources of rows are looked at: queries with names may use each other over and over.
const MOST_SOURCES: usize = 2000;

/// A walk through a statement.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are gathered on the way, not states")]
pub struct Walk<'a> {
    /// Queries with a name, and whether a star of theirs has all columns of a table.
    pub named: FxHashMap<String, Named<'a>>,
    /// The tables that it reads, by name.
    pub tables: Vec<String>,
    /// The first that nothing bounds.
    scanned: Option<Scan>,
    /// It puts rows together.
    pub aggregates: bool,
    /// Dates bound some table.
    bounds_some: bool,
    /// What is read here is put together.
    puts_together: bool,
    /// A clause may be filled in.
    is_open: bool,
    sources: usize,
    /// What the conditions around say that bound nothing.
    around: Bounds,
}

/// A query with a name.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    query: &'a Query,
    has_star: bool,
}

impl<'a> Walk<'a> {
    /// One that has seen nothing; `is_open` says that a clause may be filled in.
    #[must_use]
    pub fn new(is_open: bool) -> Self {
        Self { is_open, ..Self::default() }
    }

    /// Walks through a query that is bounded from outside or not; whether what comes out has all columns of a table.
    pub fn query(&mut self, query: &'a Query, is_bounded: bool, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            // What it reads counts where it is used.
            let mut inner = Walk { named: self.named.clone(), is_open: self.is_open, sources: self.sources, ..Walk::default() };
            let has_star = inner.query(&cte.query, true, depth);
            self.sources = inner.sources;
            self.aggregates |= inner.aggregates;
            self.bounds_some |= inner.bounds_some;
            self.tables.extend(inner.tables);
            self.named.insert(cte.alias.name.value.to_lowercase(), Named { query: &cte.query, has_star });
        }
        self.body(&query.body, is_bounded, depth)
    }

    fn body(&mut self, body: &'a SetExpr, is_bounded: bool, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match body {
            SetExpr::Select(select) => self.select(select, is_bounded, depth),
            SetExpr::Query(query) => self.query(query, is_bounded, depth),
            SetExpr::SetOperation { left, right, .. } => {
                // What bounds the one says nothing of the other.
                let before = self.bounds_some;
                let has_star = self.body(left, is_bounded, depth);
                if self.scanned.is_some() {
                    let of_left = self.bounds_some;
                    let has_star = self.body(right, is_bounded, depth) || has_star;
                    self.bounds_some = of_left;
                    return has_star;
                }
                self.bounds_some = before;
                self.body(right, is_bounded, depth) || has_star
            }
            _ => false,
        }
    }

    fn select(&mut self, select: &'a Select, is_bounded: bool, depth: usize) -> bool {
        let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
        let shown: Vec<String> = select.projection.iter().map(ToString::to_string).collect();
        let puts_together = is_grouped || shown.iter().any(|item| is_aggregate(item));
        self.aggregates |= puts_together;
        let outer = std::mem::replace(&mut self.puts_together, puts_together);
        let mut conditions = select.selection.iter().chain(&select.prewhere).chain(select.from.iter().flat_map(joined_on));
        let is_counted = is_bare_count(select) && conditions.next().is_none();
        let bounds = select.selection.iter().chain(&select.prewhere).chain(select.from.iter().flat_map(joined_on)).map(Bounds::of);
        let bounds = bounds.fold(Bounds::default(), Bounds::and);
        self.bounds_some |= bounds.holds;
        let is_bounded = is_bounded || self.is_open || bounds.holds || is_counted || is_of_shards(select);
        let around = std::mem::replace(&mut self.around, bounds);
        let mut sources: Vec<(Option<String>, bool)> = Vec::new();
        for from in &select.from {
            sources.push(self.factor(&from.relation, is_bounded, depth));
            // What is joined to rows that were put together before are mostly their names.
            let is_looked_up = self.is_query(&from.relation);
            for join in &from.joins {
                sources.push(self.factor(&join.relation, is_bounded || (is_looked_up && !self.is_query(&join.relation)), depth));
            }
        }
        self.around = around;
        self.puts_together = outer;
        select.projection.iter().any(|item| match item {
            SelectItem::Wildcard(_) => sources.iter().any(|(_, has_all)| *has_all),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let name = last(name);
                sources.iter().any(|(alias, has_all)| *has_all && alias.as_deref().is_none_or(|alias| alias.eq_ignore_ascii_case(&name)))
            }
            // In quotation marks that this dialect takes for those of a text.
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _) => sources.iter().any(|(_, has_all)| *has_all),
            _ => false,
        })
    }

    /// The first table that nothing bounds.
    #[must_use]
    pub fn scanned(&self) -> Option<Scan> {
        self.scanned.clone().map(|scan| Scan { is_beside_bounded: scan.is_beside_bounded && self.bounds_some, ..scan })
    }

    /// Notes a table that nothing bounds.
    fn scan(&mut self, name: &ObjectName, table: &str) {
        // What is filled in without quotation marks may be a query, and what follows it.
        let is_unknown = name.to_string() == HOLE;
        let is_apart = is_of_one_day(table) || is_about_tables(table);
        if self.scanned.is_none() && !is_unknown && !is_apart {
            let Bounds { is_dated, ref compared, .. } = self.around;
            self.scanned =
                Some(Scan { table: table.to_owned(), is_dated, is_beside_bounded: !self.puts_together, compared: compared.clone() });
        }
    }

    /// What is changed in place, and what bounds that.
    pub fn changed(&mut self, table: &'a TableWithJoins, condition: Option<&Expr>) {
        let bounds = condition.map(Bounds::of).unwrap_or_default();
        let is_bounded = self.is_open || bounds.holds;
        self.around = bounds;
        self.factor(&table.relation, is_bounded, DEPTH);
    }

    /// Whether a source is a query, by itself or by its name.
    fn is_query(&self, factor: &TableFactor) -> bool {
        match factor {
            TableFactor::Table { name, .. } => self.named.contains_key(&name.to_string().replace(['`', '"'], "").to_lowercase()),
            TableFactor::Derived { .. } => true,
            _ => false,
        }
    }

    /// The name of a source, and whether a star over it has all columns of a table.
    fn factor(&mut self, factor: &'a TableFactor, is_bounded: bool, depth: usize) -> (Option<String>, bool) {
        let alias = |alias: &Option<TableAlias>| alias.as_ref().map(|alias| alias.name.value.clone());
        self.sources += 1;
        let Some(depth) = depth.checked_sub(1).filter(|_| self.sources <= MOST_SOURCES) else { return (None, false) };
        match factor {
            TableFactor::Table { name, alias: known_as, args: None, sample, .. } => {
                let table = name.to_string().replace(['`', '"'], "");
                let called = alias(known_as).or_else(|| Some(last(name)));
                if let Some(named) = self.named.get(&table.to_lowercase()).copied() {
                    // It is read here as it is bounded here; a query that reads itself ends.
                    let outer = self.named.remove(&table.to_lowercase());
                    self.body(&named.query.body, is_bounded, depth);
                    if let Some(outer) = outer {
                        self.named.insert(table.to_lowercase(), outer);
                    }
                    return (called, named.has_star);
                }
                // `orders.lines`: an array of a row.
                if !is_bounded && sample.is_none() {
                    self.scan(name, &table);
                }
                self.tables.push(table);
                (called, true)
            }
            TableFactor::Derived { subquery, alias: known_as, .. } => {
                let has_star = self.query(subquery, is_bounded, depth);
                (alias(known_as), has_star)
            }
            TableFactor::NestedJoin { table_with_joins, .. } => {
                let joined = std::iter::once(&table_with_joins.relation).chain(table_with_joins.joins.iter().map(|join| &join.relation));
                let all: Vec<(Option<String>, bool)> = joined.map(|factor| self.factor(factor, is_bounded, depth)).collect();
                (None, all.iter().any(|(_, has_all)| *has_all))
            }
            _ => (None, false),
        }
    }
}

/// The conditions that tables are joined on.
fn joined_on(from: &TableWithJoins) -> impl Iterator<Item = &Expr> {
    from.joins.iter().filter_map(|join| match &join.join_operator {
        JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on)) => Some(on),
        _ => None,
    })
}

/// `SELECT COUNT(*) FROM t`: how many rows there are is known without reading any.
#[must_use]
pub fn is_bare_count(select: &Select) -> bool {
    let is_count = |item: &SelectItem| {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { return false };
        expr.to_string().eq_ignore_ascii_case("COUNT(*)")
    };
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    !is_grouped && select.having.is_none() && select.projection.iter().all(is_count)
}

/// `SELECT DISTINCT _TABLE_SUFFIX FROM t_*`: which shards there are is known without reading any.
fn is_of_shards(select: &Select) -> bool {
    const KNOWN: [&str; 6] = ["_TABLE_SUFFIX", "MIN", "MAX", "COUNT", "DISTINCT", ""];
    let is_known = |item: &SelectItem| {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { return false };
        let text = expr.to_string().to_ascii_uppercase();
        text.contains("_TABLE_SUFFIX") && text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').all(|word| KNOWN.contains(&word))
    };
    select.selection.is_none() && !select.projection.is_empty() && select.projection.iter().all(is_known)
}

/// `events_20240501`, `events_{day}`: the rows of one day, or `events_202405*`, of a month.
fn is_of_one_day(table: &str) -> bool {
    let words = words(table.rsplit('.').next().unwrap_or(table));
    let is_day = |word: &String| matches!(word.as_str(), "today" | "todays" | "yesterday" | "yesterdays");
    let mut named = words.iter().filter(|word| !word.bytes().all(|b| b.is_ascii_digit()));
    let is_more = |word: &String| matches!(word.as_str(), "history" | "before" | "since" | "until" | "archive");
    if named.next().is_some_and(is_day) || named.next_back().is_some_and(is_day) {
        return !words.iter().any(is_more);
    }
    let Some((_, day)) = table.rsplit_once('.').map_or(table, |(_, name)| name).split_once('_') else { return false };
    let day = day.rsplit('_').next().unwrap_or(day);
    let is_period = day.strip_suffix('*').is_some_and(|period| {
        let is_number = period.bytes().all(|b| b.is_ascii_digit());
        is_number && (period.len() >= 6 || (period.len() == 4 && (period.starts_with("19") || period.starts_with("20"))))
    });
    is_period
        || (day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()))
        || (table.ends_with(&format!("_{HOLE}")) && !table.ends_with(&format!(".{HOLE}")))
}

fn last(name: &ObjectName) -> String {
    name.to_string().replace(['`', '"', '[', ']'], "").rsplit('.').next().unwrap_or_default().to_owned()
}

/// Whether a table of the database tells what tables there are: it is small.
#[must_use]
pub fn is_about_tables(table: &str) -> bool {
    let upper = table.to_ascii_uppercase();
    let (schema, name) = upper.rsplit_once('.').unwrap_or(("", &upper));
    upper.contains("INFORMATION_SCHEMA")
        || upper.contains("__TABLES__")
        || matches!(schema, "SYS" | "PG_CATALOG")
        || ["PG_", "SQLITE_", "V$"].iter().any(|prefix| name.starts_with(prefix))
}

/// Whether an item of a query puts rows together.
#[must_use]
pub fn is_aggregate(item: &str) -> bool {
    let upper = item.to_ascii_uppercase();
    let over = upper.contains(" OVER ");
    !over
        && ["COUNT(", "SUM(", "AVG(", "MIN(", "MAX(", "APPROX_COUNT_DISTINCT(", "ARRAY_AGG(", "STRING_AGG(", "COUNTIF(", "ANY_VALUE("]
            .iter()
            .any(|name| upper.starts_with(name) || upper.contains(&format!(" {name}")) || upper.contains(&format!("({name}")))
}
