//! Columns that models and tables of a project declare to be unique, each by itself or several together.

use rustc_hash::FxHashSet;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::calls::Passed;
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::sql::keys::Compared;
use crate::model::sql::reading::Verb;
use crate::model::values::{self, Value};
use crate::model::{fields, options};

/// What a project declares to be unique, in lower case.
#[derive(Clone, Debug, Default)]
pub struct Uniques {
    /// Columns that are unique by themselves, in some table.
    pub columns: FxHashSet<String>,
    /// Columns that are unique together, and of which table or class; nothing where that is not seen.
    together: Vec<(Option<String>, Vec<String>)>,
}

/// Columns that are unique, each by itself or together, and what they are of.
type Unique = (Option<String>, Vec<String>);

impl Uniques {
    /// Finds what a project declares to be unique.
    #[must_use]
    pub fn find(project: &Project) -> Self {
        let program = &project.program;
        let mut found = Self::default();
        for (_, file) in program.sources.iter() {
            if file.path.ends_with(".prisma") {
                of_prisma(&file.text).into_iter().for_each(|unique| found.add(unique));
            } else if file.test && file.path.contains("migration") {
                // What migrations define, whatever runs it.
                let lower = file.text.to_ascii_lowercase();
                let starts = lower.match_indices("create table").chain(lower.match_indices("create unique index")).map(|(at, _)| at);
                for statement in starts.filter_map(|at| lower.get(at..)).map(|rest| rest.split([';', '`']).next().unwrap_or_default()) {
                    defined(statement).into_iter().for_each(|unique| found.add(unique));
                }
            }
        }
        for query in program.code_ids().flat_map(|id| project.queries(id)).filter(|query| query.reading.verb == Verb::Define) {
            defined(&query.text).into_iter().for_each(|unique| found.add(unique));
        }
        for id in program.code_ids() {
            let module = program.module(id);
            found.columns.extend(module.class_ids().flat_map(|class| decorated(program, id, class)));
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
                            found.columns.extend(declared(module, expr, call));
                        }
                        found.add((class_around(module, expr), constrained(program, id, call)));
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
                                found.columns.insert(column.to_ascii_lowercase());
                            }
                        }
                        // `{ unique: true, fields: ["team", "email"] }`
                        if let (Passed::Value(at, is_unique), Passed::Value(m, columns)) =
                            (options::held(program, id, expr, "unique"), options::held(program, id, expr, "fields"))
                            && values::value(program, at, is_unique) == Value::Bool(true)
                        {
                            found.add((None, texts(program, m, columns)));
                        }
                    }
                    _ => {}
                }
            }
            for stmt in &module.stmts {
                // In the class `Meta` of a model.
                if let StmtKind::Assign { targets, value: Some(value), .. } = &stmt.kind
                    && targets.iter().any(|target| matches!(module.expr(*target).kind, ExprKind::Name(name) if name == "unique_together"))
                {
                    let parts = match &module.expr(*value).kind {
                        ExprKind::List(parts) | ExprKind::Tuple(parts) => &parts[..],
                        _ => &[],
                    };
                    // `("team", "email")`, or some of these.
                    let owner = class_around(module, *value);
                    found.add((owner.clone(), texts(program, id, *value)));
                    parts.iter().for_each(|part| found.add((owner.clone(), texts(program, id, *part))));
                }
            }
        }
        found
    }

    /// Whether what a query of a table asks for are columns that are unique together there.
    #[must_use]
    pub fn are_together_in(&self, table: &str, compared: &[Compared]) -> bool {
        let has = |column: &String| compared.iter().any(|compared| plain(&compared.column) == plain(column));
        let is_of = |owner: &Option<String>| owner.as_deref().is_none_or(|owner| is_one_table(owner, table));
        self.together.iter().any(|(owner, columns)| is_of(owner) && columns.iter().all(has))
    }

    fn add(&mut self, (owner, columns): Unique) {
        let mut columns: Vec<String> =
            columns.into_iter().map(|column| column.to_ascii_lowercase()).filter(|column| !column.is_empty()).collect();
        match columns.len() {
            0 => {}
            1 => self.columns.extend(columns.pop()),
            _ => self.together.push((owner, columns)),
        }
    }
}

/// `userId` and `user_id` are one column, which has another name in code.
fn plain(column: &str) -> String {
    column.replace('_', "")
}

/// `EmailTeamMember` and `email_team_members` are one table, which has another name in code.
fn is_one_table(one: &str, other: &str) -> bool {
    let plain = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        let letters: String = last.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        letters.strip_suffix('s').map(str::to_owned).unwrap_or(letters)
    };
    let (one, other) = (plain(one), plain(other));
    other.is_empty() || one == other || one.ends_with(&other) || other.ends_with(&one)
}

/// The model that an expression is in the class of, or in the `Meta` of.
fn class_around(module: &Module, expr: ExprId) -> Option<String> {
    let classes = module.around(expr).filter_map(|around| match around {
        Around::Class(class) => Some(module.class(class).name),
        _ => None,
    });
    classes.map(|name| name.to_string()).find(|name| name != "Meta")
}

