//! `chert.body-after-signing`: a body that was serialised again after it was signed.

use crate::emulator::conduct::{Breach, Observer, Rule, Seen, Severity};
use crate::services::chert::SERIALISED_AGAIN;

pub(super) static RULE: Rule = Rule {
    name: "chert.body-after-signing",
    severity: Severity::Error,
    breach: "the bytes that came are not the bytes that were signed",
    source: "docs.trychert.com, authentication: raw body",
    observe: || Box::new(BodyAfterSigning),
};

struct BodyAfterSigning;

impl Observer for BodyAfterSigning {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let is_told = seen.remarks.iter().any(|remark| *remark == SERIALISED_AGAIN);
        is_told.then(|| Breach::of(seen, SERIALISED_AGAIN))
    }
}
