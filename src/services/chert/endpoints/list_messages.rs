//! `GET /api/v1/chats/{id}/messages`: lists the newest messages of a chat.

use serde::Serialize;

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, Place, Shape, gives, member};
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::sending::Row;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.messages.list",
        verb: "GET",
        path: "/api/v1/chats/{id}/messages",
        summary: "lists the newest messages of a chat",
        parameters: &[Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup)],
        errors: &[errors::OF_ALL, OWN],
        requires: "an active tenant with a chat",
        status: 200,
        answer: || {
            Shape::object([member("messages", shapes::message().list()), member("has_more", Shape::Flag)])
        },
        changes: false,
        events: &[],
        source: "docs.trychert.com/api/chats/list-messages",
    },
    example: |tenant| samples::chat(tenant, "/messages", |_| true).map(Sample::empty),
    run,
};

static OWN: &[Gives] = &[gives(&errors::CHAT_NOT_FOUND)];

/// How many messages an answer has at most.
const MOST: usize = 200;

/// The body of a success: the oldest message first.
#[derive(Serialize)]
struct Answer<'a> {
    messages: Vec<Row<'a>>,
    has_more: bool,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed(Stage::Arguments, exchange)?;
    let (_, chat) = invocation.chat()?;
    invocation.passed(Stage::Lookup, exchange)?;
    let all = chat.life().messages();
    let older = all.len().saturating_sub(MOST);
    let messages = all.skip(older).map(|message| Row::of(&chat.id, message)).collect();
    Ok(EndpointAnswer::json(&Answer { messages, has_more: older > 0 }, Effect::Nothing))
}
