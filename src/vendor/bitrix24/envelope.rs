//! A result or a refusal → the reply: envelope, header fields, bytes.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::credentials::Caller;
use super::editions::Rules;
use super::errors::Refusal;
use super::parameters::Parameters;
use super::php;
use super::section::Envelope;
use super::time::Time;
use crate::http::Reply;

type Header = (&'static str, Cow<'static, str>);

/// What the server sends: result first, then time.
#[derive(Serialize)]
struct Wire<'a> {
    result: &'a Value,
    time: &'a Time,
}

/// What the page prints: the JavaScript client's own view of an exchange.
#[derive(Serialize)]
struct Dump<'a> {
    answer: Wire<'a>,
    query: Query<'a>,
    status: u16,
}

#[derive(Serialize)]
struct Query<'a> {
    method: &'a str,
    data: &'a Parameters,
}

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
    result: &Value,
    time: &Time,
    envelope: Envelope,
    called: (&str, &Parameters),
    rules: &Rules,
    caller: &Caller,
) -> Reply {
    let wire = Wire { result, time };
    let body = match envelope {
        Envelope::Wire => php::json(&wire),
        Envelope::Documented => {
            php::json(&Dump { answer: wire, query: Query { method: called.0, data: called.1 }, status: 200 })
        }
    };
    let mut headers = Vec::with_capacity(12);
    if rules.cloud_headers {
        headers.extend(CLOUD.iter().map(|&(name, value)| (name, value.into())));
    }
    headers.extend(every_answer());
    if rules.cloud_headers {
        headers.extend(caller.client_id.iter().map(|id| ("x-bitrix-rest-application", id.to_string().into())));
        headers.push(REST_TIME);
        headers.push(("x-frame-options", "SAMEORIGIN".into()));
    }
    Reply { status: 200, headers, body: body.into() }
}

/// A refused call.
pub fn error(refusal: &Refusal, rules: &Rules) -> Reply {
    let mut headers = Vec::with_capacity(6);
    headers.extend(every_answer());
    if rules.cloud_headers {
        headers.push(REST_TIME);
    }
    headers.extend(refusal.retry_after.map(|seconds| ("retry-after", seconds.to_string().into())));
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
        ("content-type", "application/json; charset=utf-8".into()),
        ("access-control-allow-origin", "*".into()),
        ("access-control-allow-headers", "origin, content-type, accept".into()),
        ("x-content-type-options", "nosniff".into()),
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
const REST_TIME: Header = ("x-bitrix-rest-time", Cow::Borrowed("0.0000000000"));
