//! `PUT /api/v1/chats/{id}`: gives a group a new display name, a new icon, or both.

use serde::Serialize;

use super::{Endpoint, Route};
use crate::basics::Stage;
use crate::http::Given;
use crate::services::chert::errors::Refusal;
use crate::services::chert::workspace::{Change, Tenant, passed};
use crate::services::{Exchange, Operation, OperationCall};

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: Operation {
        name: "chats.rename",
        route: "PUT /api/v1/chats/{id}",
        summary: "gives a group a new display name, a new icon, or both",
        parameters: &["id", "display_name", "group_chat_icon"],
        chat: Some("id"),
        changes: true,
        source: "docs.trychert.com/api/group-chats/rename",
    },
    method: "PUT",
    path: &["chats", "{id}"],
    run,
};

/// The body of a 200.
#[derive(Serialize)]
struct Answer<'a> {
    chat: Refreshed<'a>,
}

/// The refreshed chat: the four documented members in their order.
#[derive(Serialize)]
struct Refreshed<'a> {
    id: &'a str,
    display_name: Option<&'a str>,
    group_chat_icon: Option<&'a str>,
    is_group: bool,
}

fn run(
    tenant: &mut Tenant,
    route: &Route,
    call: &OperationCall<'_>,
    exchange: &mut Exchange<'_>,
) -> Result<Vec<u8>, Refusal> {
    let body = route.body.as_ref().ok_or_else(|| Refusal::new("1004"))?;
    let display_name = body.get("display_name").map(display_name).transpose()?;
    let group_chat_icon = body.get("group_chat_icon").map(group_chat_icon).transpose()?;
    if display_name.is_none() && group_chat_icon.is_none() {
        return Err(Refusal::new("1001"));
    }
    passed(Stage::Arguments, call, exchange)?;

    let (index, chat) = tenant.chat(route.segment("id")).ok_or_else(|| Refusal::new("2002"))?;
    if !chat.is_group {
        return Err(Refusal::new("1006"));
    }
    if !chat.is_deliverable {
        return Err(Refusal::new("4099"));
    }
    passed(Stage::Lookup, call, exchange)?;

    // The answer tells of the change, whatever becomes of that.
    let refreshed = Refreshed {
        id: &chat.id,
        display_name: display_name.or(chat.display_name.as_deref()),
        group_chat_icon: group_chat_icon.or(chat.group_chat_icon.as_deref()),
        is_group: true,
    };
    let answer = serde_json::to_vec(&Answer { chat: refreshed }).expect("a chat is plain members");
    let change = Change {
        chat: index,
        display_name: display_name.map(str::to_owned),
        group_chat_icon: group_chat_icon.map(str::to_owned),
    };
    tenant.deliver(change, call, exchange)?;
    Ok(answer)
}

/// The name without white space at its ends; a blank one is refused.
fn display_name(value: Given<'_>) -> Result<&str, Refusal> {
    let name = value.as_str().map(str::trim).filter(|name| !name.is_empty());
    name.ok_or_else(|| Refusal::new("1002"))
}

/// The icon's URL as sent, when it is `https` with a host. The parser forgives what browsers forgive, such as
/// `https:///x` and blanks around it; a URL that needs forgiving is refused.
fn group_chat_icon(value: Given<'_>) -> Result<&str, Refusal> {
    let is_https = |text: &&str| {
        let rest = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).map(|_| &text[8..]);
        rest.is_some_and(|rest| !rest.starts_with(['/', '\\', '?', '#']))
            && text.trim() == *text
            && url::Url::parse(text).is_ok_and(|url| url.host_str().is_some_and(|host| !host.is_empty()))
    };
    let icon = value.as_str().filter(is_https);
    icon.ok_or_else(|| Refusal::new("1002").with_text("Invalid field value: group_chat_icon"))
}
