//! The whole project: what every rule may ask.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use crate::config::{Config, Settings};
use crate::ir::deploy::Deployment;
use crate::ir::image::Image;
use crate::ir::program::{ClassId, ExprId, FunctionId};
use crate::ir::walk::Around;
use crate::model::bodies;
use crate::model::by_hand;
use crate::model::flow::{self, Arrival, Facts, Flows, Way};
use crate::model::processes::Processes;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::result_sets::Uniques;
use crate::model::routes::Routes;
use crate::model::runtimes::Runtimes;
use crate::model::services::{self, Service};
use crate::model::sql::dateless::Dateless;
use crate::model::sql::partitions;
use crate::model::sql::queries::{Queries, Query};
use crate::model::sql::written::Written;
use crate::model::taken::Taken;
use crate::source::FileId;

/// Everything that was read, linked and immutable.
#[derive(Debug)]
pub struct Project {
    /// The linked program, with the files.
    pub program: Program,
    /// The handlers, and what they reach.
    pub routes: Routes,
    /// Where each module runs.
    pub runtimes: Runtimes,
    /// The Dockerfiles, by path.
    pub images: Vec<Image>,
    /// The deployments, by path and place.
    pub deployments: Vec<Deployment>,
    /// The services, by path of their app.
    pub services: Vec<Service>,
    /// The configuration.
    pub config: Config,
    /// What interpreting functions has shown, as far as somebody has asked.
    pub flows: Flows,
    /// The SQL texts of modules, as far as somebody has asked.
    pub queries: Queries,
    /// What is found of the whole project once somebody asks.
    pub asked: Asked,
}

/// What is found of a whole project, once and for all who ask.
#[derive(Debug, Default)]
pub struct Asked {
    /// What runs in one process.
    processes: OnceLock<Processes>,
    /// The columns that its tables are partitioned by.
    partitions: OnceLock<FxHashSet<String>>,
    /// The tables that it makes without a date.
    dateless: OnceLock<Dateless>,
    /// The tables that its statements write to.
    written: OnceLock<Written>,
    /// The columns that its models declare to be unique.
    uniques: OnceLock<Uniques>,
    /// What frameworks of Python fill from requests.
    taken: OnceLock<Taken>,
    /// The models that handlers take as a body.
    body_models: OnceLock<FxHashSet<(ModuleId, ClassId)>>,
}

impl Project {
    /// The thresholds that hold for a file.
    #[must_use]
    pub fn settings(&self, file: FileId) -> Settings {
        self.config.settings_for(&self.program.sources.get(file).path)
    }

    /// The SQL texts that a module makes or runs.
    #[must_use]
    pub fn queries(&self, module: ModuleId) -> &[Query] {
        self.queries.of(&self.program, &self.routes, &self.flows, module)
    }

    /// What interpreting a function with those in it shows, or the statements of a module (`None`).
    #[must_use]
    pub fn facts(&self, module: ModuleId, function: Option<FunctionId>) -> Arc<Facts> {
        self.flows.of(&self.program, &self.routes, module, function)
    }

    /// What comes to be in a hole that is filled with what a function is passed, or with a member of that, by its callers.
    #[must_use]
    pub fn arrival(&self, way: &Way) -> Arrival {
        flow::arrival(&self.program, &self.routes, &self.flows, way)
    }

    /// Whether a request may run an expression: a function around it is a handler, or handlers reach it.
    #[must_use]
    pub fn is_reached(&self, module: ModuleId, expr: ExprId) -> bool {
        self.program.module(module).around(expr).any(|around| match around {
            Around::Function(function) => self.routes.reached_by(FunctionRef { module, function }).is_some(),
            _ => false,
        })
    }

    /// Whether a table of the project is partitioned by a column of this name.
    #[must_use]
    pub fn partitions_by(&self, column: &str) -> bool {
        self.asked.partitions.get_or_init(|| partitions::columns(self)).contains(&column.to_ascii_lowercase())
    }

