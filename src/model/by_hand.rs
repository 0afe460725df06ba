//! Programs that somebody runs by hand and watches: commands, scripts of a package, and what only those use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use ustr::Ustr;

use self::strays::Units;
use super::services::{Started, is_aside, lies_aside};
use crate::ir::image::Image;
use crate::ir::program::*;
use crate::model::program::{Link, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};

mod strays;

/// What runs a file of JavaScript.
pub(super) const RUNNERS: [&str; 9] = ["babel-node", "bun", "deno", "esno", "jiti", "node", "ts-node", "tsx", "zx"];

/// First words of names of a package's scripts that start what is deployed.
const STARTS: [&str; 11] = ["cron", "debug", "dev", "preview", "prod", "production", "run", "serve", "server", "start", "worker"];

/// Packages that only tests import, and what helps them.
const OF_TESTS: [&str; 5] = ["@jest/globals", "@playwright/test", "bun:test", "cypress", "vitest"];

/// What reads the words that somebody has typed, in Python.
const TYPED: [&str; 3] = ["argparse.ArgumentParser", "optparse.OptionParser", "sys.argv"];

/// Words of lines that start a program.
const STARTING: [&str; 7] = ["CMD", "ENTRYPOINT", "args", "command", "exec", "python", "run"];

/// Finds them. What serves is started by a machine.
#[must_use]
pub fn find(program: &Program, images: &[Image], run: &Started, serves: impl Fn(ModuleId) -> bool) -> BTreeSet<ModuleId> {
    let packages = Packages::find(program, &serves);
    let started: BTreeSet<ModuleId> = run.by_image.iter().flatten().copied().collect();
    let units = Units::find(program, images, run);
    let is_of_desktop =
        |id: &ModuleId| program.module(*id).language == Language::TypeScript && packages.desktops.contains(program.package_of(*id));
    let is_alone = |id: &ModuleId| !serves(*id) && program.importers(*id).is_empty();
    let strays = units.without(program, program.module_ids().filter(is_alone));
    let starts_alone = |id: &ModuleId| {
        let is_alone = program.importers(*id).is_empty();
        let is_run = match program.module(*id).language {
            Language::Python => is_alone && is_typed(program, *id),
            Language::TypeScript => packages.runs(program, *id) || is_of_tests(program, *id),
        };
        let is_beside = || run.beside.contains(id) && !started.contains(id) && !packages.started.contains(id);
        !serves(*id) && (is_run || (is_alone && (is_beside() || is_configuration(program, *id))) || strays.contains(id))
    };
    let mut found: BTreeSet<ModuleId> = program.module_ids().filter(|id| is_of_desktop(id) || starts_alone(id)).collect();
    let mut todo: Vec<ModuleId> = found.iter().copied().collect();
    while let Some(id) = todo.pop() {
        for imported in program.imported_modules(id) {
            let is_only_for_those = imported != id && program.importers(imported).iter().all(|user| found.contains(user));
            if is_only_for_those && !serves(imported) && found.insert(imported) {
                todo.push(imported);
            }
        }
    }
    found
}

/// What reads the words that somebody has typed, in JavaScript.
const TYPED_IN_JAVASCRIPT: [&str; 7] = ["@oclif/core", "cac", "citty", "clipanion", "commander", "meow", "yargs"];

