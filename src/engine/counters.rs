//! What a world has counted.

use std::collections::BTreeMap;

/// What a world has counted since the start of its scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests answered, the control interface's own not among them.
    pub exchanges: u64,
    /// Of these, by vendor.
    pub by_service: BTreeMap<&'static str, u64>,
    /// Of these, answered with an error.
    pub errors: u64,
    /// Times that a fault fired.
    pub faults_fired: u64,
    /// Exchanges by vendor, operation and outcome, which is `success` or an error's code; empty texts where there is none.
    pub by_outcome: BTreeMap<(&'static str, &'static str, &'static str), u64>,
}

impl Counters {
    /// Adds what another world has counted.
    pub fn add(&mut self, other: &Self) {
        let Self { exchanges, by_service, errors, faults_fired, by_outcome } = other;
        self.exchanges += exchanges;
        self.errors += errors;
        self.faults_fired += faults_fired;
        for (service, count) in by_service {
            *self.by_service.entry(service).or_default() += count;
        }
        for (outcome, count) in by_outcome {
            *self.by_outcome.entry(*outcome).or_default() += count;
        }
    }
}
