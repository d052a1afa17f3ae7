//! `chert.early-retry`: a request repeated before `retry_after` is over.

use std::time::Duration;

use super::error_member;
use crate::emulator::conduct::{Breach, Observer, Recalled, Recent, Rule, Seen, Severity};

pub(super) static RULE: Rule = Rule {
    name: "chert.early-retry",
    severity: Severity::Error,
    breach: "a request was sent again before the seconds of `retry_after` were over",
    source: "docs.trychert.com, errors: retry_after",
    observe: || Box::new(EarlyRetry::default()),
};

#[derive(Default)]
struct EarlyRetry {
    /// For a request: how long to wait before it is sent again.
    waiting: Recent<Duration>,
}

impl Observer for EarlyRetry {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let recalled = self.waiting.recall(|| seen.meaning(), seen);
        if matches!(recalled, Recalled::UnderWay) {
            return None;
        }
        if let Some(wait) = error_member(seen, "retry_after").and_then(|seconds| seconds.as_u64()) {
            self.waiting.put(seen.meaning(), seen, Duration::from_secs(wait));
        }
        let Recalled::Known(earlier, wait) = recalled else { return None };
        let (wait, waited) = (wait.as_secs(), seen.too_soon_after(&earlier, wait)?);
        let what = format!("it was asked to wait for {wait} s, and came again {waited}");
        Some(Breach::after(earlier, seen, what))
    }
}
