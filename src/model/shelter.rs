//! Shelter: what stands between a service and those who would call it.

use crate::config::Provides;
use crate::ir::deploy::{Deployment, Setting};
use crate::ir::program::*;
use crate::model::by_hand;
use crate::model::calls::string_argument;
use crate::model::exposure::Route;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::project::Project;
use crate::model::pushed;
use crate::model::resolve::Entity;
use crate::model::services::{Service, is_below, is_example, lies_aside};
use crate::model::{shared_keys, values};
use crate::source::{FileKind, SourceFile};

/// Why a limit of a service's own matters less.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shelter {
    /// Only callers inside the network reach it.
    InternalIngress,
    /// Only those who may invoke it.
    Authenticated,
    /// It receives pushed events: refusing one brings it again.
    Pushed,
    /// It answers those alone who sign what they send.
    Signed,
    /// It answers those alone who have a key that services share.
    Shared,
    /// It is started for whoever sits at the machine.
    Local,
    /// Others make services of it.
    Library,
    /// Something in front of it does what was asked.
    Provided,
    /// It is there to be read.
    Example,
}

/// What shelters a service, if anything does; `provides` is what may be declared to stand in front of it.
#[must_use]
pub fn shelter(project: &Project, service: &Service, routes: &[Route], provides: Provides) -> Option<Shelter> {
    let covers = |path: &str| {
        let path = path.trim_matches('/');
        path.is_empty() || path == "." || is_below(&service.directory, path)
    };
    if project.config.services.iter().any(|entry| entry.provides.contains(&provides) && covers(&entry.path)) {
        return Some(Shelter::Provided);
    }
    let deployments: Vec<&Deployment> =
        service.deployments.iter().map(|index| &project.deployments[*index]).filter(|d| !d.is_job).collect();
    let is_internal = |d: &&Deployment| d.ingress.as_ref().is_some_and(|ingress| ingress.written.trim() == "internal");
    let is_authenticated = |d: &&Deployment| d.allow_unauthenticated.as_ref().and_then(Setting::known) == Some(false);
    if !deployments.is_empty() && deployments.iter().all(|d| is_internal(d) || is_authenticated(d)) {
        return Some(if deployments.iter().all(is_internal) { Shelter::InternalIngress } else { Shelter::Authenticated });
    }
    let program = &project.program;
    if routes.iter().all(|route| route.function.is_some_and(|function| pushed::takes_event(program, &project.routes, function))) {
        return Some(Shelter::Pushed);
    }
    if routes.iter().all(|route| route.function.is_some_and(|function| pushed::is_signed(program, function))) {
        return Some(Shelter::Signed);
    }
    if shared_keys::guard_all(project, service, routes) {
        return Some(Shelter::Shared);
    }
    if checks_proxy(program, service) {
        return Some(Shelter::Authenticated);
    }
    if is_command(project, service) || listens_to_itself(program, service) {
        return Some(Shelter::Local);
    }
    let directory = program.sources.get(service.app.file).directory();
    if !is_deployed(project, service) {
        if is_started_locally(program, service) {
            return Some(Shelter::Local);
        }
        if is_library(program, service) {
            return Some(Shelter::Library);
        }
        if lies_aside(program, directory) {
            return Some(Shelter::Example);
        }
    }
    is_example(directory).then_some(Shelter::Example)
}

/// Whether code reads what Identity-Aware Proxy asserts of a caller: whoever comes another way is refused.
fn checks_proxy(program: &Program, service: &Service) -> bool {
    const ASSERTION: &str = "x-goog-iap-jwt-assertion";
    service.code.iter().any(|id| {
        program.module(*id).exprs.iter().any(|expr| matches!(expr.kind, ExprKind::String(text) if text.eq_ignore_ascii_case(ASSERTION)))
    })
}

/// Whether a service of TypeScript is part of a program that people start themselves: a package with commands, or for a desktop, without an image.
fn is_command(project: &Project, service: &Service) -> bool {
    let program = &project.program;
    let has_commands = |file: &SourceFile| {
        let manifest = serde_json::from_str::<serde_json::Value>(&file.text).ok();
        file.name() == "package.json" && manifest.is_some_and(|m| m.get("bin").is_some() || by_hand::is_for_desktop(&m))
    };
    program.module(service.module).language == Language::TypeScript
        && service.image.is_none()
        && service.deployments.is_empty()
        && program.sources.in_directory(&service.directory).any(has_commands)
}

