//! A call at a stage → the faults that it meets, and which of them fire.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rand::Rng;

use super::index::StageFaults;
use super::things::Things;
use super::{Condition, Delay, Fault, Subject, share};
use crate::basics::{Draws, Stage};

/// The decision of one fault on one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The fault. A journal keeps it also when the fault is removed.
    pub fault: Arc<Fault>,
    /// The number of the call, counted from 1 for this fault, or for the thing that `count_by` counts.
    pub call: u64,
    /// The draw, from 0 to 1; `None` when the fault has no probability. The fault fires on draws below its
    /// probability.
    pub draw: Option<f64>,
    /// The condition that did not hold; `None` when it fired.
    pub unmet: Option<Condition>,
    /// How long the fault delays the answer.
    pub delay: Duration,
    /// Whether the fault fired.
    pub fired: bool,
    /// Whether the fault decided the answer. Of several that fire, the first in the scenario does.
    pub answered: bool,
}

/// The combined effect of the faults that fired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strike {
    /// The sum of their delays.
    pub delay: Duration,
    /// The number of the first fault with an effect beyond a delay; `None` when there is none.
    pub first: Option<u32>,
    /// The number of a fault that forgot the counters of things for this call; `None` when none did.
    pub forgetful: Option<u32>,
}

/// The faults of a world with their counters. The number of a fault is its position, from 0; it changes when an earlier
/// fault is removed.
///
/// A call asks only the faults that cover its operation, strike at its stage and may match its values. Other faults
/// cost nothing, however many there are.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    seed: u64,
    faults: Vec<Arc<Fault>>,
    states: Vec<FaultState>,
    /// The faults by operation, then by stage.
    index: Vec<[StageFaults; Stage::ALL.len()]>,
}

/// The counters and the mode of a fault.
#[derive(Clone, Debug, Default)]
pub struct FaultState {
    /// How many calls met the fault.
    pub calls: u64,
    /// On how many of these calls the fault fired.
    pub fired: u64,
    /// The counters of each thing when `count_by` names a kind of thing.
    by_thing: Things,
    /// Whether the fault is on.
    pub mode: Mode,
    /// Every mode that the fault was switched to, with the number of the first exchange under it. The latest is last.
    switches: Vec<(u64, Mode)>,
    /// The draws of the fault; `None` when it needs none, or when each thing has its own.
    stream: Option<Draws>,
}

/// The next call on which a fault is expected to fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The number of the call.
    pub call: u64,
    /// The fault fires only if the call comes at this instant or later; `None` when any time will do.
    pub not_before: Option<Timestamp>,
}

/// Whether a fault is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Calls that meet the fault are counted, and it may fire.
    #[default]
    On,
    /// The fault does not fire and counts nothing. It can be switched on again.
    Off,
}

impl Plan {
    /// A plan without faults. `seed` determines the draws of those that are added.
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Adds a fault after the others. The exchange with the number `since` is the first that may meet it.
    pub fn add(&mut self, fault: Fault, since: u64) {
        self.states.push(FaultState::new(&fault, self.seed, since));
        self.faults.push(Arc::new(fault));
        self.list(self.faults.len() - 1);
    }

    /// Puts a fault in the place of the one with this number. Its calls are counted from 1. The exchange with the number
    /// `since` is the first that may meet it.
    pub fn replace(&mut self, number: u32, fault: Fault, since: u64) {
        self.states[number as usize] = FaultState::new(&fault, self.seed, since);
        self.faults[number as usize] = Arc::new(fault);
        self.list_all();
    }

    /// Adds the fault at `position` to the index.
    fn list(&mut self, position: usize) {
        let fault = &self.faults[position];
        let operations = fault.aim.iter().max().map_or(0, |last| last + 1);
        if self.index.len() < operations {
            self.index.resize_with(operations, Default::default);
        }
        for &operation in &fault.aim {
            self.index[operation][fault.stage as usize].add(position as u32, &fault.matches);
        }
    }

    /// Removes the fault with this number. The faults behind it move up.
    pub fn remove(&mut self, number: u32) {
        self.faults.remove(number as usize);
        self.states.remove(number as usize);
        self.list_all();
    }

    fn list_all(&mut self) {
        self.index.clear();
        (0..self.faults.len()).for_each(|position| self.list(position));
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        *self = Self::new(self.seed);
    }

