//! Probes: which paths a service answers, as far as its code tells. A path is only said to be unanswered where all that might
//! answer it can be seen.

use rustc_hash::FxHashSet;

use crate::ir::program::*;
use crate::model::calls::string_argument;
use crate::model::exposure::{below_prefix, is_probe};
use crate::model::program::{Link, ModuleId, Program};
use crate::model::project::Project;
use crate::model::routes::HandlerKind;
use crate::model::served::{Served, created};
use crate::model::services::Service;
use crate::model::values;
use crate::source::Place;

/// Paths that frameworks answer by themselves.
const BUILT_IN: [&str; 4] = ["/docs", "/redoc", "/openapi.json", "/favicon.ico"];

/// Arguments and options that say what stands before the paths of something.
const PREFIXES: [&str; 5] = ["prefix", "url_prefix", "root_path", "path_prefix", "pathPrefix"];

/// Methods and classes whose first argument stands before the paths of what they take in.
const MOUNTS: [&str; 8] = ["mount", "Mount", "use", "route", "add_subapp", "basePath", "setGlobalPrefix", "group"];

/// What answers paths that no code names: files, other servers, versions in paths.
const OPEN: [&str; 9] = [
    "StaticFiles",
    "static",
    "serveStatic",
    "mount_gradio_app",
    "enableVersioning",
    "createProxyMiddleware",
    "legacyCreateProxyMiddleware",
    "sendFile",
    "send_from_directory",
];

/// Libraries that pass on or answer what nothing else does.
const OPEN_LIBRARIES: [&str; 8] = [
    "http-proxy-middleware",
    "express-http-proxy",
    "http-proxy",
    "@fastify/http-proxy",
    "@fastify/reply-from",
    "whitenoise",
    "fastapi_health",
    "@godaddy/terminus",
];

/// How many prefixes stand before one path.
const DEPTH: u8 = 4;

/// A path of a service that tells how it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HealthPath {
    /// The path, with the prefixes of its routers.
    pub path: String,
    /// Where it is bound.
    pub place: Place,
}

/// A route's path: the whole where it can be seen, and as it is written where it is bound.
struct Bound {
    whole: Option<String>,
    written: Option<String>,
    /// It is seen how it comes to the app.
    is_sure: bool,
    /// It answers reading requests, and something takes it in.
    gets: bool,
    place: Place,
}

/// A service as a deployment starts it.
#[derive(Clone, Copy, Debug)]
pub struct Started<'a> {
    /// The service.
    pub service: &'a Service,
    /// With a command of its own: any module may be what it starts.
    pub by_own_command: bool,
}

impl<'a> Started<'a> {
    /// The modules whose routes it answers: where it is seen what starts, those alone.
    fn modules(self) -> &'a [ModuleId] {
        if self.service.image.is_some() && !self.by_own_command { &self.service.code } else { &self.service.modules }
    }
}

fn bound(project: &Project, started: Started<'_>) -> Vec<Bound> {
    let service = started.service;
    let program = &project.program;
    let is_own = |id| started.modules().binary_search(&id).is_ok();
    let served = Served::of(program, service);
    let is_of = |framework: &str| service.framework.is_some_and(|name| name.starts_with(framework));
    // What is around a URLconf cannot be seen.
    let (is_hidden, is_nest) = (is_of("django."), is_of("js:@nestjs/"));
    let app = service.app_call.map(|call| (service.module, call));
    let reaches_app = |on| app.is_some() && served.chain(on).last().copied() == app;
    // A router that nothing takes in answers nobody.
    let is_left_out = |on| {
        let chain = served.chain(on);
        let is_router =
            |(id, call): &(ModuleId, ExprId)| program.callee(*id, *call).library().is_some_and(|name| name.ends_with("APIRouter"));
        !served.is_open() && chain.len() == 1 && chain.iter().all(is_router)
    };
    let handlers = project.routes.handlers.iter().filter(|h| h.kind == HandlerKind::Route && is_own(h.function.module)).map(|h| Bound {
        whole: h
            .path
            .as_deref()
            .filter(|_| !is_hidden)
            .and_then(|path| served.path(h.on, path))
            .and_then(|path| if is_nest && h.class.is_some() { below_prefix(program, service, &rooted(&path)) } else { Some(path) }),
        written: h.path.clone(),
        is_sure: (is_nest && h.class.is_some()) || reaches_app(h.on),
        place: h.place,
        gets: !is_left_out(h.on) && (h.methods.is_empty() || h.methods.iter().any(|method| matches!(method.as_str(), "GET" | "HEAD"))),
    });
    let library = project.routes.library.iter().filter(|route| is_own(route.module)).map(|route| Bound {
        whole: route.path.as_deref().filter(|_| !is_hidden).and_then(|path| served.path(route.on, path)),
        written: route.path.clone(),
        is_sure: reaches_app(route.on),
        place: route.place,
        gets: true,
    });
    handlers.chain(library).collect()
}

