//! `query-without-cost-cap`: a query of `BigQuery` that may read any number of bytes.

use std::collections::BTreeMap;

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Related, Severity};
use crate::fix::{Fix, Intent};
use crate::ir::program::*;
use crate::model::apis::{JAVASCRIPT, Positions};
use crate::model::calls::{Passed, spelled};
use crate::model::options::{self, Slot};
use crate::model::program::{ModuleId, Program};
use crate::model::query_jobs::{self, DRY_RUN, Job, MOST_BYTES};
use crate::model::sql::is_about_tables;
use crate::model::sql::reading::{Reading, Verb};

pub const RULE: Rule = Rule {
    id: "query-without-cost-cap",
    severity: Severity::Medium,
    page: include_str!("../../rules/query-without-cost-cap.md"),
    checks: &[Check::Module(check)],
};

fn check(ctx: &mut Context<'_>, id: ModuleId) {
    let program = &ctx.project.program;
    let mut found: BTreeMap<Option<FunctionId>, Vec<(ExprId, Job)>> = BTreeMap::new();
    for site in &program.calls[id.0 as usize] {
        if let Some(job) = query_jobs::made_by(program, id, site.expr).filter(|job| is_uncapped(ctx, id, site.expr, job)) {
            let function = program.module(id).function_of(site.expr);
            found.entry(function).or_default().push((site.expr, job));
        }
    }
    for queries in found.into_values() {
        let Some(((expr, job), others)) = queries.split_first() else { continue };
        let is_sure = job.is_resolved && !query_jobs::is_of_callers(program, id, job);
        let is_sure = is_sure && !std::iter::once(expr).chain(others.iter().map(|(expr, _)| expr)).all(|expr| only_counts(ctx, id, *expr));
        let confidence = if is_sure { Confidence::High } else { Confidence::Medium };
        let api = spelled(program, id, &job.call, job.api);
        let cap = name_of_cap(job);
        let message = format!("`{api}` runs a query without `{cap}`: whatever it reads is billed");
        let fix = fix(ctx, id, *expr, job);
        let related: Vec<Related> = others.iter().map(|(expr, _)| Related::new(program.place(id, *expr), "so does this one")).collect();
        let finding = ctx.report(program.place(id, *expr), confidence, message, fix);
        finding.related = related;
    }
}

fn name_of_cap(job: &Job) -> &'static str {
    if job.api.starts_with(JAVASCRIPT) { MOST_BYTES.javascript } else { MOST_BYTES.python }
}

fn is_uncapped(ctx: &Context<'_>, id: ModuleId, expr: ExprId, job: &Job) -> bool {
    let program = &ctx.project.program;
    let is_no_cap = |given| match given {
        Passed::No => true,
        Passed::Value(module, value) => is_nothing(program, module, value),
        Passed::Unknown => false,
    };
    is_no_cap(query_jobs::told(program, id, job, MOST_BYTES))
        && !matches!(query_jobs::told(program, id, job, DRY_RUN), given if given == Passed::Unknown || given.is_true(program))
        && !is_free(ctx, id, expr)
}

fn is_nothing(program: &Program, id: ModuleId, value: ExprId) -> bool {
    use crate::model::values::{Value, value as of};
    matches!(of(program, id, value), Value::Null)
}

/// Whether all that a call may run reads no table.
fn is_free(ctx: &Context<'_>, id: ModuleId, expr: ExprId) -> bool {
    let mut texts = ctx.project.queries(id).iter().filter(|query| query.call == Some(expr)).peekable();
    // Tables about tables are small.
    let is_free = |reading: &Reading| {
        reading.tables.iter().all(|table| is_about_tables(table)) && matches!(reading.verb, Verb::Select | Verb::Insert | Verb::Define)
    };
    texts.peek().is_some() && texts.all(|query| is_free(&query.reading))
}

/// Whether all that a call may run asks how many rows a table has: that is not billed, for now.
fn only_counts(ctx: &Context<'_>, id: ModuleId, expr: ExprId) -> bool {
    let mut texts = ctx.project.queries(id).iter().filter(|query| query.call == Some(expr)).peekable();
    texts.peek().is_some() && texts.all(|query| query.reading.counts_only)
}

fn fix(ctx: &Context<'_>, id: ModuleId, expr: ExprId, job: &Job) -> Fix {
    let program = &ctx.project.program;
    let bytes = ctx.project.settings(program.module(id).file).maximum_bytes_billed;
    let title = format!("Set `{}` to {}", name_of_cap(job), amount(bytes));
    let edit = if job.api.starts_with(JAVASCRIPT) { in_options(program, id, job, bytes) } else { in_config(program, id, expr, job, bytes) };
    match edit {
        Some(intents) => Fix::unsafe_edit(title, intents),
        None if job.api.starts_with(JAVASCRIPT) => Fix::advice(
            title,
            format!("const CAPPED = {{ maximumBytesBilled: '{bytes}' }};\n// … and into each query: {{ query, ...CAPPED }}\n"),
        ),
        None => Fix::advice(
            title,
            format!(
                "config = bigquery.QueryJobConfig(maximum_bytes_billed={})\nclient = bigquery.Client(default_query_job_config=config)\n",
                figure(bytes)
            ),
        ),
    }
}

/// The keyword of the configuration that is passed, or a configuration.
fn in_config(program: &Program, id: ModuleId, expr: ExprId, job: &Job, bytes: u64) -> Option<Vec<Intent>> {
    let value = figure(bytes);
    if let Some((module, made)) = query_jobs::configuration(program, id, &job.call) {
        let name = MOST_BYTES.python.to_owned();
        return Some(vec![Intent::SetArgument { call: program.place(module, made), name, value }]);
    }
    let is_made_here = program.callee(id, expr).library() == Some(job.api);
    if query_jobs::has_configuration(program, id, &job.call) || !is_made_here {
        return None;
    }
    let call = program.place(id, expr);
    let value = format!("QueryJobConfig(maximum_bytes_billed={value})");
    let import = Intent::AddImport { file: call.file, module: "google.cloud.bigquery".to_owned(), name: Some("QueryJobConfig".to_owned()) };
    Some(vec![Intent::SetArgument { call, name: "job_config".to_owned(), value }, import])
}

/// The key of the options that are passed, or options in the place of the text.
fn in_options(program: &Program, id: ModuleId, job: &Job, bytes: u64) -> Option<Vec<Intent>> {
    let (key, value) = (MOST_BYTES.javascript.to_owned(), format!("'{bytes}'"));
    let text = job.call.args.first().filter(|arg| arg.kind == ArgKind::Positional)?.value;
    match options::slot(program, id, &job.call, &Positions(vec![0])) {
        Some(Slot::Literal(object)) if !job.api.ends_with("createJob") => {
            Some(vec![Intent::SetKey { object: program.place(id, object), key, value }])
        }
        Some(_) => None,
        None => {
            let is_text = matches!(program.module(id).expr(text).kind, ExprKind::String(_) | ExprKind::Template { .. });
            let place = program.place(id, text);
            let text = format!("{{ query: {}, {key}: {value} }}", program.text(id, text));
            is_text.then(|| vec![Intent::Replace { place, text }])
        }
    }
}

/// `10 * 1024**3`
fn figure(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 30) { format!("{} * 1024**3", bytes >> 30) } else { bytes.to_string() }
}

fn amount(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 30) { format!("{} GiB", bytes >> 30) } else { format!("{bytes} bytes") }
}
