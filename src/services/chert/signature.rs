//! Header fields of a request → the tenant that calls, or the error.

use hmac::Mac;
use jiff::Timestamp;

use super::errors::{self, Refusal};
use super::secret::Secret;
use super::spellings::spellings;
use super::tenants::{Tenant, Tenants};
use crate::basics::Stopwatch;
use crate::emulator::some_of;
use crate::http::Request;

/// How far a signature's time may differ from the clock, in seconds, in either direction.
const WINDOW: u64 = 300;

/// The value of `x-chert-signature`: `v1,<unix seconds>,<hex of HMAC-SHA256 over <unix seconds>.<body>>`.
pub fn sign(secret: &str, seconds: i64, body: &[u8]) -> String {
    let digest = Secret::new(secret.to_owned()).mac(&seconds.to_string(), body).finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v1,{seconds},{hex}")
}

/// The tenant that sent the request. If there is a signature, it alone decides: a valid token does not make up for an
/// invalid signature.
///
/// # Errors
/// The refusal, with the reason for the journal: the vendor's answer does not say what was wrong.
pub fn caller<'a>(
    tenants: &'a Tenants,
    request: &Request,
    stopwatch: &Stopwatch,
) -> Result<&'a Tenant, Refusal> {
    let slug = request.headers.text("x-chert-tenant").map(str::trim_ascii).filter(|slug| !slug.is_empty());
    match (request.headers.get("x-chert-signature"), request.headers.get("authorization")) {
        (Some(signature), _) => by_signature(tenants, slug, signature, request, stopwatch),
        (None, Some(authorization)) => by_token(tenants, slug, authorization),
        (None, None) => Err(Refusal::new(&errors::MISSING_AUTHENTICATION)
            .because("neither x-chert-signature nor authorization was sent")),
    }
}

fn by_signature<'a>(
    tenants: &'a Tenants,
    slug: Option<&str>,
    signature: &[u8],
    request: &Request,
    stopwatch: &Stopwatch,
) -> Result<&'a Tenant, Refusal> {
    let invalid = |why: &'static str| Refusal::new(&errors::INVALID_AUTHENTICATION).because(why);
    let slug = slug.ok_or_else(|| invalid("x-chert-signature was sent without x-chert-tenant"))?;
    let (seconds, digest) = parse(signature)
        .ok_or_else(|| invalid("x-chert-signature is not `v1,<unix seconds>,<64 lower-case hex digits>`"))?;
    let sent: i64 =
        seconds.parse().map_err(|_| invalid("the time in x-chert-signature is not a number of seconds"))?;
    if stopwatch.now().as_second().abs_diff(sent) > WINDOW {
        return Err(Refusal::new(&errors::TIMESTAMP_OUTSIDE_WINDOW).because(why_outside(sent, stopwatch)));
    }
    let (tenant, secret) = named(tenants, slug)?;
    // The client signs the time as it spells it, so the spelling that was sent is checked.
    match secret.mac(seconds, signed_body(request)).verify_slice(&digest) {
        Ok(()) => Ok(tenant),
        Err(_) if is_serialised_again(secret, seconds, request.body(), &digest) => {
            Err(invalid(SERIALISED_AGAIN))
        }
        Err(_) => {
            Err(invalid("the digest in x-chert-signature does not fit this body and the tenant's secret"))
        }
    }
}

/// The remark when a signature fits another spelling of the body.
pub const SERIALISED_AGAIN: &str =
    "the signature fits the same JSON in another layout: the body was serialised again after signing";

/// Whether the digest fits the body as another common serialiser writes it.
fn is_serialised_again(secret: &Secret, seconds: &str, body: &[u8], digest: &[u8; 32]) -> bool {
    spellings(body).iter().any(|text| text != body && secret.mac(seconds, text).verify_slice(digest).is_ok())
}

fn by_token<'a>(
    tenants: &'a Tenants,
    slug: Option<&str>,
    authorization: &[u8],
) -> Result<&'a Tenant, Refusal> {
    let invalid = |why: &'static str| Refusal::new(&errors::INVALID_AUTHENTICATION).because(why);
    let text = std::str::from_utf8(authorization).unwrap_or_default().trim_ascii();
    let (scheme, token) = text.split_at(text.bytes().position(|byte| byte == b' ').unwrap_or(text.len()));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(invalid("authorization is not a bearer token, and no x-chert-signature was sent"));
    }
    let token = token.trim_ascii();
    let tenant = match slug {
        Some(slug) => {
            let (tenant, secret) = named(tenants, slug)?;
            Some(tenant).filter(|_| secret.is(token))
        }
        None => tenants.by_secret(|secret| secret.is(token)),
    };
    match tenant {
        None => Err(invalid(
            "the bearer token is not the secret of any tenant, or not that of the tenant in x-chert-tenant",
        )),
        Some(tenant) if tenant.multi_tenant && slug.is_none() => {
            Err(invalid("the tenant has `multi_tenant: true`, so a bearer token needs x-chert-tenant"))
        }
        Some(tenant) => Ok(tenant),
    }
}

