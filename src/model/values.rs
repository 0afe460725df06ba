//! Values: constants by folding, and what comes from configuration.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::calls::Passed;
use crate::model::program::{AttributeValue, FunctionRef, Link, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver, javascript};
use crate::model::{callers, dictionaries};

mod members;

/// What is known of an expression's value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A string.
    Text(String),
    /// A number, as written.
    Number(f64),
    /// A truth value.
    Bool(bool),
    /// `None`, `null`.
    Null,
    /// Read from the environment or a settings object: constant for the life of the process.
    Configuration,
    /// Out of sight.
    Unknown,
}

/// How deep names are followed: real constants take two or three steps.
const DEPTH: u32 = 64;

/// How many names one question may follow in all.
const STEPS: u32 = 1000;

/// What modules export under names, as far as it was asked.
type Exported = FxHashMap<(ModuleId, Ustr), Option<(ModuleId, ExprId)>>;

/// What one question knows on its way.
struct Question {
    steps: Cell<u32>,
    /// What modules were found to export under names; nothing while it is looked for, which ends cycles.
    exported: RefCell<Exported>,
}

impl Question {
    fn new() -> Self {
        Self { steps: Cell::new(STEPS), exported: RefCell::default() }
    }

    fn left(&self) -> Left<'_> {
        Left { depth: DEPTH, question: self }
    }
}

/// How far a question may still be followed.
#[derive(Clone, Copy)]
struct Left<'q> {
    depth: u32,
    question: &'q Question,
}

impl Left<'_> {
    /// One level deeper, if that is not too deep.
    fn deeper(self) -> Option<Self> {
        Some(Self { depth: self.depth.checked_sub(1)?, ..self })
    }

    /// One level deeper, by one of the steps that all ways of the question share.
    fn step(self) -> Option<Self> {
        self.question.steps.set(self.question.steps.get().checked_sub(1)?);
        self.deeper()
    }
}

/// Functions of Python that give back what they are given: a text with other blanks, or one that is filled in later.
pub const SAME_TEXT: [&str; 7] =
    ["textwrap.dedent", "string.Template", "inspect.cleandoc", "sys.intern", "copy.copy", "copy.deepcopy", "typing.cast"];

/// The value of an expression, as far as it is constant.
#[must_use]
pub fn value(program: &Program, module: ModuleId, expr: ExprId) -> Value {
    fold(program, module, expr, Question::new().left())
}

