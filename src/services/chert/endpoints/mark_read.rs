//! `POST /api/v1/chats/{id}/mark-read`: marks a chat as read.

use serde_json::json;

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, Place, gives};
use crate::services::chert::change::{Change, ChatChange};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.mark_read",
        verb: "POST",
        path: "/api/v1/chats/{id}/mark-read",
        summary: "marks the messages of a chat as read",
        parameters: &[Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup)],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a chat that has its chat key, a pinned line and `participants`",
        status: 200,
        answer: || shapes::chat_status("read"),
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/chats/mark-read",
    },
    example: |tenant| {
        samples::chat(tenant, "/mark-read", |chat| !chat.participants.is_empty()).map(Sample::empty)
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_FIELD_VALUE).with(own!(422 "Invalid field value: participants")),
    gives(&errors::CHAT_NOT_FOUND),
    gives(&errors::CHAT_IS_DIRECT_MESSAGE).with(own!(400 "Chat was left")),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT),
];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed(Stage::Arguments, exchange)?;
    let (place, chat) = invocation.chat()?;
    invocation.check_member(chat)?;
    if chat.life().participants.is_empty() {
        return Err(invocation.invalid("participants", "of the chat are not known: nobody can be told"));
    }
    invocation.check_line(chat)?;
    invocation.passed(Stage::Lookup, exchange)?;
    let answer = json!({"chat_id": chat.id, "status": "read"});
    let change = Change::Chat { tenant: invocation.tenant.index, chat: place, change: ChatChange::Read };
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
