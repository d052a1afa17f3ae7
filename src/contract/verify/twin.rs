//! The emulator that stands for the contract: a call → the answer that a server must give.
//!
//! What the user does not say of the server, its edition or the kind of the named chat, has several readings. Each is a world
//! of its own, and every call is made in all of them.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{Call, Slots};
use super::credentials::Credentials;
use super::narrow::Known;
use super::{bitrix24, chert};
use crate::basics::Arrival;
use crate::contract::compare::{Given, drifts};
use crate::emulator::{Answer, AnswerBody, ErrorCode, Member, Operation, Service, Shape, member};
use crate::engine::{World, step};
use crate::http::Reply;
use crate::scenario::Scenario;
use crate::services::bitrix24::Bitrix24;
use crate::services::chert::Chert;

/// What a server must answer, by one reading of what is not known of it.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The code of the error; `None` when the call succeeds.
    pub code: Option<&'static str>,
    /// The answer.
    pub answer: Answer,
    /// The emulator's own body, as JSON; null when it is not JSON.
    pub body: Value,
}

/// One reading of what is not known of a server.
pub struct Reading {
    /// The edition; empty when the service has only one.
    pub edition: &'static str,
    /// The form of successes; empty when the service has only one.
    pub envelope: &'static str,
    /// The kind of the named chat.
    pub kind: &'static str,
    world: World,
    slots: Slots,
}

/// All readings.
pub struct Twin {
    service: &'static dyn Service,
    credentials: Credentials,
    /// The readings.
    pub readings: Vec<Reading>,
    documents: HashMap<(&'static str, &'static str), Rc<Vec<Answer>>>,
}

impl Twin {
    /// The readings of a server where things are called as in `slots`.
    ///
    /// # Errors
    /// When what the user names cannot be, in words.
    pub fn new(credentials: &Credentials, slots: &Slots, now: Timestamp) -> Result<Self, String> {
        let credentials = credentials.invented();
        let mut slots = slots.clone();
        if let Credentials::Bitrix24 { client: Some((id, secret)), .. } = &credentials {
            slots.insert("client_id", id.clone());
            slots.insert("client_secret", secret.clone());
        }
        let (service, readings): (&'static dyn Service, _) = match &credentials {
            Credentials::Bitrix24 { .. } => (&Bitrix24, portals(&credentials, &slots, now)?),
            Credentials::Chert { tenant, secret } => (&Chert, tenants(tenant, secret, &slots, now)?),
        };
        Ok(Self { service, credentials, readings, documents: HashMap::new() })
    }

    /// What a server must answer to a call, by each reading, in their order. `learns` are the slots that the answer fills.
    pub fn answers(
        &mut self,
        call: &Call,
        operation: Option<&'static Operation>,
        learns: &[(&'static str, &'static str)],
        now: Timestamp,
    ) -> Vec<Option<Expected>> {
        let mut all = Vec::with_capacity(self.readings.len());
        for index in 0..self.readings.len() {
            let document = operation.map(|operation| self.document(operation, self.readings[index].edition));
            let reading = &mut self.readings[index];
            let Ok(filled) = call.filled(&reading.slots) else {
                all.push(None);
                continue;
            };
            let Ok(prepared) = self.credentials.prepared(&filled, now) else {
                all.push(None);
                continue;
            };
            let planned = step(&mut reading.world, &prepared.request(), Arrival::at(now));
            let body: Value = serde_json::from_slice(&planned.reply.body).unwrap_or_default();
            for (slot, place) in learns {
                if let Some(text) = body.pointer(place).and_then(Value::as_str) {
                    reading.slots.insert(slot, text.to_owned());
                }
            }
            let code = planned.note.error;
            let mut secrets = self.credentials.secrets();
            secrets.push("invented-client");
            let known = Known::new(code.is_some(), &prepared.body, &secrets);
            let error =
                code.and_then(|code| self.service.errors().iter().copied().find(|row| row.code == code));
            let of_code = document.as_deref().map_or(&[][..], Vec::as_slice);
            let answer = expected(of_code, operation, error, &planned.reply, &body, &known);
            all.push(Some(Expected { code, answer, body }));
        }
        all
    }

    fn document(&mut self, operation: &'static Operation, edition: &'static str) -> Rc<Vec<Answer>> {
        let service = self.service;
        let made = self.documents.entry((operation.name, edition));
        Rc::clone(made.or_insert_with(|| Rc::new(service.answers(operation, edition))))
    }
}

/// The answer that a call must get: of those in the document the one that the emulator gave, narrowed to this call.
fn expected(
    document: &[Answer],
    operation: Option<&'static Operation>,
    error: Option<&'static ErrorCode>,
    reply: &Reply,
    body: &Value,
    known: &Known,
) -> Answer {
    let header = |name: &str| reply.header(name).map(Into::into);
    let given = Given { status: reply.status, header: &header, body: &reply.body };
    let parsed = Some(body).filter(|body| !body.is_null());
    let is_given =
        |answer: &&Answer| answer.error == error && drifts(std::slice::from_ref(*answer), &given).is_empty();
    let of_document = document.iter().find(is_given).cloned();
    debug_assert!(operation.is_none() || of_document.is_some(), "{operation:?}: {body}");
    let mut answer = of_document.unwrap_or_else(|| {
        let source = operation.map(|operation| operation.source);
        let source = error.map(|row| row.source).or(source).unwrap_or_default();
        Answer {
            error,
            status: reply.status,
            headers: Vec::new(),
            body: AnswerBody::Json(Shape::Any),
            source,
        }
    });
    if let Some(row) = error {
        answer.source = if answer.source.is_empty() { row.source } else { answer.source };
    }
    if answer.headers.is_empty() {
        answer.headers = fields(reply);
    }
    let content_type = reply.header("content-type").unwrap_or_default();
    answer.body = match (answer.body, parsed) {
        (AnswerBody::Json(shape), Some(body)) => AnswerBody::Json(known.narrow(&shape, body)),
        (AnswerBody::Json(_), None) if content_type == "text/event-stream" => AnswerBody::Events,
        (AnswerBody::Json(_), None) if reply.body.is_empty() => AnswerBody::Empty,
        (AnswerBody::Json(_), None) => AnswerBody::Bytes,
        (other, _) => other,
    };
    answer
}

