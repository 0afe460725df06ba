//! `missing-partitioning`: a table of `BigQuery` that keeps all its rows in one piece.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::sql::creations::Dates;
use crate::model::sql::queries::Query;
use crate::model::sql::small::is_of_tests;
use crate::model::table_objects::{self, Kept, Table};

pub const RULE: Rule = Rule {
    id: "missing-partitioning",
    severity: Severity::Medium,
    page: include_str!("../../rules/missing-partitioning.md"),
    checks: &[Check::Module(check)],
};

/// Days that fixes keep partitions for.
const DAYS: u64 = 90;

fn check(ctx: &mut Context<'_>, id: ModuleId) {
    let program = &ctx.project.program;
    for site in &program.calls[id.0 as usize] {
        let tables = table_objects::created_by(program, id, site.expr);
        if !tables.is_empty() {
            report_object(ctx, id, site.expr, &tables);
        }
    }
    for query in ctx.project.queries(id) {
        report_statement(ctx, query);
    }
}

fn report_object(ctx: &mut Context<'_>, id: ModuleId, call: ExprId, tables: &[Table]) {
    let program = &ctx.project.program;
    // Of several that one call creates, the worst.
    let whole = tables.iter().filter(|table| table.kept == Kept::Whole && table.dates != Dates::None);
    let worst = whole.max_by_key(|table| matches!(table.dates, Dates::Column(_)));
    let place = program.place(id, call);
    if let Some(table) = worst.filter(|_| !table_objects::is_dropped(program, id, call)) {
        let (confidence, message) = match &table.dates {
            Dates::Column(column) => (
                Confidence::High,
                format!("the table is created without partitions, though `{column}` could part it: every query reads it whole"),
            ),
            Dates::Elsewhere => (Confidence::Low, "the table is created without partitions, whatever columns it is given".to_owned()),
            _ => (Confidence::Medium, "the table is created without partitions: every query reads it whole".to_owned()),
        };
        let fix = fix(program, id, call, table);
        let called = table.made.and_then(|(at, made)| Some(program.text(at, program.module(at).call(made)?.args.first()?.value)));
        let is_of_passage = table.name.as_deref().into_iter().chain(called).any(is_of_passage);
        let is_apart = is_of_passage || table.name.as_deref().is_some_and(is_of_tests) || ctx.project.is_beside_services(id);
        let confidence = if is_apart { Confidence::Low } else { confidence };
        ctx.report(place, confidence, message, fix);
    } else if tables.iter().any(|table| table.kept == Kept::ForEver) && !datasets_expire(ctx.project, id) {
        let message = "the partitions of the table never expire: what nobody asks for any more is billed for ever";
        let fix = Fix::advice("Give the partitions a lifetime", lifetime(program.module(id).language));
        ctx.report(place, Confidence::Low, message, fix);
    }
}

fn report_statement(ctx: &mut Context<'_>, query: &Query) {
    let Some(creation) = &query.reading.creation else { return };
    let is_big_query = query.is_big_query();
    let is_like_it =
        || query.names_like_big_query() && (query.is_unresolved || query.api.is_some_and(|api| api.starts_with("sqlalchemy.")));
    if !is_big_query && !is_like_it() {
        return;
    }
    let what = if creation.is_view { "materialised view" } else { "table" };
    if creation.partitioned_by.is_none() {
        let (column, is_seen) = match &creation.dates {
            Dates::Column(column) => (column, true),
            Dates::Named(column) => (column, false),
            Dates::None | Dates::Unknown | Dates::Elsewhere => return,
        };
        let confidence = match () {
            () if is_of_passage(&creation.table)
                || is_of_tests(&creation.table)
                || ctx.project.is_beside_services(module_of(ctx, query)) =>
            {
                Confidence::Low
            }
            () if is_seen && is_big_query && !query.is_unresolved => Confidence::High,
            () => Confidence::Medium,
        };
        let message = format!("the {what} is created without `PARTITION BY`, though `{column}` could part it: every query reads it whole");
        let expiry = if creation.is_view { String::new() } else { format!("\nOPTIONS (partition_expiration_days = {DAYS})") };
        let advice = format!("-- DATE(…) where it is a TIMESTAMP or DATETIME\nPARTITION BY DATE({column}){expiry}\n");
        ctx.report(query.place, confidence, message, Fix::advice(format!("Partition the {what} by `{column}`"), advice));
    } else if !creation.expires && is_big_query && !datasets_expire(ctx.project, module_of(ctx, query)) {
        let message = format!("the partitions of the {what} never expire: what nobody asks for any more is billed for ever");
        let advice = format!("OPTIONS (partition_expiration_days = {DAYS})\n");
        ctx.report(query.place, Confidence::Low, message, Fix::advice("Give the partitions a lifetime", advice));
    }
}

