//! Look-ups by a key: what a query asks for by the key of its table, or a column that is declared unique, is one row, or as many as
//! the caller has named.

use rustc_hash::FxHashSet;

use super::vocabulary;
use crate::ir::program::*;
use crate::model::calls::Passed;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::Entity;
use crate::model::sql::keys::is_key_of;
use crate::model::sql::reading::Verb;
use crate::model::values::{self, Value};
use crate::model::{fields, options};

/// Keys of a mapping that compare with something else than one value or some.
const OPERATORS: [&str; 24] = [
    "gt",
    "gte",
    "lt",
    "lte",
    "not",
    "ne",
    "nin",
    "notIn",
    "contains",
    "startsWith",
    "endsWith",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$ne",
    "$nin",
    "$not",
    "$exists",
    "$regex",
    "$type",
    "between",
    "like",
    "ilike",
];

/// Whether the calls that a query is put together of ask for rows by a key of a table.
pub(super) fn are_looked_up(project: &Project, chain: &[(ModuleId, ExprId)], table: &str) -> bool {
    chain.iter().any(|(id, call)| Search { project, id: *id, table }.is_by_key(*call))
}

/// Whether conditions of a query cannot be seen, which may ask by a key: `.where(condition)`, `.filter(**given)`.
pub(super) fn are_unseen(program: &Program, chain: &[(ModuleId, ExprId)]) -> bool {
    chain.iter().any(|(id, expr)| {
        let module = program.module(*id);
        let Some(call) = module.call(*expr) else { return false };
        let ExprKind::Attribute { name, .. } = module.expr(call.callee).kind else { return false };
        let is_seen = |arg: &Arg| match arg.kind {
            ArgKind::Keyword(_) => true,
            ArgKind::KeywordSpread => values::object_literal(program, *id, arg.value).is_some(),
            ArgKind::Positional => is_condition(program, *id, arg.value),
            ArgKind::Spread => false,
        };
        matches!(name.as_str(), "where" | "andWhere" | "filter" | "filter_by") && call.args.first().is_some_and(|arg| !is_seen(arg))
    })
}

/// Whether an expression says which rows are meant, in sight.
fn is_condition(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let (at, origin) = values::origin(program, id, expr);
    match &program.module(at).expr(origin).kind {
        ExprKind::Name(_) | ExprKind::Spread(_) | ExprKind::Subscript { .. } => false,
        ExprKind::Call(call) => match program.callee(at, origin) {
            Entity::Function(_) => false,
            Entity::Unknown => !matches!(program.module(at).expr(call.callee).kind, ExprKind::Name(_)),
            Entity::Library(name) => !name.starts_with('?') && !name.starts_with("js:?") && !name.contains("./"),
            _ => true,
        },
        _ => true,
    }
}

/// Whether an object that stands for conditions asks by a key: `{ _id: id, status: "open" }`.
pub(super) fn is_filter_by_key(project: &Project, id: ModuleId, object: ExprId, table: &str) -> bool {
    Search { project, id, table }.is_object_by_key(object)
}

#[derive(Clone, Copy)]
struct Search<'a> {
    project: &'a Project,
    id: ModuleId,
    table: &'a str,
}

