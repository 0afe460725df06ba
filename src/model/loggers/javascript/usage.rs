//! How a file uses a logger of the project, or one that is out of sight: that says how it takes errors.

use ustr::Ustr;

use super::Logger;
use crate::ir::program::*;
use crate::model::program::{ModuleId, Program};
use crate::model::resolve::{Entity, Resolver};
use crate::source::Span;

/// How a logger takes a message and an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Form {
    /// `error(message, error)`
    MessageFirst,
    /// `error(error, message)`
    ErrorFirst,
    /// `error(message, { err: error })`, by the name of the key.
    Named(String),
    /// `error({ err: error }, message)`
    NamedFirst(String),
    /// `` error(`message: ${error}`) ``
    Text,
    /// `` error("module", `message: ${error}`) ``
    Tagged(String),
}

/// Methods that take errors, the usual ones first.
const METHODS: [&str; 6] = ["error", "err", "exception", "fatal", "warn", "warning"];

/// Whether a method of a logger takes errors.
pub(super) fn takes_errors(method: &str) -> bool {
    METHODS.contains(&method)
}

/// The calls of a logger's methods.
pub(super) struct Uses(Vec<(Ustr, ExprId)>);

impl Uses {
    /// Those of what is written so, within a part of a file.
    pub(super) fn of(program: &Program, id: ModuleId, text: &str, within: Span) -> Self {
        let module = program.module(id);
        let sites = program.calls[id.0 as usize].iter();
        Self(
            sites
                .filter_map(|site| match module.expr(module.call(site.expr)?.callee).kind {
                    ExprKind::Attribute { object, name, .. }
                        if within.contains(module.expr(site.expr).span) && program.text(id, object) == text =>
                    {
                        Some((name, site.expr))
                    }
                    _ => None,
                })
                .collect(),
        )
    }

    /// Whether there are any that log.
    pub(super) fn any(&self) -> bool {
        self.0.iter().any(|(name, _)| takes_errors(name) || matches!(name.as_str(), "debug" | "info" | "log" | "trace" | "verbose"))
    }
}

/// A logger with a method that it has: the one that the file uses for errors, or else one that its class has.
pub(super) fn logger(program: &Program, id: ModuleId, owner: Entity, text: String, uses: &Uses) -> Logger {
    let used = METHODS.into_iter().find(|method| uses.0.iter().any(|(name, _)| name == method));
    let of_project = matches!(owner, Entity::Object(..) | Entity::Class(..) | Entity::Function(_) | Entity::Module(_));
    let declared = || METHODS.into_iter().find(|method| declares(program, owner, method).is_some());
    // What is out of sight has what all have.
    let method = used.or_else(declared).or((!of_project).then_some("error"));
    let takes_more = |method: &str| declares(program, owner, method).unwrap_or(!of_project);
    let default = |method: &str| if takes_more(method) { Form::MessageFirst } else { Form::Text };
    let form = method.map_or(Form::Text, |method| form(program, id, uses, method).unwrap_or_else(|| default(method)));
    Logger { text, method, form }
}

/// Whether a class declares a method, and that takes more than a message.
fn declares(program: &Program, owner: Entity, method: &str) -> Option<bool> {
    let name = Ustr::from(method);
    if let Entity::Function(f) = Resolver::new(program).member_of(owner, name) {
        let params = &program.function(f).params;
        return Some(params.len() > 1 || params.iter().any(|param| param.kind != ParamKind::Normal));
    }
    let (Entity::Object(module, class) | Entity::Class(module, class)) = owner else { return None };
    let is_declared = !program.attribute(module, class, name).is_empty()
        || program.bindings(module, program.module(module).class(class).scope, name).next().is_some();
    is_declared.then_some(false)
}

/// What an argument of a logger is.
enum Given {
    Error,
    /// `{ err: error }`
    Named(String),
    /// One word.
    Tag(String),
    Text,
    Other,
}

/// How the uses of a method, or else of all that take errors, give it the message and the error.
fn form(program: &Program, id: ModuleId, uses: &Uses, method: &str) -> Option<Form> {
    let module = program.module(id);
    let given = |value: ExprId| match &module.expr(value).kind {
        ExprKind::String(text) if !text.contains(char::is_whitespace) => Given::Tag(text.to_string()),
        ExprKind::String(_) | ExprKind::Template { .. } | ExprKind::Binary { .. } => Given::Text,
        ExprKind::Name(name) if is_error(name) => Given::Error,
        ExprKind::Object(entries) => entries
            .iter()
            .find_map(|entry| match entry {
                Entry::Pair { key, value } => match (&module.expr(*key).kind, &module.expr(*value).kind) {
                    (ExprKind::String(key), ExprKind::Name(name)) if is_error(name) => Some(Given::Named(key.to_string())),
                    _ => None,
                },
                Entry::Spread(_) => None,
            })
            .unwrap_or(Given::Other),
        _ => Given::Other,
    };
    let mut alone = false;
    for (_, site) in uses.0.iter().filter(|(name, _)| name == method) {
        let Some(call) = module.call(*site) else { continue };
        let args: Vec<Given> = call.args.iter().take(2).map(|arg| given(arg.value)).collect();
        match &args[..] {
            [Given::Tag(tag), Given::Text] => return Some(Form::Tagged(tag.clone())),
            [Given::Text | Given::Tag(_), Given::Error] => return Some(Form::MessageFirst),
            [Given::Text | Given::Tag(_), Given::Named(key)] => return Some(Form::Named(key.clone())),
            [Given::Error, Given::Text | Given::Tag(_)] => return Some(Form::ErrorFirst),
            [Given::Named(key), Given::Text | Given::Tag(_)] => return Some(Form::NamedFirst(key.clone())),
            [_] | [Given::Text, _] => alone = true,
            _ => {}
        }
    }
    alone.then_some(Form::Text)
}

/// Whether this is what errors are called.
fn is_error(name: &str) -> bool {
    matches!(name, "e" | "ex" | "cause" | "exception") || name.to_ascii_lowercase().contains("err")
}
