//! Rules of conduct for clients of Bitrix24. Each rule has a file of its own.

mod acts_on_forged;
mod batch_length;
mod late_answer;
mod limit_ignored;
mod other_edition;
mod refreshes_event_token;
mod repeated_argument_error;
mod token_in_url;
mod unconfirmed_delivery;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::emulator::conduct::Rule;

/// Every rule.
pub static RULES: &[&Rule] = &[
    &repeated_argument_error::RULE,
    &limit_ignored::RULE,
    &token_in_url::RULE,
    &batch_length::RULE,
    &other_edition::RULE,
    &acts_on_forged::RULE,
    &unconfirmed_delivery::RULE,
    &refreshes_event_token::RULE,
    &late_answer::RULE,
];

/// The errors of a batch's commands, by the commands' names.
pub(super) type CommandErrors = BTreeMap<String, String>;

pub(super) fn command_errors(body: &[u8]) -> CommandErrors {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = |(name, error): (String, &Value)| Some((name, error["error"].as_str()?.to_owned()));
    match &body["result"]["result_error"] {
        Value::Object(all) => all.iter().filter_map(|(name, error)| code((name.clone(), error))).collect(),
        Value::Array(all) => {
            all.iter().enumerate().filter_map(|(place, error)| code((place.to_string(), error))).collect()
        }
        _ => CommandErrors::new(),
    }
}
