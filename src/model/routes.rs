//! Handlers: functions that run per request, how they are bound, and what they reach through the call graph.

use std::collections::{BTreeMap, HashMap, VecDeque};

use rayon::prelude::*;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::{Role, Row};
use crate::model::calls::{argument, string_argument};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::source::Place;

/// Why a function runs per request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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
}

/// All handlers of a program.
#[derive(Debug, Default)]
pub struct Routes {
    /// By function.
    pub handlers: Vec<Handler>,
    by_function: HashMap<FunctionRef, usize>,
    /// Functions that handlers reach, with the function that calls them on the shortest way from one.
    reached: HashMap<FunctionRef, Option<FunctionRef>>,
    callers: HashMap<FunctionRef, Vec<(FunctionRef, ExprId)>>,
}

impl Routes {
    /// Finds them.
    #[must_use]
    pub fn find(program: &Program) -> Self {
        let ids: Vec<ModuleId> = program.module_ids().collect();
        let mut handlers: Vec<Handler> = ids.par_iter().flat_map_iter(|id| in_module(program, *id)).collect();
        handlers.sort();
        handlers.dedup_by(|b, a| a.function == b.function && a.kind == b.kind && a.path == b.path);
        let mut by_function = HashMap::new();
        for (index, handler) in handlers.iter().enumerate() {
            by_function.entry(handler.function).or_insert(index);
        }
        let edges: Vec<(FunctionRef, FunctionRef, ExprId)> = ids.par_iter().flat_map_iter(|id| edges(program, *id)).collect();
        let mut callees: BTreeMap<FunctionRef, Vec<FunctionRef>> = BTreeMap::new();
        let mut callers: HashMap<FunctionRef, Vec<(FunctionRef, ExprId)>> = HashMap::new();
        for (from, to, at) in edges {
            callees.entry(from).or_default().push(to);
            callers.entry(to).or_default().push((from, at));
        }
        let mut reached: HashMap<FunctionRef, Option<FunctionRef>> = handlers.iter().map(|h| (h.function, None)).collect();
        let mut todo: VecDeque<FunctionRef> = handlers.iter().map(|h| h.function).collect();
        while let Some(from) = todo.pop_front() {
            for to in callees.get(&from).into_iter().flatten() {
                reached.entry(*to).or_insert_with(|| {
                    todo.push_back(*to);
                    Some(from)
                });
            }
        }
        Self { handlers, by_function, reached, callers }
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

/// Names of arguments that take a handler.
const HANDLER_KEYWORDS: [&str; 5] = ["endpoint", "view", "view_func", "handler", "viewset"];

/// Methods of view classes that run per request.
const VIEW_METHODS: [&str; 14] = [
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "list",
    "create",
    "retrieve",
    "update",
    "partial_update",
    "destroy",
    "dispatch",
];

fn in_module(program: &Program, id: ModuleId) -> Vec<Handler> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let mut found = Vec::new();
    for function in module.function_ids() {
        for decorator in &module.function(function).decorators {
            found.extend(by_decorator(program, &resolver, id, function, *decorator));
        }
    }
    for site in &program.calls[id.0 as usize] {
        let Some(row) = site.callee.library().and_then(|name| program.apis.row(name)) else { continue };
        if let (true, Some(call)) = (row.is(Role::Route) || row.is(Role::RequestHook), module.call(site.expr)) {
            found.extend(by_call(program, &resolver, id, site.expr, call, row));
        }
    }
    for class in module.class_ids() {
        if is_view(program, &resolver, id, class) {
            found.extend(methods_of(program, id, class, None));
        }
    }
    found
}

fn by_decorator(program: &Program, resolver: &Resolver<'_>, id: ModuleId, function: FunctionId, decorator: ExprId) -> Option<Handler> {
    let module = program.module(id);
    let call = module.call(decorator);
    let callee = call.map_or(decorator, |call| call.callee);
    let row = resolver.entity(id, callee).library().and_then(|name| program.apis.row(name));
    let kind = match row {
        Some(row) if row.is(Role::Route) => HandlerKind::Route,
        Some(row) if row.is(Role::EntryPoint) => HandlerKind::EntryPoint,
        Some(row) if row.is(Role::RequestHook) => HandlerKind::Hook,
        Some(_) => return None,
        None => {
            by_shape(program, resolver, id, callee, call?)?;
            HandlerKind::Route
        }
    };
    let mut methods = call.map_or_else(Vec::new, |call| methods(program, id, call, row));
    if methods.is_empty()
        && row.is_none()
        && let ExprKind::Attribute { name, .. } = module.expr(callee).kind
    {
        methods.extend(HTTP_METHODS.contains(&&*name).then(|| Ustr::from(&name.to_uppercase())));
    }
    Some(Handler {
        function: FunctionRef { module: id, function },
        kind,
        methods,
        path: call.and_then(|call| route_path(program, id, call)),
        place: program.place(id, decorator),
    })
}

const HTTP_METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// `@x.get("/path")` on a receiver that cannot be resolved: its shape leaves no doubt.
fn by_shape(program: &Program, resolver: &Resolver<'_>, id: ModuleId, callee: ExprId, call: &Call) -> Option<()> {
    let ExprKind::Attribute { object, name, .. } = program.module(id).expr(callee).kind else { return None };
    let known = HTTP_METHODS.contains(&&*name) || matches!(&*name, "route" | "websocket" | "api_route");
    let out_of_sight = resolver.entity(id, object) == Entity::Unknown;
    let path = string_argument(program, id, call, 0, &["path", "rule"])?;
    (known && out_of_sight && path.starts_with('/')).then_some(())
}

fn by_call(program: &Program, resolver: &Resolver<'_>, id: ModuleId, expr: ExprId, call: &Call, row: &Row) -> Vec<Handler> {
    let Some(position) = row.handler else { return Vec::new() };
    let module = program.module(id);
    let Some(target) = argument(call, Some(position), &HANDLER_KEYWORDS) else { return Vec::new() };
    let path = route_path(program, id, call);
    let place = program.place(id, expr);
    let kind = if row.is(Role::Route) { HandlerKind::Route } else { HandlerKind::Hook };
    // `View.as_view()`
    let target = match module.call(target).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Attribute { object, name, .. }) if *name == "as_view" => *object,
        _ => target,
    };
    match resolver.entity(id, target) {
        Entity::Function(function) => vec![Handler { function, kind, methods: methods(program, id, call, Some(row)), path, place }],
        Entity::Class(m, c) | Entity::Object(m, c) => methods_of(program, m, c, path.as_deref()),
        _ => Vec::new(),
    }
}

