//! `chert.acts-on-forged`: a call for an event whose signature is wrong.

use crate::emulator::Nature;
use crate::emulator::conduct::{ActsOn, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    name: "chert.acts-on-forged",
    severity: Severity::Error,
    breach: "the client acted on an event whose signature is wrong",
    source: "docs.trychert.com/api/receiving-replies: verifying signatures",
    observe: || Box::new(ActsOn::new(&[Nature::Forged, Nature::Tampered])),
};
