//! `chert.early-retry`: a request before the time that an answer asked to wait.

use std::time::Duration;

use jiff::Timestamp;

use super::{Breach, Recent, Rule, Seen, Severity, Watcher, can_have_read, error_member, fingerprint, pause};

pub(super) static RULE: Rule = Rule {
    name: "chert.early-retry",
    severity: Severity::Error,
    summary: "after an answer with `retry_after` a client waits so many seconds",
    source: "docs.trychert.com, errors: retry_after",
    watch: || Box::new(EarlyRetry::default()),
};

#[derive(Default)]
struct EarlyRetry {
    waiting: Recent<(u64, (Timestamp, Timestamp), u64)>,
}

impl Watcher for EarlyRetry {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if seen.vendor != "chert" {
            return None;
        }
        let request = fingerprint(seen);
        let earlier = self.waiting.take(request);
        if let Some(seconds) = error_member(seen, "retry_after").and_then(|seconds| seconds.as_u64()) {
            self.waiting.put(request, (seen.number, (seen.wall, seen.at), seconds));
        }
        let (number, then, seconds) = earlier?;
        let waited = pause(then, seen);
        (waited < Duration::from_secs(seconds) && can_have_read(then, seen)).then(|| {
            let what = format!(
                "it was asked to wait for {seconds} s, and came again after {} ms",
                waited.as_millis()
            );
            Breach::after(number, seen, what)
        })
    }
}
