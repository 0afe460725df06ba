//! What an app serves: routes that are bound on it, on routers that it includes, and what nobody else has. Another app of the
//! project that the code of a service reaches is somebody else's, with all that only it includes.

use rustc_hash::FxHashMap;

use crate::ir::program::*;
use crate::model::apis::Positions;
use crate::model::calls::{Passed, argument, string_argument};
use crate::model::options;
use crate::model::program::{ModuleId, Program};
use crate::model::services::Service;
use crate::model::values;

/// A call that creates an app or a router.
pub(super) type Created = (ModuleId, ExprId);

/// Methods that put routers into what they are called on.
const INCLUDES: [&str; 10] = [
    "include_router",
    "register_blueprint",
    "add_router",
    "mount",
    "blueprint",
    "register_api",
    "add_subapp",
    "include",
    // Express, Koa and Hono.
    "use",
    "route",
];

/// Methods of routers that give what an app uses of them: `app.use(router.routes())`.
const PARTS: [&str; 4] = ["routes", "middleware", "callback", "plugin"];

/// Methods that put what they are called on into what they are given.
const ENTERS: [&str; 3] = ["init_app", "register", "init_router"];

/// How many routers are followed from one into the next.
const DEPTH: u32 = 8;

/// Where a router is included.
struct Inclusion {
    into: Option<Created>,
    /// The prefix there, if there is one and it can be seen.
    prefix: Option<Prefix>,
}

/// A prefix of paths.
#[derive(Clone, PartialEq, Eq)]
enum Prefix {
    Is(String),
    OutOfSight,
}

/// What an app serves.
pub struct Served<'p> {
    program: &'p Program,
    service: &'p Service,
    inclusions: FxHashMap<Created, Vec<Inclusion>>,
    /// Routers are included that cannot be told: one may be any.
    is_open: bool,
}

impl<'p> Served<'p> {
    /// What the app of a service serves.
    #[must_use]
    pub fn of(program: &'p Program, service: &'p Service) -> Self {
        let mut found = Self { program, service, inclusions: FxHashMap::default(), is_open: false };
        for id in &service.code {
            let module = program.module(*id);
            for call in program.calls[id.0 as usize].iter().filter_map(|site| module.call(site.expr)) {
                let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { continue };
                let args = || call.args.iter().map(|arg| created(program, *id, arg.value));
                if INCLUDES.contains(&name.as_str()) {
                    let into = created(program, *id, object);
                    let inner = args().flatten().next();
                    found.is_open |= inner.is_none() && name.starts_with("include");
                    let prefix = match name.as_str() {
                        "mount" | "add_subapp" => {
                            Some(string_argument(program, *id, call, 0, &["path", "prefix"]).map_or(Prefix::OutOfSight, Prefix::Is))
                        }
                        "use" | "route" => string_argument(program, *id, call, 0, &[]).map(Prefix::Is),
                        _ => prefix(program, *id, call),
                    };
                    found.include(inner, Inclusion { into, prefix });
                } else if ENTERS.contains(&name.as_str()) && !call.args.is_empty() {
                    let into = args().flatten().next();
                    found.include(created(program, *id, object), Inclusion { into, prefix: None });
                }
            }
        }
        found
    }

