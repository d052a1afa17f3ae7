//! `POST /api/v1/chats/{id}/typing`: shows the recipients that the tenant types, or does so no longer.

use serde_json::json;

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, Place, Shape, gives, member};
use crate::services::chert::change::{Change, ChatChange};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.typing",
        verb: "POST",
        path: "/api/v1/chats/{id}/typing",
        summary: "shows the recipients that the tenant types, or does so no longer",
        parameters: &[
            Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup),
            Parameter::new("state", "`typing` or `stopped`").at(Place::Body),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a chat that has its chat key and a pinned line",
        status: 200,
        answer: || {
            Shape::object([
                member("status", Shape::Exactly("sent".into())),
                member("chat_id", Shape::Text),
                member("state", Shape::OneOf(&STATES)),
            ])
        },
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/chats/typing",
    },
    example: |tenant| {
        let path = samples::chat(tenant, "/typing", |_| true)?;
        Some(Sample::json(path, json!({"state": "typing"})))
    },
    run,
};

/// The states that a call can set.
static STATES: [&str; 2] = ["typing", "stopped"];

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: state")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: state")),
    gives(&errors::CHAT_NOT_FOUND),
    gives(&errors::CHAT_IS_DIRECT_MESSAGE).with(own!(400 "Chat was left")),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT),
];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let state = invocation.required(body, "state")?;
    if !STATES.contains(&state) {
        return Err(invocation.invalid("state", "is neither `typing` nor `stopped`"));
    }
    invocation.passed(Stage::Arguments, exchange)?;
    let (place, chat) = invocation.chat()?;
    invocation.check_member(chat)?;
    invocation.check_line(chat)?;
    invocation.passed(Stage::Lookup, exchange)?;
    let answer = json!({"status": "sent", "chat_id": chat.id, "state": state});
    let change = ChatChange::Type(state == "typing");
    let change = Change::Chat { tenant: invocation.tenant.index, chat: place, change };
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
