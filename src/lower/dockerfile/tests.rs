//! What each instruction becomes.

use super::{lower, parse};
use crate::ir::Known;
use crate::ir::image::{Command, Copy, Form, Image, Instruction, InstructionKind, Stage, Text};
use crate::source::FileId;

fn image(text: &str) -> Image {
    let image = lower(FileId(0), text);
    check_spans(&image, text);
    image
}

/// Every span lies in the text, on character boundaries; a text without quotes, escapes and continuations is its span's.
fn check_spans(image: &Image, text: &str) {
    let check = |place: &Text| {
        let written = text.get(place.span.range()).expect("on character boundaries");
        assert!(!place.runs.is_empty() || place.value.is_empty() || written == place.value, "{place:?} is {written:?}");
        for (offset, c) in place.value.char_indices().filter(|_| !written.starts_with('"')) {
            let part = place.span_of(offset..offset + c.len_utf8());
            assert_eq!(text.get(part.range()), Some(&*c.to_string()), "{place:?} at {offset}");
        }
    };
    for stage in &image.stages {
        assert!(text.get(stage.span.range()).is_some());
        check(&stage.base);
        for instruction in &stage.instructions {
            assert!(text.get(instruction.span.range()).is_some());
            match &instruction.kind {
                InstructionKind::Run(command) | InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => {
                    command.texts().for_each(check);
                }
                InstructionKind::Copy(copy) | InstructionKind::Add(copy) => {
                    let parts = copy.sources.iter().chain(&copy.destination).chain(&copy.from).chain(&copy.flags);
                    parts.chain(&copy.heredocs).for_each(check);
                }
                InstructionKind::Env(list) | InstructionKind::Arg(list) | InstructionKind::Label(list) => {
                    list.iter().flat_map(|v| std::iter::once(&v.name).chain(&v.value)).for_each(check);
                }
                InstructionKind::User { written, .. } => check(written),
                _ => {}
            }
        }
    }
}

/// The last instruction of the last stage, after a `FROM`.
fn last(text: &str) -> InstructionKind {
    let image = image(&format!("FROM a\n{text}"));
    assert!(image.errors.is_empty(), "{text}: {:?}", image.errors);
    let instructions = image.stages.into_iter().next_back().map(|stage| stage.instructions).unwrap_or_default();
    instructions.into_iter().next_back().expect("an instruction").kind
}

fn run(text: &str) -> Command {
    match last(text) {
        InstructionKind::Run(command) | InstructionKind::Cmd(command) | InstructionKind::Entrypoint(command) => command,
        other => panic!("{other:?}"),
    }
}

fn copy(text: &str) -> Copy {
    match last(text) {
        InstructionKind::Copy(copy) | InstructionKind::Add(copy) => copy,
        other => panic!("{other:?}"),
    }
}

fn values(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|text| text.value.as_str()).collect()
}

/// `shell …` or `exec a|b`.
fn form(command: &Command) -> String {
    match &command.form {
        Form::Shell(text) => format!("shell {}", text.value),
        Form::Exec(words) => format!("exec {}", values(words).join("|")),
    }
}

#[test]
fn forms() {
    let cases = [
        ("CMD node server.js", "shell node server.js"),
        ("CMD [\"node\", \"server.js\"]", "exec node|server.js"),
        ("CMD [ \"node\" ,\"server.js\" ]  ", "exec node|server.js"),
        ("CMD ['node', 'server.js']", "shell ['node', 'server.js']"),
        ("CMD [\"node\", \"server.js\"] x", "shell [\"node\", \"server.js\"] x"),
        ("CMD [node]", "shell [node]"),
        ("CMD [\"a\",]", "shell [\"a\",]"),
        ("CMD []", "exec "),
        ("CMD", "exec "),
        ("CMD [\"a\\\"b\", \"\\u00e9\"]", "exec a\"b|é"),
        ("CMD [\"a\", \\\n  \"b\"]", "exec a|b"),
        ("CMD exec a \\\n  # why\n\n  --b", "shell exec a   --b"),
        ("cmd a \\\r\n b\r\n", "shell a  b"),
        ("ENTRYPOINT a \\  \n b", "shell a  b"),
        ("ENTRYPOINT a \\\\\n", "shell a \\\\"),
        ("RUN --network=none --mount=type=cache,target=/c a --b", "shell a --b"),
        ("RUN --security=insecure [\"a\"]", "exec a"),
        ("RUN -- --a", "shell --a"),
    ];
    for (text, expected) in cases {
        assert_eq!(form(&run(text)), expected, "{text}");
    }
}

