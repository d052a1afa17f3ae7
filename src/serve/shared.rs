//! What all connections of a server share.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use super::seats::Seats;
use crate::basics::Arrival;
use crate::engine::{Namespaces, Planned, Traffic, World, step};
use crate::http::Request;

/// What all connections of a server share.
#[derive(Debug)]
pub struct Shared {
    namespaces: Namespaces,
    /// Whether answers carry the number of their exchange, in `x-standin-exchange`.
    pub(super) tag: bool,
    /// Token that clients on other machines must send to use the control interface; `None` forbids it to them.
    pub(super) control_token: Option<String>,
    /// The seats for connections.
    pub(super) seats: Seats,
    /// Wakes waiting requests when an exchange has been recorded.
    pub(super) recorded: Notify,
    /// Turns true when the server stops. Delays and pauses end then.
    stopping: watch::Sender<bool>,
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
}

impl Default for Options {
    fn default() -> Self {
        Self { workers: 1, max_connections: 1_000, tag: false, control_token: None }
    }
}

impl Shared {
    pub(super) fn new(world: World, options: Options) -> Self {
        Self {
            namespaces: Namespaces::new(world),
            tag: options.tag,
            control_token: options.control_token,
            seats: Seats::new(options.max_connections),
            recorded: Notify::new(),
            stopping: watch::Sender::new(false),
            step,
        }
    }

    /// The worlds of the server.
    pub fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    /// Counters of connections and requests.
    pub(super) fn traffic(&self) -> &Arc<Traffic> {
        self.namespaces.traffic()
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
