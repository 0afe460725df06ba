//! Two other readers of Dockerfiles over the same corpus: what they see differently is named here, and nothing else may differ.

use std::path::Path;

use parse_dockerfile as other;

use super::lower;
use crate::ir::image::{Form, Image, Instruction, InstructionKind, Text};
use crate::source::FileId;

/// Files that parse-dockerfile reads differently, and why we do not.
const SEEN_DIFFERENTLY_BY_PARSE_DOCKERFILE: &[(&str, &str)] = &[
    ("empty-values.Dockerfile", "it refuses `ENTRYPOINT []`, which unsets the base's"),
    ("escapes.Dockerfile", "it continues a line that ends in two backslashes; the first escapes the second"),
    ("heredocs.Dockerfile", "it sees no here-document behind a command's words, and reads Python's `from` as an instruction"),
];

/// Files whose instructions the tree-sitter grammar cuts elsewhere, and why Docker does not.
const CUT_DIFFERENTLY_BY_TREE_SITTER: &[(&str, &str)] = &[
    ("continued-comments.Dockerfile", "a blank line between continued lines is skipped, not an end"),
    ("empty-values.Dockerfile", "`CMD []` is allowed"),
    ("escapes.Dockerfile", "a quoted path holds blanks"),
    ("heredoc-lookalikes.Dockerfile", "`<<<` and `$((1<<4))` are no here-documents"),
    ("long-run.Dockerfile", "`[` at the start of a continued line is no JSON"),
    ("mounts.Dockerfile", "a flag may be continued without a blank before the escape"),
    ("no-final-newline.Dockerfile", "a comment may end the file inside a continued line"),
    ("quoted-user.Dockerfile", "a user may be quoted, and `${X:+y}` may stand for it"),
    ("split-keywords.Dockerfile", "a keyword may be split over lines"),
];

/// The Dockerfiles of the sources, or those of the folder that `ROADWORTHY_DOCKERFILES` names.
fn corpus() -> Vec<(String, String)> {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dockerfiles");
    let folder = std::env::var_os("ROADWORTHY_DOCKERFILES").map_or_else(own, Into::into);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the corpus is part of the sources")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned())
        })
        .collect();
    files.sort();
    files
}

/// All instructions in order, `FROM` among them, as (first byte, description).
fn ours(image: &Image) -> Vec<(usize, String)> {
    // An `ARG` before the first `FROM` has the place of its name only, and so have the others here.
    let args = image.args.iter().map(|arg| (arg.name.span.start as usize, String::from("arg")));
    let stages = image.stages.iter().flat_map(|stage| {
        let name = stage.name.as_ref().map(|name| format!(" as {name}")).unwrap_or_default();
        let from = (stage.span.start as usize, format!("from {}{name}", stage.base.value));
        let place = |i: &Instruction| match &i.kind {
            InstructionKind::Arg(args) if !i.on_build => args[0].name.span,
            _ => i.span,
        };
        std::iter::once(from).chain(stage.instructions.iter().map(move |i| (place(i).start as usize, describe(i))))
    });
    args.chain(stages).collect()
}

fn values(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|text| text.value.as_str()).collect()
}

