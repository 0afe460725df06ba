//! Functions of JavaScript that are written where they are used: what they are called with, and what they give.

use super::evaluate::{Evaluator, Values};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::environment::Environment;
use super::interpret::Interpreter;
use super::{Abstract, Hole, Origin, StepKind, container, path};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::program::FunctionRef;
use crate::model::resolve::{Entity, Resolver};

/// Methods that call a function with each item of what they are called on.
const ITERATORS: [&str; 17] = [
    "map",
    "flatMap",
    "filter",
    "forEach",
    "some",
    "every",
    "find",
    "findLast",
    "findIndex",
    "findLastIndex",
    "reduce",
    "reduceRight",
    "sort",
    "toSorted",
    "then",
    "finally",
    "from",
];

/// What a function has done.
#[derive(Clone)]
pub(super) struct Run {
    /// What it has given.
    pub(super) given: Abstract,
    /// What its parameters are when it ends: what it lets pass.
    pub(super) left: Vec<Origin>,
    /// What it has given attributes of its first parameter.
    pub(super) attributes: Vec<(Arc<str>, Abstract)>,
}

/// What functions have done by what they were passed, and by how many more of them could lead to each other.
pub(super) type Runs = FxHashMap<(FunctionRef, u8), Vec<(Vec<Option<Abstract>>, Run)>>;

/// Functions in functions, written in place; deeper ones are not followed.
const MOST_NESTED: u32 = 12;

