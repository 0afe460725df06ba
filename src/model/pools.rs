//! Pools of database connections: how many each instance of a service may hold. The libraries are data, in
//! `rules/pools.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::ir::program::Call;
use crate::model::apis::Positions;
use crate::model::calls::{Passed, passed};
use crate::model::options;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::services::Service;
use crate::model::values::{self, Value};
use crate::source::Place;

/// A pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pool {
    /// How many connections it holds at most.
    pub connections: u64,
    /// The call that creates it.
    pub place: Place,
}

/// A row of `rules/pools.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    names: Vec<String>,
    sizes: BTreeMap<String, u64>,
    #[serde(default)]
    options: Vec<usize>,
    #[serde(default)]
    unless: Vec<String>,
    /// Not read, but every row must say where its facts are from.
    #[cfg_attr(not(test), expect(dead_code, reason = "for people; a test reads it"))]
    docs: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pool: Vec<Row>,
}

// A test reads the table: it is part of the program, and an empty one would say so.
static ROWS: LazyLock<Vec<Row>> =
    LazyLock::new(|| toml::from_str::<File>(include_str!("../../rules/pools.toml")).map(|file| file.pool).unwrap_or_default());

/// The pools of some services whose size can be seen.
#[must_use]
pub fn of(project: &Project, services: &[&Service]) -> Vec<Pool> {
    let program = &project.program;
    let is_code = |id: &ModuleId| services.iter().any(|service| service.code.binary_search(id).is_ok());
    let mut found = Vec::new();
    for row in ROWS.iter() {
        for name in &row.names {
            for (id, call) in program.calls_to(name).filter(|(id, _)| is_code(id)) {
                if let Some(connections) = size(program, id, call, row) {
                    found.push(Pool { connections, place: program.span_place(id, program.module(id).expr(call.callee).span) });
                }
            }
        }
    }
    found.sort_by_key(|pool| pool.place);
    found
}

fn size(program: &Program, id: ModuleId, call: &Call, row: &Row) -> Option<u64> {
    let told = |key: &str| match row.options.as_slice() {
        [] => passed(program, id, call, None, key),
        positions => options::told(program, id, call, &Positions(positions.to_vec()), key),
    };
    // The size is seen where it is written; what a library takes by itself is not.
    if row.sizes.keys().all(|key| told(key) == Passed::No) {
        return None;
    }
    if row.unless.iter().any(|key| told(key) != Passed::No) {
        return None;
    }
    // A file is no server.
    let url = call.args.first().and_then(|url| values::text(program, id, url.value));
    if url.is_some_and(|url| url.starts_with("sqlite")) {
        return None;
    }
    let one = |(key, default): (&String, &u64)| match told(key) {
        Passed::No => Some(*default),
        Passed::Value(at, value) => match values::value(program, at, value) {
            // Sizes are small whole numbers.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be small and no less than 0")]
            Value::Number(size) if (0.0..1e6).contains(&size) => Some(size as u64),
            _ => None,
        },
        Passed::Unknown => None,
    };
    row.sizes.iter().map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_names_sizes_and_an_address() {
        let file: File = toml::from_str(include_str!("../../rules/pools.toml")).expect("the table is valid");
        assert!(!file.pool.is_empty());
        for row in &file.pool {
            assert!(!row.names.is_empty() && !row.sizes.is_empty() && row.docs.starts_with("https://"), "{row:?}");
        }
    }
}
