//! The fix: caches are not kept, or removed in the layer that made them.

use super::{Fix, Intent};
use crate::ir::image::{Form, Image, Instruction, InstructionKind, Stage};
use crate::model::image_steps;
use crate::model::image_users::{self, own};
use crate::model::package_caches::{Left, REMOVE_LISTS, Remedy};
use crate::model::package_tools::{self, Tool, Use};
use crate::source::{Place, Sources, Span};

/// Keeps out what a `RUN` leaves behind. What changes nothing else comes first: what is left for a look is found in the next round.
#[must_use]
pub fn fix(sources: &Sources, image: &Image, stage: &Stage, instruction: &Instruction, left: &[Left]) -> Fix {
    let safe: Vec<&Left> = left.iter().filter(|left| matches!(left.remedy, Remedy::Option(..) | Remedy::Behind(_))).collect();
    let chosen: Vec<&Left> = if safe.is_empty() { left.iter().collect() } else { safe };
    let title = title(&chosen);
    let is_given = |left: &&&Left| matches!(left.remedy, Remedy::Command(..)) && needs_development(image, stage, instruction);
    let intents: Option<Vec<Intent>> = if image.errors.is_empty() && chosen.iter().find(is_given).is_none() {
        chosen.iter().map(|left| intent(sources, image, instruction, &left.remedy)).collect()
    } else {
        None
    };
    let is_unsafe = chosen.iter().any(|left| matches!(left.remedy, Remedy::OtherPackages(..) | Remedy::Command(..)))
        || (chosen.iter().any(|left| left.remedy == Remedy::Behind(REMOVE_LISTS)) && installs_later(image, stage, instruction));
    match intents {
        Some(intents) if is_unsafe => Fix::unsafe_edit(title, intents),
        Some(intents) => Fix::safe_edit(title, intents),
        None => Fix::advice(title, shown(sources.get(image.file).slice(instruction.span), &chosen)),
    }
}

fn title(left: &[&Left]) -> String {
    let one = |left: &&Left| match left.remedy {
        Remedy::Option(_, option) | Remedy::OtherPackages(_, option) => format!("Pass `{option}`"),
        Remedy::Command(_, command) => format!("Install with `npm {command}`"),
        Remedy::Behind(command) => format!("End with `{command}`"),
        Remedy::Join => "Update, install and remove the lists in one `RUN`".to_owned(),
    };
    let mut all: Vec<String> = left.iter().map(one).collect();
    all.dedup();
    all.iter().enumerate().map(|(at, text)| if at == 0 { text.clone() } else { format!(", {}", lower(text)) }).collect()
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The command as it could be, where it cannot be edited.
fn shown(written: &str, left: &[&Left]) -> String {
    let one = |left: &&Left| match left.remedy {
        Remedy::Option(_, option) | Remedy::OtherPackages(_, option) => format!("# with {option}\n"),
        Remedy::Command(_, command) => format!("# in a stage that ships: npm {command}\n"),
        Remedy::Behind(command) => format!("# and at its end: {command}\n"),
        Remedy::Join => format!("# with `apt-get update` in this RUN, and at its end: {REMOVE_LISTS}\n"),
    };
    let notes: String = left.iter().map(one).collect();
    format!("{notes}{written}\n")
}

fn intent(sources: &Sources, image: &Image, instruction: &Instruction, remedy: &Remedy) -> Option<Intent> {
    let source = sources.get(image.file);
    let place = |span| Place { file: image.file, span };
    // In an array of JSON, bytes stand where they stand only as long as nothing is escaped.
    if let InstructionKind::Run(run) = &instruction.kind
        && matches!(run.form, Form::Exec(_))
        && source.slice(instruction.span).contains('\\')
    {
        return None;
    }
    match remedy {
        Remedy::Option(behind, option) | Remedy::OtherPackages(behind, option) => {
            let written = word(source.slice(*behind))?;
            Some(Intent::Replace { place: place(*behind), text: format!("{written} {option}") })
        }
        Remedy::Command(at, command) => {
            word(source.slice(*at))?;
            Some(Intent::Replace { place: place(*at), text: (*command).to_owned() })
        }
        Remedy::Join => None,
        Remedy::Behind(command) => {
            let InstructionKind::Run(run) = &instruction.kind else { return None };
            let Form::Shell(text) = &run.form else { return None };
            // Where a heredoc ends is not for an edit to find out.
            if !run.heredocs.is_empty() {
                return None;
            }
            let scripts = image_steps::scripts(instruction);
            let starts =
                |program: &str| scripts.iter().flat_map(|(_, script)| &script.commands).any(|command| command.program() == program);
            let sudo = if starts("sudo") { "sudo " } else { "" };
            let written = source.slice(text.span);
            let last = written.lines().next_back()?;
            // A comment would swallow it, nothing comes behind `exit`, and the operator before it has to stand alone.
            let is_commented = last.contains('#')
                && last.split('#').next().is_none_or(|before| before.is_empty() || before.ends_with(char::is_whitespace));
            if is_commented || starts("exit") || text.value.trim_end().ends_with(['&', '|', '\\']) {
                return None;
            }
            let joined = if text.value.trim_end().ends_with(';') { "" } else { "&& " };
            let lines = written.contains('\n');
            let escape =
                if source.text.lines().take(5).any(|line| line.replace(' ', "").eq_ignore_ascii_case("#escape=`")) { '`' } else { '\\' };
            let text_of = if lines {
                let indentation = if last.starts_with(char::is_whitespace) { "" } else { "    " };
                format!(" {escape}\n{indentation}{joined}{sudo}{command}")
            } else {
                format!(" {joined}{sudo}{command}")
            };
            Some(Intent::Replace { place: place(end(text.span)), text: text_of })
        }
    }
}

/// A word that is written in one piece.
fn word(written: &str) -> Option<&str> {
    (!written.is_empty() && !written.contains(['\n', '$', '"', '\''])).then_some(written)
}

fn end(span: Span) -> Span {
    Span { start: span.end, end: span.end }
}

/// Whether a later command builds something, which takes the packages that developers need.
fn needs_development(image: &Image, stage: &Stage, instruction: &Instruction) -> bool {
    let later = image.lineage(stage).flat_map(own).filter(|other| other.span.start >= instruction.span.start);
    let started = image_users::commands(image, stage).flat_map(|(_, _, command)| image_users::words(command));
    let runs_sources =
        started.into_iter().any(|word| matches!(word, "npm" | "npx" | "yarn" | "pnpm" | "ts-node" | "tsx" | "nodemon" | "vite" | "nest"));
    runs_sources
        || later.flat_map(image_steps::of).any(|step| {
            let is_build = |used: Use<'_>| matches!(used.verb.as_str(), "run" | "run-script" | "build" | "exec");
            package_tools::read(&step.command).is_some_and(is_build)
                || matches!(step.command.program(), "tsc" | "npx" | "vite" | "next" | "nest" | "webpack")
        })
}

/// Whether a later command installs packages from the lists that are removed here.
fn installs_later(image: &Image, stage: &Stage, instruction: &Instruction) -> bool {
    let later = image.lineage(stage).flat_map(own).filter(|other| other.span.start > instruction.span.start);
    later.into_iter().any(|other| {
        let steps = image_steps::of(other);
        let uses: Vec<Use<'_>> =
            steps.iter().filter_map(|step| package_tools::read(&step.command)).filter(|used| used.tool == Tool::Apt).collect();
        uses.iter().any(|used| used.verb == "install") && !uses.iter().any(|used| used.verb == "update")
    })
}
