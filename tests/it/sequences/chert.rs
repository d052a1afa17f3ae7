//! Chert in a sequence: its calls, what its recipients do, and what stays true of it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use standin::emulator::Service;
use standin::engine::{After, EventStream, Form};
use standin::http::{Headers, Request};
use standin::services::chert::Chert;

use super::of;
use super::player::Player;

// What moves choose from.
const CHATS: &[&str] = &["ch_1", "g_1", "c1", "c2", "keyless", "none", "c3", ""];
const MESSAGES: &[&str] = &["own", "m1", "i1", "m2", "last", "m3", "i2", "none"];
const FILES: &[&str] = &["full", "open", "a1", "none"];
const PHONES: &[&str] =
    &["+14155551234", "+14155550100", "+14155550200", "+14155550300", "ann@example.com", "x"];
const URLS: &[&str] =
    &["http://127.0.0.1:1/hooks", "https://dev-inbox", "http://127.0.0.1:1/new", "not a URL"];

/// Answers that are not over when they are planned.
#[derive(Default)]
pub struct Long {
    waiting: Vec<After>,
    streams: Vec<EventStream>,
}

/// How many streams are looked at.
const MOST_STREAMS: usize = 3;

impl Long {
    /// Notes the form of an answer.
    pub fn note(&mut self, form: &Form) {
        match form {
            Form::After(after) => self.waiting.push((**after).clone()),
            Form::Stream(stream) if self.streams.len() < MOST_STREAMS => {
                self.streams.push((**stream).clone())
            }
            _ => {}
        }
    }

    /// How many answers wait.
    pub fn pending(&self) -> usize {
        self.waiting.iter().filter(|after| after.answer().is_none()).count()
    }

    /// Looks at no stream any more.
    pub fn close_streams(&mut self) {
        self.streams.clear();
    }

    /// Notes that an epoch is over: every answer is finished.
    pub fn left(&mut self) {
        assert_eq!(self.pending(), 0, "nobody finishes an answer of an epoch that is over");
        *self = Self::default();
    }
}

impl Player {
    /// A call of Chert, most of it good.
    pub(super) fn ask_chert(&mut self, a: u8, b: u8, c: u8) {
        let operations = Chert.operations();
        let often = ["chats.messages.send", "send", "messages.react", "events.replay"];
        let operation = match a {
            192.. => *operations.iter().find(|known| known.name == of(&often, a)).unwrap(),
            _ => of(operations, a),
        };
        let is_good = c < 224;
        let phone = of(PHONES, if is_good { c & 3 } else { c });
        let id = match operation.path.split('/').nth(3) {
            Some("chats") => of(CHATS, b).to_owned(),
            Some("messages") => of(MESSAGES, b).to_owned(),
            Some("attachments") => of(FILES, b).to_owned(),
            Some("events") => self.id_of("events", b),
            _ => self.id_of("subscriptions", b),
        };
        let address = phone.replace('+', "%2B");
        let mut target = operation.path.replace("{id}", &id).replace("{address}", &address);
        if operation.name == "events.replay" && c & 16 != 0 {
            target += &format!("?subscription_id={}", self.id_of("subscriptions", c));
        }
        if operation.name == "events.stream" && c & 8 != 0 {
            target += "?since=2026-03-11T13:53:13Z";
        }
        let mut message =
            json!({"parts": [{"type": "text", "value": format!("text {c}")}], "subject": "New"});
        if c & 4 != 0 {
            message["parts"]
                .as_array_mut()
                .unwrap()
                .push(json!({"type": "media", "attachment_id": of(FILES, b)}));
        }
        if c & 8 != 0 {
            message["idempotency_key"] = json!(of(&["k1", "k2"], c));
        }
        let to = if operation.name == "chats.create" {
            json!(PHONES[..usize::from(1 + c % 3)])
        } else {
            json!(phone)
        };
        let mut with = json!({
            "phone": phone, "body": format!("one\n\ntwo {c}"), "from": "+15555550100", "to": to, "message": message,
            "reaction": of(&["love", "laugh", "none"], c >> 3), "new_text": format!("new {c}"), "address": phone,
            "state": "typing", "contact": {"full_name": "Sam"}, "display_name": format!("name {c}"),
            "filename": "a.txt", "content_type": "text/plain", "size_bytes": 3, "url": of(URLS, c >> 1),
            "events": of(&[&[][..], &["message.received"], &["lead_reply"], &["reaction.added"]], c >> 2),
            "is_active": c & 1 == 0, "latitude": 40.5, "longitude": -73.5,
        });
        if !is_good {
            let members = with.as_object_mut().unwrap();
            let name = members.keys().nth(usize::from(c) % members.len()).unwrap().clone();
            members.shift_remove(&name);
        }
        let token = if c % 16 == 15 { "Bearer wrong" } else { "Bearer secret-of-acme" };
        let headers: Headers =
            [("authorization", token), ("content-type", "text/plain")].into_iter().collect();
        let sent = match operation.name {
            "attachments.upload" => "abc".to_owned(),
            _ if operation.verb == "GET" => String::new(),
            _ => with.to_string(),
        };
        self.ask(Request::new(operation.verb, &target, headers, sent.into()));
        self.look_at_streams();
    }

