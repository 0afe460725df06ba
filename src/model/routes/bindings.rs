//! How routes are bound: by decorators, by calls that take the handler, by classes of a framework.

use ustr::Ustr;

use super::{HTTP_METHODS, Handler, HandlerKind, LibraryRoute, inherits, views};
use crate::ir::program::*;
use crate::model::apis::{Role, Row};
use crate::model::calls::{argument, string_argument};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

mod included;

/// Names of arguments that take a handler.
const HANDLER_KEYWORDS: [&str; 7] = ["endpoint", "view", "view_func", "handler", "viewset", "resource", "target"];

/// Methods of view classes that run per request.
const VIEW_METHODS: [&str; 15] = [
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
    "dispatch_request",
];

/// Methods of middleware classes that run per request.
const HOOK_METHODS: [&str; 8] = [
    "dispatch",
    "__call__",
    "process_request",
    "process_view",
    "process_resource",
    "process_response",
    "process_exception",
    "process_template_response",
];

/// Methods that bind a route, by names that leave no doubt where a path and a function are passed.
const BINDING_METHODS: [&str; 13] = [
    "add_url_rule",
    "add_api_route",
    "add_api_websocket_route",
    "add_websocket_route",
    "add_route",
    "add_get",
    "add_post",
    "add_put",
    "add_patch",
    "add_delete",
    "add_head",
    "add_view",
    "add_resource",
];

/// What is bound in a module.
#[derive(Default)]
pub(super) struct Bound {
    pub(super) handlers: Vec<Handler>,
    pub(super) library: Vec<LibraryRoute>,
}

pub(super) fn in_module(program: &Program, id: ModuleId) -> Bound {
    let module = program.module(id);
    if module.language == Language::TypeScript {
        return super::javascript::in_module(program, id);
    }
    let finder = Finder { program, resolver: Resolver::new(program), id };
    let mut found = Bound::default();
    for function in module.function_ids() {
        for decorator in &module.function(function).decorators {
            found.handlers.extend(finder.by_decorator(function, *decorator));
        }
    }
    for site in &program.calls[id.0 as usize] {
        let Some(call) = module.call(site.expr) else { continue };
        let row = site.callee.library().and_then(|name| program.apis.row(name));
        match row {
            Some(row) if row.is(Role::Route) || row.is(Role::RequestHook) => finder.by_call(site.expr, call, row, &mut found),
            None if site.callee == Entity::Unknown => finder.by_call_of_shape(site.expr, call, &mut found),
            _ => {}
        }
        found.library.extend(finder.included(site.expr, call));
    }
    for class in module.class_ids() {
        if finder.is_view(id, class) {
            // Whoever decorates a class may bind it.
            let is_bound = module.class(class).decorators.iter().any(|decorator| finder.may_bind(*decorator));
            let is_own = |f: FunctionRef| f.module == id && module.class(class).methods.contains(&f.function);
            let own =
                finder.methods_of(id, class, HandlerKind::Route, None).into_iter().filter(|handler| is_bound || is_own(handler.function));
            found.handlers.extend(own.map(|handler| Handler { is_bound, ..handler }));
        }
    }
    found
}

pub(super) struct Finder<'p> {
    pub(super) program: &'p Program,
    pub(super) resolver: Resolver<'p>,
    pub(super) id: ModuleId,
}

