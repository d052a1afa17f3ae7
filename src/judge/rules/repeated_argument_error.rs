//! `bitrix24.repeated-argument-error`: the same call again after an error about its arguments.

use jiff::Timestamp;

use super::{Breach, Recent, Rule, Seen, Severity, Watcher, can_have_read, fingerprint};

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.repeated-argument-error",
    severity: Severity::Error,
    summary: "a call that was refused for its arguments is not made again as it was",
    source: "apidocs.bitrix24.com, error handling",
    watch: || Box::new(RepeatedArgumentError::default()),
};

/// Errors that the same arguments always give.
const OF_ARGUMENTS: [&str; 5] = [
    "ERROR_ARGUMENT",
    "IMCONNECTOR_NO_CORRECT_PROVIDER",
    "ERROR_METHOD_NOT_FOUND",
    "ERROR_BATCH_LENGTH_EXCEEDED",
    "invalid_request",
];

#[derive(Default)]
struct RepeatedArgumentError {
    refused: Recent<(u64, &'static str, (Timestamp, Timestamp))>,
}

impl Watcher for RepeatedArgumentError {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if seen.vendor != "bitrix24" {
            return None;
        }
        let request = fingerprint(seen);
        let earlier = self.refused.take(request);
        if let Some(code) = seen.error.filter(|code| OF_ARGUMENTS.contains(code) && !seen.is_spoilt) {
            self.refused.put(request, (seen.number, code, (seen.wall, seen.at)));
        }
        earlier.filter(|(_, _, then)| can_have_read(*then, seen)).map(|(number, code, _)| {
            Breach::after(number, seen, format!("it was refused with {code}, and made again as it was"))
        })
    }
}
