//! Values of expressions, as far as the files tell: literals, variables with defaults, locals, what modules are given.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ForExpr, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::Body;
use hcl_edit::template::{Element, StringTemplate};

use crate::ir::Known;
use crate::ir::deploy::Setting;
use crate::source::{FileId, Place, Sources, Span};

use super::super::template::is_templated;
use super::{Folder, blocks_of, label, place};

/// Expressions that are read for one deployment: values may name each other many times over.
const FUEL: usize = 20_000;

/// How deep values name other values.
const DEEPEST: u8 = 32;

/// Bytes of a text that is put together.
const MOST: usize = 16 << 10;

/// Entries of a `for_each` that are read.
const MOST_ENTRIES: usize = 100;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `null`: as if it were not there.
    Null,
    /// A text, a number or a truth value.
    Text { text: String, place: Place },
    /// A list.
    List(Rc<Vec<Value>>),
    /// An object.
    Map(Rc<Vec<(String, Value)>>),
    /// Nobody knows; what is written.
    Unknown { written: String, place: Place },
}

impl Value {
    /// As a setting; nothing where it is not set.
    pub(super) fn setting<T>(&self, read: impl Fn(&str) -> Option<T>) -> Option<Setting<T>> {
        let (written, place, value) = match self {
            Self::Text { text, place } => (text, place, if is_templated(text) { None } else { read(text.trim()) }),
            Self::Unknown { written, place } => (written, place, None),
            Self::Null | Self::List(_) | Self::Map(_) => return None,
        };
        Some(Setting { value: value.map_or(Known::Unknown, Known::Yes), written: written.clone(), place: *place })
    }

    pub(super) fn string(&self) -> Option<Setting<String>> {
        self.setting(|text| Some(text.to_owned()))
    }

    pub(super) fn number(&self) -> Option<Setting<u64>> {
        self.setting(|text| text.parse().ok())
    }

    pub(super) fn boolean(&self) -> Option<Setting<bool>> {
        self.setting(|text| text.parse().ok())
    }

    /// The text, where it is known.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Keys and values, of a list its items by themselves.
    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        match self {
            Self::Map(entries) => {
                let key = |key: &String, value: &Value| match value {
                    Self::Text { place, .. } | Self::Unknown { place, .. } => Some(Self::Text { text: key.clone(), place: *place }),
                    Self::Map(inner) => inner.first().and_then(|(_, first)| match first {
                        Self::Text { place, .. } | Self::Unknown { place, .. } => Some(Self::Text { text: key.clone(), place: *place }),
                        _ => None,
                    }),
                    _ => None,
                };
                Some(entries.iter().map(|(name, value)| (key(name, value).unwrap_or(Self::Null), value.clone())).collect())
            }
            Self::List(items) => Some(items.iter().map(|item| (item.clone(), item.clone())).collect()),
            _ => None,
        }
    }
}

