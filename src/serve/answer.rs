//! hyper's request → `http::Request` → `step` → hyper's response: one exchange.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard, Weak};
use std::time::Duration;

use bytes::Bytes;
use hyper::Version;
use hyper::body::Incoming;
use hyper::header::{EXPECT, HOST};
use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use super::activity::PATIENCE;
use super::body::Incomplete;
use super::client::Client;
use super::seats::Rank;
use super::shared::Shared;
use super::{body, clock};
use crate::basics::Arrival;
use crate::control;
use crate::engine::{Namespace, Note, Planned, World, credentials_issued, wire};
use crate::fault::Wire;
use crate::http::{Body, Connection, Headers, Reply, Request};
use crate::services::SERVICES;

/// How often a waiting request checks its condition when no exchange arrives: time alone can also change the state.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

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
    pub(super) async fn answer(&mut self, shared: &Shared) -> Result<Exchanged, hyper::Error> {
        let Self { request, body, head, client_waits, rank } = self;
        request.body = match body::read(body, *client_waits).await {
            Ok(body) => body,
            Err(Incomplete::Left(error)) => {
                tracing::warn!(%error, "the client left before its body was complete");
                return Err(error);
            }
            Err(Incomplete::Stopped) => {
                tracing::warn!("the body of a request stopped arriving");
                return Ok(Exchanged::last(control::timed_out(PATIENCE)));
            }
        };
        if *rank == Rank::Spare && !control::claims(request.path()) {
            return Ok(Exchanged::last(shared.seats.refusal()));
        }
        let mut answered = match control::patience(request) {
            None => plan(shared, request, *head),
            Some(patience) => Box::pin(wait_for(shared, request, *head, patience)).await,
        };
        if !answered.delay.is_zero() {
            Box::pin(answered.hold_back(shared)).await;
        }
        let Answered { reply, number, wire, .. } = answered;
        let has_body = request.method != "HEAD" && !matches!(reply.status, 204 | 304);
        let number = number.filter(|_| shared.tag);
        Ok(Exchanged { reply, number, wire, has_body, closes: request.body == Body::TooLarge })
    }
}

