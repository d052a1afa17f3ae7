//! `POST /api/v1/send`: sends a text to a phone number.

use serde_json::{Value, json};

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{
    Effect, Exchange, Gives, Operation, Parameter, Place, Shape, ValueType, gives, member, some_of,
};
use crate::http::Members;
use crate::services::chert::change::{Change, Lead, NewChat, Sending, Target};
use crate::services::chert::envelope::EFFECTS;
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::ids::IdKind;
use crate::services::chert::invocation::Invocation;
use crate::services::chert::messages::{Message, Part};
use crate::services::chert::parts;
use crate::services::chert::sending::{Keyed, active, check_room, line_for};

/// The name of the operation, whose failures have a form of their own.
pub const NAME: &str = "send";

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: NAME,
        verb: "POST",
        path: "/api/v1/send",
        summary: "sends a text to a phone number, and opens the chat with it",
        parameters: &[
            Parameter::new("phone", "phone number of the recipient").at(Place::Body),
            Parameter::new("body", "the text; a blank line begins another message").at(Place::Body),
            Parameter::new("idempotency_key", "the same key and body get the same answer for 24 h")
                .at(Place::Body)
                .optional(),
            Parameter::new("name", "name of the person").at(Place::Body).optional(),
            Parameter::new("external_id", "ID of the person in the client's own system")
                .at(Place::Body)
                .optional(),
            Parameter::new("phone_line_id", "ID of the line; by default the pinned or the first active one")
                .at(Place::Body)
                .optional()
                .naming("line", Stage::Lookup),
            Parameter::new("attachments", "IDs of uploaded attachments")
                .at(Place::Body)
                .of(ValueType::ListOrMapping)
                .optional(),
            Parameter::new("effect", "effect of the message, such as `confetti`").at(Place::Body).optional(),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_ATTACHMENTS, errors::OF_DELIVERY],
        requires: "an active tenant with an active line",
        status: 200,
        answer: || {
            Shape::object([
                member("status", Shape::Exactly("sent".into())),
                member("message_id", Shape::Text),
                member("lead_id", Shape::Text),
                member("lead_created", Shape::Flag),
                member("convo_id", Shape::Text),
                member("phone_line_id", Shape::Text),
            ])
        },
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/sending",
    },
    example: |tenant| {
        let body = json!({"phone": samples::PHONE, "body": "Hello Sam."});
        samples::has_line(tenant).then(|| Sample::json("/send".to_owned(), body))
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: phone")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: attachments")),
    gives(&errors::INVALID_PHONE_NUMBER),
    gives(&errors::TEXT_TOO_LONG),
    gives(&errors::UNKNOWN_EFFECT),
    gives(&errors::INVALID_ATTACHMENT_REFERENCE),
    gives(&errors::PHONE_NOT_ASSIGNED),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT).with(own!(422 "Not supported for this chat")),
    gives(&errors::STATE_INVALID),
];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let phone = invocation.required(body, "phone")?;
    let texts = bubbles(invocation.required(body, "body")?);
    if texts.is_empty() {
        return Err(invocation.missing("body"));
    }
    let optional = |name| {
        let text = invocation.optional(body, name)?;
        text.map(|text| invocation.stored(name, text)).transpose()
    };
    let (name, external_id) = (optional("name")?, optional("external_id")?);
    let line_id = invocation.optional(body, "phone_line_id")?;
    let phone = invocation.phone_number(phone)?;
    texts.iter().try_for_each(|text| parts::check_length(invocation, text))?;
    if let Some(effect) = invocation.optional(body, "effect")?.filter(|effect| !EFFECTS.contains(effect)) {
        let reason = format!("there is no effect `{effect}`");
        return Err(invocation.refusal(&errors::UNKNOWN_EFFECT).because(reason));
    }
    let files = attachments(invocation, body)?;
    let key = body.value(|name| name == b"idempotency_key");
    let keyed = Keyed::read(invocation, "idempotency_key", key, body)?;
    invocation.passed(Stage::Arguments, exchange)?;

    let now = exchange.stopwatch.now();
    if let Some(answer) = Keyed::known(keyed.as_ref(), invocation, now)? {
        invocation.passed(Stage::Lookup, exchange)?;
        return Ok(answer);
    }
    let tenant = invocation.tenant;
    let known = tenant.direct(&phone);
    let (line, known_line) = match line_id {
        None => line_for(invocation, known.map(|(_, chat)| chat))?,
        Some(id) => {
            let (index, line) = tenant.line(|line| *line.id == *id).ok_or_else(|| {
                let known = some_of(tenant.lines.iter().map(|line| line.id.as_str()));
                let reason = format!("the tenant has no line `{id}`; its lines: {known}");
                invocation.refusal(&errors::PHONE_NOT_ASSIGNED).because(reason)
            })?;
            active(invocation, index, line)?
        }
    };
    for (index, id) in files.iter().enumerate() {
        let checked = parts::content_of(invocation, id);
        checked.map_err(|refusal| refusal.of_attachment(index))?;
    }
    if known.is_none() {
        check_room(invocation)?;
    }
    invocation.passed(Stage::Lookup, exchange)?;

    let mut fresh = invocation.ids.fresh();
    let chat_id = known.map_or_else(|| fresh.take(IdKind::Chat), |(_, chat)| chat.id.clone());
    let conversation = known.and_then(|(_, chat)| chat.life().conversation.clone());
    let conversation = conversation.unwrap_or_else(|| fresh.take(IdKind::Conversation));
    let mut messages: Vec<_> = texts
        .into_iter()
        .map(|value| Message::sent(fresh.take(IdKind::Message), vec![Part::Text { value }], now))
        .collect();
    if let Some(last) = messages.last_mut() {
        last.parts.extend(files.into_iter().map(|attachment_id| Part::Media { attachment_id }));
    }
    let answer = json!({
        "status": "sent",
        "message_id": messages.first().map(|message| &message.id),
        "lead_id": chat_id,
        "lead_created": known.is_none(),
        "convo_id": conversation,
        "phone_line_id": known_line.id,
    });
    let mut answer = EndpointAnswer::json(&answer, Effect::Nothing);
    let target = match known {
        Some((place, _)) => Target::Known(place),
        None => Target::New(NewChat {
            id: chat_id,
            is_group: false,
            display_name: name.clone(),
            participants: vec![phone],
        }),
    };
    let keeping = keyed.map(|keyed| keyed.keeping(invocation, &answer.body, now));
    answer.effect = Effect::Change(Change::Send(Box::new(Sending {
        tenant: tenant.index,
        chat: target,
        messages,
        line,
        lead: Lead { name, external_id, conversation: Some(conversation) },
        keeping,
        next: fresh.next,
    })));
    Ok(answer)
}

