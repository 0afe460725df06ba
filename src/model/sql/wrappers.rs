//! Functions of the project that run what they are given as SQL.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Sql;
use crate::model::calls::{argument, passed_on};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

/// How many functions of the project may stand around the call that runs a text.
const MOST_WRAPPED: usize = 3;

/// What a function does with a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wrapper {
    /// Index of the parameter that is the text.
    pub index: usize,
    /// What runs it in the end.
    pub api: Ustr,
}

/// Functions that run a parameter of theirs, just as they are given it, tests aside. Made when somebody asks.
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
                    let (inner, _) = passed_on(program, id, site.expr)?;
                    let (api, sql) = sink(program, Resolver::new(program).entity(id, inner.callee))?;
                    Some((api, text_argument(module, &inner, sql)?))
                });
                if let Some((api, text)) = run
                    && let Some((function, index)) = parameter(program, id, text)
                {
                    found.0.entry(function).or_insert(Wrapper { index, api });
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
                        && let Some((function, index)) = parameter(program, id, text)
                        && function != callee
                    {
                        new.push((function, Wrapper { index, api: wrapper.api }));
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

/// The parameter that a name stands for.
fn parameter(program: &Program, id: ModuleId, expr: ExprId) -> Option<(FunctionRef, usize)> {
    let module = program.module(id);
    let ExprKind::Name(name) = module.expr(expr).kind else { return None };
    let (scope, 1) = Resolver::new(program).scope_of_name(id, expr, name)? else { return None };
    match (program.bindings(id, scope, name).next()?.kind, module.scope(scope).kind) {
        (BindingKind::Param(index), ScopeKind::Function(function)) => Some((FunctionRef { module: id, function }, index as usize)),
        _ => None,
    }
}
