//! `bitrix24.repeated-argument-error`: the same call again after an error about its arguments.

use jiff::Timestamp;

use super::{Breach, Recent, Rule, Seen, Severity, Watcher, can_have_read, command_errors, fingerprint};
use crate::vendor::AskedCall;

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.repeated-argument-error",
    severity: Severity::Error,
    summary: "a call, or a command of a batch, that was refused for its arguments is not made again as it was",
    source: "apidocs.bitrix24.com, error handling",
    watch: || Box::new(RepeatedArgumentError::default()),
};

/// Errors that the same arguments always give.
const OF_ARGUMENTS: [&str; 5] = [
    "ERROR_ARGUMENT",
    "IMCONNECTOR_NO_CORRECT_PROVIDER",
    "ERROR_METHOD_NOT_FOUND",
    "ERROR_BATCH_LENGTH_EXCEEDED",
    "invalid_request",
];

#[derive(Default)]
struct RepeatedArgumentError {
    /// Requests that were refused.
    refused: Recent<Refused>,
    /// Commands of batches that were refused.
    commands: Recent<Refused>,
}

/// A refusal: its exchange, its error, when.
type Refused = (u64, &'static str, (Timestamp, Timestamp));

impl Watcher for RepeatedArgumentError {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        if seen.vendor != "bitrix24" {
            return None;
        }
        let request = fingerprint(seen);
        let earlier = self.refused.take(request);
        let now = (seen.wall, seen.at);
        if let Some(code) = seen.error.filter(|code| OF_ARGUMENTS.contains(code) && !seen.is_spoilt) {
            self.refused.put(request, (seen.number, code, now));
        }
        let earlier = earlier.filter(|(_, _, then)| can_have_read(*then, seen));
        let of_commands = self.repeated_commands(seen);
        match earlier {
            None => of_commands,
            Some((number, code, _)) => {
                let what = format!("it was refused with {code}, and made again as it was");
                Some(Breach::after(number, seen, what))
            }
        }
    }
}

impl RepeatedArgumentError {
    /// The same for the commands of a batch, each of which is refused for itself.
    fn repeated_commands(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let commands = seen.calls.get(1..).filter(|commands| !commands.is_empty())?;
        let errors = if seen.is_spoilt { Default::default() } else { command_errors(&seen.reply.body) };
        let mut first = None;
        let mut told = Vec::new();
        for call in commands {
            let name = call.command.as_deref().unwrap_or_default();
            let Some(command) = meaning(call) else { continue };
            if let Some((number, code, then)) = self.commands.take(command)
                && can_have_read(then, seen)
            {
                first.get_or_insert(number);
                told.push(format!("the command `{name}` was refused with {code}, and came again as it was"));
            }
            let code = errors.get(name).and_then(|code| OF_ARGUMENTS.iter().find(|known| *known == code));
            if let Some(code) = code {
                self.commands.put(command, (seen.number, *code, (seen.wall, seen.at)));
            }
        }
        first.map(|number| Breach::after(number, seen, told.join("; ")))
    }
}

/// What makes two commands the same one; `None` where it depends on the answers of other commands.
fn meaning(call: &AskedCall) -> Option<u64> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    call.operation?.name.hash(&mut hasher);
    for (name, _) in call.facts.given() {
        let value = call.facts.parameter(&name);
        if value.as_ref().is_some_and(|value| value.contains("$result")) {
            return None;
        }
        value.hash(&mut hasher);
        name.hash(&mut hasher);
    }
    Some(hasher.finish())
}
