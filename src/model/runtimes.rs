//! Where code of TypeScript runs: on a server, or in somebody's browser.
//!
//! Some files say it themselves: by a directive, by what they import, by the globals that they use. The rest run where those run
//! that import them; what a browser may load is taken for a browser's.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::ir::image::Image;
use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::apis::Role;
use crate::model::by_hand;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::resolve::Resolver;
use crate::model::routes::Routes;
use crate::model::services::Started;

mod manifests;

/// Where a module runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Runtime {
    /// In a process of ours.
    Server,
    /// In a browser, or perhaps in one.
    Browser,
    /// Nobody knows.
    Unknown,
}

/// Where each module runs.
#[derive(Clone, Debug, Default)]
pub struct Runtimes {
    modules: Vec<Runtime>,
    /// What somebody runs by hand, and watches.
    commands: BTreeSet<ModuleId>,
}

/// What a module says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mark {
    Nothing,
    /// It serves requests.
    Serves,
    /// It uses what only a process has.
    Process,
    /// It is shown in a browser: all it imports is, too.
    Page,
    /// It has the form of what is shown, and may be made on the server; or it runs in both.
    Markup,
}

/// Modules of Node that nothing stands in for in a browser.
const PROCESS: [&str; 20] = [
    "child_process",
    "cluster",
    "dgram",
    "dns",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "module",
    "net",
    "os",
    "perf_hooks",
    "process",
    "readline",
    "repl",
    "tls",
    "v8",
    "vm",
    "worker_threads",
];

/// Packages that only servers import.
const SERVERS: [&str; 27] = [
    "@nestjs/common",
    "@nestjs/core",
    "@google-cloud/functions-framework",
    "agenda",
    "amqplib",
    "bull",
    "bullmq",
    "cron",
    "express",
    "fastify",
    "firebase-admin",
    "firebase-functions",
    "ioredis",
    "kafkajs",
    "koa",
    "mongodb",
    "mongoose",
    "mysql",
    "mysql2",
    "next/headers",
    "next/server",
    "node-cron",
    "node-schedule",
    "nodemailer",
    "pg",
    "server-only",
    "undici",
];

/// Packages that what is shown in a browser is made with.
const PAGES: [&str; 12] = [
    "@angular/core",
    "jquery",
    "lit",
    "next/router",
    "preact",
    "react-dom",
    "react-native",
    "solid-js",
    "svelte",
    "vue",
    "vue-router",
    "vuex",
];

/// Packages that have to do with such things, and are imported by code of servers, too.
const NEAR_PAGES: [&str; 3] = ["@sveltejs/kit", "next", "react"];

/// Globals that only a browser has.
const BROWSER_GLOBALS: [&str; 8] =
    ["window", "document", "localStorage", "sessionStorage", "XMLHttpRequest", "indexedDB", "importScripts", "chrome"];

/// Globals that only a process has.
const PROCESS_GLOBALS: [&str; 4] = ["Bun", "Deno", "__dirname", "__filename"];

/// What only a process can be asked: `process.env` may be filled in for a browser.
const PROCESS_MEMBERS: [&str; 13] =
    ["argv", "cwd", "exit", "exitCode", "hrtime", "kill", "memoryUsage", "on", "once", "pid", "stderr", "stdin", "stdout"];

/// Methods that run what they are given in a browser that they drive.
const DRIVES: [&str; 9] = [
    "evaluate",
    "evaluateHandle",
    "evaluateOnNewDocument",
    "addInitScript",
    "executeScript",
    "$eval",
    "$$eval",
    "waitForFunction",
    "waitFor",
];

/// Packages whose `use…` functions run where something is shown.
const HOOKS: [&str; 8] =
    ["@tanstack/react-query", "next/navigation", "preact/hooks", "react", "react-redux", "react-router", "react-router-dom", "swr"];

/// Directories whose files are sent to browsers as they are.
const SENT: [&str; 3] = ["assets", "public", "static"];

