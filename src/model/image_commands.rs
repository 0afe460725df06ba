//! What a container starts, and what stands above it: a shell, an init, a package manager.

use crate::ir::image::{Command, Form, Image, Instruction, InstructionKind, Stage, Text};
use crate::ir::shell::{self, Script};
use crate::model::image_steps::is_shell;
use crate::model::image_users::{commands, own, program};
use crate::model::images::{Base, UserTool};

/// Inits: they hand signals on, and collect what has ended.
const INITS: [&str; 6] = ["tini", "tini-static", "dumb-init", "catatonit", "pid1", "s6-svscan"];

/// Commands that are no server: they wait for somebody who types, or say something and end.
const NO_SERVERS: [&str; 12] = ["sh", "bash", "ash", "dash", "zsh", "fish", "echo", "true", "false", "cat", "ls", "exit"];

/// What a container of a stage starts.
#[derive(Debug)]
pub struct Started<'a> {
    entrypoint: Option<(&'a Instruction, &'a Command)>,
    command: Option<(&'a Instruction, &'a Command)>,
    /// The init that is the container's first process.
    pub init: Option<&'a str>,
}

impl<'a> Started<'a> {
    /// Reads the last `ENTRYPOINT` and `CMD`.
    #[must_use]
    pub fn of(image: &'a Image, stage: &'a Stage) -> Self {
        let (mut entrypoint, mut command) = (None, None);
        let depth = |stage: &Stage| image.lineage(stage).count();
        let mut entry_depth = 0;
        for (at, instruction, started) in commands(image, stage) {
            if matches!(instruction.kind, InstructionKind::Entrypoint(_)) {
                entrypoint = Some((instruction, started));
                entry_depth = depth(at);
            } else if depth(at) >= entry_depth {
                // An entry point takes away the command of the images below.
                command = Some((instruction, started));
            }
        }
        let first = entrypoint.or(command);
        let init = first.and_then(|(_, first)| match &first.form {
            Form::Exec(words) => words.first().map(|word| program(&word.value)).filter(|init| INITS.contains(init)),
            Form::Shell(_) => None,
        });
        Self { entrypoint, command, init }
    }

    /// What may put a shell above the server: a shell-form entry point runs alone, any other is given the command.
    pub fn judged(&self) -> impl Iterator<Item = (&'a Instruction, &'a Command)> {
        let alone = self.entrypoint.is_some_and(|(_, command)| matches!(command.form, Form::Shell(_)));
        self.entrypoint.into_iter().chain(self.command.filter(|_| !alone))
    }

    /// Whether there are both an entry point and a command.
    #[must_use]
    pub fn has_both(&self) -> bool {
        self.entrypoint.is_some() && self.command.is_some()
    }

    /// The words of a package manager's command that starts a script of the project: `npm start`.
    #[must_use]
    pub fn manager(&self) -> Option<(&'a Instruction, &'a [Text])> {
        let (instruction, command) = self.command.or(self.entrypoint)?;
        let Form::Exec(words) = &command.form else { return None };
        let at = words.iter().position(|word| matches!(program(&word.value), "npm" | "yarn" | "pnpm"))?;
        let is_below_init = words[..at].iter().all(|word| INITS.contains(&program(&word.value)) || word.value.starts_with('-'));
        let rest: Vec<&str> = words[at + 1..].iter().map(|word| word.value.as_str()).filter(|word| !word.starts_with('-')).collect();
        let starts = matches!(rest.as_slice(), ["start" | "serve" | "run" | "run-script", ..]) || rest.len() == 1;
        (is_below_init && starts).then_some((instruction, &words[at..]))
    }

    /// Whether the init hands signals to all below it, not to its child alone.
    #[must_use]
    pub fn is_handed_on(&self) -> bool {
        let words = self.entrypoint.or(self.command).map(|(_, command)| &command.form);
        match (self.init, words) {
            (Some("dumb-init"), _) => true,
            (Some(_), Some(Form::Exec(words))) => words.iter().any(|word| word.value == "-g"),
            _ => false,
        }
    }
}

