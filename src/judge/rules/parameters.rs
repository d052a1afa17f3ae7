//! `unknown-parameter` and `wrong-type`: parameters that the operation does not have, or with a value of the wrong
//! type.

use crate::emulator::conduct::{Breach, Observer, Rule, Seen, Severity};
use crate::emulator::{Operation, Parameter, Place, ValueType};
use crate::http::ValueKind;
use crate::scalar::nearest;

pub(super) static UNKNOWN: Rule = Rule {
    name: "unknown-parameter",
    severity: Severity::Warn,
    breach: "a call has a parameter that its page does not document",
    source: "vendors' pages: parameters",
    observe: || Box::new(Unknown),
};

pub(super) static WRONG_TYPE: Rule = Rule {
    name: "wrong-type",
    severity: Severity::Warn,
    breach: "a parameter does not have the type that its page documents",
    source: "vendors' pages: types of parameters",
    observe: || Box::new(WrongType),
};

struct Unknown;

impl Observer for Unknown {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let mut found = Vec::new();
        for call in seen.calls {
            let Some(operation) = call.operation.filter(|known| !known.takes_any()) else { continue };
            call.facts.given(&mut |name, _| {
                // The server ignores credentials in a command, so they are no misspelling. A very long name is no
                // name either, but a body in another format.
                let is_credential = call.command.is_some() && CREDENTIALS.contains(&name);
                if named(operation, name, seen).is_some() || is_credential || name.len() > LONGEST {
                    return;
                }
                let known = operation.parameters.iter().filter(is_sent).map(|known| known.name);
                let meant =
                    nearest(name, known).map_or(String::new(), |near| format!(", did you mean `{near}`?"));
                found.push(format!("`{}` has no parameter `{name}`{meant}", operation.name));
            });
        }
        (!found.is_empty()).then(|| Breach::of(seen, found.join("; ")))
    }
}

/// Whether a parameter is at the top level of a query or a body.
fn is_sent(known: &&Parameter) -> bool {
    known.place != Place::Path && !known.name.contains(['[', '.'])
}

/// The parameter that is sent as `name`.
fn named(operation: &Operation, name: &str, seen: &Seen<'_>) -> Option<&'static Parameter> {
    let ignores_case = seen.habits.ignores_case;
    // Nearly all callers spell names as the page does, so that is tested first.
    let is_same =
        |known: &&Parameter| known.name == name || ignores_case && known.name.eq_ignore_ascii_case(name);
    operation.parameters.iter().filter(is_same).find(is_sent)
}

const CREDENTIALS: [&str; 2] = ["auth", "access_token"];

/// The length of the longest name that is reported, in bytes.
const LONGEST: usize = 40;

struct WrongType;

impl Observer for WrongType {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let mut found = Vec::new();
        for call in seen.calls {
            let Some(operation) = call.operation else { continue };
            call.facts.given(&mut |name, kind| {
                let Some(known) = named(operation, name, seen) else { return };
                if let Some(wanted) = wanted_instead(known.value, kind) {
                    found.push(format!("`{}` is {}, but should be {wanted}", known.name, kind.words()));
                }
                if known.value == ValueType::Number && kind == ValueKind::Text {
                    let value = call.facts.parameter(known.name).unwrap_or_default();
                    // What a reference to another command's answer stands for is not known here.
                    let is_reference = call.command.is_some() && value.contains("$result");
                    if !is_reference && !value.trim().bytes().all(|byte| byte.is_ascii_digit()) {
                        found.push(format!("`{}` is `{value}`, which is not a number", known.name));
                    }
                }
            });
        }
        (!found.is_empty()).then(|| Breach::of(seen, found.join("; ")))
    }
}

/// The type that a value should have; `None` when a value of the kind `found` is allowed.
fn wanted_instead(wanted: ValueType, found: ValueKind) -> Option<&'static str> {
    match (wanted, found) {
        (ValueType::Flag, _) | (_, ValueKind::Text) if wanted != ValueType::ListOrMapping => None,
        (ValueType::Number | ValueType::TextOrNumber, ValueKind::Number) => None,
        (ValueType::ListOrMapping, ValueKind::List | ValueKind::Mapping) => None,
        (ValueType::ListOrMapping, _) => Some("a list or a mapping"),
        (ValueType::Number | ValueType::TextOrNumber, _) => Some("a text or a number"),
        (ValueType::Text | ValueType::Flag | ValueType::Bytes, _) => Some("a text"),
    }
}
