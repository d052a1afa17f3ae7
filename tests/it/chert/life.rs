//! What the modules about chats and messages have in common: a world, and calls of its tenant.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use standin::emulator::ActionMistake;
use standin::engine::{Acted, Note};

use crate::direct::{Direct, body};

/// Two lines of one tenant, a group, a direct chat with two messages, and files. The clock is virtual.
pub fn world() -> Direct {
    with("")
}

/// The same with more of the section in front of its tenants.
pub fn with(more: &str) -> Direct {
    Direct::new(&format!(
        "
standin: 1
name: life
seed: 1
clock: {{virtual: 2026-05-01T12:00:00Z}}
chert:
{more}
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      lines:
        - {{id: pl_1, phone_number: \"+15555550100\"}}
        - {{id: pl_2, phone_number: \"+15555550101\", locations: false}}
        - {{id: pl_off, phone_number: \"+15555550102\", active: false}}
      chats:
        - {{id: group, group: true, line: pl_1, display_name: Crew, participants: [\"+14155550100\", \"+14155550200\", sam@example.com]}}
        - id: direct
          group: false
          line: pl_1
          display_name: Sam Chen
          participants: [\"+14155551234\"]
          messages:
            - {{id: own, text: Hello Sam!}}
            - {{id: theirs, from: \"+14155551234\", text: Hello!}}
        - {{id: bare, group: true}}
        - {{id: keyless, group: true, line: pl_1, chat_key: false, participants: [\"+14155550100\", \"+14155550200\", \"+14155550201\"]}}
        - {{id: nobody, group: false, line: pl_1}}
        - {{id: mail, group: false, line: pl_1, participants: [ann@example.com]}}
      attachments:
        - {{id: open, size_bytes: 4}}
        - {{id: full, text: Hello!}}
    - slug: other
      signing_secret: secret-of-other
      chats: [{{id: foreign, group: true, messages: [{{id: foreign-message, text: Hello!}}]}}]
",
    ))
}

/// Sends a request of the tenant `acme`. Returns status, body and note.
pub fn call(world: &mut Direct, verb: &str, path: &str, body: &Value) -> (u16, Value, Note) {
    let sent = if body.is_null() { String::new() } else { body.to_string() };
    let headers = [("authorization", "Bearer secret-of-acme"), ("content-type", "application/json")];
    let (reply, note) = world.exchange(verb, &format!("/api/v1{path}"), &headers, sent.as_bytes());
    (reply.status, self::body(&reply), note)
}

/// The same. Returns status and error code, which is 0 on success.
pub fn code(world: &mut Direct, verb: &str, path: &str, body: &Value) -> (u16, u64) {
    let (status, body, _) = call(world, verb, path, body);
    (status, body["error"]["code"].as_u64().unwrap_or_default())
}

/// A message with these parts.
pub fn message(parts: Value) -> Value {
    json!({"message": {"parts": parts}})
}

/// A part with a text.
pub fn text(text: &str) -> Value {
    json!({"type": "text", "value": text})
}

/// The chat with this ID, as the control interface shows it.
pub fn chat(world: &mut Direct, id: &str) -> Value {
    let state = world.world().state(Timestamp::UNIX_EPOCH);
    let chats = state["chert"]["tenants"][0]["chats"].as_array().unwrap().clone();
    chats.into_iter().find(|chat| chat["id"] == id).unwrap_or_default()
}

/// Performs an action of Chert on the tenant `acme`.
pub fn act(world: &mut Direct, action: &str, mut with: Value) -> Result<Acted, ActionMistake> {
    with["tenant"] = json!("acme");
    world.world().act(&format!("chert.{action}"), with.as_object().unwrap(), Timestamp::UNIX_EPOCH)
}

/// Lets time pass.
pub fn wait(world: &mut Direct, seconds: u64) {
    world.world().move_clock(|now| now + Duration::from_secs(seconds));
}
