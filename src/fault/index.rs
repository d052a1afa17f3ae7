//! Values of parameters → the faults that ask for them.

use std::collections::HashMap;

use super::Matcher;
use crate::http::Facts;

/// The faults of one operation at one stage.
#[derive(Clone, Debug, Default)]
pub(super) struct StageFaults {
    /// Those that no value of a parameter tells apart.
    unmatched: Vec<u32>,
    /// The others, by a parameter whose values they name, and by each of these.
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
            self.matched.push((name.clone(), HashMap::new()));
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

    /// The faults that a value tells to be asked, and those that none tells apart, in the order of the scenario.
    pub(super) fn candidates(&self, facts: &dyn Facts) -> Vec<u32> {
        let mut candidates = self.unmatched.clone();
        for (name, by_value) in &self.matched {
            let found = facts.parameter(name).and_then(|value| by_value.get(&*value));
            candidates.extend(found.into_iter().flatten());
        }
        candidates.sort_unstable();
        candidates
    }
}
