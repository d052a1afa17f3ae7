//! The kinds of events that Chert sends to webhooks.

use crate::emulator::{EventKind, EventName};

const PAGE: &str = "docs.trychert.com/api/receiving-replies";

const CHAT: EventName = EventName { name: "chat_id", kind: "chat" };
const MESSAGE: EventName = EventName { name: "message_id", kind: "message" };
const FROM: EventName = EventName { name: "from", kind: "sender" };
const TEXT: EventName = EventName { name: "text", kind: "text" };
const EVENT: EventName = EventName { name: "event_id", kind: "event" };

/// What an event about a message names.
const OF_MESSAGES: &[EventName] = &[CHAT, MESSAGE, FROM, TEXT, EVENT];

/// What an event about a reaction names.
const OF_REACTIONS: &[EventName] = &[CHAT, MESSAGE, FROM, EVENT];

/// A recipient has written.
pub static MESSAGE_RECEIVED: EventKind = EventKind {
    name: "message.received",
    summary: "a recipient has written",
    source: PAGE,
    names: OF_MESSAGES,
};

/// The same under its older name.
pub static LEAD_REPLY: EventKind = EventKind {
    name: "lead_reply",
    summary: "a recipient has written, for subscriptions that name only this older event",
    source: PAGE,
    names: OF_MESSAGES,
};

/// A recipient has reacted.
pub static REACTION_ADDED: EventKind = EventKind {
    name: "reaction.added",
    summary: "a recipient has reacted to a message",
    source: PAGE,
    names: OF_REACTIONS,
};

/// A recipient has taken a reaction back.
pub static REACTION_REMOVED: EventKind = EventKind {
    name: "reaction.removed",
    summary: "a recipient has taken a reaction back",
    source: PAGE,
    names: OF_REACTIONS,
};

/// Every kind.
pub static EVENTS: &[&EventKind] = &[&MESSAGE_RECEIVED, &LEAD_REPLY, &REACTION_ADDED, &REACTION_REMOVED];

/// The kind with exactly this name; `None` when there is none.
pub fn named(name: &str) -> Option<&'static EventKind> {
    EVENTS.iter().copied().find(|kind| kind.name == name)
}
