//! `bitrix24.limit-ignored`: a call made too soon after a limit was reached.

use std::time::Duration;

use crate::emulator::conduct::{Breach, LULL, Observer, Recalled, Recent, Rule, Seen, Severity, hash};

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.limit-ignored",
    severity: Severity::Error,
    summary: "a call that was refused with QUERY_LIMIT_EXCEEDED is made again after half a second or as long as Retry-After says; after OPERATION_TIME_LIMIT a method is not called before `operating_reset_at`",
    source: "apidocs.bitrix24.com, limits",
    observe: || Box::new(LimitIgnored::default()),
};

/// Most plans let two requests a second through, so a retry before half a second is refused again.
const DRAIN: Duration = Duration::from_millis(500);

#[derive(Default)]
struct LimitIgnored {
    /// For a request: the error that it was refused with, and how long to wait before it is sent again.
    refused: Recent<(&'static str, Duration)>,
    /// For a caller and a method: a refusal with `OPERATION_TIME_LIMIT`.
    blocked: Recent<()>,
    /// For a caller and a method: the latest `operating_reset_at`, in seconds.
    reset_at: Recent<i64>,
}

impl Observer for LimitIgnored {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let breach = self.too_soon(seen).or_else(|| self.before_reset(seen));
        let key = || key(seen, seen.operation.map_or("", |operation| operation.name));
        if seen.error == Some("OPERATION_TIME_LIMIT") && !seen.is_spoilt {
            self.blocked.put(key(), seen, ());
        } else if let Some(at) = reset_at(seen) {
            self.reset_at.put(key(), seen, at);
        }
        breach
    }
}

impl LimitIgnored {
    fn too_soon(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let recalled = self.refused.recall(|| seen.meaning(), seen);
        if matches!(recalled, Recalled::UnderWay) {
            return None;
        }
        if let Some(refused) = refusal(seen) {
            self.refused.put(seen.meaning(), seen, refused);
        }
        let Recalled::Known(earlier, (code, wait)) = recalled else { return None };
        let waited = seen.pause_after(&earlier);
        (waited < wait).then(|| {
            let asked = match wait {
                DRAIN => String::new(),
                wait => format!(" with Retry-After: {}", wait.as_secs()),
            };
            let waited = waited.as_millis();
            let what = format!("it was refused with {code}{asked}, and came again after {waited} ms");
            Breach::after(earlier, seen, what)
        })
    }

    /// The breach, if the request or a command of it calls a method that is still blocked.
    fn before_reset(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let mut methods = seen.calls.iter().filter_map(|call| call.operation);
        methods.find_map(|method| {
            let (earlier, ()) = *self.blocked.get(|| key(seen, method.name))?;
            let (_, at) = *self.reset_at.get(|| key(seen, method.name))?;
            let early = at - seen.came.clock.as_second();
            // This may be another call than the refused one, and a burst of other calls is no retry: only a pause shows
            // that the client can know of the refusal.
            let is_sure = seen.guess(&earlier).is_none() || seen.pause_after(&earlier) >= LULL;
            (early > 0 && is_sure && seen.can_know(&earlier)).then(|| {
                let name = method.name;
                let what = format!("`{name}` is blocked for {early} s more, as `operating_reset_at` said");
                Breach::after(earlier, seen, what)
            })
        })
    }
}

/// A key for a caller and a method.
fn key(seen: &Seen<'_>, method: &str) -> u64 {
    hash(&(seen.caller(), method))
}

/// The code of an answer that asks the client to wait, and the time to wait: from `Retry-After`, which a fault's
/// `retry_after` sets, or else [`DRAIN`] for `QUERY_LIMIT_EXCEEDED`.
fn refusal(seen: &Seen<'_>) -> Option<(&'static str, Duration)> {
    let code = seen.error.filter(|_| !seen.is_spoilt)?;
    let told = seen.reply.header("retry-after").and_then(|seconds| seconds.parse().ok());
    let wait = told.map(Duration::from_secs).or((code == "QUERY_LIMIT_EXCEEDED").then_some(DRAIN))?;
    Some((code, wait))
}

/// `time.operating_reset_at` of an answer.
fn reset_at(seen: &Seen<'_>) -> Option<i64> {
    // Few answers have the member: a search in the text saves parsing the others.
    let text = str::from_utf8(&seen.reply.body).ok().filter(|text| text.contains("operating_reset_at"))?;
    let body: serde_json::Value = serde_json::from_str(text).ok()?;
    body["time"]["operating_reset_at"].as_i64()
}
