//! Actions: what people and systems behind a service do, which no call of its API can do.

use serde_json::{Map, Value};

/// An action that a service can perform.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// The name within the service, such as `operator.write`.
    pub name: &'static str,
    /// What happens, in a line.
    pub summary: &'static str,
    /// The parameters.
    pub parameters: &'static [ActionParameter],
}

/// A parameter of an action.
#[derive(Debug, PartialEq, Eq)]
pub struct ActionParameter {
    /// The name.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Whether the action needs it.
    pub is_required: bool,
}

impl ActionParameter {
    /// A parameter that the action needs.
    pub const fn required(name: &'static str, summary: &'static str) -> Self {
        Self { name, summary, is_required: true }
    }

    /// A parameter that the action does not need.
    pub const fn optional(name: &'static str, summary: &'static str) -> Self {
        Self { name, summary, is_required: false }
    }
}

/// The parameters of an action that is to be performed.
pub type ActionInput = Map<String, Value>;

/// What an action has changed, as JSON.
pub type ActionResult = Result<Value, ActionMistake>;

/// Why an action cannot be performed. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionMistake {
    /// What is wrong.
    pub message: String,
    /// What to do instead.
    pub help: String,
}

impl ActionMistake {
    /// A mistake with its help.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}
