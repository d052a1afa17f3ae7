//! `bitrix24.repeated-argument-error`: a call repeated unchanged after an error about its arguments.

use super::command_errors;
use crate::emulator::RequestedCall;
use crate::emulator::conduct::{Breach, Earlier, Observer, Recalled, Recent, Rule, Seen, Severity};

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.repeated-argument-error",
    severity: Severity::Error,
    breach: "a call, or a command of a batch, came again unchanged after it was refused for its arguments",
    source: "apidocs.bitrix24.com, error handling",
    observe: || Box::new(RepeatedArgumentError::default()),
};

/// Errors that the same arguments cause every time.
const OF_ARGUMENTS: [&str; 5] = [
    "ERROR_ARGUMENT",
    "IMCONNECTOR_NO_CORRECT_PROVIDER",
    "ERROR_METHOD_NOT_FOUND",
    "ERROR_BATCH_LENGTH_EXCEEDED",
    "invalid_request",
];

/// The method that registers a connector.
const REGISTER: &str = "imconnector.register";

#[derive(Default)]
struct RepeatedArgumentError {
    /// For a request or a command of a batch: the error that it was refused with.
    refused: Recent<&'static str>,
}

impl Observer for RepeatedArgumentError {
    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        // A connector that is registered now takes the same arguments that were refused before.
        let registers = |call: &RequestedCall| call.operation.is_some_and(|known| known.name == REGISTER);
        if seen.calls.iter().any(registers) {
            self.refused = Recent::default();
        }
        let recalled = self.refused.recall(|| seen.meaning(), seen);
        if matches!(recalled, Recalled::UnderWay) {
            return None;
        }
        if let Some(code) = seen.error.filter(|code| OF_ARGUMENTS.contains(code) && !seen.is_spoilt) {
            self.refused.put(seen.meaning(), seen, code);
        }
        let of_commands = self.repeated_commands(seen);
        let Recalled::Known(earlier, code) = recalled else { return of_commands };
        let what = format!("it was refused with {code}, and came again unchanged");
        Some(Breach::after(earlier, seen, what))
    }
}

impl RepeatedArgumentError {
    /// The breach, if a command of a batch is repeated. Each command is refused on its own.
    fn repeated_commands(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let commands = seen.calls.get(1..).filter(|commands| !commands.is_empty())?;
        let errors = if seen.is_spoilt { Default::default() } else { command_errors(&seen.reply.body) };
        let mut surest: Option<Earlier> = None;
        let mut told = Vec::new();
        for call in commands {
            let name = call.command.as_deref().unwrap_or_default();
            let Some(command) = seen.meaning_of(call) else { continue };
            match self.refused.recall(|| command, seen) {
                Recalled::UnderWay => continue,
                Recalled::Nothing => {}
                Recalled::Known(earlier, code) => {
                    let is_surer = |known: &Earlier| seen.has_read(&earlier) > seen.has_read(known);
                    surest = surest.filter(|known| !is_surer(known)).or(Some(earlier));
                    told.push(format!(
                        "the command `{name}` was refused with {code}, and came again unchanged"
                    ));
                }
            }
            let code = errors.get(name).and_then(|code| OF_ARGUMENTS.iter().find(|known| *known == code));
            if let Some(code) = code {
                self.refused.put(command, seen, *code);
            }
        }
        surest.map(|earlier| Breach::after(earlier, seen, told.join("; ")))
    }
}
