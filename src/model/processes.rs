//! Processes: what a library is told once holds for all code that runs in the same one, and for no other.

use std::collections::{BTreeMap, BTreeSet};

use super::services::{self, Service};
use crate::model::program::{ModuleId, Program};

/// What runs in one process: a service, or a unit that is built by itself and is none.
#[derive(Clone, Debug)]
struct Process {
    /// The module of its app, if it is a service.
    app: Option<ModuleId>,
    /// All that it may load.
    modules: BTreeSet<ModuleId>,
    /// The modules that lie in it.
    own: BTreeSet<ModuleId>,
}

/// All of a project.
#[derive(Clone, Debug, Default)]
pub struct Processes(Vec<Process>);

impl Processes {
    /// Finds them.
    #[must_use]
    pub fn find(program: &Program, services: &[Service]) -> Self {
        let mut units: BTreeMap<&str, BTreeSet<ModuleId>> = BTreeMap::new();
        for id in program.code_ids() {
            let directory = program.sources.get(program.module(id).file).directory();
            units.entry(services::unit_of(program, directory).unwrap_or_default()).or_default().insert(id);
        }
        let mut found: Vec<Process> = Vec::new();
        for service in services {
            let own = units.remove(service.directory.as_str()).unwrap_or_default();
            found.push(Process { app: Some(service.module), modules: service.modules.iter().copied().collect(), own });
        }
        let others = units.into_values();
        found.extend(others.map(|own| Process { app: None, modules: services::closure(program, own.iter().copied()), own }));
        Self(found)
    }

    /// Whether one of these modules is part of every process that a module runs in.
    #[must_use]
    pub fn all_have(&self, program: &Program, module: ModuleId, wanted: &[ModuleId]) -> bool {
        let running: Vec<&Process> = self.0.iter().filter(|process| process.modules.contains(&module)).collect();
        // A unit that is no service, and whose code others load, is a library: it runs in theirs.
        let is_library = |process: &Process| process.app.is_none() && process.own.contains(&module) && running.len() > 1;
        // What imports a service's app from outside starts it.
        let starts = |from: ModuleId, app: ModuleId| services::closure(program, std::iter::once(from)).contains(&app);
        let has = |process: &&Process| {
            let is_part = |id: &ModuleId| process.modules.contains(id) || process.app.is_some_and(|app| starts(*id, app));
            wanted.iter().any(is_part)
        };
        running.iter().filter(|process| !is_library(process)).all(has)
    }
}
