//! A fault as a scenario describes it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::seed::Text;

/// A fault: what it is aimed at, when it fires, and what happens then.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// Its name, shown wherever it fires. Unique within the scenario.
    pub name: Text,
    /// A vendor (`chert`) or one of its operations (`chert.chats.rename`).
    pub on: Text,
    /// Only calls whose parameters have these values, such as `{CHAT_ID: 47e007b1}`.
    #[serde(default, rename = "match")]
    pub matches: IndexMap<String, Text>,
    /// Which of these calls; without it, all of them.
    #[serde(default)]
    pub when: When,
    /// The vendor's error code to answer with, such as `CHAT_RENAMING_FAILED` or `4001`.
    pub error: Text,
    /// Another text than the vendor's own for this error.
    #[serde(default)]
    pub message: Option<Text>,
    /// Seconds until a retry may succeed, for errors that carry them.
    #[serde(default)]
    pub retry_after: Option<u32>,
}

/// Which calls a fault fires on. Calls are counted per fault, from 1, as they reach the fault's stage; when
/// several conditions are given, all must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The call with this number only.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub call: Option<u64>,
    /// The first so many calls.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub first: Option<u64>,
    /// All calls after the first so many.
    #[serde(default)]
    pub after: Option<u64>,
    /// Every call whose number is a multiple of this.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub every: Option<u64>,
    /// The calls from the first number to the second, both included.
    #[serde(default)]
    pub between: Option<[u64; 2]>,
}
