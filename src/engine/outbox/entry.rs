//! One delivery in an outbox.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::emulator::{Delivery, Outcome, Outgoing};

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
    /// The attempts so far.
    pub attempts: Vec<Attempt>,
    /// The request of the latest attempt.
    pub request: Option<Arc<Outgoing>>,
    /// Why it was given up.
    pub remark: Option<String>,
}

/// What has raised an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The exchange with this number.
    Exchange(u64),
    /// The action with this number.
    Action(u64),
    /// A change that a fault had put off.
    Later,
}

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its next attempt.
    Waiting,
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
    /// When it was due, by the scenario's clock.
    pub at: Timestamp,
    /// How it ended; `None` while it is under way.
    pub outcome: Option<Outcome>,
    /// How long it took; zero under a virtual clock.
    pub duration: Duration,
}

impl OutboxEntry {
    /// The memory of the bodies, in bytes.
    pub(super) fn size(&self) -> usize {
        self.delivery.body.len() + self.request.as_ref().map_or(0, |request| request.body.len())
    }
}

impl DeliveryState {
    /// The state in a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Dropped => "dropped",
        }
    }

    /// Whether no more attempt comes.
    pub fn has_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Sending)
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
