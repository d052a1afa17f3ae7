//! `chert.loses-by-4xx`: an event that the handler refuses for good.

use std::time::Duration;

use foldhash::HashSet;
use indexmap::IndexMap;

use crate::emulator::conduct::{Breach, Ended, Moment, Observer, Rule, Seen, Sent, Severity};
use crate::emulator::{Delivery, Nature};

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

/// The calls after which a client need not take what still comes.
const LEAVING: [&str; 2] = ["webhook_subscriptions.delete", "webhook_subscriptions.update"];

/// How far the scenario's clock may be off the machine's. A handler that looks at the age of a signature by the machine's clock
/// rightly refuses what is further off.
const MOST_APART: Duration = Duration::from_secs(300);

/// How many events are remembered.
const MOST_EVENTS: usize = 1_000;

#[derive(Default)]
struct LosesBy4xx {
    /// For each event that was sent, by the key that receivers know it by: whether that was one attempt of one delivery.
    /// Of several, an earlier one may have brought it.
    sent: IndexMap<String, bool>,
    /// Whether the client has deleted or changed a subscription since it made one.
    is_leaving: bool,
    /// The events that were refused, with the delivery and the status.
    lost: IndexMap<String, (u64, u16)>,
}

impl LosesBy4xx {
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
        }
        if seen.error.is_none() {
            self.is_leaving =
                LEAVING.contains(&name) || (self.is_leaving && name != "webhook_subscriptions.create");
        }
        None
    }

    fn sent(&mut self, sent: &Sent<'_>) {
        let Some(key) = Self::key(sent.delivery) else { return };
        let is_first = !self.sent.contains_key(key);
        self.sent.insert(key.to_owned(), is_first);
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
            }
            status @ 400..=499
                if ended.delivery.nature == Nature::Genuine
                    && self.sent.get(key) == Some(&true)
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
        lost.map(|(number, status)| Breach::at([*number], format!("it was answered with {status}"))).collect()
    }

    fn is_about_deliveries(&self) -> bool {
        true
    }
}
