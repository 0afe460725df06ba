//! Rate limits: whether a limiter is attached to anything that a service's requests pass by.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::calls::has_spread;
use crate::model::exposure::{self, Route};
use crate::model::program::{FunctionRef, Link, ModuleId, Program};
use crate::model::project::Project;
use crate::model::refusals;
use crate::model::resolve::{Entity, Resolver};
use crate::model::services::Service;
use crate::model::uses::Uses;
use crate::model::values::{self, Value};
use crate::source::Place;

mod names;

use names::says_so;

/// What limits the requests of a service.
#[derive(Clone, Debug)]
pub enum Limiting {
    /// This does.
    Attached(Place),
    /// There are limiters, and they limit nothing: what tells most first.
    Idle(Vec<Idle>),
    /// Nothing does.
    Missing,
}

/// A limiter that limits nothing.
#[derive(Clone, Debug)]
pub struct Idle {
    /// Where it is.
    pub place: Place,
    /// What it is called.
    pub name: String,
    /// Its canonical name, if it is of a library.
    pub library: Option<Ustr>,
    /// Why it limits nothing.
    pub why: Why,
}

/// Why a limiter limits nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// A decorator above the one that binds the route.
    AboveRoute {
        /// The function.
        function: FunctionRef,
        /// The decorator.
        decorator: ExprId,
    },
    /// It is attached, but no limits are set.
    NoLimits,
    /// It does not see routes that come by routers, and all do.
    Blind,
    /// It is set up, and attached to nothing.
    Unattached,
    /// Rates are set for classes that nothing uses.
    RatesOnly,
    /// A plugin that limits the routes alone which ask for it, and none does.
    Reserved,
    /// The project's own, used by nothing.
    Unused,
}

/// Methods by which a limiter's class attaches its instances: creating one attaches nothing.
const ATTACHING: [&str; 14] = [
    "limit",
    "shared_limit",
    "init_app",
    "hit",
    "try_acquire",
    "middleware",
    // Of npm's.
    "consume",
    "protect",
    "getMiddleware",
    "prevent",
    "get",
    "check",
    "isLimited",
    "wouldLimit",
];

/// Methods that ask a limiter of no framework for leave.
const ASKED: [&str; 2] = ["hit", "test"];

/// The same, of libraries of JavaScript.
const ASKED_IN_JAVASCRIPT: [&str; 8] = ["consume", "limit", "blockUntilReady", "protect", "get", "check", "isLimited", "wouldLimit"];

/// Arguments that set limits for all routes of an app.
const DEFAULTS: [&str; 5] = ["default_limits", "application_limits", "meta_limits", "limits", "limit"];

/// Whether a limiter is attached to a service.
#[must_use]
pub fn of_service(project: &Project, service: &Service) -> Limiting {
    let program = &project.program;
    let app = service.app_call.map(|call| (service.module, call));
    let uses = Uses::new(program, &project.routes, &service.code, app);
    let finder = Finder { project, service, uses: &uses, resolver: Resolver::new(program) };
    let mut idle = Vec::new();
    let attached = finder.library(&mut idle).or_else(|| finder.own(&mut idle)).or_else(|| finder.named_so());
    if let Some(place) = attached {
        return Limiting::Attached(place);
    }
    finder.rates_only(&mut idle);
    idle.sort_by_key(|idle| (idle.why, idle.place));
    if idle.is_empty() { Limiting::Missing } else { Limiting::Idle(idle) }
}

struct Finder<'p> {
    project: &'p Project,
    service: &'p Service,
    uses: &'p Uses<'p>,
    resolver: Resolver<'p>,
}

