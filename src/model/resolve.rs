//! Names: what an expression denotes. Library functions have canonical dotted names (see `rules/apis/`); an ambiguous
//! name is unknown.

use std::cell::Cell;

use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::{FunctionRef, Link, ModuleId, Program};

mod annotations;
mod decorators;
pub mod javascript;
mod literals;
mod members;
mod results;
mod uses;

/// What an expression denotes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Entity {
    /// Out of sight, or ambiguous.
    Unknown,
    /// A library's module, function, class or method, by canonical name.
    Library(Ustr),
    /// An instance of a library's class.
    Instance(Ustr),
    /// A module of the project.
    Module(ModuleId),
    /// A function or method of the project.
    Function(FunctionRef),
    /// A class of the project.
    Class(ModuleId, ClassId),
    /// An instance of a class of the project.
    Object(ModuleId, ClassId),
    /// A builtin of the language.
    Builtin(Ustr),
}

impl Entity {
    /// The canonical name of what a library (or the language) gives.
    #[must_use]
    pub fn library(self) -> Option<Ustr> {
        match self {
            Self::Library(name) | Self::Builtin(name) => Some(name),
            _ => None,
        }
    }
}

/// How many steps one question may take. Real code takes a few dozen; a question that takes more has no clear answer.
const STEPS: u32 = 400;

/// Answers questions about names. Each question has a budget of steps, so that cycles end.
pub struct Resolver<'p> {
    program: &'p Program,
    steps: Cell<u32>,
}

impl<'p> Resolver<'p> {
    /// A resolver for a program.
    #[must_use]
    pub fn new(program: &'p Program) -> Self {
        Self { program, steps: Cell::new(0) }
    }

    /// What an expression denotes.
    #[must_use]
    pub fn entity(&self, module: ModuleId, expr: ExprId) -> Entity {
        self.steps.set(STEPS);
        self.of(module, expr)
    }

    /// What is called where an expression is: for an instance that can be called, the method that runs then.
    #[must_use]
    pub fn called(&self, module: ModuleId, callee: ExprId) -> Entity {
        let entity = self.entity(module, callee);
        let method = match entity {
            Entity::Instance(class) => {
                let method = self.program.apis.member(class, Ustr::from("__call__"));
                self.program.apis.row(method).map(|_| Entity::Library(method))
            }
            Entity::Object(..) => Some(self.member_of(entity, Ustr::from("__call__"))).filter(|method| *method != Entity::Unknown),
            _ => None,
        };
        method.unwrap_or(entity)
    }

    /// What a name of a module denotes.
    #[must_use]
    pub fn symbol(&self, module: ModuleId, name: Ustr) -> Entity {
        self.steps.set(STEPS);
        self.exported(module, name)
    }

    /// What a member of something denotes.
    #[must_use]
    pub fn member_of(&self, owner: Entity, name: Ustr) -> Entity {
        self.steps.set(STEPS);
        self.member(owner, name)
    }

    /// An instance of what an annotation names.
    #[must_use]
    pub fn annotated(&self, module: ModuleId, annotation: ExprId) -> Entity {
        self.steps.set(STEPS);
        self.instance(module, annotation)
    }

    /// A new question.
    fn renew(&self) {
        self.steps.set(STEPS);
    }

    /// Takes a step; whether there was one left.
    fn step(&self) -> bool {
        let left = self.steps.get();
        self.steps.set(left.saturating_sub(1));
        left > 0
    }

    fn of(&self, module: ModuleId, expr: ExprId) -> Entity {
        if !self.step() {
            return Entity::Unknown;
        }
        let m = self.program.module(module);
        match &m.expr(expr).kind {
            ExprKind::Name(name) => self.name(module, expr, *name),
            ExprKind::Attribute { object, name, .. } => self.attribute(module, *object, *name),
            ExprKind::Call(call) => self.call(module, call),
            ExprKind::Await(value) | ExprKind::Assign { value, .. } => self.of(module, *value),
            ExprKind::Function(function) => Entity::Function(FunctionRef { module, function: *function }),
            ExprKind::Class(class) => Entity::Class(module, *class),
            ExprKind::Require(import) => self.link(self.program.import(module, *import)),
            ExprKind::Conditional { then, otherwise, .. } => self.agree(module, &[*then, *otherwise]),
            ExprKind::Logical { operands, .. } => self.agree(module, operands),
            ExprKind::Subscript { object, index, .. } => match self.entry(module, *object, *index) {
                Entity::Unknown if m.language == Language::Python => self.item_of(module, *object),
                found => found,
            },
            _ => Entity::Unknown,
        }
    }

