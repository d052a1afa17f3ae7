//! What several answers have in common: messages, subscriptions, events, instants.

use super::event_rows::Status as EventStatus;
use super::events::{LEAD_REPLY, MESSAGE_RECEIVED, REACTION_ADDED, REACTION_REMOVED};
use super::messages::ReactionKind;
use super::sending::SERVICE;
use crate::emulator::{Member, Pattern, Shape, member, optional};

/// An instant in UTC, with or without parts of a second.
static INSTANT: Pattern = Pattern::new(
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|\+00:00)$",
    "2026-05-01T12:00:00Z",
);

/// A phone number in the form of E.164.
static PHONE_NUMBER: Pattern = Pattern::new(r"^\+[1-9][0-9]{1,14}$", "+15555550100");

/// The content type of an answer in JSON. No page says whether a charset stands behind it.
pub static JSON: Pattern = Pattern::new(r"^application/json *(;.*)?$", "application/json");

/// The content type of a stream of events.
pub static EVENT_STREAM: Pattern = Pattern::new(r"^text/event-stream *(;.*)?$", "text/event-stream");

/// A number of whole seconds in a header field.
pub static SECONDS: Pattern = Pattern::new("^[0-9]+$", "1");

/// The names of all kinds of reactions.
static REACTIONS: [&str; ReactionKind::ALL.len()] = names(&ReactionKind::ALL);

/// The names of everything that can become of an event.
static EVENT_STATUSES: [&str; EventStatus::ALL.len()] = names(&EventStatus::ALL);

/// An instant, such as `2026-05-01T12:00:00Z`.
pub fn instant() -> Shape {
    Shape::Like(&INSTANT)
}

/// The phone number of a line.
pub fn phone_number() -> Shape {
    Shape::Like(&PHONE_NUMBER)
}

/// The name of the only messaging service.
pub fn service() -> Shape {
    Shape::Exactly(SERVICE.into())
}

/// A kind of reaction.
pub fn reaction() -> Shape {
    Shape::OneOf(&REACTIONS)
}

/// What became of a call on a chat: its ID and a word.
pub fn chat_status(status: &'static str) -> Shape {
    Shape::object([member("chat_id", Shape::Text), member("status", Shape::Exactly(status.into()))])
}

/// The participants of a group after a change; the member `change` has the one that came or went.
pub fn participants(change: &'static str) -> Shape {
    Shape::object([
        member("chat_id", Shape::Text),
        member(change, Shape::Text),
        member("participants", Shape::Text.list()),
    ])
}

/// A message of a chat.
pub fn message() -> Shape {
    Shape::object([
        member("id", Shape::Text),
        member("chat_id", Shape::Text),
        member("parts", part().list()),
        // `failed` is never sent here.
        member("status", Shape::OneOf(&["queued", "sent", "delivered", "read", "received", "failed"])),
        member("direction", Shape::OneOf(&["inbound", "outbound"])),
        member("created_at", instant()),
        member("delivered_at", instant().or_null()),
        member("read_at", instant().or_null()),
        member("service", service()),
    ])
}

/// A part of a message: a text, a file, a link with a preview, or a place on the map. No page shows the last one.
fn part() -> Shape {
    let kind = |name: &'static str| member("type", Shape::Exactly(name.into()));
    Shape::Either(vec![
        Shape::object([kind("text"), member("value", Shape::Text)]),
        Shape::object([kind("media"), member("attachment_id", Shape::Text)]),
        Shape::object([
            kind("rich_link"),
            member("url", Shape::Text),
            optional("title", Shape::Text),
            optional("summary", Shape::Text),
            optional("image_url", Shape::Text),
            optional("icon_url", Shape::Text),
        ]),
        Shape::object([
            kind("location"),
            member("latitude", Shape::Number),
            member("longitude", Shape::Number),
        ]),
    ])
}

/// A subscription, as the answer to the call that makes it shows it: with its secret.
pub fn new_subscription() -> Shape {
    let secret = [member("secret", Shape::Text)];
    Shape::object(subscription_facts().into_iter().chain(secret))
}

/// A subscription, as all other answers show it. The members after `created_at` need not be there.
pub fn subscription() -> Shape {
    let state = [
        optional("updated_at", instant()),
        optional("consecutive_failures", Shape::Integer),
        optional("last_success_at", instant().or_null()),
        optional("last_failure_at", instant().or_null()),
    ];
    Shape::object(subscription_facts().into_iter().chain(state))
}

fn subscription_facts() -> [Member; 6] {
    [
        member("id", Shape::Text),
        member("url", Shape::Text),
        member("events", Shape::Text.list()),
        member("version", Shape::Text),
        member("is_active", Shape::Flag),
        member("created_at", instant()),
    ]
}

/// A page of events.
pub fn events() -> Shape {
    Shape::object([
        member("events", event().list()),
        member("next_cursor", Shape::Text.or_null()),
        member("count", Shape::Integer),
    ])
}

/// A row of the event log. The payload of an event of the scenario is empty.
pub fn event() -> Shape {
    static TYPES: [&str; 4] =
        [MESSAGE_RECEIVED.name, LEAD_REPLY.name, REACTION_ADDED.name, REACTION_REMOVED.name];
    let delivery = Shape::object([
        member("status", Shape::OneOf(&EVENT_STATUSES)),
        member("url", Shape::Text.or_null()),
        member("attempts", attempt().list()),
        member("delivered_at", instant().or_null()),
    ]);
    Shape::object([
        member("id", Shape::Text),
        member("type", Shape::OneOf(&TYPES)),
        member("event_id", Shape::Text),
        member("lead_id", Shape::Text.or_null()),
        member("convo_id", Shape::Text.or_null()),
        member("payload", Shape::Any.map()),
        member("delivery", delivery),
        member("created_at", instant()),
    ])
}

/// One attempt to deliver an event: `status` is `null`, and `error` there, when there was no answer.
fn attempt() -> Shape {
    Shape::object([
        member("at", instant()),
        member("status", Shape::Integer.or_null()),
        optional("error", Shape::Text),
        member("duration_ms", Shape::Integer),
        member("subscription_id", Shape::Text),
    ])
}

/// The names in a table of names and values.
const fn names<T, const N: usize>(all: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut place = 0;
    while place < N {
        names[place] = all[place].0;
        place += 1;
    }
    names
}
