//! Values that are read: attributes, items, and what a function does not bind itself.

use super::annotations::is_enum;
use super::evaluate::Evaluator;
use super::interpret::Environment;
use super::sources::{field, is_request_data};
use super::{Abstract, Kind, Origin, constant, container, mapping};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::dictionaries;
use crate::model::program::{FunctionRef, ModuleId};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values::{self, Value};

impl Evaluator<'_> {
    pub(super) fn attribute(&self, expr: ExprId, name: ustr::Ustr, object: &Abstract) -> Abstract {
        let is_javascript = self.is_javascript();
        if object.kind == Kind::Request && !is_javascript && is_request_data(name) {
            return Abstract::request(expr);
        }
        if is_javascript && let Some(value) = super::javascript::member_in_sight(object, name) {
            return value;
        }
        let entity = Resolver::new(self.program).entity(self.id, expr);
        if let Some(row) = entity.library().and_then(|path| self.program.apis.row(path))
            && row.is(Role::RequestData)
        {
            return Abstract::request(expr);
        }
        if let Kind::Model(m, c) = object.kind
            && is_javascript
        {
            return field(self.program, m, c, name, object);
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
            return field(self.program, m, c, name, object);
        }
        // `self.request` of a view.
        if name == "request" && self.is_in_handler_class(expr) {
            return Abstract { kind: Kind::Request, ..Abstract::of(Origin::Unseen) };
        }
        self.read(expr, object)
    }

    /// An attribute that nothing more is known of than what it is of.
    fn read(&self, expr: ExprId, object: &Abstract) -> Abstract {
        match object.origin {
            Origin::Request | Origin::Safe if object.kind == Kind::Plain => object.derived(),
            _ => match self.outside(expr) {
                seen if seen.origin < Origin::Unseen || seen.kind != Kind::Plain => seen,
                _ if matches!(object.origin, Origin::Passed | Origin::Parameter) => object.derived(),
                _ => Abstract::of(Origin::Unseen),
            },
        }
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
                _ => object.derived(),
            };
        };
        if let Some(key) = constant(key)
            && let Some((_, value)) = content.fields.iter().find(|(k, _)| **k == *key)
        {
            return value.clone();
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

/// Adds what an expression holds to a text.
/// Names that the program itself gave to classes and tables.
fn is_program_text(name: ustr::Ustr) -> bool {
    matches!(&*name, "__name__" | "__qualname__" | "__module__" | "__tablename__" | "__class__" | "_meta")
}
