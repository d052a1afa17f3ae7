//! `content-type`: a body without a `content-type`, or with a wrong one.

use crate::emulator::conduct::{Breach, Observer, Rule, Seen, Severity};
use crate::emulator::{RequestedCall, ValueType};

pub(super) static RULE: Rule = Rule {
    name: "content-type",
    severity: Severity::Warn,
    breach: "a request with a body has no `content-type`, or a wrong one",
    source: "vendors' pages: the samples' Content-Type",
    observe: || Box::new(ContentType),
};

struct ContentType;

impl Observer for ContentType {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let body = seen.request.body().trim_ascii();
        if body.is_empty() || &*seen.request.method == "GET" || seen.calls.iter().any(takes_bytes) {
            return None;
        }
        let told = seen.request.headers.text("content-type").unwrap_or_default();
        let media_type = told.split(';').next().unwrap_or_default().trim();
        let tells_json = tells_json(media_type);
        let may_be_json = matches!(body.first(), Some(b'{' | b'['));
        let is_json = || may_be_json && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
        let what = match (media_type, tells_json) {
            ("", _) => "its body has no `content-type`".to_owned(),
            (_, false) if is_json() => {
                let media_type = media_type.to_ascii_lowercase();
                format!("its body is JSON, but its `content-type` is `{media_type}`")
            }
            (_, true) if seen.habits.swallows_bad_json && !is_read(seen) && !is_json() => {
                "its `content-type` is JSON, but its body is not: the server reads it as empty".to_owned()
            }
            _ => return None,
        };
        Some(Breach::of(seen, what))
    }
}

/// Whether the body of a call is a file, which may have any type.
fn takes_bytes(call: &RequestedCall) -> bool {
    let mut parameters = call.operation.iter().flat_map(|operation| operation.parameters);
    parameters.any(|parameter| parameter.value == ValueType::Bytes)
}

fn tells_json(media_type: &str) -> bool {
    let (_, end) = media_type.split_at_checked(media_type.len().saturating_sub(5)).unwrap_or_default();
    media_type.eq_ignore_ascii_case("application/json") || end.eq_ignore_ascii_case("+json")
}

/// Whether the service has read parameters from the body: it has some, and they are not from the query.
fn is_read(seen: &Seen<'_>) -> bool {
    let mut has_any = false;
    seen.calls.iter().take(1).for_each(|call| call.facts.given(&mut |_, _| has_any = true));
    has_any && seen.request.query().is_empty()
}
