//! All faults of a world: which of them a call meets, and which fire.

use std::collections::HashMap;
use std::time::Duration;

use rand::Rng;

use super::index::Bucket;
use super::{Condition, CountBy, Delay, Fault, Subject, share};
use crate::engine::{Stage, Stream};

/// What was decided about one fault for one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The fault, by its place in the scenario.
    pub fault: u32,
    /// The call's number for this fault, from 1.
    pub call: u64,
    /// What was drawn, where the fault has a probability: it fires below that.
    pub draw: Option<f64>,
    /// The condition that did not hold; `None` when it fired.
    pub unmet: Option<Condition>,
    /// How long it held the answer up.
    pub delay: Duration,
    /// Whether it fired.
    pub fired: bool,
    /// Whether it is the one that gave the answer: of several that fire, the first in the scenario does.
    pub answered: bool,
}

/// What the faults that fired come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The sum of their delays.
    pub delay: Duration,
    /// The first that has another effect.
    pub first: Option<u32>,
}

/// The faults of a world with their counters.
///
/// A call asks only the faults that are aimed at its operation, reach its stage and match one of its values:
/// faults aimed elsewhere cost nothing, however many there are.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    seed: u64,
    faults: Vec<Fault>,
    states: Vec<State>,
    /// By operation, then by stage.
    index: Vec<[Bucket; Stage::ALL.len()]>,
}

/// What a fault has counted.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Calls that met it.
    pub calls: u64,
    /// Of these, those on which it fired.
    pub fired: u64,
    /// Calls by chat, where these are counted.
    by_chat: HashMap<String, u64>,
    /// Whether calls are asked about it.
    pub mode: Mode,
    /// Its draws, where it needs any.
    stream: Option<Stream>,
}

/// Whether calls are asked about a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are.
    #[default]
    On,
    /// Not for now; nothing is counted.
    Off,
    /// Never again.
    Removed,
}

impl Plan {
    /// No faults yet; the draws of those to come are made under `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Adds a fault behind the others.
    pub fn add(&mut self, fault: Fault) {
        let number = self.faults.len() as u32;
        let operations = fault.aim.iter().max().map_or(0, |last| last + 1);
        if self.index.len() < operations {
            self.index.resize_with(operations, Default::default);
        }
        for &operation in &fault.aim {
            self.index[operation][fault.stage as usize].add(number, &fault.matches);
        }
        let draws = fault.when.probability.is_some() || fault.delay.is_some_and(|delay| !delay.is_fixed());
        let is_shared = fault.when.count_by == CountBy::Fault;
        let stream = (draws && is_shared).then(|| Stream::new(self.seed, STREAMS, &fault.name));
        self.states.push(State { stream, ..State::default() });
        self.faults.push(fault);
    }

    /// The fault with this number.
    pub fn fault(&self, number: u32) -> &Fault {
        &self.faults[number as usize]
    }

    /// Switches the fault with this number on, off, or out.
    pub fn switch(&mut self, number: u32, mode: Mode) {
        self.states[number as usize].mode = mode;
    }

    /// What the fault with this number has counted.
    pub fn state(&self, number: u32) -> &State {
        &self.states[number as usize]
    }

    /// Asks the faults that a call of `operation` meets as it passes `stage`, counts the call for each, and adds every
    /// decision to `decisions`.
    pub fn ask(
        &mut self,
        operation: usize,
        stage: Stage,
        subject: &Subject<'_>,
        decisions: &mut Vec<Decision>,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(bucket) = self.index.get(operation).map(|stages| &stages[stage as usize]) else {
            return outcome;
        };
        if bucket.is_empty() {
            return outcome;
        }
        for number in bucket.candidates(subject.facts) {
            let fault = &self.faults[number as usize];
            if self.states[number as usize].mode != Mode::On || !fault.fits(subject) {
                continue;
            }
            let mut decision = self.states[number as usize].decide(number, fault, subject, self.seed);
            if decision.fired {
                outcome.delay += decision.delay;
                decision.answered = fault.is_more_than_delay && outcome.first.is_none();
                if decision.answered {
                    outcome.first = Some(number);
                }
            }
            decisions.push(decision);
        }
        outcome
    }

