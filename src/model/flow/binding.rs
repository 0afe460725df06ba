//! What names hold: reading targets and binding them.

use std::sync::Arc;

use super::annotations::{Annotated, annotated};
use super::environment::{Environment, Key};
use super::evaluate::Evaluator;
use super::{Abstract, Content, Kind, Origin, StepKind, constant, path};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::resolve::{Entity, Resolver};

impl Evaluator<'_> {
    /// The key of a name, or of what is read of names under constant names: `a.b`, `a["b"]`, `a.get("b")`.
    pub(super) fn key(&self, expr: ExprId) -> Option<Key> {
        let module = self.module();
        if let ExprKind::Name(name) = module.expr(expr).kind {
            let (scope, _) = Resolver::new(self.program).scope_of_name(self.id, expr, name)?;
            return Some(Key::Name(scope, name));
        }
        let is_constant = |expr: ExprId| matches!(module.expr(expr).kind, ExprKind::String(_) | ExprKind::Null);
        let mut at = expr;
        let first = loop {
            at = match &module.expr(at).kind {
                ExprKind::Name(first) => break *first,
                ExprKind::Attribute { object, .. } => *object,
                ExprKind::Subscript { object, index, .. } if is_constant(*index) => *object,
                ExprKind::Call(call) => match module.expr(call.callee).kind {
                    ExprKind::Attribute { object, name, .. } if name == "get" && call.args.iter().all(|arg| is_constant(arg.value)) => {
                        object
                    }
                    _ => return None,
                },
                _ => return None,
            };
        };
        let scope = Resolver::new(self.program).scope_of_name(self.id, at, first).map(|(scope, _)| scope);
        // `a?.b` and `a!.b` are where `a.b` is.
        Some(Key::Path(scope, self.program.text(self.id, expr).replace(['?', '!'], "").as_str().into()))
    }

    /// Binds a target to a value: names, patterns, attributes, items of containers.
    pub(super) fn bind(&self, environment: &mut Environment, target: ExprId, value: Abstract) {
        let module = self.module();
        let mut todo = vec![(target, value)];
        while let Some((target, value)) = todo.pop() {
            match &module.expr(target).kind {
                ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                    let parts = value.content.as_ref().filter(|content| content.parts.len() == targets.len());
                    for (index, target) in targets.iter().enumerate() {
                        let part = parts.map_or_else(|| value.item(), |content| content.parts[index].clone());
                        todo.push((*target, part));
                    }
                }
                ExprKind::Spread(target) => {
                    let items = value.item();
                    todo.push((
                        *target,
                        Abstract { content: Some(Arc::new(Content { items: items.clone(), ..Content::default() })), ..items },
                    ));
                }
                ExprKind::Subscript { object, index, .. } => {
                    let key = self.value_in(environment, *index);
                    self.put(environment, *object, Some(&key), &value);
                    // What was known of it, it is no more.
                    if let Some(key) = self.key(target).filter(|key| environment.get(key).is_some()) {
                        environment.insert(key, value);
                    }
                }
                ExprKind::Object(entries) => {
                    for entry in entries {
                        match entry {
                            Entry::Pair { key, value: part } => todo.push((*part, self.taken(environment, target, *key, *part, &value))),
                            Entry::Spread(rest) => todo.push((*rest, value.clone())),
                        }
                    }
                }
                // `{ name = default }`
                ExprKind::Assign { target, value: default } => {
                    let default = self.value_in(environment, *default);
                    todo.push((*target, value.join(&default)));
                }
                _ => {
                    if let ExprKind::Attribute { object, name, .. } = module.expr(target).kind
                        && self.is_javascript()
                        && value.content.is_none()
                        && self.value_in(environment, object).content.is_some()
                    {
                        self.put(environment, object, Some(&Abstract::constant_text(&name)), &value);
                    }
                    if let Some(key) = self.key(target) {
                        let value = self.named(target, value);
                        environment.insert(key, value);
                    }
                }
            }
        }
    }

    /// A value with the step to the name that it is bound to.
    fn named(&self, target: ExprId, mut value: Abstract) -> Abstract {
        if let ExprKind::Name(name) = self.module().expr(target).kind
            && value.origin >= Origin::Passed
        {
            value.way = path::then(&value.way, (self.id, target), StepKind::Bound(name));
        }
        value
    }

    /// What a pattern takes out of a value under a key.
    fn taken(&self, environment: &Environment, pattern: ExprId, key: ExprId, part: ExprId, whole: &Abstract) -> Abstract {
        let Some(key) = constant(&self.value_in(environment, key)) else { return whole.values() };
        if let Some(value) = whole.content.as_ref().and_then(|content| content.field(&key)) {
            return value;
        }
        let name = key.as_str().into();
        if let Kind::Model(m, c) = whole.kind {
            let value = super::sources::field(self.program, m, c, name, whole);
            let is_passed = value.origin == Origin::Passed;
            return if is_passed { Abstract { way: whole.member(self.id, part, &key).way, ..value } } else { value };
        }
        if whole.origin == Origin::Request {
            return whole.derived();
        }
        let resolver = Resolver::new(self.program);
        match resolver.member_of(resolver.taken_apart(self.id, pattern), name) {
            Entity::Library(path) if self.program.apis.row(path).is_some_and(|row| row.is(Role::RequestData)) => {
                Abstract::request((self.id, part))
            }
            Entity::Instance(class) if self.program.apis.class_has_role(class, Role::Request) => {
                Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) }
            }
            _ if whole.origin == Origin::Passed && whole.content.is_none() => whole.member(self.id, part, &key),
            _ => whole.values(),
        }
    }

    /// Whether a parameter is said to be a number, a date, a choice of literals.
    pub(super) fn is_harmless(&self, param: &Param) -> bool {
        param.annotation.is_some_and(|annotation| annotated(self.program, self.id, annotation) == Annotated::Number)
    }

    /// Puts a value into the container that a name holds.
    pub(super) fn put(&self, environment: &mut Environment, object: ExprId, key: Option<&Abstract>, value: &Abstract) {
        // `options["page"]["sort"] = sort`
        let outer = match self.module().expr(object).kind {
            // Containers that hold each other would grow with every step.
            _ if value.content.is_some() => None,
            ExprKind::Subscript { object: outer, index, .. } => Some((outer, self.value_in(environment, index))),
            ExprKind::Attribute { object: outer, name, .. } if self.is_javascript() => Some((outer, Abstract::constant_text(&name))),
            _ => None,
        };
        let name = match (self.key(object), &outer) {
            (Some(name), _) => Some(name),
            (None, Some(_)) => None,
            (None, None) => return,
        };
        let old = self.value_in(environment, object);
        let mut content = old.content.as_ref().map_or_else(Content::default, |content| (**content).clone());
        let is_empty = old.content.as_ref().is_none_or(|content| content.parts.is_empty() && content.fields.is_empty())
            && content.items == Abstract::default();
        content.parts.clear();
        content.items = if is_empty { value.clone() } else { content.items.join(value) };
        if let Some(key) = key {
            content.keys = if is_empty { key.clone() } else { content.keys.join(key) };
            match constant(key) {
                Some(text) => content.set(&text, value.clone()),
                None => content.is_whole = false,
            }
        }
        let worse = [&content.items, &content.keys].into_iter().max_by_key(|part| part.origin).cloned().unwrap_or_default();
        let (origin, way) = if worse.origin > old.origin { (worse.origin, worse.way) } else { (old.origin, old.way) };
        let new = Abstract { origin, way, text: None, content: Some(Arc::new(content)), kind: old.kind };
        if let Some((outer, key)) = outer.filter(|(outer, _)| self.value_in(environment, *outer).content.is_some()) {
            self.put(environment, outer, Some(&key), &new);
        }
        if let Some(name) = name {
            environment.insert(name, new);
        }
    }
}
