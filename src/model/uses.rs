//! What becomes of values, functions and classes: whether code that runs makes anything of them. Something that is
//! created and bound to a name that nobody reads, or used in a function that nobody calls, takes no effect.
//!
//! In doubt it does: what cannot be followed is taken to be used.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::overrides::inherits;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::routes::{HandlerKind, Routes};

mod entrance;
mod exports;
mod fate;
mod items;

/// Methods that a framework or the language calls.
const CALLED_BY_OTHERS: [&str; 18] = [
    "__call__",
    "__init__",
    "__enter__",
    "__aenter__",
    "dispatch",
    "process_request",
    "process_view",
    "process_resource",
    "process_response",
    "prepare",
    "initial",
    "allow_request",
    "before_request",
    // Nest's middleware, guards and interceptors.
    "constructor",
    "use",
    "canActivate",
    "handleRequest",
    "intercept",
];

/// What registers a function that answers errors: it runs when something else has refused a request.
const ERROR_HANDLERS: [&str; 11] = [
    "exception_handler",
    "add_exception_handler",
    "errorhandler",
    "app_errorhandler",
    "register_error_handler",
    "add_error_handler",
    "exception",
    "error_handler",
    "setErrorHandler",
    "onError",
    "catch",
];

/// How many steps from one function or variable to the next are followed.
const DEPTH: u32 = 64;

/// A name of a module's scope.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Variable {
    module: ModuleId,
    scope: ScopeId,
    name: Ustr,
}

/// Where some modules mention what.
struct Mentions {
    /// Expressions that are a name, or an attribute of that name.
    names: FxHashMap<Ustr, Vec<(ModuleId, ExprId)>>,
    /// Texts that look like dotted names, by their last part.
    dotted: FxHashMap<Ustr, Vec<(ModuleId, ExprId)>>,
}

impl Mentions {
    fn find(program: &Program, code: &BTreeSet<ModuleId>) -> Self {
        let (mut names, mut dotted): (FxHashMap<Ustr, Vec<_>>, FxHashMap<Ustr, Vec<_>>) = (FxHashMap::default(), FxHashMap::default());
        for id in code {
            let module = program.module(*id);
            for expr in module.expr_ids() {
                match module.expr(expr).kind {
                    ExprKind::Name(name) | ExprKind::Attribute { name, .. } => names.entry(name).or_default().push((*id, expr)),
                    ExprKind::String(text) => {
                        if let Some((_, last)) = text.rsplit_once('.').filter(|_| text.len() < 200 && !text.contains([' ', '/'])) {
                            dotted.entry(Ustr::from(last)).or_default().push((*id, expr));
                        }
                    }
                    _ => {}
                }
            }
        }
        Self { names, dotted }
    }
}

/// Answers questions about some modules: the code of a service.
pub struct Uses<'p> {
    program: &'p Program,
    routes: &'p Routes,
    resolver: Resolver<'p>,
    code: BTreeSet<ModuleId>,
    /// Made when something is asked: of most services, nothing is.
    mentions: OnceCell<Mentions>,
    /// Names that exports and libraries have elsewhere.
    elsewhere: OnceCell<exports::Elsewhere>,
    /// The function that creates the app, which whoever starts the service calls.
    started: Option<FunctionRef>,
    live: RefCell<FxHashMap<FunctionRef, bool>>,
    read: RefCell<FxHashMap<Variable, bool>>,
    depth: Cell<u32>,
}

impl<'p> Uses<'p> {
    /// Questions about `code`, which runs because of what stands at `app`.
    #[must_use]
    pub fn new(program: &'p Program, routes: &'p Routes, code: &[ModuleId], app: Option<(ModuleId, ExprId)>) -> Self {
        let started = app.and_then(|(module, call)| Some(FunctionRef { module, function: program.module(module).function_of(call)? }));
        Self {
            program,
            routes,
            resolver: Resolver::new(program),
            code: code.iter().copied().collect(),
            mentions: OnceCell::new(),
            elsewhere: OnceCell::new(),
            started,
            live: RefCell::default(),
            read: RefCell::default(),
            depth: Cell::new(0),
        }
    }

