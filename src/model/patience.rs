//! How long an outbound call may rightly take: what a limit on it has to leave room for.

use ustr::Ustr;

use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::calls::{Passed, passed};
use crate::model::program::{ModuleId, Program};
use crate::model::values;

/// How long a call may rightly take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// As long as an ordinary answer.
    Short,
    /// As long as a query, an upload, a model's answer or a program of its own.
    Long,
    /// Until something happens: the other side holds the answer back.
    Poll,
    /// As long as there is something to read.
    Stream,
    /// As long as it takes to install something, or to lay it out.
    Setup,
}

/// Keys of a request that ask the other side to hold its answer back.
const WAITS: [&str; 8] =
    ["wait", "wait_for_change", "wait_for", "longpoll", "long_poll", "poll_timeout", "timeout_sec", "wait_time_seconds"];

/// Keys of a request's body that say that answering it is work.
const WORK: [&str; 8] = ["sql", "query", "statement", "prompt", "messages", "contents", "inputs", "max_tokens"];

/// Ends of paths that models answer at.
const MODELS: [&str; 8] =
    ["/chat/completions", "/completions", "/messages", "/embeddings", ":generateContent", ":predict", "/api/generate", "/api/chat"];

/// How long a call may rightly take.
#[must_use]
pub fn of(program: &Program, id: ModuleId, name: Option<Ustr>, call: &Call) -> Patience {
    let is_process = name.and_then(|name| program.apis.row(name)).is_some_and(|row| row.is(Role::Subprocess));
    if is_process && sets_up(&command(program, id, call)) {
        return Patience::Setup;
    }
    let has_key = |argument: &str, keys: &[&str]| match passed(program, id, call, None, argument) {
        Passed::Value(module, value) => names_one_of(program, module, value, keys),
        Passed::No | Passed::Unknown => false,
    };
    let url = call.args.iter().take(2).filter_map(|arg| constant_parts(program, id, arg.value)).find(|text| text.contains("://"));
    let url = url.as_deref().unwrap_or_default();
    let path = url.split('?').next().unwrap_or_default();
    if ["params", "json", "data"].iter().any(|argument| has_key(argument, &WAITS)) || url.contains("wait_for_change=") {
        return Patience::Poll;
    }
    if program.module(id).language == Language::TypeScript {
        return of_script(program, id, call, is_process || MODELS.iter().any(|end| path.ends_with(end)));
    }
    let uploads = passed(program, id, call, None, "files") != Passed::No;
    if is_process || uploads || MODELS.iter().any(|end| path.ends_with(end)) || ["json", "data"].iter().any(|a| has_key(a, &WORK)) {
        return Patience::Long;
    }
    Patience::Short
}

/// The words that a child process is started with, as far as they are constant.
#[must_use]
pub fn command(program: &Program, id: ModuleId, call: &Call) -> String {
    let mut words = Vec::new();
    for arg in call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).take(2) {
        let (module, origin) = values::origin(program, id, arg.value);
        match &program.module(module).expr(origin).kind {
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                words.extend(items.iter().filter_map(|item| constant_parts(program, module, *item)));
            }
            _ => words.extend(constant_parts(program, module, origin)),
        }
    }
    words.join(" ")
}

/// Whether a command ends soon by itself: it asks whether a program is installed (`git --version`, `which git`) or for an address.
#[must_use]
pub fn ends_soon(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    // Look-ups of names give up by themselves, after some seconds.
    if matches!(words.first(), Some(&("dig" | "host" | "nslookup"))) {
        return true;
    }
    matches!(words[..], [.., "--version"] | [_, "-v" | "-V" | "version"] | ["which" | "where" | "type", _] | ["command", "-v", _])
}