/// The columns that a call makes unique together: `UniqueConstraint("team", "email")`, `@Unique(["team", "email"])`,
/// `UniqueConstraint(fields=["team", "email"])`, `unique().on(t.team, t.email)`.
fn constrained(program: &Program, id: ModuleId, call: &Call) -> Vec<String> {
    const NAMES: [&str; 6] = ["UniqueConstraint", "PrimaryKeyConstraint", "Unique", "on", "unique", "primaryKey"];
    let module = program.module(id);
    let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = module.expr(call.callee).kind else { return Vec::new() };
    if !NAMES.contains(&name.as_str()) || (name == "on" && !program.text(id, call.callee).to_ascii_lowercase().contains("unique")) {
        return Vec::new();
    }
    // `np.unique(rows.user)` is another thing.
    let is_class = name.starts_with(char::is_uppercase);
    let of_arg = |arg: &Arg| match arg.kind {
        ArgKind::Positional => match module.expr(arg.value).kind {
            ExprKind::String(column) if is_class => vec![column.to_string()],
            ExprKind::Attribute { name: column, .. } if name == "on" => vec![column.to_string()],
            ExprKind::Attribute { .. } | ExprKind::String(_) => Vec::new(),
            ExprKind::Object(_) => match options::held(program, id, arg.value, "columns") {
                Passed::Value(at, columns) => texts(program, at, columns),
                _ => Vec::new(),
            },
            _ => texts(program, id, arg.value),
        },
        ArgKind::Keyword(name) if name == "fields" => texts(program, id, arg.value),
        _ => Vec::new(),
    };
    call.args.iter().flat_map(of_arg).collect()
}

/// The texts of a list: `["team", "email"]`, `[t.team, t.email]`.
fn texts(program: &Program, id: ModuleId, list: ExprId) -> Vec<String> {
    let module = program.module(id);
    let (ExprKind::List(parts) | ExprKind::Tuple(parts)) = &module.expr(list).kind else { return Vec::new() };
    let text = |part: &ExprId| match module.expr(*part).kind {
        ExprKind::String(text) => Some(text.to_string()),
        ExprKind::Attribute { name, .. } => Some(name.to_string()),
        _ => None,
    };
    parts.iter().filter_map(text).collect()
}

/// What a schema of Prisma says: `email String @unique`, `@@unique([team, email])`.
fn of_prisma(text: &str) -> Vec<Unique> {
    let mut found = Vec::new();
    let mut model = None;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        if first == "model" {
            model = words.next().map(str::to_owned);
            continue;
        }
        // `@@unique([team, email(sort: Desc)], name: "membership")`
        let together = ["@@unique(", "@@id("].iter().find_map(|start| line.strip_prefix(start)).and_then(|rest| rest.split_once('['));
        if let Some((_, rest)) = together {
            let columns = rest.split(']').next().unwrap_or_default().split(',');
            found.push((model.clone(), columns.map(|column| column.split('(').next().unwrap_or_default().trim().to_owned()).collect()));
        } else if words.any(|word| ["@unique", "@id"].iter().any(|own| word == *own || word.starts_with(&format!("{own}(")))) {
            found.push((model.clone(), vec![first.to_owned()]));
        }
    }
    found
}

/// The columns that a statement makes unique: `email TEXT UNIQUE`, `PRIMARY KEY (code)`, `CREATE UNIQUE INDEX … ON t (team, email)`.
fn defined(text: &str) -> Vec<Unique> {
    let lower = text.to_ascii_lowercase();
    let name = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned();
    let listed = |rest: &str| rest.split(')').next().unwrap_or_default().split(',').map(name).collect::<Vec<String>>();
    let last_word = |before: &str| before.split_whitespace().last().map(|word| name(word.rsplit('.').next().unwrap_or(word)));
    if let Some((_, index)) = lower.split_once("unique index") {
        return match index.split_once('(') {
            // One with a condition holds for some rows only.
            Some((before, columns)) if !columns.contains("where") => vec![(last_word(before), listed(columns))],
            _ => Vec::new(),
        };
    }
    let Some((before, columns)) = lower.split_once('(').filter(|_| lower.contains("create table")) else { return Vec::new() };
    let table = last_word(before);
    let mut found = Vec::new();
    for part in parts(columns) {
        let Some((at, word)) = ["primary key", "unique"].iter().find_map(|word| part.find(word).map(|at| (at, word))) else { continue };
        let behind = part[at + word.len()..].trim_start();
        let behind = behind.strip_prefix("key").unwrap_or(behind).trim_start();
        // Those of a constraint stand behind it, in parentheses; that of a column before.
        match behind.find('(').filter(|_| part[..at].split_whitespace().next().is_none_or(|first| first == "constraint")) {
            Some(open) => found.push((table.clone(), listed(&behind[open + 1..]))),
            None => found.extend(part.split_whitespace().next().map(|column| (table.clone(), vec![name(column)]))),
        }
    }
    found
}

/// The definitions of a table, apart: `code varchar(20) unique`, `unique (team, email)`.
fn parts(columns: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, c) in columns.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => {
                found.push(columns[start..at].trim());
                return found;
            }
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(columns[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(columns[start..].trim());
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
