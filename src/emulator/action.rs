//! Actions: what people and systems behind a service do, which no call of its API can do.

use serde_json::{Map, Value};

use crate::scalar::{nearest, quote};

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

impl Action {
    /// What is wrong with the names `given` of parameters. `full` is the full name of the action, such as
    /// `bitrix24.operator.write`.
    pub fn mistakes<'a>(
        &self,
        full: &str,
        given: impl Iterator<Item = &'a str> + Clone,
    ) -> Vec<ParameterMistake<'a>> {
        let known = || self.parameters.iter().map(|parameter| parameter.name);
        let strangers = given.clone().filter(|name| known().all(|known| known != *name));
        let strange = |stranger: &'a str| {
            let help = match nearest(stranger, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its parameters are `{}`", known().collect::<Vec<_>>().join("`, `")),
            };
            let message = format!("`{full}` has no parameter {}", quote(stranger));
            ParameterMistake { stranger: Some(stranger), mistake: ActionMistake::new(message, help) }
        };
        let needed = self.parameters.iter().filter(|parameter| parameter.is_required);
        let missing = needed.filter(|parameter| given.clone().all(|name| name != parameter.name));
        let lack = |ActionParameter { name, summary, .. }: &ActionParameter| {
            let mistake =
                ActionMistake::new(format!("`{full}` needs `{name}`"), format!("add `{name}`: {summary}"));
            ParameterMistake { stranger: None, mistake }
        };
        strangers.map(strange).chain(missing.map(lack)).collect()
    }
}

/// What is wrong with the name of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterMistake<'a> {
    /// The name that the action does not know; `None` when a name is missing.
    pub stranger: Option<&'a str>,
    /// The mistake.
    pub mistake: ActionMistake,
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
