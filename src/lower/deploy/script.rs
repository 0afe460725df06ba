//! Commands of shell scripts, with the variables that the script itself sets filled in.

use std::ops::Range;

use crate::ir::shell::{Assignment, Filled, Script, Word};
use crate::lower::shell;

use super::traced::Traced;
use super::variables::Variables;

/// Letters that a word may grow to.
const MOST: usize = 16 << 10;

/// A command and what it is given.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    /// The program, and its words.
    pub words: Vec<Traced>,
    /// The command without the redirections behind it.
    pub whole: Traced,
    /// The folder that it is run in, as far as `cd` tells; relative to where the script is started.
    pub folder: String,
}

/// The commands of a script, in order. `given` are variables that the script is started with.
pub(super) fn invocations(text: &Traced, given: &Variables) -> Vec<Invocation> {
    let (parsed, letters) = text.parsed();
    let script = shell::lower(&parsed);
    let reader = Reader { text, letters: &letters };
    let mut scope = Scope::of(&script, &reader, given);
    let mut folder = String::new();
    let mut found = Vec::new();
    for command in &script.commands {
        let words: Vec<Traced> = command.words.iter().flat_map(|word| scope.words(&reader, word)).collect();
        let program = words.first().map(Traced::text).unwrap_or_default();
        match (program.as_str(), words.get(1)) {
            ("cd" | "pushd", Some(to)) => folder = if to.is_known() { join(&folder, &to.text()) } else { String::new() },
            ("cd" | "popd", None) => folder.clear(),
            // A way to set what nobody has set: `: "${NAME:=value}"`.
            (":", _) => scope.set_defaults(&reader, &command.words),
            _ => {}
        }
        if !words.is_empty() {
            found.push(Invocation { words, whole: reader.slice(command.range.clone()), folder: folder.clone() });
        }
    }
    found
}

/// A folder as seen from another one; what leads out of the project ends at its root.
pub(super) fn join(folder: &str, to: &str) -> String {
    let mut parts: Vec<&str> = if to.starts_with('/') { Vec::new() } else { folder.split('/').filter(|part| !part.is_empty()).collect() };
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The script's text, by the bytes of what was parsed.
struct Reader<'a> {
    text: &'a Traced,
    letters: &'a [usize],
}

impl Reader<'_> {
    fn slice(&self, range: Range<usize>) -> Traced {
        let letter = |byte: usize| self.letters.get(byte).or(self.letters.last()).copied().unwrap_or_default();
        self.text.slice(letter(range.start), letter(range.end))
    }

    /// A part of a word's value.
    fn of_word(&self, word: &Word, range: Range<usize>) -> Traced {
        let ends = word.runs.iter().skip(1).map(|run| run.0).chain([word.value.len()]);
        let mut part = self.slice(word.range.start..word.range.start);
        for ((value, script), end) in word.runs.iter().zip(ends) {
            let (start, end) = (range.start.max(*value), range.end.min(end));
            if start < end {
                part.append(&self.slice(script + start - value..script + end - value));
            }
        }
        part
    }
}

/// What variables hold, as far as the script tells.
struct Scope {
    variables: Variables,
    /// Arrays, by name.
    arrays: rustc_hash::FxHashMap<String, Vec<Traced>>,
}

impl Scope {
    fn of(script: &Script, reader: &Reader<'_>, given: &Variables) -> Self {
        let mut scope = Self { variables: given.clone(), arrays: rustc_hash::FxHashMap::default() };
        for assignment in &script.assignments {
            scope.assign(reader, assignment);
        }
        scope
    }

    fn assign(&mut self, reader: &Reader<'_>, assignment: &Assignment) {
        let name = &assignment.name;
        if !assignment.items.is_empty() {
            let items: Vec<Traced> = assignment.items.iter().flat_map(|item| self.words(reader, item)).collect();
            let array = self.arrays.entry(name.clone()).or_default();
            if array.len() + items.len() <= MOST {
                array.extend(items);
            }
            return;
        }
        let mut value = self.fill(reader, &assignment.value);
        // `OPTS="$OPTS --cpu 2"`: more of the same.
        let own = [format!("${name}"), format!("${{{name}}}")];
        let names_itself = assignment
            .value
            .filled
            .iter()
            .any(|filled| assignment.value.value.get(filled.range.clone()).is_some_and(|mention| own.iter().any(|own| own == mention)));
        if names_itself && self.variables.get(name).is_some() {
            self.variables.set(name, if value.len() > MOST { value.unknown() } else { value });
            return;
        }
        if assignment.is_appended {
            let mut whole = self.variables.get(name).cloned().unwrap_or_else(|| Traced::nothing(&value));
            whole.append(&value);
            value = if whole.len() > MOST { value.unknown() } else { whole };
            self.variables.set(name, value);
            return;
        }
        // `MEMORY=${MEMORY:-2Gi}` and `MEMORY=""` give way to what comes from outside.
        if !value.is_empty() || self.variables.get(name).is_none() {
            self.variables.add(name, value);
        }
    }

