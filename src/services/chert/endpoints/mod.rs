//! The list of emulated endpoints. Each endpoint has a file of its own: copy `list_phone_numbers.rs` for one that reads,
//! `rename_chat.rs` for one with parameters and a change.

mod add_participant;
mod attachment_content;
mod create_attachment;
mod create_chat;
mod create_subscription;
mod delete_subscription;
mod edit_message;
mod get_event;
mod get_message;
mod get_subscription;
mod leave_chat;
mod list_dev_inbox;
mod list_events;
mod list_messages;
mod list_phone_numbers;
mod list_subscriptions;
mod mark_read;
mod react;
mod remove_participant;
mod rename_chat;
pub(super) mod replay_event;
pub(super) mod samples;
mod send;
mod send_contact;
mod send_location;
mod send_message;
mod share_contact;
pub(super) mod stream_events;
mod typing;
mod update_subscription;
mod upload_attachment;
mod whoami;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use indexmap::IndexMap;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;

use super::change::Change;
use super::errors::Refusal;
use super::invocation::Invocation;
use super::{BASE, section};
use crate::emulator::{Effect, Exchange, Feed, Operation, Place};
use crate::http::{Facts, Field, Given, Members, Request, ValueKind, Way, json};

/// Every emulated endpoint. The most frequent one comes first. A path that has no parameter comes before one that has.
pub static ENDPOINTS: &[&Endpoint] = &[
    &rename_chat::ENDPOINT,
    &list_phone_numbers::ENDPOINT,
    &whoami::ENDPOINT,
    &send::ENDPOINT,
    &send_location::ENDPOINT,
    &create_chat::ENDPOINT,
    &send_message::ENDPOINT,
    &list_messages::ENDPOINT,
    &get_message::ENDPOINT,
    &react::ENDPOINT,
    &edit_message::ENDPOINT,
    &mark_read::ENDPOINT,
    &typing::ENDPOINT,
    &send_contact::TO_CHAT,
    &send_contact::TO_PHONE,
    &share_contact::TO_CHAT,
    &share_contact::TO_PHONE,
    &add_participant::ENDPOINT,
    &remove_participant::ENDPOINT,
    &leave_chat::ENDPOINT,
    &create_attachment::ENDPOINT,
    &upload_attachment::ENDPOINT,
    &attachment_content::ENDPOINT,
    &create_subscription::ENDPOINT,
    &list_subscriptions::ENDPOINT,
    &get_subscription::ENDPOINT,
    &update_subscription::ENDPOINT,
    &delete_subscription::ENDPOINT,
    &list_events::ENDPOINT,
    // Before the one that takes `stream` for an ID.
    &stream_events::ENDPOINT,
    &get_event::ENDPOINT,
    &replay_event::ENDPOINT,
    &list_dev_inbox::ENDPOINT,
];

/// The operations that need participants of a chat, which many scenarios do not describe.
pub const OF_PARTICIPANTS: [&str; 2] = ["chats.mark_read", "chats.share_contact_info"];

/// The operations that need several participants of a group.
pub const OF_MEMBERS: [&str; 2] = ["chats.participants.remove", "chats.leave"];

/// The operation of each endpoint.
pub static OPERATIONS: LazyLock<Vec<&Operation>> =
    LazyLock::new(|| ENDPOINTS.iter().map(|endpoint| &endpoint.operation).collect());

/// An emulated endpoint.
pub struct Endpoint {
    /// The operation, as scenarios and the catalogue name and describe it.
    pub operation: Operation,
    /// A request of the given tenant that succeeds; `None` when the tenant has nothing to call it on.
    pub example: fn(&section::Tenant) -> Option<Sample>,
    /// Runs the endpoint for an authenticated tenant.
    pub run: fn(&Invocation<'_>, &mut Exchange<'_>) -> Result<EndpointAnswer, Refusal>,
}

/// A request without credentials.
pub struct Sample {
    /// The path after `/api/v1`, such as `/chats/ch_01H`.
    pub path: String,
    /// The body; empty when the request has none.
    pub body: String,
    /// The type of the body; empty when the request has none.
    pub content_type: String,
    /// Whether the endpoint takes a bearer token only.
    pub is_unsigned: bool,
}

impl Sample {
    /// A request without a body.
    pub fn empty(path: String) -> Self {
        Self { path, body: String::new(), content_type: String::new(), is_unsigned: false }
    }