impl Runtimes {
    /// Finds out.
    #[must_use]
    pub fn find(program: &Program, routes: &Routes, images: &[Image], started: &Started) -> Self {
        let ids: Vec<ModuleId> = program.module_ids().collect();
        if !ids.iter().any(|id| program.module(*id).language == Language::TypeScript) {
            return Self { modules: vec![Runtime::Server; ids.len()], commands: by_hand::find(program, images, started, |_| false) };
        }
        let handling: BTreeSet<ModuleId> = routes.handlers.iter().map(|handler| handler.function.module).collect();
        let marks: Vec<Mark> = ids.par_iter().map(|id| mark(program, *id, handling.contains(id))).collect();
        let is = |id: ModuleId, what: &[Mark]| what.contains(&marks[id.0 as usize]);
        let start = |what: &[Mark]| ids.iter().copied().filter(|id| is(*id, what)).collect::<Vec<_>>();
        let shown = reached(program, start(&[Mark::Page]), |id| !is(id, &[Mark::Serves, Mark::Process]));
        let serving = reached(program, start(&[Mark::Serves, Mark::Process]), |id| !is(id, &[Mark::Page, Mark::Markup]));
        let packages = packages(program, images, &marks);
        let runtime = |id: &ModuleId| match marks[id.0 as usize] {
            _ if program.module(*id).language == Language::Python => Runtime::Server,
            Mark::Serves | Mark::Process => Runtime::Server,
            Mark::Page | Mark::Markup => Runtime::Browser,
            Mark::Nothing if shown.contains(id) => Runtime::Browser,
            Mark::Nothing if serving.contains(id) => Runtime::Server,
            Mark::Nothing => packages.get(program.package_of(*id)).copied().unwrap_or(Runtime::Unknown),
        };
        Self {
            modules: ids.iter().map(runtime).collect(),
            commands: by_hand::find(program, images, started, |id| marks[id.0 as usize] == Mark::Serves),
        }
    }

    /// Whether somebody runs a module by hand: a command, a script of a package, or what only those use.
    #[must_use]
    pub fn is_command(&self, module: ModuleId) -> bool {
        self.commands.contains(&module)
    }

    /// Whether a module has the form of what is shown, and nothing but its handlers says that it serves.
    #[must_use]
    pub fn may_show(program: &Program, module: ModuleId) -> bool {
        let path = program.path(module);
        let is_markup = [".tsx", ".jsx"].iter().any(|end| path.ends_with(end));
        is_markup && !is_served_by_name(path) && directive(program.module(module)) != Some("use server")
    }

    /// Where a module runs.
    #[must_use]
    pub fn of(&self, module: ModuleId) -> Runtime {
        self.modules.get(module.0 as usize).copied().unwrap_or(Runtime::Unknown)
    }
}

/// Modules and all that they import, as far as they may be what these are.
fn reached(program: &Program, start: Vec<ModuleId>, may_be: impl Fn(ModuleId) -> bool) -> BTreeSet<ModuleId> {
    let mut found = BTreeSet::new();
    let mut todo = start;
    while let Some(id) = todo.pop() {
        if found.insert(id) {
            todo.extend(program.imported_modules(id).filter(|imported| may_be(*imported)));
        }
    }
    found
}

/// What the files of a package say of those of it that say nothing themselves.
fn packages<'p>(program: &'p Program, images: &[Image], marks: &[Mark]) -> BTreeMap<&'p str, Runtime> {
    let mut found: BTreeMap<&str, Runtime> = BTreeMap::new();
    for id in program.module_ids() {
        let file = program.sources.get(program.module(id).file);
        let is_tool = file.test || file.name().contains(".config.") || super::services::is_aside(program, id);
        if is_tool || program.module(id).language == Language::Python {
            continue;
        }
        let known = found.entry(program.package_of(id)).or_insert(Runtime::Unknown);
        match marks[id.0 as usize] {
            Mark::Page => *known = Runtime::Browser,
            Mark::Serves | Mark::Process if *known == Runtime::Unknown => *known = Runtime::Server,
            _ => {}
        }
    }
    let mut hosted: BTreeSet<&str> = BTreeSet::new();
    for (directory, runtime) in &mut found {
        match program.package_manifests.of(directory) {
            Some(manifest) if manifests::is_for_browsers(manifest) => *runtime = Runtime::Browser,
            Some(manifest) if *runtime == Runtime::Unknown && manifests::is_for_servers(manifest) => *runtime = Runtime::Server,
            Some(manifest)
                if *runtime == Runtime::Unknown
                    && !manifests::may_be_for_browsers(manifest)
                    && (manifests::is_for_node(manifest) || manifests::is_started_by_image(program, images, directory)) =>
            {
                hosted.insert(*directory);
            }
            // Files that belong to no package, and say nothing of browsers, are Node's.
            None if *runtime == Runtime::Unknown => *runtime = Runtime::Server,
            _ => {}
        }
    }
    // What Node runs by all that is said of it, a page may load as well.
    let pages = program.module_ids().filter(|id| found.get(program.package_of(*id)) == Some(&Runtime::Browser));
    let loaded: BTreeSet<&str> = pages.flat_map(|id| program.imported_modules(id)).map(|id| program.package_of(id)).collect();
    found.extend(hosted.difference(&loaded).map(|directory| (*directory, Runtime::Server)));
    found
}