/// Whether tools alone name what a module of JavaScript exports, wherever a package exports it again: programs that lie
/// aside and read what somebody has typed, and what is run by hand (`is_command`).
#[must_use]
pub fn is_of_tools(program: &Program, id: ModuleId, is_command: impl Fn(ModuleId) -> bool) -> bool {
    let module = program.module(id);
    let exports: BTreeSet<Ustr> = module.scope(module.exports).bindings.iter().map(|binding| binding.name).collect();
    if module.language != Language::TypeScript || exports.is_empty() || exports.contains(&Ustr::from("default")) {
        return false;
    }
    let is_tool = |user: ModuleId| {
        let reads_typed = |link: &Link| matches!(link, Link::Library(name) if TYPED_IN_JAVASCRIPT.iter().any(|library| name.strip_prefix("js:").is_some_and(|name| name == *library || name.starts_with(&format!("{library}.")))));
        is_command(user) || (is_aside(program, user) && program.links[user.0 as usize].iter().any(reads_typed))
    };
    let names_it = |user: &ModuleId| *user != id && exports.iter().any(|name| program.mentions(*user, *name).next().is_some());
    let is_code = |user: &ModuleId| program.module(*user).language == Language::TypeScript;
    let mut users = program.code_ids().filter(is_code).filter(names_it).peekable();
    users.peek().is_some() && users.all(is_tool)
}

/// Whether a manifest is that of a program for the desktop.
pub(super) fn is_for_desktop(manifest: &Value) -> bool {
    ["dependencies", "devDependencies"].iter().any(|key| manifest[key].get("electron").is_some())
}

/// What the manifests of packages say of their commands and scripts.
struct Packages<'p> {
    /// Directories of packages that declare a command, and whether they serve something, too.
    commands: BTreeMap<&'p str, bool>,
    /// Directories of packages that are programs for the desktop, whatever they serve there.
    desktops: BTreeSet<&'p str>,
    /// Files that scripts start, to be deployed.
    started: BTreeSet<ModuleId>,
    /// Files that scripts run, other than to start what is deployed.
    scripts: BTreeSet<ModuleId>,
}

impl<'p> Packages<'p> {
    fn find(program: &'p Program, serves: &impl Fn(ModuleId) -> bool) -> Self {
        let modules = || program.module_ids().filter(|id| program.module(*id).language == Language::TypeScript);
        let mut commands: BTreeMap<&str, bool> = BTreeMap::new();
        let (mut known, mut desktops) = (BTreeSet::new(), BTreeSet::new());
        let (mut scripts, mut started) = (BTreeSet::new(), BTreeSet::new());
        for id in modules() {
            let package = program.package_of(id);
            if !known.insert(package) {
                continue;
            }
            let Some(manifest) = program.package_manifests.of(package) else { continue };
            if is_for_desktop(manifest) {
                desktops.insert(package);
            }
            if manifest.get("bin").is_some() {
                commands.insert(package, false);
            }
            for (name, line) in manifest.get("scripts").and_then(Value::as_object).into_iter().flatten() {
                let starts = name.split([':', '-', '_', '.']).next().is_some_and(|word| STARTS.contains(&word));
                let into = if starts { &mut started } else { &mut scripts };
                into.extend(files_run(program, package, line.as_str().unwrap_or_default()));
            }
        }
        // What one of several commands serves, it serves to whoever has typed it.
        for id in modules().filter(|id| serves(*id) && !is_one_of_commands(program, *id)) {
            commands.entry(program.package_of(id)).and_modify(|serving| *serving = true);
        }
        scripts.retain(|id| !started.contains(id));
        Self { commands, desktops, started, scripts }
    }

    /// Whether a module is of a package that is a command, is one of several commands, or is run by a script.
    fn runs(&self, program: &Program, id: ModuleId) -> bool {
        let is_command = self.commands.get(program.package_of(id)).is_some_and(|serving| !serving || is_one_of_commands(program, id));
        is_command || self.scripts.contains(&id)
    }
}

/// Whether a module lies where a package has its commands.
fn is_one_of_commands(program: &Program, id: ModuleId) -> bool {
    program.sources.get(program.module(id).file).directory().split('/').any(|part| matches!(part, "bin" | "cli" | "commands"))
}

