//! `chert.backoff`: retries whose pauses do not grow.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Breach, Recent, Rule, Seen, Severity, Watcher, error_member, fingerprint, pause};

pub(super) static RULE: Rule = Rule {
    name: "chert.backoff",
    severity: Severity::Warn,
    summary: "the pauses between retries grow",
    source: "docs.trychert.com, errors: exponential backoff",
    watch: || Box::new(Backoff::default()),
};

#[derive(Default)]
struct Backoff {
    failed: Recent<Tries>,
}

/// A request that failed and may be tried again.
struct Tries {
    numbers: Vec<u64>,
    last: (Timestamp, Timestamp),
    first_pause: Option<Duration>,
}

impl Watcher for Backoff {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if seen.vendor != "chert" {
            return None;
        }
        let request = fingerprint(seen);
        let mut tries = self.failed.take(request).unwrap_or_else(|| Tries {
            numbers: Vec::new(),
            last: (seen.wall, seen.at),
            first_pause: None,
        });
        let paused = pause(tries.last, seen);
        let is_retry = !tries.numbers.is_empty();
        // With jitter one pause may be shorter than the one before; a try that comes as soon as the second one did does not
        // back off at all. A clock is not that exact: a tenth more is the same.
        let breach =
            tries.first_pause.filter(|first| paused.mul_f64(10.0) <= first.mul_f64(11.0)).map(|first| {
                let (paused, first) = (paused.as_millis(), first.as_millis());
                Breach::shown_by(
                    tries.numbers.iter().copied().chain([seen.number]).collect(),
                    format!("the pause before this retry was {paused} ms, the first one {first} ms"),
                )
            });
        if is_retry {
            tries.first_pause.get_or_insert(paused);
        }
        // Who is told how long to wait need not make it longer.
        let is_told = error_member(seen, "retry_after").is_some();
        if !is_told && error_member(seen, "retryable") == Some(Value::Bool(true)) {
            tries.numbers.push(seen.number);
            tries.last = (seen.wall, seen.at);
            self.failed.put(request, tries);
        }
        breach
    }
}
