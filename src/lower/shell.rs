//! Shell scripts, by tree-sitter's grammar for bash: <https://www.gnu.org/software/bash/manual/bash.html>.

use tree_sitter::{Node, Parser, TreeCursor};

use crate::ir::shell::{Assignment, Command, Script, Word};

/// Reads a script. Where it cannot be parsed, its commands are those that can.
#[must_use]
pub fn lower(text: &str) -> Script {
    let mut parser = Parser::new();
    let tree = parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok().and_then(|()| parser.parse(text, None));
    let Some(tree) = tree else { return Script::default() };
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
    Command { words, range: node.byte_range() }
}

fn assignment(node: Node<'_>, text: &str) -> Option<Assignment> {
    let name = text.get(node.child_by_field_name("name")?.byte_range())?.to_owned();
    let end = node.end_byte();
    let value = node
        .child_by_field_name("value")
        .map_or(Word { value: String::new(), is_constant: true, range: end..end }, |value| word(value, text));
    Some(Assignment { name, value })
}

fn word(node: Node<'_>, text: &str) -> Word {
    let (mut value, mut is_constant) = (String::new(), true);
    unquote(node, text, &mut value, &mut is_constant, 8);
    Word { value, is_constant, range: node.byte_range() }
}

/// Adds what the shell makes of a node.
fn unquote(node: Node<'_>, text: &str, value: &mut String, is_constant: &mut bool, depth: u8) {
    let written = text.get(node.byte_range()).unwrap_or_default();
    match (node.kind(), depth.checked_sub(1)) {
        ("raw_string", _) => value.push_str(written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(written)),
        ("string" | "concatenation", Some(depth)) => {
            // What stands between the parts, blanks that the grammar leaves out among them, is part of a string.
            let (mut at, end) = if node.kind() == "string" {
                (node.start_byte() + 1, node.end_byte().saturating_sub(1))
            } else {
                (node.start_byte(), node.end_byte())
            };
            let mut cursor = node.walk();
            for child in node.named_children(&mut cursor) {
                value.push_str(&without_escapes(text.get(at..child.start_byte()).unwrap_or_default()));
                unquote(child, text, value, is_constant, depth);
                at = child.end_byte();
            }
            value.push_str(&without_escapes(text.get(at..end).unwrap_or_default()));
        }
        ("string_content", _) => value.push_str(&without_escapes(written)),
        ("word" | "number", _) => {
            *is_constant &= !written.contains(['*', '?', '~', '[']) || written.starts_with("--");
            value.push_str(&without_escapes(written));
        }
        ("command_name", Some(depth)) if node.named_child_count() == 1 => {
            if let Some(only) = node.named_child(0) {
                unquote(only, text, value, is_constant, depth);
            }
        }
        _ => {
            *is_constant &= node.kind().len() == 1;
            value.push_str(written);
        }
    }
}

/// A text without the backslashes before what they protect, and without continued lines.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some('\r') => {
                    chars.next();
                }
                Some(next) => plain.push(next),
            },
            _ => plain.push(c),
        }
    }
    plain
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
    fn deep_nesting_is_no_danger() {
        let text = format!("{}echo{}", "(".repeat(20_000), ")".repeat(20_000));
        assert!(lower(&text).commands.len() <= 1);
    }
}
