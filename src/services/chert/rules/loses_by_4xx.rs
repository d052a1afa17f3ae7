//! `chert.loses-by-4xx`: an event that the handler refuses for good.

use std::time::Duration;

use foldhash::HashSet;
use indexmap::IndexMap;

use crate::emulator::conduct::{Breach, Ended, Moment, Observer, Rule, Seen, Sent, Severity, Words};
use crate::emulator::{Brought, Delivery, Nature};

pub(super) static RULE: Rule = Rule {
    name: "chert.loses-by-4xx",
    severity: Severity::Error,
    breach: "a handler answered a genuine event with 4xx, after which it is not sent again, and did not get it otherwise",
    source: "docs.trychert.com/api/receiving-replies: retries",
    observe: || Box::new(LosesBy4xx::default()),
};

/// The calls that tell a client of events that it has missed.
const TELLING: [&str; 7] = [
    "events.list",
    "events.get",
    "events.replay",
    "events.stream",
    "dev_inbox.list",
    "chats.messages.list",
    "messages.get",
];

/// The call among them that goes on telling, and for how long.
const STREAM: &str = "events.stream";
const STREAM_LASTS: Duration = Duration::from_secs(60);

/// The doubt about a client that may have had the event before.
const MAY_HAVE_READ: &str = "the client reads events or messages, so it may have had this one before";

/// The calls after which a client need not take what still comes.
const LEAVING: [&str; 2] = ["webhook_subscriptions.delete", "webhook_subscriptions.update"];

/// How far the scenario's clock may be off the machine's. A handler that looks at the age of a signature by the machine's clock
/// rightly refuses what is further off.
const MOST_APART: Duration = Duration::from_secs(300);

/// How many events are remembered.
const MOST_EVENTS: usize = 1_000;

#[derive(Default)]
struct LosesBy4xx {
    /// The events that were sent, by the key that receivers know them by.
    sent: IndexMap<String, Event>,
    /// Whether the client has made a call that tells of events.
    has_read: bool,
    /// When the client has opened a stream of events last.
    stream: Option<Moment>,
    /// Whether the client has deleted or changed a subscription since it made one.
    is_leaving: bool,
    /// The events that were refused, with the delivery and the status.
    lost: IndexMap<String, (u64, u16)>,
}

/// An event that was sent.
struct Event {
    /// Whether that was one attempt of one delivery. Of several, an earlier one may have brought it.
    is_first: bool,
    /// What only this event has brought; empty when the client has the event.
    brought: Vec<Brought>,
    /// Whether the client has made a call that names it.
    is_acted_on: bool,
}

impl LosesBy4xx {
    /// Notes that the client has each event that a call names.
    fn note_acts(&mut self, seen: &Seen<'_>) {
        let is_act = seen.error.is_none() && seen.operation.is_some_and(|operation| operation.changes);
        if !is_act || self.sent.values().all(|event| event.brought.is_empty()) {
            return;
        }
        let words = Words::of(seen);
        for (key, event) in &mut self.sent {
            if event.brought.iter().any(|brought| words.name(brought)) {
                event.is_acted_on = true;
                event.brought.clear();
                self.lost.swap_remove(key);
            }
        }
    }

    /// Whether a stream is open that tells of what is raised at `now`.
    fn is_streaming(&self, now: Moment) -> bool {
        self.stream.is_some_and(|opened| now.since(&opened) <= STREAM_LASTS)
    }

    /// The key of an event that has happened.
    fn key(delivery: &Delivery) -> Option<&str> {
        let record = delivery.record.as_ref().filter(|_| delivery.nature.is_true())?;
        Some(&record.key)
    }
}

impl Observer for LosesBy4xx {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let name = seen.operation.map_or("", |operation| operation.name);
        if TELLING.contains(&name) {
            self.lost.clear();
            self.has_read = true;
        }
        if name == STREAM && seen.error.is_none() {
            self.stream = Some(seen.came);
        }
        self.note_acts(seen);
        if seen.error.is_none() {
            self.is_leaving =
                LEAVING.contains(&name) || (self.is_leaving && name != "webhook_subscriptions.create");
        }
        None
    }

    fn sent(&mut self, sent: &Sent<'_>) {
        let Some(key) = Self::key(sent.delivery) else { return };
        let new = || Event {
            is_first: true,
            brought: sent.brought.iter().filter(|brought| brought.is_new).cloned().collect(),
            is_acted_on: false,
        };
        self.sent.entry(key.to_owned()).and_modify(|event| event.is_first = false).or_insert_with(new);
        if self.sent.len() > MOST_EVENTS {
            let gone: HashSet<String> = self.sent.drain(..MOST_EVENTS / 2).map(|(key, _)| key).collect();
            self.lost.retain(|key, _| !gone.contains(key));
        }
    }

    fn ended(&mut self, ended: &Ended<'_>) -> Option<Breach> {
        let key = Self::key(ended.delivery)?;
        match ended.status()? {
            200..=299 => {
                self.lost.swap_remove(key);
                if let Some(event) = self.sent.get_mut(key) {
                    event.brought.clear();
                }
            }
            status @ 400..=499
                if ended.delivery.nature == Nature::Genuine
                    && self.sent.get(key).is_some_and(|event| event.is_first && !event.is_acted_on)
                    && !self.is_streaming(ended.at)
                    && !self.is_leaving
                    && ended.at.clocks_apart() <= MOST_APART =>
            {
                self.lost.insert(key.to_owned(), (ended.number, status));
            }
            _ => {}
        }
        None
    }

    fn open(&self, _: Moment) -> Vec<Breach> {
        let lost = self.lost.values();
        let breach = |(number, status): &(u64, u16)| {
            let breach = Breach::at([*number], format!("it was answered with {status}"));
            if self.has_read { breach.but(MAY_HAVE_READ) } else { breach }
        };
        lost.map(breach).collect()
    }

    fn is_about_deliveries(&self) -> bool {
        true
    }
}
