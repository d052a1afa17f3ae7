//! `GET /__standin/state`: shows the state of every service, without secrets.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{Asked, Place};
use crate::engine::{Redactor, World};
use crate::http::Reply;

/// The state of each service, by its name, without secrets: what exists in it, chats for example.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it describes an answer that each service makes of its own things")]
pub(super) struct State(Map<String, Value>);

pub(super) fn answer(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let found = place.with(|_, world| {
        let state = world.state(asked.now);
        // To know all secrets takes long. Mostly nothing may hold one.
        let redactor = has_text(&state).then(|| Redactor::new(world));
        (state, redactor)
    });
    match found {
        Ok((mut state, redactor)) => {
            redactor.iter().for_each(|redactor| hide(&mut state, redactor));
            Reply::json(200, &state)
        }
        Err(reply) => reply,
    }
}

/// The state of a world as it is, for one who cannot ask again.
pub(super) fn shown(world: &World, redactor: &Redactor) -> Value {
    let mut state = world.state_as_it_is();
    hide(&mut state, redactor);
    state
}

/// Whether a client has given a URL or the text of a message, which may hold its secrets.
fn has_text(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_text),
        Value::Object(members) => members.iter().any(|(name, member)| is_clients(name) || has_text(member)),
        _ => false,
    }
}

/// Whether a member of this name is a URL, or the text of a message or what it was before.
fn is_clients(name: &str) -> bool {
    matches!(name, "url" | "text" | "value" | "before")
}

/// Hides secrets in URLs, and in texts of messages those that are known.
fn hide(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, redactor)),
        Value::Object(members) => {
            for (name, member) in members {
                match (&**name, member) {
                    ("url", Value::String(url)) => *url = redactor.text(url),
                    (name, Value::String(text)) if is_clients(name) => *text = redactor.own_text(text, &[]),
                    (_, member) => hide(member, redactor),
                }
            }
        }
        _ => {}
    }
}
