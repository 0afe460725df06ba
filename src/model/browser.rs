//! Code that runs in browsers: whoever looks at it there sees that something is missing.

use crate::ir::program::*;
use crate::model::isomorphic;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::runtimes::{directive, uses_hooks};
use crate::model::values;

/// Libraries of user interfaces.
const LIBRARIES: [&str; 27] = [
    "@angular",
    "@hotwired",
    "@ionic",
    "@reduxjs",
    "@tanstack",
    "@tiptap/pm/view",
    "@tiptap/react",
    "alpinejs",
    "grainjs",
    "jquery",
    "knockout",
    "lit",
    "meteor/blaze",
    "meteor/templating",
    "mobx",
    "next/navigation",
    "preact",
    "prosemirror-view",
    "react",
    "react-dom",
    "react-native",
    "solid-js",
    "svelte",
    "swr",
    "virtual:pwa-register",
    "vue",
    "vue-router",
];

/// Packages that make a package more than a user interface.
const SERVERS: [&str; 14] = [
    "@hapi/hapi",
    "@hono/node-server",
    "@nestjs/core",
    "@remix-run/node",
    "@sveltejs/kit",
    "astro",
    "elysia",
    "express",
    "fastify",
    "hono",
    "koa",
    "next",
    "nuxt",
    "firebase-functions",
];

/// Globals that only browsers have.
const GLOBALS: [&str; 5] = ["DOMParser", "document", "localStorage", "sessionStorage", "window"];

/// What only browsers have of the `navigator` that Node has, too.
const OF_NAVIGATOR: [&str; 8] =
    ["clipboard", "geolocation", "mediaDevices", "onLine", "permissions", "sendBeacon", "serviceWorker", "share"];

/// Folders whose files are sent as they are, and those of scripts in there.
const SENT: [&str; 3] = ["assets", "public", "static"];
const SCRIPTS: [&str; 4] = ["javascript", "javascripts", "js", "scripts"];

/// What only servers import.
const NODE: [&str; 9] = ["child_process", "crypto", "fs", "fs/promises", "http", "net", "nodemailer", "os", "path"];

/// Whether a module is code of a user interface: it holds elements, uses a library for them or what only browsers have, or
/// belongs to a package that is nothing but one.
#[must_use]
pub fn is_browser_code(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    if module.language != Language::TypeScript {
        return false;
    }
    let path = program.path(id);
    match directive(module) {
        Some("use client") => return true,
        // Its functions are called from pages, and run elsewhere.
        Some("use server") => return false,
        _ if is_of_client(program, id) => return true,
        _ => {}
    }
    let library = |import: usize| match program.import(id, u32::try_from(import).unwrap_or(0)) {
        Link::Library(name) => Some(name),
        _ => None,
    };
    let imported: Vec<_> = (0..module.imports.len()).filter_map(library).collect();
    let is_of = |name: &str, library: &str| {
        name.strip_prefix("js:")
            .and_then(|name| name.strip_prefix(library))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
    };
    // `cache` of React is for servers.
    let shows = |name: &str| LIBRARIES.iter().any(|library| is_of(name, library)) && name != "js:react.cache";
    let drives = |name: &str| ["playwright", "playwright-core", "puppeteer", "puppeteer-core"].iter().any(|library| is_of(name, library));
    if imports_node(program, id) {
        return false;
    }
    let holds_elements = [".tsx", ".jsx"].iter().any(|end| path.ends_with(end));
    if holds_elements || imported.iter().any(|name| shows(name)) {
        return true;
    }
    (!imported.iter().any(|name| drives(name)) && uses_globals(program, id))
        || is_sent(path)
        || is_beside_server(program, path)
        || is_of_interface(program, id)
        || is_of_bundle(program, id)
        || injects_endpoints(program, id)
        || only_pages_import(program, id)
}

/// Whether a file lies among the scripts that are sent as they are: `static/js`.
fn is_sent(path: &str) -> bool {
    let folders: Vec<&str> = path.split('/').rev().skip(1).collect();
    folders.windows(2).any(|pair| SENT.contains(&pair[1]) && SCRIPTS.contains(&pair[0]))
}

/// Whether a file lies below a folder `client` that has one named `server` beside it.
fn is_beside_server(program: &Program, path: &str) -> bool {
    let has_server = |(at, _): (usize, &str)| {
        let server = format!("{}server/", &path[..at]);
        (at == 0 || path[..at].ends_with('/')) && program.code_ids().any(|id| program.path(id).starts_with(&server))
    };
    path.match_indices("client/").any(has_server)
}

/// Whether a file lies below a folder `client` of a package of Meteor, which sends what lies there, and no server loads it.
fn is_of_client(program: &Program, id: ModuleId) -> bool {
    let package = program.package_of(id);
    let below = program.path(id).strip_prefix(package).unwrap_or_default();
    let mut folders = below.split('/').rev().skip(1);
    folders.any(|folder| folder == "client")
        && program.package_manifests.of(package).is_some_and(|manifest| manifest.get("meteor").is_some())
}