    /// Takes over from `present` what it knows of the past of the same faults, so that this earlier copy of it can
    /// replace it. The exchange with the number `since` is the first after that.
    pub fn succeed(&mut self, present: &Self, since: u64) {
        for (fault, state) in self.faults.iter().zip(&mut self.states) {
            let known = present.faults.iter().position(|known| Arc::ptr_eq(known, fault));
            if let Some(position) = known {
                let known = &present.states[position];
                state.switches.clone_from(&known.switches);
                if known.mode != state.mode {
                    state.switches.push((since, state.mode));
                }
            }
        }
    }

    /// Whether there is no fault.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// The faults in order, with their counters.
    pub fn faults(&self) -> impl Iterator<Item = (&Arc<Fault>, &FaultState)> {
        self.faults.iter().zip(&self.states)
    }

    /// The fault with this number.
    pub fn fault(&self, number: u32) -> &Arc<Fault> {
        &self.faults[number as usize]
    }

    /// Switches a fault on or off. The exchange with the number `since` is the first to which that applies.
    pub fn switch(&mut self, number: u32, mode: Mode, since: u64) {
        let state = &mut self.states[number as usize];
        if state.mode != mode {
            state.mode = mode;
            state.switches.push((since, mode));
        }
    }

    /// The counters and the mode of the fault with this number.
    pub fn state(&self, number: u32) -> &FaultState {
        &self.states[number as usize]
    }

    /// Asks every fault that a call of `operation` meets at the end of `stage`. Each of them counts the call, and its
    /// decision is added to `decisions`. Returns the combined effect.
    pub fn ask(
        &mut self,
        operation: usize,
        stage: Stage,
        subject: &Subject<'_>,
        decisions: &mut Vec<Decision>,
    ) -> Strike {
        let mut outcome = Strike::default();
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
            let state = &mut self.states[number as usize];
            let forgotten = state.by_thing.forgotten();
            let mut decision = state.decide(fault, subject, self.seed);
            if state.by_thing.forgotten() > forgotten {
                outcome.forgetful = Some(number);
            }
            if decision.fired {
                outcome.delay += decision.delay;
                decision.answered = fault.spec.is_more_than_delay() && outcome.first.is_none();
                if decision.answered {
                    outcome.first = Some(number);
                }
            }
            decisions.push(decision);
        }
        outcome
    }

    /// The next call on which the fault is expected to fire. `now` is the time of the scenario's clock, `start` the
    /// start of the scenario. `thing` is the identifier of a thing, for a fault that counts the calls of each thing.
    /// Returns `None` when the fault is off or used up, when its time is over, when a fault that counts by thing gets
    /// no `thing`, or when no such call is among the next ten thousand.
    pub fn next(
        &self,
        number: u32,
        thing: Option<&str>,
        now: Timestamp,
        start: Timestamp,
    ) -> Option<Forecast> {
        let (spec, state) = (&self.fault(number).spec, self.state(number));
        let ((calls, fired), mut stream) = match (spec.when.counted_kind(), thing) {
            (None, _) => ((state.calls, state.fired), state.stream.clone()),
            (Some(_), None) => return None,
            (Some(_), Some(thing)) => {
                let counted = state.by_thing.of(thing);
                ((counted.calls, counted.fired), Some(stream_of_thing(self.seed, &spec.name, thing)))
            }
        };
        let window = spec.when.unmet_by_time(now, start);
        let is_used_up = spec.when.limit.is_some_and(|limit| fired >= limit);
        if state.mode != Mode::On || is_used_up || window == Some(Condition::Until) {
            return None;
        }
        let call = (calls + 1..=calls.saturating_add(FORESIGHT)).find(|&call| {
            spec.when.unmet_by_number(call).is_none()
                && spec.when.probability.is_none_or(|probability| {
                    stream.as_mut().is_some_and(|stream| share(stream.draw(call)) < probability)
                })
        })?;
        let not_before = spec.when.from.filter(|_| window.is_some()).map(|from| from.on(start));
        Some(Forecast { call, not_before })
    }

    /// Whether the fault is not expected to fire again, though it is on. A fault that counts by thing can always fire
    /// for a thing that it has not counted yet, until its time is over. `now` and `start` are as for [`Plan::next`].
    pub fn is_spent(&self, number: u32, now: Timestamp, start: Timestamp) -> bool {
        let when = &self.fault(number).spec.when;
        match when.counted_kind() {
            None => self.next(number, None, now, start).is_none(),
            Some(_) => when.unmet_by_time(now, start) == Some(Condition::Until),
        }
    }
}

/// The namespace of the draws for faults.
const STREAMS: &str = "fault";

/// How many calls [`Plan::next`] looks ahead.
const FORESIGHT: u64 = 10_000;

fn stream_of_thing(seed: u64, fault: &str, thing: &str) -> Draws {
    Draws::new(seed, STREAMS, &format!("{fault}\0{thing}"))
}

