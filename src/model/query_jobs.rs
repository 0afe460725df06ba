//! Jobs of `BigQuery`: which calls make one, and what it is told by its configuration or by its client's.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::{JAVASCRIPT, Placeholder, Positions};
use crate::model::calls::{Passed, argument, passed, passed_on, passed_on_or_prepared};
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::sql::queries::Query;
use crate::model::{callers, dictionaries, given_later, options, sessions, values};

/// A setting of a job, by the names that the libraries have for it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The keyword of a configuration in Python.
    pub python: &'static str,
    /// The key of the options in JavaScript.
    pub javascript: &'static str,
}

/// The most bytes that a query may be billed for.
pub const MOST_BYTES: Setting = Setting { python: "maximum_bytes_billed", javascript: "maximumBytesBilled" };
/// Nothing is run, only estimated.
pub const DRY_RUN: Setting = Setting { python: "dry_run", javascript: "dryRun" };
/// The table that the rows go to.
const DESTINATION: Setting = Setting { python: "destination", javascript: "destination" };

/// What a Python client is given its configuration as.
const CONFIG: (usize, &str) = (1, "job_config");
/// What a client gives all its jobs that say nothing else.
const DEFAULT: (usize, &str) = (4, "default_query_job_config");
/// The constructor of a client.
const CLIENT: &str = "google.cloud.bigquery.Client";
/// The constructor of a configuration.
const CONFIGURATION: &str = "google.cloud.bigquery.QueryJobConfig";

/// How deep configurations are followed through functions.
const DEPTH: u32 = 6;

/// A query that `BigQuery` is asked to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// The call, as it is made in the end.
    pub call: Call,
    /// What is called.
    pub api: Ustr,
    /// Whether what is called is seen; else only its configuration says so.
    pub is_resolved: bool,
}

/// The query that an expression has `BigQuery` run, by itself or by handing the method to something that calls it.
#[must_use]
pub fn made_by(program: &Program, id: ModuleId, expr: ExprId) -> Option<Job> {
    let is_query = |api: &Ustr| {
        let sql = program.apis.row(*api).and_then(|row| row.sql.as_ref());
        is_create_job(*api) || sql.is_some_and(|sql| sql.style == Placeholder::BigQuery)
    };
    let call = program.module(id).call(expr)?;
    let callee = program.callee(id, expr);
    if let Some(api) = callee.library().filter(is_query) {
        return (!is_prepared(program, id, call.callee)).then(|| Job { call: call.clone(), api, is_resolved: true });
    }
    if let Some(inner) = passed_on_or_prepared(program, id, expr) {
        let api = Resolver::new(program).entity(id, inner.callee).library().filter(is_query)?;
        // What is prepared without a text is judged where it is called.
        if is_prepared(program, id, inner.callee) {
            return None;
        }
        let is_whole = passed_on(program, id, expr).is_some() || argument(&inner, Some(0), &["query"]).is_some();
        return is_whole.then_some(Job { call: inner, api, is_resolved: true });
    }
    let ExprKind::Attribute { name, .. } = program.module(id).expr(call.callee).kind else { return None };
    let is_known = match callee {
        Entity::Unknown => false,
        Entity::Library(name) => program.apis.row(name).is_some(),
        _ => true,
    };
    let is_unseen = !is_known && matches!(name.as_str(), "query" | "query_and_wait");
    let is_told = name == "query_and_wait" || configuration(program, id, call).is_some();
    (is_unseen && is_told).then(|| Job { call: call.clone(), api: Ustr::from("google.cloud.bigquery.Client.query"), is_resolved: false })
}

/// Whether what is called was prepared with its text: `run = partial(client.query, sql)`.
fn is_prepared(program: &Program, id: ModuleId, callee: ExprId) -> bool {
    let (at, origin) = values::origin(program, id, callee);
    origin != callee
        && passed_on(program, at, origin).is_none()
        && passed_on_or_prepared(program, at, origin).is_some_and(|prepared| argument(&prepared, Some(0), &["query"]).is_some())
}

fn is_create_job(api: Ustr) -> bool {
    api == "js:@google-cloud/bigquery.BigQuery.createJob"
}

