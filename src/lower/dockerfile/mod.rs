//! Dockerfiles into stages and instructions.
//!
//! Docker's own reader works line by line, and so does this one, in the same order: statements ([`lines`]), words ([`words`]),
//! variables ([`variables`]). A grammar was tried first. It has its own idea of where an instruction ends: `cat <<< x` opens a
//! here-document, `USER "app"` swallows the next line, a blank after a flag's line break is an error; and an instruction that is
//! read wrongly is a `USER` not seen. Here a statement is broken on its own, and the next is read as if nothing had been.

mod instructions;
mod lines;
mod variables;
mod words;

use std::ops::Range;

pub use lines::{Line, Statement, Tree, directives_end, parse};

use crate::ir::Known;
use crate::ir::image::{Image, Instruction, InstructionKind, Stage, Text};
use crate::source::FileId;
use rustc_hash::FxHashMap;
use variables::Variables;

/// Reads a Dockerfile (without a byte order mark). Every text has an image; what Docker would refuse is listed in its errors.
#[must_use]
pub fn lower(file: FileId, text: &str) -> Image {
    walk(file, &parse(text))
}

/// Looks into the statements of a tree.
#[must_use]
pub fn walk(file: FileId, tree: &Tree<'_>) -> Image {
    let image = Image { file, args: Vec::new(), stages: Vec::new(), preamble: Vec::new(), errors: Vec::new() };
    let mut walker = Walker { image, variables: Variables::new(tree.escape), names: FxHashMap::default(), escape: tree.escape };
    for statement in &tree.statements {
        walker.statement(statement);
    }
    walker.image
}

struct Walker {
    image: Image,
    variables: Variables,
    /// The latest stage of each name.
    names: FxHashMap<String, usize>,
    escape: char,
}

impl Walker {
    fn statement(&mut self, statement: &Statement<'_>) {
        let line = &statement.line;
        let (mut keyword, mut rest) = words::first_word(line, 0..line.text.len());
        let on_build = line.text[keyword.clone()].eq_ignore_ascii_case("onbuild");
        if on_build {
            (keyword, rest) = words::first_word(line, rest);
        }
        let name = line.text[keyword].to_ascii_lowercase();
        let mut broken = !statement.terminated;
        match name.as_str() {
            "from" if !on_build => broken |= self.from(statement, rest),
            // Docker refuses ONBUILD before these.
            "from" | "onbuild" | "maintainer" if on_build => broken = true,
            _ => {
                let read = instructions::read(&name, statement, rest, self.escape, &mut self.variables, on_build);
                broken |= read.broken;
                if let Some(kind) = read.kind {
                    self.instruction(Instruction { span: statement.span, kind, on_build });
                }
            }
        }
        if broken {
            self.image.errors.push(statement.span);
        }
    }

    fn instruction(&mut self, instruction: Instruction) {
        match (self.image.stages.last_mut(), instruction.kind) {
            (Some(stage), kind) => stage.instructions.push(Instruction { kind, ..instruction }),
            (None, InstructionKind::Arg(args)) if !instruction.on_build => self.image.args.extend(args),
            (None, kind) => self.image.preamble.push(Instruction { kind, ..instruction }),
        }
    }

    /// Begins a stage, also for a `FROM` that is broken: what follows does not belong to the stage before it.
    fn from(&mut self, statement: &Statement<'_>, rest: Range<usize>) -> bool {
        let line = &statement.line;
        let (flags, rest) = words::flags(line, rest, self.escape);
        let platform = flags.into_iter().find_map(|flag| {
            let flag = words::unquoted(line, flag, self.escape).value;
            flag.strip_prefix("--platform=").map(str::to_owned)
        });
        let words = words::words(line, rest.clone());
        let is_as = |word: &Range<usize>| line.text[word.clone()].eq_ignore_ascii_case("as");
        let (base, name, broken) = match words.as_slice() {
            [base] => (base.clone(), None, false),
            [base, r#as, name] if is_as(r#as) => (base.clone(), Some(line.text[name.clone()].to_ascii_lowercase()), false),
            [base, ..] => (base.clone(), None, true),
            [] => (rest, None, true),
        };
        let resolved = match self.variables.expand_global(&line.text[base.clone()]) {
            // An argument that is empty by default is there to be given at the build.
            Known::Yes(reference) if !reference.is_empty() => Known::Yes(reference),
            _ => Known::Unknown,
        };
        let parent = resolved.as_ref().known().and_then(|reference| self.names.get(&reference.to_ascii_lowercase()).copied());
        let base: Text = words::unquoted(line, base, self.escape);
        self.variables.begin_stage(parent);
        if let Some(name) = &name {
            self.names.insert(name.clone(), self.image.stages.len());
        }
        self.image.stages.push(Stage { span: statement.span, name, base, resolved, parent, platform, instructions: Vec::new() });
        broken
    }
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
