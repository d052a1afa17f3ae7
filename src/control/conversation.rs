//! The worlds of a run → its exchanges with their explanations, for a report.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::delivery::Shown;
use super::{explain, fate, journal};
use crate::engine::{Namespaces, Redactor, World};

/// How many exchanges a conversation has at most.
const MOST_EXCHANGES: usize = 500;
/// How long it may be, in bytes of JSON.
const MOST_BYTES: usize = 4 << 20;
/// How many deliveries it has at most.
const MOST_DELIVERIES: usize = 500;
/// How long the deliveries may be, in bytes of JSON.
const MOST_BYTES_SENT: usize = 1 << 20;
/// How much of one text it has, such as a body, in bytes.
const MOST_OF_TEXT: usize = 16 << 10;

/// The newest exchanges and deliveries of all worlds as JSON, each as the journal shows it, with its namespace and its explanation.
/// Secrets are hidden. `left_out` is the number of the exchanges that are not in it.
pub fn conversation(namespaces: &Namespaces, now: Timestamp) -> Value {
    let (mut shown, mut bytes) = (Vec::new(), 0);
    let (mut sent, mut bytes_sent) = (Vec::new(), 0);
    namespaces.each_world(&mut |world: &World| {
        let redactor = Redactor::new(world);
        for delivery in Shown::all(world).iter().rev() {
            if sent.len() == MOST_DELIVERIES || bytes_sent > MOST_BYTES_SENT {
                break;
            }
            let mut one = of_world(world, json!(delivery.whole(&redactor)));
            let explained = fate::explain(world, &delivery.entry, now).join("\n");
            one["explanation"] = (redactor.text(&explained) + "\n").into();
            shorten(&mut one);
            bytes_sent += one.to_string().len();
            sent.push(one);
        }
        for entry in world.journal().entries().rev() {
            if shown.len() == MOST_EXCHANGES || bytes > MOST_BYTES {
                return;
            }
            let mut one = of_world(world, json!(journal::exchange(&entry, &redactor)));
            one["explanation"] = explain::text(world, &entry, now).into();
            shorten(&mut one);
            bytes += one.to_string().len();
            shown.push(one);
        }
    });
    shown.reverse();
    let totals = namespaces.totals();
    let left_out = totals.counters.exchanges.saturating_sub(shown.len() as u64);
    let mut conversation = json!({"left_out": left_out, "exchanges": shown});
    if !sent.is_empty() {
        sent.reverse();
        conversation["deliveries"] = sent.into();
    }
    conversation
}

/// A member of a conversation, with the world that it comes from.
fn of_world(world: &World, value: Value) -> Value {
    let mut one = Map::new();
    one.insert("namespace".into(), world.namespace().into());
    one.insert("resets_before".into(), world.resets().into());
    if let Value::Object(members) = value {
        one.extend(members);
    }
    Value::Object(one)
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
