//! Probes: which paths a service answers, as far as its code tells.

use crate::ir::program::*;
use crate::model::exposure::{below_prefix, is_probe};
use crate::model::program::ModuleId;
use crate::model::project::Project;
use crate::model::routes::HandlerKind;
use crate::model::served::Served;
use crate::model::services::Service;
use crate::source::Place;

/// Paths that frameworks answer by themselves.
const BUILT_IN: [&str; 4] = ["/docs", "/redoc", "/openapi.json", "/favicon.ico"];

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
    place: Place,
    gets: bool,
}

fn bound(project: &Project, service: &Service) -> Vec<Bound> {
    let program = &project.program;
    let is_own = |id| service.modules.binary_search(&id).is_ok();
    let served = Served::of(program, service);
    let is_of = |framework: &str| service.framework.is_some_and(|name| name.starts_with(framework));
    // What is around a URLconf cannot be seen.
    let (is_hidden, is_nest) = (is_of("django."), is_of("js:@nestjs/"));
    let handlers = project.routes.handlers.iter().filter(|h| h.kind == HandlerKind::Route && is_own(h.function.module)).map(|h| Bound {
        whole: h
            .path
            .as_deref()
            .filter(|_| !is_hidden)
            .and_then(|path| served.path(h.on, path))
            .and_then(|path| if is_nest && h.class.is_some() { below_prefix(program, service, &rooted(&path)) } else { Some(path) }),
        written: h.path.clone(),
        place: h.place,
        gets: h.methods.is_empty() || h.methods.iter().any(|method| matches!(method.as_str(), "GET" | "HEAD")),
    });
    let library = project.routes.library.iter().filter(|route| is_own(route.module)).map(|route| Bound {
        whole: route.path.as_deref().filter(|_| !is_hidden).and_then(|path| served.path(route.on, path)),
        written: route.path.clone(),
        place: route.place,
        gets: true,
    });
    handlers.chain(library).collect()
}

/// The path that a service tells its health at, if it has one that can be seen whole: the one that says so most plainly.
#[must_use]
pub fn health_path(project: &Project, service: &Service) -> Option<HealthPath> {
    let found = bound(project, service).into_iter().filter(|route| route.gets).filter_map(|route| {
        let path = route.whole?;
        (is_probe(Some(&path), "") && !path.contains(['{', '<', ':', '*', '(']))
            .then_some(HealthPath { path: rooted(&path), place: route.place })
    });
    found.min_by_key(|found| (!found.path.contains("health"), found.path.matches('/').count(), found.place))
}

/// Whether a service answers a path; nothing where that cannot be seen.
#[must_use]
pub fn serves(project: &Project, service: &Service, path: &str) -> Option<bool> {
    let path = path.split('?').next().unwrap_or_default();
    let routes = bound(project, service);
    if routes.is_empty() {
        return None;
    }
    let wanted = parts(path);
    // The text of a route that is bound elsewhere, too, is that of the route.
    let own = routes.iter().filter_map(|route| route.written.as_deref()).filter(|written| is_end(written, path)).count();
    let mut unseen = mentions(project, service, path) > own || BUILT_IN.contains(&path);
    for route in routes.iter().filter(|route| route.gets) {
        let Some(written) = &route.written else {
            unseen = true;
            continue;
        };
        match &route.whole {
            Some(whole) if matches(&parts(whole), &wanted) => return Some(true),
            Some(_) => {}
            // Something stands before it.
            None => unseen |= ends_like(&wanted, &parts(written)),
        }
        // A page that answers all that nothing else does.
        unseen |= written.contains('*') || written.contains(":path") || written.contains("path:") || written.contains("(.");
    }
    (!unseen).then_some(false)
}

/// How often the code of a service has the path, or the last part of it, as a text: in routes, in middleware, as an option of a
/// library, in a comparison.
fn mentions(project: &Project, service: &Service, path: &str) -> usize {
    let in_module = |id: &ModuleId| {
        let module = project.program.module(*id);
        // Nest writes paths without slashes; elsewhere such a word is a tag, or a name.
        let is_path = |text: &str| module.language == Language::TypeScript || text.contains('/');
        let in_expr = |expr: &Expr| match &expr.kind {
            ExprKind::String(text) => usize::from(is_path(text) && is_end(text, path)),
            ExprKind::Template { parts, .. } => {
                parts.iter().filter(|part| matches!(part, TemplatePart::Text(text, _) if is_end(text, path))).count()
            }
            _ => 0,
        };
        if project.program.sources.get(module.file).test { 0 } else { module.exprs.iter().map(in_expr).sum() }
    };
    service.modules.iter().map(in_module).sum()
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