    fn set_defaults(&mut self, reader: &Reader<'_>, words: &[Word]) {
        for word in words {
            for filled in &word.filled {
                let mention = reader.of_word(word, filled.range.clone());
                if let Some(Expansion { name, default: Some(default), .. }) = Expansion::of(&mention) {
                    self.variables.add(&name, default);
                }
            }
        }
    }

    /// A word with what the shell fills in.
    fn fill(&self, reader: &Reader<'_>, word: &Word) -> Traced {
        self.pieces(reader, word).into_iter().fold(reader.slice(word.range.start..word.range.start), |mut whole, (piece, _)| {
            if whole.len() <= MOST {
                whole.append(&piece);
            }
            whole
        })
    }

    /// The parts of a word, and whether blanks in them make words.
    fn pieces(&self, reader: &Reader<'_>, word: &Word) -> Vec<(Traced, bool)> {
        let mut pieces = Vec::new();
        let mut at = 0;
        for Filled { range, is_quoted } in &word.filled {
            pieces.push((reader.of_word(word, at..range.start), false));
            let mention = reader.of_word(word, range.clone());
            pieces.push((self.value_of(&mention), !is_quoted));
            at = range.end;
        }
        pieces.push((reader.of_word(word, at..word.value.len()), false));
        pieces
    }

    fn value_of(&self, mention: &Traced) -> Traced {
        let Some(expansion) = Expansion::of(mention) else { return mention.clone().unknown() };
        match (self.variables.get(&expansion.name), expansion.default) {
            (Some(value), _) if !value.is_empty() => value.clone().used_at(mention),
            (_, Some(default)) => self.variables.get(&expansion.name).cloned().filter(|value| !value.is_empty()).unwrap_or(default),
            _ => mention.clone().unknown(),
        }
    }

    /// The words that the shell makes of one: an array has many, and blanks in a variable without quotes are between words.
    fn words(&self, reader: &Reader<'_>, word: &Word) -> Vec<Traced> {
        if let [only] = word.filled.as_slice()
            && only.range == (0..word.value.len())
            && let Some(items) = array_name(&word.value).and_then(|name| self.arrays.get(name))
        {
            return items.clone();
        }
        let mut words = vec![reader.slice(word.range.start..word.range.start)];
        for (piece, is_split) in self.pieces(reader, word) {
            let mut parts = if is_split { piece.split(char::is_whitespace) } else { vec![piece] };
            if is_split && parts.len() > 1 {
                // Blanks on both sides of nothing.
                let (first, last) = (parts.remove(0), parts.pop());
                parts.retain(|part| !part.is_empty());
                parts.insert(0, first);
                parts.extend(last);
            }
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    words.push(Traced::nothing(part));
                }
                if let Some(word) = words.last_mut().filter(|word| word.len() <= MOST) {
                    word.append(part);
                }
            }
        }
        // A variable without quotes that holds nothing is no word.
        let is_written = word.filled.iter().all(|filled| filled.is_quoted);
        words.retain(|word| !word.is_empty() || is_written);
        words
    }
}

/// The name in `${NAME[@]}` and `${NAME[*]}`.
fn array_name(mention: &str) -> Option<&str> {
    let inner = mention.strip_prefix("${")?;
    inner.strip_suffix("[@]}").or_else(|| inner.strip_suffix("[*]}"))
}

/// `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:=default}`.
struct Expansion {
    name: String,
    default: Option<Traced>,
}

