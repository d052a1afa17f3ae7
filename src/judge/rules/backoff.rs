//! `chert.backoff`: retries whose pauses do not grow.

use std::time::Duration;

use serde_json::Value;

use super::seen::IN_FLIGHT;
use super::{Breach, Earlier, Recent, Rule, Seen, Severity, Watcher};

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
    last: Earlier,
    first_pause: Option<Duration>,
}

impl Watcher for Backoff {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if !seen.is_of("chert") {
            return None;
        }
        let mut tries = self.failed.take(|| seen.meaning());
        if let Some(earlier) = tries.take_if(|tries| !seen.can_know(&tries.last)) {
            self.failed.put(seen.meaning(), earlier);
            return None;
        }
        let breach = tries.as_mut().and_then(|tries| tries.again(seen));
        // Who is told how long to wait need not make it longer.
        let is_told = seen.error_member("retry_after").is_some();
        if !is_told && seen.error_member("retryable") == Some(Value::Bool(true)) {
            let (last, first_pause) = (seen.remembered(), tries.as_ref().and_then(|tries| tries.first_pause));
            let mut numbers = tries.map_or_else(Vec::new, |tries| tries.numbers);
            if numbers.len() == MOST_NUMBERS {
                numbers.remove(1);
            }
            numbers.push(seen.number);
            self.failed.put(seen.meaning(), Tries { numbers, last, first_pause });
        }
        breach
    }
}

/// How many tries of a request are shown: the first and the last ones.
const MOST_NUMBERS: usize = 9;

impl Tries {
    /// What is wrong with one more. With jitter one pause may be shorter than the one before; a try that comes as soon as
    /// the second one did, or at once, does not back off at all. A clock is not that exact: a tenth more is the same.
    fn again(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let pause = seen.pause_after(&self.last);
        let first = *self.first_pause.get_or_insert(pause);
        let is_retry_of_retry = self.numbers.len() > 1;
        let does_not_grow = pause < IN_FLIGHT || pause.mul_f64(10.0) <= first.mul_f64(11.0);
        (is_retry_of_retry && does_not_grow).then(|| {
            let (pause, first) = (pause.as_millis(), first.as_millis());
            Breach::shown_by(
                self.numbers.iter().copied().chain([seen.number]).collect(),
                format!("the pause before this retry was {pause} ms, the first one {first} ms"),
            )
        })
    }
}