fn describe(instruction: &Instruction) -> String {
    let form = |form: &Form| match form {
        Form::Exec(words) => format!("exec {:?}", values(words)),
        Form::Shell(text) => format!("shell {}", text.value.split_whitespace().collect::<Vec<_>>().join(" ")),
    };
    let prefix = if instruction.on_build { "onbuild " } else { "" };
    let rest = match &instruction.kind {
        InstructionKind::Run(command) => format!("run {} {:?}", form(&command.form), values(&command.heredocs)),
        InstructionKind::Cmd(command) => format!("cmd {}", form(&command.form)),
        InstructionKind::Entrypoint(command) => format!("entrypoint {}", form(&command.form)),
        InstructionKind::Copy(copy) | InstructionKind::Add(copy) => {
            let to = copy.destination.as_ref().map_or("", |text| text.value.as_str());
            format!("copy {:?} {:?} {to}", values(&copy.sources), values(&copy.heredocs))
        }
        InstructionKind::Env(_) => "env".to_owned(),
        InstructionKind::Arg(_) => "arg".to_owned(),
        InstructionKind::User { .. } => "user".to_owned(),
        InstructionKind::Workdir(_) => "workdir".to_owned(),
        InstructionKind::Expose(ports) => format!("expose {:?}", values(ports)),
        InstructionKind::Label(_) => "label".to_owned(),
        InstructionKind::Healthcheck(None) => "healthcheck none".to_owned(),
        InstructionKind::Healthcheck(Some(command)) => format!("healthcheck {}", form(&command.form)),
        InstructionKind::Shell(words) => format!("shell {:?}", values(words)),
        InstructionKind::StopSignal(signal) => format!("stopsignal {}", signal.value),
        InstructionKind::Volume(paths) => format!("volume {:?}", values(paths)),
        InstructionKind::Maintainer => "maintainer".to_owned(),
        InstructionKind::Unknown(keyword) => format!("unknown {keyword}"),
    };
    format!("{prefix}{rest}")
}

/// The same from parse-dockerfile's types. It leaves continuations in shell commands and quotes in words; both are removed here.
fn theirs(instruction: &other::Instruction<'_>, escape: char) -> (usize, String) {
    let plain = |text: &str| text.replace(['"', '\''], "");
    let shell = |text: &str| {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let joined: Vec<_> = lines.map(|line| line.trim_end().strip_suffix(escape).unwrap_or(line)).collect();
        joined.concat().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let words = |words: &mut dyn Iterator<Item = String>| format!("{:?}", words.collect::<Vec<_>>());
    let command = |command: &other::Command<'_>| match command {
        other::Command::Exec(exec) => format!("exec {}", words(&mut exec.value.iter().map(|word| word.value.to_string()))),
        other::Command::Shell(text) => format!("shell {}", shell(text.value)),
        _ => String::from("new form"),
    };
    let list = |list: &mut dyn Iterator<Item = &other::UnescapedString<'_>>| words(&mut list.map(|word| plain(&word.value)));
    let copy = |sources: &[other::Source<'_>], destination: &other::UnescapedString<'_>| {
        let (mut paths, mut heredocs) = (Vec::new(), Vec::new());
        for source in sources {
            match source {
                other::Source::Path(path) => paths.push(plain(&path.value)),
                other::Source::HereDoc(heredoc) => heredocs.push(heredoc.value.to_string()),
                _ => {}
            }
        }
        format!("copy {paths:?} {heredocs:?} {}", plain(&destination.value))
    };
    let array = |array: &other::JsonOrStringArray<'_, 1>| match array {
        other::JsonOrStringArray::Json(json) => list(&mut json.value.iter()),
        other::JsonOrStringArray::String(strings) => list(&mut strings.iter()),
    };
    match instruction {
        other::Instruction::From(i) => {
            let name = i.as_.as_ref().map(|(_, name)| format!(" as {}", name.value.to_lowercase())).unwrap_or_default();
            (i.from.span.start, format!("from {}{name}", i.image.value))
        }
        other::Instruction::Run(i) => {
            let heredocs = words(&mut i.here_docs.iter().map(|heredoc| heredoc.value.to_string()));
            (i.run.span.start, format!("run {} {heredocs}", command(&i.arguments)))
        }
        other::Instruction::Cmd(i) => (i.cmd.span.start, format!("cmd {}", command(&i.arguments))),
        other::Instruction::Entrypoint(i) => (i.entrypoint.span.start, format!("entrypoint {}", command(&i.arguments))),
        other::Instruction::Copy(i) => (i.copy.span.start, copy(&i.src, &i.dest)),
        other::Instruction::Add(i) => (i.add.span.start, copy(&i.src, &i.dest)),
        other::Instruction::Env(i) => (i.env.span.start, "env".to_owned()),
        other::Instruction::Arg(i) => (i.arguments.span.start, "arg".to_owned()),
        other::Instruction::User(i) => (i.user.span.start, "user".to_owned()),
        other::Instruction::Workdir(i) => (i.workdir.span.start, "workdir".to_owned()),
        other::Instruction::Expose(i) => (i.expose.span.start, format!("expose {}", list(&mut i.arguments.iter()))),
        other::Instruction::Label(i) => (i.label.span.start, "label".to_owned()),
        other::Instruction::Healthcheck(i) => (
            i.healthcheck.span.start,
            match &i.arguments {
                other::HealthcheckArguments::Cmd { arguments, .. } => format!("healthcheck {}", command(arguments)),
                _ => "healthcheck none".to_owned(),
            },
        ),
        other::Instruction::Shell(i) => {
            (i.shell.span.start, format!("shell {}", words(&mut i.arguments.iter().map(|word| word.value.to_string()))))
        }
        other::Instruction::Stopsignal(i) => (i.stopsignal.span.start, format!("stopsignal {}", i.arguments.value)),
        other::Instruction::Volume(i) => (i.volume.span.start, format!("volume {}", array(&i.arguments))),
        other::Instruction::Maintainer(i) => (i.maintainer.span.start, "maintainer".to_owned()),
        other::Instruction::Onbuild(i) => (i.onbuild.span.start, format!("onbuild {}", theirs(&i.instruction, escape).1)),
        _ => (0, String::from("new instruction")),
    }
}

