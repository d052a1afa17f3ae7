//! `POST /api/v1/attachments`: announces a file.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::{BASE, Endpoint, EndpointAnswer, Sample};
use crate::emulator::{
    Effect, Exchange, Gives, Operation, Parameter, Place, Shape, ValueType, gives, member,
};
use crate::http::{Given, segment};
use crate::services::chert::attachments::{Attachment, LARGEST, MOST, is_mime_type};
use crate::services::chert::change::{Attaching, Change};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::ids::IdKind;
use crate::services::chert::invocation::Invocation;
use crate::services::chert::messages::seconds;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "attachments.create",
        verb: "POST",
        path: "/api/v1/attachments",
        summary: "announces a file, and tells where to upload it",
        parameters: &[
            Parameter::new("filename", "name of the file").at(Place::Body),
            Parameter::new("content_type", "type of the content").at(Place::Body),
            Parameter::new("size_bytes", "size of the file, at most 8 MiB here")
                .at(Place::Body)
                .of(ValueType::Number),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant",
        status: 200,
        answer: || {
            let headers = [member("authorization", Shape::Text), member("content-type", Shape::Text)];
            Shape::object([
                member("attachment_id", Shape::Text),
                member("upload_url", Shape::Text),
                member("required_headers", Shape::object(headers)),
                member("expires_at", shapes::instant()),
            ])
        },
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/attachments",
    },
    example: |_| {
        let body = json!({"filename": "offer.pdf", "content_type": "application/pdf", "size_bytes": 12345});
        Some(Sample::json("/attachments".to_owned(), body))
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: filename")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: size_bytes")),
    gives(&errors::ATTACHMENT_TOO_LARGE),
    gives(&errors::UNSUPPORTED_MIME_TYPE),
];

/// How long a file can be uploaded.
const LIFETIME: Duration = Duration::from_secs(24 * 3_600);

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let filename = invocation.stored("filename", invocation.required(body, "filename")?)?;
    let content_type = invocation.stored("content_type", invocation.required(body, "content_type")?)?;
    let size = match body.get("size_bytes") {
        None | Some(Given::Null) => return Err(invocation.missing("size_bytes")),
        Some(Given::Number(number)) => number.as_u64().filter(|size| *size > 0),
        Some(_) => None,
    };
    let size = size.ok_or_else(|| invocation.invalid("size_bytes", "is not a positive whole number"))?;
    if !is_mime_type(&content_type) {
        let reason = format!("`{content_type}` is not a type such as `image/png`");
        return Err(invocation.refusal(&errors::UNSUPPORTED_MIME_TYPE).because(reason));
    }
    if size > LARGEST as u64 {
        let reason = format!("`size_bytes` is {size}; standin keeps files of up to {LARGEST} bytes");
        return Err(invocation.refusal(&errors::ATTACHMENT_TOO_LARGE).because(reason));
    }
    if invocation.tenant.attachments.len() >= MOST {
        let reason = format!("a tenant has at most {MOST} attachments");
        return Err(invocation.refusal(&errors::ACCOUNT_LIMIT_REACHED).because(reason));
    }
    invocation.passed_up_to_lookup(exchange)?;

    let now = exchange.stopwatch.now();
    let mut fresh = invocation.ids.fresh();
    let id = fresh.take(IdKind::Attachment);
    let expires_at = now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
    let secret = invocation.tenants.secret(invocation.tenant);
    let answer = json!({
        "attachment_id": id,
        "upload_url": format!("{}{BASE}/attachments/{}/upload", exchange.url, segment(&id)),
        "required_headers": {"authorization": format!("Bearer {secret}"), "content-type": content_type},
        "expires_at": seconds(expires_at),
    });
    let attachment = Attachment { filename, content_type, size, expires_at, content: None };
    let tenant = invocation.tenant.index;
    let change = Change::Attach(Box::new(Attaching { tenant, id, attachment, next: fresh.next }));
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
