//! `chert.repeated-refusal`: the same request again after an answer that says that this is no use.

use jiff::Timestamp;
use serde_json::Value;

use super::{Breach, Recent, Rule, Seen, Severity, Watcher, can_have_read, error_member, fingerprint};

pub(super) static RULE: Rule = Rule {
    name: "chert.repeated-refusal",
    severity: Severity::Error,
    summary: "what was answered with `retryable: false` is not sent again",
    source: "docs.trychert.com, errors: retryable",
    watch: || Box::new(RepeatedRefusal::default()),
};

/// What is wrong with credentials can be mended by signing anew, which the rest of the request does not show.
const MENDED_BY_SIGNING: [&str; 3] = ["2004", "2012", "2013"];

#[derive(Default)]
struct RepeatedRefusal {
    refused: Recent<(u64, &'static str, (Timestamp, Timestamp))>,
}

impl Watcher for RepeatedRefusal {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if seen.vendor != "chert" {
            return None;
        }
        let request = fingerprint(seen);
        let earlier = self.refused.take(request);
        let code = seen.error.filter(|code| !MENDED_BY_SIGNING.contains(code));
        if let Some(code) = code.filter(|_| error_member(seen, "retryable") == Some(Value::Bool(false))) {
            self.refused.put(request, (seen.number, code, (seen.wall, seen.at)));
        }
        earlier.filter(|(_, _, then)| can_have_read(*then, seen)).map(|(number, code, _)| {
            Breach::after(
                number,
                seen,
                format!("it was refused with {code}, `retryable: false`, and sent again"),
            )
        })
    }
}
