//! Edits at the top of a Python file: imports, and the module's logger.

use tree_sitter::{Node, Tree};

use super::edit::Edit;
use super::engine::line_break;
use super::lists::{before_in_line, insert};
use crate::source::FileId;

/// Tells the project's own modules by their first name.
type IsLocal<'a> = &'a dyn Fn(&str) -> bool;

/// Makes a name importable; nothing if it is already.
pub(super) fn add_import(file: FileId, text: &str, tree: &Tree, module: &str, name: Option<&str>, is_local: IsLocal<'_>) -> Option<Edit> {
    let statements = statements(tree);
    if statements.iter().any(|statement| imports(text, *statement, module, name)) {
        return None;
    }
    let line = match name {
        Some(name) => format!("from {module} import {name}"),
        None => format!("import {module}"),
    };
    let end = line_break(text);
    let begins_line = |node: &Node<'_>| before_in_line(text, node.start_byte()).is_empty();
    let top = top(&statements);
    let mut all: Vec<Import<'_>> = Vec::new();
    for node in top.iter().filter(|node| matches!(node.kind(), "import_statement" | "import_from_statement")) {
        all.push(Import::new(text, *node, all.last(), is_local));
    }
    if let Some((beside, before)) = beside(&all, module, name.is_some()) {
        return Some(if before && begins_line(&beside) {
            insert(file, beside.start_byte(), &format!("{line}{end}"))
        } else {
            insert(file, end_of_line(text, beside), &format!("{end}{line}"))
        });
    }
    // None of the imports is of its kind: it stands above them, and apart from the project's own.
    if let Some(first) = all.first().filter(|import| begins_line(&import.node)) {
        let gap = if first.is_local { end } else { "" };
        return Some(insert(file, first.node.start_byte(), &format!("{line}{end}{gap}")));
    }
    // Docstring and `from __future__` have to come first.
    let Some(above) = top.iter().rfind(|node| node.kind() != "comment") else { return Some(first(file, text, &line)) };
    let at = end_of_line(text, *above);
    let below = text[at..].lines().nth(1).unwrap_or_default();
    let gap = if below.trim().is_empty() { "" } else { end };
    Some(insert(file, at, &format!("{end}{end}{line}{gap}")))
}

/// Gives a module a logger of this name, behind the imports that come before its first block.
pub(super) fn add_logger(
    file: FileId,
    text: &str,
    tree: &Tree,
    (name, value): (&str, &str),
    import: bool,
    is_local: IsLocal<'_>,
) -> Vec<Edit> {
    let statements = statements(tree);
    let is_block = |node: &Node<'_>| node.child_by_field_name("body").is_some() || node.child_by_field_name("consequence").is_some();
    let before = statements.iter().take_while(|node| !is_block(node) && node.kind() != "decorated_definition");
    let anchor = before.filter(|node| is_import(node)).last().or_else(|| top(&statements).iter().rfind(|node| node.kind() != "comment"));
    let end = line_break(text);
    let line = format!("{name} = {value}");
    let imported = if import { add_import(file, text, tree, "logging", None, is_local) } else { None };
    match (anchor, imported) {
        (Some(anchor), imported) => {
            let at = end_of_line(text, *anchor);
            match imported {
                // Two insertions at one place would have no order.
                Some(edit) if edit.span.start as usize == at => {
                    let (import, gap) = edit.text.split_at(edit.text.trim_end().len());
                    vec![Edit { text: format!("{import}{end}{end}{line}{gap}"), ..edit }]
                }
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

/// An import among those at the top of a module.
struct Import<'t> {
    node: Node<'t>,
    module: String,
    is_from: bool,
    /// Of the project itself.
    is_local: bool,
    /// Number of its block: blank lines set blocks apart.
    block: usize,
}

impl<'t> Import<'t> {
    fn new(text: &str, node: Node<'t>, last: Option<&Import<'t>>, is_local: IsLocal<'_>) -> Self {
        let is_from = node.kind() == "import_from_statement";
        let named = node.child_by_field_name(if is_from { "module_name" } else { "name" });
        let named =
            named.map(|named| if named.kind() == "aliased_import" { named.child_by_field_name("name").unwrap_or(named) } else { named });
        let module = named.and_then(|named| text.get(named.byte_range())).unwrap_or_default().to_owned();
        let is_local = module.starts_with('.') || is_local(module.split('.').next().unwrap_or_default());
        let block = last.map_or(0, |last| {
            let mut between = text[last.node.end_byte()..node.start_byte()].lines().skip(1);
            last.block + usize::from(between.any(|line| line.trim().is_empty()))
        });
        Self { node, module, is_from, is_local, block }
    }
}

/// The import of the same kind that a new one goes beside, and whether before it: where the order asks for it in a block
/// that is in order, else behind the others. What modules come with Python is not asked: plain imports go to the first
/// block that has some, as the standard library's do, and `from` imports, which are of installed packages, to the last.
fn beside<'t>(all: &[Import<'t>], module: &str, is_from: bool) -> Option<(Node<'t>, bool)> {
    let outside = || all.iter().filter(|import| !import.is_local);
    let mut like = outside().filter(|import| import.is_from == is_from);
    let Some(model) = (if is_from { like.next_back() } else { like.next() }) else {
        // Behind plain imports there is always room for `from`, but not the other way round.
        return if is_from { outside().next_back().map(|last| (last.node, false)) } else { None };
    };
    let block: Vec<&Import<'t>> = outside().filter(|import| import.is_from == is_from && import.block == model.block).collect();
    let key = |module: &str| module.to_lowercase();
    let next = block.iter().find(|import| key(&import.module) > key(module));
    match next.filter(|_| block.is_sorted_by_key(|import| key(&import.module))) {
        Some(next) => Some((next.node, true)),
        None => block.last().map(|last| (last.node, false)),
    }
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
