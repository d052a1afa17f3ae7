//! A difference between an answer and the contract.

use schemars::JsonSchema;
use serde::Serialize;

/// A fact of an answer that is not as the contract has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Drift {
    /// Where: `status`, `header.NAME`, `body` or the way to a value in the body, such as `body.chat.id`.
    pub at: String,
    /// What the contract has there.
    pub expected: String,
    /// What the server sent there.
    pub actual: String,
    /// The page, or whatever else, that says what is expected.
    pub source: &'static str,
}
