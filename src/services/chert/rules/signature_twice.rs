//! `chert.signature-twice`: the same signature on two requests.

use std::time::Duration;

use crate::emulator::conduct::{Breach, Observer, Recent, Rule, Seen, Severity, hash};

pub(super) static RULE: Rule = Rule {
    name: "chert.signature-twice",
    severity: Severity::Warn,
    breach: "a request has the signature of an earlier one",
    source: "docs.trychert.com, authentication",
    observe: || Box::new(SignatureTwice::default()),
};

/// Within this time an equal signature is no breach: the time is signed in whole seconds, so a new signature of the
/// same body in the same second is the same. The extra 0.1 s allows for transit.
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
