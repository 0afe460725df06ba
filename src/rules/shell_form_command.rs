//! `shell-form-command`: a shell stands above the server and keeps the signals to itself.

use super::{Check, Context, Rule};
use crate::finding::{Confidence, Severity};
use crate::fix::image_command;
use crate::ir::image::{Command, Form, Image, Instruction, InstructionKind, Stage, Text};
use crate::ir::shell::Script;
use crate::lower::shell;
use crate::model::image_commands::{self as commands, Started};
use crate::model::{image_purpose, image_steps};
use crate::source::Place;

pub const RULE: Rule = Rule {
    id: "shell-form-command",
    severity: Severity::Low,
    page: include_str!("../../rules/shell-form-command.md"),
    checks: &[Check::Image(check)],
};

fn check(ctx: &mut Context<'_>, image: &Image) {
    let sources = &ctx.project.program.sources;
    let Some(stage) = image_purpose::judged(sources, image).filter(|stage| !commands::has_other_shell(image, stage)) else { return };
    let started = Started::of(image, stage);
    let aside = image_purpose::aside(sources, image, stage);
    let Some((instruction, shell)) = started.judged().find_map(|(instruction, command)| Some((instruction, Shell::of(command)?))) else {
        check_manager(ctx, image, stage, &started);
        return;
    };
    let word = keyword(instruction);
    let server = shell.server();
    let how = match shell.how {
        How::Form if commands::is_array_like(&shell.text.value) && shell.text.value.trim_start().starts_with("['") => {
            format!("single quotes are no JSON, so this `{word}` is in shell form")
        }
        How::Form if commands::is_array_like(&shell.text.value) => format!("this is no JSON array, so this `{word}` is in shell form"),
        How::Form => format!("`{word}` is in shell form"),
        How::Array => format!("`{word}` starts a shell without `exec`"),
    };
    let gives_way = commands::may_give_way(image, stage, &shell.script, &shell.text.value);
    let above = if started.init.is_some() { "a shell stands between the init and" } else { "a shell is PID 1, above" };
    let is_handed_on = started.is_handed_on();
    let message = if is_handed_on {
        format!("{how}: a shell stands between the init, which signals all below it, and {server}")
    } else if gives_way {
        format!("{how}: SIGTERM reaches {server} only as long as the shell of this image gives its place away by itself")
    } else {
        format!("{how}: {above} {server}, which SIGTERM then never reaches")
    };
    let is_idle = commands::last(&shell.script).is_some_and(|command| matches!(command.program(), "tail" | "sleep"));
    let (confidence, message) = match aside {
        Some(why) => (Confidence::Low, format!("{message}, {why}")),
        None if is_idle => (Confidence::Low, message),
        None if gives_way || is_handed_on => (Confidence::Medium, message),
        None => (Confidence::High, message),
    };
    let judged = (instruction, !started.has_both());
    let fix = image_command::without_shell(sources, image, judged, shell.text, &shell.script);
    ctx.report(Place { file: image.file, span: instruction.span }, confidence, message, fix).symbol =
        stage.name.clone().unwrap_or_default();
}

/// `npm start`: the manager stands above the server, and hands signals on in some versions only.
fn check_manager(ctx: &mut Context<'_>, image: &Image, stage: &Stage, started: &Started<'_>) {
    let sources = &ctx.project.program.sources;
    let Some((instruction, words)) = started.manager() else { return };
    if started.is_handed_on() {
        return;
    }
    let written: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    let message = format!(
        "`{}` puts `{}` above the server, which hands SIGTERM on in some versions only",
        written.join(" "),
        written.first().unwrap_or(&"npm")
    );
    let fix = image_command::without_manager(sources, image, instruction, &written);
    ctx.report(Place { file: image.file, span: instruction.span }, Confidence::Low, message, fix).symbol =
        stage.name.clone().unwrap_or_default();
}

/// How a shell comes to run a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// The command is no array.
    Form,
    /// `["sh", "-c", "…"]`.
    Array,
}

/// A shell that stays above what it starts.
struct Shell<'a> {
    how: How,
    text: &'a Text,
    script: Script,
}

impl<'a> Shell<'a> {
    fn of(command: &'a Command) -> Option<Self> {
        let (how, text) = match &command.form {
            Form::Shell(text) => (How::Form, text),
            Form::Exec(words) => (How::Array, commands::script_of(words)?),
        };
        let script = shell::lower(&text.value);
        let is_array = how == How::Form && commands::is_array_like(&text.value);
        (is_array || (!commands::gives_way(&script) && !commands::is_no_server(&script))).then_some(Self { how, text, script })
    }

    /// What the shell starts, for a message.
    fn server(&self) -> String {
        let last = commands::last(&self.script).filter(|_| !commands::is_array_like(&self.text.value));
        let named = |command: &crate::ir::shell::Command| {
            // A shell in a shell.
            let inner =
                image_steps::inner_script(command).and_then(|word| Some(commands::last(&shell::lower(&word.value))?.program().to_owned()));
            format!("`{}`", inner.unwrap_or_else(|| command.program().to_owned()))
        };
        last.map_or_else(|| "the server".to_owned(), named)
    }
}

fn keyword(instruction: &Instruction) -> &'static str {
    if matches!(instruction.kind, InstructionKind::Entrypoint(_)) { "ENTRYPOINT" } else { "CMD" }
}
