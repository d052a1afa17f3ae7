//! One delivery in an outbox.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::StruckDelivery;
use crate::emulator::{Delivery, HandlerTarget, Outcome, Outgoing};

/// One delivery in an outbox.
#[derive(Clone, Debug)]
pub struct OutboxEntry {
    /// Its number, counted from 1.
    pub number: u64,
    /// The index of its service in the world.
    pub service: usize,
    /// What is delivered.
    pub delivery: Delivery,
    /// What has raised the event.
    pub cause: Cause,
    /// When the next attempt is due; `None` when one is under way or no more comes.
    pub next: Option<Timestamp>,
    /// How far it has come.
    pub state: DeliveryState,
    /// The latest attempts, the oldest first.
    pub attempts: Vec<Attempt>,
    /// How many attempts there were.
    pub attempted: usize,
    /// Whether an attempt was begun, also one that a restored snapshot does not know.
    pub was_sent: bool,
    /// What the scenario's clock showed when it began to wait. Actions happen at their instant, also when the clock was moved
    /// past it.
    pub clock: Timestamp,
    /// What faults have done to it; `None` when none was asked.
    pub struck: Option<Box<StruckDelivery>>,
    /// Which of the outbox's changes was its latest.
    pub changed: u64,
    /// Why it was given up.
    pub remark: Option<&'static str>,
}

/// What has raised an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The exchange with this number.
    Exchange(u64),
    /// The action with this number.
    Action(u64),
    /// A change that a fault had put off, or what the service does by itself.
    Later,
}

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its next attempt.
    Waiting,
    /// An attempt was begun and is not sent yet: it waits for its turn, because its handler did not answer in time before.
    Queued,
    /// An attempt is under way.
    Sending,
    /// The handler has accepted it.
    Delivered,
    /// The handler has not accepted it, and no more attempt comes.
    Failed,
    /// The target is not allowed.
    Blocked,
    /// It was given up.
    Dropped,
}

/// One attempt of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began, by the scenario's clock. A virtual one may be moved past the instant at which it was due: then it is that
    /// one.
    pub at: Timestamp,
    /// The request; `None` before it is made.
    pub request: Option<Arc<Outgoing>>,
    /// How it ended; `None` while it is under way.
    pub outcome: Option<Outcome>,
    /// How long it took; zero under a virtual clock.
    pub duration: Duration,
    /// When a test that has taken it must have answered; `None` when the server sends it.
    pub until: Option<Timestamp>,
}

impl OutboxEntry {
    /// The memory of the bodies, in bytes.
    pub(super) fn size(&self) -> usize {
        let requests = self.attempts.iter().filter_map(|attempt| attempt.request.as_ref());
        self.delivery.body.len() + requests.map(|request| request.body.len()).sum::<usize>()
    }

    /// When the test that has taken the latest attempt must have answered; `None` when the server sends it.
    pub fn taken_until(&self) -> Option<Timestamp> {
        self.attempts.last()?.until
    }

    /// What a virtual clock showed when the latest attempt could begin.
    pub(in crate::engine) fn ready(&self) -> Timestamp {
        self.attempts.last().map_or(self.clock, |attempt| attempt.at.max(self.clock))
    }

    /// The URL of the handler; `None` for one that is known by a name only.
    pub fn url(&self) -> Option<&Arc<str>> {
        match &self.delivery.target {
            HandlerTarget::Url(url) => Some(url),
            HandlerTarget::Name(_) => None,
        }
    }

    /// The body of the latest request; before the first one, the part that is known.
    pub fn body(&self) -> &Arc<str> {
        let latest = self.attempts.iter().rev().find_map(|attempt| attempt.request.as_ref());
        latest.map_or(&self.delivery.body, |request| &request.body)
    }
}

impl DeliveryState {
    /// The state in a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting | Self::Queued => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Dropped => "dropped",
        }
    }

    /// Whether no more attempt comes.
    pub fn has_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Queued | Self::Sending)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(number) => write!(formatter, "exchange {number}"),
            Self::Action(number) => write!(formatter, "action a{number}"),
            Self::Later => formatter.write_str("a change that a fault had put off"),
        }
    }
}
