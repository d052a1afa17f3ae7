//! `GET /api/v1/messages/{id}`: shows a message.

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
        name: "messages.get",
        verb: "GET",
        path: "/api/v1/messages/{id}",
        summary: "shows a message",
        parameters: &[Parameter::new("id", "ID of the message")
            .at(Place::Path)
            .naming("message", Stage::Lookup)],
        errors: &[errors::OF_ALL, OWN],
        requires: "an active tenant with a message that has an `id`",
        status: 200,
        answer: || Shape::object([member("message", shapes::message())]),
        changes: false,
        events: &[],
        source: "docs.trychert.com/llms.txt",
    },
    example: |tenant| samples::message(tenant, "", |_| true).map(Sample::empty),
    run,
};

static OWN: &[Gives] = &[gives(&errors::MESSAGE_NOT_FOUND)];

/// The body of a success. No page shows it.
#[derive(Serialize)]
struct Answer<'a> {
    message: Row<'a>,
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed(Stage::Arguments, exchange)?;
    let (chat, message) = invocation.message()?;
    invocation.passed(Stage::Lookup, exchange)?;
    invocation.is_chosen(exchange);
    Ok(EndpointAnswer::json(&Answer { message: Row::of(&chat.id, message) }, Effect::Nothing))
}
