//! Tables of `BigQuery` that code makes as objects: how they are kept, and whether they hold dates.

use crate::ir::program::*;
use crate::model::calls::{Passed, argument, passed, passed_on};
use crate::model::program::{CallSite, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::sql::creations::{self, Dates, is_date_type};
use crate::model::values::{self, Value};
use crate::model::{callers, dictionaries, given_later, options, sessions};

/// A table that a call creates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// How its rows are kept.
    pub kept: Kept,
    /// Whether it holds dates.
    pub dates: Dates,
    /// What is written out of its name; nothing where that is not seen.
    pub name: Option<String>,
    /// What makes it, or its options: what a fix may change.
    pub made: Option<(ModuleId, ExprId)>,
}

/// How the rows of a table are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// All in one piece.
    Whole,
    /// By date, for ever.
    ForEver,
    /// By date for some time, or otherwise as somebody has decided.
    Well,
}

/// What creates a table from an object.
const CREATE: &str = "google.cloud.bigquery.Client.create_table";
/// What makes such an object.
const TABLE: &str = "google.cloud.bigquery.Table";
/// What says by which dates one is partitioned.
const PARTITIONING: &str = "google.cloud.bigquery.TimePartitioning";
/// What creates a table from options, and where these stand.
const CREATE_JS: [(&str, usize); 2] = [("js:@google-cloud/bigquery.Dataset.createTable", 1), ("js:@google-cloud/bigquery.Table.create", 0)];
/// What is no table of rows, or one that goes: attributes of an object, keys of the options.
const OTHERWISE: [(&str, &str); 6] = [
    ("expires", "expirationTime"),
    ("view_query", "view"),
    ("external_data_configuration", "externalDataConfiguration"),
    ("clone_definition", "cloneDefinition"),
    ("snapshot_definition", "snapshotDefinition"),
    ("range_partitioning", "rangePartitioning"),
];
/// Fields are parted in a schema that is one text.
const KINDS_OF_KEY: [&str; 2] = ["name", "type"];

/// The tables that an expression creates, by itself or by handing the method to something that calls it.
#[must_use]
pub fn created_by(program: &Program, id: ModuleId, expr: ExprId) -> Vec<Table> {
    let Some(call) = program.module(id).call(expr) else { return Vec::new() };
    let callee = program.callee(id, expr).library();
    if let Some((_, position)) = CREATE_JS.iter().find(|(name, _)| callee.is_some_and(|callee| callee == *name)) {
        return by_options(program, id, call, *position);
    }
    let inner = match callee {
        Some(name) if name == CREATE => call.clone(),
        Some(_) => match passed_on(program, id, expr) {
            Some((inner, _)) if Resolver::new(program).entity(id, inner.callee).library().is_some_and(|name| name == CREATE) => inner,
            _ => return Vec::new(),
        },
        None => return Vec::new(),
    };
    let Passed::Value(module, table) = passed(program, id, &inner, Some(0), "table") else { return Vec::new() };
    makers(program, module, table).into_iter().filter_map(|maker| of_maker(program, maker)).collect()
}

/// The expressions that may have made an object: through names, functions, and what callers pass.
fn makers(program: &Program, id: ModuleId, object: ExprId) -> Vec<(ModuleId, ExprId)> {
    let (mut todo, mut found) = (sessions::origins(program, id, object), Vec::new());
    while let Some((module, expr)) = todo.pop() {
        if found.contains(&(module, expr)) || found.len() > 16 {
            continue;
        }
        found.push((module, expr));
        for (at, given) in callers::some_given(program, module, expr) {
            todo.extend(sessions::origins(program, at, given));
        }
    }
    found
}

