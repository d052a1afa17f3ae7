//! A result or a refusal → the reply: status, header fields, body.

use bytes::Bytes;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_effects: Option<&'static [&'static str]>,
}

/// The answer to a `/send` that failed.
#[derive(Serialize)]
struct Flat<'a> {
    status: &'static str,
    error: Error<'a>,
}

/// The effects of a message: those that Apple's program offers. The vendor's list is not known.
pub const EFFECTS: &[&str] = &[
    "slam",
    "loud",
    "gentle",
    "invisible_ink",
    "echo",
    "spotlight",
    "balloons",
    "confetti",
    "love",
    "lasers",
    "fireworks",
    "celebration",
];

/// The reply to a request that succeeded: `body` as it is, with neither `success` nor `trace_id` in it. A content type
/// among its own fields replaces that of JSON.
pub fn success(status: u16, own: Vec<Field>, body: Bytes, trace: String) -> Reply {
    let is_json = own.iter().all(|(name, _)| name != "content-type");
    let mut headers = if is_json { headers(trace) } else { Fields::from(vec![trace_id(trace)]) };
    own.into_iter().for_each(|field| headers.push(field));
    Reply { status, headers, body }
}

/// The reply to a refused request. `retry_after` is sent both in the body and as a header field.
pub fn error(refusal: &Refusal, trace: &str) -> Reply {
    let envelope = Envelope { success: false, error: error_of(refusal), trace_id: trace };
    refused(refusal, serde_json::to_vec(&envelope), trace)
}

/// The reply to a `/send` that failed, which has a form of its own.
pub fn flat_error(refusal: &Refusal, trace: &str) -> Reply {
    let flat = Flat { status: "failed", error: error_of(refusal) };
    refused(refusal, serde_json::to_vec(&flat), trace)
}

fn error_of(refusal: &Refusal) -> Error<'_> {
    let has_effects = refusal.code.members.contains(&"allowed_effects");
    Error {
        status: refusal.status,
        code: refusal.code.code.parse().unwrap_or_default(),
        message: &refusal.text,
        retryable: refusal.code.retryable,
        retry_after: refusal.retry_after,
        attachment_index: refusal.attachment_index,
        allowed_effects: has_effects.then_some(EFFECTS),
    }
}

fn refused(refusal: &Refusal, body: serde_json::Result<Vec<u8>>, trace: &str) -> Reply {
    let mut headers = headers(trace.to_owned());
    headers.extend(refusal.retry_after.map(|seconds| ("retry-after".into(), seconds.to_string().into())));
    let body = body.expect("an envelope is plain members");
    Reply { status: refusal.status, headers, body: body.into() }
}

/// The head of a stream of events.
pub fn stream(status: u16, own: Vec<Field>, trace: String) -> Reply {
    static EVENTS: [Field; 2] =
        [field("content-type", "text/event-stream"), field("cache-control", "no-cache")];
    let mut headers = Fields::with_own(&EVENTS, vec![("x-trace-id".into(), trace.into())]);
    own.into_iter().for_each(|field| headers.push(field));
    Reply { status, headers, body: Bytes::new() }
}

/// The body of a replay that has failed. It is flat.
#[derive(Serialize)]
struct ReplayFailed<'a> {
    ok: bool,
    error: &'a str,
    downstream_status: Option<u16>,
    code: u16,
    message: &'a str,
    retryable: bool,
    trace_id: &'a str,
}

/// The reply to a replay that has failed for the reason `why`: the handler answered with this status, or not at all.
pub fn replay_failed(refusal: &Refusal, why: &str, downstream_status: Option<u16>, trace: &str) -> Reply {
    let body = ReplayFailed {
        ok: false,
        error: why,
        downstream_status,
        code: refusal.code.code.parse().unwrap_or_default(),
        message: &refusal.text,
        retryable: refusal.code.retryable,
        trace_id: trace,
    };
    let body = serde_json::to_vec(&body).expect("an envelope is plain members");
    Reply { status: refusal.status, headers: headers(trace.to_owned()), body: body.into() }
}

fn headers(trace: String) -> Fields {
    static JSON: [Field; 1] = [field("content-type", "application/json")];
    Fields::with_own(&JSON, vec![trace_id(trace)])
}

fn trace_id(trace: String) -> Field {
    ("x-trace-id".into(), trace.into())
}
