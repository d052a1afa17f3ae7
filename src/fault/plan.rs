//! All faults of a world: which of them a call meets, and which fire.

use std::collections::HashMap;

use super::When;
use crate::engine::Stage;
use crate::http::Facts;

/// What a fault is aimed at: the numbers that the engine gives to operations.
pub type Aim = Vec<usize>;

/// One fault, ready to be asked.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its name.
    pub name: String,
    /// The operations that it strikes.
    pub aim: Aim,
    /// The stage at which its error arises.
    pub stage: Stage,
    /// Parameters that a call must have, with their values.
    pub matches: Vec<(String, String)>,
    /// Which of these calls.
    pub when: When,
}

/// What was decided about one fault for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The fault, by its place in the scenario.
    pub fault: u32,
    /// The call's number for this fault, from 1.
    pub call: u64,
    /// Whether it fired.
    pub fired: bool,
    /// Whether it is the one that gave the answer: of several that fire, the first in the scenario does.
    pub answered: bool,
}

/// The faults of a world with their counters.
///
/// A call asks only the faults that are aimed at its operation, reach its stage and match one of its values:
/// faults aimed elsewhere cost nothing, however many there are.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    faults: Vec<Fault>,
    calls: Vec<u64>,
    /// By operation, then by stage.
    index: Vec<[Bucket; Stage::ALL.len()]>,
}

/// The faults of one operation at one stage.
#[derive(Clone, Debug, Default)]
struct Bucket {
    /// Those that match every call.
    unmatched: Vec<u32>,
    /// The others, by the first parameter that they ask for, and by its value.
    matched: Vec<(String, HashMap<String, Vec<u32>>)>,
}

impl Plan {
    /// Indexes `faults`, which are in the order of the scenario.
    pub fn new(faults: Vec<Fault>) -> Self {
        let operations = faults.iter().flat_map(|fault| &fault.aim).max().map_or(0, |last| last + 1);
        let mut index = Vec::new();
        index.resize_with(operations, Default::default);
        for (number, fault) in faults.iter().enumerate() {
            for &operation in &fault.aim {
                let stages: &mut [Bucket; Stage::ALL.len()] = &mut index[operation];
                stages[fault.stage as usize].add(number as u32, fault.matches.first());
            }
        }
        Self { calls: vec![0; faults.len()], faults, index }
    }

    /// The fault with this number.
    pub fn fault(&self, number: u32) -> &Fault {
        &self.faults[number as usize]
    }

    /// Asks the faults that a call of `operation` meets as it passes `stage`, counts the call for each, adds every
    /// decision to `decisions`, and returns the first fault that fired.
    pub fn ask(
        &mut self,
        operation: usize,
        stage: Stage,
        facts: &dyn Facts,
        decisions: &mut Vec<Decision>,
    ) -> Option<u32> {
        let bucket = &self.index.get(operation)?[stage as usize];
        if bucket.is_empty() {
            return None;
        }
        let mut first = None;
        for number in bucket.candidates(facts) {
            let fault = &self.faults[number as usize];
            let rest = fault.matches.iter().skip(1);
            if rest.clone().any(|(name, value)| facts.parameter(name).as_deref() != Some(value)) {
                continue;
            }
            let calls = &mut self.calls[number as usize];
            *calls += 1;
            let fired = fault.when.holds(*calls);
            decisions.push(Decision {
                fault: number,
                call: *calls,
                fired,
                answered: fired && first.is_none(),
            });
            if fired && first.is_none() {
                first = Some(number);
            }
        }
        first
    }
}

impl Bucket {
    fn add(&mut self, number: u32, first_match: Option<&(String, String)>) {
        let Some((name, value)) = first_match else {
            self.unmatched.push(number);
            return;
        };
        let position = self.matched.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.matched.push((name.clone(), HashMap::new()));
            self.matched.len() - 1
        });
        self.matched[position].1.entry(value.clone()).or_default().push(number);
    }

    fn is_empty(&self) -> bool {
        self.unmatched.is_empty() && self.matched.is_empty()
    }

    /// The faults whose first match holds, in the order of the scenario.
    fn candidates(&self, facts: &dyn Facts) -> Vec<u32> {
        let mut candidates = self.unmatched.clone();
        for (name, by_value) in &self.matched {
            let found = facts.parameter(name).and_then(|value| by_value.get(&*value));
            candidates.extend(found.into_iter().flatten());
        }
        candidates.sort_unstable();
        candidates
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    struct Chat(&'static str);

    impl Facts for Chat {
        fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
            (name == "CHAT_ID").then_some(self.0.into())
        }
    }

    fn fault(name: &str, matches: &[(&str, &str)], when: When) -> Fault {
        let matches = matches.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Fault { name: name.into(), aim: vec![0], stage: Stage::Delivery, matches, when }
    }

    #[test]
    fn each_fault_counts_its_own_calls_and_the_first_to_fire_wins() {
        let first_two = When { first: Some(2), ..When::default() };
        let mut plan = Plan::new(vec![
            fault("a", &[("CHAT_ID", "a")], first_two.clone()),
            fault("all", &[], When::default()),
        ]);
        let mut ask = |chat| {
            let mut decisions = Vec::new();
            let fired = plan.ask(0, Stage::Delivery, &Chat(chat), &mut decisions);
            (fired, decisions.iter().map(|d| (d.fault, d.call, d.fired)).collect::<Vec<_>>())
        };
        assert_eq!(ask("a"), (Some(0), vec![(0, 1, true), (1, 1, true)]));
        assert_eq!(ask("b"), (Some(1), vec![(1, 2, true)]));
        assert_eq!(ask("a"), (Some(0), vec![(0, 2, true), (1, 3, true)]));
        assert_eq!(ask("a"), (Some(1), vec![(0, 3, false), (1, 4, true)]));
    }

    #[test]
    fn a_fault_is_met_at_its_own_stage_and_operation_only() {
        let mut plan = Plan::new(vec![fault("a", &[], When::default())]);
        let mut decisions = Vec::new();
        assert_eq!(plan.ask(0, Stage::Lookup, &(), &mut decisions), None);
        assert_eq!(plan.ask(1, Stage::Delivery, &(), &mut decisions), None);
        assert!(decisions.is_empty());
        assert_eq!(plan.ask(0, Stage::Delivery, &(), &mut decisions), Some(0));
    }

    #[test]
    fn every_value_of_a_match_must_fit() {
        let mut plan = Plan::new(vec![fault("a", &[("CHAT_ID", "a"), ("NAME", "n")], When::default())]);
        assert_eq!(plan.ask(0, Stage::Delivery, &Chat("a"), &mut Vec::new()), None);
    }
}
