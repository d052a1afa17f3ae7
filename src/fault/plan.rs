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
    /// Whether any fault strikes calls at a stage.
    stages: [bool; Stage::ALL.len()],
    /// Whether any fault is on events.
    strikes_events: bool,
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
        match fault.is_on_events {
            true => self.strikes_events = true,
            false => self.stages[fault.stage as usize] = true,
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
        self.stages = Default::default();
        self.strikes_events = false;
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

    /// Whether any fault is on events.
    pub fn strikes_events(&self) -> bool {
        self.strikes_events
    }

    /// Whether any fault strikes calls at this stage.
    pub fn strikes_at(&self, stage: Stage) -> bool {
        self.stages[stage as usize]
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

    /// Asks every fault that a call of `operation` meets at the end of `stage`; for the delivery of an event both are those that its
    /// faults have. Each of them counts the call, and its
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
mod tests;
