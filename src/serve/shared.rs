//! What all connections of a server share.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use crate::basics::Arrival;
use crate::engine::{Namespaces, Planned, Traffic, World, step};
use crate::http::Request;

/// What all connections of a server share.
#[derive(Debug)]
pub struct Shared {
    namespaces: Namespaces,
    /// Whether answers carry the number of their exchange.
    pub(super) tag: bool,
    /// What others than this machine must know to use the control interface.
    pub(super) control_token: Option<String>,
    /// Tells those who wait for something that an exchange has been recorded.
    pub(super) recorded: Notify,
    /// Turns true when the server stops: what is held up is held up no longer.
    stopping: watch::Sender<bool>,
    /// Answers a request; a test puts something else here.
    pub(super) step: Step,
}

/// What answers a request.
pub(super) type Step = fn(&mut World, &Request, Arrival) -> Planned;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that answer; one is fastest beside a client on the same machine.
    pub workers: usize,
    /// Whether answers carry `x-standin-exchange`.
    pub tag: bool,
    /// What others than this machine must know to use the control interface; without it, they may not.
    pub control_token: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { workers: 1, tag: false, control_token: None }
    }
}

impl Shared {
    pub(super) fn new(world: World, options: Options) -> Self {
        Self {
            namespaces: Namespaces::new(world),
            tag: options.tag,
            control_token: options.control_token,
            recorded: Notify::new(),
            stopping: watch::Sender::new(false),
            step,
        }
    }

    /// The worlds.
    pub fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    /// What passes the sockets.
    pub(super) fn traffic(&self) -> &Arc<Traffic> {
        self.namespaces.traffic()
    }

    /// Says that the server stops.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Turns true when the server stops.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}
