//! `chert.backoff`: pauses between retries that do not grow.

use std::time::Duration;

use serde_json::Value;

use super::error_member;
use crate::emulator::conduct::{Breach, Earlier, Observer, Recalled, Recent, Rule, Seen, Severity};

pub(super) static RULE: Rule = Rule {
    name: "chert.backoff",
    severity: Severity::Warn,
    breach: "the pauses between retries do not grow",
    source: "docs.trychert.com, errors: exponential backoff",
    observe: || Box::new(Backoff::default()),
};

#[derive(Default)]
struct Backoff {
    failed: Recent<Tries>,
}

/// Failed tries of a request that may be sent again.
#[derive(Default)]
struct Tries {
    numbers: Vec<u64>,
    first_pause: Option<Duration>,
}

impl Observer for Backoff {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let (mut tries, breach) = match self.failed.recall(|| seen.meaning(), seen) {
            Recalled::UnderWay => return None,
            Recalled::Nothing => (Tries::default(), None),
            Recalled::Known(last, mut tries) => {
                let breach = tries.again(last, seen);
                (tries, breach)
            }
        };
        // A client that is told how long to wait need not wait longer each time.
        let is_told = error_member(seen, "retry_after").is_some();
        if !is_told && error_member(seen, "retryable") == Some(Value::Bool(true)) {
            if tries.numbers.len() == MOST_NUMBERS {
                tries.numbers.remove(1);
            }
            tries.numbers.push(seen.number);
            self.failed.put(seen.meaning(), seen, tries);
        }
        breach
    }
}

/// The largest number of tries that a breach lists: the first one and the latest ones.
const MOST_NUMBERS: usize = 9;

impl Tries {
    /// The breach of one more try, if its pause is no longer than the first pause. A pause may be shorter than the one
    /// before it, because of jitter. Up to a tenth more than the first pause counts as equal, because clocks differ.
    fn again(&mut self, last: Earlier, seen: &Seen<'_>) -> Option<Breach> {
        let pause = seen.pause_after(&last);
        let first = *self.first_pause.get_or_insert(pause);
        let is_retry_of_retry = self.numbers.len() > 1;
        let does_not_grow = pause.mul_f64(10.0) <= first.mul_f64(11.0);
        (is_retry_of_retry && does_not_grow).then(|| {
            let (pause, first) = (pause.as_millis(), first.as_millis());
            let what = format!("the pause before this retry was {pause} ms, the first one {first} ms");
            let exchanges = self.numbers.iter().copied().chain([seen.number]).collect();
            Breach { exchanges, ..Breach::after(last, seen, what) }
        })
    }
}