fn health_paths(project: &Project, started: Started<'_>) -> Vec<HealthPath> {
    let found = bound(project, started).into_iter().filter(|route| route.gets).filter_map(|route| {
        let path = route.whole?;
        (is_probe(Some(&path), "") && !path.contains(['{', '<', ':', '*', '(']))
            .then(|| HealthPath { path: rooted(&path), place: route.place })
    });
    let mut found: Vec<HealthPath> = found.collect();
    found.sort_by_key(|found| (!found.path.contains("health"), found.path.matches('/').count(), found.place));
    found
}

/// The path that a service tells its health at, if it has one that can be seen whole: the one that says so most plainly.
#[must_use]
pub fn health_path(project: &Project, started: Started<'_>) -> Option<HealthPath> {
    health_paths(project, started).into_iter().next()
}

/// The path that a service tells its health at which is most like one that it does not answer.
#[must_use]
pub fn closest_path(project: &Project, started: Started<'_>, asked: &str) -> Option<HealthPath> {
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_lowercase();
    let likeness = |found: &HealthPath| strsim::jaro_winkler(&last(&found.path), &last(asked));
    let mut best: Option<(f64, HealthPath)> = None;
    for found in health_paths(project, started) {
        let likeness = likeness(&found);
        if best.as_ref().is_none_or(|(most, _)| likeness > *most) {
            best = Some((likeness, found));
        }
    }
    best.map(|(_, found)| found)
}

/// Whether a service answers a path; nothing where that cannot be seen.
#[must_use]
pub fn serves(project: &Project, started: Started<'_>, path: &str) -> Option<bool> {
    let service = started.service;
    let path = path.split('?').next().unwrap_or_default();
    let routes = bound(project, started);
    if routes.is_empty() {
        return None;
    }
    let around = Around::of(project, started, path);
    let is_typescript = project.program.module(service.module).language == Language::TypeScript;
    let same = |text: &str| if is_typescript { text.to_lowercase() } else { text.to_owned() };
    let wanted_text = same(path);
    let wanted = parts(&wanted_text);
    // The text of a route that is bound elsewhere, too, is that of the route.
    let own = routes.iter().filter_map(|route| route.written.as_deref()).filter(|written| is_end(written, path)).count();
    let is_static = service.framework.is_some_and(|name| name.starts_with("flask.")) && path.starts_with("/static/");
    let mut unseen = around.mentions > own + around.prefix_mentions || around.is_open || BUILT_IN.contains(&path) || is_static;
    for route in routes.iter().filter(|route| route.gets) {
        let Some(written) = route.written.as_deref().map(same) else {
            unseen = true;
            continue;
        };
        match route.whole.as_deref().map(same) {
            Some(whole) if matches(&parts(&whole), &wanted) => return Some(true),
            Some(whole) if route.is_sure => {
                // The app answers below its root path, too.
                unseen |= around.roots.iter().any(|root| matches(&[parts(root), parts(&whole)].concat(), &wanted));
            }
            _ => unseen |= around.leads_to(&wanted, &parts(&written), DEPTH),
        }
        // Something stands before it that is not seen at all.
        unseen |= route.whole.is_none() && ends_like(&wanted, &parts(&written));
        // A page that answers all that nothing else does.
        unseen |= written.contains('*') || written.contains(":path") || written.contains("path:") || written.contains("(.");
    }
    (!unseen).then_some(false)
}

/// What else of a service's code may answer a path.
struct Around {
    /// Texts that stand before the paths of something.
    prefixes: FxHashSet<String>,
    /// Root paths of apps.
    roots: Vec<String>,
    /// How often the code has the path, or the last part of it, as a text.
    mentions: usize,
    /// How many of these are prefixes.
    prefix_mentions: usize,
    /// Something answers paths that no code names.
    is_open: bool,
}

impl Around {
    fn of(project: &Project, started: Started<'_>, path: &str) -> Self {
        let program = &project.program;
        let mut found = Self { prefixes: FxHashSet::default(), roots: Vec::new(), mentions: 0, prefix_mentions: 0, is_open: false };
        for id in started.modules().iter().filter(|id| !program.sources.get(program.module(**id).file).test) {
            found.read(program, *id, path);
        }
        found
    }

