//! Look-ups by a key: what a query asks for by the key of its table, or a column that is declared unique, is one row, or as many as
//! the caller has named.

use super::vocabulary;
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::Entity;
use crate::model::sql::keys::{Compared, is_key_of};
use crate::model::values::{self, Value};

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
        is_key_of(column, self.table) || self.project.uniques().columns.contains(&column.to_ascii_lowercase())
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

/// The columns that the calls of a query compare for equality with some value.
pub(super) fn compared(program: &Program, chain: &[(ModuleId, ExprId)]) -> Vec<Compared> {
    let mut found = Vec::new();
    for (id, expr) in chain {
        let module = program.module(*id);
        let Some(call) = module.call(*expr) else { continue };
        let ExprKind::Attribute { name, .. } = module.expr(call.callee).kind else { continue };
        if !vocabulary::filters(&name) {
            continue;
        }
        // `.where("team", team)`, `.eq("team", team)`
        if let [first, second] = &call.args[..]
            && let ExprKind::String(column) = module.expr(first.value).kind
        {
            found.push(of(program, *id, &column, second.value));
            continue;
        }
        for arg in &call.args {
            match arg.kind {
                ArgKind::Keyword(column) => match column.rsplit_once("__") {
                    None => found.push(of(program, *id, &column, arg.value)),
                    Some((column, "exact" | "iexact" | "in" | "id" | "pk")) => found.push(of(program, *id, column, arg.value)),
                    Some(_) => {}
                },
                ArgKind::Positional => in_condition(program, *id, arg.value, 8, &mut found),
                ArgKind::Spread | ArgKind::KeywordSpread => {}
            }
        }
    }
    found
}

/// The same of an object that stands for conditions: `{ team, day }`.
pub(super) fn compared_in(program: &Program, id: ModuleId, object: ExprId) -> Vec<Compared> {
    let Some((at, entries)) = values::object_literal(program, id, object) else { return Vec::new() };
    let of_entry = |entry: &Entry| match entry {
        Entry::Pair { key, value } if !is_range(program, at, *value) => Some(of(program, at, &values::text(program, at, *key)?, *value)),
        _ => None,
    };
    entries.iter().filter_map(of_entry).collect()
}

/// `Member.team_id.in_(teams)`, `and_(Member.team == team, …)`, `eq(members.team, team)`
fn in_condition(program: &Program, id: ModuleId, expr: ExprId, depth: u8, found: &mut Vec<Compared>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let module = program.module(id);
    let column = |expr: ExprId| match module.expr(expr).kind {
        ExprKind::Attribute { name, .. } => Some(name),
        _ => None,
    };
    match &module.expr(expr).kind {
        ExprKind::Compare { operands, ops } if matches!(ops[..], [CompareOp::Eq]) => {
            if let [left, right] = operands[..]
                && let Some(name) = column(left)
            {
                found.push(of(program, id, &name, right));
            }
        }
        ExprKind::Call(call) => {
            let first = call.args.first().map(|arg| arg.value);
            match module.expr(call.callee).kind {
                ExprKind::Attribute { object, name, .. } if matches!(name.as_str(), "in_" | "eq" | "is_") => {
                    found.extend(column(object).zip(first).map(|(name, value)| of(program, id, &name, value)));
                }
                ExprKind::Attribute { name, .. } | ExprKind::Name(name) if matches!(name.as_str(), "and_" | "and" | "Q") => {
                    for arg in &call.args {
                        match arg.kind {
                            ArgKind::Keyword(column) => found.push(of(program, id, &column, arg.value)),
                            _ => in_condition(program, id, arg.value, depth, found),
                        }
                    }
                }
                ExprKind::Attribute { name, .. } | ExprKind::Name(name) if matches!(name.as_str(), "eq" | "inArray") => {
                    if let [left, right] = &call.args[..]
                        && let Some(name) = column(left.value)
                    {
                        found.push(of(program, id, &name, right.value));
                    }
                }
                _ => {}
            }
        }
        ExprKind::Object(_) | ExprKind::Name(_) => found.extend(compared_in(program, id, expr)),
        _ => {}
    }
}

fn of(program: &Program, id: ModuleId, column: &str, value: ExprId) -> Compared {
    let is_written_out = match &program.module(id).expr(value).kind {
        // A member of an enum, or of a list: `Status.OPEN`, `["open", "new"]`.
        ExprKind::Attribute { name, .. } => name.chars().all(|c| c.is_uppercase() || c == '_' || c.is_numeric()),
        ExprKind::List(_) => true,
        _ => values::value(program, id, value) != Value::Unknown,
    };
    let column = column.rsplit('.').next().unwrap_or(column).trim_matches(['"', '`']).to_ascii_lowercase();
    Compared { column, is_given: !is_written_out }
}
