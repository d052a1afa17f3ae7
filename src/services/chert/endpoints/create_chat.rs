//! `POST /api/v1/chats`: opens a chat with its first message.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{
    Effect, Exchange, Gives, Operation, Parameter, Place, Shape, ValueType, gives, member, some_of,
};
use crate::http::Members;
use crate::services::chert::change::{Change, Lead, NewChat, Sending, Target};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::ids::IdKind;
use crate::services::chert::invocation::Invocation;
use crate::services::chert::messages::{Message, Part, seconds};
use crate::services::chert::parts;
use crate::services::chert::sending::{Keyed, Row, SERVICE, active, check_room, message_of};
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.create",
        verb: "POST",
        path: "/api/v1/chats",
        summary: "opens a direct chat or a group with its first message",
        parameters: &[
            Parameter::new("from", "phone number of the line").at(Place::Body),
            Parameter::new(
                "to",
                "phone numbers of the recipients: one for a direct chat, up to 31 for a group",
            )
            .at(Place::Body)
            .of(ValueType::ListOrMapping),
            Parameter::new("message", "the message").at(Place::Body).of(ValueType::ListOrMapping),
            Parameter::new("message.parts", "parts of the message; one text for a group")
                .at(Place::Body)
                .of(ValueType::ListOrMapping),
            Parameter::new("message.subject", "name of the group").at(Place::Body).optional(),
            Parameter::new("message.idempotency_key", "the same key and body get the same answer for 24 h")
                .at(Place::Body)
                .optional(),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_ATTACHMENTS, errors::OF_DELIVERY],
        requires: "an active tenant with an active line",
        status: 200,
        answer: || Shape::object([member("chat", chat_shape()), member("message", shapes::message())]),
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/chats/create",
    },
    example: |tenant| {
        let line = tenant.lines.iter().find(|line| line.active)?;
        let parts = json!([{"type": "text", "value": "Hello Sam."}]);
        let body = json!({"from": line.phone_number, "to": [samples::PHONE], "message": {"parts": parts}});
        Some(Sample::json("/chats".to_owned(), body))
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: to")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: to")),
    gives(&errors::INVALID_PHONE_NUMBER),
    gives(&errors::CHAT_IS_DIRECT_MESSAGE).with(own!(422 "Too many recipients")),
    gives(&errors::CONSECUTIVE_TEXTS),
    gives(&errors::URL_IN_FIRST_MESSAGE),
    gives(&errors::TEXT_TOO_LONG),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT).with(own!(501 "Group create takes one text part only")),
    gives(&errors::PHONE_NOT_ASSIGNED).with(own!(403 "Phone not assigned to tenant")),
    gives(&errors::STATE_INVALID),
];

/// How many recipients a group has at most.
const MOST: usize = 31;

/// What `health_score` always is. No page says how the vendor computes it.
const HEALTH_SCORE: u8 = 87;

/// The body of a success.
#[derive(Serialize)]
struct Answer<'a> {
    chat: ChatRow<'a>,
    message: Row<'a>,
}

/// A chat, as this answer shows it.
#[derive(Serialize)]
struct ChatRow<'a> {
    id: &'a str,
    display_name: Option<&'a str>,
    handles: Vec<Handle<'a>>,
    is_group: bool,
    service: &'static str,
    health_score: u8,
    created_at: String,
}

/// The shape of a chat in this answer.
fn chat_shape() -> Shape {
    let handle = Shape::object([member("service", shapes::service()), member("address", Shape::Text)]);
    Shape::object([
        member("id", Shape::Text),
        member("display_name", Shape::Text.or_null()),
        member("handles", handle.list()),
        member("is_group", Shape::Flag),
        member("service", shapes::service()),
        member("health_score", Shape::Integer),
        member("created_at", shapes::instant()),
    ])
}

