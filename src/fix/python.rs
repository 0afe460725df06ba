//! Edits of Python calls and imports that keep the style of what is there.

use tree_sitter::{Node, Tree};

use super::edit::Edit;
use super::engine::line_break;
use crate::source::{FileId, Span};

/// Passes a keyword argument, or replaces its value if it is passed already.
pub(super) fn set_argument(file: FileId, text: &str, tree: &Tree, call: Span, name: &str, value: &str) -> Option<Vec<Edit>> {
    let arguments = arguments(tree, call)?;
    let mut cursor = arguments.walk();
    for argument in arguments.named_children(&mut cursor).filter(|node| node.kind() == "keyword_argument") {
        let written = argument.child_by_field_name("name")?;
        if text.get(written.byte_range())? == name {
            let old = argument.child_by_field_name("value")?;
            return Some(vec![Edit { file, span: span(old), text: value.to_owned() }]);
        }
    }
    let new = format!("{name}={value}");
    if arguments.kind() == "generator_expression" {
        let (start, end) = (arguments.start_byte(), arguments.end_byte());
        return Some(vec![insert(file, start, "("), insert(file, end, &format!(", {new})"))]);
    }
    Some(append(file, text, arguments, &new))
}

/// Passes one more argument by position; nothing where those that are passed cannot be counted.
pub(super) fn append_argument(file: FileId, text: &str, tree: &Tree, call: Span, value: &str) -> Option<Vec<Edit>> {
    let arguments = arguments(tree, call).filter(|node| node.kind() == "argument_list")?;
    let mut cursor = arguments.walk();
    let all: Vec<Node<'_>> = arguments.named_children(&mut cursor).filter(|node| node.kind() != "comment").collect();
    if all.iter().any(|node| matches!(node.kind(), "list_splat" | "dictionary_splat")) {
        return None;
    }
    match all.iter().position(|node| node.kind() == "keyword_argument") {
        Some(keyword) => Some(vec![insert(file, all[keyword].start_byte(), &format!("{value}, "))]),
        None => Some(append(file, text, arguments, value)),
    }
}

/// Puts an argument behind all others: on a line of its own where they have lines of their own.
fn append(file: FileId, text: &str, arguments: Node<'_>, new: &str) -> Vec<Edit> {
    let mut cursor = arguments.walk();
    let children: Vec<Node<'_>> = arguments.children(&mut cursor).collect();
    let close = arguments.end_byte() - 1;
    let Some(at) = children.iter().rposition(|node| node.is_named() && node.kind() != "comment") else {
        return vec![insert(file, close, new)];
    };
    let last = children[at];
    let behind = &children[at + 1..];
    if arguments.end_position().row == last.end_position().row {
        return vec![insert(file, last.end_byte(), &format!(", {new}"))];
    }
    let comma = behind.iter().find(|node| node.kind() == ",");
    // A comment at the end of the line speaks of what is in it.
    let row = comma.unwrap_or(&last).end_position().row;
    let comment = behind.iter().find(|node| node.kind() == "comment" && node.start_position().row == row);
    let is_argument = |node: &&Node<'_>| node.is_named() && node.kind() != "comment";
    let mut written = children[..=at].iter().filter(is_argument);
    let in_own_line = written.clone().rev().find(|node| before_in_line(text, node.start_byte()).trim().is_empty());
    let indentation: String = match (in_own_line, comment.and(written.next())) {
        (Some(model), _) => before_in_line(text, model.start_byte()).to_owned(),
        (None, Some(first)) => before_in_line(text, first.start_byte()).chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect(),
        // Arguments that begin in the line of the bracket have no lines of their own, wherever the call ends.
        (None, None) => return vec![insert(file, last.end_byte(), &format!(", {new}"))],
    };
    let end = [Some(&last), comma, comment].into_iter().flatten().map(Node::end_byte).max().unwrap_or(close);
    let comma_behind = if comma.is_some() { "," } else { "" };
    let line = insert(file, end, &format!("{}{indentation}{new}{comma_behind}", line_break(text)));
    if comma.is_some() {
        vec![line]
    } else if end == last.end_byte() {
        vec![insert(file, end, &format!(",{}", line.text))]
    } else {
        vec![insert(file, last.end_byte(), ","), line]
    }
}

