//! Handlers: functions that run per request, how they are bound, and what they reach through the call graph.

use std::collections::VecDeque;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::arguments;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::source::Place;

mod bindings;
pub mod javascript;
pub mod views;

const HTTP_METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// Why a function runs per request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HandlerKind {
    /// A route is bound to it.
    Route,
    /// It is the entry point of a cloud function.
    EntryPoint,
    /// It is middleware or a hook: for classes about calls and data only.
    Hook,
}

/// A function that runs per request.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Handler {
    /// The function.
    pub function: FunctionRef,
    /// Why it runs.
    pub kind: HandlerKind,
    /// HTTP methods in upper case; empty where any or unknown.
    pub methods: Vec<Ustr>,
    /// The route's path, without the prefixes of its routers.
    pub path: Option<String>,
    /// Where the route is bound.
    pub place: Place,
    /// The view class that it is a method of, itself or by inheritance.
    pub class: Option<(ModuleId, ClassId)>,
    /// Whether a route is bound to it; views are found by their class, too.
    pub is_bound: bool,
    /// What the route is bound on, as it is written: an app, a router.
    pub on: Option<(ModuleId, ExprId)>,
}

impl Handler {
    /// The class or function of the framework that binds it: what it is bound on, else what decorates it.
    #[must_use]
    pub fn framework(&self, program: &Program) -> Option<Ustr> {
        let resolver = Resolver::new(program);
        let by_app = self.on.and_then(|(id, on)| match resolver.entity(id, on) {
            Entity::Instance(class) => Some(class),
            Entity::Library(name) => Some(name),
            _ => None,
        });
        let by_decorator = || {
            let id = self.function.module;
            program.function(self.function).decorators.iter().find_map(|decorator| {
                let callee = program.module(id).call(*decorator).map_or(*decorator, |call| call.callee);
                resolver.entity(id, callee).library()
            })
        };
        by_app.or_else(by_decorator)
    }
}

/// A route that code of a library answers: a generic view that keeps all methods of its base class, a view of a library.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LibraryRoute {
    /// The module that binds it.
    pub module: ModuleId,
    /// Where it is bound.
    pub place: Place,
    /// The route's path, without the prefixes of its routers.
    pub path: Option<String>,
    /// What it is called: the class, else nothing.
    pub name: String,
    /// HTTP methods in upper case, where they can be seen.
    pub methods: Vec<Ustr>,
    /// Whether all of its methods can be seen.
    pub is_seen: bool,
    /// What the route is bound on, as it is written: an app, a router.
    pub on: Option<(ModuleId, ExprId)>,
}

/// All handlers of a program.
#[derive(Debug, Default)]
pub struct Routes {
    /// By function.
    pub handlers: Vec<Handler>,
    /// Routes that a library answers, by module.
    pub library: Vec<LibraryRoute>,
    by_function: FxHashMap<FunctionRef, usize>,
    /// Functions that handlers reach, with the function that calls them on the shortest way from one.
    reached: FxHashMap<FunctionRef, Option<FunctionRef>>,
    callers: FxHashMap<FunctionRef, Vec<(FunctionRef, ExprId)>>,
}

