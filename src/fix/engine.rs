//! The edit engine: intents to text edits, by looking at the file again. Only files that have findings are parsed twice.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::edit::Edit;
use super::{Fix, Intent, imports, python, statement, typescript, yaml};
use crate::finding::Finding;
use crate::lower::typescript::Dialect;
use crate::lower::{self, dockerfile};
use crate::source::{Encoding, FileId, FileKind, SourceFile, Sources, Span};

/// The edits of each finding's fix, in the findings' order; those of one file are sorted by place. A fix that cannot be
/// carried out in this file (the statement shares its line, the text was decoded with losses) has none.
#[must_use]
pub fn edits(sources: &Sources, findings: &[Finding]) -> Vec<Vec<Edit>> {
    let files: Vec<FileId> = {
        let all = findings.iter().flat_map(|finding| &finding.fix.intents).map(Intent::file);
        let mut files: Vec<FileId> = all.collect();
        files.sort();
        files.dedup();
        files
    };
    let tree = |id: &FileId| {
        let file = sources.get(*id);
        let tree = match file.kind {
            FileKind::Python => lower::python::parse(&file.text),
            FileKind::TypeScript => lower::typescript::parse(Dialect::of(&file.path), &file.text),
            _ => None,
        };
        Some((*id, tree?))
    };
    let trees: FxHashMap<FileId, tree_sitter::Tree> = files.par_iter().filter_map(tree).collect();
    findings.par_iter().map(|finding| of_fix(sources, &trees, &finding.fix).unwrap_or_default()).collect()
}

/// All edits of a fix, or nothing if one of its intents cannot be carried out.
fn of_fix(sources: &Sources, trees: &FxHashMap<FileId, tree_sitter::Tree>, fix: &Fix) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    for intent in &fix.intents {
        let id = intent.file();
        let file = sources.get(id);
        // In broken syntax nobody knows what an edit would be a part of.
        if file.encoding == Encoding::Lossy || trees.get(&id).is_some_and(|tree| tree.root_node().has_error()) {
            return None;
        }
        let is_local = |name: &str| is_local(sources, file.directory(), name);
        let found = match intent {
            Intent::SetYaml { .. } | Intent::ReplaceYamlPair { .. } | Intent::AddYamlPair { .. } => vec![yaml::edit(&file.text, intent)?],
            Intent::SetArgument { call, name, value } => python::set_argument(id, &file.text, trees.get(&id)?, call.span, name, value)?,
            Intent::AppendArgument { call, value } => python::append_argument(id, &file.text, trees.get(&id)?, call.span, value)?,
            Intent::SetKey { object, key, value } => typescript::set_key(id, &file.text, trees.get(&id)?, object.span, (key, value))?,
            Intent::PassArgument { call, position, value } => {
                typescript::pass_argument(id, &file.text, trees.get(&id)?, call.span, *position, value)?
            }
            Intent::AddImport { module, name, .. } => {
                imports::add_import(id, &file.text, trees.get(&id)?, module, name.as_deref(), &is_local).into_iter().collect()
            }
            Intent::AddLogger { name, value, import, .. } => {
                imports::add_logger(id, &file.text, trees.get(&id)?, (name, value), *import, &is_local)
            }
            Intent::Replace { place, text } => vec![replace(id, file, place.span, text)?],
            Intent::InsertBefore { before, text } => {
                let whole = match file.kind {
                    FileKind::TypeScript => statement::around(trees.get(&id)?, before.span)?,
                    _ => before.span,
                };
                vec![insert_before(id, file, whole, text)?]
            }
            Intent::InsertAfter { after, text } => vec![insert_after(id, file, after.span, text)?],
        };
        for edit in found {
            if !edits.contains(&edit) && !joins(&mut edits, intent, &edit) {
                edits.push(edit);
            }
        }
    }
    edits.sort();
    Some(edits)
}

/// Whether a module of this name is the project's own: it lies beside the file, or in a folder above.
fn is_local(sources: &Sources, directory: &str, name: &str) -> bool {
    let mut folder = Some(directory);
    while let Some(at) = folder {
        let slash = if at.is_empty() { "" } else { "/" };
        if [".py", "/__init__.py"].iter().any(|ending| sources.find(&format!("{at}{slash}{name}{ending}")).is_some()) {
            return true;
        }
        folder = at.rsplit_once('/').map(|(above, _)| above).or((!at.is_empty()).then_some(""));
    }
    false
}

