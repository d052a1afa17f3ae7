//! `POST /api/v1/locations`: sends a place on the map.

use serde::Serialize;
use serde_json::json;

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{
    Effect, Exchange, Gives, Operation, Parameter, Place, Shape, ValueType, gives, member, optional,
};
use crate::http::{Given, Members};
use crate::services::chert::change::{Change, Lead, NewChat, Sending, Target};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::ids::IdKind;
use crate::services::chert::invocation::Invocation;
use crate::services::chert::messages::{Message, Part, Status};
use crate::services::chert::sending::{Keyed, check_room, line_for};

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "locations.send",
        verb: "POST",
        path: "/api/v1/locations",
        summary: "sends a place on the map",
        parameters: &[
            Parameter::new("phone", "phone number of the recipient")
                .at(Place::Body)
                .required_if("there is no `chat_id`"),
            Parameter::new("chat_id", "delivery ID of the chat, such as `iMessage;+;chat42`")
                .at(Place::Body)
                .required_if("there is no `phone`"),
            Parameter::new("latitude", "degrees north").at(Place::Body).of(ValueType::Number),
            Parameter::new("longitude", "degrees east").at(Place::Body).of(ValueType::Number),
            Parameter::new("label", "name of the place").at(Place::Body).optional(),
            Parameter::new("address", "address of the place").at(Place::Body).optional(),
            Parameter::new("fallback_mode", "repeated in the answer; `auto` by default")
                .at(Place::Body)
                .optional(),
            Parameter::new("expires_at", "ignored").at(Place::Body).optional(),
            Parameter::new("idempotency_key", "the same key and body get the same answer for 24 h")
                .at(Place::Body)
                .optional(),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with an active line that can send locations",
        status: 202,
        answer: || {
            Shape::object([
                member("message_id", Shape::Text),
                member("status", Shape::Exactly("queued".into())),
                member("phone_line_id", Shape::Text),
                member("delivery", Shape::Exactly("queued".into())),
                member("location", location_shape()),
            ])
        },
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/locations",
    },
    example: |tenant| {
        let body = json!({"phone": samples::PHONE, "latitude": 40.758_896, "longitude": -73.985_13});
        let first = tenant.lines.iter().find(|line| line.active).filter(|line| line.locations);
        first.map(|_| Sample::json("/locations".to_owned(), body))
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: phone")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: chat_id")),
    gives(&errors::INVALID_PHONE_NUMBER),
    gives(&errors::CHAT_NOT_FOUND),
    gives(&errors::CHAT_IS_DIRECT_MESSAGE).with(own!(400 "Chat was left")),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT).with(own!(422 "Not supported for this chat")),
    gives(&errors::STATE_INVALID),
];

/// The body of a success.
#[derive(Serialize)]
struct Answer<'a> {
    message_id: &'a str,
    status: &'static str,
    phone_line_id: &'a str,
    delivery: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    latitude: f64,
    longitude: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    mode: &'static str,
    fallback_mode_requested: &'a str,
}

/// The shape of the place in this answer.
fn location_shape() -> Shape {
    Shape::object([
        member("latitude", Shape::Number),
        member("longitude", Shape::Number),
        optional("label", Shape::Text),
        optional("address", Shape::Text),
        member("mode", Shape::Exactly("balloon".into())),
        member("fallback_mode_requested", Shape::Text),
    ])
}

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let phone = invocation.optional(body, "phone")?;
    let chat_id = invocation.optional(body, "chat_id")?;
    let optional = |name| invocation.optional(body, name);
    let (label, address, fallback) = (optional("label")?, optional("address")?, optional("fallback_mode")?);
    let latitude = degrees(invocation, body, "latitude", 90.0)?;
    let longitude = degrees(invocation, body, "longitude", 180.0)?;
    let phone = match (phone, chat_id) {
        (None, None) => return Err(invocation.missing("phone")),
        (Some(_), Some(_)) => {
            return Err(invocation.invalid("chat_id", "stands beside `phone`: send one of them"));
        }
        (Some(phone), None) => Some(invocation.phone_number(phone)?),
        (None, Some(_)) => None,
    };
    let key = body.value(|name| name == b"idempotency_key");
    let keyed = Keyed::read(invocation, "idempotency_key", key, body)?;
    invocation.passed(Stage::Arguments, exchange)?;

    let now = exchange.stopwatch.now();
    if let Some(answer) = Keyed::known(keyed.as_ref(), invocation, now)? {
        invocation.passed(Stage::Lookup, exchange)?;
        return Ok(answer);
    }
    let tenant = invocation.tenant;
    let known = match (&phone, chat_id) {
        (Some(phone), _) => tenant.direct(phone),
        (None, id) => {
            // A delivery ID is the service, the kind of chat and the chat: `iMessage;+;chat42`, `iMessage;-;+14155551234`.
            let id = id.unwrap_or_default();
            let last = id.rsplit(';').next().unwrap_or_default();
            let found = tenant.chat(last).or_else(|| tenant.direct(last));
            Some(found.ok_or_else(|| {
                invocation.refusal(&errors::CHAT_NOT_FOUND).because(invocation.why_not_found(last))
            })?)
        }
    };
    let (index, line) = line_for(invocation, known.map(|(_, chat)| chat))?;
    if !line.locations {
        let reason = format!("the line `{}` has `locations: false`", line.id);
        return Err(invocation.refusal(&errors::NOT_SUPPORTED_FOR_CHAT).because(reason));
    }
    if known.is_none() {
        check_room(invocation)?;
    }
    invocation.passed(Stage::Lookup, exchange)?;

    let mut fresh = invocation.ids.fresh();
    let target = match known {
        Some((place, _)) => Target::Known(place),
        None => Target::New(NewChat {
            id: fresh.take(IdKind::Chat),
            is_group: false,
            display_name: None,
            participants: phone.into_iter().collect(),
        }),
    };
    let message =
        Message::sent(fresh.take(IdKind::Message), vec![Part::Location { latitude, longitude }], now);
    let message = Message { status: Status::Queued, ..message };
    let answer = Answer {
        message_id: &message.id,
        status: "queued",
        phone_line_id: &line.id,
        delivery: "queued",
        location: Location {
            latitude,
            longitude,
            label,
            address,
            mode: "balloon",
            fallback_mode_requested: fallback.unwrap_or("auto"),
        },
    };
    let mut answer = EndpointAnswer::json(&answer, Effect::Nothing);
    let keeping = keyed.map(|keyed| keyed.keeping(invocation, &answer.body, now));
    answer.effect = Effect::Change(Change::Send(Box::new(Sending {
        tenant: tenant.index,
        chat: target,
        messages: vec![message],
        line: index,
        lead: Lead::default(),
        keeping,
        next: fresh.next,
    })));
    Ok(answer)
}

/// A number of degrees, at most `most` in either direction.
fn degrees(invocation: &Invocation<'_>, body: &Members, name: &str, most: f64) -> Result<f64, Refusal> {
    match body.get(name) {
        None | Some(Given::Null) => Err(invocation.missing(name)),
        Some(Given::Number(number)) => {
            let number = number.as_f64().filter(|number| number.abs() <= most);
            number.ok_or_else(|| invocation.invalid(name, &format!("is not between -{most} and {most}")))
        }
        Some(_) => Err(invocation.invalid(name, "is not a number")),
    }
}
