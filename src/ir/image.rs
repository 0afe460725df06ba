//! A Dockerfile as stages and instructions.

use std::ops::Range;

use super::Known;
use crate::source::{FileId, Span};

/// A piece of text with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// The text as written, quotes and continuations removed.
    pub value: String,
    /// Where it stands, quotes and continuations included.
    pub span: Span,
    /// Where the value's bytes stand, in order; empty where the value is the text of the span, byte for byte (or empty itself).
    pub runs: Vec<Run>,
}

/// Bytes that stand one after the other in the file, up to the next run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// First byte in the value.
    pub value: u32,
    /// The same byte in the file.
    pub source: u32,
}

impl Text {
    /// A text that is its span's text, byte for byte.
    #[must_use]
    pub fn verbatim(value: &str, span: Span) -> Self {
        Self { value: value.to_owned(), span, runs: Vec::new() }
    }

    /// Where a part of the value stands: what an edit of a word in a continued `RUN` is made with.
    #[must_use]
    pub fn span_of(&self, part: Range<usize>) -> Span {
        span_of(&self.runs, self.span.start, part)
    }
}

/// The span of a range of bytes that are laid out by `runs`, or follow `start` where there are none.
pub(crate) fn span_of(runs: &[Run], start: u32, part: Range<usize>) -> Span {
    let locate = |byte: usize| {
        let run = runs.partition_point(|run| run.value as usize <= byte).checked_sub(1).map(|index| runs[index]);
        let run = run.unwrap_or(Run { value: 0, source: start });
        run.source as usize + byte - run.value as usize
    };
    let first = locate(part.start);
    // The last byte is located, not the one after it: that may stand behind a continuation.
    if part.end > part.start { Span::new(first, locate(part.end - 1) + 1) } else { Span::new(first, first) }
}

/// One Dockerfile.
#[derive(Clone, Debug)]
pub struct Image {
    /// The file.
    pub file: FileId,
    /// `ARG`s before the first `FROM`, with their defaults.
    pub args: Vec<Variable>,
    /// Build stages in order; the last is the one that ships.
    pub stages: Vec<Stage>,
    /// Instructions before the first `FROM` other than `ARG` (an error to Docker), kept so that secrets in them are seen.
    pub preamble: Vec<Instruction>,
    /// Instructions that Docker would refuse, by place: unknown keywords, missing arguments, here-documents without an end.
    pub errors: Vec<Span>,
}

/// A build stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The `FROM` instruction.
    pub span: Span,
    /// `AS name`, lower-cased.
    pub name: Option<String>,
    /// The image reference as written.
    pub base: Text,
    /// The reference with `ARG` defaults put in; unknown where an argument has no default.
    pub resolved: Known<String>,
    /// Index of the earlier stage that `FROM` names, if it names one.
    pub parent: Option<usize>,
    /// `--platform=` as written.
    pub platform: Option<String>,
    /// What follows the `FROM`.
    pub instructions: Vec<Instruction>,
}

/// An instruction other than `FROM`.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// Keyword to the end of its last line (a heredoc's end included), without the line break.
    pub span: Span,
    /// What it does.
    pub kind: InstructionKind,
    /// Behind `ONBUILD`: it runs in images built on this one.
    pub on_build: bool,
}

/// The instruction's meaning.
#[derive(Clone, Debug)]
pub enum InstructionKind {
    /// `RUN`.
    Run(Command),
    /// `CMD`.
    Cmd(Command),
    /// `ENTRYPOINT`.
    Entrypoint(Command),
    /// `COPY`.
    Copy(Copy),
    /// `ADD`.
    Add(Copy),
    /// `ENV`, both forms.
    Env(Vec<Variable>),
    /// `ARG`.
    Arg(Vec<Variable>),
    /// `USER`: user and group as written, and with variables put in.
    User {
        /// As written.
        written: Text,
        /// With `ARG`/`ENV` values put in; unknown where one has no value.
        resolved: Known<String>,
    },
    /// `WORKDIR`.
    Workdir(Text),
    /// `EXPOSE`: ports as written.
    Expose(Vec<Text>),
    /// `LABEL`.
    Label(Vec<Variable>),
    /// `HEALTHCHECK`; `None` for `HEALTHCHECK NONE`.
    Healthcheck(Option<Command>),
    /// `SHELL`.
    Shell(Vec<Text>),
    /// `STOPSIGNAL`.
    StopSignal(Text),
    /// `VOLUME`.
    Volume(Vec<Text>),
    /// `MAINTAINER`.
    Maintainer,
    /// A keyword nobody knows, in lower case; judged by nothing.
    Unknown(String),
}

/// `NAME=value` in `ENV`, `ARG` or `LABEL`.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The name.
    pub name: Text,
    /// The value, quotes removed; `None` for an `ARG` without a default.
    pub value: Option<Text>,
    /// The value with variables put in; unknown where one has no value, and for an `ARG` without a default (its own, or that of
    /// the global `ARG` of its name).
    pub resolved: Known<String>,
}

/// What `RUN`, `CMD` and `ENTRYPOINT` run.
#[derive(Clone, Debug)]
pub struct Command {
    /// Shell or exec form.
    pub form: Form,
    /// `--mount=` flags of `RUN`.
    pub mounts: Vec<Mount>,
    /// Bodies of heredocs.
    pub heredocs: Vec<Text>,
}

/// The two forms of a command.
#[derive(Clone, Debug)]
pub enum Form {
    /// A shell command line: continuations joined, comment lines between them removed.
    Shell(Text),
    /// A JSON array.
    Exec(Vec<Text>),
}

impl Command {
    /// The words of an exec form, or the shell line as one text; heredoc bodies follow.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        let own: &[Text] = match &self.form {
            Form::Shell(text) => std::slice::from_ref(text),
            Form::Exec(words) => words,
        };
        own.iter().chain(&self.heredocs)
    }
}

/// `--mount=type=…,target=…`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mount {
    /// `type=`; `bind` when not given.
    pub kind: String,
    /// `target=`/`dst=`/`destination=`.
    pub target: Option<String>,
}

/// `COPY` or `ADD`.
#[derive(Clone, Debug)]
pub struct Copy {
    /// `--from=`.
    pub from: Option<Text>,
    /// Sources, heredocs excluded.
    pub sources: Vec<Text>,
    /// Destination.
    pub destination: Option<Text>,
    /// Other flags as written (`--chown=…`).
    pub flags: Vec<Text>,
    /// Bodies of heredoc sources.
    pub heredocs: Vec<Text>,
}

impl Image {
    /// The stage that ships.
    #[must_use]
    pub fn last_stage(&self) -> Option<&Stage> {
        self.stages.last()
    }

    /// A stage and those it is built on in this file, itself first.
    pub fn lineage<'a>(&'a self, stage: &'a Stage) -> impl Iterator<Item = &'a Stage> {
        // A parent always has a smaller index (the lowering sees to it), so this ends.
        std::iter::successors(Some(stage), |s| s.parent.and_then(|p| self.stages.get(p)))
    }

    /// The stage that `COPY --from=` in stage number `stage` names, by name or number; nothing for another image.
    #[must_use]
    pub fn copied_stage(&self, stage: usize, from: &str) -> Option<usize> {
        let earlier = self.stages.get(..stage)?;
        // Numbers win over names: a stage cannot be named by a number.
        if let Ok(number) = from.parse::<usize>() {
            return (number < earlier.len()).then_some(number);
        }
        earlier.iter().rposition(|s| s.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(from)))
    }
}