impl Expansion {
    fn of(mention: &Traced) -> Option<Self> {
        let written = mention.text();
        let inner = written.strip_prefix('$')?;
        let is_braced = inner.starts_with('{');
        let inner = if is_braced { inner.strip_prefix('{')?.strip_suffix('}')? } else { inner };
        let length = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
        let (name, rest) = inner.split_at(length);
        let operator = [":-", ":=", "-", "="].iter().find(|operator| rest.starts_with(**operator));
        let start = 2 + length + operator.map_or(0, |operator| operator.len());
        let default = match operator {
            None if rest.is_empty() => None,
            // Nothing is what stands there until something is set: nobody knows what.
            Some(_) if start + 1 >= mention.len() => None,
            // What is filled in there is another story.
            Some(_) if !written[start..].contains('$') => Some(unquoted(&mention.slice(start, mention.len() - 1))),
            Some(_) => None,
            None => return None,
        };
        // What the script is given: `$1` has a value that nobody knows, `${1:-prod}` one that is meant.
        Some(Self { name: name.to_owned(), default })
    }
}

fn unquoted(text: &Traced) -> Traced {
    let written = text.text();
    let is_quoted = ['"', '\''].iter().any(|quote| written.len() >= 2 && written.starts_with(*quote) && written.ends_with(*quote));
    if is_quoted { text.slice(1, text.len() - 1) } else { text.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn words(script: &str) -> Vec<Vec<String>> {
        let found = invocations(&Traced::raw(FileId(0), script, 0), &Variables::default());
        let shown = |word: &Traced| if word.is_known() { word.text() } else { format!("?{}", word.text()) };
        found.iter().map(|invocation| invocation.words.iter().map(shown).collect()).collect()
    }

    #[test]
    fn what_the_script_sets_is_filled_in() {
        for (script, expected) in [
            ("M=2Gi\nrun --memory=$M \"--cpu=${N}\"", vec!["run", "--memory=2Gi", "?--cpu=${N}"]),
            ("M=${M:-2Gi}\nrun --memory $M", vec!["run", "--memory", "2Gi"]),
            ("M=${1:-\"2Gi\"}\nrun $M", vec!["run", "2Gi"]),
            ("run ${M:-2Gi}", vec!["run", "2Gi"]),
            ("M=1Gi\nM=2Gi\nrun $M", vec!["run", "?2Gi"]),
            ("F=\"--memory 2Gi  --cpu 2 \"\nrun $F -q", vec!["run", "--memory", "2Gi", "--cpu", "2", "-q"]),
            ("F=\"--memory 2Gi\"\nrun \"$F\"", vec!["run", "--memory 2Gi"]),
            ("F=(--memory \"2Gi\")\nF+=(--cpu 2)\nrun \"${F[@]}\"", vec!["run", "--memory", "2Gi", "--cpu", "2"]),
            ("E=\nrun $E x", vec!["run", "?$E", "x"]),
            ("A=a\nB=$A-b\nrun \"$B\"", vec!["run", "a-b"]),
            ("run $(pwd) $*", vec!["run", "?$(pwd)", "?$*"]),
            ("run --image=${_R}-x/$P/${_Q}/b:${C} y", vec!["run", "?--image=${_R}-x/$P/${_Q}/b:${C}", "y"]),
            ("A=$B$B\nB=$A$A\nrun $B", vec!["run", "?$B$B$B$B"]),
        ] {
            assert_eq!(
                words(script).into_iter().find(|words| words[0] == "run").as_deref(),
                Some(expected.map_to_strings().as_slice()),
                "{script}"
            );
        }
        assert_eq!(words(": \"${M:=2Gi}\"\nrun $M")[1], ["run", "2Gi"]);
    }

    trait Strings {
        fn map_to_strings(self) -> Vec<String>;
    }

    impl Strings for Vec<&str> {
        fn map_to_strings(self) -> Vec<String> {
            self.into_iter().map(str::to_owned).collect()
        }
    }

    #[test]
    fn folders_follow_cd() {
        let script = "cd services/api && run a\ncd ../web\nrun b\ncd \"$X\"\nrun c";
        let found = invocations(&Traced::raw(FileId(0), script, 0), &Variables::default());
        let folders: Vec<&str> = found.iter().filter(|i| i.words[0].text() == "run").map(|i| i.folder.as_str()).collect();
        assert_eq!(folders, ["services/api", "services/web", ""]);
        assert_eq!(join("a/b", "../../../c"), "c");
    }
}