impl Search<'_> {
    fn is_key(self, column: &str) -> bool {
        let column = column.trim_start_matches('_');
        is_key_of(column, self.table) || self.project.unique_columns().contains(&column.to_ascii_lowercase())
    }

    fn is_by_key(self, expr: ExprId) -> bool {
        let program = &self.project.program;
        let module = program.module(self.id);
        let Some(call) = module.call(expr) else { return false };
        let (ExprKind::Attribute { name, .. } | ExprKind::Name(name)) = module.expr(call.callee).kind else { return false };
        if !vocabulary::filters(&name) {
            return false;
        }
        // `.where("id", id)`, `.where("user.id = :id")`
        if let [first, ..] = &call.args[..]
            && let ExprKind::String(text) = module.expr(first.value).kind
        {
            let is_compared = call.args.get(1).is_none_or(|second| match module.expr(second.value).kind {
                ExprKind::String(operator) => operator == "=" || call.args.len() == 2,
                _ => true,
            });
            return is_compared && self.is_text_by_key(&text);
        }
        // `find(filter, projection)`
        let conditions = if name.starts_with("find") { 1 } else { call.args.len() };
        call.args.iter().take(conditions).any(|arg| match arg.kind {
            ArgKind::Keyword(name) => {
                let (column, lookup) = name.rsplit_once("__").unwrap_or((&name, "exact"));
                match lookup {
                    "exact" | "iexact" | "in" => self.is_key(column),
                    _ => false,
                }
            }
            ArgKind::Positional => self.is_condition_by_key(arg.value, 8),
            ArgKind::Spread | ArgKind::KeywordSpread => false,
        })
    }

    /// `User.id == key`, `User.id.in_(keys)`, `eq(users.id, key)`, `{ id: key }`, and several joined by `and`.
    fn is_condition_by_key(self, expr: ExprId, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let module = self.project.program.module(self.id);
        match &module.expr(expr).kind {
            ExprKind::Compare { operands, ops } if matches!(ops[..], [CompareOp::Eq]) => {
                operands.iter().any(|operand| self.is_column_by_key(*operand))
            }
            ExprKind::Call(call) => match module.expr(call.callee).kind {
                ExprKind::Attribute { object, name, .. }
                    if matches!(name.as_str(), "in_" | "eq" | "is_") && self.is_column_by_key(object) =>
                {
                    true
                }
                ExprKind::Attribute { name, .. } | ExprKind::Name(name) if matches!(name.as_str(), "and_" | "and" | "Q") => {
                    call.args.iter().any(|arg| match arg.kind {
                        ArgKind::Keyword(column) => self.is_key(column.rsplit_once("__").map_or(&column, |(column, _)| column)),
                        _ => self.is_condition_by_key(arg.value, depth),
                    })
                }
                ExprKind::Attribute { name, .. } | ExprKind::Name(name) if matches!(name.as_str(), "eq" | "inArray") => {
                    call.args.first().is_some_and(|arg| self.is_column_by_key(arg.value))
                }
                _ => false,
            },
            ExprKind::Object(_) => self.is_object_by_key(expr),
            ExprKind::Name(_) => self.is_object_by_key(expr),
            _ => false,
        }
    }

    fn is_column_by_key(self, expr: ExprId) -> bool {
        match self.project.program.module(self.id).expr(expr).kind {
            ExprKind::Attribute { name, .. } => self.is_key(&name),
            _ => false,
        }
    }

    fn is_object_by_key(self, object: ExprId) -> bool {
        let program = &self.project.program;
        let Some((id, entries)) = values::object_literal(program, self.id, object) else { return false };
        entries.iter().any(|entry| {
            let Entry::Pair { key, value } = entry else { return false };
            values::text(program, id, *key).is_some_and(|key| self.is_key(&key)) && !is_range(program, id, *value)
        })
    }

    /// The column of `user.id = :id`, or of `id` alone.
    fn is_text_by_key(self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        if lower.contains(" or ") {
            return false;
        }
        lower.split(" and ").any(|condition| {
            let (column, is_compared) = match condition.split_once(['=', ' ']) {
                Some((column, rest)) => {
                    (column.trim(), condition[column.len()..].trim_start().starts_with('=') || rest.trim_start().starts_with("in "))
                }
                None => (condition.trim(), true),
            };
            let is_range = column.ends_with(['<', '>', '!']);
            is_compared && !is_range && self.is_key(column.rsplit('.').next().unwrap_or_default().trim_matches(['"', '`']))
        })
    }
}

/// `{ gt: 5 }`, `{ $ne: null }`
fn is_range(program: &Program, id: ModuleId, value: ExprId) -> bool {
    let Some((at, entries)) = values::object_literal(program, id, value) else { return false };
    entries.iter().any(|entry| match entry {
        Entry::Pair { key, .. } => values::text(program, at, *key).is_some_and(|key| OPERATORS.contains(&key.as_str())),
        Entry::Spread(_) => true,
    })
}

