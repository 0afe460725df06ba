//! A Dockerfile as stages and instructions.

use super::Known;
use crate::source::{FileId, Span};

/// A piece of text with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// The text as written, quotes and continuations removed.
    pub value: String,
    /// Where it stands.
    pub span: Span,
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
    /// Spans that the parser could not read.
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
    /// A keyword nobody knows; judged by nothing.
    Unknown(String),
}

/// `NAME=value` in `ENV`, `ARG` or `LABEL`.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The name.
    pub name: Text,
    /// The value, quotes removed; `None` for an `ARG` without a default.
    pub value: Option<Text>,
    /// The value with variables put in; unknown where one has no value, and for an `ARG` without a default.
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
}
