//! What stands before routes: middleware, hooks, dependencies, decorators, guards.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{function_of, refuses};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::exposure::{self, Route};
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::Resolver;
use crate::model::routes::{Handler, HandlerKind};
use crate::model::served::{Created, Served, created};
use crate::model::services::Service;

/// Whether all of these routes turn away whoever has no key that services share.
#[must_use]
pub fn guard_all(project: &Project, service: &Service, routes: &[Route]) -> bool {
    let program = &project.program;
    let is_code = |id: &ModuleId| service.code.binary_search(id).is_ok();
    let mut guards = Guards {
        program,
        served: Served::of(program, service),
        hooks: Vec::new(),
        on: FxHashSet::default(),
        functions: FxHashSet::default(),
        everywhere: false,
    };
    for handler in project.routes.handlers.iter().filter(|h| h.kind == HandlerKind::Hook && is_code(&h.function.module)) {
        guards.hooks.extend(refuses(program, handler.function).map(|refusal| (handler, refusal.exempt)));
    }
    for id in &service.code {
        guards.injected(*id);
    }
    let handlers = by_function(project);
    // Whoever asks for what is the same for all learns nothing.
    let mut told = routes.iter().filter(|route| !exposure::says_the_same(program, route)).peekable();
    told.peek().is_some()
        && told.all(|route| {
            if let Some(function) = route.function {
                return handlers.get(&function).is_some_and(|all| all.iter().all(|handler| guards.stand_before(handler, route)));
            }
            let library = project.routes.library.iter().find(|library| library.place == route.place);
            library.is_some_and(|library| guards.hooked(library.on, library.path.as_deref(), route))
        })
}

fn by_function(project: &Project) -> FxHashMap<FunctionRef, Vec<&Handler>> {
    let mut found: FxHashMap<FunctionRef, Vec<&Handler>> = FxHashMap::default();
    for handler in project.routes.handlers.iter().filter(|handler| handler.kind != HandlerKind::Hook) {
        found.entry(handler.function).or_default().push(handler);
    }
    found
}

struct Guards<'p> {
    program: &'p Program,
    served: Served<'p>,
    /// Hooks that turn away whoever has no key, and the paths that they let pass.
    hooks: Vec<(&'p Handler, Vec<String>)>,
    /// Apps and routers that are made, or included, with a dependency that does.
    on: FxHashSet<Created>,
    /// Functions that have such a dependency.
    functions: FxHashSet<FunctionRef>,
    /// A guard of Nest for all routes.
    everywhere: bool,
}

