//! An action of a scenario that was not performed, although nobody is to blame for it.

use serde_json::{Value, json};

/// An action of a scenario whose time had not come when the run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionLeft {
    /// Which action it is, such as `action 2 of the scenario`.
    pub name: String,
    /// What it would have done, such as `bitrix24.operator.write`.
    pub action: String,
    /// What it waited for.
    pub why: String,
}

impl ActionLeft {
    /// The action as text.
    pub fn text(&self) -> String {
        format!("note: {}, `{}`, was not performed: {}\n", self.name, self.action, self.why)
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        json!({"name": self.name, "do": self.action, "why": self.why})
    }
}
