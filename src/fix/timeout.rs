//! Time limits for calls that have none.

use ustr::Ustr;

use super::{Fix, Intent};
use crate::ir::program::*;
use crate::model::apis::Timeout;
use crate::model::patience::Patience;
use crate::model::program::{ModuleId, Program};
use crate::source::Place;

/// Seconds for a call that does more than fetch an answer.
const LONG: u64 = 60;

/// Seconds that leave room for what a call does.
#[must_use]
pub fn fitting(seconds: u64, patience: Patience) -> u64 {
    if patience == Patience::Short { seconds } else { seconds.max(LONG) }
}

/// Passes a limit to a call.
#[must_use]
pub fn set(call: Place, timeout: &Timeout, api: Option<Ustr>, seconds: u64, patience: Patience) -> Fix {
    let seconds = fitting(seconds, patience);
    let (value, import) = value(call, timeout, api, seconds);
    let set = Intent::SetArgument { call, name: timeout.argument.clone(), value };
    Fix::unsafe_edit(title(timeout, seconds), [set].into_iter().chain(import).collect())
}

/// Puts a limit in the place of a value that means none, be it passed by keyword, by position or in a dictionary.
#[must_use]
pub fn replace(call: Place, given: Place, timeout: &Timeout, api: Option<Ustr>, seconds: u64, patience: Patience) -> Fix {
    let seconds = fitting(seconds, patience);
    // Whoever has switched the whole limit off wants long answers: what bounds the gaps leaves them.
    if let Some(other) = timeout.or.first() {
        let value = seconds.max(LONG).to_string();
        let title = format!("Set `{other}` to {value} seconds");
        return Fix::unsafe_edit(title, vec![Intent::SetArgument { call, name: other.clone(), value }]);
    }
    let (text, import) = value(call, timeout, api, seconds);
    let replace = Intent::Replace { place: given, text };
    Fix::unsafe_edit(title(timeout, seconds), [replace].into_iter().chain(import).collect())
}

/// Binds a limit to a function that is passed on where keywords are not.
#[must_use]
pub fn partial(program: &Program, id: ModuleId, call: &Call, timeout: &Timeout, seconds: u64, patience: Patience) -> Fix {
    let seconds = fitting(seconds, patience);
    let place = program.place(id, call.callee);
    let text = format!("functools.partial({}, {}={seconds})", program.sources.slice(place), timeout.argument);
    let import = Intent::AddImport { file: place.file, module: "functools".to_owned(), name: None };
    Fix::unsafe_edit(title(timeout, seconds), vec![Intent::Replace { place, text }, import])
}

/// For a call that the other side holds back.
#[must_use]
pub fn more_than_the_other_side(program: &Program, id: ModuleId, call: &Call, timeout: &Timeout) -> Fix {
    let callee = program.text(id, call.callee);
    let advice = format!("# longer than the other side holds the answer back\n{callee}(…, {}=WAIT_SECONDS + 10)\n", timeout.argument);
    Fix::advice(format!("Set `{}` to more than the other side waits", timeout.argument), advice)
}

/// For what is installed or laid out.
#[must_use]
pub fn minutes(program: &Program, id: ModuleId, call: &Call, timeout: &Timeout) -> Fix {
    let callee = program.text(id, call.callee);
    let advice =
        format!("# minutes; better done before the service starts, when its image is built\n{callee}(…, {}=600)\n", timeout.argument);
    Fix::advice("Leave the installation minutes, not for ever", advice)
}

/// Where the call takes no limit, and something else does.
#[must_use]
pub fn instead(text: &str, seconds: u64) -> Fix {
    let advice = text.trim_start().replace("{s}", &seconds.to_string());
    Fix::advice("Use a call that takes a limit", advice)
}

pub(super) fn title(timeout: &Timeout, seconds: u64) -> String {
    format!("Set `{}` to {seconds} seconds", timeout.argument)
}

/// What is passed, and the import that it needs.
fn value(call: Place, timeout: &Timeout, api: Option<Ustr>, seconds: u64) -> (String, Option<Intent>) {
    if api.is_some_and(|name| name.starts_with("aiohttp.")) && timeout.argument == "timeout" {
        let import = Intent::AddImport { file: call.file, module: "aiohttp".to_owned(), name: None };
        return (format!("aiohttp.ClientTimeout(total={seconds})"), Some(import));
    }
    let milliseconds = (seconds * 1000).to_string();
    let spelled = |text: &str| text.replace("{s}", &seconds.to_string()).replace("{ms}", &milliseconds);
    (timeout.value.as_deref().map_or_else(|| seconds.to_string(), spelled), None)
}