    /// What the items of an instance of a library's class are: `connections["default"]`.
    fn item_of(&self, module: ModuleId, object: ExprId) -> Entity {
        let Entity::Instance(class) = self.of(module, object) else { return Entity::Unknown };
        let row = self.program.apis.row(self.program.apis.member(class, Ustr::from("__getitem__")));
        row.and_then(|row| row.returns.as_deref()).map_or(Entity::Unknown, |item| Entity::Instance(Ustr::from(item)))
    }

    /// What all of these denote, those that are null or unknown aside. Of functions that a library's table says the same of,
    /// the first stands for all.
    fn agree(&self, module: ModuleId, exprs: &[ExprId]) -> Entity {
        let mut agreed = Entity::Unknown;
        let all: Vec<Entity> = exprs.iter().map(|expr| self.of(module, *expr)).collect();
        // `globalThis.prisma ?? new PrismaClient()`: nothing is known of what somebody has put there.
        let is_put_there = |entity: &Entity| matches!(entity, Entity::Library(name) if name.starts_with("js:globalThis.") && self.program.apis.row(*name).is_none());
        let is_anything_known = all.iter().any(|entity| *entity != Entity::Unknown && !is_put_there(entity));
        for entity in all.into_iter().filter(|entity| !is_anything_known || !is_put_there(entity)) {
            match entity {
                Entity::Unknown => {}
                entity if agreed == Entity::Unknown || agreed == entity => agreed = entity,
                entity if self.is_alike(agreed, entity) => {}
                _ => return Entity::Unknown,
            }
        }
        agreed
    }

    fn is_alike(&self, one: Entity, other: Entity) -> bool {
        match (one, other) {
            (Entity::Library(one), Entity::Library(other)) => {
                let row = |name| self.program.apis.row(name);
                !is_class_name(one) && row(one).zip(row(other)).is_some_and(|(one, other)| one.is_like(other))
            }
            _ => false,
        }
    }

    fn name(&self, module: ModuleId, expr: ExprId, name: Ustr) -> Entity {
        let Some((scope, count)) = self.scope_of_name(module, expr, name) else {
            return self.unbound(module, expr, name);
        };
        if count == 1
            && let Some(binding) = self.program.bindings(module, scope, name).next()
        {
            return self.binding(module, scope, binding);
        }
        if let Some(binding) = self.reaching(module, scope, expr, name) {
            return self.binding(module, scope, &binding);
        }
        let mut agreed = Entity::Unknown;
        for binding in self.program.bindings(module, scope, name) {
            if self.is_placeholder(module, binding) {
                continue;
            }
            match self.binding(module, scope, binding) {
                Entity::Unknown => return Entity::Unknown,
                entity if agreed == Entity::Unknown || agreed == entity => agreed = entity,
                // `try: import a except ImportError: import b as a`: the first is what is meant.
                _ if matches!(binding.kind, BindingKind::Import(_)) => {}
                _ => return Entity::Unknown,
            }
        }
        agreed
    }

    /// A name that nothing in the file binds.
    fn unbound(&self, module: ModuleId, expr: ExprId, name: Ustr) -> Entity {
        match self.program.module(module).language {
            Language::Python => match self.exported(module, name) {
                Entity::Unknown => Entity::Builtin(name),
                starred => starred,
            },
            Language::TypeScript if name == "this" => self.receiver(module, expr),
            Language::TypeScript if name == "exports" => self.whole(module),
            Language::TypeScript => self.library(javascript::global(&self.program.apis, name)),
        }
    }

    /// `client = None` says nothing about what the client is, nor does `@overload` about what a function does.
    fn is_placeholder(&self, module: ModuleId, binding: &Binding) -> bool {
        match binding.kind {
            BindingKind::Unset => true,
            BindingKind::Function(function) => {
                let function = self.program.module(module).function(function);
                ["typing.overload", "typing_extensions.overload"].iter().any(|name| self.has_decorator(module, function, name))
            }
            BindingKind::Value(value) => matches!(self.program.module(module).expr(value).kind, ExprKind::Null),
            _ => false,
        }
    }

    /// The scope that a name used in an expression leads to, and how often it is bound there.
    #[must_use]
    pub fn scope_of_name(&self, module: ModuleId, expr: ExprId, name: Ustr) -> Option<(ScopeId, usize)> {
        let m = self.program.module(module);
        let first = m.expr_scopes[expr.index()];
        let mut scope = Some(first);
        while let Some(id) = scope {
            let content = m.scope(id);
            let is_class = matches!(content.kind, ScopeKind::Class(_));
            if !is_class || (id == first && m.language == Language::Python) {
                let count = self.program.bindings(module, id, name).count();
                if count > 0 {
                    return Some((id, count));
                }
            }
            scope = content.parent;
        }
        None
    }