/// Puts another name into an import that the fix adds of the same module.
fn joins(edits: &mut [Edit], intent: &Intent, edit: &Edit) -> bool {
    let Intent::AddImport { module, name: Some(name), .. } = intent else { return false };
    let line = format!("from {module} import ");
    let same = |other: &&mut Edit| (other.file, other.span) == (edit.file, edit.span) && other.text.trim_start().starts_with(&line);
    let Some(other) = edits.iter_mut().find(same) else { return false };
    let end = other.text.trim_end().len();
    other.text.insert_str(end, &format!(", {name}"));
    true
}

fn replace(id: FileId, file: &SourceFile, span: Span, text: &str) -> Option<Edit> {
    let indentation = indentation(file, span)?.0;
    Some(Edit { file: id, span, text: lines(file, text, indentation) })
}

fn insert_before(id: FileId, file: &SourceFile, span: Span, text: &str) -> Option<Edit> {
    let (indentation, alone) = indentation(file, span)?;
    let new = lines(file, text, indentation);
    let end = line_break(&file.text);
    if file.kind == FileKind::Dockerfile {
        let line = span.start as usize - indentation.len();
        let at = above_comments(&file.text, line);
        // A paragraph of comments and their instruction stays one, with nothing on top of it.
        let above = &file.text[..at];
        let is_paragraph = at < line && above.trim_end_matches([' ', '\t', '\r', '\n']).len() + end.len() < above.len();
        let gap = if is_paragraph { end } else { "" };
        return alone.then(|| Edit { file: id, span: Span::new(at, at), text: format!("{indentation}{new}{end}{gap}") });
    }
    alone.then(|| Edit { file: id, span: Span { start: span.start, end: span.start }, text: format!("{new}{end}{indentation}") })
}

/// The start of the comment lines directly above a line of a Dockerfile: they speak of its instruction. Directives at the
/// top of the file (`# syntax=`) speak of the file, and have to stay there.
fn above_comments(text: &str, mut line: usize) -> usize {
    let top = dockerfile::directives_end(text);
    while line > top {
        let above = text[..line - 1].rfind('\n').map_or(0, |end| end + 1);
        if !text[above..line].trim_start().starts_with('#') {
            break;
        }
        line = above;
    }
    line
}

fn insert_after(id: FileId, file: &SourceFile, span: Span, text: &str) -> Option<Edit> {
    let (indentation, alone) = indentation(file, span)?;
    let end = span.end as usize;
    let rest = file.text.get(end..)?;
    let behind = rest.split(['\n', '\r']).next().unwrap_or_default();
    // Behind a statement may stand a comment, which stays with it, but no other statement.
    let comment = if file.kind == FileKind::TypeScript { "//" } else { "#" };
    let mut shared = !behind.trim().is_empty() && !behind.trim_start().starts_with(comment);
    // A Dockerfile may end inside a continued line, which would go on with what is put behind it.
    shared |= file.kind == FileKind::Dockerfile && file.slice(span).ends_with(['\\', '`']);
    let at = end + behind.len();
    let new = lines(file, text, indentation);
    let end = line_break(&file.text);
    (alone && !shared).then(|| Edit { file: id, span: Span::new(at, at), text: format!("{end}{indentation}{new}") })
}

/// The indentation of the line that a span starts in, and whether nothing else stands before it there.
fn indentation(file: &SourceFile, span: Span) -> Option<(&str, bool)> {
    let before = file.text.get(..span.start as usize)?;
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    let indentation = &line[..line.len() - line.trim_start().len()];
    Some((indentation, indentation.len() == line.len()))
}

