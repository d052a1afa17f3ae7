//! How deliveries come into an outbox, and into the line of their handler.

use jiff::Timestamp;

use super::{
    Cause, DeliveryState, HandlerKey, MOST_WAITING, MOST_WAITING_BYTES, Outbox, OutboxEntry, StruckDelivery,
};
use crate::emulator::Delivery;

/// Why a delivery is dropped.
const GIVEN_UP: &str = "given up: more than 20,000 deliveries waited, or more than 64 MiB";

/// A delivery that comes into an outbox.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Parcel {
    /// What is delivered.
    pub delivery: Delivery,
    /// When its first attempt is due.
    pub due: Timestamp,
    /// What faults have done to it; `None` when none was asked.
    pub struck: Option<Box<StruckDelivery>>,
}

impl Outbox {
    /// Adds a delivery of the service with this index. Returns its number. The oldest waiting delivery is given up when
    /// too many wait.
    pub fn push(&mut self, service: usize, delivery: Delivery, cause: Cause, due: Timestamp) -> u64 {
        let key = (service, delivery.handler);
        let number = self.add(service, Parcel { delivery, due, struck: None }, cause);
        self.line_up(key, &[number]);
        number
    }

    /// Adds a delivery with those that come right before and behind it, all for one handler. Returns their numbers.
    pub(in crate::engine) fn push_together(
        &mut self,
        service: usize,
        parcels: Vec<Parcel>,
        cause: Cause,
    ) -> Vec<u64> {
        let Some(handler) = parcels.first().map(|parcel| parcel.delivery.handler) else { return Vec::new() };
        let numbers: Vec<_> = parcels.into_iter().map(|parcel| self.add(service, parcel, cause)).collect();
        self.line_up((service, handler), &numbers);
        numbers
    }

    /// The number of the next delivery.
    pub fn next_number(&self) -> u64 {
        self.newest + 1
    }

    fn add(&mut self, service: usize, Parcel { delivery, due, struck }: Parcel, cause: Cause) -> u64 {
        self.newest += 1;
        let number = self.newest;
        self.counts.entry((service, delivery.event.name)).or_default().entered += 1;
        self.waiting.insert(number);
        self.waiting_bytes += delivery.body.len();
        if !delivery.nature.is_own() {
            self.further.insert(number);
        }
        let entry = OutboxEntry {
            number,
            service,
            delivery,
            cause,
            next: Some(due),
            state: DeliveryState::Waiting,
            attempts: Vec::new(),
            attempted: 0,
            was_sent: false,
            clock: due,
            struck,
            changed: 0,
            remark: None,
        };
        self.entries.insert(number, entry);
        self.note_change(number);
        number
    }

    /// Puts deliveries at the end of their line. One that waits for the next one comes behind them.
    fn line_up(&mut self, key: HandlerKey, numbers: &[u64]) {
        let Self { queues, entries, .. } = self;
        let queue = queues.entry(key).or_default();
        let last = queue.back().copied().filter(|last| entries.get(last).is_some_and(OutboxEntry::is_held));
        if last.is_some() {
            queue.pop_back();
        }
        queue.extend(numbers);
        if let Some(held) = last {
            queue.push_back(held);
            // Of two that wait for the next one, the second has it before itself.
            [held].iter().chain(numbers).for_each(|number| self.release(*number));
        }
        self.admit_first(key);
        while self.waiting.len() > MOST_WAITING || self.waiting_bytes > MOST_WAITING_BYTES {
            // What faults have added goes before what the service sends by itself.
            let Some(oldest) = self.further.first().or(self.waiting.first()).copied() else { break };
            let known = self.entries.get(&oldest).map(|entry| (entry.service, entry.delivery.clone()));
            self.given_up.extend(known);
            self.end(oldest, DeliveryState::Dropped, Some(GIVEN_UP));
        }
    }

    /// Lets a delivery wait for no other one.
    fn release(&mut self, number: u64) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        let Some(due) = entry.struck.as_mut().and_then(|struck| struck.held.take()) else { return };
        if let Some(until) = entry.next.replace(due) {
            self.ready.remove(&(until, number));
        }
    }
}
