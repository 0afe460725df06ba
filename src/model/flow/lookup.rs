//! Values that are read: attributes, items, and what a function does not bind itself.

use super::annotations::is_enum;
use super::environment::Environment;
use super::evaluate::Evaluator;
use super::sources::{field, is_request_data};
use super::{Abstract, Kind, Origin, constant, container, mapping};

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::dictionaries;
use crate::model::program::{FunctionRef, ModuleId};
use crate::model::resolve::{Entity, Resolver, is_class_name};
use crate::model::values::{self, Value};

impl Evaluator<'_> {
    pub(super) fn attribute(&self, expr: ExprId, name: ustr::Ustr, object: &Abstract) -> Abstract {
        let is_javascript = self.is_javascript();
        if object.kind == Kind::Request && !is_javascript && is_request_data(name) {
            return Abstract::request((self.id, expr));
        }
        if is_javascript && let Some(value) = super::javascript::member_in_sight(object, name) {
            return value;
        }
        let entity = Resolver::new(self.program).entity(self.id, expr);
        if let Some(row) = entity.library().and_then(|path| self.program.apis.row(path))
            && row.is(Role::RequestData)
        {
            return Abstract::request((self.id, expr));
        }
        if let Kind::Model(m, c) = object.kind
            && is_javascript
        {
            return self.field_of(expr, name, object, (m, c));
        }
        if is_javascript {
            return self.read(expr, object);
        }
        if is_program_text(name) || matches!(self.module().expr(expr).kind, ExprKind::Attribute { object, .. } if self.is_options(object)) {
            return Abstract::of(Origin::Safe);
        }
        if name == "settings_dict" {
            return Abstract::default();
        }
        if let Kind::Model(m, c) = object.kind {
            return self.field_of(expr, name, object, (m, c));
        }
        // `self.request` of a view.
        if name == "request" && self.is_in_handler_class(expr) {
            return Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) };
        }
        self.read(expr, object)
    }

    /// A field of a value whose class is known.
    fn field_of(&self, expr: ExprId, name: ustr::Ustr, object: &Abstract, (m, c): (ModuleId, ClassId)) -> Abstract {
        if let Some(known) = object.content.as_ref().and_then(|content| content.field(&name)) {
            let by_class = field(self.program, m, c, name, object);
            return if by_class.origin <= Origin::Safe { by_class } else { known };
        }
        let value = field(self.program, m, c, name, object);
        if value.origin != Origin::Passed {
            return value;
        }
        Abstract { way: object.member(self.id, expr, &name).way, ..value }
    }

    /// An attribute that nothing more is known of than what it is of.
    fn read(&self, expr: ExprId, object: &Abstract) -> Abstract {
        match object.origin {
            Origin::Request | Origin::Safe if object.kind == Kind::Plain => object.derived(),
            _ => match self.outside(expr) {
                seen if seen.origin < Origin::Unseen || seen.kind != Kind::Plain => seen,
                seen => match self.constructed(expr) {
                    Some(value) => value,
                    None if matches!(object.origin, Origin::Passed | Origin::Parameter) => match self.module().expr(expr).kind {
                        ExprKind::Attribute { name, .. } => object.member(self.id, expr, &name),
                        _ => object.derived(),
                    },
                    None => self.by_its_name(expr, object).unwrap_or(seen),
                },
            },
        }
    }

    /// What is known by its name of a member of what is out of sight: the key of a row, a member of a constant.
    fn by_its_name(&self, expr: ExprId, object: &Abstract) -> Option<Abstract> {
        let ExprKind::Attribute { object: owner, name, .. } = self.module().expr(expr).kind else { return None };
        if object.origin > Origin::Unseen {
            return None;
        }
        let is_key = matches!(name.as_str(), "id" | "pk" | "uuid") || name.ends_with("_id") || name.ends_with("Id");
        // `Vote.AUTH_TYPES.soft`
        let is_of_constant = matches!(self.module().expr(owner).kind, ExprKind::Attribute { name, .. } if is_constant_name(&name));
        match (is_of_constant, is_key) {
            (true, _) => Some(Abstract::of(Origin::Safe)),
            (false, true) => Some(Abstract::of(Origin::Checked)),
            (false, false) => None,
        }
    }

    /// What a constructor has given an attribute, if nothing else gives it anything: `self.name` after `self.name = name`.
    fn constructed(&self, expr: ExprId) -> Option<Abstract> {
        let ExprKind::Attribute { object, name, .. } = self.module().expr(expr).kind else { return None };
        let resolver = Resolver::new(self.program);
        let Entity::Object(m, c) = resolver.entity(self.id, object) else { return None };
        let (at, assigned) = values::assigned(self.program, m, c, name);
        let mut assigned = assigned.iter().filter(|assigned| assigned.value.is_some() || assigned.method.is_some());
        let (Some(only), None) = (assigned.next(), assigned.next()) else { return None };
        let module = self.program.module(at);
        let method = only.method.filter(|method| matches!(module.function(*method).name.as_str(), "__init__" | "constructor"))?;
        // `constructor(private readonly name: string)`
        let property = module.function(method).params.iter().find(|param| param.is_field && param.name == name);
        let value = property.map(|param| param.target).or(only.value)?;
        // Inside the constructor itself the order of things is known.
        if at == self.id && self.module().function_of(expr) == Some(method) {
            return None;
        }
        // Functions that are run on the way leave it at that: what they are of is mostly out of sight.
        if !self.active.is_empty() {
            return None;
        }
        let constructor = FunctionRef { module: at, function: method };
        let inner = self.of_function(constructor)?;
        let known = self.constructed.borrow().get(&constructor).cloned();
        let environment = known.unwrap_or_else(|| {
            let mut environment = Environment::default();
            inner.bind_parameters(&mut environment, method);
            if let FunctionBody::Block(body) = module.function(method).body {
                inner.run(&mut environment, body);
            }
            self.pay_for(&inner);
            self.constructed.borrow_mut().insert(constructor, environment.clone());
            environment
        });
        let value = inner.value_in(&environment, value);
        let is_known = !inner.is_exhausted() && (value.origin != Origin::Unseen || value.text.is_some());
        is_known.then(|| value.seen_from(expr, &[]))
    }

    /// `Model._meta`
    fn is_options(&self, expr: ExprId) -> bool {
        matches!(self.module().expr(expr).kind, ExprKind::Attribute { name, .. } if name == "_meta")
    }

    fn is_in_handler_class(&self, expr: ExprId) -> bool {
        let function = self.module().function_of(expr);
        let class = function.and_then(|f| self.module().function(f).class);
        class.is_some_and(|class| {
            self.module()
                .class(class)
                .methods
                .iter()
                .any(|method| self.routes.handler(FunctionRef { module: self.id, function: *method }).is_some())
        })
    }

    pub(super) fn subscript(&self, expr: ExprId, object: &Abstract, index: ExprId, key: &Abstract) -> Abstract {
        if matches!(self.module().expr(index).kind, ExprKind::Slice(_)) {
            return Abstract { text: None, ..object.clone() };
        }
        let Some(content) = &object.content else {
            return match object.origin {
                Origin::Unseen => self.outside(expr),
                Origin::Passed => match constant(key) {
                    Some(key) => object.member(self.id, expr, &key),
                    None => object.derived(),
                },
                _ => object.derived(),
            };
        };
        if let Some(value) = constant(key).and_then(|key| content.field(&key)) {
            return value;
        }
        if let ExprKind::Number(digits) = self.module().expr(index).kind
            && let Some(part) = digits.parse::<usize>().ok().and_then(|at| content.parts.get(at))
        {
            return part.clone();
        }
        content.items.clone()
    }

    /// What is known of a name or attribute that this function does not bind.
    pub(super) fn outside(&self, expr: ExprId) -> Abstract {
        match values::value(self.program, self.id, expr) {
            Value::Text(text) => return Abstract::constant_text(&text),
            Value::Number(_) | Value::Bool(_) | Value::Null | Value::Configuration => return Abstract::default(),
            Value::Unknown => {}
        }
        let (module, origin) = values::origin(self.program, self.id, expr);
        if (module, origin) != (self.id, expr)
            && !dictionaries::is_changed(self.program, self.id, expr)
            && let Some(value) = self.literal(module, origin, 4).or_else(|| self.global(module, origin))
        {
            return value;
        }
        if let Some(declared) = self.declared(expr) {
            return declared;
        }
        let resolver = Resolver::new(self.program);
        match resolver.entity(self.id, expr) {
            Entity::Instance(class) if self.program.apis.class_has_role(class, Role::Request) => {
                Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) }
            }
            // Members are looped over, or read by name.
            Entity::Class(m, c) if is_enum(self.program, &resolver, m, c) => container(vec![Abstract::of(Origin::Safe)]),
            // By the way it is written, a constant, or a class: only those of enums have items.
            Entity::Unknown => match self.module().expr(expr).kind {
                ExprKind::Name(name) if !self.is_javascript() && is_constant_name(&name) => Abstract::default(),
                ExprKind::Name(name) if !self.is_javascript() && is_class_name(name) => container(vec![Abstract::of(Origin::Safe)]),
                _ => Abstract::of(Origin::Unseen),
            },
            _ => Abstract::of(Origin::Unseen),
        }
    }

    /// The value of an expression at the top of a module.
    fn global(&self, module: ModuleId, expr: ExprId) -> Option<Abstract> {
        let evaluator = self.of_global(module)?;
        if self.program.module(module).function_of(expr).is_some() {
            return None;
        }
        let value = evaluator.evaluate(&mut Environment::default(), expr);
        self.pay_for(&evaluator);
        // Pieces that cannot be seen are of another module's expressions.
        (value.origin <= Origin::Safe && !evaluator.is_exhausted()).then_some(value)
    }

    /// A container of constants, written out.
    fn literal(&self, id: ModuleId, expr: ExprId, depth: u8) -> Option<Abstract> {
        let depth = depth.checked_sub(1)?;
        let module = self.program.module(id);
        match &module.expr(expr).kind {
            ExprKind::List(parts) | ExprKind::Tuple(parts) | ExprKind::Set(parts) => {
                parts.iter().map(|part| self.literal(id, *part, depth)).collect::<Option<Vec<_>>>().map(container)
            }
            ExprKind::Object(entries) => {
                let entry = |entry: &Entry| match entry {
                    Entry::Pair { key, value } => Some((self.literal(id, *key, depth)?, self.literal(id, *value, depth)?)),
                    Entry::Spread(_) => None,
                };
                entries.iter().map(entry).collect::<Option<Vec<_>>>().map(mapping)
            }
            ExprKind::Call(call) => {
                let builtin = matches!(self.program.callee(id, expr), Entity::Builtin(name) if matches!(name.as_str(), "frozenset" | "set" | "list" | "tuple" | "sorted"));
                let argument = call.args.first().filter(|_| builtin && call.args.len() == 1)?;
                self.literal(id, argument.value, depth)
            }
            _ => match values::value(self.program, id, expr) {
                Value::Text(text) => Some(Abstract::constant_text(&text)),
                Value::Unknown => None,
                _ => Some(Abstract::default()),
            },
        }
    }
}

/// `DATASET`
fn is_constant_name(name: &str) -> bool {
    name.len() > 1 && name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains(|c: char| c.is_ascii_lowercase())
}

/// Names that the program itself gave to classes and tables.
fn is_program_text(name: ustr::Ustr) -> bool {
    matches!(&*name, "__name__" | "__qualname__" | "__module__" | "__tablename__" | "__class__" | "_meta")
}
