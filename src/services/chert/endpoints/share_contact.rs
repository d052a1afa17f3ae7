//! `POST /api/v1/chats/{id}/share-contact-info` and `POST /api/v1/chats/share-contact-info`: offer the line's own card.

use serde_json::json;

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, Place, gives};
use crate::services::chert::change::{Change, ChatChange};
use crate::services::chert::chats::Chat;
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;

const SOURCE: &str = "docs.trychert.com/api/contact-sharing/share-info";

pub static TO_CHAT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.share_contact_info",
        verb: "POST",
        path: "/api/v1/chats/{id}/share-contact-info",
        summary: "offers the line's own contact card to a chat",
        parameters: &[Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup)],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a chat that has a pinned line and a participant with a phone number",
        status: 200,
        answer: || shapes::chat_status("shared"),
        changes: true,
        events: &[],
        source: SOURCE,
    },
    example: |tenant| {
        let has_phone =
            |chat: &super::section::Chat| chat.participants.iter().any(|address| address.starts_with('+'));
        samples::chat(tenant, "/share-contact-info", has_phone).map(Sample::empty)
    },
    run: |invocation, exchange| {
        invocation.passed(Stage::Arguments, exchange)?;
        let (place, chat) = invocation.chat()?;
        answer(invocation, exchange, place, chat)
    },
};

pub static TO_PHONE: Endpoint = Endpoint {
    operation: Operation {
        name: "contacts.share",
        verb: "POST",
        path: "/api/v1/chats/share-contact-info",
        summary: "offers the line's own contact card to the direct chat with a phone number",
        parameters: &[Parameter::new("to", "phone number of the recipient").at(Place::Body)],
        errors: &[errors::OF_ALL, OF_PHONE, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a direct chat that has a pinned line and a participant with a phone number",
        status: 200,
        answer: || shapes::chat_status("shared"),
        changes: true,
        events: &[],
        source: SOURCE,
    },
    example: |tenant| {
        let body = json!({"to": samples::direct(tenant)?});
        Some(Sample::json("/chats/share-contact-info".to_owned(), body))
    },
    run: |invocation, exchange| {
        let body = invocation.body(exchange)?;
        let to = invocation.optional(body, "to")?.unwrap_or_default();
        let phone = invocation.phone_number_in("to", to)?;
        invocation.passed(Stage::Arguments, exchange)?;
        let (place, chat) = invocation.chat_with(&phone)?;
        answer(invocation, exchange, place, chat)
    },
};

static OF_PHONE: &[Gives] = &[gives(&errors::INVALID_JSON_BODY)];

static OWN: &[Gives] = &[
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: to")),
    gives(&errors::CHAT_NOT_FOUND),
    gives(&errors::CHAT_IS_DIRECT_MESSAGE).with(own!(400 "Chat was left")),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT),
];

fn answer(
    invocation: &Invocation<'_>,
    exchange: &mut Exchange<'_>,
    place: usize,
    chat: &Chat,
) -> Result<EndpointAnswer, Refusal> {
    invocation.check_member(chat)?;
    if !Invocation::has_phone(chat) {
        return Err(invocation.invalid("to", "is missing: no recipient of the chat has a phone number"));
    }
    invocation.check_line(chat)?;
    invocation.passed(Stage::Lookup, exchange)?;
    let answer = json!({"chat_id": chat.id, "status": "shared"});
    let change = ChatChange::ShareContact;
    let change = Change::Chat { tenant: invocation.tenant.index, chat: place, change };
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
