//! The numbers that a world counts: exchanges, errors, fired faults.

use std::collections::BTreeMap;

/// The numbers that a world counts, since the start of its scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Answered requests to emulated services. Requests to the control interface do not count.
    pub exchanges: u64,
    /// Exchanges whose status is 400 or higher.
    pub errors: u64,
    /// Exchanges of a proxy whose answer differs from the contract.
    pub differing: u64,
    /// How often any fault fired.
    pub faults_fired: u64,
    /// Attempts to deliver an event that the handler answered, with any status.
    pub events_answered: u64,
    /// Exchanges by service, operation and outcome. The outcome is `success` or an error code. A part that is not
    /// known is an empty text.
    pub by_outcome: BTreeMap<(&'static str, &'static str, &'static str), u64>,
}

impl Counters {
    /// The exchanges of each service, by its name. Requests to unknown paths have no service and are left out.
    pub fn by_service(&self) -> BTreeMap<&'static str, u64> {
        let mut sums = BTreeMap::new();
        for ((service, ..), count) in self.by_outcome.iter().filter(|((service, ..), _)| !service.is_empty())
        {
            *sums.entry(*service).or_default() += count;
        }
        sums
    }

    /// Adds the numbers of another world.
    pub fn add(&mut self, other: &Self) {
        let Self { exchanges, errors, differing, faults_fired, events_answered, by_outcome } = other;
        self.exchanges += exchanges;
        self.errors += errors;
        self.differing += differing;
        self.faults_fired += faults_fired;
        self.events_answered += events_answered;
        for (outcome, count) in by_outcome {
            *self.by_outcome.entry(*outcome).or_default() += count;
        }
    }
}
