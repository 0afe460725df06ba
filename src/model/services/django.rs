//! Django projects come with an app for WSGI and one for ASGI, of which one is served.

use super::apps::App;
use super::images::is_named;
use super::{is_aside, is_below};
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::values;

/// The app of a Django project that its settings name, else the one for WSGI. What they say of ASGI is read by Daphne and
/// Channels alone.
pub(super) fn preferred(program: &Program, directory: &str, apps: &[App]) -> Option<usize> {
    let named = |setting: &str| -> Vec<String> {
        let modules = program.code_ids().filter(|id| is_below(program.path(*id), directory));
        let values = modules.flat_map(|id| {
            let bindings = program.bindings(id, ScopeId(0), setting.into());
            bindings.filter_map(move |binding| match binding.kind {
                BindingKind::Value(value) => values::text(program, id, value),
                _ => None,
            })
        });
        values.filter_map(|text| text.rsplit_once('.').map(|(module, _)| module.to_owned())).collect()
    };
    let installs = |id: ModuleId| {
        let exprs = &program.module(id).exprs;
        exprs.iter().any(|expr| matches!(expr.kind, ExprKind::String(text) if text == "daphne" || text == "channels"))
    };
    let reads_asgi = program.code_ids().any(|id| is_below(program.path(id), directory) && installs(id));
    let asgi = if reads_asgi { named("ASGI_APPLICATION") } else { Vec::new() };
    let wsgi = named("WSGI_APPLICATION");
    let rank = |app: &App| {
        let is_in = |modules: &[String]| modules.iter().any(|module| is_named(program.path(app.module), module, true));
        match app.framework.map_or("", |name| name.as_str()).rsplit('.').next() {
            _ if is_in(&asgi) => 0,
            _ if is_in(&wsgi) => 1,
            Some("get_wsgi_application") => 2,
            Some("get_asgi_application") => 3,
            // Instances of handlers, which these functions make.
            _ => 4,
        }
    };
    let first = apps.iter().find(|app| !is_aside(program, app.module)).unwrap_or(apps.first()?);
    let is_django = |app: &App| app.framework.is_some_and(|framework| framework.starts_with("django."));
    let candidates = (0..apps.len())
        .filter(|index| is_django(&apps[*index]) && is_aside(program, apps[*index].module) == is_aside(program, first.module));
    is_django(first).then(|| candidates.min_by_key(|index| rank(&apps[*index])))?
}
