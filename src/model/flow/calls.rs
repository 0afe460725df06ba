//! What calls give, and which of them texts end in.

use std::sync::Arc;

use ustr::Ustr;

use super::annotations::{is_enum, is_enum_class};
use super::environment::Environment;
use super::evaluate::{Evaluator, Values, fill};
use super::sources::{is_request_data, returns_number};
use super::{Abstract, Content, Kind, Origin, Piece, StepKind, container, format, mapping};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::arguments;
use crate::model::program::{FunctionRef, ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::model::values::SAME_TEXT;

/// Modules of the standard library and the like whose values nobody outside chooses: times, numbers, digests.
const HARMLESS_ROOTS: [&str; 16] = [
    "datetime",
    "time",
    "uuid",
    "random",
    "math",
    "decimal",
    "calendar",
    "secrets",
    "hashlib",
    "zoneinfo",
    "fractions",
    "statistics",
    "ipaddress",
    "pendulum",
    "arrow",
    "dateutil",
];

/// Functions that take nothing but numbers.
const OF_NUMBERS: [&str; 4] = ["datetime.date", "datetime.datetime", "datetime.timedelta", "calendar.monthrange"];

/// What is left of a text when it was cleaned in some way cannot be judged.
const CLEANING: [&str; 4] = ["re.escape", "urllib.parse.quote", "urllib.parse.quote_plus", "urllib.parse.urlencode"];

impl Evaluator<'_> {
    pub(super) fn call(&self, environment: &mut Environment, expr: ExprId, call: &Call, values: &mut Values) -> Abstract {
        let callee = self.program.callee(self.id, expr);
        let row = callee.library().and_then(|name| self.program.apis.row(name));
        self.look_for_sinks(environment, expr, call, callee, row, values);
        if let Some(function) = arguments::called(&Resolver::new(self.program), callee) {
            self.note_handed(function, expr, call, values);
            // Whoever goes on from here has not been refused.
            if checks_names(self.program, function) && refuses(self.program, function, 2) {
                let texts = call.args.iter().filter(|arg| values.get(&arg.value).is_some_and(|value| value.kind == Kind::Plain));
                texts.for_each(|arg| self.improve(environment, arg.value, Origin::Checked));
            }
        }
        let of = |id: ExprId| values.get(&id).cloned().unwrap_or_default();
        let args: Vec<(ExprId, Abstract)> =
            call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).map(|arg| (arg.value, of(arg.value))).collect();
        if let Some(row) = row {
            if row.is(Role::Logging) {
                call.args.iter().for_each(|arg| self.note(|record| record.settle(&of(arg.value))));
                return Abstract::of(Origin::Unseen);
            }
            if row.is(Role::RequestData) {
                return Abstract::request((self.id, expr));
            }
            if row.is(Role::Sanitizer) {
                return Abstract::of(Origin::Safe);
            }
            if row.is(Role::Configuration) {
                return Abstract::default();
            }
        }
        if self.is_javascript() {
            return self.call_of_javascript(environment, expr, call, callee, values);
        }
        if let ExprKind::Attribute { object, name, .. } = self.module().expr(call.callee).kind {
            // Times as text.
            if matches!(&*name, "isoformat" | "strftime") {
                return Abstract::of(Origin::Safe);
            }
            let receiver = of(object);
            if let Some(result) = self.method(environment, expr, call, (object, &receiver), name, &args, values) {
                return result;
            }
        }
        // Of a text they make nothing, but an error.
        if matches!(callee, Entity::Library(name) if OF_NUMBERS.contains(&name.as_str())) {
            call.args.iter().for_each(|arg| self.improve(environment, arg.value, Origin::Safe));
        }
        match callee {
            Entity::Builtin(name) => self.builtin(expr, call, name, &args, values),
            Entity::Library(name) => library(name, &args),
            Entity::Class(m, c) => {
                let resolver = Resolver::new(self.program);
                if is_enum(self.program, &resolver, m, c) {
                    return Abstract::of(Origin::Safe);
                }
                let worst = call.args.iter().map(|arg| of(arg.value)).max_by_key(|value| value.origin);
                match worst.filter(|worst| worst.origin == Origin::Request) {
                    Some(worst) => {
                        let content = self.made((m, c), call, values).map(Arc::new);
                        Abstract { kind: Kind::Model(m, c), content, ..worst.derived() }
                    }
                    None => Abstract::of(Origin::Unseen),
                }
            }
            Entity::Function(function) if returns_number(self.program, function) => Abstract::of(Origin::Safe),
            Entity::Function(function) => self.given_by(expr, function, call, values),
            _ => Abstract::of(Origin::Unseen),
        }
    }

    /// What the attributes of an instance hold that a call makes, as far as its constructor tells.
    fn made(&self, (m, c): (ModuleId, ClassId), call: &Call, values: &Values) -> Option<Content> {
        let of = |arg: &Arg| values.get(&arg.value).cloned().unwrap_or_default();
        let Some(constructor) = Resolver::new(self.program).constructor(m, c) else {
            // A class of data: its fields are what is passed by their names.
            let named = call.args.iter().filter_map(|arg| match arg.kind {
                ArgKind::Keyword(name) => Some((name.as_str().into(), of(arg))),
                _ => None,
            });
            return Some(Content { fields: named.collect(), items: Abstract::of(Origin::Unseen), ..Content::default() });
        };
        let passed = self.passed(constructor, call, values)?;
        let run = self.run_with(constructor, passed)?;
        Some(Content { fields: run.attributes, items: Abstract::of(Origin::Unseen), ..Content::default() })
    }

    fn builtin(&self, expr: ExprId, call: &Call, name: Ustr, args: &[(ExprId, Abstract)], values: &Values) -> Abstract {
        let first = args.first().map(|(_, value)| value.clone()).unwrap_or_default();
        match name.as_str() {
            "int" | "float" | "bool" | "complex" | "len" | "abs" | "round" | "sum" | "hash" | "id" | "ord" | "divmod" | "pow" | "any"
            | "all" | "isinstance" | "hasattr" | "callable" | "type" | "issubclass" | "bin" | "hex" | "oct" => Abstract::of(Origin::Safe),
            "range" => container(vec![Abstract::of(Origin::Safe)]),
            "str" | "bytes" => first,
            "repr" | "ascii" | "format" | "vars" | "dir" => first.derived(),
            "list" | "tuple" | "set" | "sorted" | "reversed" | "frozenset" | "iter" => match &first.content {
                Some(content) => {
                    let items = first.item();
                    let keeps = matches!(name.as_str(), "list" | "tuple" | "iter");
                    let parts = if keeps && content.keys == Abstract::default() { content.parts.clone() } else { Vec::new() };
                    Abstract { content: Some(Arc::new(Content { parts, items, ..Content::default() })), ..first.derived() }
                }
                None => first.derived(),
            },
            "filter" => args.get(1).map(|(_, value)| value.clone()).unwrap_or_default(),
            "map" => {
                let items = args.get(1).map(|(_, value)| value.item()).unwrap_or_default();
                self.mapped(args.first().map(|(f, _)| *f), items)
            }
            "zip" => container(vec![container(args.iter().map(|(_, value)| value.item()).collect())]),
            "enumerate" => container(vec![container(vec![Abstract::of(Origin::Safe), first.item()])]),
            "next" => first.item(),
            "min" | "max" if args.len() == 1 => first.item(),
            "min" | "max" => args.iter().skip(1).fold(first, |a, (_, b)| a.join(b)),
            "dict" => {
                let named = call.args.iter().filter_map(|arg| match arg.kind {
                    ArgKind::Keyword(key) => Some((Abstract::constant_text(&key), values.get(&arg.value).cloned().unwrap_or_default())),
                    _ => None,
                });
                let made = mapping(named.collect());
                if args.is_empty() { made } else { first.join(&made) }
            }
            "print" => {
                args.iter().for_each(|(_, value)| self.note(|record| record.settle(value)));
                Abstract::default()
            }
            "getattr" if first.kind == Kind::Request => Abstract::request((self.id, expr)),
            "getattr" => first.derived(),
            _ => Abstract::of(Origin::Unseen),
        }
    }

    /// `map(f, items)`
    fn mapped(&self, function: Option<ExprId>, item: Abstract) -> Abstract {
        let entity = function.map_or(Entity::Unknown, |f| Resolver::new(self.program).entity(self.id, f));
        let is_conversion = match entity {
            Entity::Builtin(name) => matches!(name.as_str(), "int" | "float" | "bool" | "len"),
            Entity::Library(name) => {
                self.program.apis.row(name).is_some_and(|row| row.is(Role::Sanitizer)) || HARMLESS_ROOTS.contains(&root(name))
            }
            _ => false,
        };
        container(vec![if is_conversion { Abstract::of(Origin::Safe) } else { item }])
    }

    /// Whether a value is of a model that takes what it does not name, too: `ConfigDict(extra="allow")`.
    fn takes_more(&self, value: &Abstract) -> bool {
        let Kind::Model(m, c) = value.kind else { return false };
        let module = self.program.module(m);
        let text = self.program.sources.slice(crate::source::Place { file: module.file, span: module.class(c).span });
        text.contains("extra") && text.contains("allow")
    }

    /// What a method gives, as far as its name tells.
    #[expect(clippy::too_many_arguments, reason = "one call, taken apart")]
    fn method(
        &self,
        environment: &mut Environment,
        expr: ExprId,
        call: &Call,
        (object, receiver): (ExprId, &Abstract),
        name: Ustr,
        args: &[(ExprId, Abstract)],
        values: &Values,
    ) -> Option<Abstract> {
        if receiver.kind == Kind::Request && is_request_data(name) {
            return Some(Abstract::request((self.id, expr)));
        }
        let worst = || {
            let all = call.args.iter().filter_map(|arg| values.get(&arg.value));
            let argument = all.max_by_key(|value| value.origin).map(Abstract::derived).unwrap_or_default();
            if argument.origin > receiver.origin { argument } else { receiver.derived() }
        };
        let is_text = receiver.text.is_some();
        Some(match name.as_str() {
            // Its arguments are quoted, or of the same type.
            "format" | "join" if receiver.kind == Kind::Composable => Abstract { text: None, ..receiver.clone() },
            "as_string" if receiver.kind == Kind::Composable => Abstract::of(Origin::Safe),
            "format" | "format_map" if is_text => {
                let (named, at) = named_arguments(call, name, args, values);
                self.formatted(expr, receiver, format::braces, args, &named, at.unwrap_or(expr))
            }
            // `Template("…").substitute(name=name)`
            "substitute" | "safe_substitute" if is_text => {
                let (named, at) = named_arguments(call, name, args, values);
                self.formatted(expr, receiver, format::dollars, args, &named, at.unwrap_or(expr))
            }
            "join" if is_text => {
                let (list, value) = args.first().map(|(list, value)| (*list, value))?;
                self.joined_text(expr, (list, value), (expr, receiver))
            }
            "strip" | "lstrip" | "rstrip" | "encode" | "decode" | "lower" | "upper" | "title" | "capitalize" | "casefold"
            | "expandtabs" | "removeprefix" | "removesuffix"
                if is_text || receiver.origin != Origin::Unseen =>
            {
                receiver.clone()
            }
            "replace" if args.len() >= 2 && args[1].1.origin > Origin::Safe => self.replaced(expr, receiver, &args[0].1, &args[1])?,
            "replace" if args.len() == 2 && is_escaped(receiver, &args[0].1, &args[1].1) => {
                Abstract::of(Origin::Checked.min(receiver.origin))
            }
            "replace" | "translate" | "ljust" | "rjust" | "zfill" | "center" if is_text || receiver.origin > Origin::Unseen => {
                Abstract { text: receiver.text.clone(), ..worst() }
            }
            "split" | "rsplit" | "splitlines" | "partition" if is_text || receiver.origin > Origin::Unseen => receiver.derived(),
            "isdigit" | "isalpha" | "isalnum" | "startswith" | "endswith" | "count" | "find" | "index" => Abstract::of(Origin::Safe),
            "get" | "pop" | "setdefault" if receiver.content.is_some() => {
                let field = args.first().and_then(|(_, key)| super::constant(key)).and_then(|key| {
                    let fields = &receiver.content.as_ref()?.fields;
                    fields.iter().find(|(k, _)| **k == *key).map(|(_, value)| value.clone())
                });
                let found = field.unwrap_or_else(|| receiver.values());
                args.get(1).map_or(found.clone(), |(_, default)| found.join(default))
            }
            "items" => container(vec![container(vec![receiver.keys(), receiver.values()])]),
            "keys" => container(vec![receiver.keys()]),
            "values" => container(vec![receiver.values()]),
            // Its keys are the names of fields, whatever class it is of.
            "model_dump" | "_asdict" | "dict" | "to_dict" if self.takes_more(receiver) => receiver.derived(),
            "model_dump" | "_asdict" if receiver.content.is_none() || receiver.is_model() => receiver.dumped(),
            "dict" | "to_dict" if receiver.is_model() => receiver.dumped(),
            "copy" | "model_dump" | "dict" | "_asdict" | "to_dict" if receiver.origin >= Origin::Passed => {
                Abstract { kind: Kind::Plain, ..receiver.clone() }
            }
            "copy" if receiver.content.is_some() => receiver.clone(),
            "append" | "add" | "appendleft" | "insert" if self.key(object).is_some() && !args.is_empty() => {
                let (_, value) = args.last()?;
                self.put(environment, object, None, value);
                Abstract::default()
            }
            "extend" if self.key(object).is_some() && !args.is_empty() => {
                self.put(environment, object, None, &args[0].1.item());
                Abstract::default()
            }
            "update" if receiver.content.is_some() && self.key(object).is_some() => {
                for (_, value) in args {
                    self.put(environment, object, Some(&value.keys()), &value.values());
                }
                for arg in &call.args {
                    if let ArgKind::Keyword(key) = arg.kind {
                        let value = values.get(&arg.value).cloned().unwrap_or_default();
                        self.put(environment, object, Some(&Abstract::constant_text(&key)), &value);
                    }
                }
                Abstract::default()
            }
            // `request.args.get("page", type=int)`
            "get" | "getlist" if call.args.iter().any(|arg| self.is_conversion(arg)) => Abstract::of(Origin::Safe),
            // `request.args.get(…)`, `data.getlist(…)`: a part of what was sent.
            _ if receiver.origin == Origin::Request && receiver.kind == Kind::Plain => {
                let default = args.get(1).map(|(_, default)| default.derived()).unwrap_or_default();
                receiver.derived().join(&default)
            }
            _ if receiver.origin == Origin::Safe && receiver.kind == Kind::Plain => Abstract::of(Origin::Safe),
            "get" | "getlist" | "pop" if matches!(receiver.origin, Origin::Passed | Origin::Parameter) => {
                let default = args.get(1).map(|(_, default)| default.clone());
                let found = match args.first().and_then(|(_, key)| super::constant(key)) {
                    Some(key) => receiver.member(self.id, expr, &key),
                    None => receiver.within(StepKind::Values),
                };
                default.map_or(found.clone(), |default| found.join(&default.derived()))
            }
            _ => return None,
        })
    }

    /// `"… WHERE name = 'X'".replace("X", name)`: the value stands wherever the text had the other.
    pub(super) fn replaced(&self, expr: ExprId, receiver: &Abstract, old: &Abstract, (at, new): &(ExprId, Abstract)) -> Option<Abstract> {
        let old = super::constant(old).filter(|old| !old.is_empty())?;
        let (mut pieces, mut roots) = (Vec::new(), Vec::new());
        for piece in receiver.pieces(expr) {
            match piece {
                Piece::Text(text) => {
                    for (index, part) in text.split(&*old).enumerate() {
                        if index > 0 {
                            fill(&mut pieces, &mut roots, *at, new);
                        }
                        pieces.push(Piece::Text(part.into()));
                    }
                }
                hole @ Piece::Hole(_) => pieces.push(hole),
            }
        }
        Some(self.assembled(expr, pieces, &roots))
    }

    /// `type=int`
    fn is_conversion(&self, arg: &Arg) -> bool {
        matches!(arg.kind, ArgKind::Keyword(name) if name == "type")
            && matches!(Resolver::new(self.program).entity(self.id, arg.value), Entity::Builtin(name) if matches!(&*name, "int" | "float" | "bool"))
    }
}

