//! What a stage does while it is built: the commands of its `RUN`s, one by one.

use std::ops::Range;

use crate::ir::image::{Form, Image, Instruction, InstructionKind, Stage, Text};
use crate::ir::shell::{Command, Script, Word};
use crate::lower::shell;
use crate::model::image_users::in_order;
use crate::source::Span;

/// A command of a `RUN`.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// The `RUN`.
    pub instruction: &'a Instruction,
    /// The script that it is part of.
    pub text: &'a Text,
    /// The program and what it is given; what only stands before it (`sudo`, `env`) is left out, and constants of the script
    /// are filled in.
    pub command: Command,
}

impl Step<'_> {
    /// Where a part of the script stands in the file.
    #[must_use]
    pub fn span_of(&self, range: Range<usize>) -> Span {
        self.text.span_of(range)
    }
}

/// Programs that run what follows them.
const BEFORE: [&str; 13] =
    ["sudo", "env", "time", "exec", "command", "nice", "nohup", "xargs", "eatmydata", "fakeroot", "timeout", "gosu", "su-exec"];

/// Of these, the ones that take a word of their own first.
const BEFORE_WITH_WORD: [&str; 3] = ["timeout", "gosu", "su-exec"];

/// Options of those that take the next word.
const BEFORE_WITH_VALUE: [&str; 7] = ["-u", "-g", "-n", "-a", "-I", "-L", "-P"];

/// The commands of an instruction, where it is a `RUN`.
#[must_use]
pub fn of(instruction: &Instruction) -> Vec<Step<'_>> {
    scripts(instruction).into_iter().flat_map(|(text, script)| steps(instruction, text, &script)).collect()
}

/// The commands of a stage and of those that it is built on, in the order in which they run.
#[must_use]
pub fn of_lineage<'a>(image: &'a Image, stage: &'a Stage) -> Vec<Step<'a>> {
    in_order(image, stage).into_iter().flat_map(of).collect()
}

/// The scripts that a `RUN` hands to a shell.
#[must_use]
pub fn scripts(instruction: &Instruction) -> Vec<(&Text, Script)> {
    let InstructionKind::Run(command) = &instruction.kind else { return Vec::new() };
    match &command.form {
        Form::Shell(text) if command.heredocs.is_empty() => vec![(text, shell::lower(&text.value))],
        // The bodies are scripts where nothing else, or a shell, reads them.
        Form::Shell(text) => {
            let reader = text.value.split("<<").next().unwrap_or_default().split_whitespace().next().unwrap_or_default();
            let is_script = reader.is_empty() || is_shell(reader);
            if !is_script {
                return vec![(text, shell::lower(&text.value))];
            }
            command.heredocs.iter().map(|body| (body, shell::lower(&body.value))).collect()
        }
        Form::Exec(words) => of_words(words).into_iter().collect(),
    }
}

/// The script of `["sh", "-c", "…"]`; the words of any other array are those of one command.
fn of_words(words: &[Text]) -> Option<(&Text, Script)> {
    let (first, rest) = words.split_first()?;
    if is_shell(&first.value) {
        let script = rest.iter().find(|word| !word.value.starts_with('-'))?;
        return Some((script, shell::lower(&script.value)));
    }
    let word = |text: &Text| Word { value: text.value.clone(), is_constant: true, range: 0..0, runs: Vec::new(), filled: Vec::new() };
    let command = Command { words: words.iter().map(word).collect(), range: 0..0 };
    Some((first, Script { commands: vec![command], ..Script::default() }))
}

