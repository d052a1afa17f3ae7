//! `chert.signature-twice`: one signature for two requests.

use std::time::Duration;

use crate::emulator::conduct::{Breach, Observer, Recent, Rule, Seen, Severity, hash};

pub(super) static RULE: Rule = Rule {
    name: "chert.signature-twice",
    severity: Severity::Warn,
    summary: "each request is signed for itself",
    source: "docs.trychert.com, authentication",
    observe: || Box::new(SignatureTwice::default()),
};

/// What is signed is the second and the body: within the same second the same body has the same signature, though it is
/// signed anew. A tenth more is for the way.
const SAME_SECOND: Duration = Duration::from_millis(1_100);

#[derive(Default)]
struct SignatureTwice {
    used: Recent<()>,
}

impl Observer for SignatureTwice {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let signature = seen.request.headers.get("x-chert-signature")?;
        let key = hash(&signature);
        let Some(&(earlier, ())) = self.used.get(|| key) else {
            self.used.put(key, seen, ());
            return None;
        };
        (seen.time_since(&earlier) >= SAME_SECOND)
            .then(|| Breach::after(earlier, seen, "it carries the signature of an earlier request"))
    }
}
