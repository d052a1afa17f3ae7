//! `chert.early-retry`: a request before the time that an answer asked to wait.

use std::time::Duration;

use super::{Breach, Earlier, Recent, Rule, Seen, Severity, Watcher};

pub(super) static RULE: Rule = Rule {
    name: "chert.early-retry",
    severity: Severity::Error,
    summary: "after an answer with `retry_after` a client waits so many seconds",
    source: "docs.trychert.com, errors: retry_after",
    watch: || Box::new(EarlyRetry::default()),
};

/// The error of a limit that all requests of a tenant share: the others speak of one request.
const OF_TENANT: &str = "1007";

#[derive(Default)]
struct EarlyRetry {
    /// Requests that are to wait so long, by what they mean.
    requests: Recent<(Earlier, Duration)>,
    /// Tenants that are.
    tenants: Recent<(Earlier, Duration)>,
}

impl Watcher for EarlyRetry {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if !seen.is_of("chert") {
            return None;
        }
        let of_tenant = waiting(&mut self.tenants, || seen.caller(), seen);
        let of_request = waiting(&mut self.requests, || seen.meaning(), seen);
        if let Some(wait) = seen.error_member("retry_after").and_then(|seconds| seconds.as_u64()) {
            let told = (seen.remembered(), Duration::from_secs(wait));
            match seen.error {
                Some(OF_TENANT) => self.tenants.put(seen.caller(), told),
                _ => self.requests.put(seen.meaning(), told),
            }
        }
        let (earlier, wait) = of_tenant.or(of_request)?;
        let waited = seen.pause_after(&earlier);
        (waited < wait && seen.can_know(&earlier)).then(|| {
            let what = format!(
                "it was asked to wait for {} s, and came again after {} ms",
                wait.as_secs(),
                waited.as_millis()
            );
            Breach::after(earlier, seen, what)
        })
    }
}

/// What is waited for, for as long as it has not passed.
fn waiting(
    all: &mut Recent<(Earlier, Duration)>,
    key: impl Fn() -> u64,
    seen: &Seen<'_>,
) -> Option<(Earlier, Duration)> {
    let (earlier, wait) = all.take(&key)?;
    if seen.pause_after(&earlier) < wait {
        all.put(key(), (earlier, wait));
    }
    Some((earlier, wait))
}
