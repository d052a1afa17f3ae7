//! One exchange: hyper's request → values → the world → hyper's response.

use std::borrow::Cow;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode, Version};

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::client::Client;
use super::run::Options;
use super::script_stream::{MARK, Order, Orders};
use super::{body, clock};
use crate::basics::Arrival;
use crate::control;
use crate::engine::{Namespaces, Note, Planned, Traffic, World, issued, step, wire};
use crate::fault::Wire;
use crate::http::{Body, Field, Headers, Reply, Request};
use crate::services::SERVICES;

/// What all connections of a server share.
#[derive(Debug)]
pub struct Shared {
    namespaces: Mutex<Namespaces>,
    /// Whether answers carry the number of their exchange.
    tag: bool,
    /// What others than this machine must know to use the control interface.
    control_token: Option<String>,
    traffic: Arc<Traffic>,
    /// Tells those who wait for something that an exchange has been recorded.
    recorded: Notify,
    /// Turns true when the server stops: what is held up is held up no longer.
    stopping: watch::Sender<bool>,
    /// Answers a request; a test puts something else here.
    pub(super) step: Step,
}

/// How often those who wait look, though no exchange comes: changes also come by the clock.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What answers a request.
pub(super) type Step = fn(&mut World, &Request, Arrival) -> Planned;

impl Shared {
    pub(super) fn new(world: World, options: Options) -> Self {
        let namespaces = Namespaces::new(world);
        Self {
            traffic: Arc::clone(namespaces.traffic()),
            namespaces: Mutex::new(namespaces),
            tag: options.tag,
            control_token: options.control_token,
            recorded: Notify::new(),
            stopping: watch::Sender::new(false),
            step,
        }
    }

    /// The worlds, for as long as the guard lives. A panic while it was held does not end the server.
    pub fn namespaces(&self) -> MutexGuard<'_, Namespaces> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What passes the sockets.
    pub(super) fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// Says that the server stops.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Turns true when the server stops.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Answers one request over HTTP/1; what the connection is to do with the answer is told to `orders`.
    ///
    /// # Errors
    /// When the client leaves before its body is complete; the connection is then closed.
    pub(super) async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        client: &Client,
        orders: &Orders,
    ) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let Exchanged { reply, number, wire, has_body, closes } = self.exchange(request, client).await?;
        orders.idle().await;
        let mut response = response(&reply, wire.is_some(), number);
        if closes {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(wire) = wire {
            orders.give(Order { wire, body: if has_body { reply.body.len() } else { 0 } });
        }
        Ok(response)
    }

    /// Takes a request in and waits until its answer is due.
    pub(super) async fn exchange(
        &self,
        request: hyper::Request<Incoming>,
        client: &Client,
    ) -> Result<Exchanged, hyper::Error> {
        let head = clock::now();
        let connection = client.begin(request.version() < Version::HTTP_2);
        let (parts, incoming) = request.into_parts();
        let client_waits = parts.version >= Version::HTTP_11 && parts.headers.contains_key(EXPECT);
        let bytes = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let mut headers = Headers::with_capacity(parts.headers.len(), bytes);
        // hyper gives names in lower case.
        parts
            .headers
            .iter()
            .for_each(|(name, value)| headers.push_lower_case(name.as_str(), value.as_bytes()));
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
            None => self.plan(request, head),
            Some(patience) => self.wait_for(request, head, patience).await,
        };
        if !delay.is_zero() {
            let mut stopping = self.stopping();
            // Who leaves before the answer is there has not read it.
            let mut waiting = Waiting { shared: self, namespace, number };
            tokio::select! {
                () = sleep(delay) => {}
                // An answer that comes sooner than the scenario says would be a wrong one.
                _ = stopping.wait_for(|stopping| *stopping) => wire = Some(Wire::Empty),
            }
            waiting.number = None;
        }
        let has_body = has_body && !matches!(reply.status, 204 | 304);
        Ok(Exchanged { reply, number: number.filter(|_| self.tag), wire, has_body, closes })
    }

    /// Asks again, as exchanges come and go, until what is expected has come or `patience` is over.
    async fn wait_for(&self, request: Request, head: jiff::Timestamp, patience: Duration) -> Answered {
        let deadline = Instant::now() + patience;
        let mut stopping = self.stopping();
        loop {
            let recorded = self.recorded.notified();
            let answered = self.plan(request.clone(), head);
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
    fn plan(&self, request: Request, head: jiff::Timestamp) -> Answered {
        let body = clock::now();
        let mut namespaces = self.namespaces();
        let plain = |reply: Reply| Answered {
            reply: Arc::new(reply),
            number: None,
            delay: Duration::ZERO,
            wire: None,
            namespace: None,
        };
        if control::claims(request.path()) {
            let refused = control::refusal(&request, self.control_token.as_deref());
            return plain(refused.unwrap_or_else(|| control::answer(&mut namespaces, &request, body)));
        }
        let (world, namespace) = match namespaces.of(&request, body) {
            Ok(found) => found,
            Err(unknown) => return plain(control::no_namespace(&unknown)),
        };
        let arrival = Arrival { head, body, now: clock::now() };
        let step = self.step;
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
        self.recorded.notify_waiters();
        let made = clock::now().duration_since(body);
        self.traffic.took(Duration::try_from(made).unwrap_or_default() + delay);
        if let Some((name, credentials)) = issued {
            namespaces.issued(&name, credentials);
        }
        Answered { reply, number, delay, wire, namespace }
    }
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
    closes: bool,
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

pub(super) fn response(reply: &Reply, has_order: bool, tag: Option<u64>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body.clone()));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let (common, own) = reply.headers.parts();
    if has_order {
        headers.insert(HeaderName::from_static(MARK), HeaderValue::from_static("1"));
    }
    // A copy has no room for more: where nearly all fields are others, it does not pay.
    if has_order || common.len() <= own.len() {
        headers.reserve(common.len() + own.len() + 1);
        append(headers, common);
    } else {
        *headers = ready(common);
    }
    append(headers, own);
    if let Some(number) = tag {
        headers.insert(HeaderName::from_static("x-standin-exchange"), HeaderValue::from(number));
    }
    response
}

/// A constant list of fields as hyper wants it: made once on each thread, and copied from then on.
fn ready(common: &'static [Field]) -> HeaderMap {
    thread_local! {
        static KNOWN: RefCell<Vec<(&'static [Field], HeaderMap)>> = const { RefCell::new(Vec::new()) };
    }
    KNOWN.with_borrow_mut(|known| {
        let found = known.iter().position(|(list, _)| std::ptr::eq(*list, common));
        let place = found.unwrap_or_else(|| {
            let mut map = HeaderMap::new();
            append(&mut map, common);
            known.push((common, map));
            known.len() - 1
        });
        known[place].1.clone()
    })
}

fn append(headers: &mut HeaderMap, fields: &[Field]) {
    for (name, value) in fields {
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
}
