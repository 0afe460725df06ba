//! `missing-rate-limit`: a service that callers may call as often as they like.

use super::{Check, Context, Rule};
use crate::config::Provides;
use crate::finding::{Confidence, Related, Severity};
use crate::fix::rate_limit;
use crate::ir::program::Language;
use crate::model::exposure::{self, Route};
use crate::model::program::Program;
use crate::model::pushed;
use crate::model::rate_limits::{self, Idle, Limiting, Why};
use crate::model::reach::{self, Reach};
use crate::model::routes::javascript;
use crate::model::services::Service;
use crate::model::shelter::{self, Shelter};
use crate::source::Place;

pub const RULE: Rule = Rule {
    id: "missing-rate-limit",
    severity: Severity::Critical,
    page: include_str!("../../rules/missing-rate-limit.md"),
    checks: &[Check::Service(check)],
};

/// How many routes are named as related places.
const RELATED: usize = 5;

fn check(ctx: &mut Context<'_>, service: &Service) {
    let project = ctx.project;
    let program = &project.program;
    let mut routes = exposure::routes(project, service);
    // Functions beside each other: those that are pushed events are not called.
    if service.app_call.is_none() && program.module(service.module).language == Language::TypeScript {
        let is_called = |route: &Route| !route.function.is_some_and(|f| pushed::takes_event(program, &project.routes, f));
        if routes.iter().any(is_called) {
            routes.retain(is_called);
        }
    }
    // To be sent elsewhere is worth little.
    let counts = |route: &Route| !reach::only_redirects(program, route);
    if routes.iter().any(counts) {
        routes.retain(counts);
    }
    let reach = reach::of(project, service, &routes);
    if routes.is_empty() || reach == Reach::Nothing {
        return;
    }
    let idle = match rate_limits::of_service(project, service) {
        Limiting::Attached(_) => return,
        Limiting::Idle(idle) => idle,
        Limiting::Missing => Vec::new(),
    };
    let shelter = shelter::shelter(project, service, &routes, Provides::RateLimit);
    let confidence = match reach {
        // A key that leaks opens the door to more than its services.
        _ if shelter == Some(Shelter::Shared) => Confidence::Medium,
        _ if shelter.is_some() => Confidence::Low,
        // Somebody meant to limit it.
        _ if !idle.is_empty() => Confidence::High,
        Reach::Little | Reach::Given => Confidence::Medium,
        _ if reach::is_throttled_by_hand(program, service) => Confidence::Medium,
        Reach::Much | Reach::Nothing => Confidence::High,
    };
    let message = message(program, service, &routes, idle.first(), shelter.as_ref());
    let fix = rate_limit::fix(project, service, &routes, &idle);
    let place = place(service, &routes);
    let finding = ctx.report(place, confidence, message, fix);
    finding.symbol = program.module_of(place.file).map(|module| program.symbol_at(module, place.span)).unwrap_or_default();
    finding.related.extend(idle.first().map(|idle| Related::new(idle.place, "the limiter that limits nothing")));
    finding.related.extend(routes.iter().take(RELATED).map(|route| Related::new(route.place, described(route))));
}

/// Where a service is reported: at its app; where there is none, in the first file that has a route which counts.
fn place(service: &Service, routes: &[Route]) -> Place {
    let is_there = |route: &Route| route.place.file == service.app.file;
    let first = routes.iter().map(|route| route.place).min();
    first.filter(|_| service.app_call.is_none() && !routes.iter().any(is_there)).unwrap_or(service.app)
}