    /// The number of the next call on which the fault will fire, as far as numbers and draws tell; `None` when it
    /// is none of the next ten thousand. `chat` is the value of the parameter that names one.
    pub fn next(&self, number: u32, chat: Option<&str>) -> Option<u64> {
        let (fault, state) = (self.fault(number), self.state(number));
        if fault.when.limit.is_some_and(|limit| state.fired >= limit) {
            return None;
        }
        let (counted, mut stream) = match fault.when.count_by {
            CountBy::Fault => (state.calls, state.stream.clone()),
            CountBy::Chat => {
                let counted = chat.and_then(|chat| state.by_chat.get(chat)).copied().unwrap_or_default();
                (counted, Some(stream_of_chat(self.seed, &fault.name, chat.unwrap_or_default())))
            }
        };
        (counted + 1..=counted.saturating_add(FORESIGHT)).find(|&call| {
            fault.when.unmet_by_number(call).is_none()
                && fault.when.probability.is_none_or(|probability| {
                    stream.as_mut().is_some_and(|stream| share(stream.draw(call)) < probability)
                })
        })
    }
}

/// The namespace of the draws of faults.
const STREAMS: &str = "fault";

/// How many calls [`Plan::next`] looks ahead.
const FORESIGHT: u64 = 10_000;

fn stream_of_chat(seed: u64, fault: &str, chat: &str) -> Stream {
    Stream::new(seed, STREAMS, &format!("{fault}\0{chat}"))
}

