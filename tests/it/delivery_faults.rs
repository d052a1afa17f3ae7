//! Faults on deliveries: what handlers get, what the service believes, and what is told of it.

mod chert;
mod lines;
mod meanings;
mod shown;
mod when;

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use standin::emulator::{Nature, Outcome};
use standin::engine::{Dispatch, World};

use crate::client::signature;
use crate::direct::Direct;

const START: &str = "2026-05-24T01:35:34Z";

/// A scenario with both services. Each has a handler, `/a`, and Chert another one, `/b`, for reactions. `faults` is a list in YAML.
fn scenario(clock: &str, faults: &str) -> String {
    format!(
        "
standin: 1
name: deliveries
seed: 7
clock: {clock}
bitrix24:
  applications: [{{client_id: app, client_secret: client-secret-1, application_token: application-token-1}}]
  users: [{{id: 27, name: Klaus, last_name: Weber}}]
  credentials: [{{token: access-token-1, refresh_token: refresh-token-1, client_id: app}}]
  connectors: [{{id: myconnector, chat_group: true}}]
  lines: [{{id: 107, connectors: [myconnector]}}]
  chats:
    - {{connector: myconnector, line: 107, id: one, name: One}}
    - {{connector: myconnector, line: 107, id: two, name: Two}}
  handlers:
    - {{event: OnImConnectorMessageAdd, url: \"http://127.0.0.1:9/a\"}}
    - {{event: OnAppInstall, url: \"http://127.0.0.1:9/a\"}}
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      lines: [{{id: pl_01H, phone_number: \"+15555550100\"}}]
      chats:
        - {{id: one, group: false, line: pl_01H, participants: [\"+14155550001\"]}}
        - {{id: two, group: false, line: pl_01H, participants: [\"+14155550002\"]}}
      subscriptions:
        - {{id: sub-a, url: \"http://127.0.0.1:9/a\", events: [message.received], secret: secret-of-sub-a}}
        - {{id: sub-b, url: \"http://127.0.0.1:9/b\", events: [reaction.added], secret: secret-of-sub-b}}
faults:
{faults}"
    )
}

/// A world with a virtual clock, and its faults.
fn world(faults: &str) -> Direct {
    Direct::new(&scenario(&format!("{{virtual: \"{START}\"}}"), faults))
}

/// The same with the real clock.
fn real(faults: &str) -> Direct {
    Direct::new(&scenario("real", faults))
}

/// The services, each with what lets it send an event about a text in a chat.
const SERVICES: [&str; 2] = ["bitrix24", "chert"];

/// Lets somebody write in a chat. Returns the number of the event.
fn write(world: &mut Direct, service: &str, chat: &str, text: &str) -> u64 {
    write_at(world, service, chat, text, Timestamp::UNIX_EPOCH)
}

/// The same with several texts, one after the other.
fn write_all<const N: usize>(world: &mut Direct, service: &str, chat: &str, texts: [&str; N]) -> [u64; N] {
    texts.map(|text| write(world, service, chat, text))
}

fn write_at(world: &mut Direct, service: &str, chat: &str, text: &str, now: Timestamp) -> u64 {
    let (action, with) = match service {
        "chert" => ("chert.recipient.write", json!({"chat": chat, "text": text})),
        _ => (
            "bitrix24.operator.write",
            json!({"connector": "myconnector", "line": 107, "chat": chat, "text": text, "operator": 27}),
        ),
    };
    let acted = world.world().act(action, with.as_object().unwrap(), now);
    acted.unwrap_or_else(|mistake| panic!("{}", mistake.message)).deliveries[0]
}

/// A request that a handler got.
#[derive(Debug)]
struct Arrived {
    number: u64,
    nature: Nature,
    headers: HashMap<&'static str, String>,
    body: String,
}

impl Arrived {
    /// The text of the message.
    fn text(&self) -> String {
        if let Ok(body) = serde_json::from_str::<Value>(&self.body) {
            return body["data"]["message"]["parts"][0]["value"].as_str().unwrap_or_default().to_owned();
        }
        let text = self.member("data[MESSAGES][0][message][text]");
        text.rsplit("[br]").next().unwrap_or_default().to_owned()
    }

    /// A member of a form.
    fn member(&self, name: &str) -> String {
        let mut members = form_urlencoded::parse(self.body.as_bytes());
        members.find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// The ID of the message, which is the event's own.
    fn message(&self) -> String {
        match serde_json::from_str::<Value>(&self.body) {
            Ok(body) => body["data"]["message"]["id"].as_str().unwrap_or_default().to_owned(),
            Err(_) => self.member("data[MESSAGES][0][im][message_id]"),
        }
    }

    /// Whether the signature fits the body, as a receiver finds it with this secret.
    fn is_signed(&self, secret: &str) -> bool {
        let seconds = self.headers["x-webhook-timestamp"].parse().unwrap();
        self.headers["x-chert-signature"] == signature(secret, seconds, self.body.as_bytes())
    }
}

/// What arrives when the handler answers each request with this status, at the instant `now` of the wall clock.
fn arrive_at(world: &mut Direct, status: u16, now: Timestamp) -> Vec<Arrived> {
    let world = world.world();
    let mut arrived = Vec::new();
    while let Some(dispatch) = world.take_due(now) {
        arrived.push(seen(world, &dispatch));
        assert!(world.delivered(dispatch.id, Outcome::Answered(status), Duration::ZERO, now));
        assert!(arrived.len() < 1_000, "it has an end");
    }
    arrived
}

fn arrive(world: &mut Direct, status: u16) -> Vec<Arrived> {
    arrive_at(world, status, Timestamp::UNIX_EPOCH)
}

fn seen(world: &World, dispatch: &Dispatch) -> Arrived {
    let number = dispatch.id.number;
    let request = &dispatch.request;
    Arrived {
        number,
        nature: world.outbox().get(number).unwrap().delivery.nature,
        headers: request.headers.iter().cloned().collect(),
        body: request.body.to_string(),
    }
}

/// The texts that arrive.
fn texts(arrived: &[Arrived]) -> Vec<String> {
    arrived.iter().map(Arrived::text).collect()
}

/// Moves the virtual clock to the next instant at which something is due.
fn advance(world: &mut Direct) -> Option<Timestamp> {
    let world = world.world();
    let next = world.next_instant(Timestamp::UNIX_EPOCH)?;
    world.move_clock(|_| next)
}