    /// The one binding of a name, among several in the same function, that a use can see: the last one before it, if its
    /// block is around the use.
    #[must_use]
    pub fn reaching(&self, module: ModuleId, scope: ScopeId, expr: ExprId, name: Ustr) -> Option<Binding> {
        let m = self.program.module(module);
        if !m.is_in_block_of(expr, scope) {
            return None;
        }
        let at = m.expr(expr).span.start;
        let last = self.program.bindings(module, scope, name).filter(|b| b.span.start < at).max_by_key(|b| b.span.start)?;
        let (BindingKind::Value(value) | BindingKind::Element(value, _) | BindingKind::Member(value, _) | BindingKind::Context(value)) =
            last.kind
        else {
            return None;
        };
        let stmt = m.stmt_of(value)?;
        // `x = f(x)`: the use inside the value sees what was before.
        if m.is_within(expr, value) {
            return None;
        }
        let block = m.stmt_parents[stmt.index()];
        let with_body = matches!(m.stmt(stmt).kind, StmtKind::With { .. });
        let around = m.around(expr).any(|a| match a {
            Around::Stmt(id, _) => m.stmt_parents[id.index()] == block || (with_body && id == stmt),
            _ => false,
        });
        around.then_some(*last)
    }

    /// What a binding is bound to, as a question of its own.
    #[must_use]
    pub fn bound(&self, module: ModuleId, scope: ScopeId, binding: &Binding) -> Entity {
        self.steps.set(STEPS);
        self.binding(module, scope, binding)
    }

    /// What a binding is bound to.
    fn binding(&self, module: ModuleId, scope: ScopeId, binding: &Binding) -> Entity {
        if !self.step() {
            return Entity::Unknown;
        }
        let m = self.program.module(module);
        match binding.kind {
            BindingKind::Import(import) => self.link(self.program.import(module, import)),
            BindingKind::Function(function) => self.decorated(module, function),
            BindingKind::Class(class) => Entity::Class(module, class),
            BindingKind::Param(index) => match m.scope(scope).kind {
                ScopeKind::Function(function) => self.param(module, function, index as usize),
                _ => Entity::Unknown,
            },
            BindingKind::Value(value) => match self.of(module, value) {
                Entity::Unknown => self.annotation_of(module, value),
                // `pool: asyncpg.Pool = request.app.state.pool`: nothing is known of what a library keeps there.
                entity @ Entity::Library(name) if self.program.apis.row(name).is_none() => match self.annotation_of(module, value) {
                    Entity::Unknown => entity,
                    annotated => annotated,
                },
                entity => entity,
            },
            BindingKind::Declared(annotation) => self.instance(module, annotation),
            BindingKind::Element(value, index) => self.element(module, value, index),
            BindingKind::Member(whole, name) => {
                let is_pattern = m.is_pattern(whole);
                match self.member(if is_pattern { self.matched(module, whole) } else { self.of(module, whole) }, name) {
                    Entity::Unknown if is_pattern => self.under_pattern(module, whole, name),
                    Entity::Unknown => self.under(module, whole, name),
                    member => member,
                }
            }
            BindingKind::Context(value) => self.entered(self.of(module, value)),
            BindingKind::Unset | BindingKind::Item(_) | BindingKind::Exception(_) | BindingKind::Opaque => Entity::Unknown,
        }
    }

    /// A part of a tuple that is written out, or that a function of the project returns.
    fn element(&self, module: ModuleId, value: ExprId, index: u32) -> Entity {
        let m = self.program.module(module);
        if let Some(part) = m.element(value, index) {
            return self.of(module, part);
        }
        let value = if let ExprKind::Await(value) = m.expr(value).kind { value } else { value };
        let Some(Entity::Function(f)) = m.call(value).map(|call| self.of(module, call.callee)) else {
            return self.item(module, value, index);
        };
        let m = self.program.module(f.module);
        let parts: Option<Vec<ExprId>> = self.results(f).into_iter().map(|result| m.element(result, index)).collect();
        parts.map_or(Entity::Unknown, |parts| self.unanimous(f.module, &parts))
    }