impl FaultState {
    /// The state of a fault that has counted nothing. The exchange with the number `since` is the first that may meet it.
    fn new(fault: &Fault, seed: u64, since: u64) -> Self {
        let when = &fault.spec.when;
        let draws = when.probability.is_some() || fault.spec.delay.is_some_and(|delay| !delay.is_fixed());
        let is_shared = when.counted_kind().is_none();
        let stream = (draws && is_shared).then(|| Draws::new(seed, STREAMS, &fault.spec.name));
        Self { stream, switches: vec![(since, Mode::On)], ..Self::default() }
    }

    /// The mode of the fault when the exchange with this number came. `None` when the fault did not exist yet.
    pub fn mode_at(&self, exchange: u64) -> Option<Mode> {
        self.switches.iter().rev().find(|(since, _)| *since <= exchange).map(|(_, mode)| *mode)
    }

    /// Counts a call that meets the fault, and decides whether the fault fires on it.
    fn decide(&mut self, fault: &Arc<Fault>, subject: &Subject<'_>, seed: u64) -> Decision {
        self.calls += 1;
        let spec = &fault.spec;
        let (mut of_thing, mut by_thing) = (None, None);
        let (call, before) = match spec.when.counted_kind() {
            None => (self.calls, self.fired),
            Some(kind) => {
                let thing = (subject.named)(kind).and_then(|name| subject.facts.parameter(name));
                let thing = thing.unwrap_or_default();
                of_thing = Some(stream_of_thing(seed, &spec.name, &thing));
                let counted = by_thing.insert(self.by_thing.count(&thing, self.calls));
                (counted.calls, counted.fired)
            }
        };
        // The first draw of a call decides whether the fault fires. The next ones determine the delay.
        let mut draws = of_thing.as_mut().or(self.stream.as_mut()).map(|stream| stream.at(call));
        let first = draws.as_mut().map(|draws| share(draws.next_u64()));
        let draw = first.filter(|_| spec.when.probability.is_some());
        let unmet = spec
            .when
            .unmet_by_number(call)
            .or_else(|| spec.when.unmet_by_time(subject.now, subject.start))
            .or_else(|| {
                let is_low = draw.zip(spec.when.probability).is_none_or(|(draw, below)| draw < below);
                (!is_low).then_some(Condition::Probability)
            })
            .or_else(|| spec.when.limit.filter(|limit| before >= *limit).map(|_| Condition::Limit));
        let fired = unmet.is_none();
        self.fired += u64::from(fired);
        by_thing.into_iter().for_each(|counted| counted.fired += u64::from(fired));
        let delay = match (spec.delay.filter(|_| fired), draws) {
            (Some(Delay::Length(length)), _) => length.0,
            (Some(delay), Some(draws)) => delay.draw(draws),
            (Some(Delay::Drawn(super::Drawn::Fixed(length))), None) => length.0,
            _ => Duration::ZERO,
        };
        Decision { fault: Arc::clone(fault), call, draw, unmet, delay, fired, answered: false }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::HashMap;

    use super::super::{FaultSpec, Matcher, When};
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
        faults.into_iter().for_each(|fault| plan.add(fault, 1));
        plan
    }

    fn fault(name: &str, matches: &[(&str, &str)], when: When) -> Fault {
        let any = |value: &str| Matcher::Any(vec![value.to_string()]);
        let matches = matches.iter().map(|(name, value)| (name.to_string(), any(value))).collect();
        Fault {
            spec: FaultSpec {
                when,
                ..serde_json::from_value(serde_json::json!({"name": name, "on": "chert", "error": "4001"}))
                    .unwrap()
            },
            aim: vec![0],
            stage: Stage::Delivery,
            matches,
            headers: Vec::new(),
            credential: None,
        }
    }

    /// Asks the faults about a call at the start of a scenario.
    fn ask(plan: &mut Plan, operation: usize, stage: Stage, facts: &dyn Facts) -> (Strike, Vec<Decision>) {
        let request = Request::new("POST", "/", [("user-agent", "b24/1.0")].into_iter().collect(), "".into());
        let subject = Subject {
            facts,
            request: &request,
            credential: &|| Some("token-1".into()),
            named: &|kind| (kind == "chat").then_some("CHAT_ID"),
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
            (
                outcome.first,
                decisions
                    .iter()
                    .map(|d| (d.fault.spec.name.to_string(), d.call, d.fired))
                    .collect::<Vec<_>>(),
            )
        };
        fn told<const N: usize>(all: [(&str, u64, bool); N]) -> Vec<(String, u64, bool)> {
            all.map(|(name, call, fired)| (name.to_owned(), call, fired)).to_vec()
        }
        assert_eq!(ask("a"), (Some(0), told([("a", 1, true), ("all", 1, true)])));
        assert_eq!(ask("b"), (Some(1), told([("all", 2, true)])));
        assert_eq!(ask("a"), (Some(0), told([("a", 2, true), ("all", 3, true)])));
        assert_eq!(ask("a"), (Some(1), told([("a", 3, false), ("all", 4, true)])));
    }

