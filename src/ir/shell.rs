//! Shell scripts: the commands that they run, word by word. Which of them run, and how often, is not told.

use std::ops::Range;

/// A word of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// What the shell makes of it: quotes removed; what it fills in stands as it is written (`$NAME`).
    pub value: String,
    /// Whether the shell fills nothing in.
    pub is_constant: bool,
    /// Where it stands in the script, quotes included.
    pub range: Range<usize>,
    /// Where in the script the parts of the value stand: from this byte of the value on, from that byte of the script on.
    pub runs: Vec<(usize, usize)>,
    /// What the shell fills in.
    pub filled: Vec<Filled>,
}

/// A part of a word that the shell fills in: `$NAME`, `${NAME:-default}`, `$(command)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filled {
    /// Where it stands in the word's value, as it is written.
    pub range: Range<usize>,
    /// Within double quotes: what comes is one word, whatever blanks it has.
    pub is_quoted: bool,
}

/// A simple command: a program and what it is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// The program first. Assignments before it and redirections are left out.
    pub words: Vec<Word>,
    /// Where it stands in the script, assignments before it included.
    pub range: Range<usize>,
}

/// `NAME=value`, by itself, exported, or before a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assignment {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Word,
    /// The words of an array; nothing where the value is none.
    pub items: Vec<Word>,
    /// `NAME+=…`: it comes behind what the variable holds.
    pub is_appended: bool,
}

/// A script.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Script {
    /// Its commands in the order of their text, those in loops, conditions, functions and substitutions among them.
    pub commands: Vec<Command>,
    /// Its assignments in the order of their text.
    pub assignments: Vec<Assignment>,
    /// Whether it is one simple command, which the shell could leave out: nothing is filled in, redirected or put together.
    pub is_plain: bool,
}

impl Command {
    /// The name of the program, without its folder.
    #[must_use]
    pub fn program(&self) -> &str {
        self.words.first().map_or("", |word| word.value.rsplit('/').next().unwrap_or_default())
    }

    /// What the program is given.
    #[must_use]
    pub fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Whether it is given a word, as it is.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.arguments().iter().any(|argument| argument.value == word)
    }
}
