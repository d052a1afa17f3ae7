//! `bitrix24.other-edition`: a call that has another outcome in the other edition.

use super::{CommandErrors, command_errors};
use crate::emulator::conduct::{Breach, Observer, OtherAnswer, Rule, Seen, Severity};

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.other-edition",
    severity: Severity::Warn,
    summary: "a call has the same outcome in the documented and in the live edition",
    source: "`standin catalog --editions`",
    observe: || Box::new(OtherEdition),
};

struct OtherEdition;

/// Errors of a rate limiter, which counts requests the same way in both editions.
const OF_LIMITS: [&str; 2] = ["QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT"];

impl Observer for OtherEdition {
    fn asks_other_edition(&self) -> bool {
        true
    }

    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let OtherAnswer { status, error, body, editions: [here, there] } = seen.other?;
        if seen.is_spoilt || seen.error.is_some_and(|error| OF_LIMITS.contains(&error)) {
            return None;
        }
        if (status, error) != (seen.reply.status, seen.error) {
            if seen.is_only_counted {
                return Some(Breach::of(seen, ""));
            }
            let one = outcome(here, seen.reply.status, seen.error);
            return Some(Breach::of(seen, format!("{one}, {}", outcome(there, status, error))));
        }
        if seen.calls.len() == 1 {
            return None;
        }
        let (ours, theirs) = (command_errors(&seen.reply.body), command_errors(body));
        let names = ours.keys().chain(theirs.keys().filter(|name| !ours.contains_key(*name)));
        let is_limited =
            |name: &&String| ours.get(*name).is_some_and(|error| OF_LIMITS.contains(&error.as_str()));
        let differing = names.filter(|name| ours.get(*name) != theirs.get(*name) && !is_limited(name));
        let told = differing.map(|name| {
            let told = |edition, errors: &CommandErrors| match errors.get(name) {
                None => outcome(edition, 200, None),
                Some(code) => format!("{} `{code}`", outcome(edition, 400, None).replace(": 400", ":")),
            };
            format!("the command `{name}` {}, {}", told(here, &ours), told(there, &theirs))
        });
        let told: Vec<_> = told.collect();
        (!told.is_empty()).then(|| Breach::of(seen, told.join("; ")))
    }
}

fn outcome(edition: &str, status: u16, error: Option<&str>) -> String {
    let place = if edition == "live" { "on the live server" } else { "by the documentation" };
    match error {
        None if status < 400 => format!("works {place}"),
        None => format!("fails {place}: {status}"),
        Some(code) => format!("fails {place}: {status} `{code}`"),
    }
}
