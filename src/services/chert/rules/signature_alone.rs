//! `chert.signature-alone`: a signature without `x-chert-tenant`.

use crate::emulator::conduct::{Breach, Observer, Rule, Seen, Severity};

pub(super) static RULE: Rule = Rule {
    name: "chert.signature-alone",
    severity: Severity::Error,
    breach: "a signature came without `x-chert-tenant`",
    source: "docs.trychert.com, authentication",
    observe: || Box::new(SignatureAlone),
};

struct SignatureAlone;

impl Observer for SignatureAlone {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let headers = &seen.request.headers;
        let is_alone = headers.get("x-chert-signature").is_some()
            && headers.text("x-chert-tenant").is_none_or(|slug| slug.trim().is_empty());
        is_alone.then(|| Breach::of(seen, "it is signed, but names no tenant"))
    }
}
