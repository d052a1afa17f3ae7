//! `bitrix24.limit-ignored`: a call at once after a limit was reached.

use std::time::Duration;

use jiff::Timestamp;

use super::{Breach, Rule, Seen, Severity, Watcher, can_have_read, pause};

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.limit-ignored",
    severity: Severity::Error,
    summary: "after QUERY_LIMIT_EXCEEDED a client waits half a second or as long as Retry-After says, after OPERATION_TIME_LIMIT until `operating_reset_at`",
    source: "apidocs.bitrix24.com, limits",
    watch: || Box::new(LimitIgnored::default()),
};

/// The tariffs let two requests a second through, so one that comes sooner is refused again.
const DRAIN: Duration = Duration::from_millis(500);

#[derive(Default)]
struct LimitIgnored {
    /// The last refusal that asks to wait.
    refused: Option<Refused>,
    /// The last refusal for operating time: number, method, when.
    blocked: Option<(u64, &'static str, Timestamp)>,
    /// The latest `operating_reset_at` of each method, in seconds.
    reset_at: std::collections::BTreeMap<&'static str, i64>,
}

/// A refusal that asks to wait.
struct Refused {
    number: u64,
    code: &'static str,
    when: (Timestamp, Timestamp),
    wait: Duration,
}

impl Watcher for LimitIgnored {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if seen.vendor != "bitrix24" {
            return None;
        }
        let method = seen.operation.map_or("", |operation| operation.name);
        let breach = self.too_soon(seen).or_else(|| self.before_reset(seen, method));
        self.refused = refusal(seen);
        if seen.error == Some("OPERATION_TIME_LIMIT") {
            self.blocked = Some((seen.number, method, seen.at));
        } else if let Some(at) = reset_at(seen) {
            self.reset_at.insert(method, at);
        }
        breach
    }
}

impl LimitIgnored {
    fn too_soon(&self, seen: &Seen<'_>) -> Option<Breach> {
        let Refused { number, code, when, wait } = self.refused.as_ref()?;
        let waited = pause(*when, seen);
        (waited < *wait && can_have_read(*when, seen)).then(|| {
            let asked = match *wait {
                DRAIN => String::new(),
                wait => format!(" with Retry-After: {}", wait.as_secs()),
            };
            Breach::after(
                *number,
                seen,
                format!("{code}{asked} was answered {} ms before", waited.as_millis()),
            )
        })
    }

    fn before_reset(&self, seen: &Seen<'_>, method: &str) -> Option<Breach> {
        let (number, blocked, _) = self.blocked.filter(|(_, blocked, _)| *blocked == method)?;
        let at = *self.reset_at.get(blocked)?;
        (seen.at.as_second() < at).then(|| {
            let early = at - seen.at.as_second();
            Breach::after(
                number,
                seen,
                format!("`{blocked}` is blocked for {early} s more, as `operating_reset_at` said"),
            )
        })
    }
}

/// An answer that asks to wait: by its code, or by its header field, which a fault's `retry_after` gives.
fn refusal(seen: &Seen<'_>) -> Option<Refused> {
    let code = seen.error.filter(|_| !seen.is_spoilt)?;
    let told = seen.reply.header("retry-after").and_then(|seconds| seconds.parse().ok());
    let wait = told.map(Duration::from_secs).or((code == "QUERY_LIMIT_EXCEEDED").then_some(DRAIN))?;
    Some(Refused { number: seen.number, code, when: (seen.wall, seen.at), wait })
}

/// `time.operating_reset_at` of an answer.
fn reset_at(seen: &Seen<'_>) -> Option<i64> {
    // Few answers have it, and most need not be read.
    let has = seen.reply.body.windows(18).any(|window| window == b"operating_reset_at");
    let body: serde_json::Value = has.then(|| serde_json::from_slice(&seen.reply.body).ok())??;
    body["time"]["operating_reset_at"].as_i64()
}