/// Makes a name importable; nothing if it is already. `is_local` tells the project's own modules by their first name.
pub(super) fn add_import(
    file: FileId,
    text: &str,
    tree: &Tree,
    (module, name): (&str, Option<&str>),
    is_local: impl Fn(&str) -> bool,
) -> Option<Edit> {
    let root = tree.root_node();
    let mut cursor = root.walk();
    let statements: Vec<Node<'_>> = root.named_children(&mut cursor).collect();
    if statements.iter().any(|statement| imports(text, *statement, module, name)) {
        return None;
    }
    let line = match name {
        Some(name) => format!("from {module} import {name}"),
        None => format!("import {module}"),
    };
    let end = line_break(text);
    let is_docstring = |node: &Node<'_>| node.kind() == "expression_statement" && node.named_child(0).is_some_and(|n| n.kind() == "string");
    let mut first = None;
    let mut all: Vec<Import<'_>> = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let is_first = statements[..index].iter().all(|node| node.kind() == "comment");
        match statement.kind() {
            "import_statement" | "import_from_statement" => all.push(Import::new(text, *statement, all.last(), &is_local)),
            "future_import_statement" => first = Some(*statement),
            "comment" => {}
            _ if is_first && is_docstring(statement) => first = Some(*statement),
            _ => break,
        }
    }
    if let Some((beside, before)) = beside(&all, module, name.is_some()) {
        if before && before_in_line(text, beside.start_byte()).is_empty() {
            return Some(insert(file, beside.start_byte(), &format!("{line}{end}")));
        }
        return Some(insert(file, line_end(text, beside), &format!("{end}{line}")));
    }
    // None of the imports is of its kind: it stands above them, apart.
    if let Some(next) = all.first().filter(|import| before_in_line(text, import.node.start_byte()).is_empty()) {
        return Some(insert(file, next.node.start_byte(), &format!("{line}{end}{end}")));
    }
    // Docstring and `from __future__` have to come first.
    if let Some(first) = first {
        let at = line_end(text, first);
        let below = text[at..].lines().nth(1).unwrap_or_default();
        let gap = if below.trim().is_empty() { "" } else { end };
        return Some(insert(file, at, &format!("{end}{end}{line}{gap}")));
    }
    // Lines that have to stay first: `#!`, an encoding.
    let head: usize = text
        .split_inclusive('\n')
        .take(2)
        .take_while(|l| l.starts_with("#!") || (l.starts_with('#') && l.contains("coding")))
        .map(str::len)
        .sum();
    let gap = if text[head..].trim().is_empty() { "" } else { end };
    Some(insert(file, head, &format!("{line}{end}{gap}")))
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
    fn new(text: &str, node: Node<'t>, last: Option<&Import<'t>>, is_local: impl Fn(&str) -> bool) -> Self {
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

/// The end of the line that a statement ends in, where a comment or another statement is behind it.
fn line_end(text: &str, statement: Node<'_>) -> usize {
    let at = statement.end_byte();
    let behind = text[at..].split(['\n', '\r']).next().unwrap_or_default();
    if behind.trim_start().starts_with(['#', ';']) { at + behind.len() } else { at }
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

/// The argument list of the call at a place.
fn arguments(tree: &Tree, call: Span) -> Option<Node<'_>> {
    let range = call.range();
    let mut node = tree.root_node().descendant_for_byte_range(range.start, range.end)?;
    // The callee of `f()()` starts where the call does.
    while node.kind() != "call" || span(node) != call {
        node = node.parent().filter(|parent| parent.byte_range() == range)?;
    }
    node.child_by_field_name("arguments")
}

/// The part of a line before a byte.
fn before_in_line(text: &str, at: usize) -> &str {
    &text[text[..at].rfind('\n').map_or(0, |line| line + 1)..at]
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

fn insert(file: FileId, at: usize, text: &str) -> Edit {
    Edit { file, span: Span::new(at, at), text: text.to_owned() }
}
