//! What runs in development only: a program asks where it is, and does this nowhere else.

use std::collections::BTreeSet;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::cleanup;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// Values of what tells where a program is that mean a developer's machine, or a test.
const DEVELOPMENT: [&str; 6] = ["dev", "develop", "development", "local", "test", "testing"];

/// And those that mean where it serves.
const PRODUCTION: [&str; 2] = ["prod", "production"];

/// Last words of names of what tells where a program is.
const ENVIRONMENT: [&str; 4] = ["env", "environment", "mode", "stage"];

/// Last words of names of what holds it: elsewhere, an environment may be what the program is about.
const SETTINGS: [&str; 5] = ["conf", "config", "env", "environ", "settings"];

/// Frameworks' flags that only a developer sets.
const FLAGS: [&str; 3] = ["django.conf.settings.DEBUG", "flask.current_app.debug", "flask.Flask.debug"];

/// How many callers up it is asked who calls.
const MOST_CALLERS: usize = 6;

/// How much of a condition is looked at.
const MOST_PARTS: usize = 64;

/// Whether an expression is evaluated in development only.
#[must_use]
pub fn runs(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    is_guarded_within(program, id, expr) || program.module(id).stmt_of(expr).is_some_and(|stmt| is_only(program, id, stmt))
}

/// Whether a statement runs in development only: where it stands, or wherever its function is called from.
#[must_use]
pub fn is_only(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let mut todo = vec![(id, stmt)];
    // Functions may call each other: who calls one is asked once.
    let mut seen = BTreeSet::new();
    for _ in 0..=MOST_CALLERS {
        let mut next = Vec::new();
        for (id, stmt) in todo {
            if is_guarded(program, id, stmt) {
                continue;
            }
            let module = program.module(id);
            let Some(function) = module.function_of_stmt(stmt).map(|function| FunctionRef { module: id, function }) else { return false };
            if !seen.insert(function) {
                continue;
            }
            let Some(calls) = program.callers().all_of(program, function) else { return false };
            for (at, call) in calls {
                if !is_guarded_within(program, *at, *call) {
                    let Some(stmt) = program.module(*at).stmt_of(*call) else { return false };
                    next.push((*at, stmt));
                }
            }
        }
        if next.is_empty() {
            return true;
        }
        todo = next;
    }
    false
}

/// Whether a condition in the same expression keeps a call to development: `isDev && seed()`, `isDev ? await test() : undefined`.
#[must_use]
pub fn is_guarded_within(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let mut inner = expr;
    for around in module.around(expr) {
        let Around::Expr(outer) = around else { break };
        let keeps = match &module.expr(outer).kind {
            ExprKind::Conditional { test, then, otherwise } => {
                (inner == *then && implies(program, id, *test, true)) || (inner == *otherwise && implies(program, id, *test, false))
            }
            ExprKind::Logical { op, operands } => {
                let holds = match op {
                    LogicalOp::And => Some(true),
                    LogicalOp::Or => Some(false),
                    LogicalOp::Coalesce => None,
                };
                let before = operands.iter().take_while(|operand| **operand != inner);
                holds.is_some_and(|holds| { before }.any(|operand| implies(program, id, *operand, holds)))
            }
            _ => false,
        };
        if keeps {
            return true;
        }
        inner = outer;
    }
    false
}

/// Whether what is around a statement keeps it to development: a branch, or what has left the block before.
fn is_guarded(program: &Program, id: ModuleId, stmt: StmtId) -> bool {
    let module = program.module(id);
    module.around_stmt(stmt).any(|around| match around {
        Around::Stmt(outer, from) => {
            let block = module.block(module.stmt_parents[outer.index()]);
            let in_branch = match (&module.stmt(outer).kind, from) {
                (StmtKind::If { branches, .. }, Some(from)) => {
                    let taken = branches.iter().position(|(_, body)| *body == from).unwrap_or(branches.len());
                    branches.get(taken).is_some_and(|(test, _)| implies(program, id, *test, true))
                        || branches[..taken].iter().any(|(test, _)| implies(program, id, *test, false))
                }
                _ => false,
            };
            let leaves = |before: &StmtId| match &module.stmt(*before).kind {
                StmtKind::If { branches, .. } => {
                    branches.first().is_some_and(|(test, body)| !module.block(*body).falls_through && implies(program, id, *test, false))
                }
                _ => false,
            };
            in_branch || block.stmts.iter().take_while(|before| **before != outer).any(leaves)
        }
        Around::Expr(expr) => is_guarded_within(program, id, expr),
        Around::Function(_) | Around::Class(_) => false,
    })
}

