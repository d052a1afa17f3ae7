//! `bitrix24.other-edition`: a call that the vendor's page and the vendor's server answer differently.

use super::{Breach, OTHER_EDITION, OtherAnswer, Rule, Seen, Severity, Watcher};

pub(super) static RULE: Rule = Rule {
    name: OTHER_EDITION,
    severity: Severity::Warn,
    summary: "a call has the same outcome by the documentation and on the live server",
    source: "`standin catalog --editions`",
    watch: || Box::new(OtherEdition),
};

struct OtherEdition;

impl Watcher for OtherEdition {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let OtherAnswer { status, error, editions: [here, there] } = seen.other?;
        if (status, error) == (seen.reply.status, seen.error) || seen.is_spoilt {
            return None;
        }
        let outcome = |edition: &str, status: u16, error: Option<&str>| {
            let place = if edition == "live" { "on the live server" } else { "by the documentation" };
            match error {
                None if status < 400 => format!("works {place}"),
                None => format!("fails {place}: {status}"),
                Some(code) => format!("fails {place}: {status} `{code}`"),
            }
        };
        let (one, other) = (outcome(here, seen.reply.status, seen.error), outcome(there, status, error));
        Some(Breach::of(seen, format!("{one}, {other}")))
    }
}
