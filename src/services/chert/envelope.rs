//! A result or a refusal → the reply: status, header fields, body.

use serde::Serialize;

use super::errors::Refusal;
use crate::http::{Field, Fields, Reply, field};

#[derive(Serialize)]
struct Envelope<'a> {
    success: bool,
    error: Error<'a>,
    trace_id: &'a str,
}

/// The members of `error`, in the order in which they are sent.
#[derive(Serialize)]
struct Error<'a> {
    status: u16,
    code: u16,
    message: &'a str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

/// The reply to a request that succeeded: `body` as it is, with neither `success` nor `trace_id` in it.
pub fn success(status: u16, own: Vec<Field>, body: Vec<u8>, trace: String) -> Reply {
    let mut headers = headers(trace);
    own.into_iter().for_each(|field| headers.push(field));
    Reply { status, headers, body: body.into() }
}

/// The reply to a refused request. `retry_after` is sent both in the body and as a header field.
pub fn error(refusal: &Refusal, trace: &str) -> Reply {
    let envelope = Envelope {
        success: false,
        error: Error {
            status: refusal.status,
            code: refusal.code.code.parse().unwrap_or_default(),
            message: &refusal.text,
            retryable: refusal.code.retryable,
            retry_after: refusal.retry_after,
        },
        trace_id: trace,
    };
    let body = serde_json::to_vec(&envelope).expect("an envelope is plain members");
    let mut headers = headers(trace.to_owned());
    headers.extend(refusal.retry_after.map(|seconds| ("retry-after".into(), seconds.to_string().into())));
    Reply { status: refusal.status, headers, body: body.into() }
}

fn headers(trace: String) -> Fields {
    static JSON: [Field; 1] = [field("content-type", "application/json")];
    Fields::with_own(&JSON, vec![("x-trace-id".into(), trace.into())])
}
