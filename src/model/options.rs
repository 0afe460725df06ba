//! Objects of options: what a call of JavaScript is told under a key.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Positions;
use crate::model::callers;
use crate::model::calls::Passed;
use crate::model::cleanup::words;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values::{self, Value};

/// How deep objects are put together of others.
const DEPTH: u32 = 8;

/// Where an option that is not set would stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// In the object literal that is passed.
    Literal(ExprId),
    /// In the object that this argument stands for, whose literal is elsewhere.
    Variable(ExprId),
    /// In an object that is to be passed at this position, in place of `undefined` or of nothing.
    Argument(usize),
}

/// What a call is told under a key of its options, which may stand at several positions. The key may be a path: `timeout.request`.
#[must_use]
pub fn told(program: &Program, id: ModuleId, call: &Call, positions: &Positions, path: &str) -> Passed {
    let (mut seen, mut unseen) = (None, Passed::No);
    for position in &positions.0 {
        let Some(arg) = at(call, *position) else { return Passed::Unknown };
        let Some(arg) = arg else { continue };
        match argument(program, id, arg) {
            Argument::Object => match in_object(program, id, arg, path, DEPTH) {
                Passed::No => seen = Some(Passed::No),
                found => return found,
            },
            Argument::Other => {}
            Argument::Unknown if in_object(program, id, arg, path, DEPTH) == Passed::No => seen = Some(Passed::No),
            Argument::Unknown => unseen = Passed::Unknown,
        }
    }
    // Where options are in sight, what else is passed is an address, whatever its name.
    seen.unwrap_or(unseen)
}

/// What an object holds under a path of keys.
#[must_use]
pub fn held(program: &Program, id: ModuleId, object: ExprId, path: &str) -> Passed {
    in_object(program, id, object, path, DEPTH)
}

/// Where an option would stand that a call is not told.
#[must_use]
pub fn slot(program: &Program, id: ModuleId, call: &Call, positions: &Positions) -> Option<Slot> {
    let module = program.module(id);
    let passed = |position: &usize| at(call, *position).flatten();
    let may_hold = |arg: ExprId| callers::given(program, id, arg).is_some() || !made(program, id, arg).is_empty();
    let holds = |arg: ExprId| is_object(program, id, arg) || (!is_no_object(program, id, arg, DEPTH) && may_hold(arg));
    let object = positions.0.iter().filter_map(passed).find(|arg| holds(*arg));
    if let Some(arg) = object {
        return Some(if matches!(module.expr(arg).kind, ExprKind::Object(_)) { Slot::Literal(arg) } else { Slot::Variable(arg) });
    }
    let is_free = |position: &&usize| {
        passed(position).is_none_or(|arg| {
            let is_function = matches!(module.expr(arg).kind, ExprKind::Function(_))
                || matches!(Resolver::new(program).entity(id, arg), Entity::Function(_))
                || (**position > 0 && is_named(module, arg, &["callback", "cb", "done", "next"]));
            is_function || values::value(program, id, arg) == Value::Null
        })
    };
    positions.0.iter().find(is_free).copied().map(Slot::Argument)
}

/// The argument at a position; nothing inside where there is none, nothing at all where a spread may have passed it.
#[expect(clippy::option_option, reason = "not passed and not known are two things")]
fn at(call: &Call, position: usize) -> Option<Option<ExprId>> {
    let before = call.args.iter().take(position + 1);
    if before.clone().any(|arg| arg.kind == ArgKind::Spread) {
        return None;
    }
    Some(call.args.get(position).map(|arg| arg.value))
}

/// What an argument may be.
enum Argument {
    /// An object whose literal is in sight.
    Object,
    /// An address, a function, a list, nothing: no options.
    Other,
    /// Out of sight.
    Unknown,
}

fn argument(program: &Program, id: ModuleId, arg: ExprId) -> Argument {
    if is_object(program, id, arg) {
        Argument::Object
    } else if is_no_object(program, id, arg, DEPTH) {
        Argument::Other
    } else {
        Argument::Unknown
    }
}