/// The constant string that an expression is.
#[must_use]
pub fn text(program: &Program, module: ModuleId, expr: ExprId) -> Option<String> {
    match value(program, module, expr) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether an expression is constant by the catalogue: literal, name bound once to one, or configuration.
#[must_use]
pub fn is_constant(program: &Program, module: ModuleId, expr: ExprId) -> bool {
    value(program, module, expr) != Value::Unknown
}

fn fold(program: &Program, id: ModuleId, expr: ExprId, depth: Left<'_>) -> Value {
    let Some(depth) = depth.deeper() else { return Value::Unknown };
    let module = program.module(id);
    match &module.expr(expr).kind {
        ExprKind::String(text) => Value::Text(text.to_string()),
        ExprKind::Number(digits) => number(digits),
        ExprKind::Bool(value) => Value::Bool(*value),
        ExprKind::Null => Value::Null,
        ExprKind::Unary { op: UnaryOp::Minus, operand } => match fold(program, id, *operand, depth) {
            Value::Number(n) => Value::Number(-n),
            _ => Value::Unknown,
        },
        ExprKind::Binary { op, operands } => binary(program, id, *op, operands, depth),
        ExprKind::Template { parts, tag: None } => {
            let mut whole = String::new();
            for part in parts {
                match part {
                    TemplatePart::Text(text, _) => whole.push_str(text),
                    TemplatePart::Hole(hole) => match fold(program, id, *hole, depth) {
                        Value::Text(text) => whole.push_str(&text),
                        Value::Number(n) => whole.push_str(&n.to_string()),
                        Value::Configuration => return Value::Configuration,
                        _ => return Value::Unknown,
                    },
                }
            }
            Value::Text(whole)
        }
        ExprKind::Name(name) => named(program, id, expr, *name, depth),
        ExprKind::Attribute { object, name, .. } => attribute(program, id, *object, *name, depth),
        ExprKind::Subscript { object, index, .. } => subscript(program, id, *object, *index, depth),
        ExprKind::Call(_) if is_configuration(program, id, expr) => Value::Configuration,
        ExprKind::Call(call) if module.language == Language::TypeScript => called(program, id, expr, call, depth),
        ExprKind::Await(inner) if module.language == Language::TypeScript => fold(program, id, *inner, depth),
        // `dedent("…")`, `Template("…")`
        ExprKind::Call(call) if program.callee(id, expr).library().is_some_and(|name| SAME_TEXT.contains(&name.as_str())) => {
            call.args.first().map_or(Value::Unknown, |arg| fold(program, id, arg.value, depth))
        }
        ExprKind::Call(call) => looked_up(program, id, call, depth),
        ExprKind::Logical { op: LogicalOp::Or | LogicalOp::Coalesce, operands } => {
            let all = operands.iter().all(|o| fold(program, id, *o, depth) != Value::Unknown);
            if all { Value::Configuration } else { Value::Unknown }
        }
        ExprKind::Conditional { then, otherwise, .. } => {
            let both = [*then, *otherwise].map(|e| fold(program, id, e, depth));
            if both[0] == both[1] {
                both[0].clone()
            } else if both.contains(&Value::Unknown) {
                Value::Unknown
            } else {
                Value::Configuration
            }
        }
        _ => Value::Unknown,
    }
}

fn number(digits: &str) -> Value {
    let digits = digits.replace('_', "");
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    #[expect(clippy::cast_precision_loss, reason = "thresholds and timeouts are far below 2^53")]
    let parsed = match hex {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(|n| n as f64),
        None => digits.parse().ok(),
    };
    parsed.map_or(Value::Unknown, Value::Number)
}

fn binary(program: &Program, id: ModuleId, op: BinaryOp, operands: &[ExprId], depth: Left<'_>) -> Value {
    let mut values = operands.iter().map(|o| fold(program, id, *o, depth));
    let Some(first) = values.next() else { return Value::Unknown };
    values.fold(first, |left, right| match (op, left, right) {
        (BinaryOp::Add, Value::Text(a), Value::Text(b)) => Value::Text(a + &b),
        (BinaryOp::Add, Value::Number(a), Value::Number(b)) => Value::Number(a + b),
        (BinaryOp::Mul, Value::Number(a), Value::Number(b)) => Value::Number(a * b),
        (BinaryOp::Add, Value::Configuration, b) if b != Value::Unknown => Value::Configuration,
        (BinaryOp::Add, a, Value::Configuration) if a != Value::Unknown => Value::Configuration,
        _ => Value::Unknown,
    })
}

fn named(program: &Program, id: ModuleId, expr: ExprId, name: Ustr, depth: Left<'_>) -> Value {
    let Some(depth) = depth.step() else { return Value::Unknown };
    let resolver = Resolver::new(program);
    if program.module(id).language == Language::TypeScript && is_settings_object(program, resolver.entity(id, expr)) {
        return Value::Configuration;
    }
    let Some((scope, count)) = resolver.scope_of_name(id, expr, name) else {
        return unbound(program, id, name, depth).map_or(Value::Unknown, |(at, value)| fold(program, at, value, depth));
    };
    let binding = match count {
        1 => program.bindings(id, scope, name).next().copied(),
        _ => resolver.reaching(id, scope, expr, name).filter(|_| scope != ScopeId(0)),
    };
    match binding {
        Some(Binding { kind: BindingKind::Param(_), .. }) => {
            default(program, id, expr).map_or(Value::Unknown, |d| fold(program, id, d, depth))
        }
        Some(binding) => bound(program, id, &binding, depth),
        None => Value::Unknown,
    }
}

/// What a name stands for that nothing in the file binds: in Python, `from .conf import *` may.
fn unbound(program: &Program, id: ModuleId, name: Ustr, depth: Left<'_>) -> Option<(ModuleId, ExprId)> {
    let is_python = program.module(id).language == Language::Python;
    is_python.then(|| members::exported(program, id, name, depth)).flatten()
}

/// The default of the parameter that a name stands for, if it is what the parameter always has.
#[must_use]
pub fn default(program: &Program, id: ModuleId, expr: ExprId) -> Option<ExprId> {
    let ExprKind::Name(name) = program.module(id).expr(expr).kind else { return None };
    let (scope, _) = Resolver::new(program).scope_of_name(id, expr, name).filter(|(_, count)| *count == 1)?;
    let BindingKind::Param(index) = program.bindings(id, scope, name).next()?.kind else { return None };
    let ScopeKind::Function(function) = program.module(id).scope(scope).kind else { return None };
    callers::default_in_use(program, FunctionRef { module: id, function }, index as usize)
}

fn bound(program: &Program, id: ModuleId, binding: &Binding, depth: Left<'_>) -> Value {
    match binding.kind {
        BindingKind::Value(value) => fold(program, id, value, depth),
        BindingKind::Member(whole, _)
            if !program.module(id).is_pattern(whole) && fold(program, id, whole, depth) == Value::Configuration =>
        {
            Value::Configuration
        }
        BindingKind::Member(whole, key) => {
            members::taken(program, id, whole, key, depth).map_or(Value::Unknown, |(at, value)| fold(program, at, value, depth))
        }
        BindingKind::Element(value, index) => {
            program.module(id).element(value, index).map_or(Value::Unknown, |part| fold(program, id, part, depth))
        }
        BindingKind::Import(import) => match program.import(id, import) {
            Link::Symbol(from, name) => exported(program, from, name, depth),
            _ => Value::Unknown,
        },
        _ => Value::Unknown,
    }
}

fn exported(program: &Program, id: ModuleId, name: Ustr, depth: Left<'_>) -> Value {
    let Some(depth) = depth.deeper() else { return Value::Unknown };
    let mut bindings = program.bindings(id, program.module(id).exports, name);
    match (bindings.next(), bindings.next()) {
        (Some(binding), None) => bound(program, id, binding, depth),
        _ => members::exported(program, id, name, depth).map_or(Value::Unknown, |(at, value)| fold(program, at, value, depth)),
    }
}

/// A call of JavaScript: conversions of what is known, and what is read from the environment as a whole.
fn called(program: &Program, id: ModuleId, expr: ExprId, call: &Call, depth: Left<'_>) -> Value {
    let resolver = Resolver::new(program);
    let callee = program.callee(id, expr);
    let Some(first) = call.args.first().map(|arg| arg.value) else {
        // `const env = () => schema.parse(process.env)`
        let Entity::Function(function) = callee else { return Value::Unknown };
        let ([result], Some(depth)) = (&resolver.results(function)[..], depth.step()) else { return Value::Unknown };
        return fold(program, function.module, *result, depth);
    };
    let row = callee.library().and_then(|name| program.apis.row(name));
    // `schema.parse(process.env)`
    if call.args.iter().any(|arg| is_settings_object(program, resolver.entity(id, arg.value))) {
        return Value::Configuration;
    }
    match row {
        Some(row) if row.returns.as_deref() == Some("arg[0]") => fold(program, id, first, depth),
        Some(row) if row.is(Role::Sanitizer) && fold(program, id, first, depth) == Value::Configuration => Value::Configuration,
        _ => Value::Unknown,
    }
}

/// Whether something is an object of JavaScript whose members are configuration: `process.env`.
fn is_settings_object(program: &Program, entity: Entity) -> bool {
    matches!(entity, Entity::Library(path) | Entity::Instance(path)
        if javascript::is_path(path) && is_configuration_name(program, path))
}

fn attribute(program: &Program, id: ModuleId, object: ExprId, name: Ustr, depth: Left<'_>) -> Value {
    let resolver = Resolver::new(program);
    let owner = resolver.entity(id, object);
    let owner_member = || resolver.member_of(owner, name);
    match owner {
        Entity::Library(_) | Entity::Instance(_) if is_settings_object(program, owner) || is_settings_object(program, owner_member()) => {
            Value::Configuration
        }
        Entity::Module(from) => exported(program, from, name, depth),
        Entity::Class(m, c) | Entity::Object(m, c) => {
            if is_settings(program, &resolver, m, c) {
                return Value::Configuration;
            }
            // `Color.RED.value` is `Color.RED` here.
            attribute_value(program, m, c, name).map_or(Value::Unknown, |(m, v)| fold(program, m, v, depth))
        }
        Entity::Library(path) if is_django_settings(path) || is_configuration_name(program, path) => Value::Configuration,
        Entity::Instance(class) if is_configuration_name(program, class) => Value::Configuration,
        _ => match &program.module(id).expr(object).kind {
            ExprKind::Attribute { object, name: member, .. } if name == "value" => attribute(program, id, *object, *member, depth),
            // A settings object that cannot be resolved is told by its name.
            ExprKind::Name(n)
                if matches!(n.as_str(), "settings" | "config" | "cfg")
                    && is_out_of_sight(program, owner)
                    && !is_object(program, id, object) =>
            {
                Value::Configuration
            }
            _ if program.module(id).language == Language::TypeScript => {
                match members::member(program, id, object, &name, depth) {
                    Some((at, value)) => fold(program, at, value, depth),
                    // What a settings object holds is one, too; so is what is made from the environment.
                    None if fold(program, id, object, depth) == Value::Configuration => Value::Configuration,
                    None => Value::Unknown,
                }
            }
            _ => Value::Unknown,
        },
    }
}

/// Whether an expression is an object literal, whose members can be seen.
fn is_object(program: &Program, id: ModuleId, expr: ExprId) -> bool {
    program.module(id).language == Language::TypeScript && object_literal(program, id, expr).is_some()
}

/// The one value that an attribute of a class or its instances has, by the class or one that it inherits from. Nothing where
/// a class that inherits it, or somebody outside, sets another.
#[must_use]
pub fn attribute_value(program: &Program, module: ModuleId, class: ClassId, name: Ustr) -> Option<(ModuleId, ExprId)> {
    let resolver = Resolver::new(program);
    let (mut at, mut seen) = ((module, class), Vec::new());
    while program.attribute(at.0, at.1, name).is_empty() && !seen.contains(&at) {
        seen.push(at);
        let bases = program.module(at.0).class(at.1).bases.iter().filter(|base| base.kind == ArgKind::Positional);
        let mut bases = bases.filter_map(|base| match resolver.entity(at.0, base.value) {
            Entity::Class(m, c) => Some((m, c)),
            _ => None,
        });
        at = bases.next()?;
    }
    let [only] = program.attribute(at.0, at.1, name) else { return None };
    (!program.overrides().set_anew(program, (module, class), at, name)).then_some((at.0, only.value?))
}

/// Whether nothing is known of something but, perhaps, where it is imported from.
fn is_out_of_sight(program: &Program, entity: Entity) -> bool {
    match entity {
        Entity::Unknown => true,
        Entity::Library(path) => program.apis.row(path).is_none(),
        _ => false,
    }
}

fn is_django_settings(path: Ustr) -> bool {
    path == "django.conf.settings"
}

/// Whether a class of the project holds configuration: pydantic settings, or named so.
#[must_use]
pub fn is_settings(program: &Program, resolver: &Resolver<'_>, module: ModuleId, class: ClassId) -> bool {
    let name = program.module(module).class(class).name;
    name.ends_with("Settings")
        || name.ends_with("Config")
        || super::routes::inherits(program, resolver, module, class, |base| is_configuration_name(program, base))
}

fn is_configuration_name(program: &Program, name: Ustr) -> bool {
    program.apis.row(name).is_some_and(|row| row.is(Role::Configuration))
}

fn subscript(program: &Program, id: ModuleId, object: ExprId, index: ExprId, depth: Left<'_>) -> Value {
    let resolver = Resolver::new(program);
    match resolver.entity(id, object) {
        Entity::Library(path) | Entity::Instance(path) if path == "os.environ" || is_configuration_name(program, path) => {
            Value::Configuration
        }
        _ if program.module(id).language == Language::TypeScript => match fold(program, id, index, depth) {
            Value::Text(key) => match members::member(program, id, object, &key, depth) {
                Some((at, value)) => fold(program, at, value, depth),
                None if fold(program, id, object, depth) == Value::Configuration => Value::Configuration,
                None => Value::Unknown,
            },
            _ => Value::Unknown,
        },
        _ => {
            let Value::Text(key) = fold(program, id, index, depth) else { return Value::Unknown };
            match dictionaries::written(program, id, object, &key) {
                Passed::Value(at, value) => fold(program, at, value, depth),
                Passed::No | Passed::Unknown => Value::Unknown,
            }
        }
    }
}

/// `LIMITS.get("slow", 5)`
fn looked_up(program: &Program, id: ModuleId, call: &Call, depth: Left<'_>) -> Value {
    let ExprKind::Attribute { object, name, .. } = program.module(id).expr(call.callee).kind else { return Value::Unknown };
    let (Some(key), true) = (call.args.first(), name == "get") else { return Value::Unknown };
    let Value::Text(key) = fold(program, id, key.value, depth) else { return Value::Unknown };
    match dictionaries::written(program, id, object, &key) {
        Passed::Value(at, value) => fold(program, at, value, depth),
        Passed::No => call.args.get(1).map_or(Value::Null, |default| fold(program, id, default.value, depth)),
        Passed::Unknown => Value::Unknown,
    }
}

/// Whether a call reads configuration.
#[must_use]
pub fn is_configuration(program: &Program, module: ModuleId, call: ExprId) -> bool {
    program.callee(module, call).library().is_some_and(|name| is_configuration_name(program, name))
}

/// The dict literal that an expression is, through names bound once, and its module.
#[must_use]
pub fn object_literal(program: &Program, module: ModuleId, expr: ExprId) -> Option<(ModuleId, &[Entry])> {
    let (module, expr) = origin(program, module, expr);
    match &program.module(module).expr(expr).kind {
        ExprKind::Object(entries) => Some((module, entries)),
        _ => None,
    }
}

/// The expression that a name stands for, through names bound once and imports; itself where there is none.
#[must_use]
pub fn origin(program: &Program, module: ModuleId, expr: ExprId) -> (ModuleId, ExprId) {
    origin_within(program, module, expr, Question::new().left())
}

fn origin_within(program: &Program, module: ModuleId, expr: ExprId, depth: Left<'_>) -> (ModuleId, ExprId) {
    let resolver = Resolver::new(program);
    let (mut module, mut expr, mut depth) = (module, expr, depth);
    while let Some(deeper) = depth.step() {
        depth = deeper;
        let next = match program.module(module).expr(expr).kind {
            ExprKind::Name(name) => match resolver.scope_of_name(module, expr, name) {
                Some((scope, count)) => {
                    let only = || program.bindings(module, scope, name).next().copied();
                    let binding = if count == 1 { only() } else { resolver.reaching(module, scope, expr, name) };
                    binding.and_then(|b| value_of(program, module, &b, depth))
                }
                None => unbound(program, module, name, depth),
            },
            ExprKind::Attribute { object, name, .. } => match resolver.entity(module, object) {
                Entity::Module(from) => members::exported(program, from, name, depth),
                Entity::Class(m, c) | Entity::Object(m, c) => attribute_value(program, m, c, name),
                _ if program.module(module).language == Language::TypeScript => members::member(program, module, object, &name, depth),
                _ => None,
            },
            // `Object.freeze({ … })`
            ExprKind::Call(ref call) if program.module(module).language == Language::TypeScript => {
                let callee = program.callee(module, expr);
                if let Entity::Function(function) = callee {
                    object_given(program, &resolver, function)
                } else {
                    let row = callee.library().and_then(|callee| program.apis.row(callee));
                    let gives_it_back = row.is_some_and(|row| row.returns.as_deref() == Some("arg[0]"));
                    call.args.first().filter(|_| gives_it_back).map(|arg| (module, arg.value))
                }
            }
            ExprKind::Require(import) => members::imported(program, module, import, depth),
            ExprKind::Await(inner) => Some((module, inner)),
            _ => None,
        };
        match next {
            Some(next) => (module, expr) = next,
            None => break,
        }
    }
    (module, expr)
}

/// The object that is written where a function gives it: `const clients = () => ({ http: axios })`.
fn object_given(program: &Program, resolver: &Resolver<'_>, function: FunctionRef) -> Option<(ModuleId, ExprId)> {
    let [only] = resolver.results(function)[..] else { return None };
    let is_object = matches!(program.module(function.module).expr(only).kind, ExprKind::Object(_));
    is_object.then_some((function.module, only))
}

/// What is assigned to an attribute of a class's instances, by the class or by the first base of the project that does, and
/// the module of that.
#[must_use]
pub fn assigned(program: &Program, module: ModuleId, class: ClassId, name: Ustr) -> (ModuleId, &[AttributeValue]) {
    let mut todo = vec![(module, class)];
    // As many as any class has; a cycle ends here.
    for _ in 0..16 {
        let Some((m, c)) = todo.pop() else { break };
        let own = program.attribute(m, c, name);
        if !own.is_empty() {
            return (m, own);
        }
        let bases = program.module(m).class(c).bases.iter().filter(|base| base.kind == ArgKind::Positional);
        let bases = bases.filter_map(|base| match Resolver::new(program).entity(m, base.value) {
            Entity::Class(m, c) => Some((m, c)),
            _ => None,
        });
        let mut bases: Vec<(ModuleId, ClassId)> = bases.collect();
        bases.reverse();
        todo.extend(bases);
    }
    (module, &[])
}

fn value_of(program: &Program, module: ModuleId, binding: &Binding, depth: Left<'_>) -> Option<(ModuleId, ExprId)> {
    match binding.kind {
        BindingKind::Value(value) => Some((module, value)),
        BindingKind::Member(whole, key) => members::taken(program, module, whole, key, depth),
        BindingKind::Element(whole, index) => program.module(module).element(whole, index).map(|value| (module, value)),
        BindingKind::Import(import) => members::imported(program, module, import, depth),
        _ => None,
    }
}