impl Guards<'_> {
    /// Finds the dependencies and guards of a module.
    fn injected(&mut self, id: ModuleId) {
        let program = self.program;
        let module = program.module(id);
        let turns_away = |expr| function_of(program, id, expr).and_then(|f| refuses(program, f)).is_some_and(|r| r.exempt.is_empty());
        for site in &program.calls[id.0 as usize] {
            let Some(call) = module.call(site.expr) else { continue };
            let is_global = matches!(module.expr(call.callee).kind, ExprKind::Attribute { name, .. } if name == "useGlobalGuards");
            if is_global && call.args.iter().any(|arg| turns_away(arg.value)) {
                self.everywhere = true;
            }
            // What is injected in Nest is no check.
            let injects = module.language == Language::Python
                && site.callee.library().and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Injection));
            if !injects || !call.args.first().is_some_and(|arg| turns_away(arg.value)) {
                continue;
            }
            let mut at = site.expr;
            loop {
                match module.expr_parents[at.index()] {
                    Parent::Expr(parent) => at = parent,
                    Parent::Function(function) => {
                        self.functions.insert(FunctionRef { module: id, function });
                        break;
                    }
                    _ => break,
                }
                let Some(outer) = module.call(at) else { continue };
                let includes = matches!(module.expr(outer.callee).kind, ExprKind::Attribute { name, .. } if name == "include_router");
                let made = if includes { outer.args.first().and_then(|arg| created(program, id, arg.value)) } else { Some((id, at)) };
                self.on.extend(made);
            }
        }
    }

    fn stand_before(&self, handler: &Handler, route: &Route) -> bool {
        let program = self.program;
        let is_whole = |f: FunctionRef| refuses(program, f).is_some_and(|refusal| refusal.exempt.is_empty());
        let chain = self.served.chain(handler.on);
        is_whole(handler.function)
            || self.everywhere
            || self.functions.contains(&handler.function)
            || chain.iter().any(|created| self.on.contains(created))
            || self.is_decorated(handler)
            || self.hooks.iter().any(|(hook, exempt)| exempt.is_empty() && hook.place == handler.place)
            || self.hooked_from(handler, route)
    }

    /// Whether a decorator of a handler, or of its class, turns away whoever has no key.
    fn is_decorated(&self, handler: &Handler) -> bool {
        let program = self.program;
        let is_guard = |id: ModuleId, decorator: &ExprId| {
            if let Some(wrapper) = Resolver::new(program).wrapper(id, *decorator) {
                return refuses(program, wrapper).is_some_and(|refusal| refusal.exempt.is_empty());
            }
            // `@UseGuards(KeyGuard)`
            let call = program.module(id).call(*decorator);
            let mut given = call.into_iter().flat_map(|call| &call.args);
            given.any(|arg| function_of(program, id, arg.value).and_then(|f| refuses(program, f)).is_some_and(|r| r.exempt.is_empty()))
        };
        let id = handler.function.module;
        let own = program.function(handler.function).decorators.iter().any(|decorator| is_guard(id, decorator));
        own || handler.class.is_some_and(|(m, class)| program.module(m).class(class).decorators.iter().any(|d| is_guard(m, d)))
    }

    fn hooked_from(&self, handler: &Handler, route: &Route) -> bool {
        self.hooks.iter().any(|(hook, exempt)| {
            // What stands below a route in the same file is no hook of it.
            let is_late = hook.on.is_some()
                && hook.place.file == handler.place.file
                && hook.place.span.start > handler.place.span.start
                && self.is_on_same(hook, handler)
                && self.program.module(handler.function.module).language == Language::TypeScript;
            !is_late && self.covers(hook, exempt, handler.on, handler.path.as_deref(), route)
        })
    }

    fn is_on_same(&self, hook: &Handler, handler: &Handler) -> bool {
        let of = |on: Option<(ModuleId, ExprId)>| on.and_then(|(id, expr)| created(self.program, id, expr));
        of(hook.on) == of(handler.on)
    }

    fn hooked(&self, on: Option<(ModuleId, ExprId)>, path: Option<&str>, route: &Route) -> bool {
        self.hooks.iter().any(|(hook, exempt)| self.covers(hook, exempt, on, path, route))
    }

    /// Whether a hook runs before what is bound on something.
    fn covers(&self, hook: &Handler, exempt: &[String], on: Option<(ModuleId, ExprId)>, path: Option<&str>, route: &Route) -> bool {
        let path = route.path.as_deref().or(path);
        let is_exempt = |let_pass: &String| match (let_pass.strip_suffix('*'), path) {
            (_, None) => true,
            (Some(start), Some(path)) => path.starts_with(start),
            (None, Some(path)) => path.trim_end_matches('/') == let_pass.trim_end_matches('/'),
        };
        if exempt.iter().any(is_exempt) {
            return false;
        }
        let Some((id, expr)) = hook.on else { return false };
        let Some(made) = created(self.program, id, expr) else { return false };
        if !self.served.chain(on).contains(&made) {
            return false;
        }
        // Fastify's hooks are told when they run.
        let Some(own) = hook.path.as_deref().filter(|path| path.starts_with(['/', '*'])) else { return true };
        let own = own.trim_end_matches(['*', '/']);
        if own.is_empty() {
            return true;
        }
        let whole = self.served.path(hook.on, own);
        whole.is_some_and(|whole| path.is_some_and(|path| crate::model::services::is_below(path, &whole)))
    }
}