/// Answers a control request that waits: tries again after each exchange and at intervals, until the answer is final or
/// `patience` is over.
async fn wait_for(shared: &Shared, request: &Request, head: Timestamp, patience: Duration) -> Answered {
    let deadline = Instant::now() + patience;
    let mut stopping = shared.stopping();
    loop {
        let recorded = shared.recorded.notified();
        let answered = plan(shared, request, head);
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

/// Makes the reply to a request. A panic on the way is answered too.
fn plan(shared: &Shared, request: &Request, head: Timestamp) -> Answered {
    unless_panic(|| find_and_make(shared, request, head)).unwrap_or_else(|| {
        let is_control = control::claims(request.path());
        plain(if is_control { control::failure() } else { broken(request).reply })
    })
}

/// What `make` returns; `None` if it panics, which is logged.
fn unless_panic<T>(make: impl FnOnce() -> T) -> Option<T> {
    let made = catch_unwind(AssertUnwindSafe(make));
    made.inspect_err(|_| tracing::error!("a panic while answering; this is a bug of standin")).ok()
}

/// An answer that is not recorded.
fn plain(reply: Reply) -> Answered {
    Answered { reply, number: None, delay: Duration::ZERO, wire: None, namespace: None }
}

/// Finds the world that the request is for, locks it and makes the reply.
fn find_and_make(shared: &Shared, request: &Request, head: Timestamp) -> Answered {
    let body = clock::now();
    let namespaces = shared.namespaces();
    if control::claims(request.path()) {
        let refused = control::refusal(request, shared.control_token.as_deref());
        return plain(refused.unwrap_or_else(|| control::answer(namespaces, request, body)));
    }
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
    let (delay, wire) = (planned.delay, planned.wire);
    let issued = namespace.map(|namespace| (namespace, credentials_issued(request, &planned.reply)));
    let number = world.counters().exchanges + 1;
    log(&world, number, request, &planned);
    let reply = world.record(request, planned, arrival);
    if let Some((namespace, credentials)) = issued {
        shared.namespaces().note_issued(namespace, &world, credentials);
    }
    drop(world);
    shared.namespaces().cut_journals();
    shared.recorded.notify_waiters();
    let made = clock::now().duration_since(body);
    shared.traffic().took(Duration::try_from(made).unwrap_or_default() + delay);
    Answered { reply, number: Some(number), delay, wire, namespace: None }
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
    wire: Option<Wire>,
    /// The namespace of the exchange; `None` for the main world.
    namespace: Option<Arc<Namespace>>,
}

impl Answered {
    /// Waits until the answer is due.
    async fn hold_back(&mut self, shared: &Shared) {
        let mut stopping = shared.stopping();
        // If the client leaves before the answer is due, dropping this records that the client has not read it.
        let namespace = self.namespace.take().map(|namespace| Arc::downgrade(&namespace));
        let mut waiting = Waiting { shared, namespace, number: self.number };
        tokio::select! {
            () = sleep(self.delay) => {}
            // The server stops during the delay: no answer is better than one that comes too early.
            _ = stopping.wait_for(|stopping| *stopping) => self.wire = Some(Wire::Empty),
        }
        waiting.number = None;
    }
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

/// Logs an exchange in one line, without paths and parameters, which may contain secrets.
fn log(world: &World, number: u64, request: &Request, planned: &Planned) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let Planned { reply, note, .. } = planned;
    // A remark may repeat what the client sent.
    let remark = note
        .remarks
        .first()
        .map(|remark| control::Redactor::new(world.scenario()).for_request(request).text(remark));
    let fired = note.faults.iter().find(|decision| decision.fired);
    tracing::info!(
        number,
        vendor = note.service,
        service = note.service,
        operation = note.operation,
        status = reply.status,
        error = note.error,
        fault = fired.map(|decision| decision.fault.spec.name.as_str()),
        wire = wire(note).map(tracing::field::display),
        remark,
        "exchange"
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::sync::{Mutex, mpsc};
    use std::thread;

    use super::super::shared::{Options, Step};
    use super::*;
    use crate::engine::{NAMESPACE_HEADER, step};
    use crate::scenario::Scenario;

    /// Longer than anything takes unless it hangs.
    const STUCK: Duration = Duration::from_secs(30);

    /// Holds one request up: the first channel tells that it has arrived, the second one lets it continue.
    type Gate = (mpsc::Sender<()>, mpsc::Receiver<()>);

    /// The gates, by the path of the request that they hold up.
    static GATES: Mutex<BTreeMap<&str, Gate>> = Mutex::new(BTreeMap::new());

    fn gated_step(world: &mut World, request: &Request, arrival: Arrival) -> Planned {
        let gate = GATES.lock().unwrap().remove(request.path());
        if let Some((come, go_on)) = gate {
            come.send(()).unwrap();
            go_on.recv().unwrap();
        }
        step(world, request, arrival)
    }

    /// Holds up the next request for `path`. Returns the receiver that hears of its arrival and the sender that lets it
    /// continue.
    fn hold(path: &'static str) -> (mpsc::Receiver<()>, mpsc::Sender<()>) {
        let ((come, has_come), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel());
        GATES.lock().unwrap().insert(path, (come, may_go_on));
        (has_come, go_on)
    }

    #[test]
    fn a_panic_while_answering_is_caught() {
        assert_eq!(unless_panic(|| 7), Some(7));
        assert_eq!(unless_panic(|| -> u8 { panic!("this panic is part of a test") }), None);
    }

    fn shared(step: Step) -> Shared {
        let scenario = Scenario::parse("test", Scenario::DEFAULT).unwrap();
        let world = World::new(Arc::new(scenario), 1, Timestamp::UNIX_EPOCH);
        let mut shared = Shared::new(world, Options::default());
        shared.step = step;
        shared
    }

    fn ask(shared: &Shared, method: &str, target: &str, headers: &[(&str, &str)]) -> Answered {
        let headers = [headers, &[("host", "localhost")]].concat().into_iter().collect();
        plan(shared, &Request::new(method, target, headers, "".into()), clock::now())
    }

    fn open(shared: &Shared) -> String {
        let made = ask(shared, "POST", "/__standin/namespaces", &[]);
        let made: serde_json::Value = serde_json::from_slice(&made.reply.body).unwrap();
        made["namespace"].as_str().unwrap().to_owned()
    }

    #[test]
    fn nobody_waits_for_a_world_that_is_not_his() {
        let shared = shared(gated_step);
        let [first, second, held] = [(); 3].map(|()| open(&shared));
        let (has_come, go_on) = hold("/rest/held-alone");
        thread::scope(|scope| {
            let slow = scope.spawn(|| ask(&shared, "POST", "/rest/held-alone", &[(NAMESPACE_HEADER, &held)]));
            has_come.recv_timeout(STUCK).unwrap();
            let (sender, receiver) = mpsc::channel();
            // On a thread of its own, so that a failure does not hang the test.
            let (shared, first, second) = (&shared, &first, &second);
            scope.spawn(move || {
                let bearer = format!("Bearer 5f4dcc3b5aa765d61d8327deb882cf99-{first}");
                let by_credential = [("authorization", bearer.as_str())];
                for (method, target, headers) in [
                    ("POST", "/rest/x", [(NAMESPACE_HEADER, first.as_str())].as_slice()),
                    ("POST", "/rest/x", &[(NAMESPACE_HEADER, second)]),
                    ("PUT", "/api/v1/chats/ch_01H", &by_credential),
                    ("POST", "/rest/x", &[]),
                    ("GET", "/__standin/journal", &[(NAMESPACE_HEADER, first)]),
                    ("POST", "/__standin/reset", &[]),
                    ("POST", "/__standin/namespaces", &[]),
                    ("DELETE", &format!("/__standin/namespaces/{second}"), &[]),
                ] {
                    let _ = sender.send(ask(shared, method, target, headers).reply.status);
                }
            });
            let statuses: Vec<_> = (0..8).map(|_| receiver.recv_timeout(STUCK)).collect();
            let is_held = !slow.is_finished();
            go_on.send(()).unwrap();
            assert_eq!(statuses, [404, 404, 400, 404, 200, 200, 201, 200].map(Ok));
            assert!(is_held);
            assert_eq!(slow.join().unwrap().reply.status, 404);
        });
    }

    #[test]
    fn a_request_that_is_under_way_as_its_namespace_is_dropped_is_counted_once() {
        let shared = shared(gated_step);
        let name = open(&shared);
        let header = [(NAMESPACE_HEADER, name.as_str())];
        let (has_come, go_on) = hold("/rest/held-and-dropped");
        let late = thread::scope(|scope| {
            let slow = scope.spawn(|| ask(&shared, "POST", "/rest/held-and-dropped", &header));
            has_come.recv_timeout(STUCK).unwrap();
            let target = format!("/__standin/namespaces/{name}");
            let dropped = scope.spawn({
                let shared = &shared;
                move || ask(shared, "DELETE", &target, &[])
            });
            let late = scope.spawn(|| ask(&shared, "POST", "/rest/late", &header));
            assert!(!dropped.is_finished(), "an exchange is under way");
            go_on.send(()).unwrap();
            assert_eq!((slow.join().unwrap().number, dropped.join().unwrap().reply.status), (Some(1), 200));
            late.join().unwrap()
        });
        // The request came either before the drop and was recorded, or after it and found no namespace.
        let sum = 1 + u64::from(late.number.is_some());
        assert_eq!(late.number, (sum == 2).then_some(2));
        let totals = shared.namespaces().totals();
        assert_eq!((totals.counters.exchanges, totals.evicted), (sum, sum));
        assert!(shared.namespaces().main().journal().entries().next().is_none());
    }

    #[test]
    fn totals_add_up_whatever_is_dropped_and_read_meanwhile() {
        const TESTS: usize = 25;
        let shared = shared(step);
        let (exchanges, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            let tests = [(); 4].map(|()| {
                scope.spawn(|| {
                    for _ in 0..TESTS {
                        let name = open(&shared);
                        let path = format!("/rest/1/webhook-secret-{name}/x");
                        let call = |count: usize| {
                            for _ in 0..count {
                                assert!(ask(&shared, "POST", &path, &[]).number.is_some());
                                exchanges.fetch_add(1, Ordering::Relaxed);
                            }
                        };
                        call(2);
                        // The calls of one thread are under way while the other drops the namespace: those that come too late
                        // are the main world's.
                        thread::scope(|scope| {
                            scope.spawn(|| call(5));
                            ask(&shared, "DELETE", &format!("/__standin/namespaces/{name}"), &[]);
                        });
                    }
                })
            });
            scope.spawn(|| {
                let (mut exchanges, mut evicted) = (0, 0);
                while !is_over.load(Ordering::Relaxed) {
                    let totals = shared.namespaces().totals();
                    assert!(totals.counters.exchanges >= exchanges && totals.evicted >= evicted);
                    assert!(totals.counters.exchanges >= totals.evicted);
                    (exchanges, evicted) = (totals.counters.exchanges, totals.evicted);
                }
            });
            let ended = tests.map(thread::ScopedJoinHandle::join);
            is_over.store(true, Ordering::Relaxed);
            ended.into_iter().for_each(|ended| ended.unwrap());
        });
        let totals = shared.namespaces().totals();
        let kept = shared.namespaces().main().journal().entries().len() as u64;
        assert_eq!(totals.counters.exchanges, (4 * TESTS * 7) as u64);
        assert_eq!(totals.counters.exchanges, exchanges.into_inner());
        assert_eq!(totals.evicted + kept, totals.counters.exchanges);
        assert!(shared.namespaces().all().is_empty());
    }
}
