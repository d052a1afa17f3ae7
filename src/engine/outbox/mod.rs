//! The outbox of a world: the deliveries that wait, that are being sent, and that have ended.
//!
//! Deliveries to one handler are made one after the other, in the order in which they were raised. Handlers do not wait
//! for each other. The outbox opens no connection: it says what is due, and is told how each attempt ended.

mod counts;
mod entry;
mod line_up;
mod prospect;
mod saved;
mod struck;
mod taken;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use foldhash::HashMap;
use jiff::Timestamp;

use crate::emulator::{Delivery, Outcome, Outgoing};
pub use counts::{CountsByEvent, OutboxCounts};
pub use entry::{Attempt, Cause, DeliveryState, OutboxEntry};
pub(in crate::engine) use line_up::Parcel;
pub use struck::StruckDelivery;

/// How many deliveries may wait.
pub const MOST_WAITING: usize = 20_000;

/// How many bytes the bodies of waiting deliveries may take.
const MOST_WAITING_BYTES: usize = 64 << 20;

/// How many deliveries are kept after they have ended.
const MOST_ENDED: usize = 1_000;

/// How many bytes the bodies of deliveries that have ended may take.
const MOST_ENDED_BYTES: usize = 8 << 20;

/// How many attempts of one delivery are kept.
const MOST_ATTEMPTS: usize = 16;

/// How many reasons are kept why events went to nobody.
const MOST_SILENCES: usize = 100;

/// The deliveries of a world.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// All that are kept, by number.
    entries: BTreeMap<u64, OutboxEntry>,
    /// The number of the newest one.
    newest: u64,
    /// How often a delivery has changed its state.
    changes: u64,
    /// For each handler the deliveries that have not ended, the oldest first.
    queues: HashMap<HandlerKey, VecDeque<u64>>,
    /// The deliveries that can be sent, with the instant of their next attempt: of each handler the first one.
    ready: BTreeSet<(Timestamp, u64)>,
    /// The deliveries that a test has taken, with the instant by which it must have answered.
    taken: BTreeSet<(Timestamp, u64)>,
    /// The deliveries that wait.
    waiting: BTreeSet<u64>,
    waiting_bytes: usize,
    /// Those of them that faults have made besides the service's own.
    further: BTreeSet<u64>,
    /// The deliveries that have ended, in that order.
    ended: VecDeque<u64>,
    ended_bytes: usize,
    /// How many deliveries came in and how they ended, for each service, by its index, and event.
    counts: CountsByEvent<usize>,
    /// Why the latest events went to nobody.
    silences: VecDeque<(Cause, String)>,
    /// What was given up without a word to its service, by the index of the service.
    given_up: Vec<(usize, Delivery)>,
}

/// The index of a service in its world, and the service's number of the handler.
type HandlerKey = (usize, u64);

impl Outbox {
    /// Takes the deliveries that were given up since the last look, each with the index of its service.
    pub fn take_given_up(&mut self) -> Vec<(usize, Delivery)> {
        std::mem::take(&mut self.given_up)
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
        if let Some(struck) = &mut entry.struck {
            struck.held = None;
        }
        if entry.attempts.len() == MOST_ATTEMPTS {
            entry.attempts.remove(0);
        }
        let duration = std::time::Duration::ZERO;
        entry.attempts.push(Attempt { at, request: None, outcome: None, duration, until: None });
        entry.attempted += 1;
        self.waiting.remove(&number);
        self.further.remove(&number);
        self.waiting_bytes -= entry.delivery.body.len();
        self.note_change(number);
        true
    }

