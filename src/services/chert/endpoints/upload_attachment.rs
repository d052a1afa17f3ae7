//! `PUT /api/v1/attachments/{id}/upload`: stores the content of a file.

use std::sync::Arc;

use serde_json::json;

use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{
    Bulk, Effect, Exchange, Gives, Operation, Parameter, Place, Shape, ValueType, gives, member,
};
use crate::http::segment;
use crate::services::chert::attachments::{Attachment, Content, MOST_BYTES};
use crate::services::chert::change::{Attaching, Change};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;

/// The name of the operation, whose body is the bytes of a file.
pub const NAME: &str = "attachments.upload";

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: NAME,
        verb: "PUT",
        path: "/api/v1/attachments/{id}/upload",
        summary: "stores the content of a file: the body is its bytes, and a bearer token is needed",
        parameters: &[
            Parameter::new("id", "ID of the attachment").at(Place::Path).naming("attachment", Stage::Lookup),
            Parameter::new("file", "the content").at(Place::Body).of(ValueType::Bytes),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with an attachment that has no content",
        status: 200,
        answer: || {
            let status = Shape::Exactly("uploaded".into());
            Shape::object([member("attachment_id", Shape::Text), member("status", status)])
        },
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/attachments",
    },
    example: |tenant| {
        let mut open =
            tenant.attachments.iter().filter(|known| known.text.is_none() && known.base64.is_none());
        let attachment = open.find(|known| known.size_bytes.is_some_and(|size| size <= 1_000))?;
        let size = usize::try_from(attachment.size_bytes?).ok()?;
        Some(Sample {
            path: format!("/attachments/{}/upload", segment(&attachment.id)),
            body: "x".repeat(size),
            content_type: attachment.content_type.to_string(),
            is_unsigned: true,
        })
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: size_bytes")),
    gives(&errors::ATTACHMENT_TOO_LARGE),
    gives(&errors::UNSUPPORTED_MIME_TYPE),
    gives(&errors::ATTACHMENT_NOT_FOUND),
];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let request = exchange.request;
    if request.headers.get("x-chert-signature").is_some() {
        let reason = "an upload takes a bearer token and no signature";
        return Err(Refusal::new(&errors::INVALID_AUTHENTICATION).because(reason));
    }
    exchange.checkpoint.bulk(Bulk::Request(None));
    let bytes = request.body();
    invocation.passed(Stage::Arguments, exchange)?;
    let id = invocation.route.segment("id");
    let now = exchange.stopwatch.now();
    let known = invocation.tenant.attachments.get(id).ok_or_else(|| {
        let reason = format!("the tenant has no attachment `{id}`");
        invocation.refusal(&errors::ATTACHMENT_NOT_FOUND).because(reason)
    })?;
    if known.expires_at < now {
        let reason = format!("the upload of the attachment `{id}` was possible until {}", known.expires_at);
        return Err(invocation.refusal(&errors::ATTACHMENT_NOT_FOUND).because(reason));
    }
    let sent_type = request.headers.text("content-type").unwrap_or_default();
    if !sent_type.trim().eq_ignore_ascii_case(known.content_type.trim()) {
        let reason = format!(
            "content-type is `{sent_type}`; the attachment was announced as `{}`",
            known.content_type
        );
        return Err(invocation.refusal(&errors::UNSUPPORTED_MIME_TYPE).because(reason));
    }
    if known.size != bytes.len() as u64 {
        let why = format!("is {}, and the body has {} bytes", known.size, bytes.len());
        return Err(invocation.invalid("size_bytes", &why));
    }
    let content = Content::new(bytes).ok_or_else(|| {
        let reason =
            format!("all files together take more than {MOST_BYTES} bytes: reset, or drop namespaces");
        invocation.refusal(&errors::ATTACHMENT_TOO_LARGE).because(reason)
    })?;
    exchange.checkpoint.bulk(Bulk::Request(Some(Arc::clone(&content.sha256))));
    invocation.passed(Stage::Lookup, exchange)?;
    invocation.is_chosen(exchange);
    let attachment = Attachment { content: Some(content), ..known.clone() };
    let change = Change::Upload(Box::new(Attaching {
        tenant: invocation.tenant.index,
        id: id.to_owned(),
        attachment,
        next: invocation.ids.next,
    }));
    let answer = json!({"attachment_id": id, "status": "uploaded"});
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
