//! Edits at the top of a Python file: imports, and the module's logger.

use tree_sitter::{Node, Tree};

use super::edit::Edit;
use super::engine::line_break;
use super::python::insert;
use crate::source::FileId;

/// Makes a name importable; nothing if it is already.
pub(super) fn add_import(file: FileId, text: &str, tree: &Tree, module: &str, name: Option<&str>) -> Option<Edit> {
    let statements = statements(tree);
    if statements.iter().any(|statement| imports(text, *statement, module, name)) {
        return None;
    }
    let line = match name {
        Some(name) => format!("from {module} import {name}"),
        None => format!("import {module}"),
    };
    let end = line_break(text);
    let top = top(&statements);
    if name.is_none()
        && let Some(place) = among_plain(text, top, module)
    {
        return Some(match place {
            Beside::Before(statement, gap) => insert(file, statement.start_byte(), &format!("{line}{end}{}", if gap { end } else { "" })),
            Beside::Behind(statement) => insert(file, end_of_line(text, statement), &format!("{end}{line}")),
        });
    }
    // Behind the imports at the top, or else behind what has to come first.
    let anchor = top.iter().rfind(|node| node.kind() != "comment");
    Some(match anchor {
        Some(anchor) => insert(file, end_of_line(text, *anchor), &format!("{end}{line}")),
        None => first(file, text, &line),
    })
}

/// Gives a module a logger of this name, behind the imports that come before its first block.
pub(super) fn add_logger(file: FileId, text: &str, tree: &Tree, name: &str, value: &str, import: bool) -> Vec<Edit> {
    let statements = statements(tree);
    let is_block = |node: &Node<'_>| node.child_by_field_name("body").is_some() || node.child_by_field_name("consequence").is_some();
    let before = statements.iter().take_while(|node| !is_block(node) && node.kind() != "decorated_definition");
    let anchor = before.filter(|node| is_import(node)).last().or_else(|| top(&statements).iter().rfind(|node| node.kind() != "comment"));
    let end = line_break(text);
    let line = format!("{name} = {value}");
    let imported = if import { add_import(file, text, tree, "logging", None) } else { None };
    match (anchor, imported) {
        (Some(anchor), imported) => {
            let at = end_of_line(text, *anchor);
            match imported {
                // Two insertions at one place would have no order.
                Some(edit) if edit.span.start as usize == at => vec![Edit { text: format!("{}{end}{end}{line}", edit.text), ..edit }],
                imported => imported.into_iter().chain([insert(file, at, &format!("{end}{end}{line}"))]).collect(),
            }
        }
        (None, Some(_)) => vec![first(file, text, &format!("import logging{end}{end}{line}"))],
        (None, None) => vec![first(file, text, &line)],
    }
}

fn statements(tree: &Tree) -> Vec<Node<'_>> {
    let root = tree.root_node();
    let mut cursor = root.walk();
    root.named_children(&mut cursor).collect()
}

fn is_import(node: &Node<'_>) -> bool {
    matches!(node.kind(), "import_statement" | "import_from_statement" | "future_import_statement")
}

/// The docstring and the imports that a file begins with, and comments among them.
fn top<'a, 't>(statements: &'a [Node<'t>]) -> &'a [Node<'t>] {
    let is_docstring = |node: &Node<'_>| node.kind() == "expression_statement" && node.named_child(0).is_some_and(|n| n.kind() == "string");
    let first = statements.iter().position(|node| node.kind() != "comment");
    let is_top =
        |(index, node): &(usize, &Node<'_>)| node.kind() == "comment" || is_import(node) || (Some(*index) == first && is_docstring(node));
    let count = statements.iter().enumerate().take_while(is_top).count();
    &statements[..count]
}

/// A place among the imports.
enum Beside<'t> {
    /// Before a statement, with an empty line between them if they are not of one group.
    Before(Node<'t>, bool),
    Behind(Node<'t>),
}

/// Where `import module` goes: among the plain imports of the first group, where it would be sorted, or before all other
/// imports. The file's own modules come last.
fn among_plain<'t>(text: &str, top: &[Node<'t>], module: &str) -> Option<Beside<'t>> {
    let imports: Vec<Node<'t>> =
        top.iter().copied().filter(|node| matches!(node.kind(), "import_statement" | "import_from_statement")).collect();
    let first = *imports.first().filter(|node| node.start_position().column == 0)?;
    let mut group: Vec<Node<'t>> = Vec::new();
    for node in imports {
        let is_next = group.last().is_none_or(|last| {
            !text[last.end_byte()..node.start_byte()].contains("\n\n") && !text[last.end_byte()..node.start_byte()].contains("\n\r\n")
        });
        if !is_next {
            break;
        }
        group.push(node);
    }
    let name = |node: &Node<'_>| node.child_by_field_name("name").and_then(|n| text.get(n.byte_range())).unwrap_or_default().to_owned();
    let plain: Vec<(String, Node<'t>)> =
        group.iter().filter(|node| node.kind() == "import_statement").map(|node| (name(node), *node)).collect();
    let Some((_, last)) = plain.last() else {
        let is_relative = first.child_by_field_name("module_name").is_some_and(|node| node.kind() == "relative_import");
        return Some(Beside::Before(first, is_relative));
    };
    let next = plain.iter().find(|(name, node)| name.as_str() > module && node.start_position().column == 0);
    Some(match next {
        Some((_, next)) if plain.is_sorted_by(|a, b| a.0 <= b.0) => Beside::Before(*next, false),
        _ => Beside::Behind(*last),
    })
}

/// The end of a statement's line: a comment stays with it, and `import a; x = 1` is not broken.
fn end_of_line(text: &str, statement: Node<'_>) -> usize {
    let at = statement.end_byte();
    let behind = text[at..].split(['\n', '\r']).next().unwrap_or_default();
    if behind.trim_start().starts_with(['#', ';']) { at + behind.len() } else { at }
}

/// Puts lines before everything but lines that have to stay first: `#!`, an encoding.
fn first(file: FileId, text: &str, lines: &str) -> Edit {
    let end = line_break(text);
    let head: usize = text
        .split_inclusive('\n')
        .take(2)
        .take_while(|l| l.starts_with("#!") || (l.starts_with('#') && l.contains("coding")))
        .map(str::len)
        .sum();
    let rest = text[head..].trim_start();
    let is_definition = ["def ", "async def ", "class ", "@"].iter().any(|word| rest.starts_with(word));
    // Two empty lines before a definition, but not between an import and what follows it.
    let gap = match (rest.is_empty(), is_definition && lines.contains('\n')) {
        (true, _) => String::new(),
        (_, true) => end.repeat(2),
        _ => end.to_owned(),
    };
    insert(file, head, &format!("{lines}{end}{gap}"))
}

/// Whether a statement at the top of the module imports just this, under its own name.
fn imports(text: &str, statement: Node<'_>, module: &str, name: Option<&str>) -> bool {
    let mut cursor = statement.walk();
    let mut names = statement.children_by_field_name("name", &mut cursor).filter_map(|node| text.get(node.byte_range()));
    match (statement.kind(), name) {
        ("import_statement", None) => names.any(|written| written == module),
        ("import_from_statement", Some(name)) => {
            let from = statement.child_by_field_name("module_name").and_then(|node| text.get(node.byte_range()));
            from == Some(module) && names.any(|written| written == name)
        }
        _ => false,
    }
}
