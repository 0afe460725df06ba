//! What the terminal can do.

use std::io::{self, IsTerminal};

/// Columns where there is no terminal to ask.
const FALLBACK_WIDTH: usize = 100;

/// Whether standard output shows colours.
pub(super) fn stdout_has_colours() -> bool {
    colours(io::stdout().is_terminal(), |name| std::env::var(name).ok())
}

/// Columns of standard output. Prose in lines of more than 120 is hard to read, and excerpts in less than 40 are none.
pub(super) fn width() -> usize {
    if !io::stdout().is_terminal() {
        return FALLBACK_WIDTH;
    }
    terminal_size::terminal_size().map_or(FALLBACK_WIDTH, |(width, _)| usize::from(width.0).clamp(40, 120))
}

/// What the environment says goes before what the terminal is: <https://no-color.org>, <https://force-color.org>,
/// <https://bixense.com/clicolors>.
fn colours(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let forced = |name| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    if set("NO_COLOR") {
        return false;
    }
    if forced("FORCE_COLOR") || forced("CLICOLOR_FORCE") {
        return true;
    }
    let refused = variable("CLICOLOR").as_deref() == Some("0") || variable("TERM").as_deref() == Some("dumb");
    is_terminal && !refused
}

#[cfg(test)]
mod tests {
    use super::colours;

    #[test]
    fn the_environment_goes_before_the_terminal() {
        let with = |is_terminal, variables: &[(&str, &str)]| {
            colours(is_terminal, |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(with(true, &[]));
        assert!(!with(false, &[]));
        assert!(!with(true, &[("NO_COLOR", "1")]));
        assert!(with(true, &[("NO_COLOR", "")]));
        assert!(with(false, &[("FORCE_COLOR", "1")]));
        assert!(with(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!with(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!with(false, &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
        assert!(!with(true, &[("TERM", "dumb")]));
        assert!(!with(true, &[("CLICOLOR", "0")]));
    }
}
