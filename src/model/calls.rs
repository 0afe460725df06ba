//! Arguments of calls.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::JAVASCRIPT;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::{dictionaries, values};

/// What binds arguments of a function before it is called.
const PARTIAL: &str = "functools.partial";

/// The argument at a position, or passed by one of these keywords. Nothing where a spread may have passed it.
#[must_use]
pub fn argument(call: &Call, position: Option<usize>, keywords: &[&str]) -> Option<ExprId> {
    let by_keyword = call.args.iter().find(|a| matches!(a.kind, ArgKind::Keyword(name) if keywords.contains(&name.as_str())));
    if let Some(arg) = by_keyword {
        return Some(arg.value);
    }
    let position = position?;
    let positional: Vec<&Arg> =
        call.args.iter().take_while(|a| a.kind != ArgKind::Spread).filter(|a| a.kind == ArgKind::Positional).collect();
    positional.get(position).map(|a| a.value)
}

/// Whether arguments are passed that cannot be seen: `*args`, `**kwargs` of unknown content.
#[must_use]
pub fn has_spread(call: &Call) -> bool {
    call.args.iter().any(|a| matches!(a.kind, ArgKind::Spread | ArgKind::KeywordSpread))
}

/// The constant string passed at a position or by keyword.
#[must_use]
pub fn string_argument(program: &Program, module: ModuleId, call: &Call, position: usize, keywords: &[&str]) -> Option<String> {
    values::text(program, module, argument(call, Some(position), keywords)?)
}

/// An API as a reader of the code knows it: a method by its receiver as it is written, all else by its own name.
#[must_use]
pub fn spelled(program: &Program, id: ModuleId, call: &Call, name: Ustr) -> String {
    let module = program.module(id);
    if let Some(path) = name.strip_prefix(JAVASCRIPT) {
        let written = program.text(id, call.callee);
        let is_plain = !written.is_empty() && written.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '?'));
        let name = if is_plain { written } else { path.strip_prefix("globalThis.").unwrap_or(path) };
        // `typeorm.SelectQueryBuilder.where` is known as `SelectQueryBuilder.where`.
        return match name.rsplitn(3, '.').collect::<Vec<_>>()[..] {
            [last, class, _] if !is_plain => format!("{class}.{last}"),
            _ => name.replace("?.", "."),
        };
    }
    if let ExprKind::Attribute { object, .. } = module.expr(call.callee).kind
        && matches!(Resolver::new(program).entity(id, object), Entity::Instance(_) | Entity::Object(..) | Entity::Unknown)
    {
        let written = program.text(id, call.callee);
        if written.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
            return written.to_owned();
        }
    }
    // `google.cloud.bigquery.Client` is known as `bigquery.Client`.
    match name.rsplitn(4, '.').collect::<Vec<_>>()[..] {
        [last, class, _, _] => format!("{class}.{last}"),
        _ => name.to_string(),
    }
}

/// The call that a function makes of one that is passed to it, and whether keywords reach it:
/// `asyncio.to_thread(requests.get, url)` is `requests.get(url)`.
#[must_use]
pub fn passed_on(program: &Program, module: ModuleId, expr: ExprId) -> Option<(Call, bool)> {
    let m = program.module(module);
    let outer = m.call(expr)?;
    let name = program.callee(module, expr).library()?;
    let calls = program.apis.row(name)?.calls?;
    // What has a name may be given more by whoever calls it.
    let is_handed_on =
        matches!(m.expr_parents[expr.index()], Parent::Expr(parent) if m.call(parent).is_some_and(|call| call.callee != expr));
    if name == PARTIAL && !is_handed_on {
        return None;
    }
    let (before, after) = outer.args.split_at_checked(calls.position)?;
    let (function, own) = after.split_first()?;
    // What `partial` has made is judged where that is called.
    let is_partial = program.callee(module, function.value).library().is_some_and(|name| name == PARTIAL);
    if is_partial || before.iter().chain([function]).any(|arg| arg.kind != ArgKind::Positional) {
        return None;
    }
    Some((Call { callee: function.value, args: own.into(), ..outer.clone() }, calls.keywords))
}

/// The same, where a call that is only prepared counts as made: `run = partial(client.query, sql)`.
#[must_use]
pub fn passed_on_or_prepared(program: &Program, module: ModuleId, expr: ExprId) -> Option<Call> {
    if let Some((inner, _)) = passed_on(program, module, expr) {
        return Some(inner);
    }
    let outer = program.module(module).call(expr)?;
    let (function, own) = outer.args.split_first()?;
    let is_partial = program.callee(module, expr).library()? == PARTIAL && function.kind == ArgKind::Positional;
    is_partial.then(|| Call { callee: function.value, args: own.into(), ..outer.clone() })
}

/// Whether an argument is passed to a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passed {
    /// Here is its value, and the module that this expression is of.
    Value(ModuleId, ExprId),
    /// It is not.
    No,
    /// A spread may pass it.
    Unknown,
}

impl Passed {
    /// Whether it is passed, and true.
    #[must_use]
    pub fn is_true(self, program: &Program) -> bool {
        matches!(self, Self::Value(module, value) if values::value(program, module, value) == values::Value::Bool(true))
    }
}

/// Whether an argument is passed, by position or keyword or in a dictionary whose keys can be seen (`**options`), or bound
/// beforehand by `functools.partial`.
#[must_use]
pub fn passed(program: &Program, module: ModuleId, call: &Call, position: Option<usize>, keyword: &str) -> Passed {
    let mut calls = vec![(module, call.clone())];
    // A function is bound once or twice.
    while let Some((at, inner)) = calls.last().and_then(|(module, call)| bound(program, *module, call)) {
        if calls.len() > 4 {
            return Passed::Unknown;
        }
        calls.push((at, inner));
    }
    let mut position = position;
    // What is bound first comes first.
    let mut result = Passed::No;
    for (module, call) in calls.iter().rev() {
        match given(program, *module, call, position, keyword) {
            Passed::No => {}
            found => result = found,
        }
        let taken = call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).count();
        position = position.and_then(|position| position.checked_sub(taken));
    }
    result
}

/// The call that `functools.partial` has prepared, where that made what is called: `fetch(url)` after
/// `fetch = partial(requests.get, timeout=5)`.
fn bound(program: &Program, module: ModuleId, call: &Call) -> Option<(ModuleId, Call)> {
    if !program.calls_anywhere(PARTIAL) {
        return None;
    }
    let (module, origin) = values::origin(program, module, call.callee);
    let partial = program.module(module).call(origin)?;
    let (function, own) = partial.args.split_first()?;
    (program.callee(module, origin).library()? == PARTIAL)
        .then(|| (module, Call { callee: function.value, args: own.into(), ..partial.clone() }))
}

fn given(program: &Program, module: ModuleId, call: &Call, position: Option<usize>, keyword: &str) -> Passed {
    if let Some(value) = argument(call, position, &[keyword]) {
        return Passed::Value(module, value);
    }
    let mut result = Passed::No;
    for arg in &call.args {
        match arg.kind {
            // `*args` passes what comes by position only.
            ArgKind::Spread if position.is_some() => result = Passed::Unknown,
            ArgKind::KeywordSpread => match dictionaries::entry(program, module, arg.value, keyword) {
                Passed::No => {}
                found @ Passed::Value(..) => return found,
                Passed::Unknown => result = Passed::Unknown,
            },
            _ => {}
        }
    }
    result
}
