//! `bitrix24.other-edition`: a call that has another outcome in the other edition.

use foldhash::{HashSet, HashSetExt};

use super::{CommandErrors, command_errors};
use crate::basics::Stage;
use crate::emulator::RequestedCall;
use crate::emulator::conduct::{Breach, Observer, OtherAnswer, Rule, Seen, Severity, Struck, hash};
use crate::services::bitrix24::errors::ERRORS;

pub(super) static RULE: Rule = Rule {
    name: "bitrix24.other-edition",
    severity: Severity::Warn,
    breach: "a call has another outcome in the other edition",
    source: "`standin catalog --editions`",
    observe: || Box::new(OtherEdition { apart: Some(HashSet::new()), words: Vec::new() }),
};

struct OtherEdition {
    /// The chats that the other edition may call otherwise by now: a call for them worked in one edition only, or a
    /// fault struck it. There is one state, that of the served edition. `None` when any chat may be one of them.
    apart: Option<HashSet<u64>>,
    /// The words for two outcomes, made once: a client may break the rule with every call.
    words: Vec<([Outcome; 2], String)>,
}

/// How many chats that are apart are remembered.
const MOST_APART: usize = 10_000;

/// Errors of limits. The other edition is not asked about them.
const OF_LIMITS: [&str; 2] = ["QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT"];

/// What the live edition alone answers to a rename to the name that the chat has.
const SAME_NAME: &str = "CHAT_RENAMING_FAILED";

/// A call with another outcome in the other edition.
struct Difference<'a> {
    call: &'a RequestedCall,
    /// Whether the call fails with [`SAME_NAME`] in one edition and works in the other.
    is_of_name: bool,
    /// Whether the call changes the state in one edition only, or keeps a later command from doing so.
    parts: bool,
    told: Told,
}

/// The two outcomes of a call.
enum Told {
    /// Those of the request's own call, which is then the only difference.
    Own([Outcome; 2]),
    /// Those of a command, in words.
    OfCommand(String),
}

/// The outcome of a request in an edition.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Outcome {
    edition: &'static str,
    status: u16,
    error: Option<&'static str>,
}

impl Observer for OtherEdition {
    fn asks_other_edition(&self) -> bool {
        true
    }

    fn outlasts_changes(&self) -> bool {
        true
    }

    fn saw(&mut self, seen: &Seen<'_>) -> Option<Breach> {
        let differences = if seen.is_spoilt { Vec::new() } else { differences(seen) };
        let breach = self.breach(seen, &differences);
        if seen.struck != Struck::No || seen.is_spoilt || differences.iter().any(|one| one.parts) {
            seen.calls.iter().for_each(|call| self.set_apart(call));
        }
        breach
    }
}

impl OtherEdition {
    fn breach(&mut self, seen: &Seen<'_>, differences: &[Difference<'_>]) -> Option<Breach> {
        // What only follows from an earlier difference, or from a fault, is no difference of this call.
        let is_own = |one: &&Difference<'_>| !(one.is_of_name && self.is_apart(one.call));
        let mut of_commands = Vec::new();
        for one in differences.iter().filter(is_own) {
            match &one.told {
                Told::Own(outcomes) => return Some(Breach::in_words(seen, self.words(*outcomes))),
                Told::OfCommand(words) => of_commands.push(words.as_str()),
            }
        }
        (!of_commands.is_empty()).then(|| Breach::of(seen, of_commands.join("; ")))
    }

    fn words(&mut self, outcomes: [Outcome; 2]) -> &str {
        let known = self.words.iter().position(|(known, _)| *known == outcomes);
        let place = known.unwrap_or_else(|| {
            let [here, there] = outcomes.map(|one| outcome(one.edition, one.status, one.error));
            self.words.push((outcomes, format!("{here}, {there}")));
            self.words.len() - 1
        });
        &self.words[place].1
    }

    fn is_apart(&self, call: &RequestedCall) -> bool {
        let known = call.facts.parameter(CHAT).map(|chat| hash(&chat));
        self.apart.as_ref().is_none_or(|apart| known.is_some_and(|chat| apart.contains(&chat)))
    }

    /// Notes that the chat of the call, if it has one, may have another name in the other edition.
    fn set_apart(&mut self, call: &RequestedCall) {
        let Some(chat) = call.facts.parameter(CHAT) else { return };
        // A command may refer to a chat that an earlier command has found.
        let is_known = call.command.is_none() || !chat.contains('$');
        self.apart = self.apart.take().filter(|apart| is_known && apart.len() < MOST_APART);
        if let Some(apart) = &mut self.apart {
            apart.insert(hash(&chat));
        }
    }
}

/// The parameter that names a chat.
const CHAT: &str = "CHAT_ID";

/// The calls of an exchange that have another outcome in the other edition; none when the answers cannot be compared.
fn differences<'a>(seen: &Seen<'a>) -> Vec<Difference<'a>> {
    let Some(OtherAnswer { status, error, body, editions: [here, there] }) = seen.other else {
        return Vec::new();
    };
    if seen.error.is_some_and(|error| OF_LIMITS.contains(&error)) {
        return Vec::new();
    }
    if (status, error) != (seen.reply.status, seen.error) {
        if [(status, error), (seen.reply.status, seen.error)].into_iter().all(is_of_credential) {
            return Vec::new();
        }
        let ours = Outcome { edition: here, status: seen.reply.status, error: seen.error };
        let told = Told::Own([ours, Outcome { edition: there, status, error }]);
        let is_of_name = is_of_name(seen.error, error);
        let parts = !is_of_name && seen.error.is_some() != error.is_some();
        let call = seen.calls.first();
        return call.map(|call| Difference { call, is_of_name, parts, told }).into_iter().collect();
    }
    let Some(commands) = seen.calls.get(1..).filter(|commands| !commands.is_empty()) else {
        return Vec::new();
    };
    let (ours, theirs) = (command_errors(&seen.reply.body), command_errors(body));
    let difference = |call: &'a RequestedCall| {
        let name = call.command.as_deref()?;
        let (one, other) = (code(&ours, name), code(&theirs, name));
        if one == other || one.is_some_and(|code| OF_LIMITS.contains(&code)) {
            return None;
        }
        let told = |edition, code| match code {
            None => outcome(edition, 200, None),
            Some(code) => format!("{} `{code}`", outcome(edition, 400, None).replace(": 400", ":")),
        };
        let told = format!("the command `{name}` {}, {}", told(here, one), told(there, other));
        let told = Told::OfCommand(told);
        Some(Difference { call, is_of_name: is_of_name(one, other), parts: true, told })
    };
    commands.iter().filter_map(difference).collect()
}

/// Whether an edition refuses a request because of its credential. If both do, only their words differ.
fn is_of_credential((status, error): (u16, Option<&str>)) -> bool {
    let row = ERRORS.iter().find(|row| Some(row.code) == error);
    status == 401 && row.is_some_and(|row| row.stage == Stage::Auth)
}

/// The error of the command `name`.
fn code<'a>(errors: &'a CommandErrors, name: &str) -> Option<&'a str> {
    errors.get(name).map(String::as_str)
}

fn is_of_name(one: Option<&str>, other: Option<&str>) -> bool {
    matches!((one, other), (Some(SAME_NAME), None) | (None, Some(SAME_NAME)))
}

fn outcome(edition: &str, status: u16, error: Option<&str>) -> String {
    let place = if edition == "live" { "on the live server" } else { "by the documentation" };
    match error {
        None if status < 400 => format!("works {place}"),
        None => format!("fails {place}: {status}"),
        Some(code) => format!("fails {place}: {status} `{code}`"),
    }
}