    fn read(&mut self, program: &Program, id: ModuleId, path: &str) {
        let module = program.module(id);
        let is_below = |start: &str| path.strip_prefix(start.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        self.is_open |= program.links[id.0 as usize].iter().any(|link| match link {
            Link::Library(name) => OPEN_LIBRARIES.iter().any(|library| name.strip_prefix("js:").unwrap_or(name).starts_with(library)),
            _ => false,
        });
        for call in program.calls[id.0 as usize].iter().filter_map(|site| module.call(site.expr)) {
            let (ExprKind::Attribute { name, .. } | ExprKind::Name(name)) = module.expr(call.callee).kind else { continue };
            self.is_open |= OPEN.contains(&name.as_str());
            let first = || string_argument(program, id, call, 0, &["path"]);
            if MOUNTS.contains(&name.as_str())
                && let Some(start) = first()
            {
                // What is no router answers all that lies below.
                let inner = call.args.get(1).and_then(|arg| created(program, id, arg.value));
                self.is_open |= name == "use" && inner.is_none() && (is_below(&start) || parts(&start) == parts(path));
                self.prefix(&start, path);
            }
            self.is_open |= matches!(name.as_str(), "startswith" | "startsWith") && first().is_some_and(|start| is_below(&start));
            for arg in &call.args {
                if let ArgKind::Keyword(keyword) = arg.kind
                    && PREFIXES.contains(&keyword.as_str())
                    && let Some(prefix) = values::text(program, id, arg.value)
                {
                    if keyword == "root_path" {
                        self.roots.push(prefix.clone());
                    }
                    self.prefix(&prefix, path);
                }
            }
        }
        // Nest writes paths without slashes; elsewhere such a word is a tag, or a name.
        let is_path = |text: &str| module.language == Language::TypeScript || text.contains('/');
        for expr in &module.exprs {
            match &expr.kind {
                ExprKind::String(text) => self.mentions += usize::from(is_path(text) && is_end(text, path)),
                ExprKind::Template { parts, .. } => {
                    self.mentions += parts.iter().filter(|part| matches!(part, TemplatePart::Text(text, _) if is_end(text, path))).count();
                }
                ExprKind::Object(entries) => {
                    for entry in entries {
                        let Entry::Pair { key, value } = entry else { continue };
                        let ExprKind::String(key) = module.expr(*key).kind else { continue };
                        self.is_open |= key == "exposeStatusRoute" && path == "/status";
                        if PREFIXES.contains(&key.as_str())
                            && let Some(prefix) = values::text(program, id, *value)
                        {
                            self.prefix(&prefix, path);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn prefix(&mut self, prefix: &str, path: &str) {
        self.prefix_mentions += usize::from(prefix.contains('/') && is_end(prefix, path));
        if !parts(prefix).is_empty() {
            self.prefixes.insert(prefix.to_owned());
        }
    }

    /// Whether a path is that of a route behind some of the prefixes.
    fn leads_to(&self, path: &[&str], route: &[&str], depth: u8) -> bool {
        if matches(route, path) {
            return true;
        }
        let Some(depth) = depth.checked_sub(1) else { return false };
        self.prefixes.iter().any(|prefix| {
            let prefix = parts(prefix);
            path.len() >= prefix.len() && matches(&prefix, &path[..prefix.len()]) && self.leads_to(&path[prefix.len()..], route, depth)
        })
    }
}

/// Whether a text is a path, or the last part of it.
fn is_end(text: &str, path: &str) -> bool {
    let trimmed = path.trim_matches('/');
    let last = trimmed.rsplit('/').next().unwrap_or_default();
    let text = text.trim_matches(['/', '^', '$', '*', '.']);
    !text.is_empty() && (text == trimmed || text == last)
}

fn rooted(path: &str) -> String {
    format!("/{}", path.trim_start_matches('/'))
}

fn parts(path: &str) -> Vec<&str> {
    path.trim_matches(['^', '$']).split('/').filter(|part| !part.is_empty()).collect()
}

/// Whether a part of a route stands for any text.
fn is_open(part: &str) -> bool {
    part.starts_with([':', '{', '<', '*', '(']) || part.contains('<') || part.contains('{')
}

fn matches(route: &[&str], path: &[&str]) -> bool {
    route.len() == path.len() && route.iter().zip(path).all(|(a, b)| a == b || is_open(a))
}

/// Whether a path ends as a route does.
fn ends_like(path: &[&str], route: &[&str]) -> bool {
    path.len() >= route.len() && matches(route, &path[path.len() - route.len()..])
}
