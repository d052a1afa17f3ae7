//! The observers of a world's clients: expectations that they meet, and rules that they break.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::outbox::{Cause, OutboxEntry};
use super::{Entry, Note, Other, prefer};
use crate::basics::{Arrival, Clock, later};
use crate::emulator::conduct::{Ended, Memo, Moment, OtherAnswer, Seen, Sent, Struck};
use crate::emulator::{Delivery, EventKind, Outcome, Outgoing, Service, Thing};
use crate::fault::{Decision, Wire};
use crate::http::{Reply, Request};
use crate::judge::{Broken, Conduct, ExpectSpec, ExpectationOutcome, RunTally, Tally};
use crate::scenario::Scenario;
use crate::services::by_name;

/// The observers of a world's clients.
#[derive(Debug)]
pub(super) struct Observers {
    /// The expectations of the scenario, with the calls that came so far.
    tally: Tally,
    /// The rules and their breaches; `None` when rules are not observed.
    conduct: Option<Conduct>,
    asks_other_edition: bool,
    /// For each service whose requests are counted: how long its limit takes to let one more in.
    drains: Vec<(&'static str, Duration)>,
}

/// An exchange, with facts that observers need and the journal does not keep.
pub(super) struct Passing<'a> {
    pub(super) number: u64,
    pub(super) request: &'a Request,
    pub(super) reply: &'a Reply,
    pub(super) note: &'a Note,
    pub(super) arrival: Arrival,
    /// How long the exchange takes by the scenario's clock.
    pub(super) took: Duration,
    pub(super) wire: Option<Wire>,
    pub(super) other: Option<Other>,
}

impl Observers {
    /// Observes the expectations of `scenario` and no rules.
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            tally: Tally::new(&scenario.expect),
            conduct: None,
            asks_other_edition: false,
            drains: Vec::new(),
        }
    }

    /// Starts to observe the rules of conduct.
    pub(super) fn judge(&mut self, scenario: &Scenario) {
        let conduct = Conduct::new(&scenario.rules);
        self.asks_other_edition = conduct.asks_other_edition();
        let sections = scenario.sections.iter();
        self.drains =
            sections.filter_map(|(service, section)| Some((service.name(), section.drain()?))).collect();
        self.conduct = Some(conduct);
    }

    /// Observes the expectations of `scenario` in place of those that it has.
    pub(super) fn expect(&mut self, scenario: &Scenario) {
        self.tally = Tally::new(&scenario.expect);
    }

    /// Whether the rules of conduct are observed.
    pub(super) fn judges(&self) -> bool {
        self.conduct.is_some()
    }

    /// Whether a rule compares answers with those of the service's other edition.
    pub(super) fn asks_other_edition(&self) -> bool {
        self.asks_other_edition
    }

    /// The rules that were broken since the start of the scenario, if nothing more comes after `now`; empty when rules are
    /// not observed.
    pub(super) fn broken(&self, now: Moment) -> Vec<Broken> {
        self.conduct.as_ref().map(|conduct| conduct.broken(now)).unwrap_or_default()
    }

    /// How many breaches were noticed, without those that something may still mend.
    pub(super) fn breaches(&self) -> u64 {
        self.conduct.as_ref().map_or(0, Conduct::breaches)
    }

    /// Makes the rules forget earlier exchanges. Called when faults or state change, so that a call that failed
    /// before may succeed now.
    pub(super) fn forget(&mut self) {
        self.conduct.iter_mut().for_each(Conduct::forget);
    }

    /// Observes that an event was raised.
    pub(super) fn raised(&mut self) {
        self.conduct.iter_mut().for_each(Conduct::raised);
    }

    /// Observes that an action of a service was performed. `at` is when, by the scenario's clock.
    pub(super) fn acted(&mut self, service: &str, action: &str, at: Timestamp) {
        self.conduct.iter_mut().for_each(|conduct| conduct.acted(service, action, at));
    }

    /// Makes the rules forget deliveries, because a snapshot was restored.
    pub(super) fn restored(&mut self) {
        self.conduct.iter_mut().for_each(Conduct::restored);
    }

    /// Notes that the client of the exchange `number` left before it got the answer.
    pub(super) fn unread(&mut self, number: u64) {
        self.conduct.iter_mut().for_each(|conduct| conduct.unread(number));
    }

    /// The outcomes of the scenario's expectations. `things` returns the things with a service, a kind and an
    /// identifier.
    pub(super) fn outcomes(
        &self,
        things: impl Fn(&str, &str, &str) -> Vec<Thing>,
    ) -> Vec<ExpectationOutcome> {
        self.tally.outcomes(things)
    }

    /// The calls so far for the expectations of the whole run. `namespace` is the name of the world's namespace.
    pub(super) fn of_run(&self, namespace: Option<&str>) -> RunTally {
        self.tally.of_run(namespace)
    }

    /// Observes that an event is sent out for the first time.
    pub(super) fn sent(&mut self, number: u64, service: &str, event: &EventKind) {
        self.tally.sent(number, service, event);
    }

    /// Observes that an event is sent out once more.
    pub(super) fn sent_again(&mut self, number: u64, service: &str, event: &EventKind) {
        self.tally.sent_again(number, service, event);
    }

    /// Observes the request of an attempt of a delivery.
    pub(super) fn dispatched(
        &mut self,
        number: u64,
        service: &dyn Service,
        delivery: &Delivery,
        request: &Outgoing,
        at: Moment,
    ) {
        let Some(conduct) = &mut self.conduct else { return };
        let brought = service.brings(delivery);
        conduct.sent(&Sent { number, service: service.name(), delivery, brought: &brought, request, at });
    }

    /// Observes how the latest attempt of a delivery ended, which took so long and may take at most so long.
    pub(super) fn attempt_ended(
        &mut self,
        service: &dyn Service,
        entry: &OutboxEntry,
        (duration, time_limit): (Duration, Duration),
        at: Moment,
    ) {
        let Some(conduct) = &mut self.conduct else { return };
        let Some(attempt) = entry.attempts.last() else { return };
        let Some(outcome) = &attempt.outcome else { return };
        conduct.ended(&Ended {
            number: entry.number,
            service: service.name(),
            delivery: &entry.delivery,
            outcome,
            duration,
            time_limit,
            is_taken: attempt.until.is_some(),
            at,
        });
    }

    /// Observes how a handler answered the last attempt of an event.
    pub(super) fn event_answered(&mut self, number: u64, outcome: &Outcome, duration: Duration) {
        self.tally.answered(number, outcome, duration);
    }

    /// Observes an exchange. `clock` is the world's clock after it.
    pub(super) fn saw(&mut self, passing: &Passing<'_>, clock: Clock) {
        let Passing { number, request, reply, note, arrival, took, wire, other } = passing;
        if self.tally.is_empty() && self.conduct.is_none() {
            return;
        }
        let Some(service) = note.service.and_then(by_name) else { return };
        let calls = service.calls(request);
        self.tally.saw(*number, service, &calls);
        let Some(conduct) = &mut self.conduct else { return };
        // A virtual clock is already advanced, and nobody waited for it.
        let (came, answered) = match clock {
            Clock::Real => {
                let end = later(arrival.now, *took);
                (arrival.head, Moment { wall: end, clock: end })
            }
            Clock::Virtual(end) => {
                (end.checked_sub(*took).unwrap_or(end), Moment { wall: arrival.now, clock: end })
            }
        };
        let drain = self.drains.iter().find(|(known, _)| *known == service.name());
        conduct.saw(Seen {
            number: *number,
            came: Moment { wall: arrival.head, clock: came },
            answered,
            service: service.name(),
            habits: service.habits(),
            credential: &|| service.credential(request),
            operation: calls.first().and_then(|call| call.operation),
            request,
            reply,
            error: note.error,
            calls: &calls,
            // A client may not wait for an answer that comes slowly.
            is_spoilt: wire.is_some() || is_replaced(note),
            struck: struck(note),
            drain: drain.map(|(_, drain)| *drain),
            remarks: &note.remarks,
            other: other.as_ref().map(|other| OtherAnswer {
                status: other.status,
                error: other.error,
                body: &other.body,
                editions: other.editions,
            }),
            memo: Memo::default(),
            unread: &BTreeSet::new(),
            has_several: false,
        });
    }
}

