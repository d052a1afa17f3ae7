//! `bitrix24.other-edition`: a call that the vendor's page and the vendor's server answer differently.

use std::collections::BTreeMap;

use serde_json::Value;

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
        let OtherAnswer { status, error, body, editions: [here, there] } = seen.other?;
        if seen.is_spoilt {
            return None;
        }
        if (status, error) != (seen.reply.status, seen.error) {
            let one = outcome(here, seen.reply.status, seen.error);
            return Some(Breach::of(seen, format!("{one}, {}", outcome(there, status, error))));
        }
        let (ours, theirs) = (errors(&seen.reply.body), errors(body));
        let names = ours.keys().chain(theirs.keys().filter(|name| !ours.contains_key(*name)));
        let differing = names.filter(|name| !body.is_empty() && ours.get(*name) != theirs.get(*name));
        let told = differing.map(|name| {
            let told = |edition, errors: &Errors| match errors.get(name) {
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

type Errors = BTreeMap<String, String>;

/// The errors of a batch's commands, by name.
fn errors(body: &[u8]) -> Errors {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = |(name, error): (String, &Value)| Some((name, error["error"].as_str()?.to_owned()));
    match &body["result"]["result_error"] {
        Value::Object(all) => all.iter().filter_map(|(name, error)| code((name.clone(), error))).collect(),
        Value::Array(all) => {
            all.iter().enumerate().filter_map(|(place, error)| code((place.to_string(), error))).collect()
        }
        _ => Errors::new(),
    }
}
