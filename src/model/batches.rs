//! Batches: code that no service runs, but somebody, or a scheduler, from time to time.

use crate::model::apis::Placeholder;
use crate::model::program::{CallSite, ModuleId, Program};
use crate::model::project::Project;
use crate::model::shelter::guard;

/// Libraries of programs that are started with arguments, and of steps that a scheduler runs.
const LIBRARIES: [&str; 10] = ["argparse", "click", "typer", "fire", "absl", "airflow", "prefect", "luigi", "dagster", "apache_beam"];

/// How many modules that import one are looked at.
const MOST: usize = 60;

/// Whether a module is part of a batch and of no service: it, or what imports it, is run as a program or by a scheduler.
#[must_use]
pub fn is_of_batch(project: &Project, module: ModuleId) -> bool {
    if project.service_of(module).is_some() {
        return false;
    }
    let mut todo = vec![module];
    let mut at = 0;
    while let Some(id) = todo.get(at).copied() {
        // What an image starts is no script.
        let is_script = project.images.is_empty() && runs_queries(&project.program, id);
        if begins_batch(&project.program, id) || is_script {
            return true;
        }
        let importers = project.program.importers(id).iter().copied().filter(|importer| !todo.contains(importer));
        let new: Vec<ModuleId> = importers.take(MOST.saturating_sub(todo.len())).collect();
        todo.extend(new);
        at += 1;
    }
    false
}

fn begins_batch(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    let is_library = |name: &str| LIBRARIES.iter().any(|library| name.split('.').next() == Some(library));
    guard(module).is_some() || module.imports.iter().any(|import| is_library(&import.module))
}

/// Whether a module asks `BigQuery` where it is loaded, outside functions: a script.
fn runs_queries(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    let asks = |site: &CallSite| {
        let sql = site.callee.library().and_then(|name| program.apis.row(name)).and_then(|row| row.sql.as_ref());
        sql.is_some_and(|sql| sql.style == Placeholder::BigQuery) && module.function_of(site.expr).is_none()
    };
    program.calls[id.0 as usize].iter().any(asks)
}