fn is_object(program: &Program, id: ModuleId, arg: ExprId) -> bool {
    values::object_literal(program, id, arg).is_some()
}

/// Whether an expression gives no object of options: a text, an address, a list, a function, nothing.
fn is_no_object(program: &Program, id: ModuleId, expr: ExprId, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let (module, origin) = values::origin(program, id, expr);
    let m = program.module(module);
    let by_shape = match &m.expr(origin).kind {
        ExprKind::String(_)
        | ExprKind::Template { .. }
        | ExprKind::Number(_)
        | ExprKind::Bool(_)
        | ExprKind::Null
        | ExprKind::Function(_)
        | ExprKind::List(_)
        | ExprKind::Tuple(_)
        | ExprKind::Binary { .. } => true,
        ExprKind::Logical { operands, .. } => operands.iter().all(|o| is_no_object(program, module, *o, depth)),
        ExprKind::Conditional { then, otherwise, .. } => [*then, *otherwise].iter().all(|e| is_no_object(program, module, *e, depth)),
        ExprKind::Call(call) => match m.expr(call.callee).kind {
            ExprKind::Name(name) => matches!(&*name, "String" | "encodeURI"),
            ExprKind::Attribute { name, .. } => matches!(&*name, "toString" | "join" | "concat" | "replace" | "replaceAll" | "trim"),
            _ => false,
        },
        _ => false,
    };
    by_shape
        || match values::value(program, module, origin) {
            Value::Text(_) => true,
            // What the environment says is a text; what a file of settings says may be anything.
            Value::Configuration => is_of_environment(m, origin),
            _ => false,
        }
        || matches!(Resolver::new(program).entity(id, expr), Entity::Function(_))
        || matches!(Resolver::new(program).entity(id, expr), Entity::Instance(class) if class == "js:globalThis.URL")
        || annotation(program, id, expr).is_some_and(is_plain_type)
        || is_named(program.module(id), expr, &["url", "uri", "href", "endpoint", "callback", "cb"])
}

/// Whether an expression names a variable as environments have them: `process.env.API_URL`, `env["API_URL"]`.
fn is_of_environment(module: &Module, expr: ExprId) -> bool {
    let name = match &module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => name.as_str(),
        ExprKind::Subscript { index, .. } => match &module.expr(*index).kind {
            ExprKind::String(text) => text.as_str(),
            _ => return false,
        },
        _ => return false,
    };
    !name.chars().any(char::is_lowercase)
}

/// Whether the last word of a name is one of these.
fn is_named(module: &Module, expr: ExprId, names: &[&str]) -> bool {
    match module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
            words(&name).last().is_some_and(|word| names.contains(&word.to_lowercase().as_str()))
        }
        _ => false,
    }
}

