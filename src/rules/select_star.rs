//! `select-star`: a query that asks for all columns of a table.

use ustr::Ustr;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::Fix;
use crate::ir::program::ExprKind;
use crate::model::batches::is_of_batch;
use crate::model::program::ModuleId;
use crate::model::project::Project;
use crate::model::query_jobs;
use crate::model::sql::queries::Query;
use crate::model::sql::reading::Verb;

pub const RULE: Rule = Rule {
    id: "select-star",
    severity: Severity::Medium,
    page: include_str!("../../rules/select-star.md"),
    checks: &[Check::Module(check)],
};

fn check(ctx: &mut Context<'_>, id: ModuleId) {
    let project = ctx.project;
    for query in project.queries(id).iter().filter(|query| query.reading.has_star) {
        if query_jobs::is_estimated(&project.program, id, query) {
            continue;
        }
        let is_big_query = query.is_big_query() || query.looks_like_big_query();
        let confidence = match () {
            () if project.is_beside_services(id) || is_kept_whole(project, id, query) => Confidence::Low,
            // Copies have all columns, and scripts may want them.
            () if query.is_big_query() && query.reading.verb == Verb::Select && !is_of_batch(project, id) => Confidence::High,
            () if is_big_query => Confidence::Medium,
            () => Confidence::Low,
        };
        let table = query.reading.tables.first().map(|table| shown(table)).unwrap_or_default();
        let cost = if is_big_query {
            ", and BigQuery bills each of them"
        } else {
            ": what is added to it comes along, and what is renamed breaks the code"
        };
        let message = format!("`SELECT *` reads every column of {table}{cost}");
        ctx.report(query.place, confidence, message, fix(query));
    }
}

/// Whether what is read is written somewhere else as it is: as a file, as another table.
fn is_kept_whole(project: &Project, id: ModuleId, query: &Query) -> bool {
    let module = project.program.module(id);
    let Some(call) = query.call else { return false };
    let writes = |name: Ustr| {
        let name = name.as_str();
        ["to_csv", "to_parquet", "to_gbq", "to_excel", "to_feather", "to_pickle", "to_sql", "write_csv", "write_parquet"].contains(&name)
            || name.starts_with("load_table_from_")
    };
    let within = module.function_of(call);
    project.program.calls[id.0 as usize].iter().any(|site| {
        module.function_of(site.expr) == within
            && module.call(site.expr).is_some_and(
                |call| matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } | ExprKind::Name(name) if writes(name)),
            )
    })
}

fn shown(table: &str) -> String {
    if table.contains("roadworthy_hole") { "the table".to_owned() } else { format!("`{table}`") }
}

fn fix(query: &Query) -> Fix {
    let text = query.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = text.replacen('*', "id, …", 1);
    let named = if named.chars().count() > 160 { "SELECT id, … FROM …".to_owned() } else { named };
    Fix::advice("Name the columns that are used", format!("{named}\n"))
}