    /// The ID of something that the tenant has, or one that it has not.
    fn id_of(&mut self, kind: &str, choice: u8) -> String {
        let state = self.world.state(self.wall);
        let known = list(&state["chert"]["tenants"][0][kind]);
        let found = known.get(usize::from(choice) % (known.len() + 1));
        found.map_or("none", |known| known["id"].as_str().unwrap()).to_owned()
    }

    /// Shows what the open streams send.
    fn look_at_streams(&mut self) {
        let mut streams = std::mem::take(&mut self.long.streams);
        streams.retain_mut(|stream| {
            let portion = self.world.stream(stream, self.wall);
            self.record.seen.push(format!("stream: {:?} {}", portion.bytes, portion.is_over));
            !portion.is_over
        });
        self.long.streams = streams;
    }

    /// What a recipient does, most of it possible.
    pub(super) fn act_in_chert(&mut self, a: u8, b: u8, c: u8) {
        let actions = Chert.actions();
        let action = if a >= 128 { actions[usize::from(a & 1)] } else { of(actions, a) };
        let mut with = Map::new();
        let is_given = |name: &str| match name {
            "text" | "tenant" => true,
            "chat" => b & 8 == 0,
            "from" => b & 16 == 0 || b & 8 != 0,
            "message" => b & 32 == 0,
            _ => c >= 200,
        };
        for parameter in action.parameters.iter().filter(|known| known.is_required || is_given(known.name)) {
            let value = match parameter.name {
                "chat" => of(CHATS, b & 7),
                "from" => of(PHONES, c),
                "text" if c % 16 == 15 => "",
                "media" => "QUJD",
                "participants" => "+14155550100, +14155550300",
                "line" => of(&["pl", "off", "none"], c),
                "tenant" => of(&["acme", "acme", "acme", "other", "none"], c),
                "message" => of(MESSAGES, b >> 3),
                "reaction" => of(&["love", "like", "none"], b >> 6),
                "content_type" => "text/plain",
                _ => "text",
            };
            with.insert(parameter.name.to_owned(), json!(value));
        }
        self.perform(&format!("chert.{}", action.name), &with);
    }
}

/// What stays true of the state of Chert.
pub fn check(state: &Value) {
    for tenant in list(&state["tenants"]) {
        let chats = list(&tenant["chats"]);
        let different = |kind: &str, ids: &mut dyn Iterator<Item = &Value>| {
            let all: Vec<_> = ids.collect();
            let different: BTreeSet<_> = all.iter().map(|id| id.to_string()).collect();
            assert_eq!(different.len(), all.len(), "two {kind} have one ID: {all:?}");
        };
        different("chats", &mut chats.iter().map(|chat| &chat["id"]));
        let messages = || chats.iter().flat_map(|chat| list(&chat["messages"]));
        different("messages", &mut messages().map(|message| &message["id"]));
        different("subscriptions", &mut list(&tenant["subscriptions"]).iter().map(|known| &known["id"]));
        let events = list(&tenant["events"]);
        different("events", &mut events.iter().map(|event| &event["id"]));
        different("keys of events", &mut events.iter().map(|event| &event["event_id"]));
        for chat in chats.iter().filter(|chat| chat["group"] == false) {
            assert!(list(&chat["participants"]).len() <= 1, "a direct chat has one recipient: {chat}");
        }
        for event in events {
            let delivery = &event["delivery"];
            let is_delivered = delivery["status"] == "delivered";
            assert_eq!(delivery["delivered_at"].is_string(), is_delivered, "{event}");
        }
    }
    assert!(!state.to_string().contains("secret-of"), "a secret is shown");
}

/// The same when nothing is due any more.
pub fn check_at_rest(state: &Value) {
    for tenant in list(&state["tenants"]) {
        let messages = list(&tenant["chats"]).iter().flat_map(|chat| list(&chat["messages"]));
        for message in messages.filter(|message| message["from"].is_null() && message["id"] != "own") {
            assert!(
                message["status"] == "delivered" || message["status"] == "read",
                "it has not arrived: {message}"
            );
        }
        for event in list(&tenant["events"]).iter().filter(|event| event["id"] != "evt_1") {
            let nobody = event["delivery"]["url"].is_null();
            assert_eq!(event["delivery"]["status"] == "pending", nobody, "it has not ended: {event}");
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
