//! `bitrix24.batch-length`: a batch with more than fifty commands.

use crate::emulator::conduct::{Breach, Observer, Rule, Seen, Severity};

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.batch-length",
    severity: Severity::Error,
    breach: "a batch has more than fifty commands",
    source: "apidocs.bitrix24.com, batch",
    observe: || Box::new(BatchLength),
};

const MOST: usize = 50;

struct BatchLength;

impl Observer for BatchLength {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let count = seen.calls.len().saturating_sub(1);
        (count > MOST).then(|| {
            Breach::of(
                seen,
                format!("the batch has {count} commands, and the last {} are not run", count - MOST),
            )
        })
    }
}
