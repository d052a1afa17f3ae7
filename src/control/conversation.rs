//! The worlds of a run → its exchanges with their explanations, for a report.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{explain, journal};
use crate::engine::{Namespaces, Redactor, World};

/// How many exchanges a conversation has at most.
const MOST_EXCHANGES: usize = 500;
/// How long it may be, in bytes of JSON.
const MOST_BYTES: usize = 4 << 20;
/// How much of one text it has, such as a body, in bytes.
const MOST_OF_TEXT: usize = 16 << 10;

/// The newest exchanges of all worlds as JSON, each as the journal shows it, with its namespace and its explanation.
/// Secrets are hidden. `left_out` is the number of the exchanges that are not in it.
pub fn conversation(namespaces: &Namespaces, now: Timestamp) -> Value {
    let (mut shown, mut bytes) = (Vec::new(), 0);
    namespaces.each_world(&mut |world: &World| {
        let redactor = Redactor::new(world);
        for entry in world.journal().entries().rev() {
            if shown.len() == MOST_EXCHANGES || bytes > MOST_BYTES {
                return;
            }
            let mut one = Map::new();
            one.insert("namespace".into(), world.namespace().into());
            one.insert("resets_before".into(), world.resets().into());
            if let Value::Object(members) = journal::entry_as_json(&entry, &redactor) {
                one.extend(members);
            }
            one.insert("explanation".into(), explain::text(world, &entry, now).into());
            let mut one = Value::Object(one);
            shorten(&mut one);
            bytes += one.to_string().len();
            shown.push(one);
        }
    });
    shown.reverse();
    let left_out = namespaces.totals().counters.exchanges.saturating_sub(shown.len() as u64);
    json!({"left_out": left_out, "exchanges": shown})
}

/// Cuts long texts, and says how much is left out.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > MOST_OF_TEXT => {
            let end = (0..=MOST_OF_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
            *text = format!("{}… ({} bytes left out)", &text[..end], text.len() - end);
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}
