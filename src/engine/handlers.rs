//! The handlers of events, and the URLs by which they and the server find each other.

use std::collections::BTreeMap;

use super::World;
use super::outbox::{DeliveryState, OutboxEntry};
use crate::basics::Clock;
use crate::emulator::{BoundHandler, HandlerTarget, Outcome};

impl World {
    /// Sets the URL at which events tell their handlers to call back, such as `http://127.0.0.1:8080`.
    pub fn set_public_url(&mut self, url: &str) {
        url.trim_end_matches('/').clone_into(&mut self.public_url);
    }

    /// The URL at which events tell their handlers to call back.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Gives the handlers of this name a URL, now and after each reset, in place of the one that they may have. Returns how
    /// many there are.
    pub fn bind_handler(&mut self, name: &str, url: &str) -> usize {
        self.bound.retain(|(known, _)| known != name);
        self.bound.push((name.to_owned(), url.to_owned()));
        self.emulators.iter_mut().map(|(_, emulator)| emulator.bind_handler(name, url)).sum()
    }

    /// The handlers of this service that are bound to events.
    pub fn handlers_of(&self, service: &str) -> Vec<BoundHandler<'_>> {
        let emulators = self.emulators.iter().filter(|(known, _)| known.name() == service);
        emulators.flat_map(|(_, emulator)| emulator.handlers()).collect()
    }

    /// The names of the handlers that the scenario knows by name.
    pub fn handler_names(&self) -> Vec<&str> {
        let handlers = self.emulators.iter().flat_map(|(_, emulator)| emulator.handlers());
        handlers.filter_map(|handler| handler.name).collect()
    }

    /// How many events wait because their handler has no URL, by its name.
    pub fn unsent(&self) -> BTreeMap<String, u64> {
        let mut waiting = BTreeMap::new();
        for entry in self.outbox.iter().filter(|entry| entry.state == DeliveryState::Waiting) {
            if let HandlerTarget::Name(name) = &entry.delivery.target {
                *waiting.entry(name.to_string()).or_default() += 1;
            }
        }
        waiting
    }

    /// How many deliveries that faults have made got no answer that accepts or refuses them, by their nature.
    pub fn unproved(&self) -> BTreeMap<&'static str, u64> {
        let mut unproved = BTreeMap::new();
        let is_answered = |entry: &&OutboxEntry| {
            let outcome = entry.attempts.last().and_then(|attempt| attempt.outcome.as_ref());
            matches!(outcome, Some(Outcome::Answered(..=499)))
        };
        let made = self.outbox.iter().filter(|entry| entry.is_further() && entry.state.has_ended());
        for entry in made.filter(|entry| !is_answered(entry)) {
            *unproved.entry(entry.delivery.nature.name()).or_default() += 1;
        }
        unproved
    }

    /// Whether an event or an action waits because the clock is virtual and was not moved to its time.
    pub fn waits_for_clock(&self) -> bool {
        let is_virtual = matches!(self.clock, Clock::Virtual(_));
        is_virtual && (self.waiting_for_clock() > 0 || self.actions_due_later() > 0)
    }

    /// How many events wait because the clock is virtual and was not moved to their time.
    pub fn waiting_for_clock(&self) -> u64 {
        let Clock::Virtual(now) = self.clock else { return 0 };
        let waits = |entry: &&OutboxEntry| {
            let has_url = !matches!(entry.delivery.target, HandlerTarget::Name(_));
            has_url && entry.next.is_some_and(|next| next > now)
        };
        self.outbox.iter().filter(waits).count() as u64
    }
}