/// A table as it is made here; nothing where that is no table, or cannot be followed.
fn of_maker(program: &Program, (id, made): (ModuleId, ExprId)) -> Option<Table> {
    let module = program.module(id);
    let unknown = Table { kept: Kept::Whole, dates: Dates::Unknown, name: Some(written(program, id, made)), made: None };
    let call = match &module.expr(made).kind {
        // Its name alone.
        ExprKind::String(_) | ExprKind::Template { .. } => return Some(unknown),
        ExprKind::Call(call) => call,
        _ => return None,
    };
    let name = program.callee(id, made).library()?;
    if name == "google.cloud.bigquery.TableReference" || name.starts_with("google.cloud.bigquery.") && name.ends_with(".table") {
        return Some(unknown);
    }
    if name.strip_prefix(TABLE) == Some(".from_api_repr") {
        return of_resource(program, id, argument(call, Some(0), &["resource"])?);
    }
    let given =
        |attribute: &str| given_later::assigned(program, (id, made), attribute).filter(|(m, value)| !is_nothing(program, *m, *value));
    if name != TABLE
        || given_later::is_out_of_sight(program, (id, made))
        || OTHERWISE.iter().any(|(attribute, _)| given(attribute).is_some())
    {
        return None;
    }
    let kept = match given("time_partitioning") {
        Some((at, partitioning)) if is_for_ever(program, at, partitioning) && given("partition_expiration").is_none() => Kept::ForEver,
        Some(_) => Kept::Well,
        None if given("partitioning_type").is_none() => Kept::Whole,
        None if given("partition_expiration").is_some() => Kept::Well,
        None => Kept::ForEver,
    };
    let view =
        given("mview_query").map(|(at, query)| values::text(program, at, query).map_or(Dates::Unknown, |text| creations::of_text(&text)));
    let is_view = view.is_some();
    let schema = match passed(program, id, call, Some(1), "schema") {
        Passed::Value(at, schema) => Some((at, schema)),
        _ => given("schema"),
    };
    let dates = view.unwrap_or_else(|| schema.map_or(Dates::Unknown, |(at, schema)| of_fields(program, at, schema)));
    // The partitions of a view go when those below it do.
    let kept = if is_view && kept == Kept::ForEver { Kept::Well } else { kept };
    let name = call.args.first().map(|arg| written(program, id, arg.value));
    Some(Table { kept, dates, name, made: (!is_view).then_some((id, made)) })
}

/// What is written out of a name.
fn written(program: &Program, id: ModuleId, name: ExprId) -> String {
    let (at, origin) = values::origin(program, id, name);
    let module = program.module(at);
    let mut whole = String::new();
    for part in module.descendants(origin) {
        match &module.expr(part).kind {
            ExprKind::String(text) => whole.push_str(text),
            ExprKind::Template { parts, .. } => {
                for part in parts {
                    whole.push_str(if let TemplatePart::Text(text, _) = part { text } else { " " });
                }
            }
            _ => {}
        }
        whole.push(' ');
    }
    whole
}

fn kind_of_origin(program: &Program, id: ModuleId, expr: ExprId) -> &ExprKind {
    let (at, origin) = values::origin(program, id, expr);
    &program.module(at).expr(origin).kind
}

/// A table in the words of the service's interface.
fn of_resource(program: &Program, id: ModuleId, resource: ExprId) -> Option<Table> {
    let (at, entries) = values::object_literal(program, id, resource)?;
    let under = |key: &str| {
        entries.iter().rev().find_map(|entry| match entry {
            Entry::Pair { key: k, value } if values::text(program, at, *k).is_some_and(|text| text == key) => Some(*value),
            _ => None,
        })
    };
    if entries.iter().any(|entry| matches!(entry, Entry::Spread(_))) || OTHERWISE.iter().any(|(_, key)| under(key).is_some()) {
        return None;
    }
    let kept = match under("timePartitioning") {
        None => Kept::Whole,
        Some(partitioning) if dictionaries::entry(program, at, partitioning, "expirationMs") == Passed::No => Kept::ForEver,
        Some(_) => Kept::Well,
    };
    let dates = under("schema").map_or(Dates::Unknown, |schema| of_fields(program, at, schema));
    Some(Table { kept, dates, name: None, made: None })
}