impl Finder<'_> {
    /// Where a limiter of a library is attached.
    fn library(&self, idle: &mut Vec<Idle>) -> Option<Place> {
        let program = &self.project.program;
        for id in self.uses.code() {
            for site in &program.calls[id.0 as usize] {
                let Some(name) = site.callee.library() else { continue };
                let Some(row) = program.apis.row(name) else { continue };
                let attached = if self.is_turned_off(name) {
                    false
                } else if row.is(Role::Pacer) {
                    self.uses.is_at_entrance(id, site.expr)
                } else if row.is(Role::RateLimiter) {
                    self.is_call_attached(id, site.expr, name, idle)
                } else {
                    false
                };
                if attached {
                    return Some(program.place(id, site.expr));
                }
            }
        }
        let roots = self.roots();
        // Python names them in texts, too.
        let may_be_named = |name: &Ustr| !name.starts_with("js:") || roots.contains(&root(*name));
        let limiters = program.apis.with_role(Role::RateLimiter).filter(may_be_named);
        let is_open = |name: &Ustr| !self.is_attached_by_members(*name) && !self.is_turned_off(*name);
        let mut names: Vec<Ustr> = limiters.filter(is_open).collect();
        names.sort();
        for name in names {
            for (m, e) in self.uses.library_references(name) {
                let module = program.module(m);
                let parent = match module.expr_parents[e.index()] {
                    Parent::Expr(parent) => Some(parent),
                    _ => None,
                };
                if self.is_reserved(m, e) {
                    let name_there = program.text(m, e).to_owned();
                    idle.push(Idle { place: program.place(m, e), name: name_there, library: Some(name), why: Why::Reserved });
                    continue;
                }
                // Calls were looked at above.
                if parent.and_then(|parent| module.call(parent)).is_some_and(|call| call.callee == e) {
                    continue;
                }
                if self.uses.takes_effect(m, e) {
                    // It applies the defaults of a limiter, which may have none.
                    let applies_none = name.starts_with("slowapi.middleware.") && self.makes_limiters() && !self.sets_limits();
                    let is_blind = || program.row(m, name).is_some_and(|row| row.blind_to_routers) && self.comes_by_routers();
                    let why = match () {
                        () if applies_none => Why::NoLimits,
                        () if is_blind() => Why::Blind,
                        () => return Some(program.place(m, e)),
                    };
                    let written = program.text(m, e).to_owned();
                    idle.push(Idle { place: program.place(m, e), name: written, library: Some(name), why });
                }
                // `await FastAPILimiter.init(…)`
                if module.language == Language::Python
                    && parent.is_some_and(|parent| matches!(module.expr(parent).kind, ExprKind::Attribute { .. }))
                {
                    let written = program.text(m, e).to_owned();
                    idle.push(Idle { place: program.place(m, e), name: written, library: Some(name), why: Why::Unattached });
                }
            }
        }
        self.awaited_pacer()
    }

    /// Whether what limits by default is told not to: by a setting, or by the options of what its package makes.
    fn is_turned_off(&self, name: Ustr) -> bool {
        let program = &self.project.program;
        if !name.starts_with("js:") {
            let Some(setting) = program.apis.row(name).and_then(|row| row.off.as_deref()).map(Ustr::from) else { return false };
            let is_off =
                |id: ModuleId| program.only_value(id, setting).is_some_and(|value| values::value(program, id, value) == Value::Bool(false));
            return self.uses.code().any(is_off);
        }
        let package = root(name);
        let package = package.split('/').next().unwrap_or_default();
        program.apis.can_be_off(package)
            && self.uses.code().any(|id| {
                program.calls[id.0 as usize].iter().any(|site| {
                    let made = site.callee.library().filter(|made| made.starts_with(package));
                    let off = made.and_then(|made| program.apis.row(made)).and_then(|row| row.off.as_deref());
                    off.is_some_and(|off| is_false(program, id, site.expr, off))
                })
            })
    }

    /// The libraries that the service imports.
    fn roots(&self) -> FxHashSet<Ustr> {
        let links = self.uses.code().flat_map(|id| &self.project.program.links[id.0 as usize]);
        let libraries = links.filter_map(|link| match link {
            Link::Library(path) => Some(*path),
            _ => None,
        });
        let distinct: FxHashSet<Ustr> = libraries.collect();
        distinct.into_iter().map(root).collect()
    }

    /// Whether all routes that others may call are bound on routers, and come to the app by `include_router`.
    fn comes_by_routers(&self) -> bool {
        let program = &self.project.program;
        // An app is a router, too.
        let is_router = |(m, on): (ModuleId, ExprId)| {
            let (at, origin) = values::origin(program, m, on);
            let has_role = |role| program.callee(at, origin).library().is_some_and(|name| program.apis.class_has_role(name, role));
            has_role(Role::Router) && !has_role(Role::App)
        };
        let handlers = |function| self.project.routes.handlers.iter().filter(move |handler| handler.function == function);
        let comes =
            |route: &Route| route.function.is_some_and(|function| handlers(function).all(|handler| handler.on.is_some_and(is_router)));
        let includes = |id: ModuleId| {
            let module = program.module(id);
            let mut callees = program.calls[id.0 as usize].iter().filter_map(|site| Some(module.call(site.expr)?.callee));
            callees.any(|callee| matches!(module.expr(callee).kind, ExprKind::Attribute { name, .. } if name == "include_router"))
        };
        let routes = exposure::routes(self.project, self.service);
        !routes.is_empty() && routes.iter().all(comes) && self.uses.code().any(includes)
    }

    /// Whether a call of a library's limiter attaches it, or makes something that is.
    fn is_call_attached(&self, id: ModuleId, expr: ExprId, name: Ustr, idle: &mut Vec<Idle>) -> bool {
        let program = &self.project.program;
        let Some(call) = program.module(id).call(expr) else { return false };
        let place = program.place(id, expr);
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_javascript = program.module(id).language == Language::TypeScript;
        if is_javascript && self.is_attached_by_members(name) {
            // What is handed on to make middleware of is asked there, perhaps out of sight.
            let attached = self.uses.is_at_entrance(id, expr);
            if !attached {
                idle.push(Idle { place, name: self.name_of(id, expr), library: Some(name), why: Why::Unattached });
            }
            return attached;
        }
        if is_javascript && name.starts_with("js:@arcjet/") && !self.has_settings("js:@arcjet/") {
            return false;
        }
        if self.is_attached_by_members(name) || last == "init_app" {
            let gets_app = if last == "init_app" { self.uses.runs_around(id, expr) } else { self.gets_app(id, call) };
            if gets_app && self.uses.runs_around(id, expr) && self.sets_limits() {
                return true;
            }
            let why = if gets_app { Why::NoLimits } else { Why::Unattached };
            idle.push(Idle { place, name: self.name_of(id, expr), library: Some(name), why });
            return false;
        }
        let module = program.module(id);
        // What is asked for leave in passing may limit the calls that its own function makes.
        let asked: &[&str] = if is_javascript { &ASKED_IN_JAVASCRIPT } else { &ASKED };
        let within = module.function_of(expr).filter(|_| asked.contains(&last)).map(|function| FunctionRef { module: id, function });
        let counts = within.is_none_or(|function| self.is_about_caller(function, call) || self.answers(function, expr));
        if counts && self.uses.takes_effect(id, expr) {
            return true;
        }
        let above = match module.expr_parents[expr.index()] {
            Parent::Function(function) if module.function(function).decorators.contains(&expr) => {
                let function = FunctionRef { module: id, function };
                self.uses.is_above_route(function, expr).then_some(Why::AboveRoute { function, decorator: expr })
            }
            _ => None,
        };
        let written = if above.is_some() { program.text(id, call.callee).to_owned() } else { self.name_of(id, expr) };
        idle.push(Idle { place, name: written, library: Some(name), why: above.unwrap_or(Why::Unattached) });
        false
    }

    /// Whether anything says how much is allowed, for what a package offers.
    fn has_settings(&self, package: &str) -> bool {
        let program = &self.project.program;
        let mut names = self.uses.code().flat_map(|id| &program.calls[id.0 as usize]).filter_map(|site| site.callee.library());
        names.any(|name| name.starts_with(package) && program.apis.row(name).is_some_and(|row| row.is(Role::RateSettings)))
    }

    /// `register(rateLimit, { global: false })`: routes have to ask for it, and none does.
    fn is_reserved(&self, id: ModuleId, expr: ExprId) -> bool {
        let program = &self.project.program;
        let module = program.module(id);
        let Parent::Expr(parent) = module.expr_parents[expr.index()] else { return false };
        let Some(call) = module.call(parent).filter(|call| call.callee != expr) else { return false };
        let is_off = |arg: &Arg| {
            values::object_literal(program, id, arg.value).is_some_and(|(at, entries)| {
                pair(program.module(at), entries, "global").is_some_and(|value| values::value(program, at, value) == Value::Bool(false))
            })
        };
        call.args.iter().skip(1).any(is_off) && !self.is_asked_for_by_routes()
    }

    /// Whether a route has a limit of its own: `{ config: { rateLimit: … } }`.
    fn is_asked_for_by_routes(&self) -> bool {
        let program = &self.project.program;
        self.uses.code().any(|id| {
            let module = program.module(id);
            module.exprs.iter().any(|expr| match &expr.kind {
                ExprKind::Object(entries) => pair(module, entries, "config").is_some_and(|config| {
                    values::object_literal(program, id, config).is_some_and(|(at, entries)| {
                        let limit = pair(program.module(at), entries, "rateLimit");
                        limit.is_some_and(|limit| values::value(program, at, limit) != Value::Bool(false))
                    })
                }),
                _ => false,
            })
        })
    }

    /// Whether instances of a class are attached by their methods.
    fn is_attached_by_members(&self, class: Ustr) -> bool {
        let apis = &self.project.program.apis;
        let limits = |name| apis.row(name).is_some_and(|row| row.is(Role::RateLimiter));
        ATTACHING.iter().any(|method| limits(Ustr::from(&format!("{class}.{method}"))))
    }

    /// Whether an app is passed: by its keyword, or first where that is no function that tells callers apart.
    fn gets_app(&self, id: ModuleId, call: &Call) -> bool {
        let module = self.project.program.module(id);
        call.args.iter().enumerate().any(|(position, arg)| match arg.kind {
            ArgKind::Keyword(name) => name == "app" && !matches!(module.expr(arg.value).kind, ExprKind::Null),
            ArgKind::Positional if position == 0 => match self.resolver.entity(id, arg.value) {
                Entity::Instance(_) | Entity::Object(..) => true,
                Entity::Unknown => matches!(module.expr(arg.value).kind, ExprKind::Name(_) | ExprKind::Attribute { .. }),
                _ => false,
            },
            ArgKind::Spread | ArgKind::KeywordSpread => true,
            ArgKind::Positional => false,
        })
    }

    /// Whether a limiter with defaults of its own is made in sight.
    fn makes_limiters(&self) -> bool {
        let mut names = self.uses.code().flat_map(|id| &self.project.program.calls[id.0 as usize]).filter_map(|site| site.callee.library());
        names.any(|name| self.is_attached_by_members(name))
    }

    /// Whether limits are set for the whole of an app, as far as that can be seen. Those of single routes are looked at
    /// where they are.
    fn sets_limits(&self) -> bool {
        let program = &self.project.program;
        self.uses.code().any(|id| {
            let module = program.module(id);
            // Flask-Limiter reads them from the app's configuration, too.
            let configured = program.sources.get(module.file).text.contains("RATELIMIT_");
            configured
                || program.calls[id.0 as usize]
                    .iter()
                    .filter(|site| site.callee.library().is_some_and(|n| self.is_attached_by_members(n)))
                    .any(|site| {
                        module.call(site.expr).is_some_and(|call| {
                            let is_default =
                                |arg: &Arg| matches!(arg.kind, ArgKind::Keyword(name) if DEFAULTS.iter().any(|d| name.starts_with(d)));
                            has_spread(call) || call.args.iter().any(is_default)
                        })
                    })
        })
    }

    /// `async with limiter:` at the entrance of requests.
    fn awaited_pacer(&self) -> Option<Place> {
        let program = &self.project.program;
        let is_pacer = |name: Ustr| program.apis.row(name).is_some_and(|row| row.is(Role::Pacer));
        self.uses.code().find_map(|id| {
            let module = program.module(id);
            let contexts = module.stmts.iter().filter_map(|stmt| match &stmt.kind {
                StmtKind::With { items, .. } => Some(items.iter().map(|(context, _)| *context)),
                _ => None,
            });
            let is_awaited = |context: &ExprId| {
                matches!(self.resolver.entity(id, *context), Entity::Instance(name) if is_pacer(name))
                    && self.uses.is_at_entrance(id, *context)
            };
            contexts.flatten().find(is_awaited).map(|context| program.place(id, context))
        })
    }

    /// Where code of the project refuses requests, and runs.
    fn own(&self, idle: &mut Vec<Idle>) -> Option<Place> {
        let program = &self.project.program;
        for (function, place) in refusals::find(program, self.uses) {
            if self.uses.is_live(function) {
                return Some(place);
            }
            let module = program.module(function.module);
            let f = module.function(function.function);
            let (name, span) = match f.class.map(|class| module.class(class)) {
                Some(class) => (class.name, class.name_span),
                None => (f.name, f.name_span),
            };
            // What is there to refuse requests is a class that a framework calls, or is called so.
            let is_middleware = f.class.is_some() && matches!(f.name.as_str(), "dispatch" | "__call__" | "process_request");
            if (is_middleware || says_so(&name))
                && !self.uses.answers_errors(function)
                && !self.uses.is_named_in_text(function.module, name)
            {
                let place = program.span_place(function.module, span);
                idle.push(Idle { place, name: name.to_string(), library: None, why: Why::Unused });
            }
        }
        None
    }

    /// Rates of Django REST framework, where no class of it is used; settings of Nest's throttler without its guard.
    fn rates_only(&self, idle: &mut Vec<Idle>) {
        const RATES: &str = "DEFAULT_THROTTLE_RATES";
        let program = &self.project.program;
        for id in self.uses.code() {
            let module = program.module(id);
            for site in &program.calls[id.0 as usize] {
                let Some(name) = site.callee.library().filter(|n| program.apis.row(*n).is_some_and(|row| row.is(Role::RateSettings)))
                else {
                    continue;
                };
                let written = module.call(site.expr).map_or("", |call| program.text(id, call.callee)).to_owned();
                idle.push(Idle { place: program.place(id, site.expr), name: written, library: Some(name), why: Why::RatesOnly });
            }
            let is_key = |expr: &ExprId| matches!(module.expr(*expr).kind, ExprKind::String(text) if text == RATES);
            let places = module.expr_ids().filter(is_key).map(|expr| program.place(id, expr));
            idle.extend(places.map(|place| Idle { place, name: RATES.to_owned(), library: None, why: Why::RatesOnly }));
        }
    }

    /// Where something that is called a limiter, and whose workings cannot be seen, stands at the entrance of requests, or
    /// makes a handler turn them away.
    fn named_so(&self) -> Option<Place> {
        let program = &self.project.program;
        for id in self.uses.code() {
            let module = program.module(id);
            for (index, import) in module.imports.iter().enumerate() {
                let Ok(index) = u32::try_from(index) else { continue };
                let out_of_sight = match program.import(id, index) {
                    Link::Library(path) => program.apis.row(path).is_none() && !program.apis.knows_root(root(path)),
                    _ => false,
                };
                if out_of_sight && (says_so(&import.module) || says_so(&import.local)) {
                    let mut here = self.uses.named(import.local).filter(|(m, _)| *m == id);
                    if let Some((m, e)) = here.find(|(m, e)| self.uses.is_at_entrance(*m, *e)) {
                        return Some(program.place(m, e));
                    }
                }
            }
            let functions = module.function_ids().map(|function| (module.function(function), FunctionRef { module: id, function }));
            let functions = functions.filter(|(f, _)| f.class.is_none() && says_so(&f.name));
            let functions = functions.map(|(f, function)| (f.name, Entity::Function(function)));
            let classes =
                module.class_ids().map(|class| (module.class(class).name, Entity::Class(id, class))).filter(|(name, _)| says_so(name));
            for (name, entity) in functions.chain(classes) {
                let references = self.uses.references(id, name, |other| other == entity);
                if let Some((m, e)) = references.into_iter().find(|(m, e)| self.uses.is_at_entrance(*m, *e)) {
                    return Some(program.place(m, e));
                }
            }
            if let Some(place) = self.turned_away(id) {
                return Some(place);
            }
        }
        None
    }

    /// `if not TokenBucket.authorize(caller): return …` where the answer is made, or about whoever calls. A function that a
    /// handler calls may as well limit the calls that it makes itself.
    fn turned_away(&self, id: ModuleId) -> Option<Place> {
        let program = &self.project.program;
        let module = program.module(id);
        module.stmts.iter().enumerate().find_map(|(index, stmt)| {
            let StmtKind::If { branches, .. } = &stmt.kind else { return None };
            let function = module.function_of_stmt(StmtId::at(index))?;
            let function = FunctionRef { module: id, function };
            self.project.routes.reached_by(function)?;
            branches.iter().filter(|(_, body)| !module.block(*body).falls_through).find_map(|(test, _)| {
                let asked = module.descendants(*test).into_iter().find(|e| {
                    let call = module.call(*e).filter(|call| says_so(program.text(id, call.callee)));
                    call.is_some_and(|call| self.answers(function, *e) || self.is_about_caller(function, call))
                })?;
                Some(program.place(id, asked))
            })
        })
    }

    /// Whether what a function gives is what a caller is answered: it is a handler, or stands at the entrance.
    fn answers(&self, function: FunctionRef, expr: ExprId) -> bool {
        self.project.routes.handler(function).is_some() || self.uses.is_at_entrance(function.module, expr)
    }

    /// Whether a limiter is asked about a request, or whoever sent it; in a function that is told of them, too.
    fn is_about_caller(&self, function: FunctionRef, call: &Call) -> bool {
        let module = self.project.program.module(function.module);
        let mut asked = call.args.iter().flat_map(|arg| module.descendants(arg.value));
        module.function(function.function).params.iter().any(|param| names::is_caller(&param.name))
            || asked
                .any(|e| matches!(module.expr(e).kind, ExprKind::Name(name) | ExprKind::Attribute { name, .. } if names::is_caller(&name)))
    }

    /// What a value is called: the name that it is bound to, else what it is.
    fn name_of(&self, id: ModuleId, expr: ExprId) -> String {
        let program = &self.project.program;
        let module = program.module(id);
        if let Parent::Stmt(stmt) = module.expr_parents[expr.index()]
            && let StmtKind::Assign { targets, .. } = &module.stmt(stmt).kind
            && let [target] = &**targets
        {
            return program.text(id, *target).to_owned();
        }
        let callee = module.call(expr).map_or(expr, |call| call.callee);
        program.text(id, callee).to_owned()
    }
}

/// Whether the options of a call set the key at a path to false.
fn is_false(program: &Program, id: ModuleId, call: ExprId, path: &str) -> bool {
    let Some(first) = program.module(id).call(call).and_then(|call| call.args.first()) else { return false };
    let end = path.split('.').try_fold((id, first.value), |(id, object), key| {
        let (at, entries) = values::object_literal(program, id, object)?;
        pair(program.module(at), entries, key).map(|value| (at, value))
    });
    end.is_some_and(|(id, value)| values::value(program, id, value) == Value::Bool(false))
}

/// The value of a key in an object.
fn pair(module: &Module, entries: &[Entry], name: &str) -> Option<ExprId> {
    entries.iter().find_map(|entry| match entry {
        Entry::Pair { key, value } if matches!(module.expr(*key).kind, ExprKind::String(key) if key == name) => Some(*value),
        _ => None,
    })
}

fn root(path: Ustr) -> Ustr {
    Ustr::from(path.split('.').next().unwrap_or_default())
}
