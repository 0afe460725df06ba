//! What ends a run before it has a result: wrong usage, wrong configuration, a file that cannot be written.

use std::fmt;

/// Why there is no result, and what to do about it. The exit code is 2.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    message: String,
    help: Option<String>,
}

impl Error {
    /// An error; `message` names the path or argument it is about, without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// An unknown name; the nearest of the `candidates` is suggested.
    pub fn unknown<'a>(what: &str, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let error = Self::new(format!("unknown {what} `{name}`"));
        match crate::suggest::nearest(name, candidates) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None => error,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// What went wrong, without the number of the system's error.
pub(crate) fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.chars().enumerate().map(|(i, c)| if i == 0 { c.to_ascii_lowercase() } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn reasons_are_for_people() {
        assert_eq!(describe(&std::io::Error::from_raw_os_error(13)), "permission denied");
    }
}