/// What ends a line of this text.
pub(super) fn line_break(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Lines of a rule as lines of a file: its indentation before all but the first, its steps, and its line breaks.
fn lines(file: &SourceFile, new: &str, indentation: &str) -> String {
    let text = &file.text;
    let is_indented_by = |by: usize| text.lines().any(|line| line.len() - line.trim_start_matches(' ').len() == by);
    let has_two = || is_indented_by(2) || !is_indented_by(4);
    let step = if file.kind == FileKind::TypeScript && has_two() { "  " } else { "    " };
    let has_tabs = indentation.contains('\t') || (indentation.is_empty() && text.contains("\n\t") && !text.contains("\n    "));
    let step = if has_tabs { "\t" } else { step };
    let mut result = String::with_capacity(new.len());
    for (index, line) in new.trim_end_matches('\n').split('\n').enumerate() {
        if index > 0 {
            result.push_str(line_break(text));
            if !line.is_empty() {
                result.push_str(indentation);
            }
        }
        let steps = if index > 0 { (line.len() - line.trim_start_matches(' ').len()) / 4 } else { 0 };
        result.extend(std::iter::repeat_n(step, steps));
        result.push_str(&line[steps * 4..]);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::edit::apply;
    use crate::source::Place;

    fn place(text: &str, what: &str) -> Place {
        let start = text.find(what).expect("the place is in the text");
        Place { file: FileId(0), span: Span::new(start, start + what.len()) }
    }

    fn fixed(text: &str, intents: Vec<Intent>) -> Option<String> {
        let sources = Sources::new(vec![SourceFile::new("a.py", FileKind::Python, text)]);
        let trees = FxHashMap::from_iter([(FileId(0), crate::lower::python::parse(text).expect("a tree"))]);
        let edits = of_fix(&sources, &trees, &Fix::unsafe_edit("x", intents))?;
        apply(text, &edits)
    }

    fn argument(text: &str, call: &str) -> Option<String> {
        let intent = Intent::SetArgument { call: place(text, call), name: "timeout".into(), value: "10".into() };
        fixed(text, vec![intent])
    }

    #[test]
    fn arguments_keep_the_style_of_their_call() {
        let cases = [
            ("f()", "f()", "f(timeout=10)"),
            ("f(a)", "f(a)", "f(a, timeout=10)"),
            ("f(a,)", "f(a,)", "f(a, timeout=10,)"),
            ("f(timeout=None)", "f(timeout=None)", "f(timeout=10)"),
            ("f(a, **kw)", "f(a, **kw)", "f(a, **kw, timeout=10)"),
            ("f(x for x in y)", "f(x for x in y)", "f((x for x in y), timeout=10)"),
            ("g(f(a))", "f(a)", "g(f(a, timeout=10))"),
            ("f(\n    a,\n)", "f(\n    a,\n)", "f(\n    a,\n    timeout=10,\n)"),
            ("f(\n    a\n)", "f(\n    a\n)", "f(\n    a,\n    timeout=10\n)"),
            ("f(\n\ta,  # why\n)", "f(\n\ta,  # why\n)", "f(\n\ta,  # why\n\ttimeout=10,\n)"),
            ("f(\n    a  # why\n)", "f(\n    a  # why\n)", "f(\n    a,  # why\n    timeout=10\n)"),
            ("f(a,\r\n  b)", "f(a,\r\n  b)", "f(a,\r\n  b, timeout=10)"),
            ("f(\r\n  a,\r\n)", "f(\r\n  a,\r\n)", "f(\r\n  a,\r\n  timeout=10,\r\n)"),
            ("f( # why\n)", "f( # why\n)", "f( # why\ntimeout=10)"),
            ("    f(u\n    )", "f(u\n    )", "    f(u, timeout=10\n    )"),
            ("f(u,\n  b=1\n    )", "f(u,\n  b=1\n    )", "f(u,\n  b=1,\n  timeout=10\n    )"),
            ("f(u, b={\n        1: 2,\n    }\n)", "f(u, b={\n        1: 2,\n    }\n)", "f(u, b={\n        1: 2,\n    }, timeout=10\n)"),
            ("f(u,\n  b, c=1\n    )", "f(u,\n  b, c=1\n    )", "f(u,\n  b, c=1,\n  timeout=10\n    )"),
            ("f(a, # c\n  b, # d\n)", "f(a, # c\n  b, # d\n)", "f(a, # c\n  b, # d\n  timeout=10,\n)"),
            ("f(\n  b # c\n  , # d\n)", "f(\n  b # c\n  , # d\n)", "f(\n  b # c\n  , # d\n  timeout=10,\n)"),
            ("f(a, # d\n)", "f(a, # d\n)", "f(a, # d\n  timeout=10,\n)"),
        ];
        for (text, call, expected) in cases {
            assert_eq!(argument(text, call).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn positional_arguments_go_before_keywords_or_nowhere() {
        let append = |text: &str| fixed(text, vec![Intent::AppendArgument { call: place(text, text), value: "p".into() }]);
        assert_eq!(append("f(a)").as_deref(), Some("f(a, p)"));
        assert_eq!(append("f()").as_deref(), Some("f(p)"));
        assert_eq!(append("f(a, b=1)").as_deref(), Some("f(a, p, b=1)"));
        assert_eq!(append("f(b=1)").as_deref(), Some("f(p, b=1)"));
        assert_eq!(append("f(*a)"), None);
    }

    #[test]
    fn imports_go_where_imports_are() {
        let import = |text: &str, name: Option<&str>| {
            let intent = Intent::AddImport { file: FileId(0), module: "logging".into(), name: name.map(str::to_owned) };
            fixed(text, vec![intent]).expect("an edit")
        };
        assert_eq!(import("x = 1\n", None), "import logging\n\nx = 1\n");
        assert_eq!(import("", None), "import logging\n");
        assert_eq!(
            import("#!/usr/bin/env python\n\"\"\"Doc.\"\"\"\n\nx = 1\n", None),
            "#!/usr/bin/env python\n\"\"\"Doc.\"\"\"\n\nimport logging\n\nx = 1\n"
        );
        assert_eq!(import("import os\r\n\r\nx = 1\r\n", None), "import logging\r\nimport os\r\n\r\nx = 1\r\n");
        assert_eq!(
            import("from __future__ import annotations\nx = 1\n", None),
            "from __future__ import annotations\n\nimport logging\n\nx = 1\n"
        );
        assert_eq!(import("import json\nimport os\n", None), "import json\nimport logging\nimport os\n");
        assert_eq!(import("import sys\nimport os  # why\n", None), "import sys\nimport os  # why\nimport logging\n");
        assert_eq!(
            import("import re\n\nimport fastapi\n\nfrom . import a\n", None),
            "import logging\nimport re\n\nimport fastapi\n\nfrom . import a\n"
        );
        assert_eq!(import("from .a import b\n", None), "import logging\n\nfrom .a import b\n");
        assert_eq!(import("import os\nimport logging\n", None), "import os\nimport logging\n");
        assert_eq!(import("import logging as log\n", None), "import logging as log\nimport logging\n");
        assert_eq!(import("from logging import (\n    getLogger,\n)\n", Some("getLogger")), "from logging import (\n    getLogger,\n)\n");
        assert_eq!(import("from logging import INFO\n", Some("getLogger")), "from logging import INFO\nfrom logging import getLogger\n");
        assert_eq!(
            import("try:\n    import a\nexcept ImportError:\n    a = None\n", None),
            "import logging\n\ntry:\n    import a\nexcept ImportError:\n    a = None\n"
        );
    }

    #[test]
    fn imports_stand_with_their_like() {
        let import = |text: &str, module: &str, name: Option<&str>| {
            let text = text.replace('|', "\n");
            let intent = Intent::AddImport { file: FileId(0), module: module.to_owned(), name: name.map(str::to_owned) };
            let sources = Sources::new(vec![
                SourceFile::new("app/a.py", FileKind::Python, &text),
                SourceFile::new("app/db/__init__.py", FileKind::Python, ""),
                SourceFile::new("settings.py", FileKind::Python, ""),
            ]);
            let trees = FxHashMap::from_iter([(FileId(0), crate::lower::python::parse(&text).expect("a tree"))]);
            let edits = of_fix(&sources, &trees, &Fix::unsafe_edit("x", vec![intent])).expect("edits");
            apply(&text, &edits).expect("they fit").replace('\n', "|")
        };
        let plain = |text: &str| import(text, "logging", None);
        assert_eq!(plain("import json|import os|from flask import g|"), "import json|import logging|import os|from flask import g|");
        assert_eq!(plain("import os|import json|"), "import os|import json|import logging|", "they are in no order");
        assert_eq!(plain("import json||import requests|"), "import json|import logging||import requests|");
        assert_eq!(plain("from flask import g|from .x import y|"), "import logging|from flask import g|from .x import y|");
        assert_eq!(plain("import db|import settings|"), "import logging||import db|import settings|");
        assert_eq!(plain("import os  # why|"), "import logging|import os  # why|");
        assert_eq!(plain("import abc; x = 1|"), "import abc; x = 1|import logging|");
        let from = |text: &str| import(text, "google.cloud", Some("bigquery"));
        assert_eq!(
            from("import os||from flask import g|from .x import y|"),
            "import os||from flask import g|from google.cloud import bigquery|from .x import y|"
        );
        assert_eq!(from("from b import c|from z import y|"), "from b import c|from google.cloud import bigquery|from z import y|");
        assert_eq!(from("import os|from db import x|"), "import os|from google.cloud import bigquery|from db import x|");
        assert_eq!(from("from .db import x|"), "from google.cloud import bigquery||from .db import x|");
        assert_eq!(from("\"\"\"Doc.\"\"\"|x = 1|"), "\"\"\"Doc.\"\"\"||from google.cloud import bigquery||x = 1|");
    }

    #[test]
    fn loggers_go_behind_imports() {
        let logger = |text: &str, import: bool| {
            let value = "logging.getLogger(__name__)".to_owned();
            fixed(text, vec![Intent::AddLogger { file: FileId(0), name: "logger".into(), value, import }]).expect("an edit")
        };
        let line = "logger = logging.getLogger(__name__)";
        assert_eq!(logger("x = 1\n", true), format!("import logging\n\n{line}\n\nx = 1\n"));
        assert_eq!(logger("import logging\nfrom a import b\n", false), format!("import logging\nfrom a import b\n\n{line}\n"));
        assert_eq!(logger("import json\n\nx = 1\n", true), format!("import json\nimport logging\n\n{line}\n\nx = 1\n"));
        assert_eq!(logger("\"\"\"Doc.\"\"\"\nx = 1\n", true), format!("\"\"\"Doc.\"\"\"\n\nimport logging\n\n{line}\n\nx = 1\n"));
        assert_eq!(
            logger("import sys\nsys.path.append('a')\nfrom b import c\n\ntry:\n    import d\nexcept ImportError:\n    pass\n", true),
            format!(
                "import logging\nimport sys\nsys.path.append('a')\nfrom b import c\n\n{line}\n\ntry:\n    import d\nexcept ImportError:\n    pass\n"
            )
        );
    }

    #[test]
    fn statements_keep_indentation_and_comments() {
        let text = "def f():\r\n\tg()  # why\r\n\th()\r\n";
        let before = Intent::InsertBefore { before: place(text, "g()"), text: "a()\nb()".into() };
        assert_eq!(fixed(text, vec![before]).as_deref(), Some("def f():\r\n\ta()\r\n\tb()\r\n\tg()  # why\r\n\th()\r\n"));
        let after = Intent::InsertAfter { after: place(text, "g()"), text: "a()\nb()".into() };
        assert_eq!(fixed(text, vec![after]).as_deref(), Some("def f():\r\n\tg()  # why\r\n\ta()\r\n\tb()\r\n\th()\r\n"));
        let one_line = "if x: g()\n";
        let before = Intent::InsertBefore { before: place(one_line, "g()"), text: "a()".into() };
        assert_eq!(fixed(one_line, vec![before]), None);
        let shared = "g(); h()\n";
        let after = Intent::InsertAfter { after: place(shared, "g()"), text: "a()".into() };
        assert_eq!(fixed(shared, vec![after]), None);
    }

    #[test]
    fn instructions_of_a_dockerfile_keep_the_comments_above_them() {
        let insert = |text: &str| {
            let sources = Sources::new(vec![SourceFile::new("Dockerfile", FileKind::Dockerfile, text)]);
            let intent = Intent::InsertBefore { before: place(text, "CMD"), text: "USER a".into() };
            let edits = of_fix(&sources, &FxHashMap::default(), &Fix::unsafe_edit("x", vec![intent])).expect("edits");
            apply(text, &edits).expect("they fit")
        };
        assert_eq!(insert("FROM a\n\n# one\n# two\nCMD b\n"), "FROM a\n\nUSER a\n\n# one\n# two\nCMD b\n");
        assert_eq!(insert("FROM a\r\n# one\r\nCMD b\r\n"), "FROM a\r\nUSER a\r\n# one\r\nCMD b\r\n");
        assert_eq!(insert("FROM a\r\n  CMD b"), "FROM a\r\n  USER a\r\n  CMD b");
        assert_eq!(insert("# syntax=x\n# one\nCMD b"), "# syntax=x\nUSER a\n# one\nCMD b");
    }

    #[test]
    fn nothing_follows_an_instruction_that_has_no_end() {
        let insert = |text: &str, what: &str| {
            let sources = Sources::new(vec![SourceFile::new("Dockerfile", FileKind::Dockerfile, text)]);
            let intent = Intent::InsertAfter { after: place(text, what), text: "USER a".into() };
            of_fix(&sources, &FxHashMap::default(), &Fix::unsafe_edit("x", vec![intent])).and_then(|edits| apply(text, &edits))
        };
        assert_eq!(insert("FROM a\nRUN b", "RUN b").as_deref(), Some("FROM a\nRUN b\nUSER a"));
        assert_eq!(insert("FROM a\nRUN b \\\n# c", "RUN b \\"), None);
    }
}
