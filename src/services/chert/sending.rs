//! What all calls that send a message have in common: the line, the idempotency key, the rows of answers.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::chats::Chat;
use super::endpoints::EndpointAnswer;
use super::errors::{self, Refusal};
use super::idempotency::{Answer, Keeping};
use super::invocation::Invocation;
use super::messages::{Message, Part, Status, seconds};
use super::section::Line;
use super::tenants::MOST_MADE;
use crate::emulator::Effect;
use crate::http::Members;

/// The only messaging service.
pub const SERVICE: &str = "imessage";

/// A message, as answers show it.
#[derive(Serialize)]
pub struct Row<'a> {
    id: &'a str,
    chat_id: &'a str,
    parts: &'a [Part],
    status: Status,
    direction: &'static str,
    created_at: String,
    delivered_at: Option<String>,
    read_at: Option<String>,
    service: &'static str,
}

impl<'a> Row<'a> {
    /// A message of a chat.
    pub fn of(chat: &'a str, message: &'a Message) -> Self {
        Self {
            id: &message.id,
            chat_id: chat,
            parts: &message.parts,
            status: message.status,
            direction: if message.is_own() { "outbound" } else { "inbound" },
            created_at: seconds(message.created_at),
            delivered_at: message.delivered_at.map(seconds),
            read_at: message.read_at.map(seconds),
            service: SERVICE,
        }
    }
}

/// The member `message` of a body, which must be an object.
///
/// # Errors
/// `1001` when it is not there, `1002` when it is not an object.
pub fn message_of<'a>(
    invocation: &Invocation<'_>,
    body: &'a Members,
) -> Result<&'a Map<String, Value>, Refusal> {
    match body.json("message") {
        Some(Value::Object(message)) => Ok(message),
        None | Some(Value::Null) if body.get("parts").is_some() => {
            let refusal = invocation.missing("message.parts");
            Err(refusal.because("the body has `parts` at its top: they belong into `message`"))
        }
        None | Some(Value::Null) => Err(invocation.missing("message.parts")),
        Some(_) => Err(invocation.invalid("message", "is not an object")),
    }
}

/// A call with an idempotency key.
pub struct Keyed {
    key: String,
    /// SHA-256 of the body, whatever the order of its members and its white space.
    asked: [u8; 32],
}

impl Keyed {
    /// The key among the members that `value` is the value of; `None` without one.
    ///
    /// # Errors
    /// `1002` when it is not a text, or blank.
    pub fn read(
        invocation: &Invocation<'_>,
        name: &str,
        value: Option<&Value>,
        body: &Members,
    ) -> Result<Option<Self>, Refusal> {
        let key = match value {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(key)) if !key.trim().is_empty() => key.clone(),
            Some(_) => return Err(invocation.invalid(name, "is not a text, or it is blank")),
        };
        let mut members: Vec<_> = body.iter().collect();
        // The last one of two members with one name counts; the sort keeps their order.
        members.sort_by_key(|(name, _)| *name);
        let mut hash = Sha256::new();
        for (position, (name, value)) in members.iter().enumerate() {
            if members.get(position + 1).is_none_or(|(next, _)| next != name) {
                digest_text(name, &mut hash);
                digest(value, &mut hash);
            }
        }
        Ok(Some(Self { key, asked: hash.finalize().into() }))
    }

    /// The answer that this call has had already; `None` when it has had none.
    ///
    /// # Errors
    /// `1012` when the key came with another body.
    pub fn known(
        this: Option<&Self>,
        invocation: &Invocation<'_>,
        now: Timestamp,
    ) -> Result<Option<EndpointAnswer>, Refusal> {
        let Some(Self { key, asked }) = this else { return Ok(None) };
        let operation = invocation.route.endpoint.operation.name;
        match invocation.tenant.answers.get(operation, key, now) {
            None => Ok(None),
            Some(answer) if answer.asked == *asked => {
                let body = Bytes::copy_from_slice(&answer.body);
                Ok(Some(EndpointAnswer { headers: Vec::new(), body, effect: Effect::Nothing, opens: None }))
            }
            Some(_) => {
                let refusal = invocation.refusal(&errors::STATE_INVALID);
                Err(refusal.because(format!("the idempotency key `{key}` came with another body before")))
            }
        }
    }

    /// What is kept of the answer.
    pub fn keeping(self, invocation: &Invocation<'_>, body: &[u8], at: Timestamp) -> Keeping {
        let Self { key, asked } = self;
        let operation = invocation.route.endpoint.operation.name;
        Keeping { operation, key, answer: Answer { asked, body: Arc::from(body), at } }
    }
}

/// Adds a value to a digest. Objects with the same members in another order are the same.
fn digest(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Object(members) => {
            hash.update(b"{");
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            for (name, value) in members {
                digest_text(name, hash);
                digest(value, hash);
            }
            hash.update(b"}");
        }
        Value::Array(elements) => {
            hash.update(b"[");
            elements.iter().for_each(|element| digest(element, hash));
            hash.update(b"]");
        }
        Value::String(text) => digest_text(text, hash),
        other => {
            hash.update(b"v");
            digest_text(&other.to_string(), hash);
        }
    }
}

fn digest_text(text: &str, hash: &mut Sha256) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

/// The line over which a message to `chat` goes: the pinned one, or else the first active one. `None` as the chat is one
/// that does not exist yet.
///
/// # Errors
/// `1006` when the tenant has left the group, `4099` when a group has no chat key, `3002` when no line can send.
pub fn line_for<'a>(invocation: &Invocation<'a>, chat: Option<&Chat>) -> Result<(u32, &'a Line), Refusal> {
    let tenant = invocation.tenant;
    let pinned = match chat {
        None => None,
        Some(chat) => {
            invocation.check_member(chat)?;
            if chat.line.is_some() || !chat.has_chat_key() {
                invocation.check_line(chat)?;
            }
            chat.line.and_then(|index| Some((index, tenant.line_of(chat)?)))
        }
    };
    match pinned {
        Some((index, line)) => active(invocation, index, line),
        None => tenant.line(|line| line.active).ok_or_else(|| {
            let refusal = invocation.refusal(&errors::DELIVERY_UNAVAILABLE);
            refusal.because(format!("the tenant `{}` has no active line", tenant.original))
        }),
    }
}

/// Checks that a line can send.
///
/// # Errors
/// `3002` when it is not active.
pub fn active<'a>(
    invocation: &Invocation<'_>,
    index: u32,
    line: &'a Line,
) -> Result<(u32, &'a Line), Refusal> {
    if line.active {
        return Ok((index, line));
    }
    let reason = format!("the line `{}` has `active: false`", line.id);
    Err(invocation.refusal(&errors::DELIVERY_UNAVAILABLE).because(reason))
}

/// Checks that a call may make one more chat.
///
/// # Errors
/// `2008` when it may not.
pub fn check_room(invocation: &Invocation<'_>) -> Result<(), Refusal> {
    if invocation.tenant.made() < MOST_MADE {
        return Ok(());
    }
    let reason = format!("calls and actions can make at most {MOST_MADE} chats");
    Err(invocation.refusal(&errors::ACCOUNT_LIMIT_REACHED).because(reason))
}