    /// Whether routers are taken in that cannot be told: one may be any.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    fn include(&mut self, inner: Option<Created>, inclusion: Inclusion) {
        if let Some(inner) = inner {
            self.inclusions.entry(inner).or_default().push(inclusion);
        }
    }

    /// Whether what is bound on something may be served.
    #[must_use]
    pub fn serves(&self, on: Option<(ModuleId, ExprId)>) -> bool {
        let Some(on) = on.and_then(|(id, expr)| created(self.program, id, expr)) else { return true };
        self.may_lead_to_app(on, DEPTH)
    }

    fn may_lead_to_app(&self, at: Created, depth: u32) -> bool {
        if self.service.others.contains(&at) {
            return false;
        }
        let Some(depth) = depth.checked_sub(1) else { return true };
        if self.service.app_call == Some(at.1) && self.service.module == at.0 {
            return true;
        }
        match self.parents(at) {
            none if none.is_empty() => true,
            parents => self.is_open || parents.into_iter().any(|parent| parent.is_none_or(|parent| self.may_lead_to_app(parent, depth))),
        }
    }

    /// What something is included in; nothing where that cannot be told.
    fn parents(&self, at: Created) -> Vec<Option<Created>> {
        let mut parents: Vec<Option<Created>> = self.inclusions.get(&at).into_iter().flatten().map(|inclusion| inclusion.into).collect();
        // `Api(app)`
        let call = self.program.module(at.0).call(at.1);
        let given = call.into_iter().flat_map(|call| &call.args).filter_map(|arg| created(self.program, at.0, arg.value));
        parents.extend(given.map(Some));
        parents
    }

    /// What something is bound on, and all that this is included in.
    #[must_use]
    pub fn chain(&self, on: Option<(ModuleId, ExprId)>) -> Vec<Created> {
        let mut found: Vec<Created> = on.and_then(|(id, expr)| created(self.program, id, expr)).into_iter().collect();
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            next += 1;
            let new: Vec<Created> = self.parents(at).into_iter().flatten().filter(|parent| !found.contains(parent)).collect();
            found.extend(new);
        }
        found
    }

    /// A path with the prefixes of the routers that it is bound on, where all of them can be seen.
    #[must_use]
    pub fn path(&self, on: Option<(ModuleId, ExprId)>, path: &str) -> Option<String> {
        let mut path = path.to_owned();
        let Some(mut at) = on.and_then(|(id, expr)| created(self.program, id, expr)) else { return Some(path) };
        for _ in 0..DEPTH {
            let call = self.program.module(at.0).call(at.1)?;
            let inclusion = match self.inclusions.get(&at).map(Vec::as_slice) {
                Some([only]) => Some(only),
                Some(_) => return None,
                None => None,
            };
            let there = inclusion.and_then(|inclusion| inclusion.prefix.clone());
            let own = prefix(self.program, at.0, call);
            // A blueprint's own prefix gives way to that of its registration; a router's stands behind it.
            let is_blueprint = argument(call, None, &["url_prefix"]).is_some() && there.is_some();
            for prefix in [own.filter(|_| !is_blueprint), there].into_iter().flatten() {
                let Prefix::Is(prefix) = prefix else { return None };
                path = format!("{}{path}", prefix.trim_end_matches('/'));
            }
            match inclusion.and_then(|inclusion| inclusion.into) {
                Some(into) => at = into,
                None => break,
            }
        }
        Some(path)
    }
}

/// The prefix that a call sets.
fn prefix(program: &Program, id: ModuleId, call: &Call) -> Option<Prefix> {
    const KEYWORDS: [&str; 2] = ["prefix", "url_prefix"];
    // `new Router({ prefix: '/api' })`
    if program.module(id).language == Language::TypeScript {
        return match options::told(program, id, call, &Positions(vec![0]), "prefix") {
            Passed::Value(at, value) => Some(values::text(program, at, value).map_or(Prefix::OutOfSight, Prefix::Is)),
            Passed::No => None,
            Passed::Unknown => None,
        };
    }
    argument(call, None, &KEYWORDS)?;
    Some(string_argument(program, id, call, usize::MAX, &KEYWORDS).map_or(Prefix::OutOfSight, Prefix::Is))
}

/// The call that creates what an expression denotes, or the app whose `router` it is.
pub(super) fn created(program: &Program, id: ModuleId, expr: ExprId) -> Option<Created> {
    let (at, origin) = values::origin(program, id, expr);
    let module = program.module(at);
    match module.expr(origin).kind {
        ExprKind::Call(ref call) => match module.expr(call.callee).kind {
            ExprKind::Attribute { object, name, .. } if PARTS.contains(&name.as_str()) => {
                let (at, origin) = values::origin(program, at, object);
                program.module(at).call(origin).map(|_| (at, origin))
            }
            _ => Some((at, origin)),
        },
        ExprKind::Attribute { object, name, .. } if name == "router" => {
            let (at, origin) = values::origin(program, at, object);
            program.module(at).call(origin).map(|_| (at, origin))
        }
        _ => None,
    }
}