/// The messages that a text becomes: blank lines stand between them.
fn bubbles(text: &str) -> Vec<String> {
    let mut bubbles = vec![String::new()];
    for line in text.lines() {
        let last = bubbles.last_mut().filter(|_| !line.trim().is_empty());
        match last {
            None => bubbles.push(String::new()),
            Some(last) if last.is_empty() => last.push_str(line),
            Some(last) => {
                last.push('\n');
                last.push_str(line);
            }
        }
    }
    bubbles.retain(|bubble| !bubble.is_empty());
    bubbles
}

/// The IDs of the attachments: texts, or objects with `id` or `attachment_id`.
fn attachments(invocation: &Invocation<'_>, body: &Members) -> Result<Vec<String>, Refusal> {
    let entries = match body.json("attachments") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(invocation.invalid("attachments", "is not a list")),
    };
    let id_of = |(index, entry): (usize, &Value)| {
        let refer = |reason: String| {
            invocation.refusal(&errors::INVALID_ATTACHMENT_REFERENCE).because(reason).of_attachment(index)
        };
        let id = entry.as_str().or_else(|| entry["id"].as_str()).or_else(|| entry["attachment_id"].as_str());
        match id {
            Some(id) if id.contains("://") => {
                Err(refer(format!("`{id}` is a URL, not the ID of an attachment")))
            }
            Some(id) if !id.is_empty() => Ok(id.to_owned()),
            None if entry["url"].is_string() => {
                Err(refer("an entry has a `url` in place of an ID".to_owned()))
            }
            _ => {
                let why = "has an entry that is neither an ID nor an object with an ID";
                Err(invocation.invalid("attachments", why).of_attachment(index))
            }
        }
    };
    entries.iter().enumerate().map(id_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_stand_between_messages() {
        for (text, expected) in [
            ("one", &["one"][..]),
            ("one\ntwo", &["one\ntwo"]),
            ("one\n\ntwo", &["one", "two"]),
            ("one\r\n \r\n\r\ntwo\n", &["one", "two"]),
            ("\n\none", &["one"]),
            (" \n\t", &[]),
            ("", &[]),
        ] {
            assert_eq!(bubbles(text), expected, "{text:?}");
        }
    }
}
