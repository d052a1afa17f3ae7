//! `chert.repeated-refusal`: a request repeated after an answer with `retryable: false`.

use serde_json::Value;

use super::error_member;
use crate::emulator::conduct::{Breach, Observer, Recalled, Recent, Rule, Seen, Severity};

pub(super) static RULE: Rule = Rule {
    name: "chert.repeated-refusal",
    severity: Severity::Error,
    breach: "a request was sent again after an answer with `retryable: false`",
    source: "docs.trychert.com, errors: retryable",
    observe: || Box::new(RepeatedRefusal::default()),
};

/// Errors of authentication: a new signature can solve them, though the rest of the request stays the same.
const MENDED_BY_SIGNING: [&str; 3] = ["2004", "2012", "2013"];

#[derive(Default)]
struct RepeatedRefusal {
    refused: Recent<&'static str>,
}

impl Observer for RepeatedRefusal {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let recalled = self.refused.recall(|| seen.meaning(), seen);
        if matches!(recalled, Recalled::UnderWay) {
            return None;
        }
        let code = seen.error.filter(|code| !MENDED_BY_SIGNING.contains(code));
        if let Some(code) = code.filter(|_| error_member(seen, "retryable") == Some(Value::Bool(false))) {
            self.refused.put(seen.meaning(), seen, code);
        }
        let Recalled::Known(earlier, code) = recalled else { return None };
        let what = format!("it was refused with {code} and `retryable: false`, and came again");
        Some(Breach::after(earlier, seen, what))
    }
}
