//! What is wrong with what a fault does and with the patterns of its `match`, whatever it is aimed at.

use crate::fault::{Delay, Drawn, FaultSpec, Pattern, Wire};
use crate::scalar::{Findings, Path};

/// Adds every finding about the fault at `path`.
pub(super) fn check(fault: &FaultSpec, path: &Path, findings: &mut Findings) {
    if !fault.is_more_than_delay() && fault.delay.is_none() {
        let message = "this fault has no effect";
        findings.add(
            path.clone(),
            message,
            "add `error`, `reply`, `delay` or `wire`, or for events `deliver`",
        );
    }
    if fault.error.is_some() && fault.reply.is_some() {
        let message = "a fault gives an `error` of the service or a `reply` of its own, not both";
        findings.add(path.key("reply"), message, "remove one of the two");
    }
    let of_errors = [
        ("message", fault.message.is_some()),
        ("retry_after", fault.retry_after.is_some()),
        ("argument", fault.argument.is_some()),
    ];
    for (key, _) in of_errors.into_iter().filter(|(_, given)| *given && fault.error.is_none()) {
        let message = format!("`{key}` belongs to an `error`, and there is none");
        findings.add(path.key(key), message, "add `error: …`, or remove it");
    }
    reply(fault, path, findings);
    let headers = fault.match_headers.keys().filter(|name| !crate::fault::is_field_name(name));
    for name in headers {
        let message = format!("`{name}` is no name of a header field, so this fault can never fire");
        findings.add(path.key("match_headers").name(name), message, "write letters, digits and `-`");
    }
    delay(fault, path, findings);
    patterns(fault, path, findings);
}

/// Adds a finding about `applied` where the fault at `path`, which is aimed at calls, lets the change be made anyway.
pub(super) fn applied(fault: &FaultSpec, path: &Path, findings: &mut Findings) {
    if fault.is_applied() && !fault.fails() && fault.is_more_than_delay() | fault.delay.is_some() {
        let message = "the client gets the service's answer, so the change is made anyway";
        findings.add(
            path.key("applied"),
            message,
            "remove it, or add an `error`, a `reply` or a `wire` that fails",
        );
    }
}

fn reply(fault: &FaultSpec, path: &Path, findings: &mut Findings) {
    let Some(reply) = &fault.reply else { return };
    let here = path.key("reply");
    for (name, what, help) in reply.mistakes() {
        findings.add(here.key("headers").name(name), format!("`{name}` {what}"), help);
    }
    if matches!(reply.status, 204 | 304) && reply.body.as_ref().is_some_and(|body| !body.is_empty()) {
        let message = format!("an answer with status {} has no body", reply.status);
        findings.add(here.key("body"), message, "remove it, or choose another status");
    }
    let spoils_body = fault.wire.is_some_and(|wire| {
        use Wire::{InvalidUtf8, MalformedChunk, TruncateJson, WrongLength};
        matches!(wire, InvalidUtf8 | MalformedChunk | TruncateJson | WrongLength(_))
    });
    if spoils_body && (matches!(reply.status, 204 | 304) || reply.body.is_none()) {
        let message = "there is no body that this could spoil";
        findings.add(path.key("wire"), message, "give the `reply` a `body`, or choose another effect");
    }
}

fn delay(fault: &FaultSpec, path: &Path, findings: &mut Findings) {
    let here = path.key("delay");
    match fault.delay {
        Some(Delay::Drawn(Drawn::Uniform([from, to]))) if from > to => {
            let message = format!("there is no time from `{from}` to `{to}`");
            findings.add(here.key("uniform"), message, format!("write `uniform: [{to}, {from}]`"));
        }
        Some(Delay::Drawn(Drawn::Lognormal(curve))) if curve.p99 < curve.median => {
            let message = format!("the p99 `{}` is less than the median `{}`", curve.p99, curve.median);
            findings.add(here.key("lognormal").key("p99"), message, "make it the longer of the two");
        }
        _ => {}
    }
}

fn patterns(fault: &FaultSpec, path: &Path, findings: &mut Findings) {
    let of = |key: &str, name: &String, pattern| (path.key(key).key(name), pattern);
    let all = fault.matches.iter().map(|(name, pattern)| of("match", name, pattern));
    let all = all.chain(fault.match_headers.iter().map(|(name, pattern)| of("match_headers", name, pattern)));
    let all = all.chain(fault.match_credential.iter().map(|pattern| (path.key("match_credential"), pattern)));
    for (place, pattern) in all {
        if matches!(pattern, Pattern::Any(values) if values.is_empty()) {
            let message = "no value is in an empty list, so this fault can never fire";
            findings.add(place, message, "name at least one value");
        } else if let Err(why) = pattern.matcher() {
            let message = format!("this is no regular expression: {why}");
            findings.add(
                place.key("regex"),
                message,
                "write one as in Rust, Go or RE2: no look-around, no back references",
            );
        }
    }
}
