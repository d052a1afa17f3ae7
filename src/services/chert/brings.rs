//! A delivery → what its event names, and a further delivery with IDs and texts of its own.

use serde_json::{Value, json};

use super::events;
use super::secret::Secret;
use crate::basics::Draws;
use crate::emulator::{Brought, Delivery, EventRecord, Nature};

/// What a delivery can be besides genuine and a repeat. A webhook carries no token that could expire.
pub const NATURES: &[Nature] = &[Nature::Forged, Nature::Tampered, Nature::Stale];

/// How old the signature of a stale delivery is, in seconds: twice the window.
const STALE: i64 = 600;

/// What is added to a text, or to the ID of a message without one, after the body was signed.
const CHANGED: &str = "-changed";

/// The data of an event in both forms of a body.
fn data(body: &Value) -> &Value {
    let row = &body["payload"]["data"];
    if row.is_null() { &body["data"] } else { row }
}

fn data_mut(body: &mut Value) -> &mut Value {
    let is_row = body["payload"]["data"].is_object();
    if is_row { &mut body["payload"]["data"] } else { &mut body["data"] }
}

/// What the event of a delivery names.
pub fn brings(delivery: &Delivery) -> Vec<Brought> {
    let Ok(body) = serde_json::from_str::<Value>(&delivery.body) else { return Vec::new() };
    let (data, kind) = (data(&body), delivery.event);
    let is_about_message = *kind == events::MESSAGE_RECEIVED || *kind == events::LEAD_REPLY;
    let is_made = !delivery.nature.is_true();
    let texts = data["message"]["parts"].as_array().into_iter().flatten();
    let texts = texts.filter(|part| part["type"] == "text").map(|part| ("text", &part["value"], true));
    let sender = match &data["message"]["sender_handle"] {
        Value::Null => &data["sender_handle"],
        sender => sender,
    };
    let values = [
        ("chat_id", &data["chat"]["id"], false),
        ("message_id", &data["message"]["id"], is_about_message || is_made),
        ("from", &sender["handle"], false),
        ("event_id", &body["event_id"], true),
    ];
    let brought = values.into_iter().chain(texts).filter_map(|(name, value, is_new)| {
        let known = kind.names.iter().find(|known| known.name == name)?;
        Some(Brought { name: known.name, kind: known.kind, value: value.as_str()?.to_owned(), is_new })
    });
    brought.collect()
}

/// A delivery that tells of what never happened: like `delivery`, with IDs and a text of its own, made from `draw`.
pub fn made(delivery: &Delivery, nature: Nature, draw: u64) -> Delivery {
    let Ok(mut body) = serde_json::from_str::<Value>(&delivery.body) else {
        return Delivery { nature, ..delivery.clone() };
    };
    let mut draws = Draws::new(draw, "chert", "forged");
    let (high, low) = (draws.draw(1), draws.draw(2));
    let is_about_message =
        *delivery.event == events::MESSAGE_RECEIVED || *delivery.event == events::LEAD_REPLY;
    let mut message = format!(
        "{:08X}-{:04X}-4{:03X}-{:04X}-{:012X}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 48 & 0x3fff),
        low & 0xffff_ffff_ffff
    );
    let key = match is_about_message {
        true => format!("chert:msg:{message}"),
        false => format!("chert:reaction:{high:016x}{:08x}", low >> 32),
    };
    let changed = if nature == Nature::Tampered { CHANGED } else { "" };
    let text = format!("Message {:08x}{changed}", draws.draw(3) >> 32);
    let mut has_text = false;
    let parts = data_mut(&mut body)["message"].get_mut("parts").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten().filter(|part| part["type"] == "text") {
        // One change is enough.
        part["value"] = json!(if has_text { text.trim_end_matches(CHANGED) } else { &text });
        has_text = true;
    }
    if !has_text {
        message.push_str(changed);
    }
    data_mut(&mut body)["message"]["id"] = json!(message);
    for (name, value) in [
        ("event_id", key.clone()),
        ("trace_id", format!("{:012x}", draws.draw(4) >> 16)),
        ("message_guid", message),
        ("text", text.trim_end_matches(CHANGED).to_owned()),
    ] {
        if let Some(known) = body.get_mut(name) {
            *known = value.into();
        }
    }
    let record = Some(EventRecord { number: 0, key: key.into() });
    Delivery { nature, body: body.to_string().into(), record, ..delivery.clone() }
}

/// The time of the signature of a delivery, in seconds.
pub fn signed_at(nature: Nature, now: i64) -> i64 {
    if nature == Nature::Stale { now.saturating_sub(STALE) } else { now }
}

/// The bytes that are signed: what was sent, or what it was before somebody changed it.
pub fn signed_body(delivery: &Delivery) -> std::borrow::Cow<'_, str> {
    match delivery.nature {
        Nature::Tampered => delivery.body.replacen(CHANGED, "", 1).into(),
        _ => (&*delivery.body).into(),
    }
}

/// The key that a forged delivery is signed with: nobody's secret.
pub fn wrong_secret(delivery: &Delivery) -> Secret {
    let key = delivery.record.as_ref().map_or("", |record| &record.key);
    Secret::new(format!("forged {key}"))
}