/// A condition, and whether it holds.
#[derive(Clone, Copy)]
struct Condition {
    id: ModuleId,
    test: ExprId,
    holds: bool,
}

impl Condition {
    /// What it comes to, without negations and without the name that stands for it.
    fn plain(program: &Program, id: ModuleId, test: ExprId, holds: bool) -> Self {
        let mut at = Self { id, test, holds };
        for _ in 0..MOST_PARTS {
            (at.id, at.test) = named(program, at.id, at.test);
            let ExprKind::Unary { op: UnaryOp::Not, operand } = program.module(at.id).expr(at.test).kind else { break };
            (at.test, at.holds) = (operand, !at.holds);
        }
        at
    }
}

/// Whether a condition that holds (or does not) means development.
fn implies(program: &Program, id: ModuleId, test: ExprId, holds: bool) -> bool {
    let mut todo = vec![(id, test, holds)];
    for _ in 0..MOST_PARTS {
        let Some((id, test, holds)) = todo.pop() else { return true };
        let at = Condition::plain(program, id, test, holds);
        match &program.module(at.id).expr(at.test).kind {
            ExprKind::Logical { op: op @ (LogicalOp::And | LogicalOp::Or), operands } => {
                // Of an `and` that holds each part does, so that one is enough; of an `or` that holds, any may.
                if (*op == LogicalOp::And) != at.holds {
                    todo.extend(operands.iter().map(|operand| (at.id, *operand, at.holds)));
                } else if !operands.iter().any(|operand| says(program, Condition::plain(program, at.id, *operand, at.holds))) {
                    return false;
                }
            }
            _ if says(program, at) => {}
            _ => return false,
        }
    }
    false
}

/// Whether a condition without parts means development: a comparison with what tells where the program is, or a flag.
fn says(program: &Program, Condition { id, test, holds }: Condition) -> bool {
    let module = program.module(id);
    match &module.expr(test).kind {
        ExprKind::Compare { operands, ops } => {
            let ([left, right], [op]) = (&operands[..], &ops[..]) else { return false };
            let is_equal = match op {
                CompareOp::Eq | CompareOp::Is | CompareOp::In => true,
                CompareOp::NotEq | CompareOp::IsNot | CompareOp::NotIn => false,
                _ => return false,
            };
            let expected = if is_equal == holds { &DEVELOPMENT[..] } else { &PRODUCTION[..] };
            let is_one =
                |expr: ExprId| values::text(program, id, expr).is_some_and(|text| expected.contains(&text.to_lowercase().as_str()));
            let are = |expr: ExprId| match &module.expr(expr).kind {
                ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
                    let is_one_of =
                        if is_equal == holds { items.iter().all(|item| is_one(*item)) } else { items.iter().any(|item| is_one(*item)) };
                    !items.is_empty() && is_one_of
                }
                _ => is_one(expr),
            };
            (tells_where(program, id, *left) && are(*right)) || (tells_where(program, id, *right) && are(*left))
        }
        ExprKind::Call(call) if call.args.is_empty() => is_flag(program, id, call.callee, holds),
        _ => is_flag(program, id, test, holds),
    }
}

/// The condition that a name of the file stands for, unless the name says more.
fn named(program: &Program, id: ModuleId, test: ExprId) -> (ModuleId, ExprId) {
    let (at, origin) = values::origin(program, id, test);
    let is_condition = matches!(
        program.module(at).expr(origin).kind,
        ExprKind::Compare { .. } | ExprKind::Logical { .. } | ExprKind::Unary { .. } | ExprKind::Attribute { .. }
    );
    if is_condition { (at, origin) } else { (id, test) }
}

