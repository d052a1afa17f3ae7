//! `PUT /api/v1/chats/{id}`: gives a group a new display name, a new icon, or both.

use super::{Endpoint, EndpointAnswer, Sample};
use crate::basics::Stage;
use crate::emulator::{Effect, Exchange, Operation, Parameter, Place, Shape, member, misspelt};
use crate::http::{Given, json, segment};
use crate::services::chert::change::Change;
use crate::services::chert::errors::{self, Refusal};
use crate::services::chert::icon::is_https;
use crate::services::chert::invocation::Invocation;
use crate::services::chert::section;

pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.rename",
        verb: "PUT",
        path: "/api/v1/chats/{id}",
        summary: "gives a group a new display name, a new icon, or both",
        parameters: &[
            Parameter::new("id", "ID of the chat").at(Place::Path).naming("chat", Stage::Lookup),
            Parameter::new("display_name", "the new name")
                .at(Place::Body)
                .required_if("there is no `group_chat_icon`"),
            Parameter::new("group_chat_icon", "https URL of the new icon")
                .at(Place::Body)
                .required_if("there is no `display_name`"),
        ],
        errors: &[errors::OF_ALL, errors::OF_BODIES, errors::OF_GROUPS, errors::OF_DELIVERY],
        requires: "an active tenant with a group that has its chat key and a pinned line",
        status: 200,
        answer: || {
            let chat = Shape::object([
                member("id", Shape::Text),
                member("display_name", Shape::Text.or_null()),
                member("group_chat_icon", Shape::Text.or_null()),
                member("is_group", Shape::Only(true)),
            ]);
            Shape::object([member("chat", chat)])
        },
        changes: true,
        events: &[],
        source: "docs.trychert.com/api/group-chats/rename",
    },
    example,
    run,
};

/// The fields of the body, of which one at least is needed.
const FIELDS: [&str; 2] = ["display_name", "group_chat_icon"];

/// The body of a success: the chat after the change, with the four documented members in their order. It is written
/// piece by piece for speed, because this is the most frequent answer.
fn refreshed(id: &str, display_name: Option<&str>, group_chat_icon: Option<&str>) -> Vec<u8> {
    const END: &str = r#","is_group":true}}"#;
    let pieces = [
        (r#"{"chat":{"id":"#, Some(id)),
        (r#","display_name":"#, display_name),
        (r#","group_chat_icon":"#, group_chat_icon),
    ];
    let length = |(text, value): &(&str, Option<&str>)| text.len() + value.map_or(4, |value| value.len() + 2);
    let mut body = Vec::with_capacity(pieces.iter().map(length).sum::<usize>() + END.len());
    for (text, value) in pieces {
        body.extend_from_slice(text.as_bytes());
        json::write(&value, &mut body);
    }
    body.extend_from_slice(END.as_bytes());
    body
}

/// A rename of the first group that can be renamed.
fn example(tenant: &section::Tenant) -> Option<Sample> {
    let fit = |chat: &&section::Chat| chat.group && chat.chat_key && chat.line.is_some();
    let chat = tenant.chats.iter().find(fit)?;
    let body = serde_json::json!({"display_name": "Acme launch crew"});
    Some(Sample::json(format!("/chats/{}", segment(&chat.id)), body))
}

/// Checks the body, then the chat. What comes before an endpoint (signature or token, tenant, limits) is in `requests.rs`.
fn run(invocation: &Invocation<'_>, exchange: &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal> {
    let Invocation { tenant, route, .. } = *invocation;
    let refuse = |code| invocation.refusal(code);
    let body = invocation.body(exchange)?;
    let display_name = body.get("display_name").map(display_name).transpose()?;
    let group_chat_icon = body.get("group_chat_icon").map(group_chat_icon).transpose()?;
    if display_name.is_none() && group_chat_icon.is_none() {
        let meant = FIELDS.iter().find_map(|field| Some((field, misspelt(route, field)?)));
        let reason =
            meant.map(|(field, sent)| format!("the body has `{sent}`; the field is called `{field}`"));
        let reason =
            reason.unwrap_or_else(|| format!("the body has neither `{}` nor `{}`", FIELDS[0], FIELDS[1]));
        return Err(refuse(&errors::MISSING_REQUIRED_FIELD).because(reason));
    }
    invocation.passed(Stage::Arguments, exchange)?;

    let id = route.segment("id");
    let not_found = || refuse(&errors::CHAT_NOT_FOUND).because(invocation.why_not_found(id));
    let (place, chat) = tenant.chat(id).ok_or_else(not_found)?;
    if !chat.is_group {
        let reason = format!("the chat `{id}` has `group: false`");
        return Err(refuse(&errors::CHAT_IS_DIRECT_MESSAGE).because(reason));
    }
    if let Some(lack) = chat.lacks {
        invocation.check_member(chat)?;
        return Err(refuse(&errors::NOT_SUPPORTED_FOR_CHAT).because(format!("the chat `{id}` {lack}")));
    }
    invocation.passed(Stage::Lookup, exchange)?;

    // The answer shows the new values even if a fault postpones or drops the change.
    let body = refreshed(
        &chat.id,
        display_name.or(chat.display_name.as_deref()),
        group_chat_icon.or(chat.group_chat_icon.as_deref()),
    );
    let change = Change::Rename {
        tenant: tenant.index,
        chat: place,
        display_name: display_name.map(str::to_owned),
        group_chat_icon: group_chat_icon.map(str::to_owned),
    };
    Ok(EndpointAnswer { headers: Vec::new(), body: body.into(), effect: Effect::Change(change), opens: None })
}

/// The name without white space at its ends; `1002` when it is blank or not a text.
fn display_name(value: Given<'_>) -> Result<&str, Refusal> {
    let name = value.as_str().map(str::trim).filter(|name| !name.is_empty());
    name.ok_or_else(|| {
        let reason = if value.as_str().is_some() { "is blank" } else { "is not a text" };
        Refusal::new(&errors::INVALID_FIELD_VALUE).because(format!("`display_name` {reason}"))
    })
}

/// The icon's URL, as sent; `1002` when it is not an https URL.
fn group_chat_icon(value: Given<'_>) -> Result<&str, Refusal> {
    let icon = value.as_str().filter(|text| is_https(text));
    icon.ok_or_else(|| {
        Refusal::new(&errors::INVALID_FIELD_VALUE)
            .with_text("Invalid field value: group_chat_icon")
            .because("`group_chat_icon` is not an https URL")
    })
}