    /// A request with a JSON body.
    pub fn json(path: String, body: Value) -> Self {
        let content_type = "application/json".to_owned();
        Self { path, body: body.to_string(), content_type, is_unsigned: false }
    }
}

/// An endpoint's answer, and its effect on the state.
pub struct EndpointAnswer {
    /// Header fields in addition to those of every answer.
    pub headers: Vec<Field>,
    /// The body.
    pub body: Bytes,
    /// The effect on the state.
    pub effect: Effect<Change>,
    /// The events that the answer goes on with; `None` unless it is a stream.
    pub opens: Option<Feed>,
}

impl EndpointAnswer {
    /// An answer with a JSON body and no header fields of its own.
    pub fn json(body: &impl Serialize, effect: Effect<Change>) -> Self {
        let body = serde_json::to_vec(body).expect("an answer is plain members");
        Self { headers: Vec::new(), body: body.into(), effect, opens: None }
    }
}

/// The endpoint that a request is for, and the request's parameters.
pub struct Route {
    /// The endpoint.
    pub endpoint: &'static Endpoint,
    /// Parameters of the path, by name.
    pub path: Vec<(&'static str, String)>,
    /// Parameters of the query, by name; empty when the endpoint has none.
    pub query: Vec<(String, String)>,
    /// The body; `None` when it is not a JSON object.
    pub body: Option<Members>,
}

impl Route {
    /// The parameter `name` of the query; `None` when it is not given. The first one counts.
    pub fn in_query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The parameter `name` of the path; empty when there is none.
    pub fn segment(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

impl Facts for Route {
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some((_, value)) = self.path.iter().find(|(known, _)| *known == name) {
            return Some(value.into());
        }
        let in_body = self.body.as_ref().and_then(|body| text(body.get(name)?));
        in_body.or_else(|| {
            let (_, value) = self.query.iter().find(|(known, _)| known == name)?;
            Some(value.into())
        })
    }

    fn within(&self, way: &Way<'_>, tell: &mut dyn FnMut(&str)) {
        let is_meant = |known: &[u8]| known == way.parameter.as_bytes();
        let value = self.body.as_ref().and_then(|body| body.value(is_meant));
        let tell = &mut |value| text(value).iter().for_each(|text| tell(text));
        value.into_iter().for_each(|value| way.follow(value, tell));
    }

    fn given(&self, tell: &mut dyn FnMut(&str, ValueKind)) {
        // A repeated name keeps its first place and gets its last value.
        let members: IndexMap<_, _> = self.body.iter().flat_map(Members::all_given).collect();
        members.into_iter().for_each(|(name, value)| tell(name, ValueKind::of(value)));
        self.query.iter().for_each(|(name, _)| tell(name, ValueKind::Text));
    }
}

/// A scalar as text; `None` for anything else.
fn text<'a>(value: impl Into<Given<'a>>) -> Option<Cow<'a, str>> {
    match value.into() {
        Given::Text(text) => Some(text.into()),
        Given::Number(number) => Some(number.to_string().into()),
        Given::Flag(flag) => Some(flag.to_string().into()),
        Given::Null | Given::List { .. } | Given::Mapping { .. } => None,
    }
}

/// The endpoint of the operation called `name`, such as `chats.rename`; `None` when there is none.
pub fn by_name(name: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().copied().find(|endpoint| endpoint.operation.name == name)
}

/// The endpoint that a request is for; `None` when there is none. One trailing slash is accepted, a doubled slash is
/// not. The result is cached in the request.
pub fn route(request: &Request) -> Arc<Option<Route>> {
    request.read_once(|| route_now(request))
}

/// Whether a request uploads a file. Its body may be larger than others.
pub fn is_upload(request: &Request) -> bool {
    &*request.method == "PUT" && matched(&upload_attachment::ENDPOINT, request.path()).is_some()
}

/// Whether calls of an operation show who makes them with a bearer token only.
pub fn is_unsigned(operation: &Operation) -> bool {
    operation.name == upload_attachment::NAME
}

/// Whether a request is a `/send`.
pub fn is_send(request: &Request) -> bool {
    Option::as_ref(&route(request)).is_some_and(|route| route.endpoint.operation.name == send::NAME)
}

