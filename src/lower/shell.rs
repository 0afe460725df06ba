//! Shell scripts, by tree-sitter's grammar for bash: <https://www.gnu.org/software/bash/manual/bash.html>.

use std::borrow::Cow;
use std::ops::Range;

use tree_sitter::{Node, Parser, Tree, TreeCursor};

use crate::ir::shell::{Assignment, Command, Filled, Script, Word};

/// Reads a script. Where it cannot be parsed, its commands are those that can.
#[must_use]
pub fn lower(text: &str) -> Script {
    let text = &*without_inline_comments(text);
    // The grammar takes memory with the square of the depth.
    if deepest(text) > DEEPEST {
        return Script::default();
    }
    let Some(tree) = parse(text) else { return Script::default() };
    let mut script = Script::default();
    walk(&mut tree.walk(), text, &mut script);
    let root = tree.root_node();
    let only = root.child(0).filter(|_| root.child_count() == 1);
    script.is_plain = only
        .is_some_and(|only| only.kind() == "command" && only.child(0).is_some_and(|first| first.kind() == "command_name"))
        && script.commands.len() == 1
        && script.commands[0].words.iter().all(|word| word.is_constant)
        && !root.has_error();
    script
}

/// How deep brackets of scripts are read into each other.
const DEEPEST: usize = 200;

/// How many brackets are open at once, at most.
fn deepest(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'{' | b'[' => depth += 1,
            b')' | b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

/// A script with blanks in place of comments that are written as substitutions: `` --cpu 2 `# enough` \ ``.
fn without_inline_comments(text: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(start) = text[from..].find("`#").map(|at| from + at) {
        let Some(end) = text[start + 2..].find(['`', '\n']).map(|at| start + 2 + at).filter(|end| text[*end..].starts_with('`')) else {
            from = start + 2;
            continue;
        };
        plain.to_mut().replace_range(start..=end, &" ".repeat(end + 1 - start));
        from = end + 1;
    }
    plain
}

/// Whether all of a script can be parsed.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    parse(text).is_some_and(|tree| !tree.root_node().has_error())
}

fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    parser.parse(text, None)
}

/// Visits every node, without recursion: scripts may be nested as deep as they like.
fn walk(cursor: &mut TreeCursor<'_>, text: &str, script: &mut Script) {
    loop {
        let node = cursor.node();
        match node.kind() {
            "command" => script.commands.push(command(node, text)),
            "variable_assignment" => script.assignments.extend(assignment(node, text)),
            _ => {}
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

fn command(node: Node<'_>, text: &str) -> Command {
    let mut words = Vec::new();
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        match child.kind() {
            "command_name" => words.push(word(child.child(0).filter(|_| child.child_count() == 1).unwrap_or(child), text)),
            "variable_assignment" | "file_redirect" | "herestring_redirect" | "heredoc_redirect" | "comment" | "(" | ")" => {}
            _ => words.push(word(child, text)),
        }
    }
    Command { words: joined(words), range: node.byte_range() }
}

/// Words between which nothing stands are one: the grammar ends some at a dollar (`${A}-x/$B`).
fn joined(words: Vec<Word>) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        let Some(last) = found.last_mut().filter(|last| last.range.end == word.range.start && !word.range.is_empty()) else {
            found.push(word);
            continue;
        };
        let at = last.value.len();
        let name = word.value.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        if last.value.ends_with('$') && name > 0 {
            last.filled.push(Filled { range: at - 1..at + name, is_quoted: false });
        }
        last.filled
            .extend(word.filled.into_iter().map(|filled| Filled { range: filled.range.start + at..filled.range.end + at, ..filled }));
        last.runs.extend(word.runs.into_iter().map(|(value, script)| (value + at, script)));
        last.value.push_str(&word.value);
        last.is_constant &= word.is_constant && last.filled.is_empty();
        last.range.end = word.range.end;
    }
    found
}

