//! The emulated endpoints: one list, one file each.

mod rename_chat;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::BASE;
use super::errors::Refusal;
use super::workspace::Tenant;
use crate::http::{Facts, Given, Members, Request, ValueKind, json};
use crate::services::{Exchange, Operation, OperationCall};

/// Every emulated endpoint.
pub static ENDPOINTS: &[&Endpoint] = &[&rename_chat::ENDPOINT];

/// What a scenario and a catalogue know of each endpoint.
pub static OPERATIONS: LazyLock<Vec<&Operation>> =
    LazyLock::new(|| ENDPOINTS.iter().map(|endpoint| &endpoint.operation).collect());

/// One endpoint.
pub struct Endpoint {
    /// What a scenario and a catalogue know of it.
    pub operation: Operation,
    method: &'static str,
    /// The path after the version; a segment in braces is a parameter and stands for any text.
    path: &'static [&'static str],
    /// Runs it for a tenant who has passed authentication.
    pub run: Run,
}

/// Runs an endpoint; returns the body of a 200.
pub type Run = fn(&mut Tenant, &Route, &OperationCall<'_>, &mut Exchange<'_>) -> Result<Vec<u8>, Refusal>;

/// An endpoint with what was sent to it.
pub struct Route {
    /// The endpoint.
    pub endpoint: &'static Endpoint,
    /// The parameters of the path, by name.
    pub path: Vec<(&'static str, String)>,
    /// The body, where it is a JSON object.
    pub body: Option<Members>,
}

impl Route {
    /// A parameter of the path; empty when the path has none of this name.
    pub fn segment(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

impl Facts for Route {
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some((_, value)) = self.path.iter().find(|(known, _)| *known == name) {
            return Some(value.into());
        }
        match self.body.as_ref()?.get(name)? {
            Given::Text(text) => Some(text.into()),
            Given::Other(Value::Number(number)) => Some(number.to_string().into()),
            Given::Other(Value::Bool(flag)) => Some(flag.to_string().into()),
            Given::Other(_) => None,
        }
    }

    fn given(&self, tell: &mut dyn FnMut(&str, ValueKind)) {
        // A name that is given again keeps its first place and gets its last value.
        let members: IndexMap<_, _> = self.body.iter().flat_map(Members::iter).collect();
        members.into_iter().for_each(|(name, value)| tell(name, ValueKind::of(value)));
    }
}

/// The endpoint that a request is for, found once however often it is asked for; one trailing slash is forgiven.
pub fn route(request: &Request) -> Arc<Option<Route>> {
    request.read_once(|| route_now(request))
}

fn route_now(request: &Request) -> Option<Route> {
    let segments = segments(request);
    let segments = match &segments[..] {
        [rest @ .., last] if last.is_empty() => rest,
        all => all,
    };
    let is_parameter = |wanted: &str| wanted.starts_with('{');
    let fits = |endpoint: &&&Endpoint| {
        let same = |(wanted, sent): (&&str, &Cow<'_, str>)| {
            if is_parameter(wanted) { !sent.is_empty() } else { sent == wanted }
        };
        endpoint.method == &*request.method
            && endpoint.path.len() == segments.len()
            && endpoint.path.iter().zip(segments).all(same)
    };
    let endpoint = *ENDPOINTS.iter().find(fits)?;
    let parameters = endpoint.path.iter().zip(segments).filter(|(wanted, _)| is_parameter(wanted));
    let path = parameters.map(|(wanted, sent)| (wanted.trim_matches(['{', '}']), sent.to_string())).collect();
    Some(Route { endpoint, path, body: json::parse(request.body()) })
}

/// The decoded segments of the path after the version.
fn segments(request: &Request) -> Vec<Cow<'_, str>> {
    let rest = request.path().strip_prefix(BASE).unwrap_or_default();
    let segments = rest.strip_prefix('/').unwrap_or(rest);
    // Few paths have escapes, which one look at the whole path tells.
    let is_plain = !segments.as_bytes().contains(&b'%');
    let decoded = |segment| match is_plain {
        true => Cow::Borrowed(segment),
        false => percent_decode_str(segment).decode_utf8_lossy(),
    };
    segments.split('/').map(decoded).collect()
}
