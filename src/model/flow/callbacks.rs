//! Functions of JavaScript that are written where they are used: what they are called with, and what they give.

use super::evaluate::{Evaluator, Values};
use super::interpret::{Environment, Interpreter};
use super::{Abstract, Origin, container};
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
            _ if item.origin <= Origin::Safe => Abstract::of(item.origin),
            _ => Abstract::of(Origin::Unseen),
        }
    }

    /// What a function of the project gives for these arguments: a constant, something harmless, or what it makes of them.
    pub(super) fn given_by(&self, expr: ExprId, function: FunctionRef, call: &Call, values: &Values) -> Abstract {
        let unseen = Abstract::of(Origin::Unseen);
        if call.args.iter().any(|arg| !matches!(arg.kind, ArgKind::Positional | ArgKind::Keyword(_))) {
            return unseen;
        }
        let f = self.program.function(function);
        let Some(inner) = self.of_function(function.module).filter(|_| !f.is_generator) else { return unseen };
        let mut environment = Environment::default();
        let receivers = super::sources::receivers(self.program, function);
        let of = |arg: &Arg| values.get(&arg.value).cloned().unwrap_or_default();
        let positional: Vec<&Arg> = call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).collect();
        for (index, param) in f.params.iter().enumerate() {
            let by_name = || call.args.iter().find(|arg| matches!(arg.kind, ArgKind::Keyword(name) if name == param.name));
            let arg = index.checked_sub(receivers).and_then(|at| positional.get(at).copied()).or_else(by_name);
            let value = match (arg.map(|arg| of(arg).derived()), param.default) {
                _ if index < receivers || matches!(param.kind, ParamKind::Rest | ParamKind::KeywordRest) => unseen.clone(),
                (Some(value), _) => value,
                (None, Some(default)) => inner.value_in(&environment, default),
                (None, None) => Abstract::default(),
            };
            let value = if inner.is_harmless(param) { Abstract::of(Origin::Safe) } else { value };
            inner.bind(&mut environment, param.target, value);
        }
        let given = match f.body {
            FunctionBody::Block(body) => inner.run(&mut environment, body),
            FunctionBody::Expr(value) => inner.evaluate(&mut environment, value),
        };
        self.pay_for(&inner);
        if inner.is_exhausted() {
            return unseen;
        }
        if given.origin <= Origin::Safe {
            return given.seen_from(expr);
        }
        // Its pieces are of another function: what is known is whose data it is made of.
        let worst = call.args.iter().map(of).max_by_key(|value| value.origin).map(|value| value.derived());
        worst.filter(|worst| worst.origin == given.origin).unwrap_or_else(|| Abstract::of(given.origin.min(Origin::Unseen)))
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
        list.content = Some(std::rc::Rc::new(super::Content { parts: Vec::new(), ..(**content).clone() }));
    }
    list
}
