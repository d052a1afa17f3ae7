//! `POST /api/v1/chats/{id}/leave`: leaves a group.

use serde_json::json;

use super::remove_participant::LEAST;
use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, Place, gives};
use crate::services::chert::change::{Change, ChatChange};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.leave",
        verb: "POST",
        path: "/api/v1/chats/{id}/leave",
        summary: "leaves a group, in which three members at least must remain",
        parameters: &[Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup)],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a group that has its chat key, a pinned line and three `participants`",
        status: 200,
        answer: || shapes::chat_status("left"),
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/group-chats/leave",
    },
    example: |tenant| samples::group(tenant, "/leave", LEAST).map(Sample::empty),
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: participants")),
    gives(&errors::CHAT_NOT_FOUND),
    gives(&errors::CHAT_IS_DIRECT_MESSAGE),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT),
];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed(Stage::Arguments, exchange)?;
    let (place, chat) = invocation.group()?;
    invocation.check_line(chat)?;
    if chat.life().participants.len() < LEAST {
        return Err(invocation.invalid("participants", "are fewer than three: three members must remain"));
    }
    invocation.passed(Stage::Lookup, exchange)?;
    let answer = json!({"chat_id": chat.id, "status": "left"});
    let change = Change::Chat { tenant: invocation.tenant.index, chat: place, change: ChatChange::Leave };
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