/// The annotation of the parameter or field that an expression names, as it is written.
fn annotation(program: &Program, id: ModuleId, expr: ExprId) -> Option<&str> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    match module.expr(expr).kind {
        ExprKind::Name(name) => {
            let (scope, _) = resolver.scope_of_name(id, expr, name).filter(|(_, count)| *count == 1)?;
            match program.bindings(id, scope, name).next()?.kind {
                BindingKind::Param(index) => {
                    let ScopeKind::Function(function) = module.scope(scope).kind else { return None };
                    let annotation = module.function(function).params.get(index as usize).filter(|param| param.name == name)?.annotation?;
                    Some(program.text(id, annotation))
                }
                BindingKind::Declared(annotation) => Some(program.text(id, annotation)),
                _ => None,
            }
        }
        ExprKind::Attribute { object, name, .. } => match resolver.entity(id, object) {
            Entity::Object(m, c) => match program.attribute(m, c, name) {
                [first, ..] => first.annotation.map(|annotation| program.text(m, annotation)),
                [] => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn is_plain_type(text: &str) -> bool {
    let is_plain = |part: &str| matches!(part.trim(), "string" | "URL" | "number" | "undefined" | "null" | "string[]");
    text.trim_start_matches(':').split('|').all(is_plain)
}

/// What an object holds under a key, or a path of keys.
fn in_object(program: &Program, id: ModuleId, object: ExprId, path: &str, depth: u32) -> Passed {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let Some(depth) = depth.checked_sub(1) else { return Passed::Unknown };
    if gains(program, id, object, key, depth) {
        return Passed::Unknown;
    }
    let Some((module, entries)) = values::object_literal(program, id, object) else {
        let made = made(program, id, object);
        return match made[..] {
            [] => by_callers(program, id, object, path, depth),
            [(module, only)] => in_object(program, module, only, path, depth),
            _ if made.iter().all(|(module, each)| in_object(program, *module, *each, path, depth) == Passed::No) => Passed::No,
            _ => Passed::Unknown,
        };
    };
    let mut result = Passed::No;
    // Of two with one key, the last counts.
    for entry in entries.iter().rev() {
        let found = match entry {
            Entry::Pair { key: k, value } => match values::value(program, module, *k) {
                Value::Text(text) if text == key => Passed::Value(module, *value),
                Value::Text(_) | Value::Number(_) => Passed::No,
                _ => Passed::Unknown,
            },
            Entry::Spread(value) => spread(program, module, *value, key, depth),
        };
        match found {
            Passed::Value(..) if result == Passed::No => {
                result = found;
                break;
            }
            // What comes later may have taken it away.
            Passed::Value(..) | Passed::Unknown => return Passed::Unknown,
            Passed::No => {}
        }
    }
    match (result, rest) {
        (Passed::Value(module, value), Some(rest)) => in_object(program, module, value, rest, depth),
        _ => result,
    }
}

/// The objects that a call of a function of the project may give: `axios.get(url, options())`.
fn made(program: &Program, id: ModuleId, expr: ExprId) -> Vec<(ModuleId, ExprId)> {
    let (at, origin) = values::origin(program, id, expr);
    let origin = if let ExprKind::Await(inner) = program.module(at).expr(origin).kind { inner } else { origin };
    match program.module(at).call(origin).map(|_| program.callee(at, origin)) {
        Some(Entity::Function(f)) if !program.function(f).is_generator => {
            Resolver::new(program).results(f).into_iter().map(|result| (f.module, result)).collect()
        }
        _ => Vec::new(),
    }
}

/// What a parameter holds under a key: nothing, where all calls of its function can be seen, and none passes it.
fn by_callers(program: &Program, id: ModuleId, object: ExprId, path: &str, depth: u32) -> Passed {
    let Some(given) = callers::given(program, id, object) else { return Passed::Unknown };
    let lacks = |(module, value): &(ModuleId, ExprId)| {
        values::value(program, *module, *value) == Value::Null || in_object(program, *module, *value, path, depth) == Passed::No
    };
    if given.iter().all(lacks) { Passed::No } else { Passed::Unknown }
}

/// Whether what a call is told depends on who calls the function that it is in: `axios(options)`, `axios({ ...options })`.
#[must_use]
pub fn are_of_callers(program: &Program, id: ModuleId, call: &Call, positions: &Positions) -> bool {
    let is_given = |module: ModuleId, expr: ExprId| callers::given(program, module, expr).is_some();
    positions.0.iter().filter_map(|position| at(call, *position).flatten()).any(|arg| match values::object_literal(program, id, arg) {
        Some((module, entries)) => entries.iter().any(|entry| matches!(entry, Entry::Spread(value) if is_given(module, *value))),
        None => !is_no_object(program, id, arg, DEPTH) && is_given(id, arg),
    })
}

/// What an object gets under a key by a spread: `...defaults`, `...(token && { headers })`.
fn spread(program: &Program, id: ModuleId, value: ExprId, key: &str, depth: u32) -> Passed {
    let Some(depth) = depth.checked_sub(1) else { return Passed::Unknown };
    let parts: Vec<ExprId> = match &program.module(id).expr(value).kind {
        ExprKind::Conditional { then, otherwise, .. } => vec![*then, *otherwise],
        // What is tested gives nothing where it does not hold.
        ExprKind::Logical { op: LogicalOp::And, operands } => operands.last().copied().into_iter().collect(),
        ExprKind::Logical { operands, .. } => operands.clone(),
        ExprKind::Null | ExprKind::Bool(_) => return Passed::No,
        _ => return in_object(program, id, value, key, depth),
    };
    let all_no = parts.iter().all(|part| spread(program, id, *part, key, depth) == Passed::No);
    if all_no { Passed::No } else { Passed::Unknown }
}

/// Whether the object that a name stands for gets a key after it was made, or is handed to something that may give it one.
fn gains(program: &Program, id: ModuleId, object: ExprId, key: &str, depth: u32) -> bool {
    let module = program.module(id);
    let ExprKind::Name(name) = module.expr(object).kind else {
        return matches!(module.expr(object).kind, ExprKind::Attribute { .. }) && is_assigned_anywhere(program, id, object, key);
    };
    let scope = Resolver::new(program).scope_of_name(id, object, name).map(|(scope, _)| scope);
    Gains { program, key, seen: FxHashSet::default() }.in_scope(id, scope, name, depth)
}

/// A search for what gives an object a key, through the functions that it is passed to.
struct Gains<'a> {
    program: &'a Program,
    key: &'a str,
    /// The names that were looked at: functions pass their options on to many that pass them on.
    seen: FxHashSet<(ModuleId, Option<ScopeId>, Ustr)>,
}

impl Gains<'_> {
    /// The same for a name of a scope.
    fn in_scope(&mut self, id: ModuleId, scope: Option<ScopeId>, name: Ustr, depth: u32) -> bool {
        if !self.seen.insert((id, scope, name)) {
            return false;
        }
        let module = self.program.module(id);
        let resolver = Resolver::new(self.program);
        let scope_of = |expr: ExprId| resolver.scope_of_name(id, expr, name).map(|(scope, _)| scope);
        let uses = module.expr_ids().filter(|other| matches!(module.expr(*other).kind, ExprKind::Name(n) if n == name));
        uses.filter(|other| scope_of(*other) == scope).any(|other| self.by(id, other, depth))
    }

    /// Whether a use of an object gives it a key: `options.signal = …`, `options[name] = …`, `prepare(options)`.
    fn by(&mut self, id: ModuleId, object: ExprId, depth: u32) -> bool {
        let (program, module) = (self.program, self.program.module(id));
        let Parent::Expr(parent) = module.expr_parents[object.index()] else { return false };
        match &module.expr(parent).kind {
            ExprKind::Attribute { name, .. } => *name == self.key && is_target(module, parent),
            ExprKind::Subscript { object: of, index, .. } if *of == object => {
                is_target(module, parent) && values::text(program, id, *index).is_none_or(|text| text == self.key)
            }
            ExprKind::Call(call) if call.callee != object => match program.callee(id, parent) {
                Entity::Library(name) => name == "js:globalThis.Object.assign" && call.args.first().is_some_and(|arg| arg.value == object),
                Entity::Function(function) => {
                    let Some(depth) = depth.checked_sub(1) else { return true };
                    let f = program.function(function);
                    let index = call.args.iter().position(|arg| arg.value == object && arg.kind == ArgKind::Positional);
                    index.and_then(|index| f.params.get(index)).is_none_or(|param| {
                        program.module(function.module).language != Language::TypeScript
                            || self.in_scope(function.module, Some(f.scope), param.name, depth)
                    })
                }
                _ => true,
            },
            _ => false,
        }
    }
}

/// Whether a key of an attribute (`this.options.signal`) is assigned in its module.
fn is_assigned_anywhere(program: &Program, id: ModuleId, object: ExprId, key: &str) -> bool {
    let module = program.module(id);
    let ExprKind::Attribute { name: holder, .. } = module.expr(object).kind else { return false };
    module.expr_ids().any(|expr| match module.expr(expr).kind {
        ExprKind::Attribute { object, name, .. } if name == key => {
            matches!(module.expr(object).kind, ExprKind::Attribute { name, .. } if name == holder) && is_target(module, expr)
        }
        _ => false,
    })
}

/// Whether an expression is assigned to.
fn is_target(module: &Module, expr: ExprId) -> bool {
    match module.expr_parents[expr.index()] {
        Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
            StmtKind::Assign { targets, .. } => targets.contains(&expr),
            StmtKind::AugAssign { target, .. } => *target == expr,
            _ => false,
        },
        Parent::Expr(parent) => matches!(module.expr(parent).kind, ExprKind::Assign { target, .. } if target == expr),
        _ => false,
    }
}

