//! A row of the tables: what is known of a group of functions, methods or classes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Environment, SecretArgument, marked};
use crate::model::dependencies::Versions;

/// Facts that a group of functions, methods or classes share.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Row {
    /// Canonical dotted names; `{a,b}` stands for several: `requests.{get,post}`.
    pub names: Vec<String>,
    /// Address of the documentation that states the facts.
    pub docs: String,
    /// The versions that it is about, where others have a row of their own or none.
    #[serde(default)]
    pub versions: Option<Versions>,
    /// The package whose versions these are, where it is not called like the first part of the names.
    #[serde(default)]
    pub package: Option<String>,
    /// What they are.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// HTTP method of a call or a route.
    #[serde(default)]
    pub method: Option<String>,
    /// For a view class: HTTP methods that it answers itself.
    #[serde(default)]
    pub methods: Vec<String>,
    /// The class of what a call returns; a class returns itself and needs none. `arg[0]` is what that argument is.
    #[serde(default)]
    pub returns: Option<String>,
    /// The class of what `with … as x` gives, where it is not the same object.
    #[serde(default)]
    pub enters: Option<String>,
    /// The names are of attributes: reading one gives an instance of `returns`.
    #[serde(default)]
    pub attribute: bool,
    /// For a route: position of the argument that is the handler; without it, the call is a decorator. In TypeScript all
    /// functions from there on are handlers.
    #[serde(default)]
    pub handler: Option<usize>,
    /// For a call that takes an object: its key that holds the handler.
    #[serde(default)]
    pub handler_key: Option<String>,
    /// Classes of what the handler, or another function that is passed to it, is called with.
    #[serde(default)]
    pub params: Vec<String>,
    /// For a class: the classes that it inherits methods from.
    #[serde(default)]
    pub bases: Vec<String>,
    /// It calls a function that is passed to it.
    #[serde(default)]
    pub calls: Option<Calls>,
    /// How its timeout is set.
    #[serde(default)]
    pub timeout: Option<Timeout>,
    /// Which argument is SQL text.
    #[serde(default)]
    pub sql: Option<Sql>,
    /// How many rows of a database it gives.
    #[serde(default)]
    pub rows: Option<Rows>,
    /// How it reads variables of the environment.
    #[serde(default)]
    pub environment: Option<Environment>,
    /// Which argument is a secret.
    #[serde(default)]
    pub secret: Option<SecretArgument>,
    /// Which origins it lets read its answers.
    #[serde(default)]
    pub cors: Option<Cors>,
    /// For a rate limiter that is middleware: it does not see routes that an app has by including routers.
    #[serde(default)]
    pub blind_to_routers: bool,
    /// For what limits rates by default: the key of its options (in Python: the setting) that turns this off when it is false.
    #[serde(default)]
    pub off: Option<String>,
}

/// What a function or class is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Creates a web application.
    App,
    /// Creates a router, blueprint or the like that routes are bound to.
    Router,
    /// Binds a route to the decorated function, or to the function passed to it.
    Route,
    /// Registers a function that runs per request without being a route: middleware, hooks.
    RequestHook,
    /// Marks the decorated function as the entry point of a cloud function.
    EntryPoint,
    /// What runs then is pushed an event, which is delivered again if it fails.
    Pushed,
    /// A class whose subclasses' HTTP-verb methods are handlers (Django and DRF views, Starlette endpoints).
    View,
    /// Request data: an attribute or method of a request object that an outsider controls.
    RequestData,
    /// The class of request objects.
    Request,
    /// Declares an injected dependency (`Depends`).
    Injection,
    /// An outbound HTTP call.
    HttpCall,
    /// Any other outbound network call.
    NetworkCall,
    /// Runs a child process.
    Subprocess,
    /// A client or session class.
    Client,
    /// Bounds in time what it encloses or wraps (`asyncio.timeout`, `asyncio.wait_for`).
    TimeLimit,
    /// Executes SQL.
    SqlSink,
    /// Turns its argument into something that is no longer raw text: a number, a quoted identifier.
    Sanitizer,
    /// Limits the rate of requests.
    RateLimiter,
    /// Says how many requests are allowed: something else has to apply it.
    RateSettings,
    /// Limits the rate of whatever waits for it: requests, or calls to somebody else.
    Pacer,
    /// Logs, or hands an error to something that does.
    Logging,
    /// Sends metrics or traces.
    Telemetry,
    /// Reads configuration: environment variables, secrets.
    Configuration,
    /// Holds dataframes or images: memory.
    DataLibrary,
    /// A model runtime: memory.
    ModelRuntime,
    /// Drives a headless browser: memory.
    Browser,
    /// Looks at what is on a page of such a browser, or waits until it is there.
    PageLook,
    /// Runs a function in such a page.
    PageCode,
}

/// A function that is passed on to be called: `asyncio.to_thread(requests.get, url)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Calls {
    /// 0-based position of the function; the arguments behind it are its own.
    pub position: usize,
    /// Whether keywords are passed on, too.
    #[serde(default = "yes")]
    pub keywords: bool,
}

