//! `GET /api/v1/attachments/{id}/content`: sends the content of a file.

use std::sync::Arc;

use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{Bulk, Effect, Exchange, Gives, Operation, Parameter, Place, Shape, gives};
use crate::http::segment;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::parts;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "attachments.content",
        verb: "GET",
        path: "/api/v1/attachments/{id}/content",
        summary: "sends the content of a file",
        parameters: &[Parameter::new("id", "ID of the attachment")
            .at(Place::Path)
            .naming("attachment", Stage::Lookup)],
        errors: &[errors::OF_ALL, OWN],
        requires: "an active tenant with an attachment that has a content",
        status: 200,
        answer: || Shape::Any,
        changes: false,
        events: &[],
        source: "docs.trychert.com/api/attachments",
    },
    example: |tenant| {
        let mut attachments = tenant.attachments.iter();
        let attachment = attachments.find(|known| known.text.is_some() || known.base64.is_some())?;
        Some(Sample::empty(format!("/attachments/{}/content", segment(&attachment.id))))
    },
    run,
};

static OWN: &[Gives] = &[gives(&errors::ATTACHMENT_NOT_FOUND), gives(&errors::ATTACHMENT_NOT_UPLOADED)];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    invocation.passed(Stage::Arguments, exchange)?;
    let id = invocation.route.segment("id");
    let (attachment, content) = parts::content_of(invocation, id)?;
    invocation.passed(Stage::Lookup, exchange)?;
    exchange.checkpoint.bulk(Bulk::Reply(content.bytes().clone(), Arc::clone(&content.sha256)));
    let headers = vec![("content-type".into(), attachment.content_type.clone().into())];
    Ok(EndpointAnswer { headers, body: content.bytes().clone(), effect: Effect::Nothing, opens: None })
}