fn route_now(request: &Request) -> Option<Route> {
    if request.sent_path().starts_with("//") {
        return None;
    }
    let mut endpoints = ENDPOINTS.iter().filter(|endpoint| endpoint.operation.verb == &*request.method);
    let (endpoint, path) =
        endpoints.find_map(|endpoint| Some((*endpoint, matched(endpoint, request.path())?)))?;
    let has_query = endpoint.operation.parameters.iter().any(|parameter| parameter.place == Place::Query);
    let sent = if has_query { request.query() } else { "" };
    let query = form_urlencoded::parse(sent.as_bytes());
    // The bytes of a file are not read as JSON.
    let has_json = endpoint.operation.name != upload_attachment::NAME;
    Some(Route {
        endpoint,
        path,
        query: query.into_owned().collect(),
        body: has_json.then(|| json::parse(request.body(), json::USUAL)).flatten(),
    })
}

/// The values of the endpoint's path parameters in `path`; `None` when `path` does not match. A segment in braces is a
/// parameter and matches any text that is not empty.
fn matched(endpoint: &Endpoint, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (mut wanted, mut sent) = (endpoint.operation.path, path);
    // Fast path: the text before the first parameter is nearly always spelt as on the page and compared in one step.
    let literal = wanted.find("/{").unwrap_or(wanted.len());
    if let Some(rest) =
        path.strip_prefix(&wanted[..literal]).filter(|rest| matches!(rest.as_bytes(), [] | [b'/', ..]))
    {
        (wanted, sent) = (&wanted[literal..], rest);
    }
    let mut parameters = Vec::new();
    while !wanted.is_empty() {
        let (known, given);
        (known, wanted) = first_segment(wanted);
        (given, sent) = first_segment(sent);
        let given = if given.contains('%') {
            percent_decode_str(given).decode_utf8_lossy()
        } else {
            Cow::Borrowed(given)
        };
        match known.strip_prefix('{') {
            Some(name) if !given.is_empty() => {
                parameters.push((&name[..name.len() - 1], given.into_owned()));
            }
            None if given == known => {}
            _ => return None,
        }
    }
    // One trailing slash is accepted.
    matches!(sent, "" | "/").then_some(parameters)
}

/// The first segment of a path, and the rest. Segments are short, so a plain loop finds their end fastest.
fn first_segment(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_at(path.bytes().position(|byte| byte == b'/').unwrap_or(path.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_segment_by_segment() {
        let rename = ENDPOINTS[0];
        for (path, id) in [
            ("/api/v1/chats/ch_01H", Some("ch_01H")),
            ("/api/v1/chats/ch_01H/", Some("ch_01H")),
            ("/api/v1/chats/ch%2F01%20H", Some("ch/01 H")),
            ("/api/v1/ch%61ts/ch_01H", Some("ch_01H")),
            ("/api/v1/chats/ch_01H//", None),
            ("/api/v1/chats//ch_01H", None),
            ("/api/v1/chatsX/ch_01H", None),
            ("/api/v1/chats/", None),
            ("/api/v1/chats", None),
            ("/api/v1/chats/ch_01H/messages", None),
            ("/api/v1//chats/ch_01H", None),
        ] {
            let path_of = matched(rename, path);
            assert_eq!(path_of, id.map(|id| vec![("id", id.to_owned())]), "{path}");
        }
    }

    #[test]
    fn a_parameter_stands_in_path_body_or_query_or_within_one() {
        let body =
            serde_json::json!({"text": "t", "parts": [{"type": "link"}, {"type": "media"}], "count": 2});
        let route = Route {
            endpoint: ENDPOINTS[0],
            path: vec![("id", "ch_01H".to_owned())],
            query: vec![("limit".to_owned(), "10".to_owned())],
            body: json::parse(body.to_string().as_bytes(), json::USUAL),
        };
        for (name, values) in [
            ("id", &["ch_01H"][..]),
            ("text", &["t"]),
            ("count", &["2"]),
            ("limit", &["10"]),
            ("parts[].type", &["link", "media"]),
            ("parts[1].type", &["media"]),
            ("parts", &[]),
            ("none", &[]),
        ] {
            let mut told = Vec::new();
            route.each(name, &mut |value| told.push(value.to_owned()));
            assert_eq!(told, values, "{name}");
        }
    }
}