impl Evaluator<'_> {
    /// Whether a call calls functions that are written among its arguments with what it is called on.
    pub(super) fn goes_through(&self, call: &Call) -> bool {
        matches!(self.module().expr(call.callee).kind, ExprKind::Attribute { name, .. } if ITERATORS.contains(&name.as_str()))
            && call.args.iter().any(|arg| matches!(self.module().expr(arg.value).kind, ExprKind::Function(_)))
    }

    /// Binds the parameters of a function that such a call is passed.
    pub(super) fn bind_items(&self, environment: &mut Environment, function: FunctionId, call: ExprId, values: &Values) {
        let module = self.module();
        let Some(call) = module.call(call) else { return };
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return };
        let of = |expr: ExprId| values.get(&expr).cloned().unwrap_or_default();
        let whole = of(object);
        let argument = |at: usize| call.args.get(at).map(|arg| of(arg.value)).unwrap_or_default();
        let safe = Abstract::of(Origin::Safe);
        let passed = match name.as_str() {
            "then" => vec![whole],
            "finally" => Vec::new(),
            "from" => vec![argument(0).item(), safe],
            "sort" | "toSorted" => vec![whole.item(), whole.item()],
            "reduce" | "reduceRight" => vec![argument(1), whole.item(), safe, whole],
            _ => vec![whole.item(), safe, whole],
        };
        for (index, param) in module.function(function).params.iter().enumerate() {
            let value = if self.is_harmless(param) {
                Abstract::of(Origin::Safe)
            } else {
                passed.get(index).cloned().unwrap_or_else(|| Abstract::of(Origin::Unseen))
            };
            self.bind(environment, param.target, value);
        }
    }

    /// Runs a body; what it returns.
    pub(super) fn run(&self, environment: &mut Environment, body: BlockId) -> Abstract {
        let nesting = self.nesting.get();
        if nesting >= MOST_NESTED {
            return Abstract::of(Origin::Unseen);
        }
        self.nesting.set(nesting + 1);
        self.returned.borrow_mut().push(None);
        Interpreter { evaluator: self }.block(environment, body, nesting * 8);
        self.nesting.set(nesting);
        self.returned.borrow_mut().pop().flatten().unwrap_or_default()
    }

    /// Notes what the innermost function returns.
    pub(super) fn give(&self, value: &Abstract) {
        if let Some(given) = self.returned.borrow_mut().last_mut() {
            *given = Some(given.as_ref().map_or_else(|| value.clone(), |given| given.join(value)));
        }
    }

    /// What a function among the arguments gives for an item.
    pub(super) fn given_for(&self, function: ExprId, item: &Abstract) -> Abstract {
        if let ExprKind::Function(function) = self.module().expr(function).kind {
            return self.given.borrow().get(&function).cloned().unwrap_or_default();
        }
        match Resolver::new(self.program).entity(self.id, function) {
            Entity::Library(name) if self.program.apis.row(name).is_some_and(|row| row.is(Role::Sanitizer)) => Abstract::of(Origin::Safe),
            Entity::Library(name) if name == "js:globalThis.String" => item.clone(),
            Entity::Function(f) if super::sources::returns_number(self.program, f) => Abstract::of(Origin::Safe),
            Entity::Function(f) => {
                let mut passed = vec![Some(Abstract::of(Origin::Unseen)); self.program.receivers(f)];
                passed.push(Some(item.clone()));
                passed.resize(self.program.function(f).params.len(), None);
                self.run_with(f, passed).map_or_else(|| Abstract::of(Origin::Unseen), |run| run.given.seen_from(function, &[]))
            }
            _ if item.origin <= Origin::Safe => Abstract::of(item.origin),
            _ => Abstract::of(Origin::Unseen),
        }
    }

    /// What a function of the project gives for these arguments: a constant, something harmless, or what it makes of them.
    pub(super) fn given_by(&self, expr: ExprId, function: FunctionRef, call: &Call, values: &Values) -> Abstract {
        let f = self.program.function(function);
        let passed = self.passed(function, call, values);
        let Some(run) = passed.and_then(|passed| self.run_with(function, passed)) else { return Abstract::of(Origin::Unseen) };
        let given = if f.is_generator { container(vec![run.given]) } else { run.given };
        let passed = || call.args.iter().filter_map(|arg| values.get(&arg.value));
        let own: Vec<Hole> = passed().filter_map(|value| value.text.as_ref()).flat_map(|text| text.holes()).cloned().collect();
        let given = given.seen_from(expr, &own);
        let way = path::then(&given.way, (self.id, expr), StepKind::Returned(f.name));
        let given = Abstract { way, ..given };
        if let Some(text) = given.text.as_ref().filter(|_| given.origin > Origin::Safe) {
            let roots: Vec<ExprId> = passed().flat_map(Abstract::roots).copied().collect();
            return self.assembled(expr, text.pieces.clone(), &roots);
        }
        given
    }

    /// Lets a function of the project run with what its parameters are passed; nothing where that cannot be followed.
    pub(super) fn run_with(&self, function: FunctionRef, passed: Vec<Option<Abstract>>) -> Option<Run> {
        let f = self.program.function(function);
        // What calls itself gives what it gives without that.
        if self.active.contains(&function) {
            return Some(Run { given: Abstract::default(), left: Vec::new(), attributes: Vec::new() });
        }
        let inner = self.of_function(function)?;
        let key = (function, inner.depth());
        let known = |(before, _): &&(Vec<Option<Abstract>>, Run)| *before == passed;
        if let Some((_, run)) = self.runs.borrow().get(&key).and_then(|runs| runs.iter().find(known)) {
            return Some(run.clone());
        }
        let mut environment = Environment::default();
        for (param, value) in f.params.iter().zip(&passed) {
            let value = match (value, param.default) {
                _ if inner.is_harmless(param) => Abstract::of(Origin::Safe),
                (Some(value), _) => value.clone(),
                (None, Some(default)) => inner.value_in(&environment, default),
                (None, None) => Abstract::default(),
            };
            inner.bind(&mut environment, param.target, value);
        }
        let given = match f.body {
            FunctionBody::Block(body) => inner.run(&mut environment, body),
            FunctionBody::Expr(value) => inner.evaluate(&mut environment, value),
        };
        self.pay_for(&inner);
        let left = f.params.iter().map(|param| inner.value_in(&environment, param.target).origin).collect();
        if inner.is_exhausted() {
            return None;
        }
        let receiver = f.params.first().filter(|_| f.name == "__init__").map(|param| param.name);
        let attributes = receiver.map_or_else(Vec::new, |receiver| environment.attributes(receiver));
        let run = Run { given, left, attributes };
        self.runs.borrow_mut().entry(key).or_default().push((passed, run.clone()));
        Some(run)
    }

    /// What each parameter is passed.
    pub(super) fn passed(&self, function: FunctionRef, call: &Call, values: &Values) -> Option<Vec<Option<Abstract>>> {
        let f = self.program.function(function);
        let of = |arg: &Arg| {
            let value = values.get(&arg.value).cloned().unwrap_or_default();
            Abstract { way: path::then(&value.way, (self.id, arg.value), StepKind::Passed(f.name)), ..value }
        };
        let mut positional = vec![Abstract::of(Origin::Unseen); self.program.receivers(function)];
        for arg in &call.args {
            match arg.kind {
                ArgKind::Positional => positional.push(of(arg)),
                // `select(*arguments)`
                ArgKind::Spread if !of(arg).parts().is_empty() => positional.extend(of(arg).parts().iter().cloned()),
                ArgKind::Keyword(_) => {}
                ArgKind::Spread | ArgKind::KeywordSpread => return None,
            }
        }
        let named = |name: ustr::Ustr| {
            let arg = call.args.iter().find(|arg| matches!(arg.kind, ArgKind::Keyword(keyword) if keyword == name));
            arg.map(of)
        };
        let each = |(index, param): (usize, &Param)| match param.kind {
            ParamKind::Rest | ParamKind::KeywordRest => Some(Abstract::of(Origin::Unseen)),
            _ => positional.get(index).cloned().or_else(|| named(param.name)),
        };
        Some(f.params.iter().enumerate().map(each).collect())
    }

    /// An item for which a function that is written among the arguments says yes.
    pub(super) fn accepted(&self, environment: &Environment, function: ExprId, item: &Abstract) -> Abstract {
        let module = self.module();
        let ExprKind::Function(function) = module.expr(function).kind else { return item.clone() };
        let function = module.function(function);
        let test = match function.body {
            FunctionBody::Expr(test) => Some(test),
            FunctionBody::Block(body) => match module.block(body).stmts[..] {
                [only] => match module.stmt(only).kind {
                    StmtKind::Return(value) => value,
                    _ => None,
                },
                _ => None,
            },
        };
        let (Some(test), Some(param)) = (test, function.params.first()) else { return item.clone() };
        let mut inside = environment.clone();
        self.bind(&mut inside, param.target, item.clone());
        self.refine(&mut inside, test, true);
        if self.key(param.target).is_some() { self.value_in(&inside, param.target) } else { item.clone() }
    }
}

/// A list of any number of such items.
pub(super) fn list_of(item: Abstract) -> Abstract {
    let mut list = container(vec![item]);
    if let Some(content) = &list.content {
        list.content = Some(Arc::new(super::Content { parts: Vec::new(), ..(**content).clone() }));
    }
    list
}
