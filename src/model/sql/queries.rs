//! The SQL texts of a module: where each begins, what runs it, and what it says.

use std::sync::OnceLock;

use ustr::Ustr;

use super::reading::{self, Part, Reading, Verb};
use super::{is_statement, units};
use crate::ir::program::*;
use crate::model::calls::Passed;
use crate::model::flow::{Flows, Piece, SinkCall, Text, format};
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::Routes;
use crate::model::{dictionaries, values};
use crate::source::Place;

/// A SQL text.
#[derive(Clone, Debug)]
pub struct Query {
    /// The call that runs it; nothing where none is seen.
    pub call: Option<ExprId>,
    /// What that calls.
    pub api: Option<Ustr>,
    /// Nothing that is known runs it.
    pub is_unresolved: bool,
    /// The expression that the text begins with, wherever that stands.
    pub place: Place,
    /// What it says.
    pub reading: Reading,
    /// The text, with `{}` for what is filled in.
    pub text: String,
}

impl Query {
    /// Whether it is run by `BigQuery`.
    #[must_use]
    pub fn is_big_query(&self) -> bool {
        self.api.is_some_and(|api| api.contains("bigquery") || api.contains("pandas_gbq") || api == "pandas.read_gbq")
    }

    /// Whether it names a table as only `BigQuery` does, `` `project.dataset.table` ``.
    #[must_use]
    pub fn names_like_big_query(&self) -> bool {
        looks_like_big_query(&self.text)
    }

    /// Whether it does, and nothing is seen to run it.
    #[must_use]
    pub fn looks_like_big_query(&self) -> bool {
        self.is_unresolved && self.names_like_big_query()
    }
}

/// Whether a text names a table as only `BigQuery` does: `` `project.dataset.table` ``.
fn looks_like_big_query(text: &str) -> bool {
    text.split('`').skip(1).step_by(2).any(|name| name.matches('.').count() == 2)
}

/// The texts of all modules, read when somebody asks.
#[derive(Debug)]
pub struct Queries(Vec<OnceLock<Vec<Query>>>);

impl Queries {
    /// None yet, of so many modules.
    #[must_use]
    pub fn new(modules: usize) -> Self {
        Self((0..modules).map(|_| OnceLock::new()).collect())
    }

    /// Those of a module.
    #[must_use]
    pub fn of(&self, program: &Program, routes: &Routes, flows: &Flows, id: ModuleId) -> &[Query] {
        self.0[id.0 as usize].get_or_init(|| find(program, routes, flows, id))
    }
}

fn find(program: &Program, routes: &Routes, flows: &Flows, id: ModuleId) -> Vec<Query> {
    let mut found: Vec<Query> = Vec::new();
    for function in units::of(program, id) {
        let facts = flows.of(program, routes, id, function);
        for sink in &facts.sinks {
            let among = alternatives(program, id, sink.argument);
            let templates = templates(program, id, sink);
            if !templates.is_empty() {
                found.extend(templates);
            } else if !among.is_empty() {
                found.extend(among.into_iter().filter_map(|at| constant(program, Some(sink), at)));
            } else if let Some(text) = &sink.value.text {
                found.extend(query(program, id, Some(sink), text, sink.argument));
            } else {
                let composed = || composed(program, id, sink);
                found.extend(constant(program, Some(sink), (id, sink.argument)).or_else(composed));
            }
        }
        for (root, value) in &facts.loose {
            let Some(text) = value.text.as_ref().filter(|text| is_statement(text)) else { continue };
            let Some(query) = query(program, id, None, text, *root) else { continue };
            // What is on its way to a call that runs it is that text.
            let is_part =
                |whole: &Query| whole.call.is_some() && (whole.place == query.place || whole.text.starts_with(query.text.trim_end()));
            if !found.iter().any(is_part) {
                found.push(query);
            }
        }
    }
    found.extend(tagged(program, id));
    handed_on(program, id, &mut found);
    let through_alchemy = |query: &Query| query.api.is_some_and(|api| api.starts_with("sqlalchemy."));
    if found.iter().any(through_alchemy) && is_alchemy_on_big_query(program) {
        let api = Some(Ustr::from("sqlalchemy_bigquery"));
        found.iter_mut().filter(|query| through_alchemy(query)).for_each(|query| query.api = api);
    }
    found
}