#[test]
fn escape_directive() {
    let backtick = image("# syntax=x\n#  Escape = `\nFROM a\nRUN a `\n b\nRUN c:\\\nUSER x");
    let kinds: Vec<_> = backtick.stages[0].instructions.iter().map(shell_or_user).collect();
    assert_eq!(kinds, ["a  b", "c:\\", "x"]);
    let late = image("# c\n# escape=`\nFROM a\nRUN a \\\n b\n");
    assert_eq!(shell_or_user(&late.stages[0].instructions[0]), "a  b");
    assert_eq!(parse("\n# escape=`\nFROM a").escape, '\\');
}

fn shell_or_user(instruction: &Instruction) -> String {
    match &instruction.kind {
        InstructionKind::Run(Command { form: Form::Shell(text), .. }) => text.value.clone(),
        InstructionKind::User { written, .. } => written.value.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn mounts() {
    let command = run("RUN --mount=type=cache,id=x,target=/root/.npm --mount=target=/src --mount=type=secret,dst=/s a");
    let mounts: Vec<_> = command.mounts.iter().map(|m| (m.kind.as_str(), m.target.as_deref().unwrap_or(""))).collect();
    assert_eq!(mounts, [("cache", "/root/.npm"), ("bind", "/src"), ("secret", "/s")]);
}

#[test]
fn heredocs() {
    let two = run("RUN <<A cat <<-\"B\"\nx\nA\n\ty\n\t\tz\n\tB\n");
    assert_eq!(values(&two.heredocs), ["x\n", "y\nz\n"]);
    let file = copy("COPY --chown=a <<EOF b <<'EOT' /dst/\nUSER root\nEOF\nEOF\nEOT");
    assert_eq!((values(&file.sources), values(&file.heredocs)), (vec!["b"], vec!["USER root\n", "EOF\n"]));
    assert_eq!(file.destination.map(|text| text.value).as_deref(), Some("/dst/"));
    for text in
        ["RUN a <<< b", "RUN a $((1<<2))", "RUN a \"<<EOF\"", "RUN a << b", "CMD cat <<EOF", "RUN [\"a\", \" <<EOF \"]", "RUN a<<EOF"]
    {
        let image = image(&format!("FROM a\n{text}\nUSER x"));
        assert_eq!((image.stages[0].instructions.len(), image.errors.len()), (2, 0), "{text}");
    }
    let crlf = image("FROM a\r\nRUN <<EOF\r\na\r\nEOF\r\nUSER x\r\n");
    assert_eq!(crlf.stages[0].instructions.len(), 2);
    let onbuild = image("FROM a\nONBUILD RUN <<EOF\nUSER x\nEOF\nCMD b");
    assert_eq!(onbuild.stages[0].instructions.iter().map(|i| i.on_build).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn spans() {
    let text = "FROM a AS b\n\n  RUN x \\\n  # c\n  y  \n\nCOPY <<EOF /z\nq\nEOF\nENV A=1 \\\n  'B'=\"2 3\"\nCMD é";
    let image = image(text);
    let spans: Vec<_> = image.stages[0].instructions.iter().map(|i| &text[i.span.range()]).collect();
    assert_eq!(spans, ["RUN x \\\n  # c\n  y  ", "COPY <<EOF /z\nq\nEOF", "ENV A=1 \\\n  'B'=\"2 3\"", "CMD é"]);
    assert_eq!(&text[image.stages[0].span.range()], "FROM a AS b");
    let InstructionKind::Env(env) = &image.stages[0].instructions[2].kind else { panic!() };
    let value = env[1].value.as_ref().expect("a value");
    assert_eq!((env[1].name.value.as_str(), value.value.as_str(), &text[value.span.range()]), ("B", "2 3", "\"2 3\""));
    assert_eq!(&text[value.span_of(2..3).range()], "3");
    let InstructionKind::Run(Command { form: Form::Shell(shell), .. }) = &image.stages[0].instructions[0].kind else { panic!() };
    let at = shell.value.find('y').expect("y");
    assert_eq!(&text[shell.span_of(at..at + 1).range()], "y");
    assert_eq!(&text[shell.span_of(0..at + 1).range()], "x \\\n  # c\n  y");
}

#[test]
fn copies() {
    let from = copy("COPY --from=0 --chown=1:1 a \"b\" c/");
    assert_eq!(from.from.map(|text| text.value).as_deref(), Some("0"));
    assert_eq!((values(&from.flags), values(&from.sources)), (vec!["--chown=1:1"], vec!["a", "b"]));
    assert_eq!(values(&copy("ADD [\"a b\", \"c\"]").sources), ["a b"]);
    let image = image("FROM a AS One\nFROM b AS two\nFROM c AS one\nFROM d");
    let targets = ["0", "2", "3", "ONE", "Two", "three", "nginx:1"].map(|from| image.copied_stage(3, from));
    assert_eq!(targets, [Some(0), Some(2), None, Some(2), Some(1), None, None]);
}

#[test]
fn variables_of_env_arg_and_label() {
    type Pairs = &'static [(&'static str, Option<&'static str>)];
    let cases: [(&str, Pairs); 11] = [
        (
            "ENV A=1 B=\"2 3\" C='4' D=5\\ 6 E=",
            &[("A", Some("1")), ("B", Some("2 3")), ("C", Some("4")), ("D", Some("5 6")), ("E", Some(""))],
        ),
        ("ENV A 1 \"2\"  3", &[("A", Some("1 2  3"))]),
        ("ENV A b=c", &[("A", Some("b=c"))]),
        ("ENV\tA\t1", &[("A", Some("1"))]),
        ("ENV A=1 \\\n  # c\n\n  B=2", &[("A", Some("1")), ("B", Some("2"))]),
        ("ENV A=a\"b c\"d'e f'", &[("A", Some("ab cde f"))]),
        ("ENV A=b=c", &[("A", Some("b=c"))]),
        ("ARG A B=2 C=", &[("A", None), ("B", Some("2")), ("C", Some(""))]),
        ("ARG A=\"x y\"", &[("A", Some("x y"))]),
        ("LABEL a.b=c \"d e\"=f", &[("a.b", Some("c")), ("d e", Some("f"))]),
        ("LABEL a b c", &[("a", Some("b c"))]),
    ];
    for (text, expected) in cases {
        let (InstructionKind::Env(list) | InstructionKind::Arg(list) | InstructionKind::Label(list)) = last(text) else { panic!("{text}") };
        let list: Vec<_> = list.iter().map(|v| (v.name.value.as_str(), v.value.as_ref().map(|value| value.value.as_str()))).collect();
        assert_eq!(list, expected, "{text}");
    }
}

/// What the last `USER` of the last stage (and those it is built on) resolves to; `?` for unknown.
fn user(text: &str) -> String {
    let image = image(text);
    let last = image.last_stage().expect("a stage");
    let mut users = image.lineage(last).flat_map(|stage| stage.instructions.iter().rev());
    let user = users.find_map(|i| match &i.kind {
        InstructionKind::User { resolved, .. } => Some(resolved.clone()),
        _ => None,
    });
    user.expect("a user").known().unwrap_or_else(|| "?".to_owned())
}

#[test]
fn scopes() {
    let cases = [
        ("FROM a\nUSER \"app\"", "app"),
        ("FROM a\nUSER app:app ", "app:app"),
        ("ARG U=x\nFROM a\nUSER $U", "?"),
        ("ARG U=x\nFROM a\nARG U\nUSER $U", "x"),
        ("ARG U=x\nFROM a\nARG U=y\nUSER $U", "y"),
        ("ARG U=x\nFROM a\nARG U\nFROM b\nUSER $U", "?"),
        ("ARG U\nFROM a\nARG U\nUSER $U", "?"),
        ("ARG U\nFROM a\nARG U\nUSER ${U:-d}", "d"),
        ("FROM a\nARG U=x\nENV U=y\nUSER $U", "y"),
        ("FROM a\nENV U=y\nARG U=x\nUSER $U", "y"),
        ("FROM a\nENV A=1\nENV A=2 U=$A\nUSER $U", "1"),
        ("FROM a\nARG A=1\nARG U=u$A\nUSER $U", "u1"),
        ("FROM a AS p\nENV U=y\nARG V=z\nFROM p\nUSER $U$V", "yz"),
        ("FROM a AS p\nENV U=y\nFROM p\nENV U=z\nUSER $U", "z"),
        ("FROM a AS p\nENV U=y\nFROM b\nUSER $U", "?"),
        ("FROM a\nENV U=$SEEN_NOWHERE\nUSER $U", "?"),
        ("FROM a\nENV U=$SEEN_NOWHERE\nUSER ${U:-d}", "?"),
        ("FROM a\nONBUILD ENV U=x\nUSER $U", "?"),
        ("FROM a\nENV U=x\nUSER \\$U", "$U"),
        ("FROM a AS p\nUSER x\nFROM P AS q\nFROM q", "x"),
    ];
    for (text, expected) in cases {
        assert_eq!(user(text), expected, "{text}");
    }
}

#[test]
fn bases() {
    let cases = [
        ("FROM python:3.12", Some("python:3.12"), None),
        ("from --platform=$BUILDPLATFORM python:3.12 as Base", Some("python:3.12"), None),
        ("ARG V=3.12\nFROM python:${V}-slim", Some("python:3.12-slim"), None),
        ("ARG A=1\nARG V=$A.2\nFROM python:$V", Some("python:1.2"), None),
        ("ARG V\nFROM python:$V", None, None),
        ("ARG V\nFROM python:${V:-3}", Some("python:3"), None),
        ("ARG V=\nFROM $V", None, None),
        ("FROM $NOWHERE", None, None),
        ("FROM a AS b\nARG V=x\nFROM $V", None, None),
        ("FROM a AS B\nFROM b", Some("b"), Some(0)),
        ("ARG V=b\nFROM a AS b\nFROM $V", Some("b"), Some(0)),
        ("FROM a AS b\nFROM c AS b\nFROM b", Some("b"), Some(1)),
        ("FROM alpine AS alpine", Some("alpine"), None),
        ("FROM b\nFROM a AS b", Some("a"), None),
        ("FROM \"python:3.12\"", Some("python:3.12"), None),
    ];
    for (text, resolved, parent) in cases {
        let image = image(text);
        let stage: &Stage = image.last_stage().expect("a stage");
        assert_eq!((stage.resolved.as_ref().known().map(String::as_str), stage.parent), (resolved, parent), "{text}");
        assert!(image.errors.is_empty(), "{text}");
    }
}

#[test]
fn broken_instructions_stay_alone() {
    let broken = [
        "USER",
        "RUN",
        "WORKDIR",
        "EXPOSE",
        "ENV A",
        "ENV A=1 B",
        "ARG",
        "COPY a",
        "CMD [\"a\", 1]",
        "SHELL bash",
        "HEALTHCHECK curl x",
        "FOO bar",
        "RUNecho x",
        "ONBUILD FROM x",
        "ONBUILD ONBUILD USER x",
        "{% if x %}",
        "=======",
    ];
    for text in broken {
        let whole = format!("FROM a\nWORKDIR /w\n{text}\nUSER x\nCMD b");
        let image = image(&whole);
        let errors: Vec<_> = image.errors.iter().map(|span| &whole[span.range()]).collect();
        assert_eq!(errors, [text]);
        let kinds = &image.stages[0].instructions;
        assert!(matches!(kinds[kinds.len() - 2].kind, InstructionKind::User { .. }), "{text}");
    }
    for text in ["FROM", "FROM a b", "FROM a AS", "FROM a b c d"] {
        let image = image(&format!("FROM first\n{text}\nUSER x"));
        assert_eq!((image.stages.len(), image.errors.len(), image.stages[1].instructions.len()), (2, 1, 1), "{text}");
    }
}

#[test]
fn anything_is_read() {
    assert!(image("").stages.is_empty());
    assert!(image("# escape=").stages.is_empty());
    assert_eq!(image("USER x\nARG A=1\nCMD y").preamble.len(), 2);
    assert_eq!(image("ENV K=v").preamble.len(), 1);
    for text in [
        "\\",
        "\\\n\\\n",
        "FROM",
        "FROM \\",
        "\u{0}",
        "RUN <<",
        "<<EOF",
        "FROM a\nRUN <<EOF",
        "RUN --",
        "COPY --from",
        "ENV =",
        "ENV =x",
        "USER ${",
    ] {
        image(text);
    }
    let open = "FROM a\nRUN <<EOF\nUSER x\nFROM y\n";
    let unterminated = image(open);
    assert_eq!((unterminated.stages.len(), unterminated.stages[0].instructions.len(), unterminated.errors.len()), (1, 1, 1));
    assert_eq!(&open[unterminated.errors[0].range()], "RUN <<EOF\nUSER x\nFROM y");
    let long = format!("FROM a\nRUN a \\\n{} c\nUSER x", "  b \\\n".repeat(100_000));
    assert_eq!(image(&long).stages[0].instructions.len(), 2);
    let env = format!("FROM a\nENV {}Z=1", "A=\"b\" \\\n".repeat(100_000));
    assert_eq!(image(&env).stages[0].instructions.len(), 1);
    let stages = format!("FROM a AS s\n{}", "FROM s AS s\nENV A=$B\n".repeat(50_000));
    assert_eq!(image(&stages).stages.len(), 50_001);
    // Pieces of real instructions in a fixed but arbitrary order (a linear congruential generator).
    let pieces = [
        "FROM ", "USER ", "RUN ", "<<E", "\n", "\\\n", "\"", "'", "$", "${A:-", "}", "[", "]", "é", "\r\n", "ENV ", "A=", " ", "#", "--x=",
        "COPY ", "\t",
    ];
    let mut state = 1_u64;
    for _ in 0..2_000 {
        let mut text = String::new();
        for _ in 0..40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[usize::try_from(state >> 33).unwrap_or(0) % pieces.len()]);
        }
        image(&text);
    }
}

#[test]
fn an_argument_inherits_the_global_default() {
    let image = image("ARG UID=0\nFROM a\nARG UID OTHER");
    let InstructionKind::Arg(args) = &image.stages[0].instructions[0].kind else { panic!() };
    assert_eq!((&args[0].resolved, &args[1].resolved), (&Known::Yes("0".to_owned()), &Known::Unknown));
}
