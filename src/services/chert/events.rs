//! The kinds of events that Chert sends to webhooks.

use crate::emulator::EventKind;

const PAGE: &str = "docs.trychert.com/api/receiving-replies";

/// A recipient has written.
pub static MESSAGE_RECEIVED: EventKind =
    EventKind { name: "message.received", summary: "a recipient has written", source: PAGE };

/// The same under its older name.
pub static LEAD_REPLY: EventKind = EventKind {
    name: "lead_reply",
    summary: "a recipient has written, for subscriptions that name only this older event",
    source: PAGE,
};

/// A recipient has reacted.
pub static REACTION_ADDED: EventKind =
    EventKind { name: "reaction.added", summary: "a recipient has reacted to a message", source: PAGE };

/// A recipient has taken a reaction back.
pub static REACTION_REMOVED: EventKind =
    EventKind { name: "reaction.removed", summary: "a recipient has taken a reaction back", source: PAGE };

/// Every kind.
pub static EVENTS: &[&EventKind] = &[&MESSAGE_RECEIVED, &LEAD_REPLY, &REACTION_ADDED, &REACTION_REMOVED];

/// The kind with exactly this name; `None` when there is none.
pub fn named(name: &str) -> Option<&'static EventKind> {
    EVENTS.iter().copied().find(|kind| kind.name == name)
}
