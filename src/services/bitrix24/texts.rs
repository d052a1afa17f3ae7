//! The errors that have several texts, or name an argument: all texts that they have in an operation.

use std::borrow::Cow;

use super::editions::Edition;
use super::errors::{ACCESS_DENIED, ACCESS_DENIED_RIGHTS, ERROR_ARGUMENT, INSUFFICIENT_SCOPE};
use crate::emulator::{Gives, Operation, Parameter, Requirement};

/// `ACCESS_DENIED` for a request with the parameter `token`, which makes it a signed download.
pub const LINK_CHECK_FAILED: &str = "Access denied! Link check failed";

/// `insufficient_scope` for a webhook.
pub const SCOPE_OF_WEBHOOK: &str =
    "The request requires higher privileges than provided by the webhook token";

/// `ACCESS_DENIED` for a webhook.
pub const ONLY_BY_SUBSCRIPTION: &str = "REST is available only by subscription.";

/// `ACCESS_DENIED` for one who binds a handler for another user.
pub const BIND_FOR_OTHERS: &str =
    "Access denied! Event binding with AUTH_TYPE requires administrator access rights";

/// `ACCESS_DENIED` for one who binds an offline event.
pub const BIND_OFFLINE: &str = "Access denied! Offline events binding requires administrator access rights";

/// `ACCESS_DENIED` for one who removes a handler of another user.
pub const UNBIND_FOR_OTHERS: &str =
    "Access denied! Event unbinding with AUTH_TYPE requires administrator access rights";

/// `ACCESS_DENIED` for one who removes an offline event.
pub const UNBIND_OFFLINE: &str =
    "Access denied! Offline events unbinding requires administrator access rights";

/// `ERROR_ARGUMENT` for an `EVENT_TYPE` that does not exist.
pub const EVENT_TYPE_UNKNOWN: &str = "Value must be one of {online|offline}";

/// `ERROR_ARGUMENT` for an event that cannot be kept.
pub const EVENT_NOT_OFFLINE: &str = "Offline event cannot be registered for this event.";

/// `ERROR_ARGUMENT` for MESSAGES that is no list and no mapping.
pub const MESSAGES_NO_ARRAY: &str = "The value of an argument 'MESSAGES' must be of type array";

/// `ERROR_ARGUMENT` for an element of MESSAGES that is no list and no mapping.
pub const MESSAGES_NOT_OF_ARRAYS: &str = "The MESSAGES parameter must be an array of messages (arrays)";

/// One text of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The text.
    pub text: Cow<'static, str>,
    /// The argument that the answer names beside the text; `None` when it names none.
    pub argument: Option<Cow<'static, str>>,
}

/// `ERROR_ARGUMENT` for an argument that is empty or missing.
pub fn null_or_empty(name: &str) -> String {
    format!("Argument '{name}' is null or empty")
}

/// Whether `ERROR_ARGUMENT` with this text of the catalogue names in its place the argument that is meant.
pub fn is_of_argument(text: &str, edition: Edition) -> bool {
    edition.rules().names_argument || text.starts_with("Argument '")
}

/// The argument that `ERROR_ARGUMENT` names when a fault orders it and names none: the first that a call needs.
pub fn usual_argument(operation: &Operation) -> Cow<'static, str> {
    needed(operation).next().map_or("CONNECTOR".into(), Cow::Owned)
}

/// The names of the parameters that a call needs, in upper case, without those inside others.
fn needed(operation: &Operation) -> impl Iterator<Item = String> {
    let is_needed =
        |known: &&Parameter| known.required != Requirement::Optional && !known.name.contains(['[', '.']);
    operation.parameters.iter().filter(is_needed).map(|known| known.name.to_uppercase())
}

/// Every text with which `operation` gives an error in `edition`, first that of the catalogue.
pub fn of(operation: &Operation, given: &Gives, edition: Edition) -> Vec<Wording> {
    let text = given.face(edition.name()).text;
    let rules = edition.rules();
    if *given.code == ERROR_ARGUMENT {
        return of_argument(operation, text, edition);
    }
    let others: &[&str] = if *given.code == ACCESS_DENIED_RIGHTS {
        match operation.name {
            "event.bind" => &[LINK_CHECK_FAILED, BIND_FOR_OTHERS, BIND_OFFLINE],
            "event.unbind" => &[LINK_CHECK_FAILED, UNBIND_FOR_OTHERS, UNBIND_OFFLINE],
            _ => &[LINK_CHECK_FAILED],
        }
    } else if rules.words_by_means && *given.code == INSUFFICIENT_SCOPE {
        &[SCOPE_OF_WEBHOOK]
    } else if rules.words_by_means && *given.code == ACCESS_DENIED {
        &[ONLY_BY_SUBSCRIPTION]
    } else {
        &[]
    };
    let texts = [text].into_iter().chain(others.iter().copied());
    texts.map(|text| Wording { text: text.into(), argument: None }).collect()
}

/// The texts of `ERROR_ARGUMENT`, whose text in the catalogue is `text`.
fn of_argument(operation: &Operation, text: &'static str, edition: Edition) -> Vec<Wording> {
    let rules = edition.rules();
    let wording = |text: Cow<'static, str>, argument: &str| Wording {
        text,
        argument: rules.names_argument.then(|| argument.to_owned().into()),
    };
    let mut names: Vec<_> = needed(operation).collect();
    if names.is_empty() {
        names.push(usual_argument(operation).into_owned());
    }
    let mut wordings: Vec<_> = match is_of_argument(text, edition) {
        true => names.iter().map(|name| wording(null_or_empty(name).into(), name)).collect(),
        false => vec![wording(text.into(), "")],
    };
    let others: &[(&'static str, &str)] = match operation.name {
        "imconnector.send.messages" => &[
            (MESSAGES_NO_ARRAY, "MESSAGES"),
            (MESSAGES_NOT_OF_ARRAYS, "MESSAGES"),
            (rules.structure_error, "MESSAGES"),
        ],
        "event.bind" => &[(EVENT_TYPE_UNKNOWN, "EVENT_TYPE"), (EVENT_NOT_OFFLINE, "EVENT_TYPE")],
        "event.unbind" => &[(EVENT_TYPE_UNKNOWN, "EVENT_TYPE")],
        _ => &[],
    };
    wordings.extend(others.iter().map(|(text, argument)| wording((*text).into(), argument)));
    wordings
}
