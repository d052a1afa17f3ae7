//! Deliveries as rules see them: an attempt that was sent, and how it ended.

use std::time::Duration;

use super::seen::Moment;
use crate::emulator::{Brought, Delivery, Outcome, Outgoing};

/// An attempt of a delivery that was sent to its handler.
pub struct Sent<'a> {
    /// The number of the delivery.
    pub number: u64,
    /// The name of the service.
    pub service: &'static str,
    /// What is delivered.
    pub delivery: &'a Delivery,
    /// What it names.
    pub brought: &'a [Brought],
    /// The request.
    pub request: &'a Outgoing,
    /// When it was sent.
    pub at: Moment,
}

/// How an attempt of a delivery ended.
pub struct Ended<'a> {
    /// The number of the delivery.
    pub number: u64,
    /// The name of the service.
    pub service: &'static str,
    /// What was delivered.
    pub delivery: &'a Delivery,
    /// How it ended.
    pub outcome: &'a Outcome,
    /// How long it took by the wall clock.
    pub duration: Duration,
    /// How long the handler may take.
    pub time_limit: Duration,
    /// Whether a test has taken it to deliver it itself.
    pub is_taken: bool,
    /// When it ended.
    pub at: Moment,
}

impl Ended<'_> {
    /// The status of the answer; `None` when there was none.
    pub fn status(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Answered(status) => Some(*status),
            Outcome::Failed(_) | Outcome::Blocked(_) => None,
        }
    }

    /// Whether the handler was reached and had given no answer when its time was over. A handler that nobody runs refuses the
    /// connection at once. A test that has taken a delivery may never have given it to a handler.
    pub fn is_late(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_)) && !self.is_taken && self.duration >= self.time_limit
    }
}
