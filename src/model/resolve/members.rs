//! Members of what expressions denote: attributes, methods, and what classes inherit.

use ustr::Ustr;

use super::{Entity, Resolver, STEPS, javascript};
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::implementations::is_abstract;
use crate::model::program::{FunctionRef, ModuleId};

impl Resolver<'_> {
    pub(super) fn attribute(&self, module: ModuleId, object: ExprId, name: Ustr) -> Entity {
        match self.class_of_super(module, object) {
            Some(class) => self.inherited(module, class, name),
            None if self.is_own_exports(module, object, name) => self.whole(module),
            None => match self.member(self.of(module, object), name) {
                Entity::Unknown => self.under(module, object, name),
                member => member,
            },
        }
    }

    /// The class whose bases `super()` stands for.
    #[must_use]
    pub fn class_above(&self, module: ModuleId, expr: ExprId) -> Option<ClassId> {
        self.steps.set(STEPS);
        self.class_of_super(module, expr)
    }

    pub(super) fn class_of_super(&self, module: ModuleId, expr: ExprId) -> Option<ClassId> {
        let m = self.program.module(module);
        let is_super = |expr: ExprId| matches!(m.expr(expr).kind, ExprKind::Name(name) if name == "super");
        let callee = match m.language {
            Language::Python => m.call(expr).map(|call| call.callee).filter(|callee| is_super(*callee))?,
            Language::TypeScript if is_super(expr) => expr,
            Language::TypeScript => return None,
        };
        let class = m.around(expr).find_map(|around| match around {
            Around::Function(function) => m.function(function).class,
            _ => None,
        });
        class.filter(|_| m.language == Language::TypeScript || self.of(module, callee) == Entity::Builtin(Ustr::from("super")))
    }

    pub(super) fn member(&self, owner: Entity, name: Ustr) -> Entity {
        if !self.step() {
            return Entity::Unknown;
        }
        match owner {
            Entity::Library(_) if name == "default" && javascript::is(owner) => owner,
            Entity::Library(path) => self.library(self.program.apis.member(path, name)),
            Entity::Instance(class) => self.library(self.program.apis.member(class, name)),
            Entity::Module(id) => self.exported(id, name),
            Entity::Class(m, c) | Entity::Object(m, c) => self.implemented(m, c, name),
            Entity::Function(f) => self.member_by_decorator(f, name),
            Entity::Builtin(_) | Entity::Unknown => Entity::Unknown,
        }
    }

    /// A member of a class, or what stands behind it where the class says only that there is one.
    fn implemented(&self, module: ModuleId, class: ClassId, name: Ustr) -> Entity {
        let member = self.class_member(module, class, name);
        let says_nothing = match member {
            Entity::Unknown => true,
            Entity::Function(f) => is_abstract(self.program.module(f.module), f.function),
            _ => false,
        };
        let only = says_nothing.then(|| self.program.implementations().only(self.program, (module, class), name)).flatten();
        match only.and_then(|only| Some((only.module, self.program.function(only).class?))) {
            Some((module, class)) => self.class_member(module, class, name),
            None => member,
        }
    }

    /// The function that makes instances of a class of the project: its own, or that of a base.
    #[must_use]
    pub fn constructor(&self, module: ModuleId, class: ClassId) -> Option<FunctionRef> {
        self.steps.set(STEPS);
        let name = match self.program.module(module).language {
            Language::Python => "__init__",
            Language::TypeScript => "constructor",
        };
        match self.class_member(module, class, Ustr::from(name)) {
            Entity::Function(function) => Some(function),
            _ => None,
        }
    }

    pub(super) fn class_member(&self, module: ModuleId, class: ClassId, name: Ustr) -> Entity {
        if !self.step() {
            return Entity::Unknown;
        }
        let m = self.program.module(module);
        let c = m.class(class);
        if let Some(method) = c.methods.iter().rev().find(|f| m.function(**f).name == name) {
            let function = FunctionRef { module, function: *method };
            if m.function(*method).form.is_getter() {
                return self.returned(function);
            }
            let property = ["property", "functools.cached_property", "cached_property"];
            if property.iter().any(|p| self.has_decorator(module, m.function(*method), p)) {
                return self.returned(function);
            }
            return self.decorated(module, *method);
        }
        let inner = self.program.bindings(module, c.scope, name).find_map(|binding| match binding.kind {
            BindingKind::Class(inner) => Some(inner),
            _ => None,
        });
        if let Some(inner) = inner {
            return Entity::Class(module, inner);
        }
        let mut agreed = Entity::Unknown;
        let values = self.program.attribute(module, class, name);
        for attribute in values {
            let null = attribute.value.is_some_and(|v| matches!(m.expr(v).kind, ExprKind::Null));
            let mut entity = match attribute.value {
                Some(value) if !null => self.of(module, value),
                _ => Entity::Unknown,
            };
            if entity == Entity::Unknown
                && let Some(annotation) = attribute.annotation
            {
                entity = self.instance(module, annotation);
            }
            match entity {
                Entity::Unknown if null || (attribute.value.is_none() && attribute.annotation.is_none()) => {}
                Entity::Unknown => return Entity::Unknown,
                entity if agreed == Entity::Unknown || agreed == entity => agreed = entity,
                _ => return Entity::Unknown,
            }
        }
        if agreed != Entity::Unknown || !values.is_empty() {
            return agreed;
        }
        self.inherited(module, class, name)
    }

    /// What the bases of a class say of a member.
    pub(super) fn inherited(&self, module: ModuleId, class: ClassId, name: Ustr) -> Entity {
        let bases = &self.program.module(module).class(class).bases;
        for base in bases.iter().filter(|b| b.kind == ArgKind::Positional) {
            let inherited = match self.of(module, base.value) {
                Entity::Class(bm, bc) if (bm, bc) != (module, class) => self.class_member(bm, bc, name),
                Entity::Library(path) => self.library(self.program.apis.member(path, name)),
                _ => Entity::Unknown,
            };
            if inherited != Entity::Unknown {
                return inherited;
            }
        }
        Entity::Unknown
    }
}
