//! `bitrix24.limit-ignored`: a call at once after a limit was reached.

use std::time::Duration;

use super::seen::hash;
use super::{Breach, Earlier, Recent, Rule, Seen, Severity, Watcher};

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
    /// The last refusal that asks everybody to wait.
    refused: Option<Refused>,
    /// For a caller and a method: the refusal for operating time.
    blocked: Recent<Earlier>,
    /// For a caller and a method: the latest `operating_reset_at`, in seconds.
    reset_at: Recent<i64>,
}

/// A refusal that asks to wait.
#[derive(Clone, Copy)]
struct Refused {
    earlier: Earlier,
    code: &'static str,
    wait: Duration,
}

impl Watcher for LimitIgnored {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if !seen.is_of("bitrix24") {
            return None;
        }
        let breach = self.too_soon(seen).or_else(|| self.before_reset(seen));
        if let Some(refused) = refusal(seen) {
            self.refused = Some(refused);
        }
        let key = || key(seen, seen.operation.map_or("", |operation| operation.name));
        if seen.error == Some("OPERATION_TIME_LIMIT") && !seen.is_spoilt {
            self.blocked.put(key(), seen.remembered());
        } else if let Some(at) = reset_at(seen) {
            self.reset_at.put(key(), at);
        }
        breach
    }
}

impl LimitIgnored {
    fn too_soon(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let Refused { earlier, code, wait } = self.refused?;
        let waited = seen.pause_after(&earlier);
        if waited >= wait {
            self.refused = None;
            return None;
        }
        seen.can_know(&earlier).then(|| {
            let asked = match wait {
                DRAIN => String::new(),
                wait => format!(" with Retry-After: {}", wait.as_secs()),
            };
            let what = format!("{code}{asked} was answered {} ms before", waited.as_millis());
            Breach::after(earlier, seen, what)
        })
    }

    /// Whether a method that it calls, or a command of it, is blocked.
    fn before_reset(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let mut methods = seen.calls.iter().filter_map(|call| call.operation);
        methods.find_map(|method| {
            let earlier = self.blocked.get(|| key(seen, method.name)).copied()?;
            let at = *self.reset_at.get(|| key(seen, method.name))?;
            let early = at - seen.came.clock.as_second();
            (early > 0 && seen.can_know(&earlier)).then(|| {
                let name = method.name;
                let what = format!("`{name}` is blocked for {early} s more, as `operating_reset_at` said");
                Breach::after(earlier, seen, what)
            })
        })
    }
}

/// What is counted for each caller and method.
fn key(seen: &Seen<'_>, method: &str) -> u64 {
    hash(&(seen.caller(), method))
}

/// An answer that asks to wait: by its code, or by its header field, which a fault's `retry_after` gives.
fn refusal(seen: &Seen<'_>) -> Option<Refused> {
    let code = seen.error.filter(|_| !seen.is_spoilt)?;
    let told = seen.reply.header("retry-after").and_then(|seconds| seconds.parse().ok());
    let wait = told.map(Duration::from_secs).or((code == "QUERY_LIMIT_EXCEEDED").then_some(DRAIN))?;
    Some(Refused { earlier: seen.remembered(), code, wait })
}

/// `time.operating_reset_at` of an answer.
fn reset_at(seen: &Seen<'_>) -> Option<i64> {
    // Few answers have it, and most need not be read.
    let text = str::from_utf8(&seen.reply.body).ok().filter(|text| text.contains("operating_reset_at"))?;
    let body: serde_json::Value = serde_json::from_str(text).ok()?;
    body["time"]["operating_reset_at"].as_i64()
}
