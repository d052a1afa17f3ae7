//! What a world sends out: events that changes raised → the outbox → requests that are due, and how they ended.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::outbox::{Cause, CountsByEvent, DeliveryState, Outbox, OutboxCounts};
use super::{Credential, World};
use crate::basics::Clock;
use crate::emulator::conduct::Moment;
use crate::emulator::{Attempted, Endpoint, Feed, Next, Outcome, Outgoing, Raised};

/// Identifies an attempt. A reset and a restored snapshot begin an epoch; results of an older one change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryId {
    /// The epoch of the world.
    pub epoch: u64,
    /// The number of the delivery.
    pub number: u64,
}

/// A request that is to be sent now.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Which delivery it is.
    pub id: DeliveryId,
    /// The URL; `None` for a handler that is known by a name only.
    pub url: Option<Arc<str>>,
    /// Header fields and body.
    pub request: Arc<Outgoing>,
    /// How long the handler may take to answer.
    pub time_limit: Duration,
    /// The credentials that it hands over.
    pub issued: Vec<Credential>,
}

/// How many remarks wait for an exchange that tells them.
const MOST_UNTOLD: usize = 100;

/// Deliveries that must have ended before an answer leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    epoch: u64,
    numbers: Vec<u64>,
    /// How long the answer waits at most.
    pub time_limit: Duration,
}

/// What a service has raised, after it came into the outbox.
pub(super) struct Collected {
    /// Why events go to nobody.
    pub(super) silences: Vec<String>,
    /// The numbers of the deliveries.
    pub(super) deliveries: Vec<u64>,
    /// The number of the delivery that the answer waits for.
    pub(super) waits_for: Option<u64>,
    /// What the answer goes on with.
    pub(super) opens: Option<Feed>,
}

/// Deliveries that are under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    epoch: u64,
    numbers: HashSet<u64>,
}

impl World {
    /// Puts what the service with this index has raised into the outbox.
    pub(super) fn collect(&mut self, service: usize, cause: Cause, due: Timestamp) -> Collected {
        let Raised { deliveries, silences, is_logged, waits_for, opens } = self.emulators[service].1.raised();
        let now = self.clock.now(due);
        let has_faults = self.faults.plan.strikes_events();
        let push = |(place, delivery)| {
            // A delivery that a call asks for belongs to that call, at which faults can be aimed.
            if has_faults && waits_for != Some(place) {
                return self.push_struck(service, delivery, cause, due);
            }
            let number = self.outbox.push(service, delivery, cause, due);
            self.outbox.note_clock(number, now);
            number
        };
        let deliveries: Vec<_> = deliveries.into_iter().enumerate().map(push).collect();
        if !deliveries.is_empty() {
            self.observers.raised();
        }
        let waits_for = waits_for.and_then(|place| deliveries.get(place).copied());
        silences.iter().for_each(|why| self.outbox.note_silence(cause, why.clone()));
        if is_logged {
            self.bell.ring();
        }
        for (service, delivery) in self.outbox.take_given_up() {
            // The service knows nothing of those that faults have made.
            if delivery.nature.is_own() {
                self.emulators[service].1.gave_up(&delivery, due);
            }
        }
        Collected { silences, deliveries, waits_for, opens }
    }

    /// Makes the late changes, performs the actions and lets the services do what they do by themselves, as far as it is
    /// due at the instant `now` of the scenario's clock, in the order of the instants. At one instant they come in this
    /// order. The next exchange of a service tells the remarks, whoever looked before it.
    pub(super) fn settle_at(&mut self, now: Timestamp) {
        loop {
            let late = self.emulators.iter().filter_map(|(_, emulator)| emulator.next_due());
            let Some(next) = late.chain(self.schedule.next_due()).min().filter(|next| *next <= now) else {
                return;
            };
            self.revisions.state();
            for index in 0..self.emulators.len() {
                let told = self.emulators[index].1.settle(next);
                self.collect(index, Cause::Later, next);
                self.untold.extend(told.into_iter().map(|remark| (index, remark)));
            }
            self.act_as_planned(next);
            for index in 0..self.emulators.len() {
                self.emulators[index].1.lapse(next);
                self.collect(index, Cause::Later, next);
            }
            let over = self.untold.len().saturating_sub(MOST_UNTOLD);
            self.untold.drain(..over);
        }
    }

