//! One exchange: hyper's request → values → the world → hyper's response.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, EXPECT, HeaderName, HeaderValue};
use hyper::{Response, StatusCode, Version};

use super::{body, clock};
use crate::control;
use crate::engine::{Arrival, Note, Planned, World, step};
use crate::http::{Body, Headers, Reply, Request};
use crate::vendor::VENDORS;

/// What all connections of a server share.
#[derive(Debug)]
pub struct Shared {
    world: Mutex<World>,
    /// Whether answers carry the number of their exchange.
    tag: bool,
    /// Answers a request; a test puts something else here.
    pub(super) step: Step,
}

/// What answers a request.
pub(super) type Step = fn(&mut World, &Request, Arrival) -> Planned;

impl Shared {
    pub(super) fn new(world: World, tag: bool) -> Self {
        Self { world: Mutex::new(world), tag, step }
    }

    /// The world, for as long as the guard lives. A panic while it was held does not end the server.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    ///
    /// # Errors
    /// When the client leaves before its body is complete; the connection is then closed.
    pub(super) async fn answer(
        &self,
        request: hyper::Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let head = clock::now();
        let (parts, incoming) = request.into_parts();
        let client_waits = parts.version >= Version::HTTP_11 && parts.headers.contains_key(EXPECT);
        let bytes = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let mut headers = Headers::with_capacity(parts.headers.len(), bytes);
        parts.headers.iter().for_each(|(name, value)| headers.push(name.as_str(), value.as_bytes()));
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let body = body::read(incoming, client_waits).await.inspect_err(|error| {
            tracing::warn!(%error, "the client left before its body was complete");
        })?;
        let request = Request::new(parts.method.as_str(), target, headers, body);
        let closes = request.body == Body::TooLarge;
        let (reply, number) = self.plan(request, head);
        Ok(response(&reply, number.filter(|_| self.tag), closes))
    }

    /// Makes the reply under the lock; the number is that of the exchange, if it is one.
    fn plan(&self, request: Request, head: jiff::Timestamp) -> (Arc<Reply>, Option<u64>) {
        let body = clock::now();
        let mut world = self.world();
        if control::claims(request.path()) {
            return (Arc::new(control::answer(&mut world, &request)), None);
        }
        let arrival = Arrival { head, body, now: clock::now() };
        let step = self.step;
        let planned = catch_unwind(AssertUnwindSafe(|| step(&mut world, &request, arrival)));
        let planned = planned.unwrap_or_else(|_| {
            tracing::error!(
                number = world.counters().exchanges + 1,
                "a panic while answering; this is a bug of standin"
            );
            broken(&request)
        });
        let reply = world.record(request, planned, arrival);
        log(&world);
        (reply, Some(world.counters().exchanges))
    }
}

/// The vendor's own 500.
fn broken(request: &Request) -> Planned {
    let vendor = VENDORS.iter().find(|vendor| vendor.claims(request.path()));
    let reply = vendor.map_or_else(|| Reply::json(500, &serde_json::Value::Null), |vendor| vendor.failure());
    let remarks = vec!["standin panicked while answering: this is a bug of standin".into()];
    Planned { reply, note: Note { vendor: vendor.map(|vendor| vendor.name()), remarks, ..Note::default() } }
}

/// One line for the exchange just recorded; neither paths nor parameters, which may hold secrets.
fn log(world: &World) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let Some(entry) = world.journal().entries().next_back() else { return };
    let note = &entry.note;
    // A remark may repeat what the client sent.
    let remark = note
        .remarks
        .first()
        .map(|remark| control::Redactor::new(world.scenario()).for_request(&entry.request).text(remark));
    let fired = note.faults.iter().find(|decision| decision.fired);
    tracing::info!(
        number = entry.number,
        vendor = note.vendor,
        operation = note.operation,
        status = entry.reply.status,
        error = note.error,
        fault = fired.map(|decision| world.fault_name(decision.fault)),
        remark,
        "exchange"
    );
}

fn response(reply: &Reply, tag: Option<u64>, closes: bool) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body.clone()));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(reply.headers.len() + 1);
    for (name, value) in &reply.headers {
        let value = match value {
            // What is borrowed is a constant of ours, and needs no memory of its own.
            Cow::Borrowed(text) => Ok(HeaderValue::from_static(text)),
            Cow::Owned(text) => HeaderValue::from_str(text),
        };
        if let Ok(value) = value {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    if let Some(number) = tag {
        headers.insert(HeaderName::from_static("x-standin-exchange"), HeaderValue::from(number));
    }
    if closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