/// What a function of a library gives.
fn library(name: Ustr, args: &[(ExprId, Abstract)]) -> Abstract {
    let first = args.first().map(|(_, value)| value.clone()).unwrap_or_default();
    let worst = || args.iter().map(|(_, value)| value).max_by_key(|value| value.origin).map(Abstract::derived).unwrap_or_default();
    // `Kind = StrEnum("Kind", ["open", "paid"])`
    if is_enum_class(name) {
        return container(vec![Abstract::of(Origin::Safe)]);
    }
    if SAME_TEXT.contains(&name.as_str()) {
        return if name == "typing.cast" { args.get(1).map(|(_, value)| value.clone()).unwrap_or_default() } else { first };
    }
    // A driver's own text type: what it is formatted with later is quoted, what it is made of is not.
    if matches!(name.as_str(), "psycopg2.sql.SQL" | "psycopg.sql.SQL" | "psycopg2.sql.Composed" | "psycopg.sql.Composed") {
        return Abstract { kind: Kind::Composable, ..first };
    }
    if CLEANING.contains(&name.as_str()) {
        return Abstract::of(worst().origin.min(Origin::Checked));
    }
    // `re.sub(pattern, "", text)`: the text without what the pattern finds.
    if matches!(name.as_str(), "re.sub" | "re.subn") {
        let text = args.get(2).map_or_else(|| Abstract::of(Origin::Unseen), |(_, value)| value.derived());
        let replacement = args.get(1).map_or(Origin::Constant, |(_, value)| value.origin);
        let Some(pattern) = super::constant(&first) else { return Abstract::of(text.origin.min(Origin::Checked)) };
        return match strips(&pattern) {
            Strips::All if replacement <= Origin::Safe => Abstract::of(text.origin.min(Origin::Safe)),
            Strips::Quotes if replacement <= Origin::Safe => Abstract::of(text.origin.min(Origin::Checked)),
            _ => text,
        };
    }
    // Each of them is waited for.
    if name == "asyncio.gather" {
        return container(args.iter().map(|(_, value)| value.clone()).collect());
    }
    if HARMLESS_ROOTS.contains(&root(name)) {
        return Abstract::of(Origin::Safe);
    }
    if matches!(root(name), "json" | "html" | "base64" | "urllib" | "itertools" | "functools" | "collections" | "asyncio" | "os") {
        return worst();
    }
    Abstract::of(Origin::Unseen)
}