/// Whether a module adds to what pages ask servers for with a library, which it takes from another module:
/// `api.injectEndpoints({ … })`.
fn injects_endpoints(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    let is_of_pages = |from: ModuleId| {
        program.links[from.0 as usize]
            .iter()
            .any(|link| matches!(link, Link::Library(name) if name.starts_with("js:@reduxjs/toolkit/query/react")))
    };
    let injects = |expr: ExprId| match module.call(expr).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Attribute { object, name, .. }) if name == "injectEndpoints" => module
            .descendants(*object)
            .into_iter()
            .any(|part| matches!(module.expr(part).kind, ExprKind::Name(_)) && is_of_pages(values::origin(program, id, part).0)),
        _ => false,
    };
    program.calls[id.0 as usize].iter().any(|site| injects(site.expr))
}

/// Whether all that imports a module is shown, and runs where it is: it says so, or keeps a state. What they take must be more
/// than types, or something else loads the module.
fn only_pages_import(program: &Program, id: ModuleId) -> bool {
    let is_page = |other: ModuleId| {
        (directive(program.module(other)) == Some("use client") || uses_hooks(program, other)) && !imports_node(program, other)
    };
    let mut is_used = false;
    for other in program.importers(id).iter().copied().filter(|other| !program.sources.get(program.module(*other).file).test) {
        let links = program.links[other.0 as usize].iter().zip(&program.module(other).imports);
        let mut taken = links.filter(|(link, _)| matches!(link, Link::Module(of) | Link::Symbol(of, _) if *of == id)).peekable();
        if taken.peek().is_some() && !is_page(other) {
            return false;
        }
        let resolver = Resolver::new(program);
        let is_function = |mention| matches!(resolver.entity(other, mention), Entity::Function(_));
        is_used |= taken.any(|(_, import)| program.mentions(other, import.local).any(is_function));
    }
    is_used
}

/// Whether a module imports what only servers do.
fn imports_node(program: &Program, id: ModuleId) -> bool {
    let is_node =
        |path: &str| NODE.iter().any(|module| path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
    program.links[id.0 as usize].iter().any(|link| matches!(link, Link::Library(name) if name.strip_prefix("js:").is_some_and(is_node)))
}

fn uses_globals(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    let resolver = Resolver::new(program);
    let is_global = |expr: ExprId| resolver.entity(id, expr).library().is_some_and(|name| name.starts_with("js:globalThis."));
    let is_used = |expr: ExprId| match module.expr(expr).kind {
        ExprKind::Name(name) => GLOBALS.contains(&name.as_str()) && is_global(expr),
        ExprKind::Attribute { object, name, .. } => {
            OF_NAVIGATOR.contains(&name.as_str())
                && matches!(module.expr(object).kind, ExprKind::Name(of) if of == "navigator")
                && is_global(object)
        }
        _ => false,
    };
    module.expr_ids().any(is_used) || fetches_from_origin(program, id)
}

/// Whether a module fetches an address without a host, which is one of the page's origin: `fetch("/api/theme")`.
fn fetches_from_origin(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    program.calls[id.0 as usize].iter().any(|site| {
        matches!(site.callee, Entity::Library(name) if name == "js:globalThis.fetch")
            && module.call(site.expr).is_some_and(|call| isomorphic::is_relative(program, id, call))
    })
}

/// Whether a module is of a package that is bundled for pages to load: some of it uses what only browsers have, and none what
/// only servers do.
fn is_of_bundle(program: &Program, id: ModuleId) -> bool {
    let package = program.package_of(id);
    let is_bundle = program.package_manifests.of(package).is_some_and(|manifest| {
        let loaded = |key: &str| manifest.get(key).is_some_and(|entry| ["umd", "iife"].iter().any(|form| entry.to_string().contains(form)));
        ["browser", "unpkg", "jsdelivr"].iter().any(|key| manifest.get(key).is_some()) || ["main", "exports"].into_iter().any(loaded)
    });
    if !is_bundle {
        return false;
    }
    let own =
        program.code_ids().filter(|other| program.module(*other).language == Language::TypeScript && program.package_of(*other) == package);
    let own: Vec<ModuleId> = own.filter(|other| !program.path(*other).contains(".config.")).collect();
    own.iter().any(|other| uses_globals(program, *other)) && !own.iter().any(|other| imports_node(program, *other))
}

/// Whether the package around a file depends on a library of user interfaces, and on nothing that serves.
fn is_of_interface(program: &Program, id: ModuleId) -> bool {
    let Some(manifest) = program.package_manifests.of(program.package_of(id)) else { return false };
    let depends = |on: &str| ["dependencies", "devDependencies", "peerDependencies"].iter().any(|key| manifest[*key].get(on).is_some());
    ["@angular/core", "preact", "react-dom", "react-native", "svelte", "vue"].iter().any(|name| depends(name))
        && !SERVERS.iter().any(|name| depends(name))
}
