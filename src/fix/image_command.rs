//! The fix: a container's command without a shell above it.

use super::{Fix, Intent};
use crate::ir::image::{Form, Image, Instruction, InstructionKind, Text};
use crate::ir::shell::{Command, Script};
use crate::model::image_commands as commands;
use crate::model::image_scripts;
use crate::source::{Place, Sources, at_or_above};

/// What the shell does itself: there is no program of that name to start.
const BUILT_IN: [&str; 21] = [
    "time", "exit", "cp", "mv", "rm", "echo", "cat", "cd", "export", "source", ".", "set", "wait", "eval", "ulimit", "umask", "trap",
    "read", "test", "[", "true",
];

/// Writes a command as an array where no feature of the shell is used, and has the shell give way to it elsewhere.
#[must_use]
pub fn without_shell(sources: &Sources, image: &Image, judged: (&Instruction, bool), text: &Text, script: &Script) -> Fix {
    let (instruction, is_alone) = judged;
    let source = sources.get(image.file);
    let place = |span| Place { file: image.file, span };
    let keyword = source.slice(instruction.span).split_whitespace().next().unwrap_or("CMD").to_owned();
    if commands::is_array_like(&text.value) {
        return match of_single_quotes(&text.value) {
            Some(words) => array_fix(place(instruction.span), &keyword, &words),
            None => Fix::advice("Write it as an array of JSON", format!("{keyword} [\"program\", \"argument\"]\n")),
        };
    }
    let (is_form, command) = match &instruction.kind {
        InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => (matches!(command.form, Form::Shell(_)), Some(command)),
        _ => (true, None),
    };
    let last = commands::last(script);
    // An entry point in shell form is given no command; one in an array is.
    let is_given = matches!(instruction.kind, InstructionKind::Entrypoint(_)) && !is_alone;
    // In an array of JSON, bytes stand where they stand only as long as nothing is escaped.
    let is_escaped = !is_form && source.slice(text.span).contains('\\');
    let has_shell = image.stages.iter().flat_map(|stage| &stage.instructions).any(|i| matches!(i.kind, InstructionKind::Shell(_)));
    let is_program = |command: &Command| !BUILT_IN.contains(&command.program());
    // The kernel starts no script that does not say what reads it; the shell does.
    let is_ready = |command: &Command| {
        let script = command.words.first().is_some_and(|word| word.value.ends_with(".sh"));
        !script || command_script(sources, image, instruction).is_some_and(|file| file.starts_with("#!"))
    };
    if let Some(only) = last.filter(|only| is_form && script.is_plain && !is_given && !has_shell && is_program(only) && is_ready(only)) {
        let words: Vec<String> = only.words.iter().map(|word| word.value.clone()).collect();
        return array_fix(place(instruction.span), &keyword, &words);
    }
    let title = "Let the shell give its place to the server";
    let is_open = text.value.contains("()") || text.value.matches('"').count() % 2 == 1 || is_escaped;
    match last.filter(|last| is_program(last) && is_at_end(&text.value, last) && command.is_some() && !is_open) {
        Some(last) if !last.words.is_empty() => {
            let first = last.words[0].range.clone();
            let span = text.span_of(first);
            let written = source.slice(span);
            if written.is_empty() || written.contains(['\n', '\\']) {
                return Fix::advice(title, format!("{keyword} exec {}\n", text.value));
            }
            Fix::unsafe_edit(title, vec![Intent::Replace { place: place(span), text: format!("exec {written}") }])
        }
        _ => {
            Fix::advice("Start the server last, with `exec`, or from a script that ends with `exec \"$@\"`", format!("{keyword} exec …\n"))
        }
    }
}

/// The text of the script that a command starts, where the project has it.
fn command_script<'a>(sources: &'a Sources, image: &Image, instruction: &Instruction) -> Option<&'a str> {
    let (InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command)) = &instruction.kind else { return None };
    image_scripts::seen(sources, image, command).map(|file| &*file.text)
}

/// Whether a command is the last thing that a script does, in no pipeline and under no condition but that what came before went well.
fn is_at_end(text: &str, command: &Command) -> bool {
    let start = command.words.first().map_or(command.range.start, |word| word.range.start);
    let before = text.get(..command.range.start.min(start)).unwrap_or_default().trim_end();
    let after = text.get(command.range.end..).unwrap_or_default().trim_start();
    let begins = before.is_empty() || before.ends_with("&&") || before.ends_with(';') || before.ends_with('\n');
    let is_alone = !["if", "while", "until", "for", "case"].iter().any(|word| before.split_whitespace().any(|seen| seen == *word));
    begins
        && is_alone
        && (after.is_empty()
            || ((after.starts_with('>') || after.starts_with("2>")) && !after.contains([';', '|', '\n']) && !after.ends_with('&')))
}

fn array_fix(place: Place, keyword: &str, words: &[String]) -> Fix {
    let array: Vec<String> = words.iter().map(|word| serde_json::Value::from(word.as_str()).to_string()).collect();
    Fix::unsafe_edit(
        "Write it as an array, which starts the server without a shell",
        vec![Intent::Replace { place, text: format!("{keyword} [{}]", array.join(", ")) }],
    )
}

/// The words of an array in single quotes.
fn of_single_quotes(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    if inner.contains('"') {
        return None;
    }
    inner.split(',').map(|word| Some(word.trim().strip_prefix('\'')?.strip_suffix('\'')?.to_owned())).collect()
}

/// Advice to start the server itself rather than by a package manager.
#[must_use]
pub fn without_manager(sources: &Sources, image: &Image, instruction: &Instruction, words: &[&str]) -> Fix {
    let keyword = if matches!(instruction.kind, InstructionKind::Entrypoint(_)) { "ENTRYPOINT" } else { "CMD" };
    let script =
        words.iter().skip(1).find(|word| !word.starts_with('-') && !matches!(**word, "run" | "run-script")).copied().unwrap_or("start");
    let command = package_script(sources, image, script).and_then(|text| {
        let read = crate::lower::shell::lower(&text);
        let only = read.commands.first().filter(|_| read.is_plain)?;
        Some(only.words.iter().map(|word| serde_json::Value::from(word.value.as_str()).to_string()).collect::<Vec<_>>().join(", "))
    });
    let command = command.unwrap_or_else(|| "\"node\", \"server.js\"".to_owned());
    Fix::advice(format!("Start what the script `{script}` starts"), format!("{keyword} [{command}]\n"))
}

/// A script of the `package.json` that lies closest to a Dockerfile.
fn package_script(sources: &Sources, image: &Image, name: &str) -> Option<String> {
    at_or_above(sources.get(image.file).directory()).find_map(|folder| {
        let file = sources.get(sources.find(&image_scripts::join(folder, "package.json"))?);
        let json: serde_json::Value = serde_json::from_str(&file.text).ok()?;
        Some(json.get("scripts")?.get(name)?.as_str()?.to_owned())
    })
}
