//! `GET /__standin/state`: shows the state of every service, without secrets.

use serde_json::Value;

use super::{Asked, Place};
use crate::engine::Redactor;
use crate::http::Reply;

pub(super) fn answer(place: &Place<'_>, asked: &Asked<'_>) -> Reply {
    let found = place.with(|_, world| {
        let state = world.state(asked.now);
        // To know all secrets takes long. Mostly nothing may hold one.
        let redactor = has_url(&state).then(|| Redactor::new(world));
        (state, redactor)
    });
    match found {
        Ok((mut state, redactor)) => {
            redactor.iter().for_each(|redactor| hide_in_urls(&mut state, redactor));
            Reply::json(200, &state)
        }
        Err(reply) => reply,
    }
}

/// Whether a client has given a URL, which may hold its secrets.
fn has_url(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_url),
        Value::Object(members) => members.iter().any(|(name, member)| name == "url" || has_url(member)),
        _ => false,
    }
}

fn hide_in_urls(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide_in_urls(item, redactor)),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "url" => *text = redactor.text(text),
                    member => hide_in_urls(member, redactor),
                }
            }
        }
        _ => {}
    }
}
