//! hyper's request → `http::Request` → `step` → hyper's response: one exchange.

use std::sync::{Arc, MutexGuard, Weak};
use std::time::Duration;

use bytes::Bytes;
use hyper::Version;
use hyper::body::Incoming;
use hyper::header::{EXPECT, HOST};
use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use super::activity::PATIENCE;
use super::aside::{self, unless_panic};
use super::body::Incomplete;
use super::client::Client;
use super::seats::Rank;
use super::shared::Shared;
use super::{body, clock, line};
use crate::basics::Arrival;
use crate::control;
use crate::engine::{Ahead, Namespace, Note, Planned, World, credentials_issued};
use crate::fault::Wire;
use crate::http::{Body, Connection, Headers, Reply, Request};
use crate::services::SERVICES;

/// A request whose head has arrived.
pub(super) struct Arriving {
    /// The request, without its body.
    request: Request,
    body: Incoming,
    /// When the head arrived.
    head: Timestamp,
    /// Whether the client waits for `100 Continue` before it sends the body.
    client_waits: bool,
    /// What the connection may ask.
    rank: Rank,
}

impl Arriving {
    /// Records that a request arrives from `client` over `connection`.
    pub(super) fn new(request: hyper::Request<Incoming>, client: &Client, connection: Connection) -> Self {
        let head = clock::now();
        let (parts, body) = request.into_parts();
        let mut headers = Headers::with_room_for(parts.headers.len());
        let mut client_waits = false;
        for (name, value) in &parts.headers {
            client_waits |= *name == EXPECT && parts.version >= Version::HTTP_11;
            // hyper gives names in lower case.
            headers.push_lower_case(name.as_str(), value.as_bytes());
        }
        // HTTP/2 has no `host` field; the host is in `:authority`.
        if let Some(authority) = parts.uri.authority().filter(|_| !parts.headers.contains_key(HOST)) {
            headers.push("host", authority.as_str().as_bytes());
        }
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut request = Request::new(parts.method.as_str(), target, headers, Bytes::new().into());
        request.source = client.address;
        request.secure = client.is_secure;
        request.connection = connection;
        Self { request, body, head, client_waits, rank: client.rank }
    }

    /// Reads the body, makes the answer, and waits until it is due. The two ways to wait are rare and boxed, because
    /// hyper copies this future for every request.
    ///
    /// # Errors
    /// When the client leaves before the body is complete.
    pub(super) async fn answer(&mut self, shared: &Arc<Shared>) -> Result<Exchanged, hyper::Error> {
        let Self { request, body, head, client_waits, rank } = self;
        let limit = body::limit(request, body);
        request.body = if body::is_too_large(body, limit) {
            Body::TooLarge
        } else {
            // Whoever reads from the body tells the client to go on.
            *client_waits = false;
            match body::read(body, limit).await {
                Ok(body) => body,
                Err(Incomplete::Left(error)) => {
                    tracing::warn!(%error, "the client left before its body was complete");
                    return Err(error);
                }
                Err(Incomplete::Stopped) => {
                    tracing::warn!("the body of a request stopped arriving");
                    return Ok(Exchanged::last(control::timed_out(PATIENCE)));
                }
            }
        };
        let mut answered = if control::claims(request.path()) {
            plain(Box::pin(aside::control(shared, request)).await)
        } else if *rank == Rank::Regular {
            plan(shared, request, *head)
        } else {
            return Ok(Exchanged::last(shared.seats.refusal()));
        };
        if !answered.delay.is_zero() || answered.ahead.is_some() {
            Box::pin(answered.hold_back(shared)).await;
        }
        let Answered { reply, number, wire, .. } = answered;
        let has_body = request.method != "HEAD" && !matches!(reply.status, 204 | 304);
        let number = number.filter(|_| shared.tag);
        Ok(Exchanged { reply, number, wire, has_body, closes: request.body == Body::TooLarge })
    }

    /// Whether more may come of a body that was too large. A client that waits for `100 Continue` sends nothing more, and
    /// reading would tell it to.
    pub(super) fn has_rest(&self) -> bool {
        self.request.body == Body::TooLarge && !self.client_waits
    }

    /// Discards what is still to come of the body.
    pub(super) fn discard_rest(self) {
        body::discard(self.body);
    }
}

/// Makes the reply to a request for a service. A panic on the way is answered too.
fn plan(shared: &Shared, request: &Request, head: Timestamp) -> Answered {
    unless_panic(|| find_and_make(shared, request, head)).unwrap_or_else(|| plain(broken(request).reply))
}

/// An answer that is not recorded.
fn plain(reply: Reply) -> Answered {
    Answered { reply, number: None, delay: Duration::ZERO, ahead: None, wire: None, namespace: None }
}

/// Finds the world that the request is for, locks it and makes the reply.
fn find_and_make(shared: &Shared, request: &Request, head: Timestamp) -> Answered {
    let body = clock::now();
    let namespaces = shared.namespaces();
    let namespace = match namespaces.of(request, body) {
        Ok(found) => found,
        Err(unknown) => return plain(control::no_namespace(&unknown)),
    };
    let answered = {
        let world = match &namespace {
            None => Some(namespaces.main()),
            Some(namespace) => namespace.world(),
        };
        // `None`: the namespace was dropped after it was found.
        let Some(world) = world else { return find_and_make(shared, request, head) };
        make(shared, world, namespace.as_ref(), request, (head, body))
    };
    Answered { namespace, ..answered }
}

