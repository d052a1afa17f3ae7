//! Rules of conduct for clients of Chert. Each rule has a file of its own.

mod acts_on_forged;
mod acts_twice;
mod backoff;
mod body_after_signing;
mod early_retry;
mod late_answer;
mod loses_by_4xx;
mod repeated_refusal;
mod signature_alone;
mod signature_twice;
mod stale_accepted;

use serde_json::Value;

use crate::emulator::conduct::{Rule, Seen};

/// Every rule.
pub static RULES: &[&Rule] = &[
    &repeated_refusal::RULE,
    &early_retry::RULE,
    &backoff::RULE,
    &signature_twice::RULE,
    &signature_alone::RULE,
    &body_after_signing::RULE,
    &acts_on_forged::RULE,
    &stale_accepted::RULE,
    &acts_twice::RULE,
    &loses_by_4xx::RULE,
    &late_answer::RULE,
];

/// A member of the `error` object of an answer; `None` when there is none or the client did not get it intact.
fn error_member(seen: &Seen<'_>, name: &str) -> Option<Value> {
    if seen.error.is_none() || seen.is_spoilt {
        return None;
    }
    let body: Value = serde_json::from_slice(&seen.reply.body).ok()?;
    body.get("error").and_then(|error| error.get(name)).or_else(|| body.get(name)).cloned()
}