    /// `x: T = value` where the value says nothing.
    fn annotation_of(&self, module: ModuleId, value: ExprId) -> Entity {
        let m = self.program.module(module);
        let Parent::Stmt(stmt) = m.expr_parents[value.index()] else { return Entity::Unknown };
        match m.stmt(stmt).kind {
            StmtKind::Assign { annotation: Some(annotation), .. } => self.instance(module, annotation),
            _ => Entity::Unknown,
        }
    }

    fn link(&self, link: Link) -> Entity {
        match link {
            Link::Library(path) if path == "?" => Entity::Unknown,
            Link::Library(path) => self.library(path),
            Link::Module(id) => self.whole(id),
            Link::Symbol(id, name) => self.exported(id, name),
        }
    }

    /// A library's name; attributes are instances.
    fn library(&self, path: Ustr) -> Entity {
        match self.program.apis.row(path) {
            None if path.starts_with("builtins.") => Entity::Builtin(Ustr::from(&path["builtins.".len()..])),
            Some(row) if row.attribute => row.returns.as_ref().map_or(Entity::Library(path), |class| Entity::Instance(Ustr::from(class))),
            _ => Entity::Library(path),
        }
    }

    fn exported(&self, module: ModuleId, name: Ustr) -> Entity {
        if !self.step() {
            return Entity::Unknown;
        }
        let mut agreed = Entity::Unknown;
        let mut bound = false;
        let exports = self.program.module(module).exports;
        for binding in self.program.bindings(module, exports, name) {
            bound = true;
            if self.is_placeholder(module, binding) {
                continue;
            }
            match self.binding(module, exports, binding) {
                Entity::Unknown => return Entity::Unknown,
                entity if agreed == Entity::Unknown || agreed == entity => agreed = entity,
                _ if matches!(binding.kind, BindingKind::Import(_)) => {}
                _ => return Entity::Unknown,
            }
        }
        if bound {
            return agreed;
        }
        if let Some(sub) = self.program.submodule(module, &name) {
            return Entity::Module(sub);
        }
        if self.program.module(module).language == Language::TypeScript {
            return self.starred(module, name);
        }
        let mut stars = self.program.starred(module, name).into_iter().map(|star| self.link(star));
        stars.find(|starred| *starred != Entity::Unknown).unwrap_or(Entity::Unknown)
    }

    fn param(&self, module: ModuleId, function: FunctionId, index: usize) -> Entity {
        let m = self.program.module(module);
        let f = m.function(function);
        let Some(param) = f.params.get(index) else { return Entity::Unknown };
        if index == 0
            && m.language == Language::Python
            && let Some(class) = f.class
            && param.annotation.is_none()
            && !self.has_decorator(module, f, "staticmethod")
        {
            let is_class = self.has_decorator(module, f, "classmethod") || f.name == "__new__" || f.name == "__init_subclass__";
            return if is_class { Entity::Class(module, class) } else { Entity::Object(module, class) };
        }
        if matches!(param.kind, ParamKind::Rest | ParamKind::KeywordRest) {
            return Entity::Unknown;
        }
        if let Some(default) = param.default
            && let Some(injected) = self.injected(module, default)
        {
            let by_annotation = param.annotation.map_or(Entity::Unknown, |a| self.instance(module, a));
            return if by_annotation == Entity::Unknown { injected } else { by_annotation };
        }
        if let Some(annotation) = param.annotation {
            return self.instance(module, annotation);
        }
        match param.default {
            Some(default) => match self.of(module, default) {
                instance @ (Entity::Instance(_) | Entity::Object(..)) => instance,
                _ => self.program.argument(FunctionRef { module, function }, index),
            },
            None => match self.given_by_caller(module, function, index) {
                Entity::Unknown => self.program.argument(FunctionRef { module, function }, index),
                given => given,
            },
        }
    }

    /// Whether a function has a builtin or library decorator of this name.
    #[must_use]
    pub fn has_decorator(&self, module: ModuleId, function: &Function, name: &str) -> bool {
        function.decorators.iter().any(|d| matches!(self.of(module, *d), Entity::Builtin(n) | Entity::Library(n) if n == name))
    }
}

/// Whether the last part of a dotted path is written as class names are.
#[must_use]
pub fn is_class_name(path: Ustr) -> bool {
    let last = path.rsplit('.').next().unwrap_or_default();
    last.chars().next().is_some_and(char::is_uppercase) && last.chars().any(char::is_lowercase)
        || matches!(last, "SMTP" | "SMTP_SSL" | "FTP" | "FTP_TLS" | "IMAP4" | "IMAP4_SSL" | "POP3" | "SQL")
}
