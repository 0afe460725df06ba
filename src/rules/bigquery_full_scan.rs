//! `bigquery-full-scan`: a query that reads a table of `BigQuery` from end to end.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::Fix;
use crate::model::batches::is_of_batch;
use crate::model::program::ModuleId;
use crate::model::query_jobs;
use crate::model::sql::bounds::{date_named, names_date};
use crate::model::sql::dateless;
use crate::model::sql::keys::tells_one;
use crate::model::sql::queries::Query;
use crate::model::sql::reading::{HOLE, Verb};
use crate::model::sql::small::{grows, is_of_tests, is_register, is_small};
use crate::source::Place;

pub const RULE: Rule = Rule {
    id: "bigquery-full-scan",
    severity: Severity::High,
    page: include_str!("../../rules/bigquery-full-scan.md"),
    checks: &[Check::Module(check)],
};

fn check(ctx: &mut Context<'_>, id: ModuleId) {
    let project = ctx.project;
    for query in project.queries(id).iter().filter(|query| query.is_big_query() || query.looks_like_big_query()) {
        let Some(scan) = &query.reading.scanned else { continue };
        if query.reading.verb == Verb::Define
            || is_part(query)
            || reads_nothing(query)
            || query_jobs::is_estimated(&project.program, id, query)
            || scan.compared.iter().any(|column| ctx.project.partitions_by(column))
        {
            continue;
        }
        let is_unknown = scan.table == HOLE || scan.table.chars().all(|c| c == '.');
        let is_sure = query.is_big_query() && !query.is_unresolved && query.reading.verb != Verb::Change && !scan.is_dated && !is_unknown;
        let is_copied = || {
            let picks = ["WHERE", "JOIN", "DISTINCT", "QUALIFY"].iter().any(|word| query.text.to_ascii_uppercase().contains(word));
            let reads_all = scan.compared.is_empty() && !query.reading.aggregates && !picks;
            reads_all && (query.reading.verb == Verb::Insert || query_jobs::is_kept(&project.program, id, query))
        };
        // A name without its dataset, in a text that is put together, may be that of a query before.
        let is_with = || query.text.trim_start().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("with"));
        let may_be_query = || !scan.table.contains('.') && query.text.contains("{}") && is_with();
        // `SELECT * FROM {table}`: of any table that somebody names, who knows which.
        let is_of_any = || scan.table.split('.').all(|part| part == HOLE) && !query.text.to_ascii_uppercase().contains("WHERE");
        // Rows that are asked for by their key may be of any day: what such a table lacks is a cluster, not a bound. Shards are
        // named by their day all the same.
        let is_looked_up =
            || !scan.table.trim_end_matches('`').ends_with('*') && scan.compared.iter().any(|column| tells_one(column, &scan.table));
        let is_named = || scan.table.split('.').any(|part| part != HOLE) || !dateless::called(&project.program, query).is_empty();
        // That there is a date to bound, and sense in it, shows in what the table is of, or in a query beside this one that bounds it.
        let has_dates = || {
            let is_same = |other: &&Query| other.reading.tables.contains(&scan.table) && scan.table.split('.').any(|part| part != HOLE);
            grows(&scan.table)
                || dateless::called(&project.program, query).iter().any(|name| grows(name))
                || project
                    .queries(id)
                    .iter()
                    .filter(is_same)
                    .any(|other| other.reading.scanned.is_none() && names_date(&other.text, &other.reading.tables))
        };
        let is_due = || {
            !scan.is_beside_bounded
                && has_dates()
                && is_named()
                && !is_looked_up()
                && !project.reads_without_partitions(query)
                && !may_be_query()
                && !is_of_any()
                && !is_register(&scan.table)
                && !is_of_batch(project, id)
                && !is_copied()
        };
        let is_few = || {
            let called = if scan.table.contains(HOLE) { dateless::called(&project.program, query) } else { Vec::new() };
            is_small(&scan.table) || (!called.is_empty() && called.iter().all(|name| is_small(name)))
        };
        let confidence = match () {
            () if project.is_beside_services(id) || is_few() || is_of_tests(&scan.table) => Confidence::Low,
            () if project.reads_without_dates(query) => Confidence::Low,
            () if is_sure && is_due() => Confidence::High,
            () => Confidence::Medium,
        };
        let table = if is_unknown { "its table".to_owned() } else { format!("`{}`", scan.table.replace(HOLE, "…")) };
        let limit = if query.text.to_ascii_uppercase().contains("LIMIT") { "; `LIMIT` does not reduce the bytes scanned" } else { "" };
        let message = if scan.is_dated {
            format!("the query compares a date of {table} in a way that leaves no partition out, and scans all of it{limit}")
        } else {
            format!("the query bounds no date or partition of {table} and scans all of it{limit}")
        };
        let again = repeated(ctx, id, query, &scan.table);
        let fix = fix(query, column_of(ctx, id, query, &scan.table).as_deref(), !again.is_empty());
        let finding = ctx.report(query.place, confidence, message, fix);
        finding.related.extend(again.into_iter().map(|place| Related::new(place, "aggregates the same table")));
    }
}