/// Whether all that `SQLAlchemy` connects to is `BigQuery`: `create_engine("bigquery://project")`.
fn is_alchemy_on_big_query(program: &Program) -> bool {
    let mut engines = program.calls_to("sqlalchemy.create_engine").peekable();
    engines.peek().is_some()
        && engines.all(|(id, call)| {
            call.args.first().is_some_and(|url| match &program.module(id).expr(url.value).kind {
                ExprKind::Template { parts, .. } => {
                    matches!(parts.first(), Some(TemplatePart::Text(text, _)) if text.starts_with("bigquery://"))
                }
                _ => values::text(program, id, url.value).is_some_and(|text| text.starts_with("bigquery://")),
            })
        })
}

fn begins_creation(text: &str) -> bool {
    text.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create"))
}

/// Constant texts that are handed to something out of sight, if only `BigQuery` could take them.
fn handed_on(program: &Program, id: ModuleId, found: &mut Vec<Query>) {
    let module = program.module(id);
    let may_be = |expr: ExprId| match &module.expr(expr).kind {
        ExprKind::String(text) => (units::begins_like_sql(text).is_some() || begins_creation(text)) && looks_like_big_query(text),
        ExprKind::Template { parts, tag: None } => matches!(&parts[..], [TemplatePart::Text(text, _)] if looks_like_big_query(text)),
        _ => false,
    };
    let texts: Vec<ExprId> = module.expr_ids().filter(|expr| may_be(*expr)).collect();
    if texts.is_empty() {
        return;
    }
    for site in &program.calls[id.0 as usize] {
        let row = match site.callee {
            Entity::Unknown => None,
            Entity::Library(name) => program.apis.row(name),
            _ => continue,
        };
        let Some(call) = module.call(site.expr).filter(|_| row.is_none()) else { continue };
        for arg in &call.args {
            let (at, origin) = match module.expr(arg.value).kind {
                ExprKind::Name(_) => values::origin(program, id, arg.value),
                _ => (id, arg.value),
            };
            if at == id
                && texts.contains(&origin)
                && let Some(query) = constant(program, None, (id, origin))
                && !found.iter().any(|other| other.place == query.place)
            {
                found.push(query);
            }
        }
    }
}

/// What an argument may stand for, if it is one of several.
fn alternatives(program: &Program, id: ModuleId, argument: ExprId) -> Vec<(ModuleId, ExprId)> {
    let (at, origin) = values::origin(program, id, argument);
    match program.module(at).expr(origin).kind {
        ExprKind::Conditional { then, otherwise, .. } => vec![(at, then), (at, otherwise)],
        // `for statement in STATEMENTS:`
        ExprKind::Name(name) => items(program, at, origin, name),
        _ => looked_up(program, id, argument),
    }
}

/// The texts that a call runs one after the other: `for statement in STATEMENTS: run(statement.format(…))`. Nothing where one of them
/// is not constant.
fn templates(program: &Program, id: ModuleId, sink: &SinkCall) -> Vec<Query> {
    let (at, origin) = values::origin(program, id, sink.argument);
    let module = program.module(at);
    let Some(call) = module.call(origin).filter(|_| module.language == Language::Python) else { return Vec::new() };
    let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return Vec::new() };
    let (ExprKind::Name(each), true) = (&module.expr(object).kind, name == "format") else { return Vec::new() };
    let items = items(program, at, object, *each);
    let texts: Option<Vec<(Place, String)>> = items.iter().take(MOST_TEMPLATES).map(|item| template(program, *item)).collect();
    let given = |name: &str| {
        let arg = call.args.iter().find(|arg| matches!(arg.kind, ArgKind::Keyword(keyword) if keyword == name))?;
        values::text(program, at, arg.value)
    };
    let read = |(place, text): &(Place, String)| {
        let pieces = format::pieces(text, given);
        let parts: Vec<Part<'_>> = pieces.iter().map(|piece| piece.as_deref().map_or(Part::Hole, Part::Text)).collect();
        of_parts(Some(sink), *place, &parts)
    };
    texts.unwrap_or_default().iter().filter_map(read).collect()
}

