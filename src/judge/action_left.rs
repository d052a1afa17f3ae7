//! An action of a scenario that was not performed, although nobody is to blame for it.

use schemars::JsonSchema;
use serde::Serialize;

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

/// An action of the scenario that was not performed, as JSON shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ActionLeft")]
pub struct ActionLeftShown {
    /// Which action it is, such as `action 2 of the scenario`.
    pub name: String,
    /// What it would have done, such as `bitrix24.operator.write`.
    pub r#do: String,
    /// What it waited for.
    pub why: String,
}

impl ActionLeft {
    /// The action as text.
    pub fn text(&self) -> String {
        format!("note: {}, `{}`, was not performed: {}\n", self.name, self.action, self.why)
    }

    /// The same for JSON.
    pub fn shown(&self) -> ActionLeftShown {
        let Self { name, action, why } = self.clone();
        ActionLeftShown { name, r#do: action, why }
    }
}
