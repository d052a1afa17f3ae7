//! `bitrix24.acts-on-forged`: a call for an event whose `application_token` is wrong.

use crate::emulator::Nature;
use crate::emulator::conduct::{ActsOn, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.acts-on-forged",
    severity: Severity::Error,
    breach: "the client acted on an event whose `application_token` is wrong",
    source: "apidocs.bitrix24.com/api-reference/events/safe-event-handlers.html",
    observe: || Box::new(ActsOn::new(&[Nature::Forged])),
};
