//! A result or a refusal → the reply: envelope, header fields, bytes.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use super::credentials::Caller;
use super::editions::Rules;
use super::errors::Refusal;
use super::parameters::Parameters;
use super::php;
use super::section::Envelope;
use super::time::Time;
use crate::http::Reply;

type Header = (Cow<'static, str>, Cow<'static, str>);

/// The members of an error, in the order of the wire.
#[derive(Serialize)]
pub struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    argument: Option<&'a str>,
}

impl<'a> ErrorBody<'a> {
    /// The body of `refusal`. A variant of a code in the catalogue is sent by the code's own name.
    pub fn new(refusal: &'a Refusal) -> Self {
        Self {
            error: refusal.code.code.split('.').next().unwrap_or_default(),
            error_description: &refusal.text,
            argument: refusal.argument.as_deref(),
        }
    }
}

/// A successful call, HTTP 200.
pub fn success(
    result: &[u8],
    time: &Time,
    envelope: Envelope,
    called: (&str, &Parameters),
    rules: &Rules,
    caller: &Caller,
) -> Reply {
    let mut body = Vec::with_capacity(320 + result.len());
    match envelope {
        Envelope::Wire => wire(result, time, &mut body),
        Envelope::Documented => {
            // The JavaScript client's own view of an exchange.
            body.extend_from_slice(b"{\"answer\":");
            wire(result, time, &mut body);
            body.extend_from_slice(b",\"query\":{\"method\":");
            body.extend_from_slice(&php::json(called.0));
            body.extend_from_slice(b",\"data\":");
            body.extend_from_slice(&php::json(called.1));
            body.extend_from_slice(b"},\"status\":200}");
        }
    }
    let mut headers = Vec::with_capacity(12);
    if rules.cloud_headers {
        headers.extend(CLOUD.iter().map(|&(name, value)| (name.into(), value.into())));
    }
    headers.extend(every_answer());
    if rules.cloud_headers {
        headers.extend(
            caller.client_id.iter().map(|id| ("x-bitrix-rest-application".into(), id.to_string().into())),
        );
        headers.push(REST_TIME);
        headers.push(("x-frame-options".into(), "SAMEORIGIN".into()));
    }
    Reply { status: 200, headers, body: body.into() }
}

/// What the server sends: result first, then time.
fn wire(result: &[u8], time: &Time, body: &mut Vec<u8>) {
    body.extend_from_slice(b"{\"result\":");
    body.extend_from_slice(result);
    body.extend_from_slice(b",\"time\":");
    time.write(body);
    body.push(b'}');
}

/// A refused call.
pub fn error(refusal: &Refusal, rules: &Rules) -> Reply {
    let mut headers = Vec::with_capacity(6);
    headers.extend(every_answer());
    if rules.cloud_headers {
        headers.push(REST_TIME);
    }
    headers.extend(refusal.retry_after.map(|seconds| ("retry-after".into(), seconds.to_string().into())));
    Reply { status: refusal.status, headers, body: php::json(&ErrorBody::new(refusal)).into() }
}

/// A pair of tokens from the authorization server, HTTP 200.
pub fn issued(body: Vec<u8>) -> Reply {
    Reply { status: 200, headers: every_answer().into(), body: body.into() }
}

/// A refusal of the authorization server.
pub fn not_issued(refusal: &Refusal) -> Reply {
    let mut headers = Vec::from(every_answer());
    headers.extend(refusal.retry_after.map(|seconds| ("retry-after".into(), seconds.to_string().into())));
    Reply { status: refusal.status, headers, body: php::json(&ErrorBody::new(refusal)).into() }
}

/// The REST 3.0 form of an unknown method.
pub fn version_3_not_found() -> Reply {
    let body = serde_json::json!({"error": {
        "code": "BITRIX_REST_V3_EXCEPTION_METHODNOTFOUNDEXCEPTION",
        "message": "Method not found!",
    }});
    Reply { status: 404, headers: every_answer().into(), body: php::json(&body).into() }
}

/// The answer to a browser's preflight: the header fields of every answer, no body.
pub fn preflight() -> Reply {
    Reply { status: 200, headers: every_answer().into(), body: Bytes::new() }
}

/// On every answer, errors too.
fn every_answer() -> [Header; 4] {
    [
        ("content-type".into(), "application/json; charset=utf-8".into()),
        ("access-control-allow-origin".into(), "*".into()),
        ("access-control-allow-headers".into(), "origin, content-type, accept".into()),
        ("x-content-type-options".into(), "nosniff".into()),
    ]
}

/// What the cloud adds to a success and what does not name a portal, a host or a visitor.
const CLOUD: &[(&str, &str)] = &[
    ("server", "nginx"),
    (
        "p3p",
        r#"policyref="/bitrix/p3p.xml", CP="NON DSP COR CUR ADM DEV PSA PSD OUR UNR BUS UNI COM NAV INT DEM STA""#,
    ),
    ("expires", "Thu, 19 Nov 1981 08:52:00 GMT"),
    ("cache-control", "no-store, no-cache, must-revalidate"),
    ("pragma", "no-cache"),
];

/// Processing in whole seconds with ten digits behind the point, as captures since late 2025 have it.
const REST_TIME: Header = (Cow::Borrowed("x-bitrix-rest-time"), Cow::Borrowed("0.0000000000"));
