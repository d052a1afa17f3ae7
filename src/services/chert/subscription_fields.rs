//! The body of a call that makes or changes a subscription → the values of its fields.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use super::errors::{self, Refusal, own};
use super::events;
use super::icon::is_https;
use super::invocation::Invocation;
use super::subscriptions::{DEV_INBOX, SubscriptionChange, Target};
use crate::emulator::{Exchange, Gives, Parameter, Place, ValueType, gives};
use crate::http::{Given, Members};
use crate::scalar::nearest;

/// The errors of both calls.
pub static ERRORS: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: url")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: url")),
];

/// `events` of both calls.
pub const EVENTS: Parameter =
    Parameter::new("events", "exact names of the events; all when it is empty or not given")
        .at(Place::Body)
        .of(ValueType::ListOrMapping)
        .optional();

/// `version` of both calls.
pub const VERSION: Parameter = Parameter::new("version", "version of the events").at(Place::Body).optional();

/// The length of the longest URL that is kept, in bytes.
const LONGEST_URL: usize = 2_000;

/// How many names of events a subscription may have, and how long each may be.
const MOST_EVENTS: usize = 100;

/// The fields that a body gives.
///
/// # Errors
/// `1002` when one is not valid.
pub fn fields(
    invocation: &Invocation<'_>,
    body: &Members,
    exchange: &mut Exchange<'_>,
) -> Result<SubscriptionChange, Refusal> {
    let wrong = |name: &str, why: &str| invocation.invalid(name, why);
    let target = body.get("url").map(|url| {
        let url = url.as_str().ok_or_else(|| wrong("url", "is not a text"))?;
        let remark = is_handler(url, invocation.webhooks.is_strict).map_err(|why| wrong("url", why))?;
        remark.into_iter().for_each(|remark| exchange.checkpoint.remark(Cow::Borrowed(remark)));
        Ok(Target::of(url))
    });
    let events = body.json("events").map(|events| {
        let names = names_of(events)
            .ok_or_else(|| wrong("events", &format!("is not a list of at most {MOST_EVENTS} short texts")))?;
        for name in names.iter().filter(|name| events::named(name).is_none()) {
            let all = || events::EVENTS.iter().map(|kind| kind.name);
            let meant = nearest(name, all()).map(|near| format!(": did you mean `{near}`?"));
            let remark = format!("no event is called `{name}`{}", meant.unwrap_or_default());
            exchange.checkpoint.remark(remark.into());
        }
        Ok(names)
    });
    let version = body.get("version").map(|version| {
        let version = version.as_str().filter(|version| !version.is_empty() && version.len() <= 100);
        version.map(str::to_owned).ok_or_else(|| wrong("version", "is not a short text"))
    });
    let flag = ["is_active", "active"].into_iter().find_map(|name| Some((name, body.get(name)?)));
    let is_active = flag.map(|(name, flag)| match flag {
        Given::Flag(flag) => Ok(flag),
        _ => Err(wrong(name, "is neither true nor false")),
    });
    Ok(SubscriptionChange {
        target: target.transpose()?,
        events: events.transpose()?,
        version: version.transpose()?,
        is_active: is_active.transpose()?,
    })
}

fn names_of(events: &Value) -> Option<Vec<String>> {
    let names = events.as_array()?;
    let names = names.iter().map(|name| name.as_str().filter(|name| name.len() <= 100).map(str::to_owned));
    names.collect::<Option<Vec<_>>>().filter(|names| names.len() <= MOST_EVENTS)
}

/// Whether events can be sent to this URL: `Ok` with a remark when only standin allows it.
///
/// # Errors
/// Why they cannot, in words.
pub fn is_handler(url: &str, is_strict: bool) -> Result<Option<&'static str>, &'static str> {
    if url == DEV_INBOX {
        return Ok(None);
    }
    if url.len() > LONGEST_URL {
        return Err("is longer than 2,000 bytes");
    }
    if !url.contains("://") {
        return Err("begins neither with `https://` nor with `http://`");
    }
    let plain = url.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://")).and(url.get(7..));
    let as_https = plain.map(|rest| format!("https://{rest}"));
    let https = as_https.as_deref().unwrap_or(url);
    if !is_https(https) {
        return Err("is not an https URL");
    }
    if host(https) == "dev-inbox" {
        return Err("is not the URL of the dev inbox, which is `https://dev-inbox`, letter by letter");
    }
    match (plain.is_some(), is_local(https), is_strict) {
        (false, false, _) => Ok(None),
        (true, _, true) => Err("is not an https URL, which `webhooks: {strict: true}` demands"),
        (false, true, true) => {
            Err("leads to this machine or a private network, which `webhooks: {strict: true}` forbids")
        }
        (true, _, false) => Ok(Some(
            "the service wants an https URL that the internet reaches; `webhooks: {strict: true}` refuses this one",
        )),
        (false, true, false) => Ok(Some(
            "the service wants a URL that the internet reaches; `webhooks: {strict: true}` refuses this one",
        )),
    }
}

/// The host of an https URL.
fn host(url: &str) -> String {
    let authority = url[8..].split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    let host = match place.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether the host of an https URL is this machine or in a private network.
fn is_local(url: &str) -> bool {
    let host = host(url);
    let is_near = |address: Ipv4Addr| {
        address.is_loopback() || address.is_private() || address.is_unspecified() || address.is_link_local()
    };
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => is_near(address),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.to_ipv4_mapped().is_some_and(is_near)
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_is_what_the_service_wants() {
        for (url, lenient, strict) in [
            ("https://your-app.example/hooks", Some(false), true),
            ("https://dev-inbox", Some(false), true),
            ("http://your-app.example/hooks", Some(true), false),
            ("HTTP://127.0.0.1:3000/hooks", Some(true), false),
            ("https://127.0.0.1/", Some(true), false),
            ("https://localhost:8443/", Some(true), false),
            ("https://user@LOCALHOST./", Some(true), false),
            ("https://[::1]/", Some(true), false),
            ("https://[::ffff:10.0.0.1]/", Some(true), false),
            ("https://192.168.1.2/", Some(true), false),
            ("https://192.169.1.2/", Some(false), true),
            ("https://localhost.example/", Some(false), true),
            ("http://dev-inbox", None, false),
            ("https://dev-inbox/", None, false),
            ("https://DEV-INBOX", None, false),
            ("dev-inbox", None, false),
            ("https://dev-inbox.example/", Some(false), true),
            ("ftp://your-app.example/", None, false),
            ("your-app.example", None, false),
            ("https://", None, false),
            ("http://", None, false),
            ("", None, false),
        ] {
            assert_eq!(is_handler(url, false).ok().map(|remark| remark.is_some()), lenient, "{url}");
            assert_eq!(is_handler(url, true).is_ok(), strict, "{url}");
        }
        assert!(is_handler(&format!("https://a.example/{}", "x".repeat(2_000)), false).is_err());
    }
}
