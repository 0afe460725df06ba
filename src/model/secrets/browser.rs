//! Code that is sent to browsers. Whatever it holds, everybody may read: what has a secret's name there is none, or is
//! nobody's fault but the server's that takes it.

use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};

/// Libraries that draw what users see.
const VIEWS: &[&str] =
    &["react", "react-dom", "react-native", "vue", "svelte", "solid-js", "preact", "lit", "@angular/core", "@angular/common", "expo"];

/// Packages of programs that answer requests.
const SERVERS: &[&str] = &[
    "express",
    "fastify",
    "koa",
    "hono",
    "@nestjs/core",
    "@hapi/hapi",
    "next",
    "nuxt",
    "@remix-run/node",
    "react-router",
    "@sveltejs/kit",
    "astro",
    "@adonisjs/core",
    "@trpc/server",
    "@apollo/server",
    "apollo-server",
    "elysia",
    "socket.io",
];

/// Whether a module is sent to browsers.
#[must_use]
pub fn is_sent(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    let path = program.path(id);
    let is_drawn = std::path::Path::new(path).extension().is_some_and(|ending| ending == "tsx" || ending == "jsx");
    let draws = || module.imports.iter().any(|import| VIEWS.contains(&import.module.as_str()));
    let is_client = || {
        let first = module.block(module.body).stmts.first().map(|stmt| &module.stmt(*stmt).kind);
        matches!(first, Some(StmtKind::Expr(expr)) if matches!(module.expr(*expr).kind, ExprKind::String(text) if text == "use client"))
    };
    is_drawn || draws() || is_client() || is_in_application(program, path)
}

/// Whether the nearest package of a file draws and does not answer, or the file is in the folder of a client.
fn is_in_application(program: &Program, path: &str) -> bool {
    let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    loop {
        let name = folder.rsplit('/').next().unwrap_or_default();
        if matches!(name, "frontend" | "front-end" | "webapp" | "public" | "browser") {
            return true;
        }
        let manifest = if folder.is_empty() { "package.json".to_owned() } else { format!("{folder}/package.json") };
        if let Some(file) = program.sources.find(&manifest) {
            let text = &program.sources.get(file).text;
            let Ok(manifest) = serde_json::from_str::<serde_json::Value>(text) else { return false };
            let needs = |names: &[&str]| {
                let groups = ["dependencies", "devDependencies", "peerDependencies"];
                groups
                    .iter()
                    .filter_map(|group| manifest.get(group)?.as_object())
                    .any(|group| names.iter().any(|name| group.contains_key(*name)))
            };
            return needs(VIEWS) && !needs(SERVERS);
        }
        folder = match folder.rsplit_once('/') {
            Some((above, _)) => above,
            None if folder.is_empty() => return false,
            None => "",
        };
    }
}