/// Whether the app listens to the machine that it runs on, wherever that is: `server.listen(0, '127.0.0.1')`.
fn listens_to_itself(program: &Program, service: &Service) -> bool {
    let Some(app) = service.app_call else { return false };
    let is_own = |host: &str| host == "localhost" || host == "::1" || host.starts_with("127.");
    let at_host = |id: ModuleId, arg: &Arg| match values::object_literal(program, id, arg.value) {
        Some((at, entries)) => entries.iter().find_map(|entry| match entry {
            Entry::Pair { key, value } if matches!(program.module(at).expr(*key).kind, ExprKind::String(key) if key == "host") => {
                values::text(program, at, *value)
            }
            _ => None,
        }),
        None => values::text(program, id, arg.value),
    };
    let module = program.module(service.module);
    let mut listens = program.calls[service.module.0 as usize].iter().filter_map(|site| module.call(site.expr)).filter(|call| {
        let ExprKind::Attribute { object, name, .. } = module.expr(call.callee).kind else { return false };
        name == "listen" && values::origin(program, service.module, object) == (service.module, app)
    });
    let is_local = |call: &Call| call.args.iter().filter_map(|arg| at_host(service.module, arg)).any(|host| is_own(&host));
    listens.next().is_some_and(is_local) && listens.all(is_local)
}

/// Servers that are no development servers, and what else a file says of something that is deployed.
const DEPLOYED: [&str; 9] = ["gunicorn", "uvicorn", "uwsgi", "waitress", "hypercorn", "daphne", "gcloud", "runtime:", "entrypoint:"];

/// Whether anything in or above the directory of a service says that it is deployed: an image, a deployment, a Procfile, a
/// server that is required or configured.
fn is_deployed(project: &Project, service: &Service) -> bool {
    let sources = &project.program.sources;
    let says_so = |file: &SourceFile| match file.kind {
        FileKind::Dockerfile => true,
        FileKind::Manifest if file.name() == "Procfile" => true,
        FileKind::Manifest | FileKind::Yaml => DEPLOYED.iter().any(|word| file.text.contains(word)),
        _ => false,
    };
    let app = sources.get(service.app.file).directory();
    let around = |directory: &str| is_below(app, directory);
    service.image.is_some()
        || !service.deployments.is_empty()
        || sources.iter().any(|(_, file)| !file.test && around(file.directory()) && says_so(file))
}

/// Whether a module is run as a program: `if __name__ == "__main__":`.
pub(super) fn guard(module: &Module) -> Option<BlockId> {
    module.stmts.iter().find_map(|stmt| {
        let StmtKind::If { branches, .. } = &stmt.kind else { return None };
        let is_guard = |test: &ExprId| {
            module.descendants(*test).iter().any(|e| matches!(module.expr(*e).kind, ExprKind::Name(name) if name == "__name__"))
        };
        branches.iter().find(|(test, _)| is_guard(test)).map(|(_, body)| *body)
    })
}

/// Whether the app is run by a development server for this machine, under a main guard, and by nothing else that is seen.
fn is_started_locally(program: &Program, service: &Service) -> bool {
    let Some(app) = service.app_call else { return false };
    let mut is_local = false;
    for id in &service.code {
        let module = program.module(*id);
        let guarded = guard(module).map(|body| module.expressions(body)).unwrap_or_default();
        for call in program.calls[id.0 as usize].iter().filter(|site| module.call(site.expr).is_some()) {
            let Some(run) = module.call(call.expr) else { continue };
            let is_server = call.callee.library().is_some_and(|name| name == "uvicorn.run");
            let runs_app = match module.expr(run.callee).kind {
                ExprKind::Attribute { object, name, .. } if name == "run" => values::origin(program, *id, object) == (service.module, app),
                _ => false,
            };
            if !is_server && !runs_app {
                continue;
            }
            let is_here = match string_argument(program, *id, run, usize::from(is_server), &["host"]) {
                Some(host) => host == "localhost" || host.starts_with("127."),
                None => run.args.iter().all(|arg| !matches!(arg.kind, ArgKind::KeywordSpread | ArgKind::Spread) && !is_host(arg)),
            };
            if !is_here || !guarded.contains(&call.expr) {
                return false;
            }
            is_local = true;
        }
    }
    is_local
}

fn is_host(arg: &Arg) -> bool {
    matches!(arg.kind, ArgKind::Keyword(name) if name == "host")
}

/// Whether a package makes apps for whoever installs it: in a class or function that nothing in the project calls, tests and
/// examples aside. Flask finds a factory by its name.
fn is_library(program: &Program, service: &Service) -> bool {
    let module = program.module(service.module);
    let Some(maker) = service.app_call.and_then(|call| module.function_of(call)) else { return false };
    let f = module.function(maker);
    let is_package = |file: &SourceFile| matches!(file.name(), "setup.py" | "setup.cfg" | "pyproject.toml");
    let is_packaged = program.sources.in_directory(&service.directory).any(is_package);
    if !is_packaged || matches!(f.name.as_str(), "create_app" | "make_app") {
        return false;
    }
    let made = match f.class {
        Some(class) => Entity::Class(service.module, class),
        None => Entity::Function(FunctionRef { module: service.module, function: maker }),
    };
    let is_aside = |file: &SourceFile| file.test || is_example(file.directory());
    !program.module_ids().filter(|id| !is_aside(program.sources.get(program.module(*id).file))).any(|id| {
        let calls = program.calls[id.0 as usize].iter().any(|site| site.callee == made);
        calls || (id == service.module && guard(program.module(id)).is_some())
    })
}