/// Whether a command installs something, copies a repository or lays out a database.
fn sets_up(command: &str) -> bool {
    const INSTALLERS: [&str; 16] = [
        "apk",
        "apt",
        "apt-get",
        "brew",
        "bun",
        "cargo",
        "composer",
        "dnf",
        "npm",
        "pip",
        "pip3",
        "playwright",
        "pnpm",
        "poetry",
        "uv",
        "yarn",
    ];
    const STEPS: [&str; 6] = ["add", "ci", "install", "sync", "update", "upgrade"];
    const COPIERS: [&str; 3] = ["docker", "git", "podman"];
    const COPIES: [&str; 3] = ["build", "clone", "pull"];
    let words: Vec<&str> = command.split(|c: char| c.is_whitespace() || "&|;".contains(c)).filter(|word| !word.is_empty()).collect();
    let follows = |first: &[&str], then: &[&str]| {
        let at = words.iter().position(|word| first.contains(&word.rsplit('/').next().unwrap_or_default()));
        at.is_some_and(|at| words[at + 1..].iter().any(|word| then.contains(word)))
    };
    let is_laid_out = |word: &&str| ["install-db", "install_db", "initdb"].iter().any(|end| word.ends_with(end));
    follows(&INSTALLERS, &STEPS) || follows(&COPIERS, &COPIES) || words.iter().any(is_laid_out)
}

/// The same for a call of JavaScript, whose data stands in objects among its arguments.
fn of_script(program: &Program, id: ModuleId, call: &Call, is_long: bool) -> Patience {
    const DATA: [&str; 5] = ["body", "data", "json", "params", "searchParams"];
    let mut objects: Vec<(ModuleId, ExprId)> = call.args.iter().map(|arg| (id, arg.value)).collect();
    let mut is_long = is_long;
    for arg in &call.args {
        let Some((module, entries)) = values::object_literal(program, id, arg.value) else { continue };
        for entry in entries {
            let Entry::Pair { key, value } = entry else { continue };
            let Some(key) = values::text(program, module, *key) else { continue };
            if DATA.contains(&key.as_str()) {
                objects.push((module, serialized(program.module(module), *value)));
            }
            is_long |= key == "responseType" && values::text(program, module, *value).is_some_and(|text| text == "stream");
        }
    }
    let names = |keys: &[&str]| objects.iter().any(|(module, object)| names_one_of(program, *module, *object, keys));
    if names(&WAITS) {
        Patience::Poll
    } else if is_long || names(&WORK) {
        Patience::Long
    } else {
        Patience::Short
    }
}

/// What `JSON.stringify(…)` is given.
fn serialized(module: &Module, value: ExprId) -> ExprId {
    match module.call(value) {
        Some(Call { callee, args, .. }) => match (&module.expr(*callee).kind, args.first()) {
            (ExprKind::Attribute { name, .. }, Some(first)) if *name == "stringify" => first.value,
            _ => value,
        },
        None => value,
    }
}

fn names_one_of(program: &Program, id: ModuleId, value: ExprId, keys: &[&str]) -> bool {
    values::object_literal(program, id, value).is_some_and(|(module, entries)| {
        entries.iter().any(|entry| match entry {
            Entry::Pair { key, .. } => values::text(program, module, *key).is_some_and(|text| keys.contains(&text.as_str())),
            Entry::Spread(_) => false,
        })
    })
}

/// The constant parts of a text, without what is put into it.
#[must_use]
pub fn constant_parts(program: &Program, id: ModuleId, expr: ExprId) -> Option<String> {
    if let Some(text) = values::text(program, id, expr) {
        return Some(text);
    }
    let (id, expr) = values::origin(program, id, expr);
    match &program.module(id).expr(expr).kind {
        // `windows ? 'where git' : 'which git'`
        ExprKind::Conditional { then, .. } => values::text(program, id, *then),
        ExprKind::Template { parts, tag: None } => Some(
            parts
                .iter()
                .filter_map(|part| match part {
                    TemplatePart::Text(text, _) => Some(text.as_str()),
                    TemplatePart::Hole(_) => None,
                })
                .collect(),
        ),
        ExprKind::Binary { op: BinaryOp::Add, operands } => {
            Some(operands.iter().filter_map(|operand| constant_parts(program, id, *operand)).collect())
        }
        _ => None,
    }
}
