//! `chert.signature-twice`: one signature for two requests.

use std::time::Duration;

use jiff::Timestamp;

use super::{Breach, Recent, Rule, Seen, Severity, Watcher, pause};

pub(super) static RULE: Rule = Rule {
    name: "chert.signature-twice",
    severity: Severity::Warn,
    summary: "each request is signed for itself",
    source: "docs.trychert.com, authentication",
    watch: || Box::new(SignatureTwice::default()),
};

/// What is signed is the second and the body: within the same second the same body has the same signature, though it is
/// signed anew.
const SAME_SECOND: Duration = Duration::from_secs(2);

#[derive(Default)]
struct SignatureTwice {
    used: Recent<(u64, (Timestamp, Timestamp))>,
}

impl Watcher for SignatureTwice {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let signature = seen.request.headers.get("x-chert-signature").filter(|_| seen.vendor == "chert")?;
        let mut hasher = DefaultHasher::new();
        signature.hash(&mut hasher);
        let key = hasher.finish();
        let (number, then) = self.used.take(key).unwrap_or((seen.number, (seen.wall, seen.at)));
        self.used.put(key, (number, then));
        (pause(then, seen) >= SAME_SECOND)
            .then(|| Breach::after(number, seen, "it carries the signature of an earlier request"))
    }
}
