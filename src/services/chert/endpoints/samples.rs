//! What the examples of endpoints are called on: the first thing in a tenant that fits.

use crate::http::segment;
use crate::services::chert::section::{Chat, Message, Tenant};

/// A phone number that the vendor's pages use.
pub const PHONE: &str = "+14155551234";

/// Whether a chat can be reached: it has its chat key and an active line, and the tenant has not left it.
fn is_reachable(tenant: &Tenant, chat: &Chat) -> bool {
    let is_pinned = |line: &&crate::services::chert::section::Line| chat.line.as_ref() == Some(&line.id);
    let line = tenant.lines.iter().find(is_pinned);
    chat.chat_key && !chat.left && line.is_some_and(|line| line.active)
}

/// The path of the first chat that can be reached and `fits`, followed by `rest`.
pub fn chat(tenant: &Tenant, rest: &str, fits: impl Fn(&Chat) -> bool) -> Option<String> {
    let chat = tenant.chats.iter().find(|chat| is_reachable(tenant, chat) && fits(chat))?;
    Some(format!("/chats/{}{rest}", segment(&chat.id)))
}

/// The path of the first group with at least this many participants, followed by `rest`.
pub fn group(tenant: &Tenant, rest: &str, participants: usize) -> Option<String> {
    chat(tenant, rest, |chat| chat.group && chat.participants.len() >= participants)
}

/// The phone number of the first direct chat.
pub fn direct(tenant: &Tenant) -> Option<&str> {
    let mut chats = tenant.chats.iter().filter(|chat| !chat.group && is_reachable(tenant, chat));
    chats.find_map(|chat| match chat.participants.as_slice() {
        [phone] if phone.starts_with('+') => Some(phone.as_str()),
        _ => None,
    })
}

/// The path of the first message with an ID that `fits` and is in a chat that can be reached, followed by `rest`.
pub fn message(tenant: &Tenant, rest: &str, fits: impl Fn(&Message) -> bool) -> Option<String> {
    let chats = tenant.chats.iter().filter(|chat| is_reachable(tenant, chat));
    let message =
        chats.flat_map(|chat| &chat.messages).find(|message| message.id.is_some() && fits(message))?;
    Some(format!("/messages/{}{rest}", segment(message.id.as_ref()?)))
}

/// Whether the tenant has a line that can send.
pub fn has_line(tenant: &Tenant) -> bool {
    tenant.lines.iter().any(|line| line.active)
}