fn assignment(node: Node<'_>, text: &str) -> Option<Assignment> {
    let name = text.get(node.child_by_field_name("name")?.byte_range())?.to_owned();
    let mut items = Vec::new();
    let value = match node.child_by_field_name("value") {
        None => Reader::default().word(node.end_byte()..node.end_byte()),
        Some(value) => {
            if value.kind() == "array" {
                items.extend(value.named_children(&mut value.walk()).filter(|item| item.kind() != "comment").map(|item| word(item, text)));
            }
            word(value, text)
        }
    };
    let is_appended = node.children(&mut node.walk()).any(|child| child.kind() == "+=");
    Some(Assignment { name, value, items, is_appended })
}

fn word(node: Node<'_>, text: &str) -> Word {
    let mut reader = Reader::default();
    reader.unquote(node, text, false, 8);
    reader.word(node.byte_range())
}

/// What the shell makes of a node, and where that stands.
#[derive(Default)]
struct Reader {
    value: String,
    runs: Vec<(usize, usize)>,
    filled: Vec<Filled>,
    /// Patterns of names, and what no reader knows.
    is_open: bool,
}

impl Reader {
    fn word(self, range: Range<usize>) -> Word {
        let is_constant = !self.is_open && self.filled.is_empty();
        Word { value: self.value, is_constant, range, runs: self.runs, filled: self.filled }
    }

    /// Adds a part of the script.
    fn push(&mut self, text: &str, range: Range<usize>) {
        let written = text.get(range.clone()).unwrap_or_default();
        if !written.is_empty() {
            self.runs.push((self.value.len(), range.start));
            self.value.push_str(written);
        }
    }

    /// Adds a part of the script without the backslashes before what they protect, and without continued lines.
    fn push_escaped(&mut self, text: &str, range: Range<usize>) {
        let Some(written) = text.get(range.clone()) else { return };
        let mut from = 0;
        while let Some(at) = written[from..].find('\\').map(|at| from + at) {
            self.push(text, range.start + from..range.start + at);
            let rest = &written[at + 1..];
            let dropped = ["\r\n", "\n"].iter().find(|end| rest.starts_with(**end)).map_or(0, |end| end.len());
            // What is protected is no escape itself.
            let kept = if dropped > 0 { 0 } else { rest.chars().next().map_or(0, char::len_utf8) };
            from = at + 1 + dropped + kept;
            self.push(text, range.start + at + 1 + dropped..range.start + from);
        }
        self.push(text, range.start + from..range.end);
    }