/// Whether a query is only estimated.
#[must_use]
pub fn is_estimated(program: &Program, id: ModuleId, query: &Query) -> bool {
    let job = query.call.and_then(|call| made_by(program, id, call));
    job.is_some_and(|job| told(program, id, &job, DRY_RUN).is_true(program))
}

/// Whether the rows of a query go to a table.
#[must_use]
pub fn is_kept(program: &Program, id: ModuleId, query: &Query) -> bool {
    let job = query.call.and_then(|call| made_by(program, id, call));
    let is_table = |passed: Passed| match passed {
        Passed::Value(at, value) => !matches!(program.module(at).expr(value).kind, ExprKind::Null),
        _ => false,
    };
    job.is_some_and(|job| is_table(told(program, id, &job, DESTINATION)))
}

/// What a job is told.
#[must_use]
pub fn told(program: &Program, id: ModuleId, Job { call, api, .. }: &Job, setting: Setting) -> Passed {
    if api.starts_with(JAVASCRIPT) {
        let path = match (is_create_job(*api), setting.javascript) {
            (true, "dryRun") => "configuration.dryRun".to_owned(),
            (true, key) => format!("configuration.query.{key}"),
            (false, key) => key.to_owned(),
        };
        return options::told(program, id, call, &Positions(vec![0]), &path);
    }
    // The whole job is one mapping.
    if api.starts_with("gcloud.aio.bigquery.") {
        return match passed(program, id, call, Some(0), "query_request") {
            Passed::Value(at, request) => dictionaries::entry(program, at, request, setting.javascript),
            other => other,
        };
    }
    let search = Search { program, setting };
    let own = match passed(program, id, call, Some(CONFIG.0), CONFIG.1) {
        Passed::Value(module, config) => search.configuration(module, config, DEPTH),
        other => other,
    };
    match own {
        Passed::No => search.of_client(id, call),
        own => own,
    }
}

/// The configuration that a Python call is given, where it is written in its own module: what a setting may be added to.
#[must_use]
pub fn configuration(program: &Program, id: ModuleId, call: &Call) -> Option<(ModuleId, ExprId)> {
    let Passed::Value(module, config) = passed(program, id, call, Some(CONFIG.0), CONFIG.1) else { return None };
    let (module, made) = values::origin(program, module, config);
    program.module(module).call(made)?;
    (program.callee(module, made).library()? == CONFIGURATION).then_some((module, made))
}

/// Whether what a job is told depends on who calls the function that it is in.
#[must_use]
pub fn is_of_callers(program: &Program, id: ModuleId, job: &Job) -> bool {
    if job.api.starts_with(JAVASCRIPT) {
        return options::are_of_callers(program, id, &job.call, &Positions(vec![0]));
    }
    match passed(program, id, &job.call, Some(CONFIG.0), CONFIG.1) {
        Passed::Value(module, config) => {
            let (module, origin) = values::origin(program, module, config);
            callers::given(program, module, origin).is_some()
        }
        Passed::No | Passed::Unknown => false,
    }
}

/// Whether a Python call is given a configuration at all; nothing counts as none.
#[must_use]
pub fn has_configuration(program: &Program, id: ModuleId, call: &Call) -> bool {
    match passed(program, id, call, Some(CONFIG.0), CONFIG.1) {
        Passed::Value(module, config) => values::value(program, module, config) != values::Value::Null,
        Passed::No => false,
        Passed::Unknown => true,
    }
}

/// A look for a setting in configurations of Python.
struct Search<'p> {
    program: &'p Program,
    setting: Setting,
}