    /// The modules that the questions are about.
    pub fn code(&self) -> impl Iterator<Item = ModuleId> + '_ {
        self.code.iter().copied()
    }

    /// Expressions that are a name, or an attribute of that name.
    pub fn named(&self, name: Ustr) -> impl Iterator<Item = (ModuleId, ExprId)> + '_ {
        self.mentions().names.get(&name).into_iter().flatten().copied()
    }

    /// Texts that look like dotted names with this last part.
    fn dotted(&self, last: Ustr) -> impl Iterator<Item = (ModuleId, ExprId)> + '_ {
        self.mentions().dotted.get(&last).into_iter().flatten().copied()
    }

    fn mentions(&self) -> &Mentions {
        self.mentions.get_or_init(|| Mentions::find(self.program, &self.code))
    }

    fn elsewhere(&self) -> &exports::Elsewhere {
        self.elsewhere.get_or_init(|| exports::Elsewhere::new(self.program, &self.code))
    }

    /// Expressions that denote something of this name, its definition and imports aside; texts that name it in a list.
    #[must_use]
    pub fn references(&self, module: ModuleId, name: Ustr, denotes: impl Fn(Entity) -> bool) -> Vec<(ModuleId, ExprId)> {
        let exprs = self.aliases(module, name).into_iter().flat_map(|alias| self.named(alias));
        let mut found: Vec<_> = exprs.filter(|(m, e)| denotes(self.resolver.entity(*m, *e))).collect();
        found.extend(self.listed_texts(module, name));
        found
    }

    /// Expressions that denote something of a library, imports aside; texts that name it in a list or tuple.
    #[must_use]
    pub fn library_references(&self, name: Ustr) -> Vec<(ModuleId, ExprId)> {
        let last = Ustr::from(name.rsplit('.').next().unwrap_or_default());
        let mut aliases = self.elsewhere().renamed(BTreeSet::from([last]));
        aliases.extend(self.elsewhere().of_library(name));
        let exprs = aliases.into_iter().flat_map(|alias| self.named(alias));
        let mut found: Vec<_> = exprs.filter(|(m, e)| self.resolver.entity(*m, *e).library() == Some(name)).collect();
        found.extend(self.elsewhere().required(name));
        let texts = self.dotted(last);
        found.extend(texts.filter(|(m, e)| match self.program.module(*m).expr(*e).kind {
            ExprKind::String(text) => self.program.apis.canonical(text) == name,
            _ => false,
        }));
        found
    }

    /// The name of something in a module, and those that it has elsewhere.
    fn aliases(&self, module: ModuleId, name: Ustr) -> BTreeSet<Ustr> {
        let mut names = BTreeSet::from([name]);
        names.extend(self.elsewhere().of_module(module));
        self.elsewhere().renamed(names)
    }

    /// Whether a text names something of a module.
    #[must_use]
    pub fn is_named_in_text(&self, module: ModuleId, name: Ustr) -> bool {
        self.texts(module, name).next().is_some()
    }

    /// Texts such as `"shop.middleware.Throttle"` that name something of a module.
    fn texts(&self, module: ModuleId, name: Ustr) -> impl Iterator<Item = (ModuleId, ExprId)> {
        let path = self.program.path(module).trim_end_matches(".py").trim_end_matches("/__init__").replace('/', ".");
        let texts = self.dotted(name);
        texts.filter(move |(m, e)| {
            let ExprKind::String(text) = self.program.module(*m).expr(*e).kind else { return false };
            let Some((owner, _)) = text.rsplit_once('.') else { return false };
            path == owner || path.strip_suffix(owner).is_some_and(|rest| rest.ends_with('.'))
        })
    }

    /// Those in a list or tuple.
    fn listed_texts(&self, module: ModuleId, name: Ustr) -> impl Iterator<Item = (ModuleId, ExprId)> {
        self.texts(module, name).filter(|(m, e)| {
            let module = self.program.module(*m);
            let is_list = |parent: ExprId| matches!(module.expr(parent).kind, ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Set(_));
            matches!(module.expr_parents[e.index()], Parent::Expr(parent) if is_list(parent))
        })
    }

    /// Whether a function runs in the service: it handles requests, or something that runs uses it. What only answers
    /// errors does not count.
    #[must_use]
    pub fn is_live(&self, function: FunctionRef) -> bool {
        if let Some(known) = self.live.borrow().get(&function) {
            return *known;
        }
        // While it is looked at, it is no reason for itself.
        self.live.borrow_mut().insert(function, false);
        let live = self.is_started(function) || self.deeper(|| self.is_used(function));
        self.live.borrow_mut().insert(function, live);
        live
    }

    /// Looks at what a question leads to; yes, where that leads too far.
    fn deeper(&self, look: impl FnOnce() -> bool) -> bool {
        let depth = self.depth.get();
        if depth >= DEPTH {
            return true;
        }
        self.depth.set(depth + 1);
        let found = look();
        self.depth.set(depth);
        found
    }

    fn is_started(&self, function: FunctionRef) -> bool {
        if self.started == Some(function) {
            return true;
        }
        let handles = self.routes.handler(function).is_some();
        handles && (!self.answers_errors(function) || self.routes.handler(function).is_some_and(|h| h.kind != HandlerKind::Hook))
    }

    /// Whether a function is registered to answer errors, by a decorator or a call.
    #[must_use]
    pub fn answers_errors(&self, function: FunctionRef) -> bool {
        let module = self.program.module(function.module);
        let f = module.function(function.function);
        let by_decorator = f.decorators.iter().any(|decorator| {
            let callee = module.call(*decorator).map_or(*decorator, |call| call.callee);
            is_error_handler(module, callee)
        });
        by_decorator
            || self.takes_error(function)
            || self.references(function.module, f.name, |entity| entity == Entity::Function(function)).iter().any(|(m, e)| {
                let module = self.program.module(*m);
                matches!(module.expr_parents[e.index()], Parent::Expr(parent)
                    if module.call(parent).is_some_and(|call| call.callee != *e && is_error_handler(module, call.callee)))
            })
    }

    /// Whether a function is written to answer errors: middleware of Express that gets the error before the request, the
    /// method of a filter of Nest, what is passed where it stands to something that calls it then.
    fn takes_error(&self, function: FunctionRef) -> bool {
        let module = self.program.module(function.module);
        let f = module.function(function.function);
        if module.language != Language::TypeScript {
            return false;
        }
        if let Some(class) = f.class {
            let is_filter = |decorator: &ExprId| {
                let callee = module.call(*decorator).map_or(*decorator, |call| call.callee);
                self.resolver.entity(function.module, callee).library().is_some_and(|name| name == "js:@nestjs/common.Catch")
            };
            return f.name == "catch" && module.class(class).decorators.iter().any(is_filter);
        }
        let is_middleware = self.routes.handler(function).is_some_and(|handler| handler.kind == HandlerKind::Hook);
        let is_passed = match f.parent {
            Parent::Expr(value) => match module.expr_parents[value.index()] {
                Parent::Expr(parent) => {
                    module.call(parent).is_some_and(|call| call.callee != value && is_error_handler(module, call.callee))
                }
                _ => false,
            },
            _ => false,
        };
        is_passed || (is_middleware && f.params.len() == 4)
    }

    fn is_used(&self, function: FunctionRef) -> bool {
        let module = self.program.module(function.module);
        let f = module.function(function.function);
        if f.name.is_empty() {
            // A lambda runs where it stands.
            return match f.parent {
                Parent::Expr(parent) => self.runs_around(function.module, parent),
                _ => true,
            };
        }
        if f.decorators.iter().any(|decorator| self.registers(function.module, *decorator)) {
            return true;
        }
        if let Some(class) = f.class {
            return self.is_method_used(function, class, f.name);
        }
        let references = self.references(function.module, f.name, |entity| entity == Entity::Function(function));
        references.into_iter().any(|(m, e)| self.is_use(m, e, function))
    }

    fn is_method_used(&self, function: FunctionRef, class: ClassId, name: Ustr) -> bool {
        if CALLED_BY_OTHERS.contains(&name.as_str()) && self.is_class_used(function.module, class) {
            return true;
        }
        self.named(name).any(|(m, e)| {
            let module = self.program.module(m);
            let ExprKind::Attribute { object, .. } = module.expr(e).kind else { return false };
            // What a class calls on itself may be what one that inherits it has in its place.
            let is_inherited = || match self.resolver.entity(m, object) {
                Entity::Object(at, above) => inherits(self.program, &self.resolver, (function.module, class), (at, above)),
                _ => false,
            };
            let may_be = match self.resolver.entity(m, e) {
                Entity::Function(f) if f == function => true,
                // A receiver out of sight may be anything but a module of a library.
                Entity::Unknown => !matches!(self.resolver.entity(m, object), Entity::Library(_) | Entity::Module(_)),
                _ => is_inherited(),
            };
            may_be && self.is_use(m, e, function)
        })
    }

    /// Whether a reference to a function or class makes it run, in code other than its own.
    fn is_use(&self, id: ModuleId, expr: ExprId, function: FunctionRef) -> bool {
        let module = self.program.module(id);
        let inside = module.around(expr).any(|around| around == crate::ir::walk::Around::Function(function.function));
        if id == function.module && inside {
            return false;
        }
        match module.expr_parents[expr.index()] {
            Parent::Expr(parent)
                if module.call(parent).is_some_and(|call| call.callee != expr && is_error_handler(module, call.callee)) =>
            {
                false
            }
            Parent::Expr(parent) if self.is_error_table(id, parent) => false,
            _ => match self.decorated(id, expr) {
                Some((decorated, decorator)) => self.decorates(decorated, decorator),
                None => self.runs_around(id, expr),
            },
        }
    }

    /// `{RateLimitExceeded: handler, 429: handler}`: what answers errors.
    fn is_error_table(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        let ExprKind::Object(entries) = &module.expr(expr).kind else { return false };
        entries.iter().any(|entry| match entry {
            Entry::Pair { key, .. } => {
                let is_class = |entity| match entity {
                    Entity::Class(..) => true,
                    Entity::Library(name) => crate::model::resolve::is_class_name(name),
                    _ => false,
                };
                matches!(module.expr(*key).kind, ExprKind::Number(_)) || is_class(self.resolver.entity(id, *key))
            }
            Entry::Spread(_) => false,
        })
    }

    /// Whether a class is used by code that runs: instantiated, registered, or extended by one that is.
    #[must_use]
    pub fn is_class_used(&self, module: ModuleId, class: ClassId) -> bool {
        let name = self.program.module(module).class(class).name;
        let references = self.references(module, name, |entity| entity == Entity::Class(module, class));
        references.into_iter().any(|(m, e)| self.takes_effect(m, e) || self.is_asked(m, e))
    }

    /// `View.as_view()`: a class is used by what it is asked for.
    fn is_asked(&self, id: ModuleId, expr: ExprId) -> bool {
        let module = self.program.module(id);
        let Parent::Expr(attribute) = module.expr_parents[expr.index()] else { return false };
        let Parent::Expr(parent) = module.expr_parents[attribute.index()] else { return false };
        let is_attribute = matches!(module.expr(attribute).kind, ExprKind::Attribute { .. });
        is_attribute && module.call(parent).is_some_and(|call| call.callee == attribute) && self.runs_around(id, expr)
    }

    /// Whether the function around an expression runs; the module around it does.
    #[must_use]
    pub fn runs_around(&self, id: ModuleId, expr: ExprId) -> bool {
        self.program.module(id).function_of(expr).is_none_or(|function| self.is_live(FunctionRef { module: id, function }))
    }

    /// The function whose decorator an expression is (part of), and that decorator.
    fn decorated(&self, id: ModuleId, expr: ExprId) -> Option<(FunctionRef, ExprId)> {
        let module = self.program.module(id);
        let mut top = expr;
        while let Parent::Expr(parent) = module.expr_parents[top.index()] {
            top = parent;
        }
        let Parent::Function(function) = module.expr_parents[top.index()] else { return None };
        module.function(function).decorators.contains(&top).then_some((FunctionRef { module: id, function }, top))
    }

    /// Whether a decorator has a say when its function runs. A route is bound to the function as it was where the route's
    /// decorator stands: what is above it comes too late.
    #[must_use]
    pub fn decorates(&self, function: FunctionRef, decorator: ExprId) -> bool {
        !self.is_above_route(function, decorator) && self.is_live(function)
    }

    /// Whether a decorator stands above the one that binds a route to its function.
    #[must_use]
    pub fn is_above_route(&self, function: FunctionRef, decorator: ExprId) -> bool {
        let module = self.program.module(function.module);
        // Those of TypeScript leave notes for the framework, in any order.
        if module.language == Language::TypeScript {
            return false;
        }
        let decorators = &module.function(function.function).decorators;
        let position = decorators.iter().position(|d| *d == decorator);
        let binds = |d: &ExprId| {
            let callee = module.call(*d).map_or(*d, |call| call.callee);
            let row = self.resolver.entity(function.module, callee).library().and_then(|name| self.program.apis.row(name));
            let handled = self.routes.handlers.iter().any(|h| h.function == function && h.place.span == module.expr(*d).span);
            row.map_or(handled, |row| row.is(Role::Route))
        };
        decorators.iter().position(binds) > position
    }

    /// Whether a decorator hands its function to something that calls it: `@app.on_event(…)`, `@celery.task`.
    fn registers(&self, id: ModuleId, decorator: ExprId) -> bool {
        let module = self.program.module(id);
        let callee = module.call(decorator).map_or(decorator, |call| call.callee);
        let ExprKind::Attribute { object, .. } = module.expr(callee).kind else { return false };
        let is_neutral = |name: Ustr| self.program.apis.row(name).is_some_and(|row| row.is(Role::RateLimiter) || row.is(Role::Pacer));
        if self.resolver.entity(id, callee).library().is_some_and(is_neutral) || is_error_handler(module, callee) {
            return false;
        }
        // `@name.setter` makes a property of it.
        let is_setter =
            matches!(module.expr(callee).kind, ExprKind::Attribute { name, .. } if matches!(&*name, "setter" | "getter" | "deleter"));
        !is_setter && matches!(self.resolver.entity(id, object), Entity::Instance(_) | Entity::Object(..) | Entity::Unknown)
    }
}

/// Whether what is called registers functions that answer errors.
fn is_error_handler(module: &Module, callee: ExprId) -> bool {
    match module.expr(callee).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => ERROR_HANDLERS.contains(&name.as_str()),
        _ => false,
    }
}
