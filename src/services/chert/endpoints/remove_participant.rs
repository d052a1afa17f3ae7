//! `DELETE /api/v1/chats/{id}/participants/{address}`: removes a participant from a group.

use serde_json::json;

use super::{Endpoint, EndpointAnswer, Sample, samples};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Gives, Operation, Parameter, Place, gives, some_of};
use crate::http::segment;
use crate::services::chert::addresses;
use crate::services::chert::change::{Change, ChatChange};
use crate::services::chert::errors::{self, Refusal, own};
use crate::services::chert::invocation::Invocation;
use crate::services::chert::shapes;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.participants.remove",
        verb: "DELETE",
        path: "/api/v1/chats/{id}/participants/{address}",
        summary: "removes a participant from a group, of which three members at least must remain",
        parameters: &[
            Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup),
            Parameter::new("address", "phone number or email address").at(Place::Path),
        ],
        errors: &[errors::OF_ALL, OWN, errors::OF_DELIVERY],
        requires: "an active tenant with a group that has its chat key, a pinned line and three `participants`",
        status: 200,
        answer: || shapes::participants("removed"),
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/group-chats/remove-participant",
    },
    example: |tenant| {
        let path = samples::group(tenant, "/participants/", LEAST)?;
        let fits =
            |chat: &&super::section::Chat| path == format!("/chats/{}/participants/", segment(&chat.id));
        let first = tenant.chats.iter().find(fits)?.participants.first()?;
        Some(Sample::empty(format!("{path}{}", segment(first))))
    },
    run,
};

static OWN: &[Gives] = &[
    gives(&errors::MISSING_REQUIRED_FIELD).with(own!(400 "Missing required field: address")),
    gives(&errors::INVALID_FIELD_VALUE).with(own!(400 "Invalid field value: address")),
    gives(&errors::CHAT_NOT_FOUND),
    gives(&errors::CHAT_IS_DIRECT_MESSAGE),
    gives(&errors::NOT_SUPPORTED_FOR_CHAT).with(own!(422 "Not supported for this chat")),
];

/// How many participants a group needs so that one can go: with the tenant's own line, three members remain.
pub const LEAST: usize = 3;

fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let given = invocation.route.segment("address");
    let address = addresses::address(given).unwrap_or_else(|| given.to_owned());
    invocation.passed(Stage::Arguments, exchange)?;
    let (place, chat) = invocation.group()?;
    invocation.check_line(chat)?;
    let participants = &chat.life().participants;
    if !participants.contains(&address) {
        let known = some_of(participants.iter().map(String::as_str));
        let reason = format!("`{address}` is not in the group `{}`; its participants: {known}", chat.id);
        return Err(invocation.missing("address").because(reason));
    }
    if participants.len() < LEAST {
        return Err(invocation.invalid("address", "cannot go: three members must remain in the group"));
    }
    invocation.passed(Stage::Lookup, exchange)?;
    let remaining: Vec<_> = participants.iter().filter(|known| **known != address).collect();
    let answer = json!({"chat_id": chat.id, "removed": address, "participants": remaining});
    let change = ChatChange::Remove(address);
    let change = Change::Chat { tenant: invocation.tenant.index, chat: place, change };
    Ok(EndpointAnswer::json(&answer, Effect::Change(change)))
}