/// Compares over the corpus; `difference` says what differs in a file, if anything does.
fn compare(excuses: &[(&str, &str)], mut difference: impl FnMut(&str) -> Option<String>) {
    let mut surprises = Vec::new();
    for (name, text) in corpus() {
        let known = excuses.iter().any(|(file, _)| *file == name);
        match difference(&text) {
            Some(difference) if !known => surprises.push(format!("{name}: {difference}")),
            None if known => surprises.push(format!("{name} is read alike by now: drop its excuse")),
            _ => {}
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[test]
fn docker_refuses_nothing_in_the_corpus() {
    for (name, text) in corpus() {
        let image = lower(FileId(0), &text);
        let errors: Vec<_> = image.errors.iter().map(|span| &text[span.range()]).collect();
        assert!(errors.is_empty() && image.preamble.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn parse_dockerfile_sees_the_same_instructions() {
    compare(SEEN_DIFFERENTLY_BY_PARSE_DOCKERFILE, |text| {
        let file = match other::parse(text) {
            Ok(file) => file,
            Err(error) => return Some(error.to_string()),
        };
        let escape = file.parser_directives.escape.as_ref().map_or('\\', |directive| directive.value.value);
        let ours = ours(&lower(FileId(0), text));
        let theirs: Vec<_> = file.instructions.iter().map(|i| theirs(i, escape)).collect();
        let differs = |(ours, theirs): (&(usize, String), &(usize, String))| ours != theirs;
        let first = ours.iter().zip(&theirs).position(differs).or((ours.len() != theirs.len()).then_some(ours.len().min(theirs.len())))?;
        Some(format!("\n  ours   {:?}\n  theirs {:?}", ours.get(first), theirs.get(first)))
    });
}

#[test]
fn tree_sitter_cuts_at_the_same_places() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_containerfile::LANGUAGE.into()).expect("the grammar fits");
    compare(CUT_DIFFERENTLY_BY_TREE_SITTER, |text| {
        let tree = parser.parse(text, None).expect("no time limit is set");
        let root = tree.root_node();
        let mut cursor = root.walk();
        let instructions = root.children(&mut cursor).filter(|node| node.kind().ends_with("_instruction") || node.is_error());
        let theirs: Vec<_> = instructions.map(|node| node.start_byte()).collect();
        let ours: Vec<_> = super::parse(text).statements.iter().map(|statement| statement.span.start as usize).collect();
        (ours != theirs || root.has_error()).then(|| format!("{ours:?} {theirs:?}"))
    });
}