impl Routes {
    /// Finds them.
    #[must_use]
    pub fn find(program: &Program) -> Self {
        let ids: Vec<ModuleId> = program.code_ids().collect();
        let bound: Vec<bindings::Bound> = ids.par_iter().map(|id| bindings::in_module(program, *id)).collect();
        let (mut handlers, mut library) = (Vec::new(), Vec::new());
        for bound in bound {
            handlers.extend(bound.handlers);
            library.extend(bound.library);
        }
        handlers.sort();
        handlers.dedup_by(|b, a| {
            let same = (a.function, a.kind, &a.path, a.class, a.on) == (b.function, b.kind, &b.path, b.class, b.on);
            a.is_bound |= same && b.is_bound;
            if same && !a.methods.is_empty() && !b.methods.is_empty() {
                a.methods.append(&mut b.methods);
                a.methods.sort();
                a.methods.dedup();
            }
            same
        });
        // A view is found by its class, and by the route that is bound to it (or to a class that inherits it), which says more.
        let bound: FxHashSet<(FunctionRef, HandlerKind)> =
            handlers.iter().filter(|handler| handler.is_bound).map(|handler| (handler.function, handler.kind)).collect();
        handlers.retain(|handler: &Handler| handler.is_bound || !bound.contains(&(handler.function, handler.kind)));
        let with_path: FxHashSet<_> = handlers
            .iter()
            .filter(|handler| handler.path.is_some())
            .map(|handler| (handler.function, handler.kind, handler.class))
            .collect();
        handlers.retain(|handler| handler.path.is_some() || !with_path.contains(&(handler.function, handler.kind, handler.class)));
        let mut by_function = FxHashMap::default();
        for (index, handler) in handlers.iter().enumerate() {
            by_function.entry(handler.function).or_insert(index);
        }
        let edges: Vec<(FunctionRef, FunctionRef, ExprId)> = ids.par_iter().flat_map_iter(|id| edges(program, *id)).collect();
        let mut callees: FxHashMap<FunctionRef, Vec<FunctionRef>> = FxHashMap::default();
        let mut callers: FxHashMap<FunctionRef, Vec<(FunctionRef, ExprId)>> = FxHashMap::default();
        for (from, to, at) in edges {
            callees.entry(from).or_default().push(to);
            callers.entry(to).or_default().push((from, at));
        }
        let wrappers: Vec<(FunctionRef, FunctionRef)> = ids.par_iter().flat_map_iter(|id| wrappers(program, *id)).collect();
        for (function, wrapper) in wrappers {
            callees.entry(function).or_default().push(wrapper);
        }
        let mut reached: FxHashMap<FunctionRef, Option<FunctionRef>> = handlers.iter().map(|h| (h.function, None)).collect();
        let mut todo: VecDeque<FunctionRef> = handlers.iter().map(|h| h.function).collect();
        while let Some(from) = todo.pop_front() {
            for to in callees.get(&from).into_iter().flatten() {
                reached.entry(*to).or_insert_with(|| {
                    todo.push_back(*to);
                    Some(from)
                });
            }
        }
        Self { handlers, library, by_function, reached, callers }
    }

    /// The handler that a function is.
    #[must_use]
    pub fn handler(&self, function: FunctionRef) -> Option<&Handler> {
        self.by_function.get(&function).map(|index| &self.handlers[*index])
    }

    /// The handler that reaches a function, itself included.
    #[must_use]
    pub fn reached_by(&self, function: FunctionRef) -> Option<&Handler> {
        let mut at = function;
        // As long as the way from a handler, which has no cycle.
        while let Some(Some(caller)) = self.reached.get(&at) {
            at = *caller;
        }
        self.handler(at)
    }

    /// The functions that call a function (or pass it on), and where.
    #[must_use]
    pub fn callers(&self, function: FunctionRef) -> &[(FunctionRef, ExprId)] {
        self.callers.get(&function).map_or(&[], Vec::as_slice)
    }
}

/// Whether a class inherits, through classes of the project, from a class of a library or the language that the test accepts.
pub fn inherits(program: &Program, resolver: &Resolver<'_>, id: ModuleId, class: ClassId, accepts: impl Fn(Ustr) -> bool) -> bool {
    let mut todo = vec![(id, class)];
    let mut seen = Vec::new();
    while let Some(at) = todo.pop() {
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        for base in program.module(at.0).class(at.1).bases.iter().filter(|b| b.kind == ArgKind::Positional) {
            match resolver.entity(at.0, base.value) {
                Entity::Library(name) | Entity::Builtin(name) if accepts(name) => return true,
                Entity::Class(m, c) => todo.push((m, c)),
                _ => {}
            }
        }
    }
    false
}

/// Calls of project functions in a module, and functions passed on to something that may call them.
fn edges(program: &Program, id: ModuleId) -> Vec<(FunctionRef, FunctionRef, ExprId)> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let mut found = Vec::new();
    for site in &program.calls[id.0 as usize] {
        let mut reached: Vec<FunctionRef> = arguments::called(&resolver, site.callee).into_iter().collect();
        let Some(call) = module.call(site.expr) else { continue };
        for arg in &call.args {
            if let ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Function(_) = module.expr(arg.value).kind
                && let Entity::Function(to) = resolver.entity(id, arg.value)
            {
                reached.push(to);
            }
        }
        // Asked last: in a long chain of calls, the way out is long for each.
        if !reached.is_empty()
            && let Some(function) = module.function_of(site.expr)
        {
            let from = FunctionRef { module: id, function };
            found.extend(reached.into_iter().map(|to| (from, to, site.expr)));
        }
    }
    found
}

/// Functions of a module, and the functions of the project that run in their place because of decorators.
fn wrappers(program: &Program, id: ModuleId) -> Vec<(FunctionRef, FunctionRef)> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let decorated = module.function_ids().flat_map(|function| module.function(function).decorators.iter().map(move |d| (function, *d)));
    decorated.filter_map(|(function, decorator)| Some((FunctionRef { module: id, function }, resolver.wrapper(id, decorator)?))).collect()
}
