//! Scripts that containers start with: where the project has them, and whether they go on as somebody else than root.

use crate::ir::image::{Command, Copy, Image, InstructionKind};
use crate::model::image_users::{own, program, stepping_down, words};
use crate::source::{SourceFile, Sources, at_or_above};

/// Whether a command starts a script.
#[must_use]
pub fn is_script(command: &Command) -> bool {
    scripts(command).next().is_some()
}

/// The words of a command that are scripts.
fn scripts(command: &Command) -> impl Iterator<Item = &str> {
    words(command).filter(|word| {
        let name = program(word);
        let is_shell = name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "sh" | "bash"));
        is_shell || name.contains("entrypoint") || *word == "/init"
    })
}

/// The first script of a command that the project has: a `COPY` puts it where the command looks for it.
#[must_use]
pub fn seen<'a>(sources: &'a Sources, image: &Image, command: &Command) -> Option<&'a SourceFile> {
    scripts(command).find_map(|script| find(sources, image, script))
}

fn find<'a>(sources: &'a Sources, image: &Image, script: &str) -> Option<&'a SourceFile> {
    // What a stage takes from another one came into that by a copy as well.
    let copies = image.stages.iter().flat_map(own).filter_map(|instruction| match &instruction.kind {
        InstructionKind::Copy(copy) | InstructionKind::Add(copy) if copy.from.is_none() => Some(copy),
        _ => None,
    });
    let wanted: Vec<String> = copies.flat_map(|copy| origins(copy, script)).collect();
    at_or_above(sources.get(image.file).directory()).find_map(|context| {
        let at = |path: &String| sources.find(join(context, path).trim_start_matches('/'));
        wanted.iter().find_map(at).map(|id| sources.get(id))
    })
}

/// Where in its context a copy may have taken a script from.
fn origins(copy: &Copy, script: &str) -> Vec<String> {
    let name = program(script);
    let is_renamed = copy.sources.len() == 1 && copy.destination.as_ref().is_some_and(|to| program(&to.value) == name);
    let mut found = Vec::new();
    for source in &copy.sources {
        let source = plain(&source.value);
        if is_renamed || program(source) == name {
            found.push(source.to_owned());
        }
        // Of a folder: what the folder is called in the image does not matter, as long as the rest of the path fits.
        let mut rest = plain(script);
        loop {
            found.push(join(source, rest));
            match rest.split_once('/') {
                Some((_, below)) => rest = below,
                None => break,
            }
        }
    }
    found
}

/// A path without what says nothing: `./docker/` is `docker`.
#[must_use]
pub fn plain(path: &str) -> &str {
    let path = path.trim_start_matches("./").trim_matches('/');
    if path == "." { "" } else { path }
}

/// A path below a folder.
#[must_use]
pub fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// Whether a script goes on as somebody else than root with what it was started for. What it does by the way as somebody
/// else (`su postgres -c initdb`) is another thing.
#[must_use]
pub fn steps_down(script: &SourceFile) -> bool {
    let text = script.text.replace("\\\n", " ");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let commands: Vec<&str> = lines.flat_map(|line| line.split(['\n', ';'])).flat_map(|line| line.split("&&")).collect();
    let closes = |command: &&&str| !matches!(command.trim(), "fi" | "done" | "esac" | "}" | "");
    let last = commands.iter().rfind(closes).copied();
    commands.iter().any(|command| {
        let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        let is_command = |word: &&&str| !matches!(**word, "exec" | "then" | "else" | "do" | "--" | "-g") && !word.contains('=');
        let starts = words.iter().find(is_command).copied().unwrap_or_default();
        // An init in front of it hands on what it is told.
        let is_init = matches!(program(starts), "tini" | "dumb-init" | "env");
        let from = words.iter().position(|word| *word == starts).unwrap_or(0);
        let goes_on = words.contains(&"exec") || words.iter().any(|word| matches!(*word, "$@" | "$*" | "${@}")) || Some(*command) == last;
        goes_on && stepping_down(&words[from..]).is_some_and(|tool| is_init || tool == starts)
    })
}

/// Whether a script speaks of what steps down, however it does so.
#[must_use]
pub fn may_step_down(script: &SourceFile) -> bool {
    let code = script.text.lines().filter(|line| !line.trim_start().starts_with('#'));
    code.flat_map(str::split_whitespace).any(|word| stepping_down(&[word.trim_matches(['"', '\''])]).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileKind;

    #[test]
    fn scripts_that_step_down() {
        for (text, steps) in [
            ("#!/bin/sh\nset -e\nexec gosu app \"$@\"\n", true),
            ("if [ \"$(id -u)\" = 0 ]; then exec su-exec app \"$0\" \"$@\"; fi\nexec \"$@\"\n", true),
            ("exec setpriv --reuid=$PUID --regid=$PGID --init-groups $@\n", true),
            ("exec tini -- gosu app node main.js\n", true),
            ("case \"$1\" in\n  api)\n    su -s /bin/sh app -c 'node main.js'\n    ;;\nesac\n", true),
            ("mkdir -p /data\nsu - app -c \\\n  'node main.js'\n", true),
            ("chroot --userspec=app / \"$@\"\n", true),
            ("su postgres -c initdb\nexec node main.js\n", false),
            ("# exec gosu app \"$@\"\nexec \"$@\"\n", false),
            ("exec gosu root \"$@\"\n", false),
            ("command -v gosu && echo $@\nexec \"$@\"\n", false),
            ("echo gosu \"$@\"\nexec \"$@\"\n", false),
        ] {
            assert_eq!(steps_down(&SourceFile::new("run.sh", FileKind::Manifest, text)), steps, "{text}");
        }
    }
}