/// What expressions of a folder may name.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub folder: &'a Folder,
    sources: &'a Sources,
    /// What the module is given.
    given: Rc<BTreeMap<String, Value>>,
    /// What the module is called.
    pub module: Option<String>,
    /// `each`, and what dynamic blocks go through.
    iterators: Vec<(String, Value, Value)>,
    /// What `for` goes through.
    names: Vec<(String, Value)>,
    fuel: Cell<usize>,
    /// Locals that were asked for: they are the same for all instances.
    locals: Rc<RefCell<BTreeMap<String, Option<Value>>>>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(folder: &'a Folder, sources: &'a Sources, given: BTreeMap<String, Value>, module: Option<String>) -> Self {
        Self {
            folder,
            sources,
            given: Rc::new(given),
            module,
            iterators: Vec::new(),
            names: Vec::new(),
            fuel: Cell::new(FUEL),
            locals: Rc::default(),
        }
    }

    /// The value of an expression in a file.
    pub(super) fn value(&self, file: FileId, expression: &Expression) -> Value {
        self.eval(file, expression, DEEPEST)
    }

    /// The value of an attribute; nothing where there is none, or it is null.
    pub(super) fn attribute(&self, file: FileId, body: &Body, name: &str) -> Option<Value> {
        let value = self.value(file, &body.get_attribute(name)?.value);
        (!matches!(value, Value::Null)).then_some(value)
    }

    /// The scope of each instance of a block: one, or as many as its `for_each` has entries.
    pub(super) fn each(&self, file: FileId, body: &Body) -> Vec<Self> {
        let Some(attribute) = body.get_attribute("for_each") else { return vec![self.clone()] };
        self.iterate("each", &self.value(file, &attribute.value))
    }

    fn iterate(&self, name: &str, values: &Value) -> Vec<Self> {
        let mut scopes = Vec::new();
        for (key, value) in values.entries().unwrap_or_default().into_iter().take(MOST_ENTRIES) {
            let mut scope = self.clone();
            scope.iterators.push((name.to_owned(), key, value));
            scopes.push(scope);
        }
        // Where nobody knows what it goes through, its names are not known either.
        if scopes.is_empty() && values.entries().is_none() { vec![self.clone()] } else { scopes }
    }

    /// The bodies of the blocks of a kind, those that are made by `dynamic` among them, each with the scope to read it in.
    pub(super) fn blocks<'b>(&self, file: FileId, body: &'b Body, kind: &str) -> Vec<(&'b Body, Self, Place)> {
        let mut found = Vec::new();
        for block in body.blocks() {
            if block.ident.as_str() == kind {
                found.push((&block.body, self.clone(), place(file, block)));
            } else if block.ident.as_str() == "dynamic" && label(block, 0) == Some(kind) {
                let Some(content) = block.body.get_blocks("content").next() else { continue };
                let iterator = block.body.get_attribute("iterator").and_then(|iterator| match &iterator.value {
                    Expression::Variable(name) => Some(name.as_str().to_owned()),
                    _ => None,
                });
                let values = block.body.get_attribute("for_each").map_or(Value::Null, |attribute| self.value(file, &attribute.value));
                for scope in self.iterate(&iterator.unwrap_or_else(|| kind.to_owned()), &values) {
                    found.push((&content.body, scope, place(file, block)));
                }
            }
        }
        found
    }

    /// The attributes of a block's first block of a kind.
    pub(super) fn block<'b>(&self, file: FileId, body: &'b Body, kind: &str) -> Option<(&'b Body, Self, Place)> {
        self.blocks(file, body, kind).into_iter().next()
    }

    fn unknown(&self, file: FileId, expression: &Expression) -> Value {
        let range = expression.span().unwrap_or_default();
        let span = Span::new(range.start, range.end);
        let written = self.sources.get(file).text.get(range).unwrap_or_default();
        Value::Unknown { written: written.trim_matches('"').to_owned(), place: Place { file, span } }
    }

    fn eval(&self, file: FileId, expression: &Expression, depth: u8) -> Value {
        let left = self.fuel.get();
        let Some(depth) = depth.checked_sub(1).filter(|_| left > 0) else { return self.unknown(file, expression) };
        self.fuel.set(left - 1);
        let range = expression.span().unwrap_or_default();
        let at = |start: usize, end: usize| Place { file, span: Span::new(start, end) };
        match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(value) => Value::Text { text: value.value().to_string(), place: at(range.start, range.end) },
            Expression::Number(value) => Value::Text { text: value.value().to_string(), place: at(range.start, range.end) },
            Expression::String(value) => {
                Value::Text { text: value.value().clone(), place: at(range.start + 1, range.end.saturating_sub(1).max(range.start + 1)) }
            }
            Expression::Parenthesis(inner) => self.eval(file, inner.inner(), depth),
            Expression::StringTemplate(template) => self.template(file, expression, template, depth),
            Expression::Array(items) => Value::List(Rc::new(items.iter().map(|item| self.eval(file, item, depth)).collect())),
            Expression::Object(object) => {
                let entry = |(key, value): (&ObjectKey, &hcl_edit::expr::ObjectValue)| {
                    let name = match key {
                        ObjectKey::Ident(name) => name.as_str().to_owned(),
                        ObjectKey::Expression(Expression::Variable(name)) => name.as_str().to_owned(),
                        ObjectKey::Expression(key) => self.eval(file, key, depth).text()?.to_owned(),
                    };
                    Some((name, self.eval(file, value.expr(), depth)))
                };
                Value::Map(Rc::new(object.iter().filter_map(entry).collect()))
            }
            Expression::Conditional(conditional) => {
                let (yes, no) = (&conditional.true_expr, &conditional.false_expr);
                match self.eval(file, &conditional.cond_expr, depth).text() {
                    Some("true") => self.eval(file, yes, depth),
                    Some("false") => self.eval(file, no, depth),
                    _ => self.unknown(file, expression),
                }
            }
            Expression::FuncCall(call) => {
                let name = call.name.name.as_str();
                let mut args = call.args.iter().map(|arg| self.eval(file, arg, depth));
                match name {
                    "tostring" | "tonumber" | "tobool" | "toset" | "tolist" | "tomap" | "sensitive" | "nonsensitive" => {
                        args.next().unwrap_or(Value::Null)
                    }
                    "merge" => {
                        let mut merged: Vec<(String, Value)> = Vec::new();
                        for arg in args {
                            if matches!(arg, Value::Null) {
                                continue;
                            }
                            // What nobody knows may hold any of them.
                            let Value::Map(entries) = arg else { return self.unknown(file, expression) };
                            for (key, value) in entries.iter() {
                                merged.retain(|(other, _)| other != key);
                                merged.push((key.clone(), value.clone()));
                            }
                        }
                        Value::Map(Rc::new(merged))
                    }
                    "concat" => {
                        let lists: Vec<Value> = args.collect();
                        let items = lists.iter().flat_map(|arg| if let Value::List(items) = arg { items.as_slice() } else { &[] });
                        Value::List(Rc::new(items.take(MOST_ENTRIES).cloned().collect()))
                    }
                    "coalesce" | "try" => match args.find(|arg| !matches!(arg, Value::Null) && (name == "try" || arg.text() != Some(""))) {
                        Some(known) => known,
                        None => self.unknown(file, expression),
                    },
                    _ => self.unknown(file, expression),
                }
            }
            Expression::HeredocTemplate(heredoc) => {
                let literals: Option<String> = heredoc
                    .template
                    .iter()
                    .map(|element| if let Element::Literal(text) = element { Some(text.as_str()) } else { None })
                    .collect();
                match literals {
                    Some(text) => Value::Text { text: text.trim().to_owned(), place: at(range.start, range.end) },
                    None => self.unknown(file, expression),
                }
            }
            Expression::ForExpr(each) => self.for_each(file, expression, each, depth),
            Expression::Variable(name) => match self.names.iter().rfind(|(other, _)| other == name.as_str()) {
                Some((_, value)) => value.clone(),
                None => self.unknown(file, expression),
            },
            Expression::Traversal(traversal) => self.traversal(file, expression, traversal, depth),
            _ => self.unknown(file, expression),
        }
    }

    /// `{ for s in local.services : s.name => s }`
    fn for_each(&self, file: FileId, expression: &Expression, each: &ForExpr, depth: u8) -> Value {
        let values = self.eval(file, &each.intro.collection_expr, depth);
        let Some(entries) = values.entries().filter(|_| each.cond.is_none()) else { return self.unknown(file, expression) };
        let (mut list, mut map) = (Vec::new(), Vec::new());
        for (key, value) in entries.into_iter().take(MOST_ENTRIES) {
            let mut scope = self.clone();
            scope.names.extend(each.intro.key_var.as_ref().map(|name| (name.as_str().to_owned(), key)));
            scope.names.push((each.intro.value_var.as_str().to_owned(), value));
            let value = scope.eval(file, &each.value_expr, depth);
            self.fuel.set(scope.fuel.get());
            match &each.key_expr {
                None => list.push(value),
                Some(key) => match scope.eval(file, key, depth).text() {
                    Some(key) => map.push((key.to_owned(), value)),
                    None => return self.unknown(file, expression),
                },
            }
        }
        if each.key_expr.is_some() { Value::Map(Rc::new(map)) } else { Value::List(Rc::new(list)) }
    }

    fn template(&self, file: FileId, expression: &Expression, template: &StringTemplate, depth: u8) -> Value {
        let elements: Vec<&Element> = template.iter().collect();
        if let [Element::Interpolation(only)] = elements.as_slice() {
            return self.eval(file, &only.expr, depth);
        }
        let range = expression.span().unwrap_or_default();
        let place = Place { file, span: Span::new(range.start + 1, range.end.saturating_sub(1).max(range.start + 1)) };
        let (mut written, mut is_known) = (String::new(), true);
        for element in elements {
            match element {
                Element::Literal(text) => written.push_str(text),
                Element::Interpolation(part) => match self.eval(file, &part.expr, depth) {
                    Value::Text { text, .. } => written.push_str(&text),
                    Value::Unknown { written: name, .. } => {
                        is_known = false;
                        written.push_str(&format!("${{{name}}}"));
                    }
                    _ => return self.unknown(file, expression),
                },
                Element::Directive(_) => return self.unknown(file, expression),
            }
        }
        if written.len() > MOST {
            return self.unknown(file, expression);
        }
        if is_known { Value::Text { text: written, place } } else { Value::Unknown { written, place } }
    }

    /// `var.memory`, `local.services["api"].memory`, `each.value`
    fn traversal(&self, file: FileId, expression: &Expression, traversal: &Traversal, depth: u8) -> Value {
        let unknown = || self.unknown(file, expression);
        let mut keys = Vec::new();
        for operator in &traversal.operators {
            keys.push(match operator.value() {
                TraversalOperator::GetAttr(name) => name.as_str().to_owned(),
                TraversalOperator::Index(index) => match self.eval(file, index, depth).text() {
                    Some(text) => text.to_owned(),
                    None => return unknown(),
                },
                TraversalOperator::LegacyIndex(index) => index.value().to_string(),
                _ => return unknown(),
            });
        }
        let (mut value, used) = match &traversal.expr {
            Expression::Variable(root) => {
                let Some(first) = keys.first() else { return unknown() };
                let named = self.names.iter().rfind(|(name, _)| name == root.as_str());
                match root.as_str() {
                    _ if named.is_some() => (named.map_or(Value::Null, |(_, value)| value.clone()), 0),
                    "var" => match self.variable(first, depth) {
                        Some(value) => (value, 1),
                        None => return unknown(),
                    },
                    "local" => match self.local(first, depth) {
                        Some(value) => (value, 1),
                        None => return unknown(),
                    },
                    root => match (self.iterators.iter().rfind(|(name, ..)| name == root), first.as_str()) {
                        (Some((_, key, _)), "key") => (key.clone(), 1),
                        (Some((_, _, value)), "value") => (value.clone(), 1),
                        _ => return unknown(),
                    },
                }
            }
            other => (self.eval(file, other, depth), 0),
        };
        for key in &keys[used..] {
            value = match value {
                Value::Map(entries) => match entries.iter().find(|(name, _)| name == key) {
                    Some((_, value)) => value.clone(),
                    None => return unknown(),
                },
                Value::List(items) => match key.parse::<usize>().ok().and_then(|at| items.get(at)) {
                    Some(value) => value.clone(),
                    None => return unknown(),
                },
                _ => return unknown(),
            };
        }
        match (value, unknown()) {
            // What is written behind the name tells more, if it is a text: `orders-${var.environment}`.
            (Value::Unknown { written, .. }, Value::Unknown { place, .. }) if written.contains("${") => Value::Unknown { written, place },
            (Value::Unknown { .. }, unknown) => unknown,
            (value, _) => value,
        }
    }

    fn variable(&self, name: &str, depth: u8) -> Option<Value> {
        if let Some(given) = self.given.get(name) {
            return Some(given.clone());
        }
        // Modules are not given what lies beside them.
        let of_file = self
            .folder
            .values
            .iter()
            .rev()
            .filter(|_| self.module.is_none())
            .find_map(|(file, body)| Some((*file, &body.get_attribute(name)?.value)));
        let default = || {
            let (file, block) = blocks_of(self.folder, "variable").find(|(_, block)| label(block, 0) == Some(name))?;
            Some((file, &block.body.get_attribute("default")?.value))
        };
        let (file, expression) = of_file.or_else(default)?;
        Some(self.eval(file, expression, depth))
    }

    fn local(&self, name: &str, depth: u8) -> Option<Value> {
        if let Some(known) = self.locals.borrow().get(name) {
            return known.clone();
        }
        let (file, attribute) = blocks_of(self.folder, "locals").find_map(|(file, block)| Some((file, block.body.get_attribute(name)?)))?;
        // One that names itself is not known meanwhile.
        self.locals.borrow_mut().insert(name.to_owned(), None);
        let value = self.eval(file, &attribute.value, depth);
        self.locals.borrow_mut().insert(name.to_owned(), Some(value.clone()));
        Some(value)
    }
}
