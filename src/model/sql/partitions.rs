//! The columns by which a project partitions its tables.

use rustc_hash::FxHashSet;

use crate::ir::program::*;
use crate::model::calls::{Passed, passed};
use crate::model::program::ModuleId;
use crate::model::project::Project;
use crate::model::values;

/// What a table of Python is partitioned with.
const PARTITIONINGS: [&str; 2] = ["google.cloud.bigquery.TimePartitioning", "google.cloud.bigquery.RangePartitioning"];
/// What a table of JavaScript is partitioned with.
const KEYS: [&str; 2] = ["timePartitioning", "rangePartitioning"];

/// The columns that the tables of a project are partitioned by, in lower case.
#[must_use]
pub fn columns(project: &Project) -> FxHashSet<String> {
    let program = &project.program;
    let mut found = FxHashSet::default();
    for (module, call) in PARTITIONINGS.into_iter().flat_map(|name| program.calls_to(name)) {
        if let Passed::Value(at, field) = passed(program, module, call, None, "field") {
            found.extend(values::text(program, at, field));
        }
    }
    for module in program.module_ids() {
        KEYS.into_iter().for_each(|key| found.extend(fields(project, module, key)));
        found.extend(project.queries(module).iter().filter_map(|query| query.reading.creation.as_ref()?.partitioned_by.clone()).flatten());
    }
    found.into_iter().map(|name| name.to_ascii_lowercase()).collect()
}

/// `{ timePartitioning: { type: 'DAY', field: 'booked_on' } }`
fn fields(project: &Project, id: ModuleId, key: &str) -> Vec<String> {
    let program = &project.program;
    let module = program.module(id);
    if module.language != Language::TypeScript {
        return Vec::new();
    }
    let is_key = |expr: ExprId, key: &str| matches!(module.expr(expr).kind, ExprKind::String(text) if text == key);
    let objects = module.expr_ids().filter_map(|expr| match &module.expr(expr).kind {
        ExprKind::Object(entries) => Some(entries),
        _ => None,
    });
    let partitionings = objects.flatten().filter_map(|entry| match entry {
        Entry::Pair { key: k, value } if is_key(*k, key) => Some(*value),
        _ => None,
    });
    let field = |value: ExprId| {
        let (at, entries) = values::object_literal(program, id, value)?;
        entries.iter().find_map(|entry| match entry {
            Entry::Pair { key: k, value } if matches!(program.module(at).expr(*k).kind, ExprKind::String(text) if text == "field") => {
                values::text(program, at, *value)
            }
            _ => None,
        })
    };
    partitionings.filter_map(field).collect()
}