    /// Whether all tables that a query reads are made by the project, without a date.
    #[must_use]
    pub fn reads_without_dates(&self, query: &Query) -> bool {
        self.asked.dateless.get_or_init(|| Dateless::find(self)).has_all_of(&self.program, query)
    }

    /// Whether the project makes all tables that a query reads without partitions: a bound would save nothing.
    #[must_use]
    pub fn reads_without_partitions(&self, query: &Query) -> bool {
        self.asked.dateless.get_or_init(|| Dateless::find(self)).are_unpartitioned(&self.program, query)
    }

    /// Which tables the statements of the project write to.
    #[must_use]
    pub fn written(&self) -> &Written {
        self.asked.written.get_or_init(|| Written::find(self))
    }

    /// What models and tables of the project declare to be unique.
    #[must_use]
    pub fn uniques(&self) -> &Uniques {
        self.asked.uniques.get_or_init(|| Uniques::find(self))
    }

    /// What frameworks of Python fill from requests.
    #[must_use]
    pub fn taken(&self) -> &Taken {
        self.asked.taken.get_or_init(|| Taken::find(self))
    }

    /// The models of pydantic that handlers take as a body.
    #[must_use]
    pub fn body_models(&self) -> &FxHashSet<(ModuleId, ClassId)> {
        self.asked.body_models.get_or_init(|| bodies::body_models(self))
    }

    /// The service that a module is code of, the first by path where several share it.
    #[must_use]
    pub fn service_of(&self, module: ModuleId) -> Option<&Service> {
        self.services.iter().find(|s| s.code.contains(&module))
    }

    /// Whether what these modules tell a library, once and for all calls, holds wherever a module runs.
    #[must_use]
    pub fn is_told_for(&self, module: ModuleId, telling: &[ModuleId]) -> bool {
        let processes = || self.asked.processes.get_or_init(|| Processes::find(&self.program, &self.services));
        !telling.is_empty() && (telling.contains(&module) || processes().all_have(&self.program, module, telling))
    }

    /// Whether a module is a tool for people, who see what it does: it lies among tools or examples, or is run by hand, and no
    /// service that is deployed uses it.
    #[must_use]
    pub fn is_tool(&self, module: ModuleId) -> bool {
        let is_command = self.runtimes.is_command(module);
        let is_of_tool = |service: &Service| {
            self.runtimes.is_command(service.module)
                || self.is_apart(service)
                || (is_command && services::is_beside(&self.program, service.module, module))
        };
        (is_command || services::is_aside(&self.program, module)) && self.service_of(module).is_none_or(is_of_tool)
    }

    /// Whether tools alone use what a module exports, though something else may load its package.
    #[must_use]
    pub fn is_of_tools(&self, module: ModuleId) -> bool {
        by_hand::is_of_tools(&self.program, module, |user| self.is_tool(user))
    }

    /// Whether a module is there to be read, or serves those who work on the code: all that uses it lies apart from that.
    #[must_use]
    pub fn is_sample(&self, module: ModuleId) -> bool {
        services::is_apart(&self.program, module) && self.service_of(module).is_none_or(|service| self.is_apart(service))
    }

    /// Whether what a module costs or risks is only that of those who run it: it is a tool or a
    /// sample, tools alone use it, it is somebody else's, or it lies beside the services.
    #[must_use]
    pub fn is_beside_services(&self, module: ModuleId) -> bool {
        let is_left_out = !self.services.is_empty() && self.service_of(module).is_none();
        is_left_out || self.is_auxiliary(module)
    }

    /// Whether a module is a tool or a sample, tools alone use it, it is somebody else's, or it helps those who test.
    #[must_use]
    pub fn is_auxiliary(&self, module: ModuleId) -> bool {
        let is_of_tests = || self.program.module(module).imports.iter().any(|import| import.module == "pytest");
        is_of_tests()
            || services::is_of_others(&self.program, module)
            || self.is_tool(module)
            || self.is_sample(module)
            || self.is_of_tools(module)
    }

    fn is_apart(&self, service: &Service) -> bool {
        service.deployments.is_empty() && services::is_apart(&self.program, service.module)
    }
}
