//! The arguments of each instruction.

use std::ops::Range;

use super::lines::{Line, Statement};
use super::variables::{Value, Variables};
use super::words::{self, Array};
use crate::ir::Known;
use crate::ir::image::{Command, Copy, Form, InstructionKind, Mount, Text, Variable};

/// What was made of a statement.
pub struct Read {
    /// The instruction, unless nothing can be said of it.
    pub kind: Option<InstructionKind>,
    /// Docker would refuse it.
    pub broken: bool,
}

impl From<InstructionKind> for Read {
    fn from(kind: InstructionKind) -> Self {
        Self { kind: Some(kind), broken: false }
    }
}

const BROKEN: Read = Read { kind: None, broken: true };

/// Reads an instruction other than `FROM`; `rest` are its arguments. Behind `ONBUILD` it sets no variables here.
pub fn read(keyword: &str, statement: &Statement<'_>, rest: Range<usize>, escape: char, variables: &mut Variables, on_build: bool) -> Read {
    let line = &statement.line;
    let mut arguments = Arguments { line, rest, escape };
    match keyword {
        "run" => arguments.run(&statement.heredocs),
        "cmd" => arguments.command().map_or(BROKEN, |command| InstructionKind::Cmd(command).into()),
        "entrypoint" => arguments.command().map_or(BROKEN, |command| InstructionKind::Entrypoint(command).into()),
        "copy" => arguments.copy(&statement.heredocs, InstructionKind::Copy),
        "add" => arguments.copy(&statement.heredocs, InstructionKind::Add),
        "env" => {
            let (env, broken) = arguments.pairs(variables);
            // All values of one instruction see what was before it.
            for variable in env.iter().filter(|_| !on_build) {
                variables.set_env(&variable.name.value, Value::of(&variable.resolved));
            }
            Read { kind: Some(InstructionKind::Env(env)), broken }
        }
        "label" => {
            let (labels, broken) = arguments.pairs(variables);
            Read { kind: Some(InstructionKind::Label(labels)), broken }
        }
        "arg" => {
            let args = arguments.args(variables);
            for arg in args.iter().filter(|_| !on_build) {
                variables.declare(&arg.name.value, arg.value.as_ref().map(|_| Value::of(&arg.resolved)));
            }
            Read { broken: args.is_empty(), kind: Some(InstructionKind::Arg(args)) }
        }
        "user" => {
            let resolved = variables.expand(&line.text[arguments.rest.clone()]);
            arguments.one(|written| InstructionKind::User { written, resolved })
        }
        "workdir" => arguments.one(InstructionKind::Workdir),
        "stopsignal" => arguments.one(InstructionKind::StopSignal),
        "expose" => arguments.list(InstructionKind::Expose),
        "volume" => arguments.list(InstructionKind::Volume),
        "shell" => match words::array(line, arguments.rest.clone()) {
            Array::Strings(shell) if !shell.is_empty() => InstructionKind::Shell(shell).into(),
            _ => BROKEN,
        },
        "healthcheck" => arguments.healthcheck(),
        "maintainer" => InstructionKind::Maintainer.into(),
        _ => Read { kind: Some(InstructionKind::Unknown(keyword.to_owned())), broken: true },
    }
}

/// The arguments of one instruction that are not read yet.
struct Arguments<'l> {
    line: &'l Line<'l>,
    rest: Range<usize>,
    escape: char,
}