/// A recipient.
#[derive(Serialize)]
struct Handle<'a> {
    service: &'static str,
    address: &'a str,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let (from, to) = (invocation.required(body, "from")?, recipients(invocation, body)?);
    let message = message_of(invocation, body)?;
    if message.get("parts").is_none_or(Value::is_null) {
        return Err(invocation.missing("message.parts"));
    }
    let from = invocation.phone_number(from)?;
    let mut participants = Vec::new();
    for text in to {
        let phone = invocation.phone_number(text)?;
        if !participants.contains(&phone) {
            participants.push(phone);
        }
    }
    let is_group = participants.len() > 1;
    if participants.len() > MOST {
        let reason = format!("a group has at most {MOST} recipients; `to` has {}", participants.len());
        return Err(invocation.refusal(&errors::CHAT_IS_DIRECT_MESSAGE).because(reason));
    }
    let parts = parts::read(invocation, message)?;
    let known = if is_group { None } else { invocation.tenant.direct(&participants[0]) };
    if known.is_none_or(|(_, chat)| chat.life().is_untouched()) {
        parts::check_first(invocation, &parts)?;
    }
    let subject = match message.get("subject") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            let text = Some(text.trim()).filter(|text| !text.is_empty());
            text.map(|text| invocation.stored("message.subject", text)).transpose()?
        }
        Some(_) => return Err(invocation.invalid("message.subject", "is not a text")),
    };
    let name = "message.idempotency_key";
    let keyed = Keyed::read(invocation, name, message.get("idempotency_key"), body)?;
    invocation.passed(Stage::Arguments, exchange)?;

    let now = exchange.stopwatch.now();
    if let Some(answer) = Keyed::known(keyed.as_ref(), invocation, now)? {
        invocation.passed(Stage::Lookup, exchange)?;
        return Ok(answer);
    }
    if is_group && !matches!(parts.as_slice(), [Part::Text { .. }]) {
        let reason = "the first message of a group has one text part and nothing else";
        return Err(invocation.refusal(&errors::NOT_SUPPORTED_FOR_CHAT).because(reason));
    }
    let line = invocation.tenant.line(|line| *line.phone_number == *from).ok_or_else(|| {
        let known = some_of(invocation.tenant.lines.iter().map(|line| line.phone_number.as_str()));
        let reason = format!("no line of the tenant has the number `{from}`; its lines: {known}");
        invocation.refusal(&errors::PHONE_NOT_ASSIGNED).because(reason)
    })?;
    let (line, _) = active(invocation, line.0, line.1)?;
    parts::check_files(invocation, &parts)?;
    if known.is_none() {
        check_room(invocation)?;
    }
    invocation.passed(Stage::Lookup, exchange)?;

    let mut fresh = invocation.ids.fresh();
    let chat_id = known.map_or_else(|| fresh.take(IdKind::Chat), |(_, chat)| chat.id.clone());
    let message = Message::sent(fresh.take(IdKind::Message), parts, now);
    let created_at = known.map_or(now, |(_, chat)| invocation.tenant.created_at(chat));
    let name =
        known.map_or(subject.as_deref().filter(|_| is_group), |(_, chat)| chat.display_name.as_deref());
    let handle = |address| Handle { service: SERVICE, address };
    let answer = Answer {
        chat: ChatRow {
            id: &chat_id,
            display_name: name,
            handles: participants.iter().map(|address| handle(address)).collect(),
            is_group,
            service: SERVICE,
            health_score: HEALTH_SCORE,
            created_at: seconds(created_at),
        },
        message: Row::of(&chat_id, &message),
    };
    let mut answer = EndpointAnswer::json(&answer, Effect::Nothing);
    let display_name = name.map(str::to_owned);
    let target = match known {
        Some((place, _)) => Target::Known(place),
        None => Target::New(NewChat { id: chat_id, is_group, display_name, participants }),
    };
    let keeping = keyed.map(|keyed| keyed.keeping(invocation, &answer.body, now));
    answer.effect = Effect::Change(Change::Send(Box::new(Sending {
        tenant: invocation.tenant.index,
        chat: target,
        messages: vec![message],
        line,
        lead: Lead::default(),
        keeping,
        next: fresh.next,
    })));
    Ok(answer)
}

/// The recipients as sent, one at least.
fn recipients<'a>(invocation: &Invocation<'_>, body: &'a Members) -> Result<Vec<&'a str>, Refusal> {
    let list = match body.json("to") {
        None | Some(Value::Null) => return Err(invocation.missing("to")),
        Some(Value::Array(list)) if list.is_empty() => return Err(invocation.missing("to")),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(invocation.invalid("to", "is not a list of texts")),
    };
    let texts =
        list.iter().map(|one| one.as_str().ok_or_else(|| invocation.invalid("to", "is not a list of texts")));
    texts.collect()
}
