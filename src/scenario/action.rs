//! An action as a scenario describes it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::fault::Pattern;
use crate::scalar::{Length, Text};

/// Something that an operator or the portal does by itself while a client runs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionSpec {
    /// The action, such as `bitrix24.operator.write`.
    pub r#do: Text,
    /// The parameters of the action, such as `{connector: connector, line: 105, chat: chat-1, text: Hello}`.
    #[serde(default)]
    pub with: IndexMap<String, Text>,
    /// When it happens: this long after the start of the scenario.
    #[serde(default)]
    pub at: Option<Length>,
    /// The call that it happens after.
    #[serde(default)]
    pub after: Option<AfterSpec>,
    /// How long it waits after that call.
    #[serde(default)]
    pub wait: Option<Length>,
}

/// The call that an action happens after.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "After")]
pub struct AfterSpec {
    /// The operation, such as `bitrix24.imconnector.send.messages`. Only successful calls count.
    pub on: Text,
    /// Only calls with these parameters count.
    #[serde(default, rename = "match")]
    pub matches: IndexMap<String, Pattern>,
    /// The number of the call among those that count, from 1.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub call: Option<u64>,
}
