//! The outbox of a world: the deliveries that wait, that are being sent, and that have ended.
//!
//! Deliveries to one handler are made one after the other, in the order in which they were raised. Handlers do not wait
//! for each other. The outbox opens no connection: it says what is due, and is told how each attempt ended.

mod entry;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use foldhash::HashMap;
use jiff::Timestamp;

use crate::emulator::{Delivery, HandlerTarget, Outcome, Outgoing};
pub use entry::{Attempt, Cause, DeliveryState, OutboxEntry};

/// How many deliveries may wait.
pub const MOST_WAITING: usize = 20_000;

/// How many bytes the bodies of waiting deliveries may take.
const MOST_WAITING_BYTES: usize = 64 << 20;

/// How many deliveries are kept after they have ended.
const MOST_ENDED: usize = 1_000;

/// How many bytes the bodies of deliveries that have ended may take.
const MOST_ENDED_BYTES: usize = 8 << 20;

/// The deliveries of a world.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// All that are kept, by number.
    entries: BTreeMap<u64, OutboxEntry>,
    /// The number of the newest one.
    newest: u64,
    /// For each handler the deliveries that have not ended, the oldest first.
    queues: HashMap<HandlerKey, VecDeque<u64>>,
    /// The deliveries that can be sent, with the instant of their next attempt: of each handler the first one.
    ready: BTreeSet<(Timestamp, u64)>,
    /// The deliveries that wait.
    waiting: BTreeSet<u64>,
    waiting_bytes: usize,
    /// The deliveries that have ended, in that order.
    ended: VecDeque<u64>,
    ended_bytes: usize,
    /// How many deliveries have ended in each way.
    counts: OutboxCounts,
}

/// The index of a service in its world, and the service's number of the handler.
type HandlerKey = (usize, u64);

/// How many deliveries have ended in each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// The handler accepted them.
    pub delivered: u64,
    /// The handler did not accept them.
    pub failed: u64,
    /// Their target is not allowed.
    pub blocked: u64,
    /// They were given up because too many waited.
    pub dropped: u64,
}

impl OutboxCounts {
    /// The sum of this and other counts.
    pub fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.blocked += other.blocked;
        self.dropped += other.dropped;
    }
}

impl Outbox {
    /// Adds a delivery of the service with this index. Returns its number. The oldest waiting delivery is given up when
    /// too many wait.
    pub fn push(&mut self, service: usize, delivery: Delivery, cause: Cause, due: Timestamp) -> u64 {
        self.newest += 1;
        let number = self.newest;
        let key = (service, delivery.handler);
        let is_bound = matches!(delivery.target, HandlerTarget::Url(_));
        let size = delivery.body.len();
        let entry = OutboxEntry {
            number,
            service,
            delivery,
            cause,
            next: Some(due),
            state: DeliveryState::Waiting,
            attempts: Vec::new(),
            request: None,
            remark: None,
        };
        self.entries.insert(number, entry);
        self.waiting.insert(number);
        self.waiting_bytes += size;
        let queue = self.queues.entry(key).or_default();
        queue.push_back(number);
        if queue.len() == 1 && is_bound {
            self.ready.insert((due, number));
        }
        while self.waiting.len() > MOST_WAITING || self.waiting_bytes > MOST_WAITING_BYTES {
            let Some(oldest) = self.waiting.first().copied() else { break };
            let remark = format!("given up: more than {MOST_WAITING} deliveries waited, or more than 64 MiB");
            self.end(oldest, DeliveryState::Dropped, Some(remark));
        }
        number
    }

