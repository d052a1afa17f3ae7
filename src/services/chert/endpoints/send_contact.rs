//! `POST /api/v1/chats/{id}/send-contact` and `POST /api/v1/chats/send-contact`: send a contact card.

use serde_json::{Map, Value, json};

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, Place, ValueType, gives};
use crate::http::Members;
use crate::services::chert::change::{Change, ChatChange};
use crate::services::chert::chats::Chat;
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;

const CONTACT: Parameter = Parameter::new("contact", "the card, with one identifying field at least")
    .at(Place::Body)
    .of(ValueType::ListOrMapping)
    .required_if("there is no `vcard_text`");
const VCARD: Parameter = Parameter::new("vcard_text", "the card as a vCard, which begins with `BEGIN:VCARD`")
    .at(Place::Body)
    .required_if("there is no `contact`");
const SOURCE: &str = "docs.trychert.com/api/contact-sharing/send-card";

pub static TO_CHAT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.send_contact",
        verb: "POST",
        path: "/api/v1/chats/{id}/send-contact",
        summary: "sends a contact card to a chat",
        parameters: &[
            Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup),
            CONTACT,
            VCARD,
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a chat that has its chat key and a pinned line",
        status: 200,
        answer: || shapes::chat_status("sent"),
        changes: true,
        events: &[],
        source: SOURCE,
    },
    example: |tenant| {
        let path = samples::chat(tenant, "/send-contact", |_| true)?;
        Some(Sample::json(path, json!({"contact": {"full_name": "Sam Chen"}})))
    },
    run: |invocation, exchange| {
        let body = invocation.body(exchange)?;
        check_card(invocation, body)?;
        invocation.passed(Stage::Arguments, exchange)?;
        let (place, chat) = invocation.chat()?;
        answer(invocation, exchange, place, chat)
    },
};

pub static TO_PHONE: Endpoint = Endpoint {
    operation: Operation {
        name: "contacts.send",
        verb: "POST",
        path: "/api/v1/chats/send-contact",
        summary: "sends a contact card to the direct chat with a phone number",
        parameters: &[Parameter::new("to", "phone number of the recipient").at(Place::Body), CONTACT, VCARD],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a direct chat that has a pinned line and a participant with a phone number",
        status: 200,
        answer: || shapes::chat_status("sent"),
        changes: true,
        events: &[],
        source: SOURCE,
    },
    example: |tenant| {
        let body = json!({"to": samples::direct(tenant)?, "contact": {"full_name": "Sam Chen"}});
        Some(Sample::json("/chats/send-contact".to_owned(), body))
    },
    run: |invocation, exchange| {
        let body = invocation.body(exchange)?;
        let to = invocation.required(body, "to")?;
        let phone = invocation.phone_number_in("to", to)?;
        check_card(invocation, body)?;
        invocation.passed(Stage::Arguments, exchange)?;
        let (place, chat) = invocation.chat_with(&phone)?;
        answer(invocation, exchange, place, chat)
    },
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: contact")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: contact")),
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
    invocation.check_line(chat)?;
    invocation.passed(Stage::Lookup, exchange)?;
    let answer = json!({"chat_id": chat.id, "status": "sent"});
    let change = Change::Chat { tenant: invocation.tenant.index, chat: place, change: ChatChange::SendCard };
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}

/// Checks the card: `1001` without one, `1002` when it is malformed or identifies nobody.
fn check_card(invocation: &Invocation<'_>, body: &Members) -> Result<(), Refusal> {
    let vcard = invocation.optional(body, "vcard_text")?;
    if vcard.is_some_and(|text| !text.trim_start().starts_with("BEGIN:VCARD")) {
        return Err(invocation.invalid("vcard_text", "does not begin with `BEGIN:VCARD`"));
    }
    match body.json("contact") {
        None | Some(Value::Null) if vcard.is_some() => Ok(()),
        None | Some(Value::Null) => Err(invocation.missing("contact")),
        Some(Value::Object(contact)) => check_contact(invocation, contact),
        Some(_) => Err(invocation.invalid("contact", "is not an object")),
    }
}

fn check_contact(invocation: &Invocation<'_>, contact: &Map<String, Value>) -> Result<(), Refusal> {
    let mut identifies = false;
    for name in ["full_name", "given_name", "family_name", "organization"] {
        match contact.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => identifies |= !text.trim().is_empty(),
            Some(_) => {
                return Err(invocation.invalid("contact", &format!("has a `{name}` that is not a text")));
            }
        }
    }
    for name in ["phones", "emails"] {
        let entries = match contact.get(name) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(entries)) => entries,
            Some(_) => {
                return Err(invocation.invalid("contact", &format!("has `{name}` that are not a list")));
            }
        };
        let has_value = |entry: &Value| entry["value"].as_str().is_some_and(|text| !text.trim().is_empty());
        if !entries.iter().all(has_value) {
            return Err(invocation.invalid("contact", &format!("has an entry of `{name}` without a `value`")));
        }
        identifies |= !entries.is_empty();
    }
    if identifies {
        return Ok(());
    }
    Err(invocation.invalid("contact", "has no field that identifies anybody"))
}
