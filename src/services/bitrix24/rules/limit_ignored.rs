//! `bitrix24.limit-ignored`: a call that comes again too soon after a limit has refused it.

use std::time::Duration;

use super::command_errors;
use crate::emulator::RequestedCall;
use crate::emulator::conduct::{
    Breach, Earlier, Observer, Read, Recalled, Recent, Rule, Seen, Severity, Struck, hash,
};

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.limit-ignored",
    severity: Severity::Error,
    breach: "a call came again too soon after a limit had refused it",
    source: "apidocs.bitrix24.com, limits",
    observe: || Box::new(LimitIgnored::default()),
};

/// How long a call waits where neither the scenario nor the answer says it: the smallest plans let two requests a second
/// in.
const DRAIN: Duration = Duration::from_millis(500);

const QUERY_LIMIT: &str = "QUERY_LIMIT_EXCEEDED";
const OPERATION_LIMIT: &str = "OPERATION_TIME_LIMIT";

#[derive(Default)]
struct LimitIgnored {
    /// For a request: how it was refused.
    refused: Recent<Refusal>,
    /// For a caller and a method: a refusal for its running time.
    blocked: Recent<Blocked>,
    /// For a caller and a method: the latest `operating_reset_at`, in seconds.
    reset_at: Recent<i64>,
}

/// A refusal that asks the client to wait.
#[derive(Clone, Copy)]
struct Refusal {
    code: &'static str,
    wait: Duration,
    by: By,
}

/// Why a client has to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The answer says so, in `Retry-After`.
    Answer,
    /// The scenario's limit of requests is reached.
    Limit,
    /// A fault says that the limit is reached.
    Fault,
}

/// A method that may not be called for some time.
#[derive(Clone, Copy)]
struct Blocked {
    /// The exchange whose answer told the time, and the time in seconds. A later answer does not renew it.
    told: (Earlier, i64),
    by: By,
}

impl Observer for LimitIgnored {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let breach = self.too_soon(seen).or_else(|| self.before_reset(seen));
        let key = || key(seen, seen.operation.map_or("", |operation| operation.name));
        if seen.is_spoilt {
            return breach;
        }
        if seen.error == Some(OPERATION_LIMIT) {
            if let Some(&told) = self.reset_at.get(key) {
                self.blocked.put(key(), seen, Blocked { told, by: by(seen) });
            }
        } else if let Some(at) = reset_at(seen) {
            self.blocked.remove(key);
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
        if let Some(refusal) = refusal(seen) {
            self.refused.put(seen.meaning(), seen, refusal);
        }
        let Recalled::Known(earlier, Refusal { code, wait, by: reason }) = recalled else { return None };
        let waited = seen.too_soon_after(&earlier, wait)?;
        let asked = match reason {
            By::Answer => format!(" with Retry-After: {}", wait.as_secs()),
            By::Limit | By::Fault => String::new(),
        };
        let what = format!("it was refused with {code}{asked}, and came again {waited}");
        match reason {
            By::Answer => Some(Breach::after(earlier, seen, what)),
            // Whoever is let in was not too early.
            By::Limit => {
                let is_refused_again = seen.error == Some(QUERY_LIMIT) && by(seen) == By::Limit;
                is_refused_again.then(|| Breach::after(earlier, seen, what))
            }
            By::Fault => Some(
                Breach::after(earlier, seen, what)
                    .but("only a fault refused it: give the fault `retry_after` to make this an error"),
            ),
        }
    }

    /// The breach, if the request or a command of it calls a method that is still blocked. This may be another call
    /// than the refused one, which another thread sends in good faith: so only what is certain counts.
    fn before_reset(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        seen.calls.iter().find_map(|call| {
            let method = call.operation?.name;
            let (earlier, Blocked { told: (told, at), by: reason }) =
                *self.blocked.get(|| key(seen, method))?;
            let knows = |earlier| seen.has_read(earlier) == Read::Yes;
            // The time is told in whole seconds.
            let early = |now: jiff::Timestamp| at - now.as_second() - 1;
            let early_by = early(seen.came.clock);
            if early_by <= 0 || !knows(&earlier) || !knows(&told) {
                return None;
            }
            let what = format!("`{method}` is blocked for {early_by} s more, as `operating_reset_at` said");
            let breach = Breach::after(earlier, seen, what);
            match reason {
                By::Fault => Some(breach.but("only a fault has blocked it")),
                _ if !is_refused(seen, call) => None,
                // The client may go by the machine's clock.
                _ if early(seen.came.wall) <= 0 => {
                    Some(breach.but("the machine's clock has passed that time, and the client may go by it"))
                }
                _ => Some(breach),
            }
        })
    }
}

/// A key for a caller and a method.
fn key(seen: &Seen<'_>, method: &str) -> u64 {
    hash(&(seen.caller(), method))
}

/// Who refused a request for a limit, if `Retry-After` does not say anything.
fn by(seen: &Seen<'_>) -> By {
    if seen.struck == Struck::Answer { By::Fault } else { By::Limit }
}

/// The refusal, if the answer asks the client to wait: by `Retry-After`, which a fault's `retry_after` sets, or because
/// a limit of requests is reached.
fn refusal(seen: &Seen<'_>) -> Option<Refusal> {
    let code = seen.error.filter(|_| !seen.is_spoilt)?;
    let told = seen.reply.header("retry-after").and_then(|seconds| seconds.parse().ok());
    if let Some(seconds) = told {
        return Some(Refusal { code, wait: Duration::from_secs(seconds), by: By::Answer });
    }
    (code == QUERY_LIMIT).then(|| Refusal { code, wait: seen.drain.unwrap_or(DRAIN), by: by(seen) })
}

/// Whether a call was refused for its running time.
fn is_refused(seen: &Seen<'_>, call: &RequestedCall) -> bool {
    let is_own = seen.struck != Struck::Answer;
    is_own
        && match &call.command {
            None => seen.error == Some(OPERATION_LIMIT),
            Some(name) => {
                command_errors(&seen.reply.body).get(name).is_some_and(|code| code == OPERATION_LIMIT)
            }
        }
}

/// `time.operating_reset_at` of an answer.
fn reset_at(seen: &Seen<'_>) -> Option<i64> {
    // Few answers have the member: a search in the text saves parsing the others.
    let text = str::from_utf8(&seen.reply.body).ok().filter(|text| text.contains("operating_reset_at"))?;
    let body: serde_json::Value = serde_json::from_str(text).ok()?;
    body["time"]["operating_reset_at"].as_i64()
}
