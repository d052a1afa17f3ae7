//! `POST /api/v1/messages/{id}/react`: reacts to a message.

use serde_json::json;

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, Place, Shape, gives, member};
use crate::services::chert::change::{Change, MessageChange};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::messages::{Author, Reaction, ReactionKind};
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "messages.react",
        verb: "POST",
        path: "/api/v1/messages/{id}/react",
        summary: "reacts to a message",
        parameters: &[
            Parameter::new("id", "ID of the message").at(Place::Path).naming("message", Stage::Lookup),
            Parameter::new("reaction", "`love`, `like`, `dislike`, `laugh`, `emphasize` or `question`")
                .at(Place::Body),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a message that has an `id`",
        status: 200,
        answer: || {
            Shape::object([
                member("status", Shape::Exactly("sent".into())),
                member("message_id", Shape::Text),
                member("reaction", shapes::reaction()),
            ])
        },
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/messages/react",
    },
    example: |tenant| {
        let path = samples::message(tenant, "/react", |_| true)?;
        Some(Sample::json(path, json!({"reaction": "love"})))
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: reaction")),
    gives(&errors::MESSAGE_NOT_FOUND),
];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let name = body.get("reaction").and_then(|value| value.as_str());
    let kind = name.and_then(ReactionKind::named).ok_or_else(|| {
        let known = ReactionKind::ALL.map(|(name, _)| name).join(", ");
        invocation.invalid("reaction", &format!("is none of {known}"))
    })?;
    invocation.passed(Stage::Arguments, exchange)?;
    let (_, message) = invocation.message()?;
    invocation.passed(Stage::Lookup, exchange)?;
    let answer = json!({"status": "sent", "message_id": message.id, "reaction": kind.name()});
    let reaction = Reaction { kind, author: Author::Tenant };
    let change = Change::Message {
        tenant: invocation.tenant.index,
        message: message.id.clone(),
        change: Box::new(MessageChange::React(reaction)),
    };
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