/// Whether the client got the answer of a fault, and not that of the service.
fn is_replaced(note: &Note) -> bool {
    note.faults.iter().any(|decision| decision.answered && decision.fault.spec.reply.is_some())
}

fn struck(note: &Note) -> Struck {
    let has = |did: fn(&Decision) -> bool| note.faults.iter().any(did);
    if has(|decision| decision.answered) || prefer::is_asked_for(note) {
        Struck::Answer
    } else if has(|decision| decision.fired) {
        Struck::Beside
    } else {
        Struck::No
    }
}

/// The outcomes of the expectations `expect` for the exchanges of a journal and the events of an outbox, each with the name of its
/// service.
pub(super) fn outcomes_of<'a>(
    expect: &[ExpectSpec],
    exchanges: impl Iterator<Item = Entry>,
    events: impl Iterator<Item = (&'static str, &'a OutboxEntry)>,
    things: impl Fn(&str, &str, &str) -> Vec<Thing>,
) -> Vec<ExpectationOutcome> {
    let mut tally = Tally::new(expect);
    let began = |entry: &OutboxEntry| entry.attempts.first().map(|attempt| attempt.at);
    // Expectations speak of what the service has sent, and not of what faults have made or lost.
    let mut events: Vec<_> = events
        .filter(|(_, entry)| !entry.is_further() && !entry.is_lost())
        .filter_map(|event| Some((began(event.1)?, event)))
        .collect();
    events.sort_by_key(|(began, _)| *began);
    let mut events = events.into_iter().peekable();
    for exchange in exchanges {
        while let Some((_, event)) = events.next_if(|(began, (_, event))| is_before(*began, event, &exchange))
        {
            count_event(&mut tally, event);
        }
        if let Some(service) = exchange.note.service.and_then(by_name) {
            tally.saw(exchange.number, service, &service.calls(&exchange.request));
        }
    }
    events.for_each(|(_, event)| count_event(&mut tally, event));
    tally.outcomes(things)
}

/// Whether an event was sent before the answer to an exchange. Under a virtual clock both can be at one instant. Then the exchange
/// counts as the later one, so that no client is blamed for a call that came too early, unless the exchange has raised the event.
fn is_before(began: Timestamp, event: &OutboxEntry, exchange: &Entry) -> bool {
    let is_raised_later = matches!(event.cause, Cause::Exchange(number) if number >= exchange.number);
    began < exchange.at || (began == exchange.at && !is_raised_later)
}

fn count_event(tally: &mut Tally, (service, entry): (&str, &OutboxEntry)) {
    tally.sent(entry.number, service, entry.delivery.event);
    // While another attempt is to come, nobody has answered the event.
    let last = entry.attempts.last().filter(|_| entry.state.has_ended());
    if let Some((outcome, took)) = last.and_then(|last| Some((last.outcome.as_ref()?, last.duration))) {
        tally.answered(entry.number, outcome, took);
    }
}
