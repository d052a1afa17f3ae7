//! Exchanges whose answer waits for a delivery: each has its number from its arrival on, and is recorded when the
//! delivery ends, or when its world does.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;

use super::dispatch::DeliveryId;
use super::{Planned, World};
use crate::basics::Arrival;
use crate::emulator::Outcome;
use crate::http::{Reply, Request};

/// An answer that waits for a delivery.
#[derive(Clone, Debug)]
pub struct After {
    /// The delivery.
    pub delivery: DeliveryId,
    /// How long the answer waits at most, by the wall clock.
    pub time_limit: Duration,
    /// The answer, once it is finished.
    answer: Arc<OnceLock<Reply>>,
}

/// An exchange that waits.
#[derive(Debug)]
pub(super) struct Pending {
    number: u64,
    request: Request,
    planned: Planned,
    arrival: Arrival,
    after: After,
}

/// How many exchanges of a world may wait.
const MOST_PENDING: usize = 1_000;

impl After {
    /// The finished answer; `None` while it waits.
    pub fn answer(&self) -> Option<&Reply> {
        self.answer.get()
    }
}

impl PartialEq for After {
    fn eq(&self, other: &Self) -> bool {
        self.delivery == other.delivery
    }
}

impl World {
    /// The answer that waits for the delivery with this number of the service with this index.
    pub(super) fn after(&self, service: usize, number: u64) -> After {
        let delivery = DeliveryId { epoch: self.epoch, number };
        After { delivery, time_limit: self.time_limit(service), answer: Arc::default() }
    }

    /// Numbers an exchange whose answer waits for a delivery. It is recorded later.
    pub(super) fn put_off(&mut self, request: &Request, planned: Planned, after: After, arrival: Arrival) {
        if self.pending.len() >= MOST_PENDING {
            let outcome = Outcome::Failed(format!("more than {MOST_PENDING} answers waited for deliveries"));
            self.resume(self.pending[0].after.delivery, &outcome, arrival.now);
        }
        let number = self.number();
        let request = request.clone();
        self.pending.push(Pending { number, request, planned, arrival, after });
    }

    /// Finishes the answer that waits for this delivery, and records its exchange. `now` is the time of the wall clock.
    pub fn resume(&mut self, id: DeliveryId, outcome: &Outcome, now: Timestamp) {
        let Some(place) = self.pending.iter().position(|waiting| waiting.after.delivery == id) else {
            return;
        };
        let Pending { number, request, mut planned, arrival, after } = self.pending.remove(place);
        let service = planned.note.service;
        let emulator = self.emulators.iter_mut().find(|(known, _)| Some(known.name()) == service);
        if let Some((_, emulator)) = emulator {
            (planned.reply, planned.note.error) = emulator.resume(outcome, planned.reply);
        }
        if let Outcome::Failed(why) | Outcome::Blocked(why) = outcome {
            planned.note.remarks.push(format!("the handler has given no answer: {why}").into());
        }
        let reply = self.keep(number, &request, planned, Arrival { now, ..arrival });
        // It is set once: nobody else knows the exchange any more.
        let _ = after.answer.set(reply);
    }

    /// Ends a delivery that an answer waits for, because nobody waits any longer. `why` is what the answer says.
    pub fn give_up(&mut self, id: DeliveryId, why: &str, now: Timestamp) {
        if id.epoch == self.epoch && self.pending.iter().any(|waiting| waiting.after.delivery == id) {
            let outcome = Outcome::Failed(why.to_owned());
            // One that still waits has its attempt now.
            self.outbox.begin(id.number, self.clock.now(now));
            self.delivered(id, outcome, Duration::ZERO, now);
        }
    }

    /// The same with all of them: the state is about to go.
    pub(super) fn give_up_all(&mut self, why: &str, now: Timestamp) {
        let all: Vec<_> = self.pending.iter().map(|waiting| waiting.after.delivery).collect();
        let outcome = Outcome::Failed(why.to_owned());
        all.into_iter().for_each(|id| self.resume(id, &outcome, now));
    }

    /// Finishes the answers whose delivery has ended.
    pub(super) fn resume_ended(&mut self, now: Timestamp) {
        let ids: Vec<_> = self.pending.iter().map(|waiting| waiting.after.delivery).collect();
        for id in ids {
            let entry = self.outbox.get(id.number);
            let outcome = match entry {
                Some(entry) if !entry.state.has_ended() => continue,
                Some(entry) => entry.attempts.last().and_then(|attempt| attempt.outcome.clone()),
                None => None,
            };
            let outcome = outcome.unwrap_or_else(|| Outcome::Failed("the delivery was given up".to_owned()));
            self.resume(id, &outcome, now);
        }
    }
}
