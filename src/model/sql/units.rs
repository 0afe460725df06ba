//! Where SQL texts are made or run: all other code costs nothing.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::{Role, Row};
use crate::model::calls::passed_on_or_prepared;
use crate::model::flow;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// The outermost functions in which a query is run or a text looks like one, or that name what the module has bound to such a
/// text, and the module's own statements (`None`) if they do. All others cost nothing.
#[must_use]
pub fn of(program: &Program, id: ModuleId) -> Vec<Option<FunctionId>> {
    let module = program.module(id);
    let wrappers = program.sql_wrappers();
    let runs = program.calls[id.0 as usize].iter().filter(|site| {
        let row = site.callee.library().and_then(|name| program.apis.row(name));
        let passes_on = |row: &Row| {
            let inner = row.calls.and_then(|_| passed_on_or_prepared(program, id, site.expr));
            inner.is_some_and(|inner| match Resolver::new(program).entity(id, inner.callee) {
                Entity::Library(name) => program.apis.row(name).is_some_and(|row| row.is(Role::SqlSink)),
                Entity::Function(function) => wrappers.of(function).is_some(),
                _ => false,
            })
        };
        let is_wrapped = || matches!(site.callee, Entity::Function(function) if wrappers.of(function).is_some());
        row.is_some_and(|row| row.is(Role::SqlSink) || passes_on(row)) || is_query_method(module, site.expr) || is_wrapped()
    });
    let texts = module.expr_ids().filter(|expr| match &module.expr(*expr).kind {
        ExprKind::String(text) => begins_like_sql(text).is_some_and(|next| text.ends_with(char::is_whitespace) || has_word(text, next)),
        ExprKind::Template { parts, .. } => {
            let texts = || parts.iter().filter_map(|part| if let TemplatePart::Text(text, _) = part { Some(text) } else { None });
            let next = matches!(parts.first(), Some(TemplatePart::Text(..))).then(|| begins_like_sql(texts().next()?)).flatten();
            next.is_some_and(|next| {
                texts().any(|text| has_word(text, next)) || texts().next_back().is_some_and(|text| text.ends_with(char::is_whitespace))
            })
        }
        _ => false,
    });
    let texts: Vec<ExprId> = texts.collect();
    let bound: FxHashSet<Ustr> =
        texts.iter().filter(|text| flow::outermost(module, **text).is_none()).filter_map(|text| bound_to(module, *text)).collect();
    let named = module.expr_ids().filter(|expr| match module.expr(*expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => bound.contains(&name),
        _ => false,
    });
    let named = named.filter(|_| !bound.is_empty());
    let exprs = runs.map(|site| site.expr).chain(texts.iter().copied()).chain(named);
    let mut units: Vec<Option<FunctionId>> = exprs.map(|expr| flow::outermost(module, expr)).collect();
    units.sort();
    units.dedup();
    units
}

/// The name that a statement gives what an expression is part of: `QUERIES` of `QUERIES["open"] = "SELECT …"`.
fn bound_to(module: &Module, expr: ExprId) -> Option<Ustr> {
    let StmtKind::Assign { targets, .. } = &module.stmt(module.stmt_of(expr)?).kind else { return None };
    let mut target = *targets.first()?;
    loop {
        match module.expr(target).kind {
            ExprKind::Name(name) => return Some(name),
            ExprKind::Attribute { object, .. } | ExprKind::Subscript { object, .. } => target = object,
            _ => return None,
        }
    }
}

fn is_query_method(module: &Module, call: ExprId) -> bool {
    let callee = module.call(call).map(|call| &module.expr(call.callee).kind);
    module.language == Language::Python
        && matches!(callee, Some(ExprKind::Attribute { name, .. }) if matches!(name.as_str(), "execute" | "executemany" | "executescript" | "query_and_wait" | "raw" | "extra"))
}

/// The verbs that statements begin with, and a word that each goes on with: "Select a file" is no statement.
const STATEMENTS: [(&str, &str); 7] =
    [("select", "from"), ("insert", "into"), ("update", "set"), ("delete", "from"), ("with", "as"), ("merge", "into"), ("replace", "into")];

/// The word that a text would go on with, if it begins as a statement does.
#[must_use]
pub fn begins_like_sql(text: &str) -> Option<&'static str> {
    let start = text.trim_start().as_bytes();
    let word = start.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let word = &start[..word];
    STATEMENTS.iter().find(|(verb, _)| word.eq_ignore_ascii_case(verb.as_bytes())).map(|(_, next)| *next)
}

fn has_word(text: &str, wanted: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word.eq_ignore_ascii_case(wanted))
}
