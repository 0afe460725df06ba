//! What a SQL text says, as far as the rules ask: which tables it reads, whether with all of their columns, and what bounds it.
//!
//! sqlparser reads it, as `BigQuery` first and then in general. What none of them takes is searched for words.

use std::ops::ControlFlow;

use sqlparser::ast::*;
use sqlparser::dialect::{BigQueryDialect, Dialect, GenericDialect, MsSqlDialect};
use sqlparser::parser::Parser;

use super::creations::{self, Creation};
use super::groups;
use super::keys::{self, Compared};
use super::walk::{Walk, is_aggregate};
use super::{Position, position};

/// How deep queries may be nested in each other.
pub const DEPTH: usize = 40;

/// Longer texts are no statements that anybody wrote.
const MOST_BYTES: usize = 100_000;

/// How many operators a text may have for the parser: it nests the operands of a chain, however long that is.
const MOST_OPERATORS: usize = 600;

/// So many do no harm on any stack.
const FEW_OPERATORS: usize = 80;

/// What stands for a part that is filled in as a name.
pub const HOLE: &str = "roadworthy_hole";

/// What a statement does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Reads rows.
    Select,
    /// Adds rows: those of a query, or written out.
    Insert,
    /// Changes or removes rows, or merges others into them.
    Change,
    /// Makes, alters or drops something.
    Define,
    /// Anything else.
    Other,
}

/// A table that is read from end to end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scan {
    /// Its name.
    pub table: String,
    /// A date is compared, in a way that leaves nothing out.
    pub is_dated: bool,
    /// Dates bound another table of the same statement: this one may only hold the names of what is in that.
    pub is_beside_bounded: bool,
    /// The columns that are compared with something constant: partitioned by one of them, the table is not read whole.
    pub compared: Vec<String>,
}

/// How many rows a query gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rows {
    /// As many as there are.
    All,
    /// Those of keys that it names.
    LookedUp,
    /// At most so many as it says, one of aggregates, or one for each kind of things.
    Limited,
    /// One for each value of a column that it groups by, or each that differs.
    Grouped,
    /// A clause may be filled in, or no parser takes it.
    Unseen,
}

/// What a text says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// What it does.
    pub verb: Verb,
    /// Tables that it reads, by name; what is filled in stands there as [`HOLE`].
    pub tables: Vec<String>,
    /// What comes out has all columns of a table.
    pub has_star: bool,
    /// The first table that is read from end to end: nothing bounds its dates, and no sample is taken.
    pub scanned: Option<Scan>,
    /// How many rows come out.
    pub rows: Rows,
    /// The columns that the rows are asked for by.
    pub compared: Vec<Compared>,
    /// It puts aggregates together.
    pub aggregates: bool,
    /// It asks how many rows a table has, which is known without reading it.
    pub counts_only: bool,
    /// What it makes.
    pub creation: Option<Creation>,
}

/// A part of a text.
#[derive(Clone, Copy, Debug)]
pub enum Part<'t> {
    /// Constant.
    Text(&'t str),
    /// Filled in.
    Hole,
}

/// Reads a text.
#[must_use]
pub fn read(parts: &[Part<'_>]) -> Option<Reading> {
    let (text, is_open) = filled(parts);
    if text.len() > MOST_BYTES {
        return None;
    }
    let text = without_placeholders(&text);
    let operators = operators(&text);
    let reading = if operators <= FEW_OPERATORS {
        parsed(&text, is_open)
    } else if operators <= MOST_OPERATORS {
        on_large_stack(&text, is_open)
    } else {
        None
    };
    // No database takes a constant text whose parentheses stay open: some are sent to be refused.
    let is_whole = parts.iter().all(|part| matches!(part, Part::Text(_)));
    if reading.is_none() && is_whole && super::unclosed(&text).is_some() {
        return None;
    }
    let reading = reading.or_else(|| by_words(&text, is_open))?;
    Some(Reading { creation: creations::first(&text, is_open), ..reading })
}

/// The same for what may nest deeper than the stack of a worker allows.
fn on_large_stack(text: &str, is_open: bool) -> Option<Reading> {
    const STACK: usize = 32 << 20;
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || parsed(text, is_open)).ok()?;
        reader.join().ok()?
    })
}

