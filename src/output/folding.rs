//! What several services lack is told once to people: "in 6 services".

use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::Finding;
use crate::rules::{Check, RULES};

/// Findings that stand for others of their class, by index.
#[derive(Default)]
pub struct Folded {
    others: FxHashMap<usize, Vec<usize>>,
    hidden: FxHashSet<usize>,
}

impl Folded {
    /// Folds the findings of rules about services: those of one class and confidence into the first.
    pub fn new(findings: &[Finding]) -> Self {
        let mut folded = Self::default();
        let mut first: FxHashMap<(&str, u8), usize> = FxHashMap::default();
        let about_services = |rule: &str| {
            let rule = RULES.iter().find(|known| known.id == rule);
            rule.is_some_and(|rule| rule.checks.iter().any(|check| matches!(check, Check::Service(_))))
        };
        for (index, finding) in findings.iter().enumerate().filter(|(_, finding)| about_services(finding.rule)) {
            match first.get(&(finding.rule, finding.confidence as u8)) {
                Some(first) => {
                    folded.others.entry(*first).or_default().push(index);
                    folded.hidden.insert(index);
                }
                None => {
                    first.insert((finding.rule, finding.confidence as u8), index);
                }
            }
        }
        folded
    }

    /// The findings that one stands for, itself aside.
    pub fn others(&self, index: usize) -> &[usize] {
        self.others.get(&index).map_or(&[], Vec::as_slice)
    }

    /// Whether another finding stands for this one.
    pub fn is_hidden(&self, index: usize) -> bool {
        self.hidden.contains(&index)
    }
}