fn methods_of(program: &Program, id: ModuleId, class: ClassId, path: Option<&str>) -> Vec<Handler> {
    let module = program.module(id);
    let mut found = Vec::new();
    for method in &module.class(class).methods {
        let function = module.function(*method);
        let action = function.decorators.iter().any(|d| {
            let callee = module.call(*d).map_or(*d, |call| call.callee);
            matches!(module.expr(callee).kind, ExprKind::Name(n) | ExprKind::Attribute { name: n, .. } if n == "action")
        });
        if !action && !VIEW_METHODS.contains(&&*function.name) {
            continue;
        }
        let http = match &*function.name {
            "list" | "retrieve" => "GET",
            "create" => "POST",
            "update" => "PUT",
            "partial_update" => "PATCH",
            "destroy" => "DELETE",
            name if HTTP_METHODS.contains(&name) => name,
            _ => "",
        };
        found.push(Handler {
            function: FunctionRef { module: id, function: *method },
            kind: HandlerKind::Route,
            methods: (!http.is_empty()).then(|| Ustr::from(&http.to_uppercase())).into_iter().collect(),
            path: path.map(str::to_owned),
            place: program.span_place(id, function.name_span),
        });
    }
    found
}

/// Whether a class is a view: it inherits from one of a library.
fn is_view(program: &Program, resolver: &Resolver<'_>, id: ModuleId, class: ClassId) -> bool {
    inherits(program, resolver, id, class, |name| program.apis.class_has_role(name, Role::View))
}

/// Whether a class inherits, through classes of the project, from a library's class that the test accepts.
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
                Entity::Library(name) if accepts(name) => return true,
                Entity::Class(m, c) => todo.push((m, c)),
                _ => {}
            }
        }
    }
    false
}

fn methods(program: &Program, id: ModuleId, call: &Call, row: Option<&Row>) -> Vec<Ustr> {
    if let Some(method) = row.and_then(|r| r.method.as_ref()) {
        return vec![Ustr::from(&method.to_uppercase())];
    }
    let module = program.module(id);
    let Some(list) = argument(call, None, &["methods"]) else { return Vec::new() };
    let (ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items)) = &module.expr(list).kind else { return Vec::new() };
    let text = |item: &ExprId| match module.expr(*item).kind {
        ExprKind::String(text) => Some(Ustr::from(&text.to_uppercase())),
        _ => None,
    };
    items.iter().filter_map(text).collect()
}

fn route_path(program: &Program, id: ModuleId, call: &Call) -> Option<String> {
    string_argument(program, id, call, 0, &["path", "rule", "route"]).or_else(|| string_argument(program, id, call, 1, &[]))
}

/// Calls of project functions in a module, and functions passed on to something that may call them.
fn edges(program: &Program, id: ModuleId) -> Vec<(FunctionRef, FunctionRef, ExprId)> {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let mut found = Vec::new();
    for site in &program.calls[id.0 as usize] {
        let Some(caller) = module.function_of(site.expr) else { continue };
        let from = FunctionRef { module: id, function: caller };
        match site.callee {
            Entity::Function(to) => found.push((from, to, site.expr)),
            Entity::Class(m, c) => {
                let methods = &program.module(m).class(c).methods;
                let init = methods.iter().find(|f| program.module(m).function(**f).name == "__init__");
                found.extend(init.map(|f| (from, FunctionRef { module: m, function: *f }, site.expr)));
            }
            _ => {}
        }
        let Some(call) = module.call(site.expr) else { continue };
        for arg in &call.args {
            if let ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Function(_) = module.expr(arg.value).kind
                && let Entity::Function(to) = resolver.entity(id, arg.value)
            {
                found.push((from, to, site.expr));
            }
        }
    }
    found
}