/// How many texts of one loop are read, and how long one may be.
const MOST_TEMPLATES: usize = 50;
const LONGEST_TEMPLATE: usize = 20_000;

/// A constant text whose fields are filled in where it is run, and where it is written.
fn template(program: &Program, (id, expr): (ModuleId, ExprId)) -> Option<(Place, String)> {
    let (module, at) = values::origin(program, id, expr);
    let text = values::text(program, id, expr).filter(|text| text.len() <= LONGEST_TEMPLATE)?;
    Some((program.place(module, at), text))
}

/// The items that a name stands for one after the other, where they are written out.
fn items(program: &Program, id: ModuleId, expr: ExprId, name: Ustr) -> Vec<(ModuleId, ExprId)> {
    let Some((scope, 1)) = Resolver::new(program).scope_of_name(id, expr, name) else { return Vec::new() };
    let Some(BindingKind::Item(whole)) = program.bindings(id, scope, name).next().map(|binding| binding.kind) else { return Vec::new() };
    let (at, whole) = values::origin(program, id, whole);
    match &program.module(at).expr(whole).kind {
        ExprKind::List(items) | ExprKind::Tuple(items) => items.iter().map(|item| (at, *item)).collect(),
        _ => Vec::new(),
    }
}

/// What an argument may stand for, if it is looked up by a key that is not known: `REPORTS[name]`, `REPORTS.get(name)`,
/// `reports[name].sql`.
fn looked_up(program: &Program, id: ModuleId, argument: ExprId) -> Vec<(ModuleId, ExprId)> {
    let (at, origin) = values::origin(program, id, argument);
    let module = program.module(at);
    let (lookup, member) = match module.expr(origin).kind {
        ExprKind::Attribute { object, name, .. } => {
            let (m, object) = values::origin(program, at, object);
            if m != at {
                return Vec::new();
            }
            (object, Some(name))
        }
        _ => (origin, None),
    };
    let (whole, key) = match &module.expr(lookup).kind {
        ExprKind::Subscript { object, index, .. } => (*object, *index),
        ExprKind::Call(call) => match (&module.expr(call.callee).kind, call.args.first()) {
            (ExprKind::Attribute { object, name, .. }, Some(key)) if name == "get" => (*object, key.value),
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    if values::text(program, at, key).is_some() {
        return Vec::new();
    }
    let Some((at, entries)) = values::object_literal(program, at, whole) else { return Vec::new() };
    let held = entries.iter().filter_map(|entry| match entry {
        Entry::Pair { value, .. } => Some((at, *value)),
        Entry::Spread(_) => None,
    });
    let Some(member) = member else { return held.collect() };
    let of_member = |(at, value): (ModuleId, ExprId)| {
        let (at, entries) = values::object_literal(program, at, value)?;
        entries.iter().find_map(|entry| match entry {
            Entry::Pair { key, value } if matches!(program.module(at).expr(*key).kind, ExprKind::String(key) if key == member) => {
                Some((at, *value))
            }
            _ => None,
        })
    };
    held.filter_map(of_member).collect()
}

/// A text of psycopg's own type: `sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))`.
fn composed(program: &Program, id: ModuleId, sink: &SinkCall) -> Option<Query> {
    let (mut module, mut at) = values::origin(program, id, sink.argument);
    // As deep as texts are put together of others.
    for _ in 0..8 {
        let call = program.module(module).call(at)?;
        let next = match (program.callee(module, at).library(), &program.module(module).expr(call.callee).kind) {
            (Some(name), _) if name.ends_with(".sql.SQL") => {
                let text = values::text(program, module, call.args.first()?.value)?;
                let pieces: Vec<&str> = text.split(['{', '}']).collect();
                let parts = pieces.iter().enumerate().map(|(index, piece)| if index % 2 == 0 { Part::Text(piece) } else { Part::Hole });
                let parts: Vec<Part<'_>> = parts.collect();
                let place = program.place(module, call.args.first()?.value);
                return of_parts(Some(sink), place, &parts);
            }
            (_, ExprKind::Attribute { object, .. }) => *object,
            _ => return None,
        };
        (module, at) = values::origin(program, module, next);
    }
    None
}

/// What a constant text says that nothing known runs.
#[must_use]
pub fn of_constant(program: &Program, id: ModuleId, text: ExprId) -> Option<Query> {
    constant(program, None, (id, text))
}

/// A text that is constant, but for names that come from elsewhere.
fn constant(program: &Program, sink: Option<&SinkCall>, (id, expr): (ModuleId, ExprId)) -> Option<Query> {
    // `Query.OPEN.value`
    let whole = match program.module(id).expr(expr).kind {
        ExprKind::Attribute { object, name, .. } if name == "value" => object,
        _ => expr,
    };
    let (module, at) = values::origin(program, id, whole);
    let place = program.place(module, at);
    if let Some(text) = values::text(program, id, expr) {
        return of_parts(sink, place, &[Part::Text(&text)]);
    }
    let mut pieces = Vec::new();
    put_together(program, (module, at), &mut pieces, DEPTH);
    let parts: Vec<Part<'_>> = pieces.iter().map(|piece| piece.as_deref().map_or(Part::Hole, Part::Text)).collect();
    parts.iter().any(|part| matches!(part, Part::Text(_))).then(|| of_parts(sink, place, &parts))?
}

/// How deep texts are put together of others.
const DEPTH: u32 = 8;

/// The pieces of a text outside of functions; nothing for what is not known.
fn put_together(program: &Program, (id, expr): (ModuleId, ExprId), pieces: &mut Vec<Option<String>>, depth: u32) {
    let (id, expr) = values::origin(program, id, expr);
    let depth = depth.checked_sub(1);
    match (&program.module(id).expr(expr).kind, depth) {
        (ExprKind::Template { parts, tag: None }, Some(depth)) => {
            for part in parts {
                match part {
                    TemplatePart::Text(text, _) => pieces.push(Some(text.to_string())),
                    TemplatePart::Hole(hole) => put_together(program, (id, *hole), pieces, depth),
                }
            }
        }
        (ExprKind::Binary { op: BinaryOp::Add, operands }, Some(depth)) => {
            operands.iter().for_each(|operand| put_together(program, (id, *operand), pieces, depth));
        }
        _ => pieces.push(values::text(program, id, expr)),
    }
}

fn of_parts(sink: Option<&SinkCall>, place: Place, parts: &[Part<'_>]) -> Option<Query> {
    let (call, api) = (sink.map(|sink| sink.call), sink.and_then(|sink| sink.api));
    let is_unresolved = sink.is_none_or(|sink| !sink.resolved);
    Some(Query { call, api, is_unresolved, place, reading: reading::read(parts)?, text: written(parts) })
}

/// Texts behind a tag, which binds what is filled in: `sql`SELECT …``, `prisma.$queryRaw`SELECT …``.
fn tagged(program: &Program, id: ModuleId) -> Vec<Query> {
    let module = program.module(id);
    let mut found = Vec::new();
    for expr in module.expr_ids() {
        let ExprKind::Template { parts, tag: Some(tag) } = &module.expr(expr).kind else { continue };
        let is_sql = match &module.expr(*tag).kind {
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => matches!(name.as_str(), "sql" | "SQL" | "$queryRaw" | "$executeRaw"),
            _ => false,
        };
        if !is_sql {
            continue;
        }
        let pieces: Vec<Part<'_>> = parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text, _) => Part::Text(text),
                TemplatePart::Hole(_) => Part::Hole,
            })
            .collect();
        let query = of_parts(None, program.place(id, expr), &pieces).filter(|query| query.reading.verb != Verb::Other);
        let api = Resolver::new(program).entity(id, *tag).library();
        found.extend(query.map(|query| Query { call: Some(expr), api, is_unresolved: false, ..query }));
    }
    found
}

/// A text with `{}` for what is filled in.
fn written(parts: &[Part<'_>]) -> String {
    let text = parts.iter().map(|part| match part {
        Part::Text(text) => text,
        Part::Hole => "{}",
    });
    text.collect()
}

fn query(program: &Program, id: ModuleId, sink: Option<&SinkCall>, text: &Text, root: ExprId) -> Option<Query> {
    let parts: Vec<Part<'_>> = text
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Hole(_) => Part::Hole,
        })
        .collect();
    of_parts(sink, beginning(program, id, text, root), &parts)
}

