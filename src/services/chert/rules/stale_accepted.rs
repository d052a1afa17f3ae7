//! `chert.stale-accepted`: a call for an event whose signature is too old.

use crate::emulator::Nature;
use crate::emulator::conduct::{ActsOn, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    name: "chert.stale-accepted",
    severity: Severity::Error,
    breach: "the client acted on an event whose signature is more than 300 seconds old",
    source: "docs.trychert.com/api/receiving-replies: verifying signatures",
    observe: || Box::new(ActsOn::new(&[Nature::Stale])),
};
