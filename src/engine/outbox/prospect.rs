//! What an outbox has under way, and what is to come.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;

use jiff::Timestamp;

use super::{DeliveryState, Outbox, OutboxEntry};

impl Outbox {
    /// When the next delivery is due, or the time of a test to answer one is over; `None` when nothing is to come.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.ready.first().into_iter().chain(self.taken.first()).map(|(due, _)| *due).min()
    }

    /// The same, for what comes later than `now`.
    pub fn next_due_after(&self, now: Timestamp) -> Option<Timestamp> {
        let later = (Bound::Excluded((now, u64::MAX)), Bound::Unbounded);
        let first = |all: &BTreeSet<(Timestamp, u64)>| all.range(later).next().map(|(due, _)| *due);
        first(&self.ready).into_iter().chain(first(&self.taken)).min()
    }

    /// Whether a delivery will be sent by itself, now or when its time comes. One whose handler has no URL never is.
    pub fn has_scheduled(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The numbers of the deliveries of which the server has a request under way, or one that waits for its turn. Of what a test
    /// has taken it has neither.
    pub fn under_way(&self) -> impl Iterator<Item = u64> {
        let is_begun = |state| matches!(state, DeliveryState::Sending | DeliveryState::Queued);
        let is_sent = move |entry: &&OutboxEntry| is_begun(entry.state) && entry.taken_until().is_none();
        self.firsts().filter(is_sent).map(|entry| entry.number)
    }

    /// How many deliveries wait, and how many are under way.
    pub fn unfinished(&self) -> (usize, usize) {
        let all: usize = self.queues.values().map(VecDeque::len).sum();
        let queued = self.firsts().filter(|entry| entry.state == DeliveryState::Queued).count();
        (self.waiting.len() + queued, all - self.waiting.len() - queued)
    }

    /// The first delivery of each handler.
    fn firsts(&self) -> impl Iterator<Item = &OutboxEntry> {
        self.queues.values().filter_map(|queue| self.entries.get(queue.front()?))
    }
}
