//! An exchange and its answer → the journal, the counters, the observers.

use std::time::Duration;

use super::observers::Passing;
use super::pending::After;
use super::{Form, Planned, World};
use crate::basics::Arrival;
use crate::http::{Reply, Request};

impl World {
    /// Counts an exchange, adds it to the journal and returns its reply. One whose answer waits for a delivery is counted
    /// now, and added when the delivery has ended; its reply is not finished yet.
    pub fn record(&mut self, request: &Request, planned: Planned, arrival: Arrival) -> Reply {
        if let Form::After(after) = &planned.form {
            let (reply, after) = (planned.reply.clone(), After::clone(after));
            self.put_off(request, planned, after, arrival);
            return reply;
        }
        let number = self.number();
        self.keep(number, request, planned, arrival)
    }

    /// Makes this the world of a proxy: its exchanges are those of a real service. The journal keeps the newest of them, this many, as a
    /// whole; with 0 the newest thousand, without what client and service sent.
    pub fn records_for_a_proxy(&mut self, keep: usize) {
        self.kept_of_passed = Some(keep);
        if keep > 0 {
            self.journal.keep_at_most(keep);
        }
    }

    /// How many exchanges of a proxy are kept as a whole; `None` if this is not the world of a proxy.
    pub fn kept_of_passed(&self) -> Option<usize> {
        self.kept_of_passed
    }

    /// The number of the present exchange.
    pub(super) fn number(&mut self) -> u64 {
        self.counters.exchanges += 1;
        self.counters.exchanges
    }

    /// Counts how the exchange with this number ended, adds it to the journal and returns its reply.
    pub(super) fn keep(
        &mut self,
        number: u64,
        request: &Request,
        planned: Planned,
        arrival: Arrival,
    ) -> Reply {
        let Planned { reply, note, wire, took, other, form, .. } = planned;
        if matches!(form, Form::Stream(_)) {
            // From now on events may reach the client.
            self.observers.raised();
        }
        self.counters.errors += u64::from(reply.status >= 400);
        self.counters.differing += u64::from(note.differences.as_ref().is_some_and(|all| !all.is_empty()));
        self.counters.faults_fired += note.faults.iter().filter(|decision| decision.fired).count() as u64;
        let outcome = note.error.unwrap_or(if reply.status < 400 { "success" } else { "" });
        let outcome = (note.service.unwrap_or_default(), note.operation.unwrap_or_default(), outcome);
        *self.counters.by_outcome.entry(outcome).or_default() += 1;
        let at = self.clock.now(arrival.now);
        let passing = Passing { number, request, reply: &reply, note: &note, arrival, took, wire, other };
        self.observers.saw(&passing, self.clock);
        self.newest = Some(arrival.now);
        let whole = Duration::try_from(arrival.now.duration_since(arrival.head)).unwrap_or_default() + took;
        self.journal.push(number, (at, whole), request, &reply, note);
        reply
    }
}
