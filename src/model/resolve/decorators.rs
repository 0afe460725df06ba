//! What decorators make of the function that they are put on.

use ustr::Ustr;

use super::{Entity, Resolver, STEPS};
use crate::ir::program::*;
use crate::model::program::{FunctionRef, ModuleId};

impl Resolver<'_> {
    /// What the name of a function stands for. Decorators of libraries keep it, and so does what calls it in its place or
    /// cannot be seen through; a decorator of the project that is seen to give something else does not.
    pub(super) fn decorated(&self, module: ModuleId, function: FunctionId) -> Entity {
        let mut entity = Entity::Function(FunctionRef { module, function });
        let m = self.program.module(module);
        // Elsewhere they are given a class and the name of a method.
        if m.language != Language::Python {
            return entity;
        }
        for decorator in m.function(function).decorators.iter().rev() {
            match self.replacement(module, *decorator) {
                Entity::Unknown => {}
                other => entity = other,
            }
        }
        entity
    }

    /// A member of what a decorator of a library makes of a function that may still be called: `add.delay(1)` where `@app.task`
    /// is put on `add`.
    pub(super) fn member_by_decorator(&self, f: FunctionRef, name: Ustr) -> Entity {
        let m = self.program.module(f.module);
        let made = |decorator: &ExprId| {
            let callee = m.call(*decorator).map_or(*decorator, |call| call.callee);
            match self.of(f.module, callee) {
                Entity::Library(path) => self.program.apis.row(path)?.returns.as_deref().map(Ustr::from),
                _ => None,
            }
        };
        let class = m.function(f.function).decorators.iter().find_map(made);
        class.map_or(Entity::Unknown, |class| self.member(Entity::Instance(class), name))
    }

    /// The function of the project that runs in the place of one that this decorator is put on.
    #[must_use]
    pub fn wrapper(&self, module: ModuleId, decorator: ExprId) -> Option<FunctionRef> {
        self.steps.set(STEPS);
        if self.program.module(module).language != Language::Python {
            return None;
        }
        match self.decorator(module, decorator)? {
            made @ Entity::Object(..) => self.function_member(made, "__call__"),
            Entity::Function(decorator) => match self.returned(decorator) {
                Entity::Function(wrapper) => Some(wrapper),
                _ => None,
            },
            _ => None,
        }
    }

    /// What takes the place of the function; unknown where it is kept.
    fn replacement(&self, module: ModuleId, decorator: ExprId) -> Entity {
        match self.decorator(module, decorator) {
            Some(Entity::Object(m, c)) if !self.calls_what_it_was_given(m, c) => Entity::Object(m, c),
            Some(Entity::Function(decorator)) => match self.returned(decorator) {
                Entity::Function(inner) if self.mentions(decorator, inner) => Entity::Unknown,
                made => made,
            },
            _ => Entity::Unknown,
        }
    }

    /// The function of the project that a decorator is, or the object that it makes.
    fn decorator(&self, module: ModuleId, decorator: ExprId) -> Option<Entity> {
        match self.of(module, decorator) {
            Entity::Class(m, c) => Some(Entity::Object(m, c)),
            object @ Entity::Object(..) => self.function_member(object, "__call__").map(Entity::Function),
            function @ Entity::Function(_) => Some(function),
            _ => None,
        }
    }

    fn function_member(&self, owner: Entity, name: &str) -> Option<FunctionRef> {
        match self.member(owner, Ustr::from(name)) {
            Entity::Function(function) => Some(function),
            _ => None,
        }
    }

    /// Whether a function that a decorator returns uses what the decorator was given, and does not merely build something
    /// of the project with it.
    fn mentions(&self, decorator: FunctionRef, inner: FunctionRef) -> bool {
        let m = self.program.module(decorator.module);
        let outer = m.function(decorator.function);
        let Some(param) = outer.params.get(usize::from(outer.class.is_some())) else { return true };
        if decorator.module != inner.module || inner == decorator {
            return false;
        }
        let span = m.function(inner.function).span;
        m.expr_ids().any(|expr| {
            let is_given = matches!(m.expr(expr).kind, ExprKind::Name(name) if name == param.name) && span.contains(m.expr(expr).span);
            is_given && !matches!(m.expr_parents[expr.index()], Parent::Expr(parent) if self.builds(decorator.module, parent, expr))
        })
    }

    /// Whether an expression is a call that makes an object of the project out of something.
    fn builds(&self, module: ModuleId, expr: ExprId, of: ExprId) -> bool {
        let call = self.program.module(module).call(expr);
        call.is_some_and(|call| call.callee != of && matches!(self.of(module, call.callee), Entity::Class(..)))
    }

    /// Whether the `__call__` of a class calls what its constructor was given first.
    fn calls_what_it_was_given(&self, module: ModuleId, class: ClassId) -> bool {
        let Some(run) = self.function_member(Entity::Object(module, class), "__call__") else { return false };
        let m = self.program.module(run.module);
        let f = m.function(run.function);
        let FunctionBody::Block(body) = f.body else { return false };
        m.expressions(body).into_iter().filter_map(|expr| m.call(expr)).any(|call| match m.expr(call.callee).kind {
            ExprKind::Attribute { object, name, .. } => {
                let is_own = matches!(m.expr(object).kind, ExprKind::Name(n) if f.params.first().is_some_and(|p| p.name == n));
                let given = self.program.attribute(module, class, name);
                is_own
                    && given
                        .iter()
                        .any(|value| matches!(value.value.map(|v| &self.program.module(module).expr(v).kind), Some(ExprKind::Name(_))))
            }
            _ => false,
        })
    }
}