/// The script of `["sh", "-c", "…"]`, an init before it or not.
#[must_use]
pub fn script_of(words: &[Text]) -> Option<&Text> {
    let is_before = |word: &Text| INITS.contains(&program(&word.value)) || program(&word.value) == "env" || word.value.starts_with('-');
    let at = words.iter().position(|word| !is_before(word))?;
    let (shell, rest) = words[at..].split_first()?;
    if !is_shell(&shell.value) {
        return None;
    }
    // `-c` alone, or among others: `-lc`, `-ec`.
    let mut options = rest.iter().take_while(|word| word.value.starts_with('-'));
    let option = options.position(|word| !word.value.starts_with("--") && word.value.contains('c'))?;
    rest.get(option + 1)
}

/// Whether the shell gives its place to what it starts last, or hands signals on itself.
#[must_use]
pub fn gives_way(script: &Script) -> bool {
    last(script).is_some_and(|command| command.words.first().is_some_and(|word| word.value == "exec"))
        || script.commands.iter().any(|command| command.program() == "trap")
}

/// What a script does last: what a substitution runs comes before the command that it is part of.
#[must_use]
pub fn last(script: &Script) -> Option<&shell::Command> {
    let is_inside = |command: &&shell::Command| {
        let within = |other: &shell::Command| {
            other.range != command.range && other.range.start <= command.range.start && command.range.end <= other.range.end
        };
        script.commands.iter().any(within)
    };
    script.commands.iter().rev().find(|command| !is_inside(command))
}

/// Whether the shell of an image may give its place to the last command unasked, as that of `BusyBox` and bash do where
/// nothing is left to do behind it. That of Debian and Ubuntu stays.
#[must_use]
pub fn may_give_way(image: &Image, stage: &Stage, script: &Script, text: &str) -> bool {
    let base = Base::of(image, stage);
    let is_bash = image.lineage(stage).flat_map(own).any(|instruction| match &instruction.kind {
        InstructionKind::Shell(words) => words.first().is_some_and(|word| program(&word.value) == "bash"),
        _ => false,
    });
    let is_small = base.facts.user_tool == Some(UserTool::Adduser)
        || ["ubi", "rhel", "fedora", "centos", "almalinux", "rockylinux"].iter().any(|name| base.name.contains(name));
    let is_chain = !text.contains(['|', ';', '\n'])
        && last(script).is_some_and(|last| text.get(last.range.end..).is_some_and(|rest| rest.trim().is_empty()));
    (is_bash || is_small) && is_chain && !is_array_like(text)
}

/// Whether a text looks like an array: `[` alone is a test of the shell.
#[must_use]
pub fn is_array_like(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('[') && text.ends_with(']') && !text.starts_with("[ -")
}

/// Whether what a shell starts serves nothing.
#[must_use]
pub fn is_no_server(script: &Script) -> bool {
    last(script).is_none_or(|command| {
        // `bash start.sh` runs a script.
        let is_prompt = command.arguments().is_empty() && matches!(command.program(), "python" | "python3" | "node" | "irb" | "psql");
        is_prompt
            || NO_SERVERS.contains(&command.program())
                && !command.arguments().iter().any(|word| !word.value.starts_with('-') && is_shell(command.program()))
    })
}

/// Whether `SHELL` names something else than a shell of Unix.
#[must_use]
pub fn has_other_shell(image: &Image, stage: &Stage) -> bool {
    image.lineage(stage).flat_map(own).any(|instruction| match &instruction.kind {
        InstructionKind::Shell(words) => words.first().is_some_and(|word| {
            let name = program(&word.value).to_ascii_lowercase();
            name.starts_with("powershell") || name.starts_with("pwsh") || name.starts_with("cmd")
        }),
        _ => false,
    })
}
