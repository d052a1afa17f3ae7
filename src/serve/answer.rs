//! One exchange: hyper's request → values → the world → hyper's response.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{EXPECT, HOST, HeaderName, HeaderValue};
use hyper::{Response, StatusCode, Version};
use tokio::time::{Instant, sleep, sleep_until};

use super::client::Client;
use super::shared::Shared;
use super::{body, clock};
use crate::basics::Arrival;
use crate::control;
use crate::engine::{Note, Planned, World, issued, wire};
use crate::fault::Wire;
use crate::http::{Body, Headers, Reply, Request};
use crate::services::SERVICES;

/// How often those who wait look, though no exchange comes: changes also come by the clock.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Takes a request in and waits until its answer is due.
pub(super) async fn exchange(
    shared: &Shared,
    request: hyper::Request<Incoming>,
    client: &Client,
) -> Result<Exchanged, hyper::Error> {
    let head = clock::now();
    let connection = client.begin(request.version() < Version::HTTP_2);
    let (parts, incoming) = request.into_parts();
    let client_waits = parts.version >= Version::HTTP_11 && parts.headers.contains_key(EXPECT);
    let bytes = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let mut headers = Headers::with_capacity(parts.headers.len(), bytes);
    parts.headers.iter().for_each(|(name, value)| headers.push(name.as_str(), value.as_bytes()));
    // HTTP/2 names the host elsewhere.
    if let (None, Some(authority)) = (parts.headers.get(HOST), parts.uri.authority()) {
        headers.push("host", authority.as_str().as_bytes());
    }
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let body = body::read(incoming, client_waits).await.inspect_err(|error| {
        tracing::warn!(%error, "the client left before its body was complete");
    })?;
    let mut request = Request::new(parts.method.as_str(), target, headers, body);
    request.source = client.address;
    request.secure = client.is_secure;
    request.connection = connection;
    let closes = request.body == Body::TooLarge;
    let has_body = &*request.method != "HEAD";
    let Answered { reply, number, delay, mut wire, namespace } = match control::patience(&request) {
        None => plan(shared, request, head),
        Some(patience) => wait_for(shared, request, head, patience).await,
    };
    if !delay.is_zero() {
        let mut stopping = shared.stopping();
        // Who leaves before the answer is there has not read it.
        let mut waiting = Waiting { shared, namespace, number };
        tokio::select! {
            () = sleep(delay) => {}
            // An answer that comes sooner than the scenario says would be a wrong one.
            _ = stopping.wait_for(|stopping| *stopping) => wire = Some(Wire::Empty),
        }
        waiting.number = None;
    }
    let has_body = has_body && !matches!(reply.status, 204 | 304);
    Ok(Exchanged { reply, number: number.filter(|_| shared.tag), wire, has_body, closes })
}

/// Asks again, as exchanges come and go, until what is expected has come or `patience` is over.
async fn wait_for(shared: &Shared, request: Request, head: jiff::Timestamp, patience: Duration) -> Answered {
    let deadline = Instant::now() + patience;
    let mut stopping = shared.stopping();
    loop {
        let recorded = shared.recorded.notified();
        let answered = plan(shared, request.clone(), head);
        if control::is_final(&answered.reply) || Instant::now() >= deadline {
            return answered;
        }
        let next = deadline.min(Instant::now() + LOOK_AGAIN);
        tokio::select! {
            () = recorded => {}
            () = sleep_until(next) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return answered,
        }
    }
}