/// Whether a text of this project's callers gets its quotation marks doubled: it then ends where it should, but for databases
/// that take backslashes. What comes from a request is not left to that.
pub(super) fn is_escaped(receiver: &Abstract, old: &Abstract, new: &Abstract) -> bool {
    receiver.text.is_none()
        && receiver.origin < Origin::Request
        && super::constant(old).is_some_and(|old| old == "'")
        && super::constant(new).is_some_and(|new| matches!(new.as_str(), "''" | "\\'"))
}

/// What is gone from a text once all that a pattern finds is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Strips {
    /// Everything but letters, digits and a few signs that mean nothing to SQL.
    All,
    /// Quotation marks, at least.
    Quotes,
    /// Who knows.
    Nothing,
}

/// What a regular expression finds: all but a set of characters, or something else.
pub(super) fn strips(pattern: &str) -> Strips {
    let class = match pattern.trim_end_matches(['+', '*']) {
        "\\W" | "\\D" => return Strips::All,
        pattern => pattern.strip_prefix("[^").and_then(|rest| rest.strip_suffix(']')),
    };
    match class {
        Some(kept) if kept.contains(['\'', '"', '`', ']']) || kept.contains("\\W") || kept.contains("\\D") || kept.contains("\\S") => {
            Strips::Nothing
        }
        Some(kept) if kept.contains(['(', ';', '/']) || kept.contains("\\s") || kept.contains(' ') => Strips::Quotes,
        Some(_) => Strips::All,
        None => Strips::Nothing,
    }
}

