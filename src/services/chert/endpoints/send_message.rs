//! `POST /api/v1/chats/{id}/messages`: sends a message to a chat.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{
    Effect, Exchange, Gives, Operation, Parameter, Place, Shape, ValueType, gives, member,
};
use crate::services::chert::change::{Change, Lead, Sending, Target};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::ids::IdKind;
use crate::services::chert::invocation::Invocation;
use crate::services::chert::messages::Message;
use crate::services::chert::parts;
use crate::services::chert::sending::{Keyed, Row, line_for, message_of};
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.messages.send",
        verb: "POST",
        path: "/api/v1/chats/{id}/messages",
        summary: "sends a message to a chat",
        parameters: &[
            Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup),
            Parameter::new("message", "the message").at(Place::Body).of(ValueType::ListOrMapping),
            Parameter::new("message.parts", "parts of the message")
                .at(Place::Body)
                .of(ValueType::ListOrMapping),
            Parameter::new("message.idempotency_key", "the same key and body get the same answer for 24 h")
                .at(Place::Body)
                .optional(),
            Parameter::new("message.parallel_attachments", "whether files are sent at once; ignored")
                .at(Place::Body)
                .of(ValueType::Flag)
                .optional(),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_ATTACHMENTS, errors::OF_DELIVERY],
        requires: "an active tenant with a chat that has its chat key and an active line",
        status: 200,
        answer: || Shape::object([member("message", shapes::message())]),
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/chats/send-message",
    },
    example: |tenant| {
        let path = samples::chat(tenant, "/messages", |_| true)?;
        let parts = json!([{"type": "text", "value": "How about 3pm PT?"}]);
        Some(Sample::json(path, json!({"message": {"parts": parts}})))
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: message.parts")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: message.parts")),
    gives(&errors::CHAT_IS_DIRECT_MESSAGE).with(own!(400 "Too many parts")),
    gives(&errors::CONSECUTIVE_TEXTS),
    gives(&errors::URL_IN_FIRST_MESSAGE),
    gives(&errors::TEXT_TOO_LONG),
    gives(&errors::CHAT_NOT_FOUND),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT).with(own!(422 "Not supported for this chat")),
    gives(&errors::STATE_INVALID),
];

/// The body of a success.
#[derive(Serialize)]
struct Answer<'a> {
    message: Row<'a>,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let message = message_of(invocation, body)?;
    let parts = parts::read(invocation, message)?;
    if !matches!(message.get("parallel_attachments"), None | Some(Value::Null | Value::Bool(_))) {
        return Err(invocation.invalid("message.parallel_attachments", "is neither true nor false"));
    }
    let name = "message.idempotency_key";
    let keyed = Keyed::read(invocation, name, message.get("idempotency_key"), body)?;
    invocation.passed(Stage::Arguments, exchange)?;

    let (place, chat) = invocation.chat()?;
    let now = exchange.stopwatch.now();
    if let Some(answer) = Keyed::known(keyed.as_ref(), invocation, now)? {
        invocation.passed(Stage::Lookup, exchange)?;
        return Ok(answer);
    }
    if chat.life().is_untouched() {
        parts::check_first(invocation, &parts)?;
    }
    let (line, _) = line_for(invocation, Some(chat))?;
    parts::check_files(invocation, &parts)?;
    invocation.passed(Stage::Lookup, exchange)?;

    let mut fresh = invocation.ids.fresh();
    let message = Message::sent(fresh.take(IdKind::Message), parts, now);
    let mut answer = EndpointAnswer::json(&Answer { message: Row::of(&chat.id, &message) }, Effect::Nothing);
    let keeping = keyed.map(|keyed| keyed.keeping(invocation, &answer.body, now));
    answer.effect = Effect::Change(Change::Send(Box::new(Sending {
        tenant: invocation.tenant.index,
        chat: Target::Known(place),
        messages: vec![message],
        line,
        lead: Lead::default(),
        keeping,
        next: fresh.next,
    })));
    Ok(answer)
}
