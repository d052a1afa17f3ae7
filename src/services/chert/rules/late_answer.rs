//! `chert.late-answer`: an event that the handler answers too late, or with a status that means nothing.

use crate::emulator::Nature;
use crate::emulator::conduct::{Breach, Ended, Observer, Rule, Seen, Severity};

pub(super) static RULE: Rule = Rule {
    name: "chert.late-answer",
    severity: Severity::Warn,
    breach: "a handler did not answer an event in time, or neither accepted nor refused it",
    source: "docs.trychert.com/api/receiving-replies: retries; the page names no limit",
    observe: || Box::new(LateAnswer),
};

struct LateAnswer;

impl Observer for LateAnswer {
    fn saw(&mut self, _: &Seen<'_>) -> Option<Breach> {
        None
    }

    /// 4xx has a rule of its own, and 5xx asks for another attempt.
    fn ended(&mut self, ended: &Ended<'_>) -> Option<Breach> {
        if ended.delivery.nature != Nature::Genuine {
            return None;
        }
        let what = match ended.status() {
            Some(200..=299 | 400..) => return None,
            Some(status) => format!("it was answered with {status}"),
            None if ended.is_late() => format!("it had no answer after {:?}", ended.time_limit),
            None => return None,
        };
        Some(Breach::at([ended.number], what))
    }

    fn is_about_deliveries(&self) -> bool {
        true
    }
}