/// The header fields of an answer whose document names none.
fn fields(reply: &Reply) -> Vec<Member> {
    let exact =
        |name: &'static str| Some(member(name, Shape::Exactly(reply.header(name)?.to_owned().into())));
    let present = |name: &'static str| reply.header(name).map(|_| member(name, Shape::Text));
    [exact("content-type"), present("x-trace-id"), present("x-bitrix-rest-time")]
        .into_iter()
        .flatten()
        .collect()
}

fn portals(credentials: &Credentials, slots: &Slots, now: Timestamp) -> Result<Vec<Reading>, String> {
    let Credentials::Bitrix24 { webhook, token, client } = credentials else { return Ok(Vec::new()) };
    let mut known = Vec::new();
    let (client_id, client_secret) =
        client.clone().unwrap_or_else(|| ("invented-client".into(), "invented-secret".into()));
    known.extend(webhook.iter().map(|(user, secret)| json!({"webhook": {"user": user, "secret": secret}})));
    known.extend(token.iter().map(|token| json!({"token": token, "client_id": client_id})));
    let applications = json!([{"client_id": client_id, "client_secret": client_secret}]);
    let mut readings = Vec::new();
    for edition in ["documented", "live"] {
        for envelope in ["wire", "documented"] {
            for kind in bitrix24::KINDS {
                let mut portal = json!({
                    "edition": edition, "envelope": envelope,
                    "applications": applications, "credentials": known,
                });
                place(&mut portal, slots, *kind == bitrix24::KINDS[0]);
                let world = world("bitrix24", &portal, now)?;
                let slots = slots.clone();
                readings.push(Reading { edition, envelope, kind, world, slots });
            }
        }
    }
    Ok(readings)
}

/// Adds the named chat with its connector and its line.
fn place(portal: &mut Value, slots: &Slots, has_groups: bool) {
    let (Some(connector), Some(line), Some(chat)) =
        (slots.get("connector"), slots.get("line"), slots.get("chat"))
    else {
        return;
    };
    let Ok(line) = line.parse::<i64>() else { return };
    portal["connectors"] = json!([{"id": connector, "chat_group": has_groups}]);
    portal["lines"] = json!([{"id": line, "connectors": [connector]}]);
    let name = slots.get("chat_name").map_or("The named chat", String::as_str);
    let mut known = json!({"connector": connector, "line": line, "id": chat, "name": name});
    if !has_groups {
        known["user"] = json!(slots.get("user").map_or("an external user", String::as_str));
    }
    portal["chats"] = json!([known]);
}

fn tenants(tenant: &str, secret: &str, slots: &Slots, now: Timestamp) -> Result<Vec<Reading>, String> {
    let reading = |chat: &chert::Reading| {
        let phones = ["+14155550100", "+14155550200", "+14155550300"];
        let messages = [
            json!({"id": "msg_1", "text": "Hello."}),
            json!({"id": "msg_2", "from": phones[0], "text": "Hello!"}),
        ];
        let mut chats = Vec::new();
        if let Some(id) = slots.get("chat") {
            let name = slots.get("chat_name").map_or("The named chat", String::as_str);
            chats.push(json!({
                "id": id,
                "group": chat.is_group,
                "line": "pl_1",
                "chat_key": chat.has_key,
                "left": chat.is_left,
                "display_name": name,
                "participants": &phones[..chat.participants],
                "messages": messages[..=chat.participants.min(1)],
            }));
        }
        let section = json!({"tenants": [{
            "slug": tenant,
            "signing_secret": secret,
            "lines": [{"id": "pl_1", "phone_number": "+15555550100", "active": chat.is_active}],
            "chats": chats,
            "events": [{"id": "evt_1", "type": "message.received", "event_id": "chert:msg:1"}],
        }]});
        let world = world("chert", &section, now)?;
        Ok(Reading { edition: "", envelope: "", kind: chat.kind, world, slots: slots.clone() })
    };
    chert::READINGS.iter().map(reading).collect()
}

/// A world with this section alone.
fn world(service: &'static str, section: &Value, now: Timestamp) -> Result<World, String> {
    let scenario = json!({"standin": 1, "name": "verify", "seed": 1, service: section}).to_string();
    let scenario = Scenario::parse("verify", &scenario).map_err(|report| {
        let mistakes = report.findings().iter().map(|finding| finding.message.clone());
        mistakes.collect::<Vec<_>>().join("; ")
    })?;
    Ok(World::new(Arc::new(scenario), 1, now))
}

/// Whether an answer has this code, be it within a success, as in that of a batch.
pub fn shows(expected: &Expected, code: &str) -> bool {
    expected.code == Some(code)
        || (expected.code.is_none() && expected.body.to_string().contains(&format!("\"{code}\"")))
}