/// What `.format(…)` looks names up in.
fn named_arguments(call: &Call, name: Ustr, args: &[(ExprId, Abstract)], values: &Values) -> (Abstract, Option<ExprId>) {
    if name == "format_map" {
        return args.first().map(|(at, value)| (value.clone(), Some(*at))).unwrap_or_default();
    }
    let of = |id: ExprId| values.get(&id).cloned().unwrap_or_default();
    let mut entries = Vec::new();
    // `Template(…).substitute(values, name=name)`
    let mapping_first = (name == "substitute" || name == "safe_substitute").then(|| args.first()).flatten();
    let mut spread = mapping_first.map(|(_, value)| value.clone());
    let mut at = mapping_first.map(|(at, _)| *at);
    for arg in &call.args {
        match arg.kind {
            ArgKind::Keyword(key) => {
                at = at.or(Some(arg.value));
                entries.push((Abstract::constant_text(&key), of(arg.value)));
            }
            ArgKind::KeywordSpread => {
                at = Some(arg.value);
                spread = Some(of(arg.value));
            }
            ArgKind::Positional | ArgKind::Spread => {}
        }
    }
    let named = mapping(entries);
    (spread.map_or_else(|| named.clone(), |spread| spread.join(&named)), at)
}

/// Whether a function checks names that are meant for a text of SQL, by its own: `sanitizeIdentifier`, `check_column`.
fn checks_names(program: &Program, function: FunctionRef) -> bool {
    let lower = program.function(function).name.to_ascii_lowercase();
    let checks = ["sanitiz", "valid", "assert", "ensure", "check", "verify"].iter().any(|word| lower.contains(word));
    checks && ["identifier", "column", "table", "field", "sort", "order", "sql"].iter().any(|word| lower.contains(word))
}

/// Whether a function raises something, itself or by another that it calls.
fn refuses(program: &Program, function: FunctionRef, depth: u8) -> bool {
    let (id, module) = (function.module, program.module(function.module));
    let FunctionBody::Block(body) = module.function(function.function).body else { return false };
    let raises = || module.statements(body).into_iter().any(|stmt| matches!(module.stmt(stmt).kind, StmtKind::Raise { .. }));
    let by_other = || {
        module.expressions(body).into_iter().any(|expr| match program.callee(id, expr) {
            Entity::Function(other) => depth > 0 && other != function && refuses(program, other, depth - 1),
            _ => false,
        })
    };
    raises() || by_other()
}

fn root(name: Ustr) -> &'static str {
    name.as_str().split('.').next().unwrap_or_default()
}