impl State {
    /// Counts a call that meets the fault, and decides.
    fn decide(&mut self, number: u32, fault: &Fault, subject: &Subject<'_>, seed: u64) -> Decision {
        self.calls += 1;
        let mut of_chat = None;
        let call = match fault.when.count_by {
            CountBy::Fault => self.calls,
            CountBy::Chat => {
                let chat = subject.chat.and_then(|name| subject.facts.parameter(name)).unwrap_or_default();
                let calls = self.by_chat.entry(chat.clone().into_owned()).or_default();
                *calls += 1;
                of_chat = Some(stream_of_chat(seed, &fault.name, &chat));
                *calls
            }
        };
        // The first draw of a call decides, the next ones give the delay.
        let mut draws = of_chat.as_mut().or(self.stream.as_mut()).map(|stream| stream.at(call));
        let first = draws.as_mut().map(|draws| share(draws.next_u64()));
        let draw = first.filter(|_| fault.when.probability.is_some());
        let unmet = fault
            .when
            .unmet_by_number(call)
            .or_else(|| fault.when.unmet_by_time(subject.now, subject.start))
            .or_else(|| {
                let is_low = draw.zip(fault.when.probability).is_none_or(|(draw, below)| draw < below);
                (!is_low).then_some(Condition::Probability)
            })
            .or_else(|| fault.when.limit.filter(|limit| self.fired >= *limit).map(|_| Condition::Limit));
        let fired = unmet.is_none();
        self.fired += u64::from(fired);
        let delay = match (fault.delay.filter(|_| fired), draws) {
            (Some(Delay::Length(length)), _) => length.0,
            (Some(delay), Some(draws)) => delay.draw(draws),
            (Some(Delay::Drawn(super::Drawn::Fixed(length))), None) => length.0,
            _ => Duration::ZERO,
        };
        Decision { fault: number, call, draw, unmet, delay, fired, answered: false }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use jiff::Timestamp;

    use super::super::{Matcher, When};
    use super::*;
    use crate::http::{Facts, Request};

    struct Chat(&'static str);

    impl Facts for Chat {
        fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
            (name == "CHAT_ID").then_some(self.0.into())
        }
    }

    fn plan_of(faults: Vec<Fault>, seed: u64) -> Plan {
        let mut plan = Plan::new(seed);
        faults.into_iter().for_each(|fault| plan.add(fault));
        plan
    }

    fn fault(name: &str, matches: &[(&str, &str)], when: When) -> Fault {
        let any = |value: &str| Matcher::Any(vec![value.to_string()]);
        let matches = matches.iter().map(|(name, value)| (name.to_string(), any(value))).collect();
        Fault {
            name: name.into(),
            aim: vec![0],
            stage: Stage::Delivery,
            matches,
            headers: Vec::new(),
            credential: None,
            when,
            delay: None,
            is_more_than_delay: true,
        }
    }

    /// Asks about a call at the start of a scenario.
    fn ask(plan: &mut Plan, operation: usize, stage: Stage, facts: &dyn Facts) -> (Outcome, Vec<Decision>) {
        let request = Request::new("POST", "/", [("user-agent", "b24/1.0")].into_iter().collect(), "".into());
        let subject = Subject {
            facts,
            request: &request,
            credential: &|| Some("token-1".into()),
            chat: Some("CHAT_ID"),
            now: Timestamp::UNIX_EPOCH,
            start: Timestamp::UNIX_EPOCH,
        };
        let mut decisions = Vec::new();
        (plan.ask(operation, stage, &subject, &mut decisions), decisions)
    }

    fn calls_that_fire(plan: &mut Plan, chat: &'static str, count: u64) -> Vec<u64> {
        let fires = |_: &u64| ask(plan, 0, Stage::Delivery, &Chat(chat)).0.first.is_some();
        (1..=count).filter(fires).collect()
    }

    #[test]
    fn each_fault_counts_its_own_calls_and_the_first_to_fire_wins() {
        let first_two = When { first: Some(2), ..When::default() };
        let mut plan = plan_of(
            vec![fault("a", &[("CHAT_ID", "a")], first_two.clone()), fault("all", &[], When::default())],
            7,
        );
        let mut ask = |chat| {
            let (outcome, decisions) = ask(&mut plan, 0, Stage::Delivery, &Chat(chat));
            (outcome.first, decisions.iter().map(|d| (d.fault, d.call, d.fired)).collect::<Vec<_>>())
        };
        assert_eq!(ask("a"), (Some(0), vec![(0, 1, true), (1, 1, true)]));
        assert_eq!(ask("b"), (Some(1), vec![(1, 2, true)]));
        assert_eq!(ask("a"), (Some(0), vec![(0, 2, true), (1, 3, true)]));
        assert_eq!(ask("a"), (Some(1), vec![(0, 3, false), (1, 4, true)]));
    }

    #[test]
    fn a_fault_is_met_at_its_own_stage_and_operation_only() {
        let mut plan = plan_of(vec![fault("a", &[], When::default())], 7);
        assert_eq!(ask(&mut plan, 0, Stage::Lookup, &()), (Outcome::default(), vec![]));
        assert_eq!(ask(&mut plan, 1, Stage::Delivery, &()), (Outcome::default(), vec![]));
        assert_eq!(ask(&mut plan, 0, Stage::Delivery, &()).0.first, Some(0));
    }

    #[test]
    fn every_value_of_a_match_must_fit() {
        let fires = |fault: Fault| !calls_that_fire(&mut plan_of(vec![fault], 7), "a", 1).is_empty();
        let plain = || fault("a", &[], When::default());
        let any = |values: &[&str]| Matcher::Any(values.iter().map(ToString::to_string).collect());
        assert!(!fires(fault("a", &[("CHAT_ID", "a"), ("NAME", "n")], When::default())));
        assert!(fires(Fault { matches: vec![("CHAT_ID".into(), any(&["b", "a"]))], ..plain() }));
        let regex = |text: &str| Matcher::Fits(regex::Regex::new(text).unwrap());
        assert!(fires(Fault { matches: vec![("CHAT_ID".into(), regex("^a$"))], ..plain() }));
        assert!(!fires(Fault { matches: vec![("CHAT_ID".into(), regex("^b$"))], ..plain() }));
        assert!(fires(Fault { headers: vec![("user-agent".into(), regex("^b24"))], ..plain() }));
        assert!(!fires(Fault { headers: vec![("accept".into(), regex(""))], ..plain() }));
        assert!(fires(Fault { credential: Some(any(&["token-1"])), ..plain() }));
        assert!(!fires(Fault { credential: Some(any(&["token-2"])), ..plain() }));
    }

    #[test]
    fn a_limit_ends_a_fault_and_chats_have_counters_of_their_own() {
        let mut plan =
            plan_of(vec![fault("a", &[], When { limit: Some(2), every: Some(2), ..When::default() })], 7);
        assert_eq!(calls_that_fire(&mut plan, "a", 9), [2, 4]);
        assert_eq!(plan.next(0, None), None);
        let each = When { first: Some(1), count_by: CountBy::Chat, ..When::default() };
        let mut plan = plan_of(vec![fault("a", &[], each)], 7);
        assert_eq!(plan.next(0, Some("a")), Some(1));
        assert_eq!(calls_that_fire(&mut plan, "a", 3), [1]);
        assert_eq!(calls_that_fire(&mut plan, "b", 3), [1]);
        assert_eq!((plan.next(0, Some("a")), plan.next(0, Some("c"))), (None, Some(1)));
    }

    fn flaky(probability: f64) -> When {
        When { probability: Some(probability), ..When::default() }
    }

    #[test]
    fn a_probability_of_0_is_never_and_of_1_always() {
        for (probability, expected) in [(0.0, 0), (1.0, 1_000)] {
            let mut plan = plan_of(vec![fault("a", &[], flaky(probability))], 7);
            assert_eq!(calls_that_fire(&mut plan, "a", 1_000).len(), expected);
        }
    }

    #[test]
    fn draws_are_moved_by_no_other_fault_and_no_other_call() {
        let mut alone = plan_of(vec![fault("flaky", &[], flaky(0.3))], 7);
        let expected = calls_that_fire(&mut alone, "a", 200);
        assert_eq!(alone.next(0, None), Some(calls_that_fire(&mut alone, "a", 200)[0] + 200));
        let faults = vec![
            fault("other", &[("CHAT_ID", "b")], flaky(0.5)),
            fault("flaky", &[("CHAT_ID", "a")], flaky(0.3)),
        ];
        let mut among = plan_of(faults, 7);
        let mut fired = Vec::new();
        for call in 1..=200 {
            calls_that_fire(&mut among, "b", call % 3);
            fired.extend(calls_that_fire(&mut among, "a", 1).iter().map(|_| call));
        }
        assert_eq!(fired, expected);
        let mut other_seed = plan_of(vec![fault("flaky", &[], flaky(0.3))], 8);
        assert_ne!(calls_that_fire(&mut other_seed, "a", 200), expected);
    }

    /// Pearson's statistic over calls in groups of ten, by how many fire: below its 99.9th percentile for the
    /// binomial distribution.
    #[test]
    fn the_frequencies_are_those_of_the_probability() {
        const GROUPS: usize = 2_000;
        let mut plan = plan_of(vec![fault("flaky", &[], flaky(0.3))], 7);
        let mut seen = [0_f64; 7];
        for _ in 0..GROUPS {
            seen[calls_that_fire(&mut plan, "a", 10).len().min(6)] += 1.0;
        }
        let share = |k: i32| {
            [1.0, 10.0, 45.0, 120.0, 210.0, 252.0][k as usize] * 0.3_f64.powi(k) * 0.7_f64.powi(10 - k)
        };
        let below: f64 = (0..6).map(share).sum();
        let expected = (0..6).map(share).chain([1.0 - below]);
        let statistic: f64 = seen
            .iter()
            .zip(expected)
            .map(|(seen, share)| {
                let expected = share * GROUPS as f64;
                (seen - expected).powi(2) / expected
            })
            .sum();
        assert!(statistic < 22.46, "chi-square with 6 degrees of freedom: {statistic}");
    }
}