/// `process.env.NODE_ENV`, `settings.ENVIRONMENT`, `os.environ["APP_ENV"]`, `os.getenv("ENV", "local")`
fn tells_where(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let module = program.module(id);
    let is_one = |name: &str| words(name).last().is_some_and(|word| ENVIRONMENT.contains(&word.as_str()));
    let is_constant = |name: &str| !name.contains(char::is_lowercase);
    let is_settings = |module: &Module, object: ExprId| match module.expr(object).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
            words(&name).last().is_some_and(|word| SETTINGS.contains(&word.as_str()))
        }
        _ => false,
    };
    let (at, origin) = values::origin(program, id, expr);
    let is_name = |module: &Module, expr: ExprId| {
        // `process.env.NODE_ENV ?? "production"`
        let expr = match &module.expr(expr).kind {
            ExprKind::Logical { operands, .. } => operands.first().copied().unwrap_or(expr),
            _ => expr,
        };
        match &module.expr(expr).kind {
            ExprKind::Name(name) => is_one(name) && is_constant(name),
            ExprKind::Attribute { object, name, .. } => is_one(name) && (is_constant(name) || is_settings(module, *object)),
            ExprKind::Subscript { object, index, .. } => {
                is_settings(module, *object) && matches!(module.expr(*index).kind, ExprKind::String(name) if is_one(&name))
            }
            ExprKind::Call(call) => {
                let reads =
                    |arg: &Arg| matches!(module.expr(arg.value).kind, ExprKind::String(name) if is_one(&name) && is_constant(&name));
                call.args.first().is_some_and(reads)
            }
            _ => false,
        }
    };
    is_name(module, expr) || is_name(program.module(at), origin)
}

/// `isDevelopment`, `import.meta.env.DEV`, `settings.DEBUG`
fn is_flag(program: &Program, id: ModuleId, expr: ExprId, holds: bool) -> bool {
    let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = program.module(id).expr(expr).kind else { return false };
    let all = words(&name);
    let is_about = |word: &&str| !matches!(*word, "is" | "in" | "mode" | "env" | "environment");
    let said: Vec<&str> = all.iter().map(String::as_str).filter(is_about).collect();
    // `dev` may be a device, and `prod` a product.
    let is_clear = said.len() < all.len() || name.chars().all(|c| c == '_' || c.is_uppercase());
    match said[..] {
        ["development"] => holds,
        ["production"] => !holds,
        ["dev"] if is_clear => holds,
        ["prod"] if is_clear => !holds,
        _ => holds && (is_flag_of_framework(program, id, expr) || is_set_in_development(program, &name)),
    }
}

fn is_flag_of_framework(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    let resolver = Resolver::new(program);
    if matches!(resolver.entity(id, expr), Entity::Library(name) if FLAGS.contains(&name.as_str())) {
        return true;
    }
    let ExprKind::Attribute { object, name, .. } = program.module(id).expr(expr).kind else { return false };
    matches!(resolver.entity(id, object), Entity::Instance(class) if FLAGS.contains(&format!("{class}.{name}").as_str()))
}

/// Whether a flag of objects of the project is a comparison that means development, wherever it is set:
/// `{ IS_DEBUG: process.env.NODE_ENV === "development" }`.
fn is_set_in_development(program: &Program, name: &str) -> bool {
    if !words(name).iter().any(|word| word == "debug") {
        return false;
    }
    let mut set = program.code_ids().flat_map(|id| {
        let module = program.module(id);
        let value = move |entry: &Entry| match entry {
            Entry::Pair { key, value } => {
                let is_it = matches!(module.expr(*key).kind, ExprKind::String(key) if key == name);
                let compares = matches!(module.expr(*value).kind, ExprKind::Compare { .. });
                (is_it && compares).then_some((id, *value))
            }
            Entry::Spread(_) => None,
        };
        module.exprs.iter().flat_map(move |expr| match &expr.kind {
            ExprKind::Object(entries) => entries.iter().filter_map(value).collect(),
            _ => Vec::new(),
        })
    });
    set.next().is_some_and(|first| std::iter::once(first).chain(set).all(|(id, value)| implies(program, id, value, true)))
}

/// The words of a name, in small letters.
fn words(name: &str) -> Vec<String> {
    if name.contains(char::is_lowercase) { cleanup::words(name) } else { cleanup::words(&name.to_lowercase()) }
}