impl Finder<'_> {
    fn module(&self) -> &Module {
        self.program.module(self.id)
    }

    /// What a library says of something.
    pub(super) fn row(&self, expr: ExprId) -> Option<&Row> {
        self.resolver.entity(self.id, expr).library().and_then(|name| self.program.apis.row(name))
    }

    pub(super) fn by_decorator(&self, function: FunctionId, decorator: ExprId) -> Option<Handler> {
        let module = self.module();
        let call = module.call(decorator);
        let callee = call.map_or(decorator, |call| call.callee);
        let row = self.row(callee);
        let kind = match row {
            Some(row) if row.is(Role::Route) => HandlerKind::Route,
            Some(row) if row.is(Role::EntryPoint) => HandlerKind::EntryPoint,
            Some(row) if row.is(Role::RequestHook) => HandlerKind::Hook,
            Some(_) => return None,
            None => {
                self.by_shape(callee, call?)?;
                HandlerKind::Route
            }
        };
        let mut methods = call.map_or_else(Vec::new, |call| self.methods(call, row));
        if methods.is_empty()
            && row.is_none()
            && let ExprKind::Attribute { name, .. } = module.expr(callee).kind
        {
            methods.extend(HTTP_METHODS.contains(&&*name).then(|| Ustr::from(&name.to_uppercase())));
        }
        Some(Handler {
            function: FunctionRef { module: self.id, function },
            kind,
            methods,
            path: call.and_then(|call| self.route_path(call)),
            place: self.program.place(self.id, decorator),
            class: None,
            is_bound: true,
            on: self.receiver(callee),
        })
    }

    /// What a method is called on.
    fn receiver(&self, callee: ExprId) -> Option<(ModuleId, ExprId)> {
        match self.module().expr(callee).kind {
            ExprKind::Attribute { object, .. } => Some((self.id, object)),
            _ => None,
        }
    }

    /// Whether a decorator of a class may bind it to a route: it is no library's, or one that does.
    fn may_bind(&self, decorator: ExprId) -> bool {
        let callee = self.module().call(decorator).map_or(decorator, |call| call.callee);
        match self.resolver.entity(self.id, callee).library() {
            Some(name) => self.program.apis.row(name).is_some_and(|row| row.is(Role::Route)),
            None => true,
        }
    }

    /// `@x.get("/path")` on a receiver that cannot be resolved: its shape leaves no doubt.
    fn by_shape(&self, callee: ExprId, call: &Call) -> Option<()> {
        let ExprKind::Attribute { object, name, .. } = self.module().expr(callee).kind else { return None };
        let known = HTTP_METHODS.contains(&&*name) || matches!(&*name, "route" | "websocket" | "api_route");
        let out_of_sight = self.resolver.entity(self.id, object) == Entity::Unknown;
        let path = string_argument(self.program, self.id, call, 0, &["path", "rule"])?;
        (known && out_of_sight && path.starts_with('/')).then_some(())
    }

    fn by_call(&self, expr: ExprId, call: &Call, row: &Row, found: &mut Bound) {
        let kind = if row.is(Role::Route) { HandlerKind::Route } else { HandlerKind::Hook };
        let target = row.handler.and_then(|position| self.handler_argument(call, position));
        if let Some(target) = target {
            self.bind(expr, call, target, kind, Some(row), found);
        }
    }

    /// The argument that is the handler. Where it is given by keyword, Flask's `endpoint` may be there too, which is a name.
    fn handler_argument(&self, call: &Call, position: usize) -> Option<ExprId> {
        let is_code = |expr: &ExprId| !matches!(self.module().expr(*expr).kind, ExprKind::String(_) | ExprKind::Template { .. });
        let by_keyword = HANDLER_KEYWORDS.iter().find_map(|keyword| argument(call, None, &[keyword]).filter(is_code));
        by_keyword.or_else(|| argument(call, Some(position), &[]).filter(is_code))
    }

    /// `x.add_url_rule("/path", view_func=f)` on a receiver that cannot be resolved.
    fn by_call_of_shape(&self, expr: ExprId, call: &Call, found: &mut Bound) {
        let ExprKind::Attribute { name, .. } = self.module().expr(call.callee).kind else { return };
        if !BINDING_METHODS.contains(&name.as_str()) {
            return;
        }
        let is_path = |arg: &Arg| matches!(self.module().expr(arg.value).kind, ExprKind::String(text) if text.starts_with('/'));
        if !call.args.iter().any(is_path) {
            return;
        }
        let passes = |arg: &&Arg| match arg.kind {
            ArgKind::Positional => true,
            ArgKind::Keyword(name) => HANDLER_KEYWORDS.contains(&name.as_str()),
            ArgKind::Spread | ArgKind::KeywordSpread => false,
        };
        let is_code = |arg: &&Arg| {
            let target = self.unwrapped(arg.value);
            matches!(self.resolver.entity(self.id, target), Entity::Function(_) | Entity::Class(..) | Entity::Object(..))
        };
        // Where no code is in sight, what is named behind the path.
        let is_behind = |arg: &&Arg| !is_path(arg) && self.is_named(arg.value);
        let handler = call.args.iter().filter(passes).find(is_code).or_else(|| call.args.iter().skip(1).filter(passes).find(is_behind));
        if let Some(arg) = handler {
            let (handlers, library) = (found.handlers.len(), found.library.len());
            self.bind(expr, call, arg.value, HandlerKind::Route, None, found);
            if let Some(method) = name.strip_prefix("add_").filter(|method| HTTP_METHODS.contains(method)) {
                let methods = vec![Ustr::from(&method.to_uppercase())];
                found.handlers[handlers..].iter_mut().for_each(|handler| handler.methods.clone_from(&methods));
                found.library[library..].iter_mut().for_each(|route| (route.methods, route.is_seen) = (methods.clone(), true));
            }
        }
    }

    fn bind(&self, expr: ExprId, call: &Call, target: ExprId, kind: HandlerKind, row: Option<&Row>, found: &mut Bound) {
        let path = self.route_path(call);
        let place = self.program.place(self.id, expr);
        let view = self.unwrapped(target);
        let on = self.receiver(call.callee);
        match self.resolver.entity(self.id, view) {
            Entity::Function(function) => {
                let mut methods = self.methods(call, row);
                if methods.is_empty() {
                    methods = self.methods_by_decorator(function);
                }
                // Django hands a view requests of any method.
                if methods.is_empty() && row.is_some_and(|row| row.names.iter().any(|name| name.starts_with("django."))) {
                    methods = views::asked(self.program, function);
                }
                found.handlers.push(Handler { function, kind, methods, path, place, class: None, is_bound: true, on });
            }
            Entity::Class(m, c) | Entity::Object(m, c) => {
                let handlers = self.methods_of(m, c, kind, path.as_deref());
                if kind == HandlerKind::Route && self.is_view(m, c) {
                    let views::Lineage { library, is_seen, .. } = views::lineage(self.program, m, c);
                    let is_answered = |method: &Ustr| handlers.iter().any(|handler| handler.methods.contains(method));
                    let methods: Vec<Ustr> = library.into_iter().filter(|method| !is_answered(method)).collect();
                    if handlers.is_empty() || !methods.is_empty() {
                        let name = self.program.module(m).class(c).name.to_string();
                        found.library.push(LibraryRoute { module: self.id, place, path, name, methods, is_seen, on });
                    }
                }
                found.handlers.extend(handlers.into_iter().map(|handler| Handler { is_bound: true, on, ..handler }));
            }
            Entity::Library(name)
                if kind == HandlerKind::Route && (view != target || self.program.apis.class_has_role(name, Role::View)) =>
            {
                let methods: Vec<Ustr> =
                    self.program.apis.row(name).into_iter().flat_map(|row| &row.methods).map(|method| Ustr::from(method)).collect();
                let (is_seen, name) = (!methods.is_empty(), name.rsplit('.').next().unwrap_or_default().to_owned());
                found.library.push(LibraryRoute { module: self.id, place, path, name, methods, is_seen, on });
            }
            // `router.add_post("/moderate", handler.moderate)`: whoever answers is out of sight.
            Entity::Unknown
                if kind == HandlerKind::Route && self.is_named(target) && path.as_deref().is_some_and(|p| p.starts_with('/')) =>
            {
                let (methods, name) = (self.methods(call, row), self.program.text(self.id, target).to_owned());
                let is_seen = !methods.is_empty();
                found.library.push(LibraryRoute { module: self.id, place, path, name, methods, is_seen, on });
            }
            _ => {}
        }
    }

    fn is_named(&self, expr: ExprId) -> bool {
        matches!(self.module().expr(expr).kind, ExprKind::Name(_) | ExprKind::Attribute { .. })
    }

    /// What is bound, without what is around it: `View.as_view()`, `login_required(view)`, `cache_page(60)(view)`.
    fn unwrapped(&self, target: ExprId) -> ExprId {
        let module = self.module();
        let mut at = target;
        // Nobody wraps a view in more than a few.
        for _ in 0..8 {
            let Some(call) = module.call(at) else { break };
            // Other routes, which are bound where they stand.
            if matches!(module.expr(call.callee).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if name == "include") {
                break;
            }
            if let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind
                && name == "as_view"
            {
                return object;
            }
            let Some(first) = call.args.first().filter(|arg| arg.kind == ArgKind::Positional) else { break };
            if !matches!(module.expr(first.value).kind, ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Call(_)) {
                break;
            }
            at = first.value;
        }
        at
    }

    /// The methods of a view that run per request, those that it inherits within the project included; of middleware, its own.
    fn methods_of(&self, id: ModuleId, class: ClassId, kind: HandlerKind, path: Option<&str>) -> Vec<Handler> {
        let classes = if kind == HandlerKind::Hook { vec![(id, class)] } else { views::lineage(self.program, id, class).classes };
        let mut found: Vec<Handler> = Vec::new();
        for (id, method) in classes.iter().flat_map(|(m, c)| self.program.module(*m).class(*c).methods.iter().map(|method| (*m, *method))) {
            let module = self.program.module(id);
            let function = module.function(method);
            if found.iter().any(|handler| self.program.function(handler.function).name == function.name) {
                continue;
            }
            let action = function.decorators.iter().find(|d| {
                let callee = module.call(**d).map_or(**d, |call| call.callee);
                matches!(module.expr(callee).kind, ExprKind::Name(n) | ExprKind::Attribute { name: n, .. } if n == "action")
            });
            let name = function.name.strip_prefix("on_").filter(|rest| HTTP_METHODS.contains(rest)).unwrap_or(&function.name);
            let runs = if kind == HandlerKind::Hook { HOOK_METHODS.contains(&name) } else { VIEW_METHODS.contains(&name) };
            if action.is_none() && !runs {
                continue;
            }
            let http = match name {
                "list" | "retrieve" => "GET",
                "create" => "POST",
                "update" => "PUT",
                "partial_update" => "PATCH",
                "destroy" => "DELETE",
                name if HTTP_METHODS.contains(&name) => name,
                _ => "",
            };
            let mut methods: Vec<Ustr> = (!http.is_empty()).then(|| Ustr::from(&http.to_uppercase())).into_iter().collect();
            if let Some(call) = action.and_then(|action| module.call(*action)) {
                methods = texts(module, argument(call, None, &["methods"]));
            }
            let place = self.program.span_place(id, function.name_span);
            let function = FunctionRef { module: id, function: method };
            if name == "dispatch" {
                methods = views::asked(self.program, function);
            }
            let class = Some((classes[0].0, class));
            found.push(Handler { function, kind, methods, path: path.map(str::to_owned), place, class, is_bound: false, on: None });
        }
        found
    }

    /// Whether a class is a view: it inherits from one of a library.
    fn is_view(&self, id: ModuleId, class: ClassId) -> bool {
        inherits(self.program, &self.resolver, id, class, |name| self.program.apis.class_has_role(name, Role::View))
    }

    fn methods(&self, call: &Call, row: Option<&Row>) -> Vec<Ustr> {
        match row.and_then(|row| row.method.as_ref()) {
            Some(method) => vec![Ustr::from(&method.to_uppercase())],
            None => match self.leading_method(call) {
                Some(method) => Vec::from([method]),
                None => texts(self.module(), argument(call, None, &["methods"])),
            },
        }
    }

    /// The methods that a view's own decorators let through: `@require_POST`, `@api_view(["POST"])`.
    fn methods_by_decorator(&self, view: FunctionRef) -> Vec<Ustr> {
        let module = self.program.module(view.module);
        for decorator in &self.program.function(view).decorators {
            let call = module.call(*decorator);
            let callee = call.map_or(*decorator, |call| call.callee);
            let Some(name) = self.resolver.entity(view.module, callee).library() else { continue };
            match name.rsplit('.').next() {
                Some("require_POST") => return vec![Ustr::from("POST")],
                Some("require_GET" | "require_safe") => return vec![Ustr::from("GET")],
                Some("require_http_methods" | "api_view") => {
                    let list = call.and_then(|call| argument(call, Some(0), &["request_method_list", "http_method_names"]));
                    return texts(module, list);
                }
                _ => {}
            }
        }
        Vec::new()
    }

    fn route_path(&self, call: &Call) -> Option<String> {
        let argument = |position, keywords: &[&str]| string_argument(self.program, self.id, call, position, keywords);
        if self.leading_method(call).is_some() {
            return argument(1, &["path"]);
        }
        argument(0, &["path", "rule", "route"]).or_else(|| argument(1, &[]))
    }

    /// The method of `route("GET", "/path", handler)`.
    fn leading_method(&self, call: &Call) -> Option<Ustr> {
        let first = string_argument(self.program, self.id, call, 0, &["method"])?;
        let is_method = HTTP_METHODS.iter().any(|method| method.to_uppercase() == first);
        is_method.then(|| Ustr::from(&first))
    }
}

/// The constant texts of a list, in upper case.
fn texts(module: &Module, list: Option<ExprId>) -> Vec<Ustr> {
    let Some(ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items)) = list.map(|list| &module.expr(list).kind) else {
        return Vec::new();
    };
    let text = |item: &ExprId| match module.expr(*item).kind {
        ExprKind::String(text) => Some(Ustr::from(&text.to_uppercase())),
        _ => None,
    };
    items.iter().filter_map(text).collect()
}
