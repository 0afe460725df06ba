//! What only JavaScript has: `this`, globals, modules that are values, patterns that take values apart.
//!
//! Its libraries have names that begin with a mark of their own, for `PyPI` and npm have packages of the same name.

use ustr::Ustr;

use super::{Entity, Resolver};
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::{Apis, JAVASCRIPT};
use crate::model::handed;
use crate::model::program::{FunctionRef, ModuleId};

/// Whether something is of a library of JavaScript.
#[must_use]
pub fn is(entity: Entity) -> bool {
    matches!(entity, Entity::Library(path) | Entity::Instance(path) if is_path(path))
}

/// Whether a canonical name is of JavaScript.
#[must_use]
pub fn is_path(path: Ustr) -> bool {
    path.starts_with(JAVASCRIPT)
}

/// The canonical name of a global.
pub(super) fn global(apis: &Apis, name: Ustr) -> Ustr {
    let this = Apis::javascript("globalThis");
    if matches!(name.as_str(), "globalThis" | "global") { this } else { apis.member(this, name) }
}

impl Resolver<'_> {
    /// What `this` is in an expression: an instance of the class around it, or the class in static methods.
    pub(super) fn receiver(&self, module: ModuleId, expr: ExprId) -> Entity {
        let m = self.program.module(module);
        for around in m.around(expr) {
            match around {
                Around::Function(id) => {
                    let function = m.function(id);
                    if function.form == FunctionForm::Arrow {
                        continue;
                    }
                    return match function.class {
                        Some(class) if function.form.is_static() => Entity::Class(module, class),
                        Some(class) => Entity::Object(module, class),
                        None => Entity::Unknown,
                    };
                }
                Around::Class(class) => return Entity::Object(module, class),
                _ => {}
            }
        }
        // Outside of all of them it is what a module of CommonJS exports.
        let is_common = self.program.sources.get(m.file).text.contains("exports.");
        if is_common { self.whole(module) } else { Entity::Unknown }
    }

    /// What a module is as a value: itself, or what it exports as a whole.
    pub(super) fn whole(&self, module: ModuleId) -> Entity {
        let m = self.program.module(module);
        let mut wholes = self.program.bindings(module, m.exports, Ustr::from(WHOLE));
        let (Some(binding), None) = (wholes.next(), wholes.next()) else { return Entity::Module(module) };
        let is_literal = matches!(binding.kind, BindingKind::Value(value) if matches!(m.expr(value).kind, ExprKind::Object(_)));
        if is_literal { Entity::Module(module) } else { self.binding(module, m.exports, binding) }
    }

    /// Whether `object.name` is `module.exports` of the module itself.
    pub(super) fn is_own_exports(&self, module: ModuleId, object: ExprId, name: Ustr) -> bool {
        let m = self.program.module(module);
        let is_module = |word: Ustr| word == "module" && self.scope_of_name(module, object, word).is_none();
        name == "exports" && m.language == Language::TypeScript && matches!(m.expr(object).kind, ExprKind::Name(word) if is_module(word))
    }

    /// What a module exports because another one does: `export * from`, which leaves the default out. What two of them export
    /// is nobody's, and what none does is a member of what the module exports as a whole.
    pub(super) fn starred(&self, module: ModuleId, name: Ustr) -> Entity {
        let mut found: Option<Entity> = None;
        for star in self.program.starred(module, name) {
            let entity = self.link(star);
            if found.is_some_and(|other| other != entity) {
                return Entity::Unknown;
            }
            found = Some(entity);
        }
        found.unwrap_or_else(|| self.member_of_whole(module, name))
    }

    /// A member of a module that has no export of that name.
    pub(super) fn member_of_whole(&self, module: ModuleId, name: Ustr) -> Entity {
        let m = self.program.module(module);
        let exports_default = self.program.bindings(module, m.exports, Ustr::from("default")).next().is_some();
        match self.whole(module) {
            // The default import of a CommonJS module is the module.
            whole if name == "default" && !exports_default => whole,
            Entity::Module(_) => Entity::Unknown,
            whole => self.member(whole, name),
        }
    }

    /// What a pattern takes apart.
    #[must_use]
    pub fn taken_apart(&self, module: ModuleId, pattern: ExprId) -> Entity {
        self.renew();
        self.matched(module, pattern)
    }

    /// What a parameter is, by its annotation or by what calls the function.
    #[must_use]
    pub fn parameter(&self, module: ModuleId, function: FunctionId, index: usize) -> Entity {
        self.renew();
        self.param(module, function, index)
    }

    /// What the library that calls a function passes as a parameter.
    #[must_use]
    pub fn called_with(&self, module: ModuleId, function: FunctionId, index: usize) -> Entity {
        self.renew();
        self.given_by_caller(module, function, index)
    }

    /// What a pattern inside of another, or of a parameter, stands for.
    pub(super) fn matched(&self, module: ModuleId, pattern: ExprId) -> Entity {
        if !self.step() {
            return Entity::Unknown;
        }
        let m = self.program.module(module);
        match m.expr_parents[pattern.index()] {
            Parent::Expr(parent) => match &m.expr(parent).kind {
                ExprKind::Object(entries) => {
                    let key = entries.iter().find_map(|entry| match entry {
                        Entry::Pair { key, value } if *value == pattern => match m.expr(*key).kind {
                            ExprKind::String(key) => Some(key),
                            _ => None,
                        },
                        _ => None,
                    });
                    key.map_or(Entity::Unknown, |key| self.member(self.matched(module, parent), key))
                }
                ExprKind::Assign { target, .. } if *target == pattern => self.matched(module, parent),
                _ => Entity::Unknown,
            },
            Parent::Stmt(stmt) => match &m.stmt(stmt).kind {
                StmtKind::Assign { targets, value: Some(value), .. } if targets.contains(&pattern) => self.of(module, *value),
                _ => Entity::Unknown,
            },
            Parent::Function(function) => match m.function(function).params.iter().position(|param| param.target == pattern) {
                Some(index) => self.param(module, function, index),
                None => Entity::Unknown,
            },
            Parent::Class(_) | Parent::Module => Entity::Unknown,
        }
    }

    /// What a promise gives that is known to be one: a module that is imported, what an asynchronous function returns.
    fn promised(&self, module: ModuleId, promise: ExprId) -> Entity {
        let m = self.program.module(module);
        match &m.expr(promise).kind {
            ExprKind::Require(_) => self.of(module, promise),
            ExprKind::Call(call) => match self.of(module, call.callee) {
                Entity::Function(f) if self.program.function(f).is_async || self.program.function(f).returns.is_some() => {
                    self.of(module, promise)
                }
                _ => Entity::Unknown,
            },
            _ => Entity::Unknown,
        }
    }

    /// The type that a function is declared to have: `const list: RequestHandler = (req, res) => …`.
    fn declared_as(&self, module: ModuleId, function: FunctionId) -> Option<Ustr> {
        let m = self.program.module(module);
        let Parent::Expr(value) = m.function(function).parent else { return None };
        let Parent::Stmt(stmt) = m.expr_parents[value.index()] else { return None };
        match m.stmt(stmt).kind {
            StmtKind::Assign { annotation: Some(annotation), .. } => match self.instance(module, annotation) {
                Entity::Instance(class) => Some(class),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a parameter is because of what calls the function: the library that it is passed to as a handler or callback.
    pub(super) fn given_by_caller(&self, module: ModuleId, function: FunctionId, index: usize) -> Entity {
        let m = self.program.module(module);
        if m.language != Language::TypeScript {
            return Entity::Unknown;
        }
        if index == 0
            && let Some(promise) = settled(m, function)
        {
            return self.promised(module, promise);
        }
        let passed_here = match m.function(function).parent {
            Parent::Expr(value) => handed::taker(self.program, module, value, |call| self.of(module, call.callee).library()),
            _ => None,
        };
        let api =
            passed_here.or_else(|| self.declared_as(module, function)).or_else(|| self.program.handed(FunctionRef { module, function }));
        let row = api.and_then(|api| self.program.apis.row(api));
        let class = row.and_then(|row| row.params.get(index)).filter(|class| !class.is_empty());
        class.map_or(Entity::Unknown, |class| Entity::Instance(Ustr::from(class)))
    }
}

/// The promise whose `then` a function expression is given to as what follows.
fn settled(module: &Module, function: FunctionId) -> Option<ExprId> {
    let Parent::Expr(value) = module.function(function).parent else { return None };
    let Parent::Expr(parent) = module.expr_parents[value.index()] else { return None };
    let call = module.call(parent).filter(|call| call.args.first().is_some_and(|first| first.value == value))?;
    match module.expr(call.callee).kind {
        ExprKind::Attribute { object, name, .. } if name == "then" => Some(object),
        _ => None,
    }
}