    /// When the next delivery is due; `None` when none can be sent.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.ready.first().map(|(due, _)| *due)
    }

    /// Begins an attempt of the next delivery that is due at `now`, and returns its number.
    pub fn begin_due(&mut self, now: Timestamp) -> Option<u64> {
        let (due, number) = self.ready.first().copied().filter(|(due, _)| *due <= now)?;
        self.begin(number, due);
        Some(number)
    }

    /// Begins an attempt of a waiting delivery at the instant `at`. Returns false when it does not wait.
    pub fn begin(&mut self, number: u64, at: Timestamp) -> bool {
        let Some(entry) = self.entries.get_mut(&number) else { return false };
        if entry.state != DeliveryState::Waiting {
            return false;
        }
        if let Some(next) = entry.next.take() {
            self.ready.remove(&(next, number));
        }
        entry.state = DeliveryState::Sending;
        entry.attempts.push(Attempt { at, outcome: None, duration: std::time::Duration::ZERO });
        self.waiting.remove(&number);
        self.waiting_bytes -= entry.delivery.body.len();
        true
    }

    /// Notes the request of the present attempt.
    pub fn set_request(&mut self, number: u64, request: Arc<Outgoing>) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.request = Some(request);
        }
    }

    /// Notes how the present attempt of a delivery ended, after `duration`. `next` says what the service does after a
    /// failure. Returns false when no attempt is under way.
    pub fn delivered(
        &mut self,
        number: u64,
        outcome: Outcome,
        duration: std::time::Duration,
        next: impl FnOnce(&OutboxEntry, &Outcome) -> Option<Timestamp>,
    ) -> bool {
        let Some(entry) = self.entries.get_mut(&number).filter(|entry| entry.state == DeliveryState::Sending)
        else {
            return false;
        };
        let state = match &outcome {
            Outcome::Blocked(_) => DeliveryState::Blocked,
            outcome if outcome.is_success() => DeliveryState::Delivered,
            _ => DeliveryState::Failed,
        };
        let again = (state == DeliveryState::Failed).then(|| next(entry, &outcome)).flatten();
        if let Some(attempt) = entry.attempts.last_mut() {
            attempt.outcome = Some(outcome);
            attempt.duration = duration;
        }
        match again {
            Some(at) => self.wait(number, at),
            None => self.end(number, state, None),
        }
        true
    }

    /// Puts a delivery that is under way back among the waiting ones.
    fn wait(&mut self, number: u64, at: Timestamp) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        entry.state = DeliveryState::Waiting;
        entry.next = Some(at);
        self.waiting.insert(number);
        self.waiting_bytes += entry.delivery.body.len();
        if matches!(entry.delivery.target, HandlerTarget::Url(_)) {
            self.ready.insert((at, number));
        }
    }

    /// Sends a delivery that has ended again. Returns false when there is none of this number.
    pub fn send_again(&mut self, number: u64, now: Timestamp) -> bool {
        let Some(entry) = self.entries.get(&number).filter(|entry| entry.state.has_ended()) else {
            return false;
        };
        let key = (entry.service, entry.delivery.handler);
        self.ended_bytes -= entry.size();
        self.ended.retain(|ended| *ended != number);
        let queue = self.queues.entry(key).or_default();
        queue.push_back(number);
        let is_first = queue.len() == 1;
        self.wait(number, now);
        if !is_first {
            self.ready.remove(&(now, number));
        }
        true
    }

    /// Ends a delivery, and lets the next one of its handler begin.
    fn end(&mut self, number: u64, state: DeliveryState, remark: Option<String>) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        let key = (entry.service, entry.delivery.handler);
        if self.waiting.remove(&number) {
            self.waiting_bytes -= entry.delivery.body.len();
        }
        if let Some(next) = entry.next.take() {
            self.ready.remove(&(next, number));
        }
        entry.state = state;
        entry.remark = remark;
        match state {
            DeliveryState::Delivered => self.counts.delivered += 1,
            DeliveryState::Failed => self.counts.failed += 1,
            DeliveryState::Blocked => self.counts.blocked += 1,
            _ => self.counts.dropped += 1,
        }
        self.ended_bytes += entry.size();
        self.ended.push_back(number);
        if let Some(queue) = self.queues.get_mut(&key) {
            if let Some(place) = queue.iter().position(|waiting| *waiting == number) {
                queue.remove(place);
            }
            match queue.front().and_then(|first| self.entries.get(first)) {
                Some(first) if matches!(first.delivery.target, HandlerTarget::Url(_)) => {
                    if let (DeliveryState::Waiting, Some(next)) = (first.state, first.next) {
                        self.ready.insert((next, first.number));
                    }
                }
                Some(_) => {}
                None => drop(self.queues.remove(&key)),
            }
        }
        while self.ended.len() > MOST_ENDED || (self.ended_bytes > MOST_ENDED_BYTES && self.ended.len() > 1) {
            let Some(oldest) = self.ended.pop_front() else { break };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.ended_bytes -= entry.size();
            }
        }
    }

    /// The delivery with this number, if it is kept.
    pub fn get(&self, number: u64) -> Option<&OutboxEntry> {
        self.entries.get(&number)
    }

    /// All deliveries that are kept, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &OutboxEntry> {
        self.entries.values()
    }

    /// How many deliveries have not ended and could be sent, so that somebody may wait for them.
    pub fn pending(&self) -> usize {
        let is_bound = |number: &&u64| {
            self.entries
                .get(number)
                .is_some_and(|entry| matches!(entry.delivery.target, HandlerTarget::Url(_)))
        };
        let queued = self.queues.values().flatten();
        queued.filter(is_bound).count()
    }

    /// Whether a request to a URL is under way.
    pub fn is_sending(&self) -> bool {
        let first = self.queues.values().filter_map(|queue| self.entries.get(queue.front()?));
        { first }.any(|entry| {
            entry.state == DeliveryState::Sending && matches!(entry.delivery.target, HandlerTarget::Url(_))
        })
    }

    /// How many deliveries wait, and how many are under way.
    pub fn unfinished(&self) -> (usize, usize) {
        let all: usize = self.queues.values().map(VecDeque::len).sum();
        (self.waiting.len(), all - self.waiting.len())
    }

    /// How many deliveries have ended in each way.
    pub fn counts(&self) -> OutboxCounts {
        self.counts
    }

    /// A copy for a snapshot: what is under way waits again.
    #[must_use]
    pub fn saved(&self, now: Timestamp) -> Self {
        let mut saved = self.clone();
        let under_way: Vec<_> = saved
            .entries
            .values()
            .filter(|entry| entry.state == DeliveryState::Sending)
            .map(|entry| entry.number)
            .collect();
        for number in under_way {
            if let Some(entry) = saved.entries.get_mut(&number) {
                entry.attempts.pop();
            }
            saved.wait(number, now);
        }
        saved
    }

    /// The same deliveries, with numbers that go on behind those of `other` and the counts of `other`.
    #[must_use]
    pub fn after(self, other: &Self) -> Self {
        Self { newest: self.newest.max(other.newest), counts: other.counts, ..self }
    }
}

#[cfg(test)]
mod tests;
