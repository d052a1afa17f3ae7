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
use super::stream::OpenStream;
use super::{body, clock, line};
use crate::basics::Arrival;
use crate::control;
use crate::engine::{After, Ahead, Form, Namespace, Note, Planned, World, credentials_issued};
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
        let mut watch = None;
        let mut answered = if control::claims(request.path()) {
            let told = Box::pin(aside::control(shared, request)).await;
            watch = told.watch;
            plain(told.reply)
        } else if *rank == Rank::Regular {
            plan(shared, request, *head)
        } else {
            return Ok(Exchanged::last(shared.seats.refusal()));
        };
        if !answered.delay.is_zero() || answered.waits() {
            Box::pin(answered.hold_back(shared)).await;
        }
        let stream = match answered.form {
            Form::Stream(stream) => {
                let namespace = answered.namespace.as_ref().map(Arc::downgrade);
                Some(Box::new(OpenStream::Events { stream: *stream, namespace }))
            }
            _ => watch.map(|watch| Box::new(OpenStream::Watch { watch, head: answered.reply.body.clone() })),
        };
        let Answered { reply, number, wire, .. } = answered;
        let has_body = request.method != "HEAD" && !matches!(reply.status, 204 | 304);
        let number = number.filter(|_| shared.tag);
        Ok(Exchanged { reply, number, wire, has_body, closes: request.body == Body::TooLarge, stream })
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
    Answered { reply, number: None, delay: Duration::ZERO, form: Form::Plain, wire: None, namespace: None }
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
    let planned = unless_panic(|| step(&mut world, request, arrival)).unwrap_or_else(|| broken(request));
    let (delay, wire, form) = (planned.delay, planned.wire, planned.form.clone());
    let is_shared = namespace.is_some() || shared.namespaces().has_any();
    let issued = if is_shared { credentials_issued(request, &planned.reply) } else { Vec::new() };
    let number = world.counters().exchanges + 1;
    // What waits has no status yet.
    let line = match form {
        Form::After(_) => None,
        _ => line::Line::of(&world, number, planned.reply.status, &planned.note),
    };
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
    shared.ring();
    let made = clock::now().duration_since(body);
    shared.traffic().took(Duration::try_from(made).unwrap_or_default() + delay);
    Answered { reply, number: Some(number), delay, form, wire, namespace: None }
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
    /// The stream that takes the place of the body.
    pub(super) stream: Option<Box<OpenStream>>,
}

impl Exchanged {
    /// An answer that is not recorded, and after which the connection is closed.
    fn last(reply: Reply) -> Self {
        Self { reply, number: None, wire: None, has_body: true, closes: true, stream: None }
    }
}

/// The outcome of a request, before the delay.
struct Answered {
    reply: Reply,
    /// Number of the exchange; `None` when the request is not recorded as one.
    number: Option<u64>,
    delay: Duration,
    /// What the answer waits for, or goes on with.
    form: Form,
    wire: Option<Wire>,
    /// The namespace of the exchange; `None` for the main world.
    namespace: Option<Arc<Namespace>>,
}

impl Answered {
    /// Whether the answer waits for deliveries.
    fn waits(&self) -> bool {
        matches!(self.form, Form::Ahead(_) | Form::After(_))
    }

    /// Waits until the answer is due, and the deliveries that go before it have ended.
    async fn hold_back(&mut self, shared: &Shared) {
        let mut stopping = shared.stopping();
        // If the client leaves before the answer is due, dropping this records that the client has not read it.
        let namespace = self.namespace.as_ref().map(Arc::downgrade);
        let form = match &mut self.form {
            Form::Stream(_) => Form::Plain,
            form => std::mem::take(form),
        };
        let mut waiting = Waiting { shared, namespace: namespace.clone(), number: self.number };
        let deliveries = async {
            match &form {
                Form::Ahead(ahead) => until_ended(shared, namespace.as_ref(), ahead).await,
                Form::After(after) => until_finished(shared, namespace.as_ref(), after).await,
                Form::Plain | Form::Stream(_) => {}
            }
        };
        let is_stopped = tokio::select! {
            _ = async { tokio::join!(sleep(self.delay), deliveries) } => false,
            _ = stopping.wait_for(|stopping| *stopping) => true,
        };
        waiting.number = None;
        if let Form::After(after) = &form {
            give_up(shared, namespace.as_ref(), after, "the server stops");
            after.answer().into_iter().for_each(|reply| self.reply = reply.clone());
            let line = match &namespace {
                None => self.line(&shared.namespaces().main()),
                Some(namespace) => namespace.upgrade().and_then(|known| self.line(&*known.world()?)),
            };
            line.iter().for_each(|(line, request)| line.write(request));
        }
        // The server stops during the delay: no answer is better than one that comes too early.
        if is_stopped && (!self.delay.is_zero() || !matches!(form, Form::After(_))) {
            self.wire = Some(Wire::Empty);
        }
    }

    /// The line in the log about an exchange that has waited.
    fn line(&self, world: &World) -> Option<(line::Line, Request)> {
        let entry = world.exchange(self.number?)?;
        Some((line::Line::of(world, entry.number, entry.reply.status, &entry.note)?, entry.request))
    }
}

/// For how much longer than its time limit an answer waits for a delivery: the time limit begins with the connection.
const MORE: Duration = Duration::from_secs(1);

/// Waits until an answer is finished that waits for a delivery. It is never longer than the handler may take.
async fn until_finished(shared: &Shared, namespace: Option<&Weak<Namespace>>, after: &After) {
    let until_answer = async {
        loop {
            let looked = shared.deliverer.ended();
            if after.answer().is_some() {
                return;
            }
            looked.await;
        }
    };
    if timeout(after.time_limit + MORE, until_answer).await.is_err() {
        give_up(shared, namespace, after, &format!("nobody has taken it within {:?}", after.time_limit));
    }
}

/// Ends a delivery that an answer waits for, unless it has ended.
fn give_up(shared: &Shared, namespace: Option<&Weak<Namespace>>, after: &After, why: &str) {
    if after.answer().is_some() {
        return;
    }
    let end = |world: &mut World| world.give_up(after.delivery, why, clock::now());
    match namespace {
        None => end(&mut shared.namespaces().main()),
        // Without it the answer was finished when it was dropped.
        Some(namespace) => {
            if let Some(namespace) = namespace.upgrade()
                && let Some(mut world) = namespace.world()
            {
                end(&mut world);
            }
        }
    }
}

/// Waits until deliveries have ended, for as long as their handlers may take. The world is not locked meanwhile, because
/// a handler may call back.
async fn until_ended(shared: &Shared, namespace: Option<&Weak<Namespace>>, ahead: &Ahead) {
    let have_ended = || match namespace {
        None => shared.namespaces().main().have_ended(ahead),
        Some(namespace) => namespace
            .upgrade()
            .is_none_or(|namespace| namespace.world().is_none_or(|world| world.have_ended(ahead))),
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
