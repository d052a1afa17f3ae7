//! The emulated endpoints: one list, one file each.

mod rename_chat;

use serde::Serialize;
use serde_json::{Map, Value};

use super::errors::Refusal;
use super::workspace::Tenant;
use crate::http::Request;
use crate::vendor::{Call, Exchange, Operation};

/// Every emulated endpoint.
pub static ENDPOINTS: &[&Endpoint] = &[&rename_chat::ENDPOINT];

/// What a scenario and a catalogue know of each endpoint.
pub static OPERATIONS: &[&Operation] = &[&rename_chat::ENDPOINT.operation];

/// One endpoint.
pub struct Endpoint {
    /// What a scenario and a catalogue know of it.
    pub operation: Operation,
    method: &'static str,
    /// The path after the version; `{id}` stands for any segment.
    path: &'static [&'static str],
    /// Reads the parameters that a fault may match on; must cope with any body.
    parameters: fn(id: &str, body: Option<Map<String, Value>>) -> Parameters,
    /// Runs it for a tenant who has passed authentication.
    pub run: fn(&mut Tenant, &Route, &Call<'_>, &mut Exchange<'_>) -> Result<Answer, Refusal>,
}

/// An endpoint with what was sent to it.
pub struct Route {
    /// The endpoint.
    pub endpoint: &'static Endpoint,
    /// Its parameters.
    pub parameters: Parameters,
}

/// The parameters of a request.
pub type Parameters = rename_chat::Parameters;

/// What an endpoint answers.
#[derive(Debug, Serialize)]
pub struct Answer {
    chat: rename_chat::ChatView,
}

/// The endpoint that a request is for; one trailing slash is forgiven.
pub fn route(request: &Request, segments: &[String]) -> Option<Route> {
    let segments = match segments {
        [rest @ .., last] if last.is_empty() => rest,
        all => all,
    };
    let fits = |endpoint: &&&Endpoint| {
        let same = |(wanted, sent): (&&str, &String)| {
            if *wanted == "{id}" { !sent.is_empty() } else { sent == wanted }
        };
        endpoint.method == &*request.method
            && endpoint.path.len() == segments.len()
            && endpoint.path.iter().zip(segments).all(same)
    };
    let endpoint = *ENDPOINTS.iter().find(fits)?;
    let id = endpoint
        .path
        .iter()
        .zip(segments)
        .find(|(wanted, _)| **wanted == "{id}")
        .map_or("", |(_, sent)| sent);
    let body = serde_json::from_slice(request.body()).ok();
    Some(Route { endpoint, parameters: (endpoint.parameters)(id, body) })
}