/// Whether partitions are kept for ever, as far as can be seen.
fn is_for_ever(program: &Program, id: ModuleId, partitioning: ExprId) -> bool {
    let (id, made) = values::origin(program, id, partitioning);
    let Some(call) = program.module(id).call(made) else { return false };
    let Some(name) = program.callee(id, made).library() else { return false };
    let told = match name.strip_prefix(PARTITIONING) {
        Some("") => passed(program, id, call, Some(2), "expiration_ms"),
        Some(".from_api_repr") => match argument(call, Some(0), &["api_repr"]) {
            Some(resource) => dictionaries::entry(program, id, resource, "expirationMs"),
            None => Passed::Unknown,
        },
        _ => return false,
    };
    let is_untold = match told {
        Passed::No => true,
        Passed::Value(at, value) => is_nothing(program, at, value),
        Passed::Unknown => false,
    };
    // `table.time_partitioning.expiration_ms = …`
    let is_set_later = || {
        let module = program.module(id);
        program.mentions(id, "expiration_ms".into()).any(|expr| matches!(module.expr_parents[expr.index()], Parent::Stmt(_)))
    };
    is_untold && !is_set_later()
}

fn is_nothing(program: &Program, id: ModuleId, value: ExprId) -> bool {
    values::value(program, id, value) == Value::Null
        || matches!(program.module(id).expr(value).kind, ExprKind::Name(name) if name == "undefined")
}

/// Whether a list of fields holds dates: fields as objects, mappings, or all in one text.
fn of_fields(program: &Program, id: ModuleId, schema: ExprId) -> Dates {
    of_fields_within(program, id, schema, 3)
}

fn of_fields_within(program: &Program, id: ModuleId, schema: ExprId, depth: u8) -> Dates {
    if let Some(text) = values::text(program, id, schema) {
        return of_schema_text(&text);
    }
    let (id, origin) = values::origin(program, id, schema);
    let module = program.module(id);
    match &module.expr(origin).kind {
        ExprKind::List(fields) if fields.is_empty() => Dates::Elsewhere,
        ExprKind::List(fields) | ExprKind::Tuple(fields) => {
            fields.iter().map(|field| of_field(program, id, *field)).fold(Dates::None, Dates::or)
        }
        // `schema=read_schema(path)`, `schema=[SchemaField.from_api_repr(field) for field in json.load(file)]`
        ExprKind::Call(_) => match program.callee(id, origin) {
            Entity::Function(function) if depth > 0 => {
                let results = Resolver::new(program).results(function).into_iter();
                results.map(|result| of_fields_within(program, function.module, result, depth - 1)).fold(Dates::Elsewhere, Dates::or)
            }
            _ => Dates::Elsewhere,
        },
        ExprKind::Comprehension(comprehension) => match comprehension.clauses.first() {
            // Written out, if not here.
            Some(Clause::For { iter, .. }) if matches!(kind_of_origin(program, id, *iter), ExprKind::List(_) | ExprKind::Tuple(_)) => {
                Dates::Unknown
            }
            _ => Dates::Elsewhere,
        },
        ExprKind::Object(_) => match options::held(program, id, origin, "fields") {
            Passed::Value(at, fields) if depth > 0 => of_fields_within(program, at, fields, depth - 1),
            _ => Dates::Unknown,
        },
        _ => Dates::Unknown,
    }
}

/// `id:integer,ordered_at:timestamp`
fn of_schema_text(text: &str) -> Dates {
    let fields = text.split(',').map(|field| match field.split_once(':') {
        Some((name, kind)) if is_date_type(kind.trim()) => Dates::Column(name.trim().to_owned()),
        _ => Dates::None,
    });
    fields.fold(Dates::None, Dates::or)
}

fn of_field(program: &Program, id: ModuleId, field: ExprId) -> Dates {
    let (id, field) = values::origin(program, id, field);
    let module = program.module(id);
    let parts: [Option<(ModuleId, ExprId)>; 2] = match &module.expr(field).kind {
        ExprKind::Call(call) if program.callee(id, field).library().is_some_and(|name| name == "google.cloud.bigquery.SchemaField") => {
            [argument(call, Some(0), &["name"]), argument(call, Some(1), &["field_type"])].map(|part| part.map(|part| (id, part)))
        }
        ExprKind::Object(_) => KINDS_OF_KEY.map(|key| match options::held(program, id, field, key) {
            Passed::Value(at, value) => Some((at, value)),
            _ => None,
        }),
        _ => return Dates::Unknown,
    };
    let [name, Some((at, kind))] = parts else { return Dates::Unknown };
    let kind = values::text(program, at, kind).or_else(|| match program.module(at).expr(kind).kind {
        // `SqlTypeNames.DATE`
        ExprKind::Attribute { name, .. } => Some(name.to_string()),
        _ => None,
    });
    let name = name.and_then(|(at, name)| values::text(program, at, name));
    match kind {
        Some(kind) if is_date_type(&kind) => Dates::Column(name.unwrap_or_else(|| "created_at".to_owned())),
        Some(_) => Dates::None,
        None => Dates::Unknown,
    }
}