/// What the parser makes of a text, if it takes it.
fn parsed(text: &str, is_open: bool) -> Option<Reading> {
    let dialects: [&dyn Dialect; 3] = [&BigQueryDialect {}, &GenericDialect {}, &MsSqlDialect {}];
    let statements = dialects.iter().find_map(|dialect| {
        let parser = Parser::new(*dialect).with_recursion_limit(DEPTH);
        parser.try_with_sql(text).ok()?.parse_statements().ok().filter(|statements| !statements.is_empty())
    })?;
    let statements = with_variables(statements);
    let mut readings = statements.iter().map(|statement| of(statement, is_open));
    let mut whole = readings.next()?;
    // A script does what its statements do.
    for next in readings {
        whole.tables.extend(next.tables);
        whole.has_star |= next.has_star;
        whole.scanned = whole.scanned.or(next.scanned);
        whole.aggregates |= next.aggregates;
        whole.counts_only &= next.counts_only;
        if whole.verb == Verb::Other {
            whole.verb = next.verb;
        }
    }
    Some(whole)
}

/// The statements of a script, its variables written as parameters are: they are known when a query begins.
fn with_variables(mut statements: Vec<Statement>) -> Vec<Statement> {
    let declared = statements.iter().flat_map(|statement| match statement {
        Statement::Declare { stmts, .. } => stmts.iter().flat_map(|declare| &declare.names).map(|name| name.value.to_lowercase()).collect(),
        _ => Vec::new(),
    });
    let declared: Vec<String> = declared.collect();
    if !declared.is_empty() {
        let _ = visit_expressions_mut(&mut statements, |expr| {
            if let Expr::Identifier(name) = expr
                && declared.contains(&name.value.to_lowercase())
            {
                name.value.insert(0, '@');
            }
            ControlFlow::<()>::Continue(())
        });
    }
    statements
}

/// How many operators a text has, at most.
fn operators(text: &str) -> usize {
    const WORDS: [&str; 15] =
        ["AND", "AT", "BETWEEN", "COLLATE", "DIV", "EXCEPT", "ILIKE", "IN", "INTERSECT", "IS", "LIKE", "MOD", "OR", "UNION", "XOR"];
    let signs = text.chars().filter(|c| "+-*/%|&^<>=~:[!".contains(*c)).count();
    let is_operator = |word: &&str| WORDS.iter().any(|operator| word.eq_ignore_ascii_case(operator));
    signs + text.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_operator).count()
}

/// The placeholders of drivers that are no SQL, as one that is: `%s`, `%(name)s`.
fn without_placeholders(text: &str) -> String {
    let shown = text.replace("%s", "?").replace("%%", "%");
    let mut parts = shown.split("%(");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some((_, rest)) = part.split_once(")s") {
            whole.push('?');
            whole.push_str(rest);
        } else {
            whole.push_str("%(");
            whole.push_str(part);
        }
    }
    whole
}

/// The text with something in the place of what is filled in, and whether that may be any clause.
fn filled(parts: &[Part<'_>]) -> (String, bool) {
    let (mut text, mut is_open) = (String::new(), false);
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(piece),
            Part::Hole => match position(&text) {
                Position::Quoted => text.push('x'),
                Position::Value => text.push_str("@x"),
                Position::Name | Position::Alias => {
                    if is_sub_select(&text) {
                        text.push_str("SELECT ");
                        text.push_str(HOLE);
                    } else if is_clause(&text) {
                        is_open = true;
                    } else {
                        text.push_str(HOLE);
                    }
                }
            },
        }
    }
    (text, is_open)
}

/// Whether a query that is made elsewhere follows: `FROM ({query})`.
fn is_sub_select(before: &str) -> bool {
    let upper = before.trim_end().to_ascii_uppercase();
    upper.strip_suffix('(').is_some_and(|outside| {
        let outside = outside.trim_end();
        outside.ends_with("FROM") || outside.ends_with("JOIN")
    })
}

/// Whether what follows here may be a clause, and not just a name.
fn is_clause(before: &str) -> bool {
    const NAMED: [&str; 24] = [
        "SELECT", "DISTINCT", "FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "EXISTS", "BY", "ON", "AS", "SET", "AND", "OR", "WHERE",
        "NOT", "IN", "EXCEPT", "REPLACE", "WHEN", "THEN", "ELSE", "HAVING",
    ];
    let glued = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '`' | '"' | '-' | '$' | '*'));
    let before = before.trim_end();
    let word = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default().to_ascii_uppercase();
    !glued
        && !before.ends_with(['(', ',', '=', '<', '>', '+', '-', '/', '*', '%', '|'])
        && !NAMED.contains(&word.as_str())
        && !before.is_empty()
}

