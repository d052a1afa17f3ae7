//! A result or a refusal → the reply: status, header fields, body.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::caller::Caller;
use super::editions::Rules;
use super::parameters::Parameters;
use super::php;
use super::refusal::{Reached, Refusal};
use super::section::Envelope;
use super::time::Time;
use crate::http::{Field, Fields, Reply, field};
use crate::scalar::Text;

/// The body of an error; its members are in the order in which they are sent.
#[derive(Serialize)]
pub struct ErrorBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<bool>,
    error: &'a str,
    error_description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    argument: Option<&'a str>,
}

impl<'a> ErrorBody<'a> {
    /// The body of `refusal`. Of a catalogue code with a dot, such as `ACCESS_DENIED.rights`, only the part before the
    /// dot is sent.
    pub fn new(refusal: &'a Refusal) -> Self {
        Self {
            result: refusal.is_result().then_some(false),
            error: refusal.code.code.split('.').next().unwrap_or_default(),
            error_description: &refusal.text,
            argument: refusal.argument.as_deref(),
        }
    }
}

/// The reply to a call that succeeded: status 200.
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
            // The page prints what the vendor's JavaScript client shows of an exchange.
            body.extend_from_slice(b"{\"answer\":");
            wire(result, time, &mut body);
            body.extend_from_slice(b",\"query\":{\"method\":");
            body.extend_from_slice(&php::json(called.0));
            body.extend_from_slice(b",\"data\":");
            body.extend_from_slice(&php::json(called.1));
            body.extend_from_slice(b"},\"status\":200}");
        }
    }
    let application = caller.client_id.as_ref();
    let headers = match application {
        _ if !rules.cloud_headers => Fields::common(every_answer()),
        // Fast path: nearly every call takes no whole second.
        None if time.processing() == 0.0 => Fields::common(&FIELDS),
        _ => {
            let (before, behind) = FIELDS.split_at(BEFORE_APPLICATION);
            let mut fields = Fields::with_own(before, of_method(application, time.processing()));
            fields.extend(behind[1..].iter().cloned());
            fields
        }
    };
    Reply { status: 200, headers, body: body.into() }
}

/// Appends the body that the server sends: the result, then the time.
fn wire(result: &[u8], time: &Time, body: &mut Vec<u8>) {
    body.extend_from_slice(b"{\"result\":");
    body.extend_from_slice(result);
    body.extend_from_slice(b",\"time\":");
    time.write(body);
    body.push(b'}');
}

/// The reply to a call that was refused and began at `start`. `application` is the `client_id` of a caller who is known.
pub fn error(refusal: &Refusal, rules: &Rules, start: Timestamp, application: Option<&Text>) -> Reply {
    let mut headers = Fields::common(every_answer());
    if rules.cloud_headers {
        // The server subtracts the start of the method from its end. An error in the method leaves the end at zero.
        let time = if refusal.reached == Reached::Method { 0.0 - start.as_second() as f64 } else { 0.0 };
        headers.extend(of_method(application, time));
    }
    refused(headers, refusal)
}

/// The header fields that tell which application called, and how many seconds its method took.
fn of_method(application: Option<&Text>, seconds: f64) -> Vec<Field> {
    let application = application.map(|id| ("x-bitrix-rest-application".into(), id.to_string().into()));
    // Fast path: whole seconds need no rounding.
    let text = match seconds.fract() == 0.0 {
        true => format!("{}.0000000000", seconds as i64),
        false => format!("{seconds:.10}"),
    };
    let time = ("x-bitrix-rest-time".into(), text.into());
    application.into_iter().chain([time]).collect()
}

/// The reply to a refused request, with these header fields.
fn refused(mut headers: Fields, refusal: &Refusal) -> Reply {
    headers.extend(refusal.retry_after.map(|seconds| ("retry-after".into(), seconds.to_string().into())));
    Reply { status: refusal.status, headers, body: php::json(&ErrorBody::new(refusal)).into() }
}

/// The reply of the token endpoint with a new pair of tokens: status 200.
pub fn issued(body: Vec<u8>) -> Reply {
    Reply { status: 200, headers: Fields::common(every_answer()), body: body.into() }
}

/// The reply of the token endpoint to a refused request.
pub fn not_issued(refusal: &Refusal) -> Reply {
    refused(Fields::common(every_answer()), refusal)
}

/// The reply of REST 3.0 to a call of an unknown method.
pub fn version_3_not_found() -> Reply {
    let body = serde_json::json!({"error": {
        "code": "BITRIX_REST_V3_EXCEPTION_METHODNOTFOUNDEXCEPTION",
        "message": "Method not found!",
    }});
    Reply { status: 404, headers: Fields::common(every_answer()), body: php::json(&body).into() }
}

/// The reply to a browser's preflight request: the header fields of every reply, no body.
pub fn preflight() -> Reply {
    Reply { status: 200, headers: Fields::common(every_answer()), body: Bytes::new() }
}

/// The header fields that the cloud sends with a success, in its order, without those that name a portal, a host or a
/// visitor. Other replies carry a part of this list.
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
    // The time of a call that takes less than a second; see `of_method`.
    field("x-bitrix-rest-time", "0.0000000000"),
    field("x-frame-options", "SAMEORIGIN"),
];

/// Index of the first field that is on every reply, errors included.
const BARE: usize = 5;

/// Index after the last such field; the fields of `of_method` come here.
const BEFORE_APPLICATION: usize = 9;

/// The header fields of every reply, errors included.
pub fn every_answer() -> &'static [Field] {
    &FIELDS[BARE..BEFORE_APPLICATION]
}

/// The header fields of every success of a method of the cloud. The value of `x-bitrix-rest-time` is that of a fast call.
pub fn fields_of_success() -> &'static [Field] {
    &FIELDS
}

/// The header fields of every error of a method of the cloud. The value of `x-bitrix-rest-time` is that of a fast call.
pub fn fields_of_error() -> &'static [Field] {
    &FIELDS[BARE..=BEFORE_APPLICATION]
}
