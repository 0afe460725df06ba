//! Functions of the project that run what they are given as SQL.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Sql;
use crate::model::calls::{argument, passed_on_or_prepared};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values;

/// How many functions of the project may stand around the call that runs a text.
const MOST_WRAPPED: usize = 3;

/// What a function does with a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wrapper {
    /// Index of the parameter that is the text.
    pub index: usize,
    /// What runs it in the end.
    pub api: Ustr,
    /// What is put behind it on the way: ` LIMIT 1`.
    pub after: Ustr,
}

/// Functions that run a parameter of theirs, as they are given it or with a constant behind it, tests aside. Made when somebody asks.
#[derive(Debug, Default)]
pub struct Wrappers(FxHashMap<FunctionRef, Wrapper>);

impl Wrappers {
    /// Finds them.
    #[must_use]
    pub fn find(program: &Program) -> Self {
        let mut found = Self::default();
        for id in program.code_ids() {
            let module = program.module(id);
            for site in &program.calls[id.0 as usize] {
                let Some(call) = module.call(site.expr) else { continue };
                let run = sink(program, site.callee).and_then(|(api, sql)| Some((api, text_argument(module, call, sql)?)));
                let run = run.or_else(|| {
                    site.callee.library()?;
                    let inner = passed_on_or_prepared(program, id, site.expr)?;
                    let (api, sql) = sink(program, Resolver::new(program).entity(id, inner.callee))?;
                    Some((api, text_argument(module, &inner, sql)?))
                });
                if let Some((api, text)) = run
                    && let Some((function, index, after)) = parameter(program, id, text)
                {
                    found.0.entry(function).or_insert(Wrapper { index, api, after });
                }
            }
        }
        for _ in 1..MOST_WRAPPED {
            let mut new = Vec::new();
            for id in program.code_ids().filter(|_| !found.0.is_empty()) {
                for site in &program.calls[id.0 as usize] {
                    let Entity::Function(callee) = site.callee else { continue };
                    let Some(wrapper) = found.of(callee) else { continue };
                    let Some(call) = program.module(id).call(site.expr) else { continue };
                    if let Some(text) = wrapper.argument(program, callee, call)
                        && let Some((function, index, after)) = parameter(program, id, text)
                        && function != callee
                    {
                        let after = Ustr::from(&format!("{after}{}", wrapper.after));
                        new.push((function, Wrapper { index, api: wrapper.api, after }));
                    }
                }
            }
            for (function, wrapper) in new {
                found.0.entry(function).or_insert(wrapper);
            }
        }
        found
    }

    /// What a function does with a text, if it runs one.
    #[must_use]
    pub fn of(&self, function: FunctionRef) -> Option<Wrapper> {
        self.0.get(&function).copied()
    }
}

impl Wrapper {
    /// What a call of the function passes as the text.
    #[must_use]
    pub fn argument(&self, program: &Program, function: FunctionRef, call: &Call) -> Option<ExprId> {
        let name = program.function(function).params.get(self.index)?.name;
        argument(call, self.index.checked_sub(program.receivers(function)), &[name.as_str()])
    }
}

fn sink(program: &Program, callee: Entity) -> Option<(Ustr, &Sql)> {
    let api = callee.library()?;
    Some((api, program.apis.row(api)?.sql.as_ref()?))
}

/// What a call is passed as SQL: an argument, or what stands under a key of an object.
fn text_argument(module: &Module, call: &Call, sql: &Sql) -> Option<ExprId> {
    let keyword = sql.keyword.as_deref().unwrap_or_default();
    let passed = argument(call, Some(sql.position), &[keyword])?;
    match &module.expr(passed).kind {
        ExprKind::Object(entries) => entries.iter().find_map(|entry| match entry {
            Entry::Pair { key, value } if matches!(module.expr(*key).kind, ExprKind::String(key) if key == keyword) => Some(*value),
            _ => None,
        }),
        _ => Some(passed),
    }
}

/// The parameter that a text is, and what is put behind it.
fn parameter(program: &Program, id: ModuleId, expr: ExprId) -> Option<(FunctionRef, usize, Ustr)> {
    let module = program.module(id);
    let (name, after) = match &module.expr(expr).kind {
        // `sql + " LIMIT 1"`
        ExprKind::Binary { op: BinaryOp::Add, operands } => {
            let (first, rest) = operands.split_first()?;
            let after: Option<String> = rest.iter().map(|piece| values::text(program, id, *piece)).collect();
            (*first, after?)
        }
        // `${sql} LIMIT 1`
        ExprKind::Template { parts, tag: None } => {
            let (TemplatePart::Hole(first), rest) = parts.split_first()? else { return None };
            let text = |part: &TemplatePart| match part {
                TemplatePart::Text(text, _) => Some(text.to_string()),
                TemplatePart::Hole(hole) => values::text(program, id, *hole),
            };
            let after: Option<String> = rest.iter().map(text).collect();
            (*first, after?)
        }
        _ => (expr, String::new()),
    };
    let ExprKind::Name(text) = module.expr(name).kind else { return None };
    let (scope, 1) = Resolver::new(program).scope_of_name(id, name, text)? else { return None };
    match (program.bindings(id, scope, text).next()?.kind, module.scope(scope).kind) {
        (BindingKind::Param(index), ScopeKind::Function(function)) => {
            Some((FunctionRef { module: id, function }, index as usize, Ustr::from(&after)))
        }
        _ => None,
    }
}
