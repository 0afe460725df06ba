//! Secrets: which names hold one, which texts are one, and how to speak of one without printing it.

mod arguments;
pub mod bound;
mod browser;
pub mod environment;
mod names;
mod schema;
mod shapes;
pub mod stage;
mod verdict;
mod vocabulary;

pub use names::{is_header, is_password, is_secret, is_signing_key, words};
pub use shapes::{Found, HOLE, find, scheme_and_credential};
pub use verdict::{Verdict, is_careless, is_default, is_mixed, is_placeholder, judge};

/// A secret as it may be printed: its first characters and its length. Never more than a quarter of it, and four at most.
#[must_use]
pub fn masked(secret: &str) -> String {
    let length = secret.chars().count();
    // Line breaks that are written out say nothing.
    let shown: String =
        secret.trim_start_matches("\\n").chars().take((length / 4).min(4)).filter(|c| !c.is_control() && *c != '`').collect();
    format!("`{shown}…`, {length} characters")
}

/// The text with a secret's characters behind the first hidden, byte for byte as long as before.
#[must_use]
pub fn concealed(text: &str) -> String {
    let length = text.chars().count();
    let shown = (length / 4).min(4);
    let hide = |(index, c): (usize, char)| {
        if index < shown || matches!(c, '\n' | '\r' | '"' | '\'') { c.to_string() } else { "*".repeat(c.len_utf8()) }
    };
    text.chars().enumerate().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(masked("aud-7Fq2vX9mLp4Rt8wZs3N"), "`aud-…`, 23 characters");
        assert_eq!(masked("Hd81kQz7"), "`Hd…`, 8 characters");
        assert_eq!(masked("abc"), "`…`, 3 characters");
        assert_eq!(concealed("\"aud-7Fq2vX9mLp4Rt8wZs3N\""), "\"aud********************\"");
        assert_eq!(concealed("äöü").len(), "äöü".len());
    }
}
