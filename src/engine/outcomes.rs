//! What a world tells about its scenario: which expectations are met, and which actions were not performed.

use jiff::Timestamp;

use super::World;
use super::observers;
use super::redact::Unhidden;
use crate::emulator::Thing;
use crate::judge::{ActionLeft, ExpectSpec, ExpectationOutcome, RunTally};

impl World {
    /// The outcomes of the scenario's expectations, and of its actions as far as one could not be performed or waits for a
    /// call. `now` is the time of the wall clock.
    pub fn outcomes(&mut self, now: Timestamp) -> Unhidden<Vec<ExpectationOutcome>> {
        self.settle(now);
        let unmet = |number: usize, name: &str, found: String, is_lost: bool| ExpectationOutcome {
            name: name_of(number),
            met: false,
            is_lost,
            expected: format!("`{name}` is performed"),
            found,
            exchanges: Vec::new(),
            left_out: 0,
            near: None,
        };
        let mut outcomes = self.observers.outcomes(self.things());
        outcomes.extend(self.schedule.failed().map(|(number, name, mistake)| {
            unmet(number, name, format!("{}; {}", mistake.message, mistake.help), true)
        }));
        // A namespace belongs to one test, which need not make every call that the scenario knows.
        if self.namespace().is_none() {
            let uncalled = self.schedule.uncalled();
            outcomes.extend(uncalled.map(|(number, name, why)| unmet(number, name, why, false)));
        }
        self.unhidden(outcomes)
    }

    /// The actions of the scenario that were not performed and are no outcomes of expectations. `now` is the time of the
    /// wall clock.
    pub fn actions_left(&mut self, now: Timestamp) -> Vec<ActionLeft> {
        self.settle(now);
        let uncalled = self.schedule.uncalled().filter(|_| self.namespace().is_some());
        let left = self.schedule.ahead().chain(uncalled);
        let left = left.map(|(number, name, why)| ActionLeft {
            name: name_of(number),
            action: name.to_owned(),
            why,
        });
        left.collect()
    }

    fn unhidden(&self, outcomes: Vec<ExpectationOutcome>) -> Unhidden<Vec<ExpectationOutcome>> {
        let near = outcomes.iter().filter_map(|outcome| Some(outcome.near.as_ref()?.exchange));
        let exchanges: Vec<_> = near.collect();
        Unhidden::new(self, [Vec::new(), outcomes], exchanges, Vec::is_empty)
    }

    /// The calls so far for the scenario's expectations of the whole run.
    pub(super) fn of_run(&self) -> Unhidden<RunTally> {
        let new = self.observers.of_run(self.namespace());
        let exchanges: Vec<_> = new.exchanges().collect();
        Unhidden::new(self, [self.before.run.clone(), new], exchanges, RunTally::is_empty)
    }

    /// The outcomes of the expectations `expect` for the exchanges that the journal still has, and for the events that the
    /// outbox still has.
    pub fn outcomes_of(
        &mut self,
        expect: &[ExpectSpec],
        now: Timestamp,
    ) -> Unhidden<Vec<ExpectationOutcome>> {
        self.settle(now);
        let events = self.outbox().iter().map(|entry| (self.emulators[entry.service].0.name(), entry));
        self.unhidden(observers::outcomes_of(expect, self.journal().entries(), events, self.things()))
    }

    /// Finds things by service, kind and identifier.
    fn things(&self) -> impl Fn(&str, &str, &str) -> Vec<Thing> {
        |service, kind, id| {
            let emulator = self.emulators.iter().find(|(known, _)| known.name() == service);
            emulator.map_or_else(Vec::new, |(_, emulator)| emulator.things(kind, id))
        }
    }
}

fn name_of(number: usize) -> String {
    format!("action {number} of the scenario")
}