/// Whether a method of what a call gives is called, in the same chain or on the name that it is given; or whether what it gives
/// leaves the sight, to somebody who may.
#[must_use]
pub fn is_told_later(program: &Program, id: ModuleId, expr: ExprId, methods: &[String]) -> bool {
    !methods.is_empty() && has_method(program, id, expr, methods, DEPTH)
}

/// What makes a promise of a chain, on which nothing is set any more.
const PROMISED: [&str; 4] = ["then", "catch", "finally", "end"];

fn has_method(program: &Program, id: ModuleId, expr: ExprId, methods: &[String], depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return true };
    let module = program.module(id);
    let mut at = expr;
    let mut method = None;
    loop {
        let parent = match module.expr_parents[at.index()] {
            Parent::Expr(parent) => parent,
            Parent::Stmt(stmt) => return is_told_by_name(program, id, stmt, at, methods, depth),
            Parent::Function(_) => return true,
            Parent::Class(_) | Parent::Module => return false,
        };
        match &module.expr(parent).kind {
            ExprKind::Attribute { name, .. } if methods.iter().any(|m| m == name.as_str()) => return true,
            ExprKind::Attribute { name, .. } if PROMISED.contains(&name.as_str()) => return false,
            ExprKind::Attribute { name, .. } => method = Some(*name),
            // `request.on('socket', (socket) => socket.setTimeout(…))`
            ExprKind::Call(call) if call.callee == at => {
                let event = call.args.first().and_then(|arg| values::text(program, id, arg.value));
                let is_on = method.is_some_and(|name: Ustr| matches!(&*name, "on" | "once"));
                if is_on && matches!(event.as_deref(), Some("socket" | "timeout")) {
                    return true;
                }
            }
            ExprKind::Call(_) => return !matches!(program.callee(id, parent), Entity::Library(_)),
            ExprKind::List(_) | ExprKind::Logical { .. } | ExprKind::Conditional { .. } => {}
            ExprKind::Await(_) => return false,
            ExprKind::Object(_) | ExprKind::Assign { .. } => return true,
            _ => return false,
        }
        at = parent;
    }
}

fn is_told_by_name(program: &Program, id: ModuleId, stmt: StmtId, value: ExprId, methods: &[String], depth: u32) -> bool {
    let module = program.module(id);
    match &module.stmt(stmt).kind {
        StmtKind::Return(_) => true,
        StmtKind::Assign { targets, value: Some(assigned), .. } if *assigned == value => targets.iter().any(|target| {
            let ExprKind::Name(name) = module.expr(*target).kind else { return true };
            let scope_of = |expr: ExprId| Resolver::new(program).scope_of_name(id, expr, name).map(|(scope, _)| scope);
            let scope = scope_of(*target);
            let uses =
                module.expr_ids().filter(|other| other != target && matches!(module.expr(*other).kind, ExprKind::Name(n) if n == name));
            uses.filter(|other| scope_of(*other) == scope).any(|other| has_method(program, id, other, methods, depth))
        }),
        _ => false,
    }
}
