//! `POST /api/v1/messages/{id}/edit`: replaces the text of a message.

use std::time::Duration;

use serde_json::json;

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{
    Effect, Exchange, Gives, Operation, Parameter, Place, Shape, ValueType, gives, member,
};
use crate::http::Given;
use crate::services::chert::change::{Change, MessageChange};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::messages::{Part, milliseconds};
use crate::services::chert::parts;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "messages.edit",
        verb: "POST",
        path: "/api/v1/messages/{id}/edit",
        summary: "replaces the text of a message that is at most 15 minutes old",
        parameters: &[
            Parameter::new("id", "ID of the message").at(Place::Path).naming("message", Stage::Lookup),
            Parameter::new("new_text", "the new text").at(Place::Body),
            Parameter::new("edited_part_index", "position of the part, counted from 0; 0 by default")
                .at(Place::Body)
                .of(ValueType::Number)
                .optional(),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a message of its own that has an `id` and a text, in a chat with a pinned line",
        status: 200,
        answer: || {
            Shape::object([
                member("status", Shape::Exactly("edited".into())),
                member("message_id", Shape::Text),
                member("new_text", Shape::Text),
                member("date_edited", shapes::instant()),
                member("edit_history", Shape::Null),
            ])
        },
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/messages/edit",
    },
    example: |tenant| {
        let fits = |message: &super::section::Message| {
            message.from.is_none() && message.text.is_some() && message.at.is_none()
        };
        let path = samples::message(tenant, "/edit", fits)?;
        Some(Sample::json(path, json!({"new_text": "Updated copy — typo fix"})))
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: new_text")),
    gives(&errors::TEXT_TOO_LONG),
    gives(&errors::MESSAGE_NOT_FOUND),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT),
];

/// How long a message can be changed.
const WINDOW: Duration = Duration::from_secs(15 * 60);

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let text = body.get("new_text").and_then(|value| value.as_str()).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| invocation.invalid("new_text", "is missing, empty or not a text"))?;
    parts::check_length(invocation, text)?;
    let part = match body.get("edited_part_index") {
        None | Some(Given::Null) => 0,
        Some(Given::Number(number)) => {
            let index = number.as_u64().and_then(|index| usize::try_from(index).ok());
            index.ok_or_else(|| invocation.invalid("edited_part_index", "is not the position of a part"))?
        }
        Some(_) => return Err(invocation.invalid("edited_part_index", "is not a number")),
    };
    invocation.passed(Stage::Arguments, exchange)?;

    let (chat, message) = invocation.message()?;
    if !message.is_own() {
        let reason = format!("a recipient wrote the message `{}`: tenants change only their own", message.id);
        return Err(invocation.refusal(&errors::NOT_SUPPORTED_FOR_CHAT).because(reason));
    }
    invocation.check_line(chat)?;
    if !matches!(message.parts.get(part), Some(Part::Text { .. })) {
        let why = format!("is {part}, and the message has no text part there");
        return Err(invocation.invalid("edited_part_index", &why));
    }
    invocation.passed(Stage::Lookup, exchange)?;

    let now = exchange.stopwatch.now();
    let end = message.created_at.checked_add(WINDOW).unwrap_or(jiff::Timestamp::MAX);
    if now > end {
        let reason = format!("the message is of {}: it can be changed for 15 minutes", message.created_at);
        return Err(invocation.refusal(&errors::DELIVERY_FAILED).because(reason));
    }
    let answer = json!({
        "status": "edited",
        "message_id": message.id,
        "new_text": text,
        "date_edited": milliseconds(now),
        "edit_history": null,
    });
    let change = Change::Message {
        tenant: invocation.tenant.index,
        message: message.id.clone(),
        change: Box::new(MessageChange::Edit { part, text: text.to_owned() }),
    };
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