/// The values that a name is given: `sql = "SELECT …"`, and `sql += "…"` behind it.
fn bound(program: &Program, id: ModuleId, expr: ExprId) -> Vec<ExprId> {
    let ExprKind::Name(name) = program.module(id).expr(expr).kind else { return Vec::new() };
    let Some((scope, _)) = Resolver::new(program).scope_of_name(id, expr, name) else { return Vec::new() };
    let bindings = program.bindings(id, scope, name).filter_map(|binding| match binding.kind {
        BindingKind::Value(value) => Some(value),
        _ => None,
    });
    bindings.collect()
}

/// Where the first piece of a text is written.
fn beginning(program: &Program, id: ModuleId, text: &Text, root: ExprId) -> Place {
    let is_first = |piece: &ExprId| begins(program, id, *piece, text);
    let first = text.roots.iter().copied().find(is_first).or_else(|| bound(program, id, root).into_iter().find(is_first)).unwrap_or(root);
    let (mut module, mut at) = values::origin(program, id, first);
    // As deep as texts are put together of others.
    for _ in 0..16 {
        let next = match &program.module(module).expr(at).kind {
            ExprKind::Binary { operands, .. } => operands.first().copied(),
            ExprKind::Template { parts, tag: None } => match parts.first() {
                Some(TemplatePart::Hole(hole)) => Some(*hole),
                _ => None,
            },
            ExprKind::List(items) | ExprKind::Tuple(items) => items.first().copied(),
            ExprKind::Call(call) => match program.module(module).expr(call.callee).kind {
                // `" ".join([…])`, `[…].join(" ")`, `"…".format(…)`
                ExprKind::Attribute { object, name, .. } if name == "join" => match program.module(module).language {
                    Language::Python => call.args.first().map(|arg| arg.value),
                    Language::TypeScript => Some(object),
                },
                ExprKind::Attribute { object, .. } => Some(object),
                // What a function of the project gives, or a library makes of a text: `dedent("…")`.
                _ => match program.callee(module, at) {
                    Entity::Function(function) => match Resolver::new(program).results(function)[..] {
                        [only] => {
                            (module, at) = values::origin(program, function.module, only);
                            continue;
                        }
                        _ => None,
                    },
                    _ => call.args.first().map(|arg| arg.value),
                },
            },
            // `{ query: "SELECT …" }`
            ExprKind::Object(entries) => entries.iter().find_map(|entry| match entry {
                Entry::Pair { value, .. } if begins(program, module, *value, text) => Some(*value),
                _ => None,
            }),
            ExprKind::Subscript { object, index, .. } => {
                let Some(key) = values::text(program, module, *index) else { break };
                let Passed::Value(m, entry) = dictionaries::written(program, module, *object, &key) else { break };
                (module, at) = values::origin(program, m, entry);
                continue;
            }
            _ => None,
        };
        let Some(next) = next else { break };
        (module, at) = values::origin(program, module, next);
    }
    let is_text = matches!(program.module(module).expr(at).kind, ExprKind::String(_) | ExprKind::Template { .. });
    if is_text { program.place(module, at) } else { program.place(id, first) }
}

/// Whether an expression wrote the beginning of a text that is put together piece by piece.
#[must_use]
pub fn begins(program: &Program, id: ModuleId, mut expr: ExprId, text: &Text) -> bool {
    let module = program.module(id);
    let Some(Piece::Text(first)) = text.pieces.first() else { return false };
    loop {
        match &module.expr(expr).kind {
            ExprKind::String(own) => return own.starts_with(&**first) || first.starts_with(own.as_str()),
            ExprKind::Template { parts, .. } => match parts.first() {
                Some(TemplatePart::Text(own, _)) => return own.starts_with(&**first) || first.starts_with(own.as_str()),
                Some(TemplatePart::Hole(hole)) => expr = *hole,
                None => return false,
            },
            ExprKind::Binary { operands, .. } => match operands.first() {
                Some(operand) => expr = *operand,
                None => return false,
            },
            ExprKind::Call(call) => match module.expr(call.callee).kind {
                ExprKind::Attribute { object, .. } => expr = object,
                _ => return false,
            },
            _ => return false,
        }
    }
}
