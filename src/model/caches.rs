//! Caches: what is not there is read where it comes from, and what is not kept is read again.

use crate::ir::program::*;
use crate::model::cleanup::words;
use crate::model::local_work;
use crate::model::program::{ModuleId, Program};

/// What is done with a cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// It reads.
    Reads,
    /// It writes.
    Writes,
}

/// What these expressions do with a cache, if they do nothing else that may fail.
#[must_use]
pub fn used(program: &Program, id: ModuleId, exprs: &[ExprId]) -> Option<Use> {
    let module = program.module(id);
    let mut found = None;
    for expr in exprs.iter().filter(|expr| module.call(**expr).is_some()) {
        match of_call(module, *expr) {
            Some(use_) if found != Some(Use::Writes) => found = Some(use_),
            Some(_) => {}
            None if local_work::is_call(program, id, *expr) => {}
            None => return None,
        }
    }
    found
}

/// Whether a function goes on behind a statement to where what is cached comes from.
#[must_use]
pub fn is_read_behind(module: &Module, function: FunctionId, stmt: StmtId) -> bool {
    let FunctionBody::Block(body) = module.function(function).body else { return false };
    let end = module.stmt(stmt).span.end;
    let follows = |expr: ExprId| module.expr(expr).span.start >= end && module.call(expr).is_some();
    module.expressions(body).into_iter().any(follows)
}

/// `cache.get(key)`, `redis.hget(key, field)`, `readCache(key)`
fn of_call(module: &Module, call: ExprId) -> Option<Use> {
    const READS: [&str; 14] = [
        "get", "getall", "getitem", "getjson", "has", "hget", "hgetall", "load", "lookup", "match", "mget", "read", "retrieve", "smembers",
    ];
    const WRITES: [&str; 9] = ["cache", "hset", "mset", "put", "save", "set", "setex", "store", "write"];
    let is_cache = |name: &str| words(name).iter().any(|word| matches!(word.as_str(), "cache" | "cached" | "memcached"));
    let is_store = |name: &str| matches!(words(name).last().map(String::as_str), Some("redis" | "kv" | "valkey" | "memo"));
    let (name, of) = match module.expr(module.call(call)?.callee).kind {
        ExprKind::Name(name) => (name, None),
        ExprKind::Attribute { object, name, .. } => match module.expr(object).kind {
            ExprKind::Name(of) | ExprKind::Attribute { name: of, .. } => (name, Some(of)),
            _ => return None,
        },
        _ => return None,
    };
    let all = words(&name);
    let verb = all.first()?.as_str();
    let whole = name.to_lowercase();
    let says = |verbs: &[&str]| verbs.contains(&verb) || verbs.contains(&whole.as_str());
    // Sessions and locks are kept there, too: only what is read may be missing.
    let of_cache = is_cache(&name) || of.is_some_and(|of| is_cache(&of));
    if says(&READS) && (of_cache || of.is_some_and(|of| is_store(&of))) {
        Some(Use::Reads)
    } else {
        (says(&WRITES) && of_cache).then_some(Use::Writes)
    }
}