/// What a module says of itself.
fn mark(program: &Program, id: ModuleId, handles: bool) -> Mark {
    let module = program.module(id);
    if module.language == Language::Python {
        return Mark::Nothing;
    }
    let path = program.path(id);
    match directive(module) {
        Some("use client") => return Mark::Page,
        Some("use server") => return Mark::Serves,
        _ => {}
    }
    if handles || is_served_by_name(path) || calls_one(program, id) {
        return Mark::Serves;
    }
    let imported = |names: &[&str]| imports_one(program, id, names);
    let is_markup = [".tsx", ".jsx"].iter().any(|end| path.ends_with(end));
    let is_sent = path.split('/').any(|part| SENT.contains(&part));
    let in_process = imported(&PROCESS) || imported(&SERVERS) || uses_global(program, id, &PROCESS_GLOBALS) || asks_process(program, id);
    let in_browser = uses_global(program, id, &BROWSER_GLOBALS);
    match () {
        // It asks where it is.
        () if in_process && in_browser => Mark::Markup,
        () if in_process && !is_markup => Mark::Process,
        () if in_browser || uses_hooks(program, id) || is_sent => Mark::Page,
        () if is_markup => Mark::Markup,
        () if imported(&PAGES) => Mark::Page,
        () => Mark::Nothing,
    }
}

/// The directive that a file begins with.
pub(super) fn directive(module: &Module) -> Option<&str> {
    let first = module.block(module.body).stmts.first()?;
    match module.stmt(*first).kind {
        StmtKind::Expr(value) => match &module.expr(value).kind {
            ExprKind::String(text) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a framework serves a file because of its name.
fn is_served_by_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let below = |folder: &str| path.starts_with(&format!("{folder}/")) || path.contains(&format!("/{folder}/"));
    matches!(stem, "+server" | "+page" if name.contains("server"))
        || (stem == "route" && below("app"))
        || below("pages/api")
        || below("server/api")
        || below("netlify/functions")
        || name.contains(".server.")
}

/// Whether a module makes an app or binds routes.
fn calls_one(program: &Program, id: ModuleId) -> bool {
    const ROLES: [Role; 5] = [Role::App, Role::Router, Role::Route, Role::RequestHook, Role::EntryPoint];
    program.calls[id.0 as usize].iter().any(|site| {
        let row = site.callee.library().and_then(|name| program.apis.row(name));
        row.is_some_and(|row| ROLES.iter().any(|role| row.is(*role)))
    })
}

/// Whether a module imports one of these packages, or what lies in one.
fn imports_one(program: &Program, id: ModuleId, names: &[&str]) -> bool {
    let imports = &program.module(id).imports;
    imports.iter().zip(&program.links[id.0 as usize]).any(|(import, link)| {
        let Link::Library(_) = link else { return false };
        let package = import.module.strip_prefix("node:").unwrap_or(&import.module);
        names.contains(&package)
    })
}

/// `useState` and the like: what imports them from anywhere is shown.
pub(super) fn uses_hooks(program: &Program, id: ModuleId) -> bool {
    let is_hook = |name: &str| name.strip_prefix("use").and_then(|rest| rest.chars().next()).is_some_and(char::is_uppercase);
    program.module(id).imports.iter().any(|import| match import.what {
        Imported::Name(name) => is_hook(&name) && HOOKS.contains(&import.module.as_str()),
        _ => false,
    })
}

/// Whether a module uses one of these names that nothing in it binds, other than in what a driven browser runs.
fn uses_global(program: &Program, id: ModuleId, names: &[&str]) -> bool {
    let module = program.module(id);
    module.expr_ids().any(|expr| {
        let ExprKind::Name(name) = module.expr(expr).kind else { return false };
        names.contains(&name.as_str())
            && Resolver::new(program).scope_of_name(id, expr, name).is_none()
            && !module.around(expr).any(|around| matches!(around, Around::Expr(outer) if drives(module, outer)))
    })
}

/// Whether a module uses what only a process has, and does not ask first whether it is in one.
fn asks_process(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    let asks = module.expr_ids().any(|expr| {
        let ExprKind::Attribute { object, name, .. } = module.expr(expr).kind else { return false };
        let ExprKind::Name(process) = module.expr(object).kind else { return false };
        process == "process"
            && PROCESS_MEMBERS.contains(&name.as_str())
            && Resolver::new(program).scope_of_name(id, object, process).is_none()
    });
    asks && !program.sources.get(module.file).text.contains("typeof process")
}

fn drives(module: &Module, expr: ExprId) -> bool {
    module.call(expr).is_some_and(|call| match module.expr(call.callee).kind {
        ExprKind::Attribute { name, .. } => DRIVES.contains(&name.as_str()),
        _ => false,
    })
}
