//! Deployments of shell scripts and Makefiles.

use crate::ir::deploy::Deployment;
use crate::source::FileId;

use super::builds::{self, Build};
use super::gcloud;
use super::script::{self, join};
use super::traced::Traced;
use super::variables::{Syntax, Variables};

/// The deployments of a script, in a folder.
pub(super) fn script(file: FileId, folder: &str, text: &str) -> Vec<Deployment> {
    let mut found = Found::default();
    found.add(&Traced::raw(file, text, 0), &Variables::default(), "");
    found.finish(folder)
}

/// The deployments of a Makefile: each line of a recipe is a script of its own.
pub(super) fn makefile(file: FileId, folder: &str, text: &str) -> Vec<Deployment> {
    let mut variables = Variables::default();
    let (mut recipes, mut exported) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < text.len() {
        let end = logical_line_end(text, at);
        let line = text[at..end].trim_end();
        if let Some(recipe) = line.strip_prefix('\t') {
            let command = recipe.trim_start_matches(['@', '-', '+', ' ', '\t']);
            recipes.push(Traced::raw(file, command, at + line.len() - command.len()));
        } else if let Some((_, command)) = line.split_once(';').filter(|(rule, _)| rule.contains(':') && !rule.contains('=')) {
            let command = command.trim_start_matches(['@', '-', '+', ' ', '\t']);
            recipes.push(Traced::raw(file, command, at + line.len() - command.len()));
        } else if let Some((name, value, appends)) = definition(file, line, at).or_else(|| of_target(file, line, at)) {
            if line.trim_start().starts_with("export ") {
                exported.push(name.clone());
            }
            if let (true, Some(before)) = (appends, variables.get(&name)) {
                let mut whole = before.clone();
                whole.append(&Traced::raw(file, " ", at));
                whole.append(&value);
                variables.set(name, whole);
            } else {
                variables.add(&name, value);
            }
        }
        at = end;
    }
    let mut found = Found::default();
    let mut given = Variables::default();
    for name in exported {
        if let Some(value) = variables.get(&name) {
            given.set(name, variables.fill(value, Syntax::Make));
        }
    }
    for recipe in &recipes {
        found.add(&variables.fill(recipe, Syntax::Make), &given, "");
    }
    found.finish(folder)
}

/// Where the line that begins here ends, with those that a backslash at its end makes part of it.
fn logical_line_end(text: &str, start: usize) -> usize {
    let mut end = start;
    for line in text[start..].split_inclusive('\n') {
        end += line.len();
        if !line.trim_end_matches(['\r', '\n']).ends_with('\\') {
            break;
        }
    }
    end
}

/// `target: NAME = value`, which holds for that target.
fn of_target(file: FileId, line: &str, start: usize) -> Option<(String, Traced, bool)> {
    let (target, rest) = line.split_once(':').filter(|(_, rest)| !rest.starts_with('='))?;
    let is_target = !target.is_empty() && !target.contains(['=', '#', '$']);
    if is_target { definition(file, rest, start + line.len() - rest.len()) } else { None }
}

/// `NAME := value`, and whether it is appended to what is there.
fn definition(file: FileId, line: &str, start: usize) -> Option<(String, Traced, bool)> {
    let bare = line.trim_start();
    let bare = ["export ", "override "].iter().fold(bare, |bare, word| bare.strip_prefix(word).unwrap_or(bare).trim_start());
    let at = bare.find('=')?;
    let operator = bare[..at].trim_end_matches([':', '?', '+', '!']).len();
    let name = bare[..operator].trim();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
        return None;
    }
    let value = &bare[at + 1..];
    // A comment behind it; the blanks before that would be part of the value, which nobody means.
    let value = value.find(" #").map_or(value, |end| &value[..end]);
    let offset = start + line.len() - bare.len() + at + 1;
    // Lines go on behind a backslash, as one blank.
    let value = Traced::raw(file, value, offset).split(|c| matches!(c, '\\' | '\n' | '\r' | '\t' | ' '));
    let mut joined: Option<Traced> = None;
    for part in value.into_iter().filter(|part| !part.is_empty()) {
        match &mut joined {
            None => joined = Some(part),
            Some(joined) => {
                joined.append(&Traced::raw(file, " ", offset));
                joined.append(&part);
            }
        }
    }
    let value = joined.unwrap_or_else(|| Traced::raw(file, "", offset));
    Some((name.to_owned(), value, bare[operator..at].contains('+')))
}

/// What the commands of a file deploy and build.
#[derive(Default)]
pub(super) struct Found {
    pub deployments: Vec<Deployment>,
    pub builds: Vec<Build>,
}

impl Found {
    /// Adds what a script does that is started in a folder.
    pub(super) fn add(&mut self, text: &Traced, given: &Variables, folder: &str) {
        for mut invocation in script::invocations(text, given) {
            invocation.folder = join(folder, &invocation.folder);
            self.add_invocation(&invocation, given);
        }
    }

    /// Adds what one command does.
    pub(super) fn add_invocation(&mut self, invocation: &script::Invocation, given: &Variables) {
        self.add_nested(invocation, given, 3);
    }

    /// A shell is given a script of its own: `bash -c 'gcloud run deploy …'`, with options like `-ceu` in any order.
    fn add_nested(&mut self, invocation: &script::Invocation, given: &Variables, depth: u8) {
        let words = &invocation.words;
        let is_shell = words.first().is_some_and(|word| matches!(word.text().rsplit('/').next(), Some("bash" | "sh" | "dash" | "zsh")));
        let option = words.iter().position(|word| word.starts_with("-") && !word.starts_with("--") && word.text().contains('c'));
        let script = option.and_then(|at| words[at + 1..].iter().find(|word| !word.starts_with("-")));
        if let (true, Some(script), Some(depth)) = (is_shell, script, depth.checked_sub(1)) {
            for mut inner in script::invocations(script, given) {
                inner.folder = join(&invocation.folder, &inner.folder);
                self.add_nested(&inner, given, depth);
            }
            return;
        }
        self.builds.extend(builds::of(invocation));
        if let Some(mut deployment) = gcloud::deployment(invocation) {
            deployment.contexts = deployment.contexts.iter().map(|context| join(&invocation.folder, context)).collect();
            self.deployments.push(deployment);
        }
    }

    /// The deployments, which know where their images are built.
    pub(super) fn finish(mut self, folder: &str) -> Vec<Deployment> {
        builds::tie(&mut self.deployments, &self.builds, folder);
        self.deployments
    }
}
