//! Values of parameters → the faults that match them.

use foldhash::HashMap;

use super::Matcher;
use crate::http::Facts;

/// The faults of one operation at one stage.
#[derive(Clone, Debug, Default)]
pub(super) struct StageFaults {
    /// The faults without a `match` on plain values.
    unmatched: Vec<u32>,
    /// The other faults, by the first parameter that they match, and by its value.
    matched: Vec<(String, HashMap<String, Vec<u32>>)>,
}

impl StageFaults {
    pub(super) fn add(&mut self, number: u32, matches: &[(String, Matcher)]) {
        let named = matches.iter().find_map(|(name, matcher)| match matcher {
            Matcher::Any(values) => Some((name, values)),
            Matcher::Fits(_) => None,
        });
        let Some((name, values)) = named else {
            self.unmatched.push(number);
            return;
        };
        let position = self.matched.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.matched.push((name.clone(), HashMap::default()));
            self.matched.len() - 1
        });
        for value in values {
            let numbers = self.matched[position].1.entry(value.clone()).or_default();
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unmatched.is_empty() && self.matched.is_empty()
    }

    /// The numbers of the faults that may match a call, in the order of the scenario: those without a `match` on
    /// plain values, and those whose value the call has.
    pub(super) fn candidates(&self, facts: &dyn Facts) -> Vec<u32> {
        let mut candidates = self.unmatched.clone();
        for (name, by_value) in &self.matched {
            facts.each(name, &mut |value| candidates.extend(by_value.get(value).into_iter().flatten()));
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}