    fn unquote(&mut self, node: Node<'_>, text: &str, is_quoted: bool, depth: u8) {
        let range = node.byte_range();
        let written = text.get(range.clone()).unwrap_or_default();
        match (node.kind(), depth.checked_sub(1)) {
            ("raw_string", _) => {
                let is_whole = written.len() >= 2 && written.starts_with('\'') && written.ends_with('\'');
                self.push(text, if is_whole { range.start + 1..range.end - 1 } else { range });
            }
            ("string" | "concatenation", Some(depth)) => {
                // What stands between the parts, blanks that the grammar leaves out among them, is part of a string.
                let is_string = node.kind() == "string";
                let (mut at, end) =
                    if is_string { (range.start + 1, range.end.saturating_sub(1).max(range.start + 1)) } else { (range.start, range.end) };
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    self.push_escaped(text, at..child.start_byte().max(at));
                    self.unquote(child, text, is_quoted || is_string, depth);
                    at = child.end_byte();
                }
                self.push_escaped(text, at..end.max(at));
            }
            ("string_content", _) => self.push_escaped(text, range),
            ("word" | "number", _) => {
                self.is_open |= written.contains(['*', '?', '~', '[']) && !written.starts_with("--");
                self.push_escaped(text, range);
            }
            ("command_name", Some(depth)) if node.named_child_count() == 1 => {
                if let Some(only) = node.named_child(0) {
                    self.unquote(only, text, is_quoted, depth);
                }
            }
            ("simple_expansion" | "expansion" | "command_substitution" | "arithmetic_expansion", _) => {
                let start = self.value.len();
                self.push(text, range);
                self.filled.push(Filled { range: start..self.value.len(), is_quoted });
            }
            (kind, _) => {
                self.is_open |= kind.len() != 1;
                self.push(text, range);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let words = |command: Command| command.words.into_iter().map(|word| word.value).collect();
        lower(text).commands.into_iter().map(words).collect()
    }

    #[test]
    fn commands_are_read_word_by_word() {
        let cases: [(&str, &[&[&str]]); 10] = [
            ("apt-get update && apt-get install -y curl", &[&["apt-get", "update"], &["apt-get", "install", "-y", "curl"]]),
            ("pip install \\\n  --no-cache-dir \\\n  'flask>=3'", &[&["pip", "install", "--no-cache-dir", "flask>=3"]]),
            ("if [ -f a ]; then npm ci; else npm i; fi", &[&["npm", "ci"], &["npm", "i"]]),
            ("(cd x; make) | tee log", &[&["cd", "x"], &["make"], &["tee", "log"]]),
            ("A=1 B=2 python app.py", &[&["python", "app.py"]]),
            ("echo \"a b $X c\" > out", &[&["echo", "a b $X c"]]),
            (
                "gcloud run deploy api --memory=2Gi --set-env-vars \"A=1,B=two words\"",
                &[&["gcloud", "run", "deploy", "api", "--memory=2Gi", "--set-env-vars", "A=1,B=two words"]],
            ),
            (
                "x=$(curl -s url)\nexec server --port ${PORT:-8080}",
                &[&["curl", "-s", "url"], &["exec", "server", "--port", "${PORT:-8080}"]],
            ),
            ("cat <<EOF\nnpm install\nEOF\n", &[&["cat"]]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(
                words(text),
                expected.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).collect::<Vec<_>>(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_the_shell_fills_in_is_told() {
        for (text, expected) in [
            ("server --port 8080", true),
            ("server --port $PORT", false),
            ("server *.py", false),
            ("A=1 server", false),
            ("server > log", false),
            ("a && b", false),
            ("server 'a $b'", true),
            ("server \"a b\"", true),
            ("server &", false),
        ] {
            assert_eq!(lower(text).is_plain, expected, "{text}");
        }
    }

    #[test]
    fn assignments_are_read() {
        let script = lower("SERVICE=api\nexport MEMORY=\"512Mi\"\nNAME=$SERVICE-x gcloud run deploy");
        let all: Vec<(&str, &str, bool)> =
            script.assignments.iter().map(|a| (a.name.as_str(), a.value.value.as_str(), a.value.is_constant)).collect();
        assert_eq!(all, [("SERVICE", "api", true), ("MEMORY", "512Mi", true), ("NAME", "$SERVICE-x", false)]);
    }

    #[test]
    fn parts_know_where_they_stand() {
        let text = "x --env='a b',c=\"d $E f\",g\\ h";
        let word = &lower(text).commands[0].words[1];
        assert_eq!(word.value, "--env=a b,c=d $E f,g h");
        let ends = word.runs.iter().skip(1).map(|run| run.0).chain([word.value.len()]);
        for ((value, script), end) in word.runs.iter().zip(ends) {
            assert_eq!(word.value[*value..end], text[*script..script + end - value], "{word:?}");
        }
        let filled: Vec<(&str, bool)> = word.filled.iter().map(|f| (&word.value[f.range.clone()], f.is_quoted)).collect();
        assert_eq!(filled, [("$E", true)]);
        let script = lower("FLAGS=(--cpu 2 \"--memory=$M\")\nFLAGS+=(-q)\n");
        let items = |at: usize| script.assignments[at].items.iter().map(|item| item.value.as_str()).collect::<Vec<_>>();
        assert_eq!((items(0), items(1)), (vec!["--cpu", "2", "--memory=$M"], vec!["-q"]));
        assert!(!script.assignments[0].is_appended && script.assignments[1].is_appended);
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        let text = format!("{}echo{}", "(".repeat(20_000), ")".repeat(20_000));
        assert!(lower(&text).commands.len() <= 1);
    }
}