/// A query that asks whether a table is there, and reads no column: `SELECT 1 FROM t LIMIT 1`.
fn reads_nothing(query: &Query) -> bool {
    let words: Vec<String> = query.text.split_whitespace().map(str::to_ascii_uppercase).collect();
    let is_bare = words.iter().take(3).map(String::as_str).eq(["SELECT", "1", "FROM"]);
    is_bare && !words.iter().any(|word| matches!(word.as_str(), "WHERE" | "JOIN" | "ORDER" | "GROUP" | "QUALIFY" | "UNION"))
}

/// A part of a query that is put together elsewhere: `EXISTS (SELECT 1 FROM t …`.
fn is_part(query: &Query) -> bool {
    query.is_unresolved && query.text.split_whitespace().take(3).eq(["SELECT", "1", "FROM"])
}

/// Other places of the service that put aggregates of the same table together.
fn repeated(ctx: &Context<'_>, id: ModuleId, query: &Query, table: &str) -> Vec<Place> {
    let project = ctx.project;
    if !query.reading.aggregates || table.contains(HOLE) {
        return Vec::new();
    }
    let modules = project.service_of(id).map_or_else(|| vec![id], |service| service.code.clone());
    let all = modules.iter().flat_map(|module| project.queries(*module));
    let others =
        all.filter(|other| other.place != query.place && other.reading.aggregates && other.reading.tables.iter().any(|name| name == table));
    others.map(|other| other.place).take(5).collect()
}

/// A date of the table that its queries speak of: those of this text, else of others of the module.
fn column_of(ctx: &Context<'_>, id: ModuleId, query: &Query, table: &str) -> Option<String> {
    let of_same = |other: &&Query| table.split('.').any(|part| part != HOLE) && other.reading.tables.iter().any(|name| name == table);
    let others = ctx.project.queries(id).iter().filter(of_same).find_map(|other| date_named(&other.text, &other.reading.tables));
    date_named(&query.text, &query.reading.tables).or(others).map(str::to_owned)
}

fn fix(query: &Query, column: Option<&str>, is_repeated: bool) -> Fix {
    let text = query.text.trim();
    let upper = text.to_ascii_uppercase();
    // The outermost clause: windows and sub-selects have an order of their own.
    let outer = |word: &str| upper.match_indices(word).map(|(at, _)| at).find(|at| depth(&upper[..*at]) == 0);
    let at = ["GROUP BY", "ORDER BY", "LIMIT", "HAVING", "QUALIFY"].iter().filter_map(|word| outer(word)).min().unwrap_or(text.len());
    let (head, tail) = text.split_at(at);
    let condition = upper[..at].match_indices("WHERE").map(|(at, _)| at).filter(|at| depth(&upper[..*at]) == 0).last();
    let joined = if condition.is_some() { "AND" } else { "WHERE" };
    // Either of two is one condition.
    let head = match condition.map(|at| at + "WHERE".len()) {
        Some(at) if upper[at..head.len()].contains(" OR ") || upper[at..head.len()].contains("\nOR ") => {
            format!("{} ({})", &head[..at], head[at..].trim())
        }
        _ => head.trim_end().to_owned(),
    };
    let is_sharded = query.reading.tables.iter().any(|table| table.trim_end_matches('`').ends_with('*'));
    let column = if is_sharded { "_TABLE_SUFFIX" } else { column.unwrap_or("date_column") };
    let first = if is_sharded {
        "FORMAT_DATE('%Y%m%d', DATE_SUB(CURRENT_DATE(), INTERVAL 7 DAY))"
    } else if ["time", "_at", "_ts", "At"].iter().any(|part| column.ends_with(part)) || column.to_ascii_lowercase().contains("timestamp") {
        "TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 7 DAY)"
    } else {
        "DATE_SUB(CURRENT_DATE(), INTERVAL 7 DAY)"
    };
    let mut code = format!("{head}\n{joined} {column} >= {first}\n{tail}").trim_end().to_owned();
    code.push('\n');
    if is_repeated {
        code.push_str(
            "\n-- aggregated in several places: let BigQuery keep the result\nCREATE MATERIALIZED VIEW dataset.daily AS SELECT …\n",
        );
        return Fix::advice("Bound the partition column, or keep the aggregates in a materialised view", code);
    }
    Fix::advice("Bound the column that the table is partitioned by", code)
}

/// How many brackets are open at the end of a text.
fn depth(text: &str) -> usize {
    text.bytes().fold(0_usize, |depth, byte| match byte {
        b'(' => depth + 1,
        b')' => depth.saturating_sub(1),
        _ => depth,
    })
}