fn of(statement: &Statement, is_open: bool) -> Reading {
    let mut walk = Walk::new(is_open);
    let (mut has_star, mut rows, mut compared) = (false, if is_open { Rows::Unseen } else { Rows::All }, Vec::new());
    let mut counts_only = false;
    let verb = match statement {
        Statement::Query(query) => {
            // `LIMIT 0` asks for the columns alone, and nothing is read for it.
            has_star = !groups::is_probe(query) && walk.query(query, false, DEPTH);
            compared = keys::compared(query);
            counts_only = !is_open && groups::counts_only(query);
            if limits(query) || groups::gives_few(query, DEPTH) {
                rows = Rows::Limited;
            } else if keys::is_looked_up(query) {
                rows = Rows::LookedUp;
            } else if !is_open && groups::is_grouped(query) {
                rows = Rows::Grouped;
            }
            Verb::Select
        }
        Statement::Insert(insert) => {
            if let Some(source) = &insert.source {
                has_star = walk.query(source, false, DEPTH);
            }
            Verb::Insert
        }
        Statement::Update(update) => {
            walk.changed(&update.table, update.selection.as_ref());
            Verb::Change
        }
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            from.iter().for_each(|table| walk.changed(table, delete.selection.as_ref()));
            Verb::Change
        }
        Statement::Merge(_) => Verb::Change,
        Statement::CreateTable(table) => {
            // `CREATE TABLE … AS SELECT * FROM t WHERE FALSE` takes the columns, and reads none.
            if let Some(query) = table.query.as_ref().filter(|query| !groups::gives_none(query)) {
                has_star = walk.query(query, false, DEPTH);
            }
            Verb::Define
        }
        Statement::CreateView(_) => Verb::Define,
        Statement::AlterTable { .. } | Statement::Drop { .. } | Statement::CreateIndex(_) | Statement::Truncate { .. } => Verb::Define,
        _ if begins_definition(statement) => Verb::Define,
        _ => Verb::Other,
    };
    // What is asked in passing: `SELECT (SELECT MAX(day) FROM t)`.
    if verb == Verb::Select && walk.tables.is_empty() {
        let _ = visit_relations(statement, |name| {
            let table = name.to_string().replace(['`', '"'], "");
            if !walk.named.contains_key(&table.to_lowercase()) {
                walk.tables.push(table);
            }
            ControlFlow::<()>::Continue(())
        });
    }
    let scanned = walk.scanned();
    let Walk { tables, aggregates, .. } = walk;
    Reading { verb, tables, has_star, scanned, rows, compared, aggregates, counts_only, creation: None }
}

/// `CREATE SCHEMA …`, `DROP FUNCTION …`, `GRANT …`
fn begins_definition(statement: &Statement) -> bool {
    let text = statement.to_string();
    let verb = text.split_whitespace().next().unwrap_or_default();
    matches!(verb, "CREATE" | "ALTER" | "DROP" | "TRUNCATE" | "GRANT" | "REVOKE")
}

fn limits(query: &Query) -> bool {
    query.fetch.is_some()
        || match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, .. }) => limit.is_some(),
            Some(LimitClause::OffsetCommaLimit { .. }) => true,
            None => false,
        }
}

fn has_word(text: &str, wanted: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == wanted)
}

