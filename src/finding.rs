//! What rules report.

use serde::{Deserialize, Serialize};

use crate::fix::Fix;
use crate::source::Place;

/// How bad a class of problem is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, clap::ValueEnum, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Costs money or time.
    Medium,
    /// Will hurt in production.
    High,
    /// Do not ship.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The name that outputs and options use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure the rule is that this code has the problem.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, clap::ValueEnum, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Context may make it fine; shown on request.
    Low,
    /// Likely.
    Medium,
    /// Seen.
    High,
}

impl Confidence {
    /// The name that outputs and options use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One problem in one place.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Id of the rule, or of the diagnostic beside the rules (`invalid-suppression` and its like).
    pub rule: &'static str,
    /// The rule's severity, or as lowered for this place.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Where it is, and the exact text it is about.
    pub place: Place,
    /// Qualified name of the function, class, stage or deployment that encloses the place; empty at the top of a file.
    /// It is part of the fingerprint, so it must not hold anything that moves (lines, paths).
    pub symbol: String,
    /// What is wrong with this code, in one sentence.
    pub message: String,
    /// Other places that made it matter.
    pub related: Vec<Related>,
    /// The path from source to sink, for findings that follow data.
    pub trace: Vec<Related>,
    /// How to mend it.
    pub fix: Fix,
    /// A secret that the finding is about: excerpts show its first characters at most.
    pub secret: Option<Place>,
    /// What mending it saves, in US dollars a month.
    pub saving_usd_per_month: Option<f64>,
}

/// Another place, and what it has to do with the finding.
#[derive(Clone, PartialEq, Debug)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// A short sentence.
    pub message: String,
}

impl Related {
    /// A related place.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }
}
