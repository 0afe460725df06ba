//! What calls of JavaScript give: methods of texts and lists, globals, the libraries that everybody uses.

use std::sync::Arc;

use ustr::Ustr;

use super::callbacks::list_of;
use super::environment::Environment;
use super::evaluate::{Evaluator, Values, fill};
use super::sources::returns_number;
use super::{Abstract, Content, Kind, Origin, Piece, constant, container, format, mapping};
use crate::ir::program::*;
use crate::model::apis::Role;
use crate::model::resolve::{Entity, Resolver};

/// Packages whose values nobody outside chooses: times, numbers, digests.
const HARMLESS_PACKAGES: [&str; 16] = [
    "crypto",
    "date-fns",
    "dayjs",
    "moment",
    "moment-timezone",
    "luxon",
    "nanoid",
    "uuid",
    "ulid",
    "cuid",
    "perf_hooks",
    "os",
    "bcrypt",
    "bcryptjs",
    "argon2",
    "@paralleldrive/cuid2",
];

/// Packages whose functions give what they are given, in another form.
const SHAPING_PACKAGES: [&str; 14] = [
    "lodash",
    "lodash-es",
    "underscore",
    "ramda",
    "remeda",
    "radash",
    "es-toolkit",
    "qs",
    "querystring",
    "path",
    "url",
    "change-case",
    "slugify",
    "he",
];

/// Tags whose template is text like any other.
const TEXT_TAGS: [&str; 8] = [
    "js:globalThis.String.raw",
    "js:dedent",
    "js:outdent",
    "js:ts-dedent.dedent",
    "js:ts-dedent",
    "js:endent",
    "js:common-tags",
    "js:strip-indent",
];