/// How a timeout is set.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "columns of a table, not states")]
pub struct Timeout {
    /// Keyword of the argument.
    pub argument: String,
    /// 0-based position of the argument, if it can be passed so (the receiver of a method not counted).
    #[serde(default)]
    pub position: Option<usize>,
    /// 0-based positions that the object of options may stand at which holds the argument (TypeScript).
    #[serde(default)]
    pub options: Positions,
    /// Other arguments that bound the call as well.
    #[serde(default)]
    pub or: Vec<String>,
    /// Methods of what the call gives that bound it.
    #[serde(default)]
    pub methods: Vec<String>,
    /// How a fix spells its value: `{ms}` and `{s}` are replaced.
    #[serde(default)]
    pub value: Option<String>,
    /// Arguments that set it for one phase of the call, over what the argument says: `None` there is for ever.
    #[serde(default)]
    pub phases: Vec<String>,
    /// What happens when it is not given.
    pub unset: Unset,
    /// Whether an explicit `None` means for ever.
    #[serde(default = "yes")]
    pub none_is_forever: bool,
    /// Whether an explicit 0 means for ever.
    #[serde(default)]
    pub zero_is_forever: bool,
    /// Only in a handler, or in what one calls.
    #[serde(default)]
    pub only_in_handlers: bool,
    /// The call rightly takes long: a model's answer.
    #[serde(default)]
    pub long: bool,
    /// Without it, `socket.setdefaulttimeout` bounds the call (the standard library's own clients).
    #[serde(default)]
    pub socket_default: bool,
    /// What to call in its place, where it takes no limit at all: `{s}` is replaced.
    #[serde(default)]
    pub instead: Option<String>,
    /// Confidence of a finding where it is not `high`.
    #[serde(default)]
    pub confidence: Option<crate::finding::Confidence>,
}

/// How a call says which origins browsers may let read its answers.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cors {
    /// Keywords (TypeScript: keys of the options, which may be paths) that name origins.
    pub origins: Vec<String>,
    /// Those that hold patterns of origins.
    #[serde(default)]
    pub patterns: Vec<String>,
    /// Those that allow credentials.
    #[serde(default)]
    pub credentials: Vec<String>,
    /// Those that stand for all of it: `true` allows any origin.
    #[serde(default)]
    pub flags: Vec<String>,
    /// A keyword whose dictionary holds options by path: `resources={"/api/*": {"origins": "*"}}`.
    #[serde(default)]
    pub by_path: Option<String>,
    /// TypeScript: positions that the object of options may stand at.
    #[serde(default)]
    pub options: Positions,
    /// Whether any origin is allowed where nothing is said.
    #[serde(default)]
    pub open: bool,
    /// Whether credentials are allowed where nothing is said.
    #[serde(default)]
    pub with_credentials: bool,
}

/// One position or several.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(from = "OneOrSeveral")]
pub struct Positions(pub Vec<usize>);

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrSeveral {
    One(usize),
    Several(Vec<usize>),
}

impl From<OneOrSeveral> for Positions {
    fn from(written: OneOrSeveral) -> Self {
        match written {
            OneOrSeveral::One(position) => Self(vec![position]),
            OneOrSeveral::Several(positions) => Self(positions),
        }
    }
}

fn yes() -> bool {
    true
}

/// What happens to a call whose timeout is not given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unset {
    /// It can wait for ever.
    Forever,
    /// The library bounds each gap, and nothing the whole.
    Gaps,
    /// The library bounds it.
    Bounded,
    /// The client it is called on decides: the client's constructor has a row with a timeout of its own.
    Client,
}

/// Which argument is SQL text, and how values are bound to it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sql {
    /// 0-based position of the text (the receiver of a method not counted).
    pub position: usize,
    /// Its keyword.
    #[serde(default)]
    pub keyword: Option<String>,
    /// Where the text is in what is passed, if that is a mapping (Python).
    #[serde(default)]
    pub key: Option<String>,
    /// Style of placeholders.
    pub style: Placeholder,
    /// Where bound values go: keyword, or nothing where they follow the text by position.
    #[serde(default)]
    pub values: Option<String>,
}

/// How many rows of a database a call gives, and what it is told of that.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rows {
    /// Which rows.
    pub gives: Gives,
    /// TypeScript: positions that an object of options may stand at which limits them.
    #[serde(default)]
    pub options: Positions,
    /// 0-based position of an object that says which rows are meant: `{ status: "open" }`.
    #[serde(default)]
    pub filter: Option<usize>,
}

/// Which rows a call gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// All of a table, once something reads them: a statement, a query set, a collection, a cursor.
    Query,
    /// All of a table or of the text that it runs, read into memory.
    All,
    /// All of what it is called on, read into memory.
    Rest,
}

/// Styles of placeholders in SQL text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Placeholder {
    /// `%s`, values as one sequence.
    Format,
    /// `?`, values as one sequence.
    Qmark,
    /// `:name`, values as one mapping.
    Named,
    /// `$1`, values one by one.
    Numeric,
    /// `@name`, `ScalarQueryParameter`s in a job configuration.
    BigQuery,
    /// `@name`, values as a mapping `params=`.
    Spanner,
    /// The sink binds no values (the text must be bound elsewhere).
    None,
}

impl Row {
    /// The row with the names that libraries of JavaScript have.
    pub(super) fn of_javascript(mut self) -> Self {
        let names = self.names.iter_mut().chain(&mut self.bases).chain(&mut self.returns).chain(&mut self.enters);
        for name in names.chain(&mut self.params).filter(|name| !name.is_empty() && !name.starts_with("arg[")) {
            *name = marked(name);
        }
        self
    }

    /// Whether it has a role.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the same is known of another, whatever the version, their names and HTTP methods aside.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let facts = |row: &Self| (row.roles.clone(), row.returns.clone(), row.calls, row.timeout.clone(), row.sql.clone());
        self.versions.is_none() && other.versions.is_none() && facts(self) == facts(other)
    }

    /// Whether later versions are none of its business.
    pub(super) fn ends(&self) -> bool {
        self.versions.as_ref().is_some_and(Versions::has_end)
    }

    /// Whether two rows are about some of the same versions.
    pub(super) fn shares_versions(&self, other: &Row) -> bool {
        match (&self.versions, &other.versions) {
            (Some(own), Some(others)) => own.and(others).is_some(),
            _ => true,
        }
    }
}
