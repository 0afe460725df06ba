//! Colours of the formats for people.

use owo_colors::{OwoColorize, Style};

use crate::finding::Severity;

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// With or without colours.
    #[must_use]
    pub fn new(on: bool) -> Self {
        Self { on }
    }

    /// A style, or none where colours are off.
    pub(crate) fn style(self, style: Style) -> Style {
        if self.on { style } else { Style::new() }
    }

    /// The style of a severity.
    pub(crate) fn severity_style(self, severity: Severity) -> Style {
        self.style(match severity {
            Severity::Critical => Style::new().red().bold(),
            Severity::High => Style::new().red(),
            Severity::Medium => Style::new().yellow(),
            Severity::Low => Style::new().blue(),
        })
    }

    fn apply(self, text: &str, style: Style) -> String {
        if self.on && !text.is_empty() { text.style(style).to_string() } else { text.to_owned() }
    }

    /// In the colour of a severity.
    #[must_use]
    pub fn severity(self, text: &str, severity: Severity) -> String {
        self.apply(text, self.severity_style(severity))
    }

    /// What should be seen first.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.apply(text, Style::new().bold())
    }

    /// What may be overlooked.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.apply(text, Style::new().dimmed())
    }

    /// Names of parts, places and code.
    #[must_use]
    pub fn accent(self, text: &str) -> String {
        self.apply(text, Style::new().cyan())
    }

    /// Lines that come, and good news.
    #[must_use]
    pub fn green(self, text: &str) -> String {
        self.apply(text, Style::new().green())
    }

    /// Lines that go.
    #[must_use]
    pub fn red(self, text: &str) -> String {
        self.apply(text, Style::new().red())
    }
}
