//! One connection as the engine sees it: the client's address, and which request is the first.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::clock;
use crate::engine::Traffic;
use crate::http::Connection;

/// A connection to a client.
#[derive(Debug)]
pub(super) struct Client {
    /// IP address of the client.
    pub(super) address: IpAddr,
    /// Whether the connection is encrypted.
    pub(super) is_secure: bool,
    known: Connection,
    is_new: AtomicBool,
    traffic: Arc<Traffic>,
}

impl Client {
    /// A connection that has just been accepted.
    pub(super) fn new(address: IpAddr, is_secure: bool, traffic: &Arc<Traffic>) -> Self {
        let known =
            Connection { number: traffic.opened(), opened: Some(clock::now()), ..Connection::default() };
        Self { address, is_secure, known, is_new: true.into(), traffic: Arc::clone(traffic) }
    }

    /// Records that a request has arrived. Returns what the engine knows of its connection.
    pub(super) fn begin(&self, in_turn: bool) -> Connection {
        // A load is cheaper than a swap, and only one request is the first.
        let is_first = self.is_new.load(Ordering::Relaxed) && self.is_new.swap(false, Ordering::Relaxed);
        Connection { is_first, in_turn, ..self.known }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.traffic.closed();
    }
}