/// Whether a program is a shell.
#[must_use]
pub fn is_shell(program: &str) -> bool {
    matches!(program.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash" | "zsh"))
}

fn steps<'a>(instruction: &'a Instruction, text: &'a Text, script: &Script) -> Vec<Step<'a>> {
    let filled = |command: &Command| {
        let words: Vec<Word> = command.words.iter().flat_map(|word| filled_in(word, script)).collect();
        Step { instruction, text, command: Command { words: bare(&words).to_vec(), range: command.range.clone() } }
    };
    let own = script.commands.iter().map(filled);
    own.flat_map(|step| {
        let inner = inner(instruction, text, &step.command);
        std::iter::once(step).chain(inner)
    })
    .collect()
}

/// The commands of a script that a command hands to a shell: `bash -c "…"`.
fn inner<'a>(instruction: &'a Instruction, text: &'a Text, command: &Command) -> Vec<Step<'a>> {
    let Some(word) = inner_script(command) else { return Vec::new() };
    let start = word.range.start + 1;
    // Its bytes stand there as they are, or nobody knows where.
    if text.value.get(start..start + word.value.len()) != Some(&word.value) {
        return Vec::new();
    }
    let mut script = shell::lower(&word.value);
    for command in &mut script.commands {
        command.range = command.range.start + start..command.range.end + start;
        for word in &mut command.words {
            word.range = word.range.start + start..word.range.end + start;
        }
    }
    let bare = |command: &Command| Command { words: bare(&command.words).to_vec(), range: command.range.clone() };
    script.commands.iter().map(|command| Step { instruction, text, command: bare(command) }).collect()
}

/// The script that a command hands to a shell.
#[must_use]
pub fn inner_script(command: &Command) -> Option<&Word> {
    let options = command.arguments().iter().take_while(|word| word.value.starts_with('-'));
    let at = options.into_iter().position(|word| !word.value.starts_with("--") && word.value.contains('c'));
    command.arguments().get(at.filter(|_| is_shell(command.program()))? + 1)
}

/// A word, or those that a constant of the script stands for: `apt-get install $packages`.
fn filled_in(word: &Word, script: &Script) -> Vec<Word> {
    let name = word.value.strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
    let set = name.and_then(|name| script.assignments.iter().rfind(|assignment| assignment.name == name && assignment.value.is_constant));
    let Some(set) = set else { return vec![word.clone()] };
    let part =
        |value: &str| Word { value: value.to_owned(), is_constant: true, range: word.range.clone(), runs: Vec::new(), filled: Vec::new() };
    set.value.value.split_whitespace().map(part).collect()
}

/// The words of a command without what only stands before it.
fn bare(words: &[Word]) -> &[Word] {
    let mut rest = words;
    while let Some((first, behind)) = rest.split_first() {
        let program = first.value.rsplit('/').next().unwrap_or_default();
        if !BEFORE.contains(&program) {
            break;
        }
        rest = behind;
        let takes_word = BEFORE_WITH_WORD.contains(&program);
        while let Some((word, behind)) = rest.split_first() {
            let is_option = word.value.starts_with('-');
            if !is_option && !word.value.contains('=') {
                break;
            }
            let takes = BEFORE_WITH_VALUE.contains(&word.value.as_str());
            rest = if takes { behind.get(1..).unwrap_or_default() } else { behind };
        }
        if takes_word {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::dockerfile;
    use crate::source::FileId;

    fn commands(run: &str) -> Vec<String> {
        let image = dockerfile::lower(FileId(0), &format!("FROM a\n{run}\n"));
        let steps = of(&image.stages[0].instructions[0]);
        steps.iter().map(|step| step.command.words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn commands_are_those_that_a_shell_reads() {
        for (run, expected) in [
            ("RUN sudo -E apt-get update && env A=1 pip install x", &["apt-get update", "pip install x"][..]),
            ("RUN [\"bash\", \"-ec\", \"npm ci; npm run build\"]", &["npm ci", "npm run build"]),
            ("RUN [\"pip\", \"install\", \"x\"]", &["pip install x"]),
            ("RUN <<EOF\ndeps=\"gcc make\"\napt-get install $deps\nEOF", &["apt-get install gcc make"]),
            ("RUN bash -e <<EOF\nnpm ci\nEOF", &["npm ci"]),
            ("RUN cat <<EOF > /etc/motd\npip install x\nEOF", &["cat"]),
            (
                "RUN bash -lc \"set -e && timeout 60 pip install x\"",
                &["bash -lc set -e && timeout 60 pip install x", "set -e", "pip install x"],
            ),
            ("RUN gosu app npm ci && cat <<EOF > /x\na\nEOF", &["npm ci", "cat"]),
            ("RUN xargs -a list apt-get install -y", &["apt-get install -y"]),
            ("COPY . .", &[]),
        ] {
            assert_eq!(commands(run), expected, "{run}");
        }
    }
}
