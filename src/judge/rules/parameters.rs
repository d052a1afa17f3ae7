//! `unknown-parameter` and `wrong-type`: parameters that the vendor does not have, or of a kind that it does not ask for.

use super::{Breach, Observer, Rule, Seen, Severity};
use crate::http::ValueKind;
use crate::scalar::nearest;

pub(super) static UNKNOWN: Rule = Rule {
    name: "unknown-parameter",
    severity: Severity::Warn,
    summary: "a call has the parameters that its page names",
    source: "seed pages: parameters",
    observe: || Box::new(Unknown),
};

pub(super) static WRONG_TYPE: Rule = Rule {
    name: "wrong-type",
    severity: Severity::Warn,
    summary: "parameters are of the type that their page names",
    source: "seed pages: types of parameters",
    observe: || Box::new(WrongType),
};

struct Unknown;

impl Observer for Unknown {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let mut found = Vec::new();
        let ignores_case = seen.is_of("bitrix24");
        for call in seen.calls {
            let Some(operation) = call.operation else { continue };
            let own = if operation.name == "batch" { &OF_BATCH } else { operation.parameters };
            let is_grant = operation.parameters.contains(&"grant_type");
            // What stands in the path is no parameter of the body.
            let has_path = operation.route.contains('{');
            let in_path = |name: &str| has_path && operation.route.split(['{', '}']).any(|part| part == name);
            call.facts.given(&mut |name, _| {
                let same = own.iter().find(|known| {
                    if ignores_case { known.eq_ignore_ascii_case(name) } else { **known == name }
                });
                // The server leaves credentials within a command unread; they are not misspelt. What is very long is no
                // name but a body of another kind, which may hold anything.
                let is_credential = call.command.is_some() && CREDENTIALS.contains(&name)
                    || is_grant && OF_GRANTS.contains(&name);
                if same.is_some_and(|known| !in_path(known)) || is_credential || name.len() > LONGEST {
                    return;
                }
                let known = own.iter().copied().filter(|known| !in_path(known));
                let meant =
                    nearest(name, known).map_or(String::new(), |near| format!(", did you mean `{near}`?"));
                found.push(format!("`{}` has no parameter `{name}`{meant}", operation.name));
            });
        }
        (!found.is_empty()).then(|| Breach::of(seen, found.join("; ")))
    }
}

/// The parameters of a batch, which no fault can match.
const OF_BATCH: [&str; 2] = ["cmd", "halt"];

/// What OAuth 2.0 knows beside the parameters that are looked at.
const OF_GRANTS: [&str; 3] = ["code", "scope", "redirect_uri"];

const CREDENTIALS: [&str; 2] = ["auth", "access_token"];

/// The longest name that is told.
const LONGEST: usize = 40;

struct WrongType;

/// Parameters that may be numbers; the others are texts.
const NUMBERS: [&str; 2] = ["LINE", "USER_ID"];

impl Observer for WrongType {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let mut found = Vec::new();
        for call in seen.calls {
            let Some(operation) = call.operation else { continue };
            call.facts.given(&mut |name, kind| {
                if operation.name == "batch"
                    && name == "cmd"
                    && !matches!(kind, ValueKind::List | ValueKind::Mapping)
                {
                    found.push(format!("`cmd` is {}, and should be a list or a mapping", kind.words()));
                }
                let known = operation.parameters.iter().find(|known| known.eq_ignore_ascii_case(name));
                let Some(known) = known else { return };
                let may_be_number = NUMBERS.contains(known);
                let is_right = kind == ValueKind::Text || kind == ValueKind::Number && may_be_number;
                if !is_right {
                    let wanted = if may_be_number { "a text or a number" } else { "a text" };
                    found.push(format!("`{known}` is {}, and should be {wanted}", kind.words()));
                }
                if *known == "LINE" && kind == ValueKind::Text {
                    let value = call.facts.parameter(known).unwrap_or_default();
                    if !value.trim().bytes().all(|byte| byte.is_ascii_digit()) {
                        found.push(format!("`LINE` is `{value}`, which is no number"));
                    }
                }
            });
        }
        (!found.is_empty()).then(|| Breach::of(seen, found.join("; ")))
    }
}