/// Whether a table, by its name or that of its dataset, is there for a while only, or for what comes next.
fn is_of_passage(table: &str) -> bool {
    const WORDS: [&str; 8] = ["tmp", "temp", "temporary", "scratch", "sandbox", "staging", "intermediate", "backup"];
    table.to_ascii_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}

fn module_of(ctx: &Context<'_>, query: &Query) -> ModuleId {
    ctx.project.program.module_of(query.place.file).unwrap_or(ModuleId(0))
}

/// Whether a dataset of the project says how long partitions are kept.
fn datasets_expire(project: &Project, id: ModuleId) -> bool {
    let program = &project.program;
    let word = match program.module(id).language {
        Language::Python => "default_partition_expiration_ms",
        Language::TypeScript => "defaultPartitionExpirationMs",
    };
    program.code_ids().any(|module| program.sources.get(program.module(module).file).text.contains(word))
}

fn lifetime(language: Language) -> String {
    match language {
        Language::Python => format!("table.time_partitioning.expiration_ms = {DAYS} * 24 * 60 * 60 * 1000\n"),
        Language::TypeScript => format!("timePartitioning: {{ type: 'DAY', expirationMs: String({DAYS} * 24 * 60 * 60 * 1000) }}\n"),
    }
}

fn fix(program: &Program, id: ModuleId, call: ExprId, table: &Table) -> Fix {
    let module = program.module(id);
    let Dates::Column(column) = &table.dates else {
        return Fix::advice(
            "Partition the table by the date that queries ask for",
            partitioning(program, id, "bigquery.", "created_at", "table"),
        );
    };
    let title = format!("Partition the table by `{column}`, and keep {DAYS} days");
    match (module.language, table.made) {
        (Language::TypeScript, Some((at, options))) if at == id => {
            let value = format!("{{ type: 'DAY', field: '{column}', expirationMs: String({DAYS} * 24 * 60 * 60 * 1000) }}");
            let set = Intent::SetKey { object: program.place(at, options), key: "timePartitioning".to_owned(), value };
            Fix::unsafe_edit(title, vec![set])
        }
        (Language::Python, Some((at, made))) if at == id => {
            let named = table_name(program, id, made);
            let prefix = module.call(made).map(|call| program.text(id, call.callee)).and_then(|callee| callee.strip_suffix("Table"));
            let stmt = statement_of(module, call);
            match (named, prefix, stmt) {
                (Some(name), Some(prefix), Some(stmt)) if prefix.is_empty() || prefix.ends_with('.') => {
                    let text = partitioning(program, id, prefix, column, name).trim_end().to_owned();
                    let insert = Intent::InsertBefore { before: program.span_place(id, module.stmt(stmt).span), text };
                    let import = prefix.is_empty().then(|| Intent::AddImport {
                        file: module.file,
                        module: "google.cloud.bigquery".to_owned(),
                        name: Some("TimePartitioning".to_owned()),
                    });
                    Fix::unsafe_edit(title, [insert].into_iter().chain(import).collect())
                }
                _ => Fix::advice(title, partitioning(program, id, "bigquery.", column, "table")),
            }
        }
        _ => Fix::advice(title, partitioning(program, id, "bigquery.", column, "table")),
    }
}

/// The local name that a table object is bound to.
fn table_name(program: &Program, id: ModuleId, made: ExprId) -> Option<&str> {
    let module = program.module(id);
    let Parent::Stmt(stmt) = module.expr_parents[made.index()] else { return None };
    let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind else { return None };
    let [target] = targets[..] else { return None };
    matches!(module.expr(target).kind, ExprKind::Name(_) | ExprKind::Attribute { .. }).then(|| program.text(id, target))
}

/// The statement that an expression is part of.
fn statement_of(module: &Module, mut expr: ExprId) -> Option<StmtId> {
    loop {
        match module.expr_parents[expr.index()] {
            Parent::Expr(parent) => expr = parent,
            Parent::Stmt(stmt) => return Some(stmt),
            _ => return None,
        }
    }
}

fn partitioning(program: &Program, id: ModuleId, prefix: &str, column: &str, name: &str) -> String {
    match program.module(id).language {
        Language::Python => {
            format!("{name}.time_partitioning = {prefix}TimePartitioning(field=\"{column}\", expiration_ms={DAYS} * 24 * 60 * 60 * 1000)\n")
        }
        Language::TypeScript => {
            format!("timePartitioning: {{ type: 'DAY', field: '{column}', expirationMs: String({DAYS} * 24 * 60 * 60 * 1000) }},\n")
        }
    }
}