    /// Stamps a delivery that has changed its state.
    pub(super) fn note_change(&mut self, number: u64) {
        self.changes += 1;
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.changed = self.changes;
        }
    }

    /// How often a delivery has changed its state.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Notes what the scenario's clock shows when a delivery begins to wait.
    pub fn note_clock(&mut self, number: u64, now: Timestamp) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.clock = now;
        }
    }

    /// Notes the instant at which the present attempt began.
    pub fn began(&mut self, number: u64, at: Timestamp) {
        let attempt = self.entries.get_mut(&number).and_then(|entry| entry.attempts.last_mut());
        if let Some(attempt) = attempt {
            attempt.at = at;
        }
    }

    /// Notes the request of the present attempt.
    pub fn set_request(&mut self, number: u64, request: Arc<Outgoing>) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        entry.was_sent = true;
        if let Some(attempt) = entry.attempts.last_mut() {
            attempt.request = Some(request);
        }
    }

    /// Notes that the present attempt waits for its turn. Returns false when none is under way.
    pub fn queue(&mut self, number: u64) -> bool {
        self.shift(number, DeliveryState::Sending, DeliveryState::Queued)
    }

    /// Notes that the turn of the present attempt has come. Returns false when it does not wait for one.
    pub fn unqueue(&mut self, number: u64) -> bool {
        self.shift(number, DeliveryState::Queued, DeliveryState::Sending)
    }

    fn shift(&mut self, number: u64, from: DeliveryState, to: DeliveryState) -> bool {
        let entry = self.entries.get_mut(&number).filter(|entry| entry.state == from);
        let Some(entry) = entry else { return false };
        entry.state = to;
        self.note_change(number);
        true
    }

    /// Notes how the present attempt of a delivery ended, after `duration`. `next` is told so, and says when the next
    /// attempt is due after a failure. Returns false when no attempt is under way.
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
        let again = next(entry, &outcome).filter(|_| state == DeliveryState::Failed);
        if let Some(attempt) = entry.attempts.last_mut() {
            attempt.outcome = Some(outcome);
            attempt.duration = duration;
            if let Some(until) = attempt.until {
                self.taken.remove(&(until, number));
            }
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
        self.changes += 1;
        entry.changed = self.changes;
        let key = (entry.service, entry.delivery.handler);
        self.waiting.insert(number);
        self.waiting_bytes += entry.delivery.body.len();
        if !entry.delivery.nature.is_own() {
            self.further.insert(number);
        }
        self.admit_first(key);
    }

    /// Lets the first delivery of a handler be sent if it waits. Those behind it are never sent before it.
    fn admit_first(&mut self, key: HandlerKey) {
        let first = self.queues.get(&key).and_then(|queue| self.entries.get(queue.front()?));
        if let Some(first) = first.filter(|first| first.state == DeliveryState::Waiting)
            && let Some(next) = first.next
            && (first.url().is_some() || first.is_lost())
        {
            self.ready.insert((next, first.number));
        }
    }

    /// Sends a delivery that has ended again. Returns false when there is none of this number.
    pub fn send_again(&mut self, number: u64, now: Timestamp) -> bool {
        let Some(entry) = self.entries.get_mut(&number).filter(|entry| entry.state.has_ended()) else {
            return false;
        };
        // What was lost is sent now.
        if let Some(struck) = &mut entry.struck {
            struck.is_lost = false;
        }
        let key = (entry.service, entry.delivery.handler);
        self.counts.entry((entry.service, entry.delivery.event.name)).or_default().entered += 1;
        self.ended_bytes -= entry.size();
        self.ended.retain(|ended| *ended != number);
        self.queues.entry(key).or_default().push_back(number);
        self.wait(number, now);
        true
    }

    /// Ends a delivery, and lets the next one of its handler begin.
    fn end(&mut self, number: u64, state: DeliveryState, remark: Option<&'static str>) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        let key = (entry.service, entry.delivery.handler);
        if self.waiting.remove(&number) {
            self.further.remove(&number);
            self.waiting_bytes -= entry.delivery.body.len();
        }
        if let Some(next) = entry.next.take() {
            self.ready.remove(&(next, number));
        }
        entry.state = state;
        entry.remark = remark;
        self.changes += 1;
        entry.changed = self.changes;
        let counts = self.counts.entry((entry.service, entry.delivery.event.name)).or_default();
        match state {
            DeliveryState::Delivered => counts.delivered += 1,
            DeliveryState::Failed => counts.failed += 1,
            DeliveryState::Blocked => counts.blocked += 1,
            _ => counts.dropped += 1,
        }
        self.ended_bytes += entry.size();
        self.ended.push_back(number);
        let ended = entry.attempts.last().map(|attempt| (attempt.at, entry.ready()));
        if let Some(queue) = self.queues.get_mut(&key) {
            let place = queue.iter().position(|waiting| *waiting == number);
            place.and_then(|place| queue.remove(place));
            // The next one could not begin before this one.
            if let (Some(0), Some((at, ready))) = (place, ended)
                && let Some(first) = queue.front().and_then(|first| self.entries.get_mut(first))
            {
                first.next = first.next.map(|next| next.max(at));
                first.clock = first.clock.max(ready);
            }
            if queue.is_empty() {
                self.queues.remove(&key);
            }
        }
        self.admit_first(key);
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
        let is_bound = |number: &&u64| self.entries.get(number).is_some_and(|entry| entry.url().is_some());
        let queued = self.queues.values().flatten();
        queued.filter(is_bound).count()
    }

    /// The memory of all bodies, in bytes.
    pub fn size(&self) -> usize {
        self.waiting_bytes + self.ended_bytes
    }

    /// How many deliveries came in and how they ended, for each service, by its index, and event.
    pub fn counts(&self) -> &CountsByEvent<usize> {
        &self.counts
    }

    /// The counts when this outbox is given up: what has not ended is abandoned.
    pub fn counts_at_end(&self) -> CountsByEvent<usize> {
        let mut counts = self.counts.clone();
        counts.values_mut().for_each(|counts| counts.abandoned += counts.unfinished());
        counts
    }

    /// Notes why an event went to nobody.
    pub fn note_silence(&mut self, cause: Cause, why: String) {
        if self.silences.len() == MOST_SILENCES {
            self.silences.pop_front();
        }
        self.silences.push_back((cause, why));
    }

    /// Why the latest events went to nobody, the oldest first.
    pub fn silences(&self) -> impl Iterator<Item = &(Cause, String)> {
        self.silences.iter()
    }

    /// The delivery that this one waits for: the one before it that goes to the same handler.
    pub fn before(&self, entry: &OutboxEntry) -> Option<&OutboxEntry> {
        let queue = self.queues.get(&(entry.service, entry.delivery.handler))?;
        let place = queue.iter().position(|number| *number == entry.number)?;
        self.entries.get(queue.get(place.checked_sub(1)?)?)
    }
}

#[cfg(test)]
mod tests;