    /// Takes the remarks of the service with this index that no exchange has told yet.
    pub(super) fn untold(&mut self, service: usize) -> Vec<Cow<'static, str>> {
        if self.untold.is_empty() {
            return Vec::new();
        }
        self.untold.extract_if(.., |(of, _)| *of == service).map(|(_, remark)| remark).collect()
    }

    /// Begins the next attempt that is due; `None` when none is. `now` is the time of the wall clock.
    pub fn take_due(&mut self, now: Timestamp) -> Option<Dispatch> {
        self.settle(now);
        let wall = now;
        let now = self.clock.now(now);
        loop {
            let number = self.outbox.begin_due(now)?;
            let entry = self.outbox.get(number)?;
            // A virtual clock may have been moved meanwhile, or not: that depends on how quick the handlers are.
            let clock = if self.clock == Clock::Real { now } else { entry.ready() };
            let is_lost = entry.is_lost();
            if self.clock == Clock::Real {
                self.outbox.began(number, now);
            }
            if !is_lost {
                return self.dispatch(number, Moment { wall, clock });
            }
            self.lose(number, clock);
        }
    }

    /// Begins an attempt of a waiting delivery for a test that delivers it itself. `None` when it does not wait. The test
    /// has the time of a handler to answer, by the scenario's clock.
    pub fn take(&mut self, number: u64, now: Timestamp) -> Option<Dispatch> {
        self.settle(now);
        let at = self.moment(now);
        let entry = self.outbox.get(number).filter(|entry| !entry.is_lost() || entry.state.has_ended())?;
        let limit = self.time_limit(entry.service);
        let until = at.clock.checked_add(limit).unwrap_or(Timestamp::MAX);
        self.outbox.take(number, at.clock, until).then(|| self.dispatch(number, at)).flatten()
    }

    /// Notes that an attempt waits for its turn. Returns false when it is not under way any more.
    pub fn wait_for_turn(&mut self, id: DeliveryId) -> bool {
        id.epoch == self.epoch && self.outbox.queue(id.number)
    }

    /// Notes that the turn of an attempt has come. Returns false when it does not wait for one any more.
    pub fn has_turn(&mut self, id: DeliveryId) -> bool {
        id.epoch == self.epoch && self.outbox.unqueue(id.number)
    }

    /// Ends the attempts that tests have taken and not answered in time.
    pub(super) fn give_up_taken(&mut self, now: Moment) {
        while let Some((until, number)) = self.outbox.overdue(now.clock) {
            let limit =
                self.outbox.get(number).map_or(Duration::ZERO, |entry| self.time_limit(entry.service));
            let outcome = Outcome::Failed(format!("taken and not answered within {limit:?}"));
            self.attempt_ended(number, outcome, limit, Moment { clock: until, ..now });
        }
    }

    fn dispatch(&mut self, number: u64, at: Moment) -> Option<Dispatch> {
        let Self { outbox, emulators, public_url, epoch, observers, .. } = self;
        let entry = outbox.get(number)?;
        let service = emulators[entry.service].0.name();
        match entry.was_sent {
            // What faults have made is no event of the service, which expectations speak of.
            _ if entry.is_further() => {}
            false => observers.sent(number, service, entry.delivery.event),
            true => observers.sent_again(number, service, entry.delivery.event),
        }
        let (service, emulator) = &mut emulators[entry.service];
        let endpoint = Endpoint { url: public_url, now: at.clock, attempt: entry.attempted };
        let request = emulator.outgoing(&entry.delivery, endpoint);
        observers.dispatched(number, *service, &entry.delivery, &request, at);
        let issued = request.issued.iter().map(|credential| (service.name(), credential.clone())).collect();
        let url = entry.url().cloned();
        let (request, time_limit) = (Arc::new(request), emulator.time_limit());
        outbox.set_request(number, Arc::clone(&request));
        Some(Dispatch { id: DeliveryId { epoch: *epoch, number }, url, request, time_limit, issued })
    }

    /// Notes how an attempt ended. `now` is the time of the wall clock. Returns false when nobody waits for the result.
    pub fn delivered(
        &mut self,
        id: DeliveryId,
        outcome: Outcome,
        duration: Duration,
        now: Timestamp,
    ) -> bool {
        if id.epoch != self.epoch {
            return false;
        }
        let was_under_way = self.attempt_ended(id.number, outcome, duration, self.moment(now));
        self.resume_ended(now);
        was_under_way
    }

    /// The same in the present epoch.
    fn attempt_ended(&mut self, number: u64, outcome: Outcome, took: Duration, at: Moment) -> bool {
        let is_real = self.clock == Clock::Real;
        let duration = if self.clock == Clock::Real { took } else { Duration::ZERO };
        let is_answered = matches!(outcome, Outcome::Answered(_));
        let Self { emulators, outbox, observers, counters, .. } = self;
        let was_under_way = outbox.delivered(number, outcome, duration, |entry, outcome| {
            // The service does not know of what faults have made, and nobody tries to send it again.
            if entry.is_further() {
                return None;
            }
            let begun = entry.attempts.last().map_or(at.clock, |attempt| attempt.at);
            // By a virtual clock only an attempt that a test has taken takes time. The clock may have been moved far beyond another.
            let now = if is_real || entry.taken_until().is_some() { at.clock } else { begun };
            let emulator = &mut emulators[entry.service].1;
            let next = match emulator.next_attempt(&entry.delivery, entry.attempted, outcome) {
                _ if outcome.is_success() || matches!(outcome, Outcome::Blocked(_)) => None,
                Next::GiveUp => None,
                Next::After(wait) => Some(now.checked_add(wait).unwrap_or(Timestamp::MAX)),
            };
            let is_last = next.is_none();
            emulator
                .attempted(&entry.delivery, &Attempted { at: begun, ended: now, outcome, duration, is_last });
            next
        });
        if let Some(entry) = outbox.get(number).filter(|_| was_under_way) {
            let (service, emulator) = &emulators[entry.service];
            observers.attempt_ended(*service, entry, (took, emulator.time_limit()), at);
        }
        let ended = outbox.get(number).filter(|entry| was_under_way && entry.state.has_ended());
        if let Some(attempt) = ended.and_then(|entry| entry.attempts.last())
            && let Some(outcome) = &attempt.outcome
        {
            observers.event_answered(number, outcome, attempt.duration);
        }
        counters.events_answered += u64::from(was_under_way && is_answered);
        was_under_way
    }

    /// Whether nothing is under way and nothing is due at `now`, the time of the wall clock.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.outbox.under_way().next().is_none()
            && self.next_due().is_none_or(|due| due > self.clock.now(now))
    }

    /// The deliveries that are under way.
    pub fn under_way(&self) -> UnderWay {
        UnderWay { epoch: self.epoch, numbers: self.outbox.under_way().collect() }
    }

    /// Whether nothing is under way besides what was `before`, and nothing is due at `now`, the time of the wall clock.
    pub fn is_idle_besides(&self, before: &UnderWay, now: Timestamp) -> bool {
        let is_old = |number| before.epoch == self.epoch && before.numbers.contains(&number);
        self.outbox.under_way().all(is_old) && self.next_due().is_none_or(|due| due > self.clock.now(now))
    }

    /// Whether a delivery is under way in the present epoch.
    pub fn is_sending(&self, number: u64) -> bool {
        self.outbox.get(number).is_some_and(|entry| entry.state == DeliveryState::Sending)
    }

    /// Sends a delivery that has ended again. Returns false when it cannot be sent. `now` is the time of the wall clock.
    pub fn send_again(&mut self, number: u64, now: Timestamp) -> bool {
        let now = self.clock.now(now);
        self.outbox.send_again(number, now)
    }

    /// The name of the service with this index.
    pub fn service_name(&self, service: usize) -> &'static str {
        self.emulators[service].0.name()
    }

    /// How long the handlers of the service with this index may take to answer.
    pub fn time_limit(&self, service: usize) -> Duration {
        self.emulators[service].1.time_limit()
    }

    /// The deliveries.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// The present epoch.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Those of the deliveries that the answer to the call that raised them waits for; `None` when it waits for none.
    /// Nobody knows when a delivery to a handler without a URL ends.
    pub(super) fn ahead(&self, service: usize, mut numbers: Vec<u64>) -> Option<Box<Ahead>> {
        numbers.retain(|number| self.outbox.get(*number).is_some_and(|entry| entry.url().is_some()));
        let time_limit = self.emulators[service].1.time_limit();
        (!numbers.is_empty()).then(|| Box::new(Ahead { epoch: self.epoch, numbers, time_limit }))
    }

    /// Whether these deliveries have ended, or are gone.
    pub fn have_ended(&self, ahead: &Ahead) -> bool {
        let has_ended = |number| self.outbox.get(number).is_none_or(|entry| entry.state.has_ended());
        ahead.epoch != self.epoch || ahead.numbers.iter().copied().all(has_ended)
    }

    /// How many deliveries came in and how they ended, before resets too.
    pub fn outbox_counts(&self) -> OutboxCounts {
        let mut total = OutboxCounts::default();
        self.delivery_counts().values().for_each(|counts| total.add(*counts));
        total
    }

    /// The same by service and event.
    pub fn delivery_counts(&self) -> CountsByEvent<&'static str> {
        self.with_former(self.outbox.counts())
    }

    /// The same when this state is given up: what has not ended is abandoned.
    pub(super) fn delivery_counts_at_end(&self) -> CountsByEvent<&'static str> {
        self.with_former(&self.outbox.counts_at_end())
    }

    fn with_former(&self, counts: &CountsByEvent<usize>) -> CountsByEvent<&'static str> {
        let mut sum = self.before.deliveries.clone();
        for ((service, event), counts) in counts {
            sum.entry((self.emulators[*service].0.name(), event)).or_default().add(*counts);
        }
        sum
    }

    /// When something is due that nobody was told of yet, or that is due already at `now`, the time of the wall clock.
    /// `None` when there is nothing new. Nobody watches a virtual clock: whoever was told of an instant does not learn
    /// that an exchange has reached it.
    pub fn alarm(&mut self, now: Timestamp) -> Option<Timestamp> {
        let next = self.next_due()?;
        if next > self.clock.now(now) && self.alarm.is_some_and(|known| known <= next) {
            return None;
        }
        self.alarm = Some(next);
        Some(next)
    }

    /// Notes that whoever was told has looked.
    pub fn forget_alarm(&mut self) {
        self.alarm = self.next_due();
    }

    /// When something is due without a request: a late change, an action, what a service does by itself, a delivery or the
    /// end of the time to answer one that a test has taken. `None` when nothing is.
    pub fn next_due(&self) -> Option<Timestamp> {
        let late = self.emulators.iter().filter_map(|(_, emulator)| emulator.next_due());
        late.chain(self.schedule.next_due()).chain(self.outbox.next_due()).min()
    }

    /// The next instant of the scenario's clock at which something is due. What is due already happens without it: a
    /// delivery leaves as soon as somebody looks. `now` is the time of the wall clock.
    pub fn next_instant(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.settle(now);
        let late = self.emulators.iter().filter_map(|(_, emulator)| emulator.next_due());
        let later = self.outbox.next_due_after(self.clock.now(now));
        late.chain(self.schedule.next_due()).chain(later).min()
    }
}
