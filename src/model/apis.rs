//! Knowledge about libraries: what their functions are. The rows live in `rules/apis/*.toml`.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ustr::Ustr;

/// A table as written in TOML. `rules/apis/README.md` documents the schema.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Table {
    /// Dotted names that are the same thing under another path: `"requests.sessions.Session" = "requests.Session"`.
    /// The longest prefix that ends at a dot wins.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// The rows.
    #[serde(default)]
    pub api: Vec<Row>,
}

/// Facts that a group of functions, methods or classes share.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Row {
    /// Canonical dotted names; `{a,b}` stands for several: `requests.{get,post}`.
    pub names: Vec<String>,
    /// Address of the documentation that states the facts.
    pub docs: String,
    /// What they are.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// HTTP method of a call or a route.
    #[serde(default)]
    pub method: Option<String>,
    /// The class of what a call returns; a class returns itself and needs none.
    #[serde(default)]
    pub returns: Option<String>,
    /// The class of what `with … as x` gives, where it is not the same object.
    #[serde(default)]
    pub enters: Option<String>,
    /// For a class: the classes that it inherits methods from.
    #[serde(default)]
    pub bases: Vec<String>,
    /// How its timeout is set.
    #[serde(default)]
    pub timeout: Option<Timeout>,
    /// Which argument is SQL text.
    #[serde(default)]
    pub sql: Option<Sql>,
    /// First version that has these facts, of the package `package`.
    #[serde(default)]
    pub since: Option<String>,
    /// Package whose version counts.
    #[serde(default)]
    pub package: Option<String>,
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
}

/// How a timeout is set.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Timeout {
    /// Keyword of the argument.
    pub argument: String,
    /// 0-based position of the argument, if it can be passed so (the receiver of a method not counted).
    #[serde(default)]
    pub position: Option<usize>,
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
    /// Confidence of a finding where it is not `high`.
    #[serde(default)]
    pub confidence: Option<crate::finding::Confidence>,
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
    /// The library bounds it.
    Bounded,
    /// The client it is called on decides: the client's constructor has a row with a timeout of its own.
    Client,
}

/// Which argument is SQL text, and how values are bound to it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sql {
    /// 0-based position of the text (the receiver of a method not counted).
    pub position: usize,
    /// Its keyword.
    #[serde(default)]
    pub keyword: Option<String>,
    /// Style of placeholders.
    pub style: Placeholder,
    /// Where bound values go: keyword, or nothing where they follow the text by position.
    #[serde(default)]
    pub values: Option<String>,
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

/// All rows, by canonical name.
#[derive(Debug, Default)]
pub struct Apis {
    rows: Vec<Row>,
    by_name: HashMap<Ustr, usize>,
    aliases: HashMap<Ustr, Ustr>,
}
