//! Time limits for calls of JavaScript, which take them in an object of options.

use super::timeout::title;
use super::{Fix, Intent};
use crate::ir::program::*;
use crate::model::apis::Timeout;
use crate::model::options::{self, Slot};
use crate::model::patience::Patience;
use crate::model::program::{ModuleId, Program};
use crate::model::values;
use crate::source::{Place, Span};

/// What is to be set.
pub struct Limit<'a> {
    /// How the call takes it.
    pub timeout: &'a Timeout,
    /// Its length.
    pub seconds: u64,
    /// How long the call may rightly take.
    pub patience: Patience,
}

impl Limit<'_> {
    /// The value, as source text.
    fn value(&self) -> String {
        let value = self.timeout.value.as_deref().unwrap_or("{ms}");
        value.replace("{ms}", &milliseconds(self.seconds)).replace("{s}", &self.seconds.to_string())
    }

    /// Whether it is used up by the first call that has it.
    fn is_for_one_call(&self) -> bool {
        self.timeout.argument == "signal"
    }

    fn title(&self) -> String {
        if self.is_for_one_call() { format!("Abort the call after {} seconds", self.seconds) } else { title(self.timeout, self.seconds) }
    }
}

/// Passes a limit to a call.
#[must_use]
pub fn set(program: &Program, id: ModuleId, expr: ExprId, call: &Call, limit: &Limit<'_>) -> Fix {
    let (key, value) = (&limit.timeout.argument, limit.value());
    let callee = program.text(id, call.callee);
    match limit.patience {
        Patience::Poll => {
            let advice = format!("// longer than the other side holds the answer back\n{callee}(…, {{ {key}: {value} }})\n");
            return Fix::advice(format!("Set `{key}` to more than the other side waits"), advice);
        }
        Patience::Setup => {
            let advice =
                format!("// minutes; better done before the service starts, when its image is built\n{callee}(…, {{ {key}: 600_000 }})\n");
            return Fix::advice("Leave the installation minutes, not for ever", advice);
        }
        Patience::Stream => return for_stream(callee, limit),
        Patience::Short | Patience::Long => {}
    }
    let place = program.place(id, expr);
    if limit.timeout.options.0.is_empty() {
        let end = Place { file: place.file, span: Span { start: place.span.end, end: place.span.end } };
        return Fix::unsafe_edit(limit.title(), vec![Intent::Replace { place: end, text: format!(".{key}({value})") }]);
    }
    let set_key = |module: ModuleId, object: ExprId| set_path(program, module, object, key, &value);
    let (first, nested) = under(key, &value);
    let intent = match options::slot(program, id, call, &limit.timeout.options) {
        Some(Slot::Literal(object)) => set_key(id, object),
        Some(Slot::Variable(variable)) => {
            let (module, object) = values::origin(program, id, variable);
            let is_literal = matches!(program.module(module).expr(object).kind, ExprKind::Object(_));
            // A signal that several calls share ends all of them when the first has used it up.
            let is_made_each_time = program.module(id).call(variable).is_some();
            if limit.is_for_one_call() || module != id || !is_literal || is_made_each_time {
                let text = format!("{{ ...{}, {first}: {nested} }}", program.text(id, variable));
                Intent::Replace { place: program.place(id, variable), text }
            } else {
                set_key(module, object)
            }
        }
        Some(Slot::Argument(position)) => Intent::PassArgument { call: place, position, value: format!("{{ {first}: {nested} }}") },
        None => return Fix::advice(limit.title(), format!("{callee}(…, {{ {first}: {nested} }})\n")),
    };
    Fix::unsafe_edit(limit.title(), vec![intent])
}

/// A value under a path of keys: the first key, and the objects that hold the rest.
fn under<'p>(path: &'p str, value: &str) -> (&'p str, String) {
    match path.split_once('.') {
        Some((first, rest)) => {
            let (key, value) = under(rest, value);
            (first, format!("{{ {key}: {value} }}"))
        }
        None => (path, value.to_owned()),
    }
}

/// Sets what stands under a path of keys in an object, within the objects that it holds there already.
fn set_path(program: &Program, id: ModuleId, object: ExprId, path: &str, value: &str) -> Intent {
    let module = program.module(id);
    let (mut object, mut path) = (object, path);
    while let Some((first, rest)) = path.split_once('.') {
        let ExprKind::Object(entries) = &module.expr(object).kind else { break };
        let held = entries.iter().find_map(|entry| match entry {
            Entry::Pair { key, value } if matches!(module.expr(*key).kind, ExprKind::String(key) if key == first) => Some(*value),
            _ => None,
        });
        match held.filter(|held| matches!(module.expr(*held).kind, ExprKind::Object(_))) {
            Some(held) => (object, path) = (held, rest),
            None => break,
        }
    }
    let (key, value) = under(path, value);
    Intent::SetKey { object: program.place(id, object), key: key.to_owned(), value }
}

/// For an answer that is read bit by bit: it may take long, and is not to be silent for long.
fn for_stream(callee: &str, limit: &Limit<'_>) -> Fix {
    let time = milliseconds(limit.seconds);
    let advice = if limit.timeout.methods.is_empty() {
        format!(
            "const quiet = new AbortController();\nconst timer = setTimeout(() => quiet.abort(), {time});\nconst response = await {callee}(…, \
             {{ signal: quiet.signal }});\nfor await (const chunk of response.body) {{\n  timer.refresh();\n  …\n}}\nclearTimeout(timer);\n"
        )
    } else {
        format!(
            "const request = {callee}(…);\nrequest.setTimeout({time}, () => request.destroy(new Error(\"the other side is silent\")));\n"
        )
    };
    Fix::advice(format!("End the transfer when nothing has come for {} seconds", limit.seconds), advice)
}

/// Puts a limit in the place of a value that means none.
#[must_use]
pub fn replace(program: &Program, id: ModuleId, given: ExprId, limit: &Limit<'_>) -> Fix {
    let place = program.place(id, given);
    let key = limit.timeout.argument.rsplit('.').next().unwrap_or_default();
    let text = if is_shorthand(program.module(id), given) { format!("{key}: {}", limit.value()) } else { limit.value() };
    Fix::unsafe_edit(limit.title(), vec![Intent::Replace { place, text }])
}

/// Whether a value is named as its key is: `{ timeout }`.
fn is_shorthand(module: &Module, value: ExprId) -> bool {
    let Parent::Expr(parent) = module.expr_parents[value.index()] else { return false };
    let ExprKind::Object(entries) = &module.expr(parent).kind else { return false };
    entries.iter().any(|entry| match entry {
        Entry::Pair { key, value: v } => *v == value && module.expr(*key).span == module.expr(value).span,
        Entry::Spread(_) => false,
    })
}

/// Seconds as milliseconds, as they are written.
fn milliseconds(seconds: u64) -> String {
    // Four digits are legible as they are.
    if seconds < 10 { format!("{seconds}000") } else { format!("{seconds}_000") }
}