impl Search<'_> {
    fn configuration(&self, id: ModuleId, config: ExprId, depth: u32) -> Passed {
        let Some(depth) = depth.checked_sub(1) else { return Passed::Unknown };
        let program = self.program;
        let (id, at) = values::origin(program, id, config);
        let module = program.module(id);
        match &module.expr(at).kind {
            ExprKind::Null => Passed::No,
            ExprKind::Call(call) => match program.callee(id, at) {
                Entity::Library(name) if name == CONFIGURATION => match passed(program, id, call, None, self.setting.python) {
                    Passed::No => self.set_later(id, at),
                    found => found,
                },
                Entity::Library(name) if name.strip_prefix(CONFIGURATION) == Some(".from_api_repr") => {
                    call.args.first().map_or(Passed::Unknown, |resource| self.in_resource(id, resource.value))
                }
                Entity::Function(function) => {
                    let results = Resolver::new(program).results(function).into_iter().map(|result| (function.module, result));
                    self.all(results.collect(), depth)
                }
                _ => Passed::Unknown,
            },
            ExprKind::Conditional { then, otherwise, .. } => self.all(vec![(id, *then), (id, *otherwise)], depth),
            ExprKind::Logical { operands, .. } => {
                // What is none gives way to what comes next.
                self.all(operands.iter().map(|operand| (id, *operand)).collect(), depth)
            }
            ExprKind::Name(_) => match callers::given(program, id, at) {
                Some(given) => self.all(given, depth),
                None => Passed::Unknown,
            },
            _ => Passed::Unknown,
        }
    }

    /// What a configuration says as the service's interface writes it: `{"query": {"maximumBytesBilled": "1000"}}`.
    fn in_resource(&self, id: ModuleId, resource: ExprId) -> Passed {
        let key = self.setting.javascript;
        if key == DRY_RUN.javascript {
            return dictionaries::entry(self.program, id, resource, key);
        }
        match dictionaries::entry(self.program, id, resource, "query") {
            Passed::Value(module, query) => dictionaries::entry(self.program, module, query, key),
            other => other,
        }
    }

    /// What all of several say.
    fn all(&self, of: Vec<(ModuleId, ExprId)>, depth: u32) -> Passed {
        let mut told = of.into_iter().map(|(module, config)| self.configuration(module, config, depth));
        let Some(first) = told.next() else { return Passed::Unknown };
        let is_no = first == Passed::No;
        if told.all(|next| (next == Passed::No) == is_no && next != Passed::Unknown) { first } else { Passed::Unknown }
    }

    /// What a client gives to its jobs. A client out of sight gives nothing, unless one of the project's does.
    fn of_client(&self, id: ModuleId, call: &Call) -> Passed {
        let program = self.program;
        let ExprKind::Attribute { object, .. } = program.module(id).expr(call.callee).kind else { return Passed::No };
        let origins = sessions::origins(program, id, object);
        let made = origins.into_iter().filter(|(module, made)| {
            program.module(*module).call(*made).is_some()
                && program
                    .callee(*module, *made)
                    .library()
                    .is_some_and(|name| name == CLIENT || name.starts_with("google.cloud.bigquery.Client.from_"))
        });
        let mut made = made.peekable();
        if made.peek().is_some() {
            return made.map(|(module, made)| self.of_constructor(module, made)).find(|told| *told != Passed::No).unwrap_or(Passed::No);
        }
        let is_told = |(module, call): (ModuleId, &Call)| {
            matches!(passed(program, module, call, Some(DEFAULT.0), DEFAULT.1), Passed::Value(m, config)
                if self.configuration(m, config, DEPTH) != Passed::No)
        };
        let is_set = program.sets_anywhere(&format!("{CLIENT}.{}", DEFAULT.1));
        let may_be = is_set || [CLIENT, "google.cloud.bigquery.Client.__init__"].iter().any(|name| program.calls_to(name).any(is_told));
        if may_be { Passed::Unknown } else { Passed::No }
    }

    /// What a client is made with, or given later.
    fn of_constructor(&self, id: ModuleId, made: ExprId) -> Passed {
        let program = self.program;
        let Some(call) = program.module(id).call(made) else { return Passed::No };
        let told = match passed(program, id, call, Some(DEFAULT.0), DEFAULT.1) {
            Passed::Value(m, config) => self.configuration(m, config, DEPTH),
            other => other,
        };
        match (told, given_later::assigned(program, (id, made), DEFAULT.1)) {
            (Passed::No, Some((m, config))) => self.configuration(m, config, DEPTH),
            (told, _) => told,
        }
    }

    /// What a configuration is told after it was made.
    fn set_later(&self, id: ModuleId, made: ExprId) -> Passed {
        given_later::assigned(self.program, (id, made), self.setting.python)
            .map_or(Passed::No, |(module, value)| Passed::Value(module, value))
    }
}