impl Arguments<'_> {
    fn unquoted(&self, range: Range<usize>) -> Text {
        words::unquoted(self.line, range, self.escape)
    }

    fn flags(&mut self) -> Vec<Text> {
        let (flags, rest) = words::flags(self.line, self.rest.clone(), self.escape);
        self.rest = rest;
        flags.into_iter().map(|flag| self.unquoted(flag)).collect()
    }

    /// Nothing for an array of other things than strings.
    fn command(&self) -> Option<Command> {
        let form = match words::array(self.line, self.rest.clone()) {
            Array::Strings(words) => Form::Exec(words),
            // `CMD` alone unsets the base's, as `CMD []` does.
            Array::None if self.rest.is_empty() => Form::Exec(Vec::new()),
            Array::None => Form::Shell(self.line.text(self.rest.clone())),
            Array::Mixed => return None,
        };
        Some(Command { form, mounts: Vec::new(), heredocs: Vec::new() })
    }

    fn run(&mut self, heredocs: &[Text]) -> Read {
        let mounts = self.flags().iter().filter_map(|flag| flag.value.strip_prefix("--mount=").map(mount)).collect();
        match self.command() {
            Some(command) if !self.rest.is_empty() => {
                InstructionKind::Run(Command { mounts, heredocs: heredocs.to_vec(), ..command }).into()
            }
            _ => BROKEN,
        }
    }

    fn healthcheck(&mut self) -> Read {
        self.flags();
        let (kind, rest) = words::first_word(self.line, self.rest.clone());
        self.rest = rest;
        match self.line.text[kind].to_ascii_lowercase().as_str() {
            "none" => InstructionKind::Healthcheck(None).into(),
            "cmd" if !self.rest.is_empty() => match self.command() {
                Some(command) => InstructionKind::Healthcheck(Some(command)).into(),
                None => BROKEN,
            },
            _ => BROKEN,
        }
    }

    fn copy(&mut self, heredocs: &[Text], kind: fn(Copy) -> InstructionKind) -> Read {
        let mut flags = self.flags();
        let from = flags.iter().position(|flag| flag.value.starts_with("--from=")).map(|index| {
            let flag = flags.remove(index);
            let name = "--from=".len();
            let span = flag.span_of(name..flag.value.len());
            Text::verbatim(&flag.value[name..], span)
        });
        let mut sources = match words::array(self.line, self.rest.clone()) {
            Array::Strings(paths) => paths,
            Array::Mixed => return BROKEN,
            Array::None => words::words(self.line, self.rest.clone())
                .into_iter()
                .filter(|word| heredocs.is_empty() || words::heredoc_marker(&self.line.text[word.clone()]).is_none())
                .map(|word| self.unquoted(word))
                .collect(),
        };
        let destination = sources.pop();
        let broken = destination.is_none() || (sources.is_empty() && heredocs.is_empty());
        Read { kind: Some(kind(Copy { from, sources, destination, flags, heredocs: heredocs.to_vec() })), broken }
    }

    /// An argument to the end of the line.
    fn one(&self, kind: impl FnOnce(Text) -> InstructionKind) -> Read {
        if self.rest.is_empty() {
            return BROKEN;
        }
        kind(self.unquoted(self.rest.clone())).into()
    }

    fn list(&self, kind: fn(Vec<Text>) -> InstructionKind) -> Read {
        let items = match words::array(self.line, self.rest.clone()) {
            Array::Strings(items) => items,
            Array::Mixed => return BROKEN,
            Array::None => words::words(self.line, self.rest.clone()).into_iter().map(|word| self.unquoted(word)).collect(),
        };
        if items.is_empty() { BROKEN } else { kind(items).into() }
    }

    /// `NAME=value …`, or `NAME value` where the first word has no `=`. What cannot be read of several pairs is left out.
    fn pairs(&self, variables: &mut Variables) -> (Vec<Variable>, bool) {
        let words = words::quoted_words(self.line, self.rest.clone(), self.escape);
        if words.first().is_some_and(|word| !self.line.text[word.clone()].contains('=')) {
            let (name, value) = words::first_word(self.line, self.rest.clone());
            let broken = value.is_empty();
            return (vec![self.variable(name, (!broken).then_some(value), variables)], broken);
        }
        let mut pairs = Vec::with_capacity(words.len());
        let mut broken = words.is_empty();
        for word in words {
            let (name, value) = self.name_and_value(word);
            broken |= value.is_none() || name.is_empty();
            if value.is_some() {
                pairs.push(self.variable(name, value, variables));
            }
        }
        (pairs, broken)
    }

    /// `NAME` or `NAME=value`, several times.
    fn args(&self, variables: &mut Variables) -> Vec<Variable> {
        let words = words::quoted_words(self.line, self.rest.clone(), self.escape);
        let args = words.into_iter().map(|word| {
            let (name, value) = self.name_and_value(word);
            let mut arg = self.variable(name, value, variables);
            if arg.value.is_none() {
                arg.resolved = variables.global_default(&arg.name.value);
            }
            arg
        });
        args.collect()
    }

    fn name_and_value(&self, word: Range<usize>) -> (Range<usize>, Option<Range<usize>>) {
        match self.line.text[word.clone()].find('=') {
            Some(offset) => (word.start..word.start + offset, Some(word.start + offset + 1..word.end)),
            None => (word, None),
        }
    }

    fn variable(&self, name: Range<usize>, value: Option<Range<usize>>, variables: &mut Variables) -> Variable {
        let resolved = value.clone().map_or(Known::Unknown, |value| variables.expand(&self.line.text[value]));
        Variable { name: self.unquoted(name), value: value.map(|value| self.unquoted(value)), resolved }
    }
}

/// `type=cache,target=/root/.cache`.
fn mount(options: &str) -> Mount {
    let mut mount = Mount { kind: "bind".to_owned(), target: None };
    for option in options.split(',') {
        let Some((name, value)) = option.split_once('=') else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "type" => value.clone_into(&mut mount.kind),
            "target" | "dst" | "destination" => mount.target = Some(value.to_owned()),
            _ => {}
        }
    }
    mount
}
