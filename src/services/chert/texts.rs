//! The errors whose text depends on the request, with every text that an operation gives them.

use super::errors::{
    CHAT_IS_DIRECT_MESSAGE as NOT_HERE, INVALID_FIELD_VALUE as INVALID, MISSING_REQUIRED_FIELD as MISSING,
};
use crate::emulator::{ErrorCode, Operation};

/// An error of one operation that has several texts with the same status.
pub struct Varied {
    operation: &'static str,
    error: &'static ErrorCode,
    /// The HTTP status.
    pub status: u16,
    /// All texts.
    pub texts: &'static [&'static str],
}

/// The rows for an error of an operation; none when it has always the same status and text.
pub fn of(operation: &Operation, error: &ErrorCode) -> impl Iterator<Item = &'static Varied> {
    VARIED.iter().filter(move |row| row.operation == operation.name && row.error.code == error.code)
}

macro_rules! missing {
    ($($field:literal)*) => { &[$(concat!("Missing required field: ", $field)),*] };
}

macro_rules! invalid {
    ($($field:literal)*) => { &[$(concat!("Invalid field value: ", $field)),*] };
}

const fn row(
    operation: &'static str,
    error: &'static ErrorCode,
    status: u16,
    texts: &'static [&'static str],
) -> Varied {
    Varied { operation, error, status, texts }
}

/// The texts of `1006` for calls on groups.
const NO_MEMBER: &[&str] = &["Chat is a direct message", "Chat was left"];

/// The fields of a subscription that may have wrong values.
const OF_SUBSCRIPTIONS: &[&str] = invalid!["url" "events" "version" "is_active" "active"];

#[rustfmt::skip]
static VARIED: &[Varied] = &[
    row("chats.rename", &INVALID, 400, invalid!["display_name" "group_chat_icon"]),
    row("chats.rename", &NOT_HERE, 400, NO_MEMBER),
    row("send", &MISSING, 400, missing!["phone" "body"]),
    row("send", &INVALID, 400,
        invalid!["phone" "body" "name" "external_id" "phone_line_id" "effect" "attachments" "idempotency_key"]),
    row("locations.send", &MISSING, 400, missing!["phone" "latitude" "longitude"]),
    row("locations.send", &INVALID, 400,
        invalid!["phone" "chat_id" "label" "address" "fallback_mode" "latitude" "longitude" "idempotency_key"]),
    row("chats.create", &MISSING, 400, missing!["from" "to" "message.parts"]),
    row("chats.create", &INVALID, 400,
        invalid!["from" "to" "message" "message.parts" "message.subject" "message.idempotency_key"]),
    row("chats.create", &NOT_HERE, 422, &["Too many recipients"]),
    row("chats.create", &NOT_HERE, 400, &["Too many parts"]),
    row("chats.messages.send", &INVALID, 400,
        invalid!["message" "message.parts" "message.parallel_attachments" "message.idempotency_key"]),
    row("chats.messages.send", &NOT_HERE, 400, &["Too many parts", "Chat was left"]),
    row("messages.edit", &INVALID, 400, invalid!["new_text" "edited_part_index"]),
    row("chats.send_contact", &INVALID, 400, invalid!["contact" "vcard_text"]),
    row("contacts.send", &MISSING, 400, missing!["to" "contact"]),
    row("contacts.send", &INVALID, 400, invalid!["to" "contact" "vcard_text"]),
    row("chats.participants.add", &INVALID, 400, invalid!["address" "handle"]),
    row("chats.participants.add", &NOT_HERE, 400, NO_MEMBER),
    row("chats.participants.remove", &NOT_HERE, 400, NO_MEMBER),
    row("chats.leave", &NOT_HERE, 400, NO_MEMBER),
    row("attachments.create", &MISSING, 400, missing!["filename" "content_type" "size_bytes"]),
    row("attachments.create", &INVALID, 400, invalid!["filename" "content_type" "size_bytes"]),
    row("webhook_subscriptions.create", &INVALID, 400, OF_SUBSCRIPTIONS),
    row("webhook_subscriptions.update", &MISSING, 400,
        missing!["url" "url, events, version or is_active"]),
    row("webhook_subscriptions.update", &INVALID, 400, OF_SUBSCRIPTIONS),
    row("events.list", &INVALID, 400, invalid!["status" "since" "limit" "cursor"]),
    row("dev_inbox.list", &INVALID, 400, invalid!["limit" "cursor"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::chert::endpoints::OPERATIONS;

    #[test]
    fn every_row_is_of_an_error_of_its_operation() {
        for row in VARIED {
            let operation = OPERATIONS.iter().find(|known| known.name == row.operation);
            let operation = operation.unwrap_or_else(|| panic!("no operation is called {}", row.operation));
            assert!(operation.gives(row.error.code).is_some(), "{} {}", row.operation, row.error.code);
        }
    }

    #[test]
    fn the_text_of_the_catalogue_is_among_the_texts() {
        for operation in OPERATIONS.iter() {
            for given in operation.gives_all() {
                let (face, mut rows) = (given.face(""), of(operation, given.code).peekable());
                let has_it = |row: &Varied| row.status == face.status && row.texts.contains(&face.text);
                let is_single = rows.peek().is_none();
                assert!(is_single || rows.any(has_it), "{} {}", operation.name, given.code.code);
            }
        }
    }
}
