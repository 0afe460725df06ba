//! Limits that clients get after they are made, or that a library gives to all of its calls.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::{Timeout, Unset};
use crate::model::calls::{Passed, passed};
use crate::model::program::{ModuleId, Program};
use crate::model::project::Project;
use crate::model::resolve::{Entity, is_class_name};
use crate::model::{options, sessions, values};

/// What is assigned to bound all calls of a library, by the beginning of their names.
const ASSIGNED: [(&str, &str); 2] = [("js:axios", "js:axios.defaults.timeout"), ("js:@nestjs/axios", "js:axios.defaults.timeout")];

/// What is called to bound all calls of a library.
const CALLED: [(&str, &str); 4] = [
    ("js:axios", "js:axios.interceptors.request.use"),
    ("js:globalThis.fetch", "js:undici.setGlobalDispatcher"),
    ("js:undici", "js:undici.setGlobalDispatcher"),
    ("js:needle", "js:needle.defaults"),
];

/// What makes the client that a library hands to whoever asks for it; there, it is told its limit or found to have none.
const MAKERS: [(&str, &str); 2] = [
    ("js:@nestjs/axios.HttpService", "js:@nestjs/axios.HttpModule.register"),
    ("js:@nestjs/axios.HttpService", "js:@nestjs/axios.HttpModule.registerAsync"),
];

/// Options that hold what a call is sent through, which may bound it.
const CARRIERS: [&str; 4] = ["agent", "dispatcher", "httpAgent", "httpsAgent"];

/// Whether a library bounds all of its calls because it was told to, once, in every process that a module runs in.
#[must_use]
pub fn of_library(project: &Project, id: ModuleId, name: Ustr) -> bool {
    let program = &project.program;
    let is_of = |library: &str| name.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let assigning = ASSIGNED.iter().filter(|(library, _)| is_of(library)).flat_map(|(_, target)| program.setting(target)).copied();
    let calls = CALLED.iter().filter(|(library, _)| is_of(library)).flat_map(|(_, setter)| program.calls_to(setter));
    let calling = calls.filter(|(at, call)| tells_limit(program, *at, call)).map(|(at, _)| at);
    let makers = MAKERS.iter().filter(|(library, _)| is_of(library)).flat_map(|(_, maker)| program.calls_to(maker)).map(|(at, _)| at);
    let telling: Vec<ModuleId> = assigning.chain(calling).chain(makers).collect();
    project.is_told_for(id, &telling)
}

/// Whether a call is sent through something that bounds it: an agent with a timeout, a dispatcher out of sight.
#[must_use]
pub fn of_carrier(program: &Program, id: ModuleId, call: &Call, timeout: &Timeout) -> bool {
    CARRIERS.iter().any(|key| match options::told(program, id, call, &timeout.options, key) {
        Passed::Value(module, value) => {
            let (at, origin) = values::origin(program, module, value);
            let is_seen = program.module(at).call(origin).is_some();
            mentions_limit(program.text(at, origin)) || (*key == "dispatcher" && !is_seen)
        }
        Passed::No => false,
        Passed::Unknown => true,
    })
}

/// Whether a client that this call makes is given a limit later: in its defaults, by an interceptor, or at each of its calls.
#[must_use]
pub fn of_client(program: &Program, id: ModuleId, made: ExprId, name: Ustr) -> bool {
    let Some(class) = program.apis.row(name).and_then(|row| row.returns.clone()).or_else(|| is_class_name(name).then(|| name.to_string()))
    else {
        return false;
    };
    let is_it = |module: ModuleId, object: ExprId| sessions::origins(program, module, object).contains(&(id, made));
    if program.sets_anywhere(&format!("{class}.defaults.timeout")) && sets_default(program, &is_it) {
        return true;
    }
    let mut uses = 0;
    let prefix = format!("{class}.");
    let interceptor = format!("{class}.interceptors.request.use");
    for (module, site) in program.module_ids().flat_map(|module| program.calls[module.0 as usize].iter().map(move |site| (module, site))) {
        let Some(name) = site.callee.library().filter(|name| name.starts_with(&prefix)) else { continue };
        let Some(call) = program.module(module).call(site.expr) else { continue };
        if name == interceptor {
            if receiver(program, module, call, 3).is_some_and(|object| is_it(module, object)) && tells_limit(program, module, call) {
                return true;
            }
            continue;
        }
        let Some(timeout) = program.apis.row(name).and_then(|row| row.timeout.as_ref()).filter(|timeout| timeout.unset == Unset::Client)
        else {
            continue;
        };
        let path = &name[prefix.len()..];
        let depth = if path == "__call__" { 0 } else { path.matches('.').count() + 1 };
        if receiver(program, module, call, depth).is_none_or(|object| !is_it(module, object)) {
            continue;
        }
        let is_told = |key: &String| {
            let given = if timeout.options.0.is_empty() {
                passed(program, module, call, timeout.position, key)
            } else {
                options::told(program, module, call, &timeout.options, key)
            };
            given != Passed::No
        };
        if !is_told(&timeout.argument) && !timeout.or.iter().any(is_told) {
            return false;
        }
        uses += 1;
    }
    uses > 0
}

/// `client.defaults.timeout = …`
fn sets_default(program: &Program, is_it: &impl Fn(ModuleId, ExprId) -> bool) -> bool {
    program.module_ids().any(|id| {
        let module = program.module(id);
        module.expr_ids().any(|expr| {
            let ExprKind::Attribute { object, name, .. } = module.expr(expr).kind else { return false };
            let ExprKind::Attribute { object: client, name: defaults, .. } = module.expr(object).kind else { return false };
            name == "timeout" && defaults == "defaults" && matches!(module.expr_parents[expr.index()], Parent::Stmt(_)) && is_it(id, client)
        })
    })
}

/// What a method is called on, so many attributes in.
fn receiver(program: &Program, id: ModuleId, call: &Call, depth: usize) -> Option<ExprId> {
    let mut at = call.callee;
    for _ in 0..depth {
        let ExprKind::Attribute { object, .. } = program.module(id).expr(at).kind else { return None };
        at = object;
    }
    Some(at)
}

/// Whether what a call is passed has to do with limits; what is out of sight may.
fn tells_limit(program: &Program, id: ModuleId, call: &Call) -> bool {
    call.args.first().is_none_or(|arg| {
        let (module, origin) = values::origin(program, id, arg.value);
        match crate::model::resolve::Resolver::new(program).entity(module, origin) {
            Entity::Function(f) => {
                let place = program.span_place(f.module, program.function(f).span);
                mentions_limit(program.sources.slice(place))
            }
            _ => mentions_limit(program.text(module, origin)) || matches!(program.module(module).expr(origin).kind, ExprKind::Name(_)),
        }
    })
}

fn mentions_limit(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["timeout", "signal", "abort"].iter().any(|word| text.contains(word))
}