fn named<'a>(tenants: &'a Tenants, slug: &str) -> Result<(&'a Tenant, &'a Secret), Refusal> {
    tenants.by_slug(slug).ok_or_else(|| {
        let known = some_of(tenants.all().iter().map(|tenant| tenant.original.as_str()));
        let reason = format!("the scenario has no tenant `{slug}`; its tenants: {known}");
        Refusal::new(&errors::TENANT_NOT_FOUND).because(reason)
    })
}

/// Why the time of a signature is outside the window.
fn why_outside(sent: i64, stopwatch: &Stopwatch) -> String {
    // No clock in use shows a time after the year 5000, but milliseconds read as seconds do.
    if sent > 100_000_000_000 {
        return "the time in x-chert-signature is too large for seconds: it may be in milliseconds"
            .to_owned();
    }
    let sent = Timestamp::from_second(sent).map_or_else(|_| format!("{sent} s"), |sent| sent.to_string());
    let now = stopwatch.now();
    let differ = format!(
        "the signature is of {sent}, and the scenario's clock shows {now}; they may differ by {WINDOW} s"
    );
    match stopwatch.is_virtual() {
        true => format!(
            "{differ}; the clock is virtual: sign with its time, or start it at the machine's time with `clock: {{virtual: now}}`"
        ),
        false => differ,
    }
}

/// The bytes that are signed: the body for POST, PUT and PATCH, nothing for every other verb.
fn signed_body(request: &Request) -> &[u8] {
    match &*request.method {
        "POST" | "PUT" | "PATCH" => request.body(),
        _ => &[],
    }
}

/// The parts of `v1,<unix seconds>,<hex>`: the seconds as spelt and the digest as bytes; `None` if malformed.
fn parse(header: &[u8]) -> Option<(&str, [u8; 32])> {
    let parts = std::str::from_utf8(header).ok()?.trim_ascii().strip_prefix("v1,")?;
    let comma = parts.bytes().position(|byte| byte == b',')?;
    let (seconds, hex) = (&parts[..comma], &parts.as_bytes()[comma + 1..]);
    let is_number = seconds.strip_prefix('-').unwrap_or(seconds).bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || !is_number || hex.len() != 64 || !is_hex(hex) {
        return None;
    }
    let nibble = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(hex.as_chunks::<2>().0) {
        *byte = nibble(pair[0]) << 4 | nibble(pair[1]);
    }
    Some((seconds, digest))
}

/// Whether all bytes are lower-case hex digits; the vendor shows no upper case. Does not stop at the first mismatch, so
/// that the compiler can vectorize the loop.
fn is_hex(digits: &[u8]) -> bool {
    digits.iter().fold(true, |all, digit| all & matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// The tenant's slug as sent, or else the bearer token; `None` when neither was sent.
pub fn credential(request: &Request) -> Option<String> {
    let text = |name| request.headers.text(name).map(str::trim).filter(|text| !text.is_empty());
    let token = || text("authorization")?.split_once(' ').map(|(_, token)| token.trim());
    text("x-chert-tenant").or_else(token).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_openssl_makes_of_it() {
        // printf '%s' '1732110908.{"display_name":"Launch"}' | openssl dgst -sha256 -hmac 5f4dcc3b5aa765d61d8327deb882cf99
        let signature =
            sign("5f4dcc3b5aa765d61d8327deb882cf99", 1_732_110_908, br#"{"display_name":"Launch"}"#);
        assert_eq!(
            signature,
            "v1,1732110908,125bc3623ef27adf290822819f5e757320cf84af8b06a4cfe909ce6ca5115562"
        );
    }

    #[test]
    fn a_secret_is_its_own_text_and_no_other() {
        let secret = Secret::new("s3cret".to_owned());
        assert!(secret.is("s3cret"));
        assert!(!["", "s3cre", "s3creT", "s3cret "].into_iter().any(|token| secret.is(token)));
    }

    #[test]
    fn the_header_has_one_form() {
        let hex = "0".repeat(64);
        assert!(parse(format!("v1,17,{hex}").as_bytes()).is_some());
        for header in [
            String::new(),
            "v1".to_owned(),
            format!("v2,17,{hex}"),
            format!("v1,{hex}"),
            format!("v1,17,{hex},"),
            format!("v1,17.5,{hex}"),
            format!("v1,,{hex}"),
            format!("v1,17,{}", "A".repeat(64)),
            format!("v1,17,{}", "0".repeat(63)),
            format!("v1,17,{}é", "0".repeat(62)),
            format!("v1,17,{}g", "0".repeat(63)),
            format!("v1,-,1{hex}"),
            format!("v1;17,{hex}"),
        ] {
            assert_eq!(parse(header.as_bytes()), None, "{header}");
        }
    }
}
