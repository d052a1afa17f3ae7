//! A row of the table of differences, and the calls that its cases are made of.

use serde_json::{Value, json};

/// How the two editions answer the last of some requests, in a portal with these keys and with a credential of these.
pub struct Case {
    pub row: u8,
    pub keys: &'static str,
    pub credential: &'static str,
    pub faults: &'static str,
    pub requests: Vec<(&'static str, Value)>,
    pub pointer: &'static str,
    pub documented: Value,
    pub live: Value,
}

/// The parameters of a rename by token. `changes` replaces some; `null` removes one.
pub fn rename(changes: Value) -> Value {
    let mut parameters = json!({"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "chat-1", "NAME": "New name", "auth": "access-token"});
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(parameters.as_object_mut().unwrap().remove(name)),
            value => parameters[name] = value.clone(),
        }
    }
    parameters
}

pub fn visitor(changes: Value) -> Value {
    let mut parameters =
        rename(json!({"CONNECTOR": "messenger", "CHAT_ID": "chat-2", "USER_ID": "visitor-1"}));
    changes.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
    parameters
}

pub fn token(more: Value) -> Value {
    let mut parameters = json!({"auth": "access-token"});
    more.as_object().unwrap().iter().for_each(|(name, value)| parameters[name] = value.clone());
    parameters
}

/// A case with nothing special.
pub fn case(row: u8, target: &'static str, parameters: Value, documented: Value, live: Value) -> Case {
    let requests = vec![(target, parameters)];
    Case { row, keys: "", credential: "", faults: "", requests, pointer: "/result", documented, live }
}

impl Case {
    /// The same in a portal with these keys.
    pub fn in_portal(self, keys: &'static str) -> Self {
        Self { keys, ..self }
    }

    /// The same with these keys of the credential.
    pub fn by(self, credential: &'static str) -> Self {
        Self { credential, ..self }
    }

    /// The same with these faults.
    pub fn with(self, faults: &'static str) -> Self {
        Self { faults, ..self }
    }

    /// The same, with a look at this part of the answer.
    pub fn at(self, pointer: &'static str) -> Self {
        Self { pointer, ..self }
    }

    /// The same with these requests, of which the last counts.
    pub fn after(self, requests: Vec<(&'static str, Value)>) -> Self {
        Self { requests, ..self }
    }
}

/// A case in which the editions answer alike.
pub fn both(row: u8, target: &'static str, parameters: Value, answer: Value) -> Case {
    case(row, target, parameters, answer.clone(), answer)
}

pub fn success() -> Value {
    json!([200, {"SUCCESS": true, "DATA": {"RESULT": {}}}])
}