/// Makes the reply under the lock.
fn plan(shared: &Shared, request: Request, head: jiff::Timestamp) -> Answered {
    let body = clock::now();
    let mut namespaces = shared.namespaces();
    let plain = |reply: Reply| Answered {
        reply: Arc::new(reply),
        number: None,
        delay: Duration::ZERO,
        wire: None,
        namespace: None,
    };
    if control::claims(request.path()) {
        let refused = control::refusal(&request, shared.control_token.as_deref());
        return plain(refused.unwrap_or_else(|| control::answer(&mut namespaces, &request, body)));
    }
    let (world, namespace) = match namespaces.of(&request, body) {
        Ok(found) => found,
        Err(unknown) => return plain(control::no_namespace(&unknown)),
    };
    let arrival = Arrival { head, body, now: clock::now() };
    let step = shared.step;
    let planned = catch_unwind(AssertUnwindSafe(|| step(world, &request, arrival)));
    let planned = planned.unwrap_or_else(|_| {
        tracing::error!(
            number = world.counters().exchanges + 1,
            "a panic while answering; this is a bug of standin"
        );
        broken(&request)
    });
    let (delay, wire) = (planned.delay, planned.wire);
    let issued = namespace.clone().map(|name| (name, issued(&request, &planned.reply)));
    let reply = world.record(request, planned, arrival);
    log(world);
    let number = Some(world.counters().exchanges);
    shared.recorded.notify_waiters();
    let made = clock::now().duration_since(body);
    shared.traffic().took(Duration::try_from(made).unwrap_or_default() + delay);
    if let Some((name, credentials)) = issued {
        namespaces.issued(&name, credentials);
    }
    Answered { reply, number, delay, wire, namespace }
}

/// An answer that is due.
pub(super) struct Exchanged {
    pub(super) reply: Arc<Reply>,
    /// The number to tag it with.
    pub(super) number: Option<u64>,
    pub(super) wire: Option<Wire>,
    /// Whether its body is sent.
    pub(super) has_body: bool,
    /// Whether the connection ends with it.
    pub(super) closes: bool,
}

/// What is to happen now that the world has been asked.
struct Answered {
    reply: Arc<Reply>,
    /// The exchange's number, if it is one.
    number: Option<u64>,
    delay: Duration,
    wire: Option<Wire>,
    /// The namespace that it is in.
    namespace: Option<String>,
}

/// A client that waits for an answer; it has left when this is dropped while it has a number.
struct Waiting<'a> {
    shared: &'a Shared,
    namespace: Option<String>,
    number: Option<u64>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.shared.namespaces().undelivered(self.namespace.as_deref(), number);
        }
    }
}

/// The vendor's own 500.
fn broken(request: &Request) -> Planned {
    let service = SERVICES.iter().find(|service| service.claims(request.path()));
    let reply =
        service.map_or_else(|| Reply::json(500, &serde_json::Value::Null), |service| service.failure());
    let remarks = vec!["standin panicked while answering: this is a bug of standin".into()];
    let note = Note { service: service.map(|service| service.name()), remarks, ..Note::default() };
    Planned::plain(reply, note)
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
        service = note.service,
        operation = note.operation,
        status = entry.reply.status,
        error = note.error,
        fault = fired.map(|decision| world.fault_name(decision.fault)),
        wire = wire(world, entry).map(tracing::field::display),
        remark,
        "exchange"
    );
}

/// A reply as hyper sends it: with `mark` as its first header field, and with the number of its exchange.
pub(super) fn response(
    reply: &Reply,
    mark: Option<&'static str>,
    number: Option<u64>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body.clone()));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(reply.headers.len() + 1);
    if let Some(mark) = mark {
        headers.insert(HeaderName::from_static(mark), HeaderValue::from_static("1"));
    }
    for (name, value) in &reply.headers {
        // What is borrowed is a constant of ours, and needs no memory of its own.
        let name = match name {
            Cow::Borrowed(text) => Ok(HeaderName::from_static(text)),
            Cow::Owned(text) => HeaderName::from_bytes(text.as_bytes()),
        };
        let value = match value {
            Cow::Borrowed(text) => Ok(HeaderValue::from_static(text)),
            Cow::Owned(text) => HeaderValue::from_str(text),
        };
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    if let Some(number) = number {
        headers.insert(HeaderName::from_static("x-standin-exchange"), HeaderValue::from(number));
    }
    response
}
