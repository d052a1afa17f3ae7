//! A delivery that a service raises → the faults that it meets, and what they make of it.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use super::World;
use super::faults::number_of_event;
use super::outbox::{Cause, Parcel, StruckDelivery};
use super::step::forgot;
use crate::basics::{Draws, Stage};
use crate::emulator::{Attempted, BoundHandler, Brought, Delivery, HandlerTarget, Nature, Outcome, Service};
use crate::fault::{Decision, Deliver, Subject};
use crate::http::Facts;
use crate::scenario::{HANDLER, nature_of};

/// How long a delivery waits at most for the next one to the same handler.
const LONGEST_HOLD: Duration = Duration::from_secs(5);

/// What the service believes of a delivery that is lost.
const BELIEVED: Outcome = Outcome::Answered(200);

/// How many lost deliveries are kept for whoever writes the log.
const MOST_LOST: usize = 100;

/// What an event names, and the handler that it goes to.
pub(super) struct EventFacts {
    brought: Vec<Brought>,
    /// The handler's number, its name and its URL.
    handler: Vec<String>,
}

impl EventFacts {
    pub(super) fn new(service: &dyn Service, delivery: &Delivery, bound: &[BoundHandler<'_>]) -> Self {
        let mut handler: Vec<_> = delivery.shown_handler().iter().map(u64::to_string).collect();
        match &delivery.target {
            HandlerTarget::Name(name) => handler.push(name.to_string()),
            HandlerTarget::Url(url) => {
                handler.push(url.to_string());
                let names = bound.iter().filter(|known| known.url == Some(&**url));
                for name in names.filter_map(|known| known.name) {
                    if !handler.iter().any(|known| known == name) {
                        handler.push(name.to_owned());
                    }
                }
            }
        }
        Self { brought: service.brings(delivery), handler }
    }

    /// The name of what is of this kind; `None` when the event names no such thing.
    pub(super) fn named(&self, kind: &str) -> Option<&'static str> {
        if kind == HANDLER {
            return Some(HANDLER);
        }
        self.brought.iter().find(|brought| brought.kind == kind).map(|brought| brought.name)
    }
}

impl Facts for EventFacts {
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        if name == HANDLER {
            return self.handler.first().map(Into::into);
        }
        let named = self.brought.iter().find(|brought| brought.name == name)?;
        Some(named.value.as_str().into())
    }

    fn each(&self, name: &str, tell: &mut dyn FnMut(&str)) {
        if name == HANDLER {
            self.handler.iter().for_each(|value| tell(value));
        }
        self.brought.iter().filter(|brought| brought.name == name).for_each(|brought| tell(&brought.value));
    }
}

impl World {
    /// Asks the faults about a delivery of the service with this index, and puts it into the outbox with what they make of it.
    /// `due` is when it is due by the scenario's clock. Returns its number.
    pub(super) fn push_struck(
        &mut self,
        service: usize,
        delivery: Delivery,
        cause: Cause,
        due: Timestamp,
    ) -> u64 {
        let (known, emulator) = &self.emulators[service];
        let facts = EventFacts::new(*known, &delivery, &emulator.handlers());
        let subject = Subject {
            facts: &facts,
            request: None,
            credential: &|| None,
            named: &|kind| facts.named(kind),
            now: due,
            start: self.start,
        };
        let mut asked = Vec::new();
        let event = number_of_event(*known, delivery.event);
        let (seed, plan) = (self.seed(), &mut self.faults.plan);
        let strike = plan.ask(event, Stage::Gateway, &subject, &mut asked);
        if let Some(number) = strike.forgetful {
            self.untold.push((service, forgot(&plan.fault(number).spec).into()));
        }
        let now = self.clock.now(due);
        if asked.is_empty() {
            let number = self.outbox.push(service, delivery, cause, due);
            self.outbox.note_clock(number, now);
            return number;
        }
        self.counters.faults_fired += asked.iter().filter(|decision| decision.fired).count() as u64;
        let decided = strike.first.and_then(|number| {
            let (spec, calls) = (&plan.fault(number).spec, plan.state(number).calls);
            Some((spec.deliver?, Draws::new(seed, "deliver", &spec.name).draw(calls)))
        });
        let due = due.checked_add(strike.delay).unwrap_or(Timestamp::MAX);
        let parcels = self.parcels(service, delivery, asked, decided, due);
        let place = parcels.iter().position(|parcel| parcel.delivery.nature.is_own()).unwrap_or_default();
        let numbers = self.outbox.push_together(service, parcels, cause);
        numbers.iter().for_each(|number| self.outbox.note_clock(*number, now));
        numbers.get(place).copied().unwrap_or_default()
    }

    /// A delivery with those that a fault makes beside it, in the order in which they are sent.
    fn parcels(
        &mut self,
        service: usize,
        mut delivery: Delivery,
        asked: Vec<Decision>,
        decided: Option<(Deliver, u64)>,
        mut due: Timestamp,
    ) -> Vec<Parcel> {
        let Some((deliver, draw)) = decided else {
            let struck = Some(Box::new(StruckDelivery { asked, ..StruckDelivery::default() }));
            return vec![Parcel { delivery, due, struck }];
        };
        let emulator = &mut self.emulators[service].1;
        let nature = nature_of(deliver);
        let before = nature.filter(|nature| !nature.is_own());
        let number = self.outbox.next_number() + u64::from(before.is_some());
        let decision = asked.iter().find(|decision| decision.answered).cloned();
        let mut further = |nature: Nature| Parcel {
            delivery: emulator.further(&delivery, nature, draw),
            due,
            struck: Some(Box::new(StruckDelivery {
                asked: decision.iter().cloned().collect(),
                beside: Some(number),
                ..StruckDelivery::default()
            })),
        };
        let before = before.map(&mut further);
        let behind: Vec<_> = (0..deliver.repeats()).map(|_| further(Nature::Repeat)).collect();
        delivery.nature = nature.filter(|nature| nature.is_own()).unwrap_or_default();
        let mut struck =
            StruckDelivery { asked, is_lost: deliver == Deliver::Lost, ..StruckDelivery::default() };
        if deliver == Deliver::AfterNext {
            struck.held = Some(due);
            due = due.checked_add(LONGEST_HOLD).unwrap_or(Timestamp::MAX);
        }
        let own = Parcel { delivery, due, struck: Some(Box::new(struck)) };
        before.into_iter().chain([own]).chain(behind).collect()
    }

    /// Ends the present attempt of a delivery that is lost, at the instant `now` of the scenario's clock. Only its service learns of
    /// it: nothing was sent, and nobody has answered.
    pub(super) fn lose(&mut self, number: u64, now: Timestamp) {
        let Self { emulators, outbox, .. } = self;
        let duration = Duration::ZERO;
        outbox.delivered(number, BELIEVED, duration, |entry, outcome| {
            let at = entry.attempts.last().map_or(now, |attempt| attempt.at);
            let attempted = Attempted { at, ended: now, outcome, duration, is_last: true };
            emulators[entry.service].1.attempted(&entry.delivery, &attempted);
            None
        });
        if self.lost.len() < MOST_LOST {
            self.lost.push(number);
        }
    }

    /// Takes the numbers of the deliveries that were lost since the last look.
    pub fn take_lost(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.lost)
    }
}