/// Makes the reply, then unlocks the world.
fn make(
    shared: &Shared,
    mut world: MutexGuard<'_, World>,
    namespace: Option<&Arc<Namespace>>,
    request: &Request,
    (head, body): (Timestamp, Timestamp),
) -> Answered {
    let arrival = Arrival { head, body, now: clock::now() };
    let step = shared.step;
    // A panic in here becomes an exchange of the journal.
    let mut planned = unless_panic(|| step(&mut world, request, arrival)).unwrap_or_else(|| broken(request));
    let (delay, wire, ahead) = (planned.delay, planned.wire, planned.ahead.take());
    let is_shared = namespace.is_some() || shared.namespaces().has_any();
    let issued = if is_shared { credentials_issued(request, &planned.reply) } else { Vec::new() };
    let number = world.counters().exchanges + 1;
    let line = line::Line::of(&world, number, &planned);
    let reply = world.record(request, planned, arrival);
    shared.namespaces().note_issued(namespace, &world, issued);
    let is_due = world.alarm(arrival.now).is_some();
    drop(world);
    if is_due {
        shared.deliverer.wake(namespace);
    }
    line.iter().for_each(|line| line.write(request));
    shared.namespaces().cut_journals();
    shared.recorded.notify_waiters();
    let made = clock::now().duration_since(body);
    shared.traffic().took(Duration::try_from(made).unwrap_or_default() + delay);
    Answered { reply, number: Some(number), delay, ahead, wire, namespace: None }
}

/// An answer that is due.
pub(super) struct Exchanged {
    pub(super) reply: Reply,
    /// Number of the exchange, to be sent as a header field; `None` when it is not sent.
    pub(super) number: Option<u64>,
    pub(super) wire: Option<Wire>,
    /// Whether to send the body.
    pub(super) has_body: bool,
    /// Whether to close the connection after the answer.
    pub(super) closes: bool,
}

impl Exchanged {
    /// An answer that is not recorded, and after which the connection is closed.
    fn last(reply: Reply) -> Self {
        Self { reply, number: None, wire: None, has_body: true, closes: true }
    }
}

/// The outcome of a request, before the delay.
struct Answered {
    reply: Reply,
    /// Number of the exchange; `None` when the request is not recorded as one.
    number: Option<u64>,
    delay: Duration,
    /// The deliveries that must have ended before the answer leaves.
    ahead: Option<Box<Ahead>>,
    wire: Option<Wire>,
    /// The namespace of the exchange; `None` for the main world.
    namespace: Option<Arc<Namespace>>,
}

impl Answered {
    /// Waits until the answer is due, and the deliveries that go before it have ended.
    async fn hold_back(&mut self, shared: &Shared) {
        let mut stopping = shared.stopping();
        // If the client leaves before the answer is due, dropping this records that the client has not read it.
        let namespace = self.namespace.take().map(|namespace| Arc::downgrade(&namespace));
        let deliveries = until_ended(shared, namespace.clone(), self.ahead.take());
        let mut waiting = Waiting { shared, namespace, number: self.number };
        tokio::select! {
            _ = async { tokio::join!(sleep(self.delay), deliveries) } => {}
            // The server stops during the delay: no answer is better than one that comes too early.
            _ = stopping.wait_for(|stopping| *stopping) => self.wire = Some(Wire::Empty),
        }
        waiting.number = None;
    }
}

/// Waits until deliveries have ended, for as long as their handlers may take. The world is not locked meanwhile, because
/// a handler may call back.
async fn until_ended(shared: &Shared, namespace: Option<Weak<Namespace>>, ahead: Option<Box<Ahead>>) {
    let Some(ahead) = ahead else { return };
    let have_ended = || match &namespace {
        None => shared.namespaces().main().have_ended(&ahead),
        Some(namespace) => namespace
            .upgrade()
            .is_none_or(|namespace| namespace.world().is_none_or(|world| world.have_ended(&ahead))),
    };
    let until_ended = async {
        loop {
            let looked = shared.deliverer.ended();
            if have_ended() {
                return;
            }
            looked.await;
        }
    };
    let _ = timeout(ahead.time_limit, until_ended).await;
}

/// A client that waits for its answer. If this is dropped while `number` is set, the client has left.
struct Waiting<'a> {
    shared: &'a Shared,
    /// Weak, so that a namespace which is dropped meanwhile is freed.
    namespace: Option<Weak<Namespace>>,
    number: Option<u64>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let namespaces = self.shared.namespaces();
            match self.namespace.as_ref().map(Weak::upgrade) {
                None => namespaces.undelivered(None, number),
                Some(namespace) => {
                    namespace.iter().for_each(|namespace| namespaces.undelivered(Some(namespace), number));
                }
            }
        }
    }
}

/// The service's own answer with status 500, sent after a panic.
fn broken(request: &Request) -> Planned {
    let service = SERVICES.iter().find(|service| service.claims(request.path()));
    let reply =
        service.map_or_else(|| Reply::json(500, &serde_json::Value::Null), |service| service.failure());
    let remarks = vec!["standin panicked while answering: this is a bug of standin".into()];
    let note = Note { service: service.map(|service| service.name()), remarks, ..Note::default() };
    Planned::plain(reply, note)
}

#[cfg(test)]
mod tests;
