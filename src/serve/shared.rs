//! What all connections of a server share.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use tokio::sync::{Notify, watch};

use tokio_rustls::rustls::pki_types::CertificateDer;

use super::deliver::{Deliverer, Inbox, Targets};
use super::random::random_seed;
use super::seats::Seats;
use crate::basics::Arrival;
use crate::control::{Access, Trust};
use crate::emulator::ReplicaName;
use crate::engine::{Namespaces, Planned, Traffic, World, step};
use crate::http::Request;

/// What all connections of a server share.
#[derive(Debug)]
pub struct Shared {
    namespaces: Namespaces,
    /// Whether answers carry the number of their exchange, in `x-standin-exchange`.
    pub(super) tag: bool,
    /// Who may use the control interface.
    pub(super) access: Access,
    /// The seats for connections.
    pub(super) seats: Seats,
    /// Wakes waiting requests when an exchange has been recorded.
    pub(super) recorded: Notify,
    /// Wakes streams when an event has come into a log, or their world may be gone.
    pub(super) logged: Notify,
    /// Turns true when the server stops. Delays and pauses end then.
    stopping: watch::Sender<bool>,
    /// Sends what is due to handlers.
    pub(super) deliverer: Deliverer,
    /// How many watch what happens.
    pub(super) watchers: Arc<AtomicU32>,
    /// Answers a request. Tests can replace it.
    pub(super) step: Step,
}

/// A function that answers a request.
pub(super) type Step = fn(&mut World, &Request, Arrival) -> Planned;

/// Options of a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Number of threads that answer requests. One is fastest when the client runs on the same machine.
    pub workers: usize,
    /// How many connections may be open at a time.
    pub max_connections: usize,
    /// Whether answers carry `x-standin-exchange`.
    pub tag: bool,
    /// Token that clients on other machines must send to use the control interface; `None` forbids it to them.
    pub control_token: Option<String>,
    /// The name of the server among those behind a balancer. Then no client is trusted without the token.
    pub replica: Option<ReplicaName>,
    /// The targets that deliveries may have.
    pub targets: Targets,
    /// The URL at which events tell their handlers to call back; `None` names the first socket.
    pub public_url: Option<String>,
    /// Certificates of authorities that deliveries trust besides the public ones.
    pub authorities: Vec<CertificateDer<'static>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            workers: 1,
            max_connections: 1_000,
            tag: false,
            control_token: None,
            replica: None,
            targets: Targets::default(),
            public_url: None,
            authorities: Vec::new(),
        }
    }
}

impl Shared {
    /// What connections share, and the messages for the task that delivers.
    pub(super) fn new(world: World, options: Options) -> (Self, Inbox) {
        let (deliverer, inbox) = Deliverer::new(options.targets, options.authorities);
        let trust = if options.replica.is_some() { Trust::Nobody } else { Trust::ThisMachine };
        let shared = Self {
            namespaces: Namespaces::new(world).with_run(random_seed()).with_replica(options.replica),
            tag: options.tag,
            access: Access { token: options.control_token, trust },
            seats: Seats::new(options.max_connections),
            recorded: Notify::new(),
            logged: Notify::new(),
            stopping: watch::Sender::new(false),
            deliverer,
            watchers: Arc::default(),
            step,
        };
        (shared, inbox)
    }

    /// The worlds of the server.
    pub fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    /// Counters of connections and requests.
    pub(super) fn traffic(&self) -> &Arc<Traffic> {
        self.namespaces.traffic()
    }

    /// Wakes streams if the bell has rung.
    #[inline]
    pub(super) fn ring(&self) {
        if self.namespaces.bell().has_rung() {
            self.logged.notify_waiters();
        }
    }

    /// Lets whoever waits for a world look at it again: it may have been reset, replaced or dropped.
    pub(super) fn has_changed(&self) {
        self.deliverer.tell();
        self.ring();
    }

    /// Announces that the server stops.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// A value that turns true when the server stops.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::{Options, Shared};
    use crate::engine::{DeliveryId, World};
    use crate::scenario::Scenario;
    use crate::serve::clock;

    /// Under this clock an operator can write, which raises an event.
    const SCENARIO: &str = r#"{standin: 1, name: events, clock: {virtual: "2026-03-17T15:52:41Z"}, bitrix24: {
        applications: [{client_id: app, client_secret: client-secret-1}],
        connectors: [{id: myconnector, chat_group: true}], lines: [{id: 107, connectors: [myconnector]}],
        chats: [{connector: myconnector, line: 107, id: channel-123, name: Channel}],
        handlers: [{event: OnImConnectorMessageAdd, url: "http://127.0.0.1:9/h"}]}}"#;

    /// What the operator does.
    pub(crate) const WRITE: &str = r#"{"do": "bitrix24.operator.write", "with": {"connector": "myconnector", "line": 107, "chat": "channel-123", "text": "one"}}"#;

    /// The parts of a server that nothing delivers for, with an event that is under way.
    pub(crate) fn with_an_event_under_way() -> (Arc<Shared>, DeliveryId) {
        let scenario = Scenario::parse("test", SCENARIO).unwrap_or_else(|report| panic!("{report}"));
        let mut world = World::new(Arc::new(scenario), 1, clock::now());
        let order: serde_json::Value = serde_json::from_str(WRITE).unwrap();
        world.act("bitrix24.operator.write", order["with"].as_object().unwrap(), clock::now()).unwrap();
        let sent = world.take_due(clock::now()).unwrap();
        (Arc::new(Shared::new(world, Options::default()).0), sent.id)
    }
}
