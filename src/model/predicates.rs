//! Predicates: functions whose "no" is an answer, and also what is said of what cannot be read.

use crate::ir::program::*;
use crate::model::cleanup::words;
use crate::model::program::{ModuleId, Program};
use crate::model::{local_work, outside};

/// Words of names whose `True` says that something is wrong.
const NEGATIVE: [&str; 7] = ["broken", "corrupt", "corrupted", "expired", "invalid", "malformed", "unsafe"];

/// Words of names that ask a question.
const ASKS: [&str; 8] = ["can", "has", "is", "matches", "safe", "should", "valid", "verify"];

/// Words of names that ask how something is.
const HEALTH: [&str; 8] = ["alive", "available", "connected", "health", "healthy", "online", "reachable", "ready"];

/// What a program tries whether it can be connected to.
const REACHED: [&str; 3] = ["host", "port", "socket"];

/// Whether a function asks something of what it is given, without reaching out, and this value is the careful answer.
#[must_use]
pub fn is_careful_answer(program: &Program, id: ModuleId, function: FunctionId, tried: BlockId, value: ExprId) -> bool {
    let module = program.module(id);
    let f = module.function(function);
    let words = words(&f.name);
    let is_negative = words.iter().any(|word| NEGATIVE.contains(&word.as_str()));
    let returns_bool =
        f.returns.is_some_and(|returns| matches!(module.expr(returns).kind, ExprKind::Name(name) if name == "bool" || name == "boolean"));
    let asks = is_negative || words.iter().any(|word| ASKS.contains(&word.as_str()));
    let is_careful = matches!(module.expr(value).kind, ExprKind::Bool(answer) if answer == is_negative);
    // `-> bool` is also what says that something was done.
    // A health check is there to say it.
    let is_script = module.language == Language::TypeScript;
    let is_health = (is_script && (is_health_check(&words) || words.iter().any(|word| HEALTH.contains(&word.as_str()))))
        || (asks && words.iter().any(|word| REACHED.contains(&word.as_str())));
    let probes =
        is_script && (asks || words.first().is_some_and(|word| word == "check")) && outside::only_runs_programs(program, id, tried);
    let computes = is_health
        || probes
        || (asks && !outside::reaches(program, id, tried))
        || (returns_bool && local_work::of_block(program, id, tried).is_some());
    is_careful && computes
}

/// Whether a function of this name is there to say whether something answers: `status`, `ping`, `check_health`, `isUp`.
fn is_health_check(words: &[String]) -> bool {
    const SAID: [&str; 5] = ["alive", "health", "ping", "status", "up"];
    const AROUND: [&str; 11] = ["api", "check", "connection", "database", "db", "get", "is", "redis", "server", "service", "test"];
    let is_of = |list: &[&str], word: &String| list.contains(&word.as_str());
    words.iter().any(|word| is_of(&SAID, word)) && words.iter().all(|word| is_of(&SAID, word) || is_of(&AROUND, word))
}

/// Methods of libraries that check values, which call what they are handed and tell of its "no".
const CHECKERS: [&str; 9] =
    ["addValidator", "assert", "custom", "refine", "refinement", "registerDecorator", "superRefine", "test", "withPredicate"];

/// Keys of what such libraries, and forms, take.
const CHECKS: [&str; 5] = ["check", "isValid", "validate", "validator", "validators"];

/// Whether a function is handed to something that tells of its "no": `z.string().refine((text) => …)`, `{ validate: … }`.
#[must_use]
pub fn is_handed_as_check(module: &Module, function: FunctionId) -> bool {
    let Parent::Expr(value) = module.function(function).parent else { return false };
    let Parent::Expr(outer) = module.expr_parents[value.index()] else { return false };
    match &module.expr(outer).kind {
        ExprKind::Call(call) if call.callee != value => {
            matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if CHECKERS.contains(&name.as_str()))
        }
        ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
            Entry::Pair { key, value: other } if *other == value => {
                matches!(module.expr(*key).kind, ExprKind::String(key) if CHECKS.contains(&key.as_str()))
            }
            _ => false,
        }),
        _ => false,
    }
}

/// Whether a function asks something by its name, so that whoever calls it looks at its "no".
#[must_use]
pub fn asks(name: &str) -> bool {
    const VERBS: [&str; 12] =
        ["can", "check", "does", "has", "is", "matches", "should", "supports", "valid", "validate", "verify", "exists"];
    words(name).iter().take(2).any(|word| VERBS.contains(&word.as_str()))
}

/// Whether a function says by its name that it may have nothing to give: `_safe_get_tenant`, `tryRead`.
#[must_use]
pub fn is_attempt(name: &str) -> bool {
    words(name).first().is_some_and(|word| matches!(word.as_str(), "maybe" | "safe" | "try"))
}

/// Whether a clause ends with that "no": `false`, `null`, `undefined`.
#[must_use]
pub fn says_no(module: &Module, clause: BlockId) -> bool {
    let last = module.block(clause).stmts.last().map(|stmt| &module.stmt(*stmt).kind);
    matches!(last, Some(StmtKind::Return(Some(value))) if matches!(module.expr(*value).kind, ExprKind::Bool(false) | ExprKind::Null))
}
