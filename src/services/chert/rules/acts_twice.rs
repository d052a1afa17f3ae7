//! `chert.acts-twice`: the same call again after an event was sent again.

use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use crate::emulator::Brought;
use crate::emulator::conduct::{
    Breach, Earlier, Moment, Observer, Read, Rule, Seen, Sent, Severity, Struck, Words, hash,
};

pub(super) static RULE: Rule = Rule {
    name: "chert.acts-twice",
    severity: Severity::Error,
    breach: "the client sent the same message again for an event that came again",
    source: "docs.trychert.com/api/receiving-replies: `event_id` is the key by which repeats are dropped",
    observe: || Box::new(ActsTwice::default()),
};

/// The calls that reach a recipient each time. Others have the same effect when they are made again.
const SENDING: [&str; 6] =
    ["send", "locations.send", "chats.create", "chats.messages.send", "chats.send_contact", "contacts.send"];

/// The member that makes a call idempotent.
const KEY: &str = "idempotency_key";

/// How many events are remembered.
const MOST_EVENTS: usize = 1_000;

/// How many acts for one event are remembered.
const MOST_ACTS: usize = 100;

#[derive(Default)]
struct ActsTwice {
    /// The events that were sent, by the key that receivers know them by.
    events: IndexMap<String, Event>,
}

/// An event that was sent.
struct Event {
    /// The subscription that it went to; `None` when there were several. Each may belong to another program.
    subscription: Option<usize>,
    /// What only this event has brought.
    brought: Vec<Brought>,
    /// The deliveries, each once for each attempt, with the instant.
    sent: Vec<(u64, Moment)>,
    acts: Vec<Act>,
}

/// A call that named what the event had brought.
struct Act {
    exchange: Earlier,
    /// What the call asks for, without the key that makes it idempotent.
    meaning: u64,
    key: Option<Value>,
}

impl ActsTwice {
    /// The events that words name, each by its place and the kind of what names it. A text that two events have brought
    /// names none.
    fn named(&self, words: &Words) -> Vec<(usize, &'static str)> {
        let is_shared =
            |text: &Brought| self.events.values().filter(|event| event.brought.contains(text)).count() > 1;
        let names =
            |brought: &&Brought| words.name(brought) && (brought.kind != "text" || !is_shared(brought));
        let events = self.events.values().enumerate().filter(|(_, event)| event.subscription.is_some());
        events.filter_map(|(place, event)| Some((place, event.brought.iter().find(names)?.kind))).collect()
    }
}

impl ActsTwice {
    /// Whether no other event than the one at `place` was sent between the earlier call and this one.
    fn is_alone(&self, place: usize, earlier: &Earlier, seen: &Seen<'_>) -> bool {
        let others = self.events.values().enumerate().filter(|(other, _)| *other != place);
        !others.flat_map(|(_, event)| &event.sent).any(|(_, at)| is_between(*at, earlier, seen))
    }
}

impl Observer for ActsTwice {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let operation = seen.operation.filter(|known| SENDING.contains(&known.name))?;
        let is_done = seen.error.is_none() && seen.struck != Struck::Answer && !seen.is_spoilt;
        if self.events.is_empty() || !is_done {
            return None;
        }
        let words = Words::of(seen);
        let mut body: Value = serde_json::from_slice(seen.request.body()).ok()?;
        let key = take_key(&mut body);
        let meaning = hash(&(seen.caller(), operation.name, seen.request.path(), body.to_string()));
        let mut breach = None;
        let named: Vec<_> = self.named(&words);
        for (place, kind) in named {
            let event = &self.events[place];
            let is_same = |act: &&Act| act.meaning == meaning;
            // The service answers a call with a known key as before, and sends nothing.
            if key.is_some() && event.acts.iter().any(|act| is_same(&act) && act.key == key) {
                continue;
            }
            let earlier = event.acts.iter().find(is_same).map(|act| &act.exchange);
            breach = breach
                .or_else(|| again(earlier?, &event.sent, (kind, self.is_alone(place, earlier?, seen)), seen));
            let event = &mut self.events[place];
            if event.acts.len() < MOST_ACTS {
                event.acts.push(Act { exchange: Earlier::of(seen), meaning, key: key.clone() });
            }
        }
        breach
    }

    fn sent(&mut self, sent: &Sent<'_>) {
        let Some(record) = sent.delivery.record.as_ref().filter(|_| sent.delivery.nature.is_true()) else {
            return;
        };
        let subscription = sent.delivery.sender.account;
        let new = || Event {
            subscription: Some(subscription),
            brought: sent.brought.iter().filter(|brought| brought.is_new).cloned().collect(),
            sent: Vec::new(),
            acts: Vec::new(),
        };
        let event = self.events.entry(record.key.to_string()).or_insert_with(new);
        event.subscription = event.subscription.filter(|known| *known == subscription);
        event.sent.push((sent.number, sent.at));
        // The first one and the latest ones tell enough.
        if event.sent.len() > MOST_ACTS {
            event.sent.remove(1);
        }
        if self.events.len() > MOST_EVENTS {
            self.events.drain(..MOST_EVENTS / 2);
        }
    }

    fn is_about_deliveries(&self) -> bool {
        true
    }
}

/// The breach of a call that was made before, if the event was sent again after the answer to the earlier one. A client that
/// has no answer sends the call again in good faith.
fn again(
    earlier: &Earlier,
    sent: &[(u64, Moment)],
    (kind, is_alone): (&str, bool),
    seen: &Seen<'_>,
) -> Option<Breach> {
    let (first, _) = sent.first()?;
    let after = |(_, at): &&(u64, Moment)| is_between(*at, earlier, seen);
    let (repeat, _) = sent.iter().skip(1).find(after)?;
    let latest = sent.iter().rfind(after).map_or(seen.came, |(_, at)| *at);
    if seen.has_read(earlier) == Read::No {
        return None;
    }
    let what = format!(
        "the same call, which names the {kind} that the event brought, was made before and after the event came again"
    );
    let mut deliveries = vec![*first, *repeat];
    deliveries.dedup();
    let breach = Breach::of(seen, what).about(deliveries);
    let breach = Breach { exchanges: vec![earlier.number, seen.number], ..breach };
    let is_for_it = kind != "text" && is_alone && seen.came.since(&latest) <= SOON;
    Some(if is_for_it { breach } else { breach.but(OTHER_REASON) })
}

/// Whether an attempt was sent after the answer to the earlier call and before this one.
fn is_between(at: Moment, earlier: &Earlier, seen: &Seen<'_>) -> bool {
    at.wall >= earlier.answered().wall && at.wall <= seen.came.wall
}

/// A call that comes later than this after a repeat may have another reason.
const SOON: Duration = Duration::from_secs(60);

/// The doubt about a call that only repeats a text, that comes late, or after another event.
const OTHER_REASON: &str = "the client may have had another reason to send the same";

/// Takes the key out of a body that makes the call idempotent: it is at the top or in `message`.
fn take_key(body: &mut Value) -> Option<Value> {
    let of_message =
        body.get_mut("message").and_then(Value::as_object_mut).and_then(|message| message.remove(KEY));
    let own = body.as_object_mut().and_then(|body| body.remove(KEY));
    of_message.or(own).filter(|key| !key.is_null())
}