    #[test]
    fn a_fault_is_met_at_its_own_stage_and_operation_only() {
        let mut plan = plan_of(vec![fault("a", &[], When::default())], 7);
        assert_eq!(ask(&mut plan, 0, Stage::Lookup, &None::<Chat>), (Strike::default(), vec![]));
        assert_eq!(ask(&mut plan, 1, Stage::Delivery, &None::<Chat>), (Strike::default(), vec![]));
        assert_eq!(ask(&mut plan, 0, Stage::Delivery, &None::<Chat>).0.first, Some(0));
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
        assert_eq!(next(&plan, None), None);
        let each = When { first: Some(1), count_by: Some("chat".into()), ..When::default() };
        let mut plan = plan_of(vec![fault("a", &[], each)], 7);
        assert_eq!(next(&plan, Some("a")), Some(1));
        assert_eq!(calls_that_fire(&mut plan, "a", 3), [1]);
        assert_eq!(calls_that_fire(&mut plan, "b", 3), [1]);
        assert_eq!(
            (next(&plan, Some("a")), next(&plan, Some("c")), next(&plan, None)),
            (None, Some(1), None)
        );
    }

    /// The number of the next call, at the start of the scenario.
    fn next(plan: &Plan, chat: Option<&str>) -> Option<u64> {
        let start = Timestamp::UNIX_EPOCH;
        plan.next(0, chat, start, start).map(|forecast| forecast.call)
    }

    #[test]
    fn limits_of_chats_do_not_depend_on_the_order_of_their_calls() {
        let when = When { limit: Some(2), count_by: Some("chat".into()), ..flaky(0.5) };
        let in_turns = |chats: &[&'static str]| {
            let mut plan = plan_of(vec![fault("a", &[], when.clone())], 42);
            let mut fired = HashMap::<_, Vec<_>>::new();
            for (round, chat) in (1..=30).flat_map(|round| chats.iter().map(move |chat| (round, *chat))) {
                let of_chat = fired.entry(chat).or_default();
                of_chat.extend(calls_that_fire(&mut plan, chat, 1).iter().map(|_| round));
            }
            fired
        };
        let (one, other) = (in_turns(&["a", "b", "c"]), in_turns(&["c", "b", "a"]));
        assert_eq!(one, other);
        assert!(one.values().all(|fired| fired.len() == 2), "{one:?}");
    }

    #[test]
    fn a_forecast_knows_the_window_and_the_switch() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let point = |second| Some(crate::scalar::Point::After(Duration::from_secs(second)));
        let when = When { after: Some(3), from: point(30), until: point(40), ..When::default() };
        let mut plan = plan_of(vec![fault("a", &[], when)], 7);
        let next = |plan: &Plan, second| plan.next(0, None, at(second), at(0));
        assert_eq!(next(&plan, 5), Some(Forecast { call: 4, not_before: Some(at(30)) }));
        assert_eq!(next(&plan, 30), Some(Forecast { call: 4, not_before: None }));
        assert_eq!(next(&plan, 40), None);
        plan.switch(0, Mode::Off, 9);
        assert_eq!(next(&plan, 30), None);
        let modes = [8, 9, 99].map(|exchange| plan.state(0).mode_at(exchange));
        assert_eq!(modes, [Some(Mode::On), Some(Mode::Off), Some(Mode::Off)]);
        assert_eq!(plan.state(0).mode_at(0), None);
    }

    #[test]
    fn an_earlier_copy_learns_when_its_faults_were_switched() {
        let saved = plan_of(vec![fault("a", &[], When::default())], 7);
        let mut present = saved.clone();
        present.switch(0, Mode::Off, 5);
        for since in [8, 9, 10] {
            let mut restored = saved.clone();
            restored.succeed(&present, since);
            present = restored;
        }
        assert_eq!(present.state(0).switches, [(1, Mode::On), (5, Mode::Off), (8, Mode::On)]);
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
        assert_eq!(next(&alone, None), Some(calls_that_fire(&mut alone, "a", 200)[0] + 200));
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
