//! A result or a refusal → the reply: envelope, header fields, bytes.

use bytes::Bytes;
use serde::Serialize;

use super::credentials::Caller;
use super::editions::Rules;
use super::parameters::Parameters;
use super::php;
use super::refusal::Refusal;
use super::section::Envelope;
use super::time::Time;
use crate::http::{Field, Fields, Reply, field};

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
    let headers = match &caller.client_id {
        _ if !rules.cloud_headers => Fields::common(every_answer()),
        None => Fields::common(&FIELDS),
        Some(id) => {
            let (before, behind) = FIELDS.split_at(BEFORE_APPLICATION);
            let application = ("x-bitrix-rest-application".into(), id.to_string().into());
            Fields::with_own(before, [&[application], behind].concat())
        }
    };
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
    let headers = refused(
        if rules.cloud_headers { &FIELDS[BARE..=BEFORE_APPLICATION] } else { every_answer() },
        refusal,
    );
    Reply { status: refusal.status, headers, body: php::json(&ErrorBody::new(refusal)).into() }
}

/// The fields of a refusal.
fn refused(common: &'static [Field], refusal: &Refusal) -> Fields {
    let mut fields = Fields::common(common);
    fields.extend(refusal.retry_after.map(|seconds| ("retry-after".into(), seconds.to_string().into())));
    fields
}

/// A pair of tokens from the authorization server, HTTP 200.
pub fn issued(body: Vec<u8>) -> Reply {
    Reply { status: 200, headers: Fields::common(every_answer()), body: body.into() }
}

/// A refusal of the authorization server.
pub fn not_issued(refusal: &Refusal) -> Reply {
    let headers = refused(every_answer(), refusal);
    Reply { status: refusal.status, headers, body: php::json(&ErrorBody::new(refusal)).into() }
}

/// The REST 3.0 form of an unknown method.
pub fn version_3_not_found() -> Reply {
    let body = serde_json::json!({"error": {
        "code": "BITRIX_REST_V3_EXCEPTION_METHODNOTFOUNDEXCEPTION",
        "message": "Method not found!",
    }});
    Reply { status: 404, headers: Fields::common(every_answer()), body: php::json(&body).into() }
}

/// The answer to a browser's preflight: the header fields of every answer, no body.
pub fn preflight() -> Reply {
    Reply { status: 200, headers: Fields::common(every_answer()), body: Bytes::new() }
}

/// What the cloud sends with a success, in its order, and what does not name a portal, a host or a visitor. Other
/// answers carry a part of the list.
static FIELDS: [Field; 11] = [
    field("server", "nginx"),
    field(
        "p3p",
        r#"policyref="/bitrix/p3p.xml", CP="NON DSP COR CUR ADM DEV PSA PSD OUR UNR BUS UNI COM NAV INT DEM STA""#,
    ),
    field("expires", "Thu, 19 Nov 1981 08:52:00 GMT"),
    field("cache-control", "no-store, no-cache, must-revalidate"),
    field("pragma", "no-cache"),
    field("content-type", "application/json; charset=utf-8"),
    field("access-control-allow-origin", "*"),
    field("access-control-allow-headers", "origin, content-type, accept"),
    field("x-content-type-options", "nosniff"),
    // Processing in whole seconds with ten digits behind the point, as captures since late 2025 have it.
    field("x-bitrix-rest-time", "0.0000000000"),
    field("x-frame-options", "SAMEORIGIN"),
];

/// Where the fields begin that are on every answer, errors too.
const BARE: usize = 5;

/// Where these end, and an application is named.
const BEFORE_APPLICATION: usize = 9;

fn every_answer() -> &'static [Field] {
    &FIELDS[BARE..BEFORE_APPLICATION]
}
