//! `chert.signature-twice`: one signature for two requests.

use super::{Breach, Recent, Rule, Seen, Severity, Watcher};

pub(super) static RULE: Rule = Rule {
    name: "chert.signature-twice",
    severity: Severity::Warn,
    summary: "each request is signed for itself",
    source: "docs.trychert.com, authentication",
    watch: || Box::new(SignatureTwice::default()),
};

#[derive(Default)]
struct SignatureTwice {
    used: Recent<u64>,
}

impl Watcher for SignatureTwice {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let signature = seen.request.headers.get("x-chert-signature").filter(|_| seen.vendor == "chert")?;
        let mut hasher = DefaultHasher::new();
        signature.hash(&mut hasher);
        let key = hasher.finish();
        let earlier = self.used.take(key);
        self.used.put(key, seen.number);
        earlier.map(|number| Breach::after(number, seen, "it carries the signature of an earlier request"))
    }
}