fn message(program: &Program, service: &Service, routes: &[Route], idle: Option<&Idle>, shelter: Option<&Shelter>) -> String {
    let by_place = javascript::framework_by_place(program.path(service.module)).filter(|_| service.framework.is_none());
    let reason = match idle {
        Some(Idle { name, why, place, library }) => match why {
            Why::AboveRoute { function, .. } => {
                let function = program.function(*function).name;
                format!("`@{name}` stands above the decorator that binds `{function}` to its route and limits nothing")
            }
            Why::NoLimits => format!("`{name}` is attached but sets no limit"),
            Why::Blind => {
                let row = program.module_of(place.file).zip(*library).and_then(|(module, name)| program.row(module, name));
                let versions = row.and_then(|row| row.versions.as_ref());
                let versions = versions.map(|versions| format!(" (FastAPI {versions})")).unwrap_or_default();
                format!("`{name}` does not see routes that come by `include_router`{versions}")
            }
            Why::Unattached => format!("`{name}` is set up but attached to nothing"),
            Why::RatesOnly if idle.is_some_and(|idle| idle.library.is_some()) => {
                format!("`{name}` says how much is allowed but no guard applies it")
            }
            Why::RatesOnly => format!("`{name}` is set but no throttle class uses it"),
            Why::Reserved => format!("`{name}` limits only routes that ask for it and none does"),
            Why::Unused => format!("`{name}` answers 429 but nothing uses it"),
        },
        None => match service.framework {
            Some(framework) => format!("no rate limiter is attached to this {} app", framework_name(&framework)),
            None if by_place.is_some() => format!("no rate limiter guards this {} app", by_place.unwrap_or_default()),
            None if routes.len() == 1 => "no rate limiter guards this function".to_owned(),
            None => format!("no rate limiter guards these {} functions", routes.len()),
        },
    };
    let what = match routes {
        [only] if !only.name.is_empty() => format!("`{}`", only.name),
        [Route { methods, path: Some(path), .. }] if methods.len() == 1 => format!("`{} {path}`", methods[0]),
        // A server that is one function tells requests apart itself.
        [Route { path: None, .. }] => "it".to_owned(),
        [_] => "its only route".to_owned(),
        _ if service.framework.is_none() && by_place.is_none() => "them".to_owned(),
        _ => format!("its {} routes{}", routes.len(), writing(routes)),
    };
    let (who, although) = match shelter {
        None | Some(Shelter::Example | Shelter::Library) => ("a caller", ""),
        Some(Shelter::InternalIngress) => ("a caller inside the network", ""),
        Some(Shelter::Authenticated) => ("whoever may invoke it", ""),
        Some(Shelter::Signed) => ("whoever signs requests", ""),
        Some(Shelter::Shared) => ("a service that has its key", ""),
        Some(Shelter::Local) => ("a caller on the machine that runs it", ""),
        Some(Shelter::Pushed) => ("whoever pushes events", ""),
        Some(Shelter::Provided) => ("a caller", " unless what is declared to stand in front of it does"),
    };
    format!("{reason}, so nothing limits how often {who} may call {what}{although}")
}

/// How many routes write, where that can be seen of all.
fn writing(routes: &[Route]) -> String {
    let writing = routes.iter().filter(|route| route.writes()).count();
    match writing {
        0 => String::new(),
        _ if routes.iter().any(|route| !route.is_seen) => String::new(),
        1 => ", 1 of which writes".to_owned(),
        _ if writing == routes.len() => ", which all write".to_owned(),
        _ => format!(", {writing} of which write"),
    }
}

/// The name that people know a framework by.
fn framework_name(canonical: &str) -> &str {
    match canonical.split('.').next().unwrap_or_default() {
        "django" => "Django",
        "aiohttp" => "aiohttp",
        "tornado" => "Tornado",
        "falcon" => "Falcon",
        "a2a" | "google" => "FastAPI",
        "js:express" => "Express",
        "js:fastify" => "Fastify",
        "js:koa" => "Koa",
        "js:@nestjs/core" => "Nest",
        "js:@hapi/hapi" => "hapi",
        "js:http" | "js:https" | "js:http2" => "Node.js",
        "js:globalThis" if canonical.contains(".Bun.") => "Bun",
        "js:globalThis" if canonical.contains(".Deno.") => "Deno",
        _ => canonical.rsplit('.').next().unwrap_or(canonical).trim_start_matches("js:"),
    }
}

/// `POST /orders`, as far as it is known, else by name.
fn described(route: &Route) -> String {
    let methods = route.methods.iter().map(ustr::Ustr::as_str).collect::<Vec<_>>().join(", ");
    let gap = if methods.is_empty() { "" } else { " " };
    match &route.path {
        Some(path) if !path.is_empty() => format!("answers {methods}{gap}`{path}`"),
        _ if route.name.is_empty() => format!("answers {}", if methods.is_empty() { "requests" } else { &methods }),
        _ => format!("`{}` answers {}", route.name, if methods.is_empty() { "requests" } else { &methods }),
    }
}
