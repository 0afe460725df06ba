//! Which rules are on: ids, categories, severities and presets.

use std::fmt;

use crate::diagnostics::DIAGNOSTICS;
use crate::finding::Severity;
use crate::suggest::nearest;

/// What selectors can name: a rule as far as they care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Selectable {
    /// Its id.
    pub id: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// Its category.
    pub category: &'static str,
}

const CATEGORIES: [&str; 6] = ["security", "reliability", "cost", "performance", "observability", "maintainability"];

/// Every rule is recommended so far; the two words differ once one is not.
const PRESETS: [&str; 2] = ["recommended", "all"];

/// One word of `select` or `ignore`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selector {
    /// Every rule.
    Preset,
    /// The rules of a category.
    Category(&'static str),
    /// The rules of a severity.
    Severity(Severity),
    /// One rule, or one of the [`DIAGNOSTICS`].
    Rule(&'static str),
}

/// A word that names no rule, category, severity or preset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownSelector {
    /// The word.
    pub word: String,
    /// What it is probably meant to be.
    pub nearest: Option<&'static str>,
}

impl fmt::Display for UnknownSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown rule `{}`", self.word)?;
        self.nearest.map_or(Ok(()), |near| write!(f, "; did you mean `{near}`?"))
    }
}

impl std::error::Error for UnknownSelector {}

impl Selector {
    /// Reads a word.
    ///
    /// # Errors
    /// When it names nothing.
    pub fn parse(word: &str, rules: &[Selectable]) -> Result<Self, UnknownSelector> {
        if PRESETS.contains(&word) {
            return Ok(Self::Preset);
        }
        if let Some(category) = CATEGORIES.into_iter().find(|category| *category == word) {
            return Ok(Self::Category(category));
        }
        if let Some(severity) = Severity::ALL.into_iter().find(|severity| severity.name() == word) {
            return Ok(Self::Severity(severity));
        }
        let ids = || rules.iter().map(|rule| rule.id).chain(DIAGNOSTICS.map(|diagnostic| diagnostic.id));
        if let Some(id) = ids().find(|id| *id == word) {
            return Ok(Self::Rule(id));
        }
        let words = ids().chain(CATEGORIES).chain(Severity::ALL.map(Severity::name)).chain(PRESETS);
        Err(UnknownSelector { word: word.to_owned(), nearest: nearest(word, words) })
    }

    /// How narrowly this names the rule: nothing if it does not, more for narrower words.
    fn narrowness(&self, rule: &Selectable) -> Option<u8> {
        match self {
            Self::Preset => Some(1),
            Self::Category(category) => (*category == rule.category).then_some(2),
            Self::Severity(severity) => (*severity == rule.severity).then_some(2),
            Self::Rule(id) => (*id == rule.id).then_some(3),
        }
    }
}

/// How narrowly any of the selectors names the rule.
fn narrowest(selectors: &[Selector], rule: &Selectable) -> Option<u8> {
    selectors.iter().filter_map(|selector| selector.narrowness(rule)).max()
}

/// A `select` and an `ignore` that belong together.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Selection {
    /// What is on; `None` leaves that to what came before.
    pub select: Option<Vec<Selector>>,
    /// What is off.
    pub ignore: Vec<Selector>,
}

impl Selection {
    /// Whether a rule is on, which was `before`.
    #[must_use]
    pub fn apply(&self, rule: &Selectable, before: bool) -> bool {
        let (on, by) = match &self.select {
            None => (before, None),
            Some(select) => narrowest(select, rule).map_or((false, None), |by| (true, Some(by))),
        };
        // The narrower word wins; of equals, the one that says no.
        on && narrowest(&self.ignore, rule).is_none_or(|ignored| by.is_some_and(|by| by > ignored))
    }

    /// Whether `ignore` names a diagnostic by its id.
    #[must_use]
    pub fn ignores_id(&self, id: &str) -> bool {
        self.ignore.iter().any(|selector| matches!(selector, Selector::Rule(ignored) if *ignored == id))
    }
}