/// What the words of a text say that no parser takes: only what is beyond doubt.
fn by_words(text: &str, is_open: bool) -> Option<Reading> {
    let upper = text.to_ascii_uppercase();
    let words: Vec<&str> =
        upper.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';')).filter(|word| !word.is_empty()).collect();
    let verb = match words.first().copied()? {
        "SELECT" | "WITH" => Verb::Select,
        "INSERT" => Verb::Insert,
        "UPDATE" | "DELETE" | "MERGE" => Verb::Change,
        "CREATE" | "ALTER" | "DROP" | "TRUNCATE" => Verb::Define,
        _ => return None,
    };
    let from = words.iter().position(|word| *word == "FROM").and_then(|at| words.get(at + 1));
    let is_call =
        from.and_then(|table| upper.split(&format!("FROM {table}")).nth(1)).is_some_and(|rest| rest.trim_start().starts_with('('));
    let has_star = verb == Verb::Select && !is_call && matches!(words[..], ["SELECT", "*", "FROM", ..]);
    let is_plain = verb == Verb::Select && words[0] == "SELECT" && words.iter().filter(|word| **word == "SELECT").count() == 1;
    let is_bounded = is_open || has_word(&upper, "WHERE") || has_word(&upper, "TABLESAMPLE");
    let scan = |table: &str| Scan { table: table.replace('`', ""), is_dated: false, is_beside_bounded: false, compared: Vec::new() };
    let scanned = from.filter(|_| is_plain && !is_bounded && !is_call).map(|table| scan(table));
    let aggregates = has_word(&upper, "GROUP") || is_aggregate(&upper);
    Some(Reading {
        verb,
        tables: from.map(|table| (*table).to_owned()).into_iter().collect(),
        has_star,
        scanned,
        rows: if has_word(&upper, "LIMIT") { Rows::Limited } else { Rows::Unseen },
        compared: Vec::new(),
        aggregates,
        counts_only: false,
        creation: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> Reading {
        let mut parts = Vec::new();
        for (index, piece) in text.split("{}").enumerate() {
            if index > 0 {
                parts.push(Part::Hole);
            }
            parts.push(Part::Text(piece));
        }
        read(&parts).expect("a statement")
    }

    #[test]
    fn stars() {
        let starred = |text: &str| reading(text).has_star;
        for text in [
            "SELECT * FROM t",
            "select o.* from orders o where id = 1",
            "SELECT * EXCEPT(a) FROM `p.d.t`",
            "WITH x AS (SELECT * FROM t) SELECT * FROM x",
            "SELECT a FROM t UNION ALL SELECT * FROM u",
            "INSERT INTO a SELECT * FROM b",
            "INSERT INTO a SELECT * FROM b WHERE c < %s AND d = %(d)s",
            "SELECT * FROM `{}.orders` WHERE id = {}",
            "SELECT * FROM (SELECT * FROM t)",
        ] {
            assert!(starred(text), "{text}");
        }
        for text in [
            "SELECT COUNT(*) FROM t",
            "SELECT a FROM t WHERE EXISTS (SELECT * FROM u)",
            "SELECT * FROM (SELECT a, b FROM t)",
            "WITH x AS (SELECT a FROM t) SELECT * FROM x",
            "WITH x AS (SELECT * FROM t) SELECT a FROM x",
            "SELECT x.* FROM (SELECT a FROM t) x JOIN u ON u.a = x.a",
            "SELECT * FROM UNNEST([1, 2])",
            "SELECT * FROM ML.PREDICT(MODEL `d.m`, (SELECT a FROM t))",
            "SELECT * FROM ({}) LIMIT 10",
            "CREATE TABLE a AS SELECT * FROM b WHERE FALSE",
            "SELECT * FROM t LIMIT 0",
            "CREATE TABLE a AS SELECT * FROM b WHERE 1 = 0",
        ] {
            assert!(!starred(text), "{text}");
        }
    }

    #[test]
    fn scans() {
        let scanned = |text: &str| reading(text).scanned;
        for text in [
            "SELECT a FROM `p.d.t` LIMIT 10",
            "SELECT a FROM t WHERE status = 'open'",
            "SELECT a FROM t WHERE created_at IS NOT NULL",
            "SELECT a FROM t WHERE status = 'date'",
            "SELECT a FROM t WHERE deleted_at IS NULL",
            "SELECT a FROM t WHERE data_region = 'EU' AND model_year = 2019 AND day_of_week = 3",
            "SELECT a FROM t WHERE created_at > @a OR status = 'x'",
            "WITH x AS (SELECT a FROM t) SELECT a FROM x",
            "SELECT a FROM `{}` WHERE id = {}",
        ] {
            assert!(scanned(text).is_some(), "{text}");
        }
        for text in [
            "SELECT a FROM t WHERE created_at >= @since",
            "SELECT a FROM t WHERE DATE(_PARTITIONTIME) = CURRENT_DATE() AND b = 1",
            "SELECT a FROM `d.t_*` WHERE _TABLE_SUFFIX BETWEEN '1' AND '2'",
            "SELECT a FROM t TABLESAMPLE SYSTEM (1 PERCENT)",
            "WITH x AS (SELECT a, day FROM t) SELECT a FROM x WHERE day = '2024-01-01'",
            "SELECT f.a FROM f JOIN d ON d.id = f.d WHERE f.order_date > @x",
            "SELECT a FROM t WHERE {}",
            "SELECT a FROM t {}",
            "SELECT 1",
            "SELECT a FROM `d.INFORMATION_SCHEMA.TABLES`",
            "SELECT a FROM t WHERE yyyymm = CAST(FORMAT_DATE('%Y%m', @day) AS INT64)",
            "SELECT a FROM t WHERE ano = 2024",
            "SELECT a FROM t WHERE datahora BETWEEN @a AND @b",
            "SELECT a FROM t LIMIT 0",
            "INSERT INTO t (a) VALUES (1)",
        ] {
            assert!(scanned(text).is_none(), "{text} {:?}", reading(text));
        }
    }

    #[test]
    fn depth_and_width_of_texts_are_no_danger() {
        let chain = |operator: &str| format!("SELECT a FROM t WHERE a{}", operator.repeat(30_000));
        for operator in [" OR a", " AND a", " + a", "::int", " IS NULL", "[0]", " COLLATE x", " || a", " = a"] {
            let _ = super::read(&[Part::Text(&chain(operator))]);
            let most = format!("SELECT a FROM t WHERE a{}", operator.repeat(MOST_OPERATORS / 2));
            let _ = super::read(&[Part::Text(&most)]);
        }
        let pair = |i: usize| format!("x{i} AS (SELECT p.* FROM x{} p JOIN x{} q ON p.a = q.a)", i - 1, i - 1);
        let wide: Vec<String> = (1..36).map(pair).collect();
        assert!(reading(&format!("WITH x0 AS (SELECT * FROM t), {} SELECT a FROM x35", wide.join(", "))).verb == Verb::Select);
        let _ = super::read(&[Part::Text(&format!("SELECT a FROM t WHERE a = {}1{}", "(".repeat(9000), ")".repeat(9000)))]);
        let _ = super::read(&[Part::Text(&"SELECT * FROM (".repeat(6000))]);
        let _ = super::read(&[Part::Text(&"SELECT a FROM t UNION ALL ".repeat(4000))]);
        let _ = super::read(&[Part::Text(&"SELECT 1; ".repeat(9000))]);
    }

    #[test]
    fn limits_and_single_rows() {
        let rows = |text: &str| reading(text).rows;
        assert_eq!(rows("SELECT a FROM t LIMIT 5"), Rows::Limited);
        assert_eq!(rows("SELECT TOP 5 a FROM t"), Rows::Limited);
        assert_eq!(rows("SELECT COUNT(*) FROM t"), Rows::Limited);
        assert_eq!(rows("SELECT a, COUNT(*) FROM t GROUP BY a"), Rows::Grouped);
        assert_eq!(rows("SELECT DISTINCT a FROM t"), Rows::Grouped);
        assert_eq!(rows("SELECT a, b FROM (SELECT DISTINCT a, b FROM t) x"), Rows::All);
        assert_eq!(rows("SELECT status, COUNT(*) FROM t GROUP BY status"), Rows::Limited);
        assert_eq!(rows("SELECT DATE_TRUNC(created_at, MONTH) AS m, COUNT(*) FROM t GROUP BY m"), Rows::Grouped);
        assert_eq!(rows("SELECT DATE_TRUNC(created_at, MONTH) AS m, user_id, COUNT(*) FROM t GROUP BY 1, 2"), Rows::All);
        assert_eq!(
            rows("WITH a AS (SELECT COUNT(*) n FROM t), b AS (SELECT SUM(c) n FROM u) SELECT a.n, b.n FROM a CROSS JOIN b"),
            Rows::Limited
        );
        assert_eq!(rows("WITH a AS (SELECT COUNT(*) n FROM t) SELECT a.n, u.c FROM a CROSS JOIN u"), Rows::All);
        assert_eq!(rows("SELECT a FROM orders AS o WHERE o.order_id = ? AND b = 1"), Rows::LookedUp);
        assert_eq!(rows("SELECT a FROM orders WHERE id IN (1, 2)"), Rows::LookedUp);
        assert_eq!(rows("SELECT a FROM orders WHERE id = 1 OR b = 2"), Rows::All);
        assert_eq!(rows("SELECT a FROM orders WHERE user_id = ?"), Rows::All);
        assert_eq!(rows("SELECT a FROM orders {}"), Rows::Unseen);
    }
}
