//! What a container starts, and what stands above it: a shell, an init, a package manager.

use crate::ir::image::{Command, Form, Image, Instruction, InstructionKind, Stage, Text};
use crate::ir::shell::{self, Script};
use crate::model::image_steps::is_shell;
use crate::model::image_users::{commands, own};
use crate::model::images::{Base, UserTool};

/// Inits: they hand signals on, and collect what has ended.
const INITS: [&str; 6] = ["tini", "tini-static", "dumb-init", "catatonit", "pid1", "s6-svscan"];

/// Commands that are no server: they wait for somebody who types, or say something and end.
const NO_SERVERS: [&str; 12] = ["sh", "bash", "ash", "dash", "zsh", "fish", "echo", "true", "false", "cat", "ls", "date"];

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
            Form::Exec(words) => words.first().map(|word| base_name(&word.value)).filter(|program| INITS.contains(program)),
            Form::Shell(_) => None,
        });
        Self { entrypoint, command, init }
    }

    /// What may put a shell above the server: a shell-form entry point runs alone, any other is given the command.
    pub fn judged(&self) -> impl Iterator<Item = (&'a Instruction, &'a Command)> {
        let alone = self.entrypoint.is_some_and(|(_, command)| matches!(command.form, Form::Shell(_)));
        self.entrypoint.into_iter().chain(self.command.filter(|_| !alone))
    }

    /// The words of a package manager's command that starts a script of the project: `npm start`.
    #[must_use]
    pub fn manager(&self) -> Option<(&'a Instruction, &'a [Text])> {
        let (instruction, command) = self.command.or(self.entrypoint)?;
        let Form::Exec(words) = &command.form else { return None };
        let at = words.iter().position(|word| matches!(base_name(&word.value), "npm" | "yarn" | "pnpm"))?;
        let is_below_init = words[..at].iter().all(|word| INITS.contains(&base_name(&word.value)) || word.value.starts_with('-'));
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
    let at = words.iter().position(|word| !INITS.contains(&base_name(&word.value)) && word.value != "--")?;
    let (shell, rest) = words[at..].split_first()?;
    if !is_shell(&shell.value) {
        return None;
    }
    // `-c` alone, or among others: `-lc`, `-ec`.
    let option = rest.iter().position(|word| word.value.starts_with('-') && !word.value.starts_with("--") && word.value.contains('c'))?;
    rest.get(option + 1)
}

/// Whether the shell gives its place to what it starts last, or hands signals on itself.
#[must_use]
pub fn gives_way(script: &Script) -> bool {
    let last = script.commands.last();
    last.is_some_and(|command| command.words.first().is_some_and(|word| word.value == "exec"))
        || script.commands.iter().any(|command| command.program() == "trap")
}

/// The script that a command hands to a shell: `sh -c "…"`.
#[must_use]
pub fn inner_script(command: &shell::Command) -> Option<&str> {
    let is_option = |word: &&shell::Word| word.value.starts_with('-') && word.value.contains('c');
    let at = command.arguments().iter().position(|word| is_option(&word)).filter(|_| is_shell(command.program()))?;
    command.arguments().get(at + 1).map(|word| word.value.as_str())
}

/// Whether the shell of an image may give its place to the last command unasked, as that of `BusyBox` and bash do where
/// nothing is left to do behind it. That of Debian and Ubuntu stays.
#[must_use]
pub fn may_give_way(image: &Image, stage: &Stage, script: &Script, text: &str) -> bool {
    let base = Base::of(image, stage);
    let is_bash = image.lineage(stage).flat_map(own).any(|instruction| match &instruction.kind {
        InstructionKind::Shell(words) => words.first().is_some_and(|word| base_name(&word.value) == "bash"),
        _ => false,
    });
    let is_small = base.facts.user_tool == Some(UserTool::Adduser)
        || ["ubi", "rhel", "fedora", "centos", "almalinux", "rockylinux"].iter().any(|name| base.name.contains(name));
    let is_chain = !text.contains(['|', ';', '\n'])
        && script.commands.last().is_some_and(|last| text[last.range.end.min(text.len())..].trim().is_empty());
    (is_bash || is_small) && is_chain && !text.trim_start().starts_with('[')
}

/// Whether what a shell starts serves nothing.
#[must_use]
pub fn is_no_server(script: &Script) -> bool {
    script.commands.last().is_none_or(|command| {
        // `bash start.sh` runs a script.
        NO_SERVERS.contains(&command.program())
            && !command.arguments().iter().any(|word| !word.value.starts_with('-') && is_shell(command.program()))
    })
}

/// Whether `SHELL` names something else than a shell of Unix.
#[must_use]
pub fn has_other_shell(image: &Image, stage: &Stage) -> bool {
    image.lineage(stage).flat_map(own).any(|instruction| match &instruction.kind {
        InstructionKind::Shell(words) => words.first().is_some_and(|word| {
            let program = base_name(&word.value).to_ascii_lowercase();
            program.starts_with("powershell") || program.starts_with("pwsh") || program.starts_with("cmd")
        }),
        _ => false,
    })
}

/// The name of a program without its folder.
fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}