/// The columns that some model of a project declares to be unique, in lower case.
#[must_use]
pub fn unique_columns(project: &Project) -> FxHashSet<String> {
    let program = &project.program;
    let mut found = FxHashSet::default();
    for query in program.code_ids().flat_map(|id| project.queries(id)).filter(|query| query.reading.verb == Verb::Define) {
        found.extend(defined(&query.text));
    }
    for id in program.code_ids() {
        let module = program.module(id);
        found.extend(module.class_ids().flat_map(|class| decorated(program, id, class)));
        let is_true = |value: ExprId| values::value(program, id, value) == Value::Bool(true);
        for expr in module.expr_ids() {
            match &module.expr(expr).kind {
                // `email = Column(String, unique=True)`, `email: Mapped[str] = mapped_column(unique=True)`
                ExprKind::Call(call) => {
                    let is_unique = |arg: &Arg| {
                        matches!(arg.kind, ArgKind::Keyword(name) if matches!(name.as_str(), "unique" | "primary_key"))
                            && matches!(module.expr(arg.value).kind, ExprKind::Bool(true))
                    };
                    if call.args.iter().any(is_unique) {
                        found.extend(declared(module, expr, call));
                    }
                }
                // `{ email: { type: String, unique: true } }`
                ExprKind::Object(entries) => {
                    for entry in entries {
                        let Entry::Pair { key, value } = entry else { continue };
                        let ExprKind::String(column) = module.expr(*key).kind else { continue };
                        if !matches!(module.expr(*value).kind, ExprKind::Object(_)) {
                            continue;
                        }
                        let says = |key: &str| matches!(options::held(program, id, *value, key), Passed::Value(at, value) if at == id && is_true(value));
                        if says("unique") || says("primaryKey") {
                            found.insert(column.to_ascii_lowercase());
                        }
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// The columns that a definition of a table makes unique, each by itself: `email TEXT UNIQUE`, `PRIMARY KEY (code)`.
fn defined(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let Some((_, columns)) = lower.split_once('(').filter(|_| lower.contains("create table")) else { return Vec::new() };
    let name = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned();
    let mut found = Vec::new();
    for part in columns.split(',') {
        let Some(at) = part.find("primary key").or_else(|| part.find("unique")) else { continue };
        let behind = &part[at..];
        match behind.split_once('(') {
            Some((_, one)) if one.contains(')') => found.push(name(one.split(')').next().unwrap_or_default())),
            // Several columns together.
            Some(_) => {}
            None => found.extend(part.split_whitespace().next().map(name)),
        }
    }
    found.retain(|column| !column.is_empty());
    found
}

/// `@Column({ unique: true }) email: string`, `@PrimaryColumn() code: string`
fn decorated(program: &Program, id: ModuleId, class: ClassId) -> Vec<String> {
    let module = program.module(id);
    let is_unique = |decorator: &ExprId| {
        let Some(call) = module.call(*decorator) else { return false };
        let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return false };
        let says_so = |arg: &Arg| match options::held(program, id, arg.value, "unique") {
            Passed::Value(at, value) => values::value(program, at, value) == Value::Bool(true),
            _ => false,
        };
        name.starts_with("Primary") || name == "Unique" || call.args.iter().any(says_so)
    };
    fields::of(module, class).filter(|field| field.decorators.iter().any(is_unique)).map(|field| field.name.to_ascii_lowercase()).collect()
}

/// The column that a call declares: the name it is assigned to, or its first argument.
fn declared(module: &Module, expr: ExprId, call: &Call) -> Option<String> {
    let by_argument = || match module.expr(call.args.first()?.value).kind {
        ExprKind::String(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    };
    let Parent::Stmt(stmt) = module.expr_parents[expr.index()] else { return by_argument() };
    match &module.stmt(stmt).kind {
        StmtKind::Assign { targets, .. } => targets.iter().find_map(|target| match module.expr(*target).kind {
            ExprKind::Name(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        }),
        _ => by_argument(),
    }
}
