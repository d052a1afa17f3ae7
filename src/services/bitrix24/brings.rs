//! A delivery → what its event names, and a further delivery with IDs and texts of its own.

use serde_json::{Value, json};

use super::events;
use super::php::query;
use crate::basics::Draws;
use crate::emulator::{Brought, Delivery, EventKind, Nature};

/// What a delivery can be besides genuine and a repeat. Bitrix24 signs nothing and has no window of time.
pub const NATURES: &[Nature] = &[Nature::Forged, Nature::ExpiredToken];

/// IDs of forged things lie from here on, far above those that a portal gives.
const FORGED: u64 = 900_000_000;

/// What a member of the body names, by the name for `match`; `None` when nothing.
fn name_of(member: &str, kind: &EventKind) -> Option<&'static str> {
    let path = member.strip_prefix("data")?;
    let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
    let name = match () {
        () if path.is_empty() && *kind == events::LINE_DELETE => "LINE",
        () if path == "[CONNECTOR]" || path == "[connector]" || ends(&["[connector_id]"]) => "CONNECTOR",
        () if path == "[LINE]" || path == "[line]" || ends(&["[line_id]"]) => "LINE",
        () if ends(&["[chat][id]", "[connector][chat_id]"]) => "CHAT_ID",
        () if ends(&["[im][message_id]"]) => "MESSAGE_ID",
        () if ends(&["[message][text]"]) => "TEXT",
        () if ends(&["[session][id]"]) => "SESSION_ID",
        () => return None,
    };
    kind.names.iter().map(|known| known.name).find(|known| *known == name)
}

/// Whether what a genuine event calls so was not known before.
fn is_new(name: &str, kind: &EventKind) -> bool {
    match name {
        "TEXT" => true,
        "MESSAGE_ID" => *kind == events::MESSAGE_ADD,
        "SESSION_ID" => *kind == events::DIALOG_START,
        _ => false,
    }
}

/// The members of a body, in their order.
fn members(delivery: &Delivery) -> Vec<(String, String)> {
    if *delivery.event != events::SETTING_CONNECTOR {
        let members = form_urlencoded::parse(delivery.body.as_bytes());
        return members.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    }
    let options: Value = serde_json::from_str(&delivery.body).unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members = options.as_object().into_iter().flatten();
    members.map(|(name, value)| (format!("data[{name}]"), text(value))).collect()
}

/// What the event of a delivery names.
pub fn brings(delivery: &Delivery) -> Vec<Brought> {
    let kind = delivery.event;
    let is_own = delivery.nature == Nature::Forged;
    let mut brought: Vec<Brought> = Vec::new();
    for (member, value) in members(delivery) {
        let Some(name) = name_of(&member, kind) else { continue };
        if brought.iter().any(|known| known.name == name && known.value == value) {
            continue;
        }
        let known = kind.names.iter().find(|known| known.name == name);
        let kind_of_thing = known.map_or("", |known| known.kind);
        let is_made = is_own && matches!(name, "TEXT" | "MESSAGE_ID" | "SESSION_ID");
        brought.push(Brought { name, kind: kind_of_thing, value, is_new: is_made || is_new(name, kind) });
    }
    brought
}

/// The body of an event that never happened: like that of `delivery`, with IDs and texts of its own. Chat, line and
/// connector stay: whoever forges events knows them.
pub fn forged(delivery: &Delivery, draw: u64) -> String {
    if *delivery.event == events::SETTING_CONNECTOR {
        return delivery.body.to_string();
    }
    let (mut body, mut count) = (String::with_capacity(delivery.body.len() + 32), 0);
    for (member, value) in members(delivery) {
        let value = match name_of(&member, delivery.event) {
            Some("MESSAGE_ID" | "SESSION_ID") => {
                count += 1;
                (FORGED + (draw.wrapping_add(count) % FORGED)).to_string()
            }
            Some("TEXT") => format!("Message {:08x}", draw >> 32),
            // The ID in the external system, in a list or alone.
            None if member.contains("[message][id]") => format!("{:016x}", draw.rotate_left(8)),
            _ => value,
        };
        query::append(&mut body, &member, &json!(value));
    }
    body
}

/// A token that nobody has issued, for the forged delivery with this number.
pub fn wrong_token(number: u64, name: &str) -> String {
    let mut draws = Draws::new(number, "bitrix24", &format!("forged {name}"));
    format!("{:016x}{:016x}", draws.draw(1), draws.draw(2))
}