/// Tables by the options that a call of JavaScript is given, or that its function's callers give it.
fn by_options(program: &Program, id: ModuleId, call: &Call, position: usize) -> Vec<Table> {
    let Some(given) = call.args.get(position) else {
        return vec![Table { kept: Kept::Whole, dates: Dates::Unknown, name: None, made: None }];
    };
    if call.args.iter().take(position + 1).any(|arg| arg.kind != ArgKind::Positional) {
        return Vec::new();
    }
    // A function that is called back stands where options may.
    let is_function = |at: ModuleId, expr: ExprId| {
        matches!(program.module(at).expr(expr).kind, ExprKind::Function(_))
            || matches!(Resolver::new(program).entity(at, expr), Entity::Function(_))
    };
    if is_function(id, given.value) {
        return vec![Table { kept: Kept::Whole, dates: Dates::Unknown, name: None, made: None }];
    }
    let objects = callers::given(program, id, given.value).unwrap_or_else(|| vec![(id, given.value)]);
    objects.into_iter().filter_map(|(at, object)| of_options(program, at, object)).collect()
}

fn of_options(program: &Program, id: ModuleId, object: ExprId) -> Option<Table> {
    let under = |key: &str| match options::held(program, id, object, key) {
        Passed::Value(at, value) if is_nothing(program, at, value) => Passed::No,
        found => found,
    };
    if OTHERWISE.iter().any(|(_, key)| under(key) != Passed::No) {
        return None;
    }
    let kept = match under("timePartitioning") {
        // `partitioning: 'DAY'` is short for that.
        Passed::No if matches!(under("partitioning"), Passed::Value(..)) => Kept::ForEver,
        Passed::No => Kept::Whole,
        Passed::Unknown => return None,
        Passed::Value(at, partitioning) => match options::held(program, at, partitioning, "expirationMs") {
            Passed::No => Kept::ForEver,
            Passed::Value(at, value) if is_nothing(program, at, value) => Kept::ForEver,
            _ => Kept::Well,
        },
    };
    let dates = match (under("materializedView"), under("schema")) {
        (Passed::Value(at, view), _) => match options::held(program, at, view, "query") {
            Passed::Value(at, query) => values::text(program, at, query).map_or(Dates::Unknown, |text| creations::of_text(&text)),
            _ => Dates::Unknown,
        },
        (_, Passed::Value(at, schema)) => of_fields(program, at, schema),
        _ => Dates::Unknown,
    };
    let is_view = under("materializedView") != Passed::No;
    let kept = if is_view && kept == Kept::ForEver { Kept::Well } else { kept };
    let (at, origin) = values::origin(program, id, object);
    let is_literal = matches!(program.module(at).expr(origin).kind, ExprKind::Object(_)) && !is_view;
    Some(Table { kept, dates, name: None, made: is_literal.then_some((at, origin)) })
}

/// Whether a call that comes later in the same function drops what an earlier one has created.
#[must_use]
pub fn is_dropped(program: &Program, id: ModuleId, created: ExprId) -> bool {
    let module = program.module(id);
    let function = module.function_of(created);
    let start = module.expr(created).span.start;
    let drops = |site: &CallSite| match site.callee {
        Entity::Library(name) => name == "google.cloud.bigquery.Client.delete_table" || name == "js:@google-cloud/bigquery.Table.delete",
        // `const [table] = await dataset.createTable(…)`
        Entity::Unknown => module.call(site.expr).is_some_and(|call| {
            let is_method = matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if name == "delete");
            is_method && module.language == Language::TypeScript
        }),
        _ => false,
    };
    function.is_some()
        && program.calls[id.0 as usize]
            .iter()
            .any(|site| drops(site) && module.expr(site.expr).span.start > start && module.function_of(site.expr) == function)
}