/// The files that a line of a shell runs: `npm run clean && node ./scripts/seed.js --all`.
fn files_run<'a>(program: &'a Program, directory: &'a str, line: &'a str) -> impl Iterator<Item = ModuleId> + 'a {
    line.split(['&', '|', ';']).filter_map(move |command| {
        let mut words = command.split_whitespace().skip_while(|word| !RUNNERS.contains(word));
        words.next()?;
        let path = words.find(|word| !word.starts_with('-') && *word != "run")?;
        let path = path.trim_matches(['"', '\'']).trim_start_matches("./");
        let path = if directory.is_empty() { path.to_owned() } else { format!("{directory}/{path}") };
        let file = ["", ".js", ".ts", ".mjs"].iter().find_map(|end| program.sources.find(&format!("{path}{end}")))?;
        program.module_of(file)
    })
}

/// Whether a file says how a tool builds or tests the code: `vite.config.ts`.
fn is_configuration(program: &Program, id: ModuleId) -> bool {
    const TOOLS: [&str; 25] = [
        "astro",
        "babel",
        "craco",
        "cypress",
        "esbuild",
        "eslint",
        "jest",
        "karma",
        "metro",
        "next",
        "nuxt",
        "playwright",
        "postcss",
        "prettier",
        "rollup",
        "rsbuild",
        "rspack",
        "stylelint",
        "svelte",
        "tailwind",
        "tsdown",
        "tsup",
        "vite",
        "vitest",
        "webpack",
    ];
    let name = program.sources.get(program.module(id).file).name();
    name.split_once(".config.").is_some_and(|(tool, _)| TOOLS.contains(&tool.split(['.', '-']).next().unwrap_or_default()))
}

fn is_of_tests(program: &Program, id: ModuleId) -> bool {
    let imports = &program.module(id).imports;
    imports
        .iter()
        .zip(&program.links[id.0 as usize])
        .any(|(import, link)| matches!(link, Link::Library(_)) && OF_TESTS.contains(&import.module.as_str()))
}

/// Whether a module of Python reads what was typed behind its name, serves nothing, and nothing that is deployed names its file.
fn is_typed(program: &Program, id: ModuleId) -> bool {
    let module = program.module(id);
    let reads =
        |link: &Link| matches!(link, Link::Library(name) if matches!(name.split('.').next(), Some("argparse" | "optparse" | "sys")));
    if module.language != Language::Python || !program.links[id.0 as usize].iter().any(reads) {
        return false;
    }
    let resolver = Resolver::new(program);
    let is_read = |expr: ExprId| {
        matches!(module.expr(expr).kind, ExprKind::Attribute { .. } | ExprKind::Name(_))
            && matches!(resolver.entity(id, expr), Entity::Library(name) if TYPED.contains(&name.as_str()))
    };
    let name = program.sources.get(module.file).name();
    let names_it = |line: &str| line.match_indices(name).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    let starts_it = |line: &str| names_it(line) && STARTING.iter().any(|word| line.contains(word));
    let is_deployed = || {
        program.sources.iter().any(|(file, source)| {
            program.module_of(file).is_none()
                && source.text.contains(name)
                && source.text.lines().any(starts_it)
                && !lies_aside(program, source.directory())
        })
    };
    module.expr_ids().any(is_read) && !starts_server(program, id) && !is_deployed()
}

/// Whether a module of Python starts what serves: `app.run()`, `uvicorn.run(app)`, `server.serve_forever()`.
fn starts_server(program: &Program, id: ModuleId) -> bool {
    const STARTS: [&str; 7] = ["create_server", "run_app", "run_forever", "run_polling", "serve", "serve_forever", "start_server"];
    const RUN: [&str; 6] = ["app", "application", "bot", "mcp", "server", "uvicorn"];
    let module = program.module(id);
    program.calls[id.0 as usize].iter().any(|site| match module.call(site.expr).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Attribute { object, name, .. }) => {
            let runs = || matches!(module.expr(*object).kind, ExprKind::Name(of) if RUN.contains(&of.as_str()));
            STARTS.contains(&name.as_str()) || (name == "run" && runs())
        }
        Some(ExprKind::Name(name)) => STARTS.contains(&name.as_str()),
        _ => false,
    })
}