impl Evaluator<'_> {
    /// Whether a tag gives the text of its template with its values in it.
    pub(super) fn gives_text(&self, tag: ExprId) -> bool {
        let name = Resolver::new(self.program).entity(self.id, tag).library();
        name.is_some_and(|name| TEXT_TAGS.contains(&name.as_str()) || name.starts_with("js:common-tags."))
    }

    /// What a call gives.
    pub(super) fn call_of_javascript(
        &self,
        environment: &mut Environment,
        expr: ExprId,
        call: &Call,
        callee: Entity,
        values: &Values,
    ) -> Abstract {
        let of = |id: ExprId| values.get(&id).cloned().unwrap_or_default();
        let args: Vec<(ExprId, Abstract)> =
            call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).map(|arg| (arg.value, of(arg.value))).collect();
        if let Entity::Library(name) = callee
            && let Some(result) = self.global_of_javascript(expr, name, call, &args)
        {
            return result;
        }
        if let ExprKind::Attribute { object, name, .. } = self.module().expr(call.callee).kind {
            let receiver = of(object);
            if let Some((_, value)) = args.first()
                && let Some(parsed) = self.parsed(object, &name, value)
            {
                return parsed;
            }
            if let Some(result) = self.method_of_javascript(environment, expr, (object, &receiver), name, &args) {
                return result;
            }
        }
        match callee {
            Entity::Class(m, c) => {
                let worst = args.iter().map(|(_, value)| value).max_by_key(|value| value.origin);
                match worst.filter(|worst| worst.origin == Origin::Request) {
                    Some(worst) => Abstract { kind: Kind::Model(m, c), ..worst.derived() },
                    None => Abstract::of(Origin::Unseen),
                }
            }
            Entity::Function(function) if returns_number(self.program, function) => Abstract::of(Origin::Safe),
            Entity::Function(function) => self.given_by(expr, function, call, values),
            _ => Abstract::of(Origin::Unseen),
        }
    }

    /// What a function of the language or of a package gives.
    fn global_of_javascript(&self, expr: ExprId, name: Ustr, call: &Call, args: &[(ExprId, Abstract)]) -> Option<Abstract> {
        let first = || args.first().map(|(_, value)| value.clone()).unwrap_or_default();
        let worst = || args.iter().map(|(_, value)| value).max_by_key(|value| value.origin).map(Abstract::derived).unwrap_or_default();
        let path = name.strip_prefix("js:")?;
        Some(match path.strip_prefix("globalThis.") {
            Some("String" | "Object.freeze" | "Object.seal" | "structuredClone" | "Promise.resolve" | "Promise.all") => first(),
            Some("Set") => first(),
            // At the top of a module, others may fill it.
            Some("Map") if args.is_empty() && !self.returned.borrow().is_empty() => mapping(Vec::new()),
            Some("Map" | "Object.fromEntries") => {
                let pair = first().item();
                match pair.parts() {
                    [key, value] => mapping(vec![(key.clone(), value.clone())]),
                    _ => first().derived(),
                }
            }
            Some("Object.keys") => list_of(first().keys()),
            Some("Object.values") => list_of(first().values()),
            Some("Object.entries") => list_of(container(vec![first().keys(), first().values()])),
            Some("Object.assign") => args.iter().skip(1).fold(first(), |all, (_, other)| all.join(other)),
            Some("Array.from") => match args.get(1) {
                Some((function, _)) => list_of(self.given_for(*function, &first().item())),
                None => first(),
            },
            // `Array(n)`: nothing in it yet.
            Some("Array") if args.len() == 1 => list_of(Abstract::default()),
            Some("Array" | "Array.of") => container(args.iter().map(|(_, value)| value.clone()).collect()),
            // It takes quotation marks away, `encodeURIComponent` does not.
            Some("escape") => Abstract::of(worst().origin.min(Origin::Checked)),
            Some(
                "JSON.stringify" | "JSON.parse" | "encodeURIComponent" | "decodeURIComponent" | "encodeURI" | "decodeURI" | "unescape"
                | "atob" | "btoa" | "Buffer.from" | "URL" | "URLSearchParams" | "Object.create" | "Reflect.get",
            ) => worst(),
            Some(other)
                if other.starts_with("Math.")
                    || other.starts_with("Date.")
                    || other.starts_with("crypto.")
                    || other.starts_with("performance.") =>
            {
                Abstract::of(Origin::Safe)
            }
            Some(_) => return None,
            None if matches!(path, "util.format") => {
                let rest = args.get(1..).unwrap_or_default();
                self.formatted(expr, &first(), format::percent, rest, &Abstract::of(Origin::Unseen), expr)
            }
            None if matches!(path, "pg-format" | "pg-format.withArray") => {
                self.pg_formatted(expr, &first(), args.get(1..).unwrap_or_default())
            }
            None if path.ends_with(".format") && self.program.apis.row(name).is_some_and(|row| row.is(Role::SqlSink)) => {
                Abstract::of(Origin::Safe)
            }
            None => {
                let package = package(path);
                // A method of an instance says more by its own name.
                let is_method = matches!(self.module().expr(call.callee).kind, ExprKind::Attribute { object, .. }
                    if matches!(Resolver::new(self.program).entity(self.id, object), Entity::Instance(_)));
                if HARMLESS_PACKAGES.contains(&package) {
                    Abstract::of(Origin::Safe)
                } else if SHAPING_PACKAGES.contains(&package) && !is_method {
                    worst()
                } else {
                    return None;
                }
            }
        })
    }

    /// `format('… %I … %L', a, b)` of pg-format quotes what it fills in, but for `%s`.
    fn pg_formatted(&self, expr: ExprId, template: &Abstract, rest: &[(ExprId, Abstract)]) -> Abstract {
        let (mut pieces, mut roots) = (Vec::new(), template.roots().to_vec());
        let mut next = rest.iter();
        for piece in template.pieces(expr) {
            let Piece::Text(text) = &piece else {
                pieces.push(piece);
                continue;
            };
            let mut parts = text.split('%');
            pieces.extend(parts.next().map(|part| Piece::Text(part.into())));
            for part in parts {
                let value = next.next();
                match (part.strip_prefix('s'), value) {
                    (Some(_), Some((at, value))) => fill(&mut pieces, &mut roots, *at, value),
                    _ => fill(&mut pieces, &mut roots, expr, &Abstract::of(Origin::Safe)),
                }
                pieces.push(Piece::Text(part.get(1..).unwrap_or_default().into()));
            }
        }
        self.assembled(expr, pieces, &roots)
    }

    /// What a method gives, as far as its name tells.
    fn method_of_javascript(
        &self,
        environment: &mut Environment,
        expr: ExprId,
        (object, receiver): (ExprId, &Abstract),
        name: Ustr,
        args: &[(ExprId, Abstract)],
    ) -> Option<Abstract> {
        let is_text = receiver.text.is_some();
        let is_list = receiver.content.is_some();
        // It may be a text or a list: what it holds came from somewhere.
        let is_known = is_text || is_list || receiver.origin != Origin::Unseen;
        let first = || args.first().map(|(_, value)| value.clone()).unwrap_or_default();
        Some(match name.as_str() {
            "toFixed" | "toISOString" | "getTime" | "toJSON" | "toLocaleDateString" | "indexOf" | "lastIndexOf" | "includes"
            | "startsWith" | "endsWith" | "test" | "has" | "every" | "some" | "findIndex" | "findLastIndex" | "localeCompare"
            | "charCodeAt" | "hasOwnProperty" => Abstract::of(Origin::Safe),
            "trim" | "trimStart" | "trimEnd" | "toLowerCase" | "toUpperCase" | "toLocaleLowerCase" | "toLocaleUpperCase" | "toString"
            | "valueOf" | "normalize" | "repeat" | "padStart" | "padEnd" | "substring" | "substr"
                if is_known =>
            {
                receiver.clone()
            }
            "slice" | "reverse" | "toReversed" | "sort" | "toSorted" | "flat" if is_list => list_of(receiver.item()),
            "slice" if is_known => receiver.clone(),
            "concat" if is_text => {
                let (mut pieces, mut roots) = (Vec::new(), Vec::new());
                fill(&mut pieces, &mut roots, object, receiver);
                args.iter().for_each(|(at, value)| fill(&mut pieces, &mut roots, *at, value));
                self.assembled(expr, pieces, &roots)
            }
            "concat" if is_list => list_of(args.iter().fold(receiver.item(), |all, (_, other)| all.join(&other.item()))),
            "replace" | "replaceAll" if args.len() >= 2 => self.replaced_in_javascript(expr, receiver, args)?,
            "split" if is_known => list_of(receiver.derived()),
            "match" | "matchAll" | "at" | "charAt" | "exec" if is_text || (receiver.origin > Origin::Unseen && !is_list) => {
                receiver.derived()
            }
            "join" if is_list || receiver.origin != Origin::Unseen => {
                let comma = Abstract::constant_text(",");
                let (at, separator) = args.first().map_or((expr, &comma), |(at, value)| (*at, value));
                self.joined_text(expr, (object, receiver), (at, separator))
            }
            "map" => list_of(args.first().map_or_else(Abstract::default, |(f, _)| self.given_for(*f, &receiver.item()))),
            "flatMap" => list_of(args.first().map_or_else(Abstract::default, |(f, _)| self.given_for(*f, &receiver.item())).item()),
            "filter" if is_known => {
                let item = args.first().map_or_else(|| receiver.item(), |(f, _)| self.accepted(environment, *f, &receiver.item()));
                list_of(item)
            }
            "find" | "findLast" if is_known => {
                args.first().map_or_else(|| receiver.item(), |(f, _)| self.accepted(environment, *f, &receiver.item()))
            }
            "reduce" | "reduceRight" => {
                let given = args.first().map(|(f, _)| self.given_for(*f, &receiver.item())).unwrap_or_default();
                args.get(1).map_or(given.clone(), |(_, start)| given.join(start))
            }
            "then" if matches!(args.first().map(|(f, _)| &self.module().expr(*f).kind), Some(ExprKind::Function(_))) => {
                self.given_for(args[0].0, receiver)
            }
            "catch" | "finally" if is_known => receiver.clone(),
            "fill" if is_list => list_of(first()),
            "push" | "unshift" | "add" if self.key(object).is_some() && !args.is_empty() => {
                args.iter().for_each(|(_, value)| self.put(environment, object, None, value));
                Abstract::of(Origin::Safe)
            }
            "set" if self.key(object).is_some() && is_list && args.len() == 2 => {
                self.put(environment, object, Some(&args[0].1), &args[1].1);
                receiver.clone()
            }
            "pop" | "shift" | "at" if is_list => receiver.item(),
            "get" if is_list => {
                let field = constant(&first()).and_then(|key| {
                    let fields = &receiver.content.as_ref()?.fields;
                    fields.iter().find(|(k, _)| **k == *key).map(|(_, value)| value.clone())
                });
                field.unwrap_or_else(|| receiver.values())
            }
            "keys" if is_list => list_of(receiver.keys()),
            "values" if is_list => list_of(receiver.values()),
            "entries" if is_list => list_of(container(vec![receiver.keys(), receiver.values()])),
            // `req.query.get("id")`, `(await req.json()).items.x()`: a part of what was sent.
            _ if receiver.origin == Origin::Request && receiver.kind == Kind::Plain => receiver.derived(),
            _ if receiver.origin == Origin::Safe && receiver.kind == Kind::Plain => Abstract::of(Origin::Safe),
            _ => return None,
        })
    }

    /// `text.replace(what, with)`
    fn replaced_in_javascript(&self, expr: ExprId, receiver: &Abstract, args: &[(ExprId, Abstract)]) -> Option<Abstract> {
        let [(what, old), (at, new), ..] = args else { return None };
        let pattern = self.regex(*what).map(|regex| Abstract::constant_text(&regex));
        if super::calls::is_escaped(receiver, pattern.as_ref().unwrap_or(old), new) {
            return Some(Abstract::of(Origin::Checked.min(receiver.origin)));
        }
        if receiver.text.is_none() && receiver.origin <= Origin::Unseen {
            return (receiver.origin <= Origin::Safe && new.origin <= Origin::Safe).then(|| Abstract::of(Origin::Safe));
        }
        if new.origin > Origin::Safe {
            return self.replaced(expr, receiver, old, &(*at, new.clone())).or_else(|| Some(receiver.derived().join(&new.derived())));
        }
        Some(match self.regex(*what).map_or(super::calls::Strips::Nothing, |regex| super::calls::strips(&regex)) {
            super::calls::Strips::All => Abstract::of(Origin::Safe.min(receiver.origin)),
            super::calls::Strips::Quotes => Abstract::of(Origin::Checked.min(receiver.origin)),
            super::calls::Strips::Nothing => receiver.clone(),
        })
    }

    /// What a regular expression says, between its slashes.
    pub(super) fn regex(&self, expr: ExprId) -> Option<String> {
        let (module, expr) = crate::model::values::origin(self.program, self.id, expr);
        let text = match &self.program.module(module).expr(expr).kind {
            ExprKind::Opaque(_) => self.program.text(module, expr),
            _ => return None,
        };
        let (pattern, _) = text.strip_prefix('/')?.rsplit_once('/')?;
        Some(pattern.to_owned())
    }

    /// The items of a list with a text between them.
    pub(super) fn joined_text(&self, expr: ExprId, (list, value): (ExprId, &Abstract), (at, separator): (ExprId, &Abstract)) -> Abstract {
        let (mut pieces, mut roots) = (Vec::new(), Vec::new());
        if !value.parts().is_empty() {
            let written = match &self.module().expr(list).kind {
                ExprKind::List(parts) | ExprKind::Tuple(parts) => &parts[..],
                _ => &[],
            };
            for (index, part) in value.parts().iter().enumerate() {
                if index > 0 {
                    fill(&mut pieces, &mut roots, at, separator);
                }
                fill(&mut pieces, &mut roots, written.get(index).copied().unwrap_or(list), part);
            }
            return self.assembled(expr, pieces, &roots);
        }
        let items = value.item();
        fill(&mut pieces, &mut roots, list, &items);
        fill(&mut pieces, &mut roots, at, separator);
        fill(&mut pieces, &mut roots, list, &items);
        // How many items there are is not known: `" AND ".join(conditions)`.
        if items.text.is_some() && constant(separator).is_some_and(|text| text.contains(char::is_alphabetic)) {
            fill(&mut pieces, &mut roots, at, separator);
            pieces.push(Piece::Hole(super::Hole { origin: Origin::Constant, expr: list, way: None }));
        }
        if items.text.is_some() && items.origin == Origin::Constant {
            Abstract { text: Some(Arc::new(super::Text { pieces, roots })), ..Abstract::default() }
        } else {
            self.assembled(expr, pieces, &roots)
        }
    }
}

/// A member of a value that is in sight.
pub(super) fn member_in_sight(object: &Abstract, name: Ustr) -> Option<Abstract> {
    if name == "length" || (name == "size" && object.origin != Origin::Request) {
        return Some(Abstract::of(Origin::Safe));
    }
    let content: &Content = object.content.as_ref()?;
    let field = content.fields.iter().find(|(key, _)| **key == *name).map(|(_, value)| value.clone());
    field.or_else(|| (!content.fields.is_empty() && content.items.origin > Origin::Constant).then(|| content.items.clone()))
}

/// The package that a name is of: `@scope/name.member`, `name/part.member`.
fn package(path: &str) -> &str {
    let scoped = path.starts_with('@');
    let mut ends = path.char_indices().filter(|(_, c)| matches!(c, '/' | '.')).map(|(at, _)| at);
    let end = ends.nth(usize::from(scoped));
    &path[..end.unwrap_or(path.len())]
}
