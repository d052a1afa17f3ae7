//! `POST /api/v1/chats/{id}/participants`: adds a participant to a group.

use serde_json::json;

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, Place, gives};
use crate::services::chert::addresses;
use crate::services::chert::change::{Change, ChatChange};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;
use crate::services::chert::tenants::MOST_PARTICIPANTS;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.participants.add",
        verb: "POST",
        path: "/api/v1/chats/{id}/participants",
        summary: "adds a participant to a group",
        parameters: &[
            Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup),
            Parameter::new("address", "phone number or email address")
                .at(Place::Body)
                .required_if("there is no `handle`"),
            Parameter::new("handle", "the same").at(Place::Body).required_if("there is no `address`"),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a group that has its chat key and a pinned line",
        status: 200,
        answer: || shapes::participants("added"),
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/group-chats/add-participant",
    },
    example: |tenant| {
        let path = samples::group(tenant, "/participants", 0)?;
        Some(Sample::json(path, json!({"address": "+14155550300"})))
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::INVALID_JSON_BODY),
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: address")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: address")),
    gives(&errors::CHAT_NOT_FOUND),
    gives(&errors::CHAT_IS_DIRECT_MESSAGE),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT).with(own!(422 "Not supported for this chat")),
];

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let body = invocation.body(exchange)?;
    let given = match invocation.optional(body, "address")? {
        None => invocation.optional(body, "handle")?,
        given => given,
    };
    let given = given.filter(|text| !text.trim().is_empty()).ok_or_else(|| invocation.missing("address"))?;
    let address = addresses::address(given)
        .ok_or_else(|| invocation.invalid("address", "is neither an E.164 number nor an email address"))?;
    invocation.passed(Stage::Arguments, exchange)?;
    let (place, chat) = invocation.group()?;
    invocation.check_line(chat)?;
    let mut participants = chat.life().participants.clone();
    if !participants.contains(&address) {
        if participants.len() >= MOST_PARTICIPANTS {
            let why = format!("is one too many: standin keeps at most {MOST_PARTICIPANTS} participants");
            return Err(invocation.invalid("address", &why));
        }
        participants.push(address.clone());
    }
    invocation.passed(Stage::Lookup, exchange)?;
    let answer = json!({"chat_id": chat.id, "added": address, "participants": participants});
    let change = ChatChange::Add(address);
    let change = Change::Chat { tenant: invocation.tenant.index, chat: place, change };
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
