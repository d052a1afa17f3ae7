//! One connection: who is at its other end, and which of its requests is the first.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::clock;
use crate::engine::Traffic;
use crate::http::Connection;

/// A connection.
#[derive(Debug)]
pub(super) struct Client {
    /// The other end.
    pub(super) address: IpAddr,
    /// Whether it is encrypted.
    pub(super) is_secure: bool,
    known: Connection,
    is_new: AtomicBool,
    traffic: Arc<Traffic>,
}

impl Client {
    /// A connection that was accepted just now.
    pub(super) fn new(address: IpAddr, is_secure: bool, traffic: &Arc<Traffic>) -> Self {
        let known =
            Connection { number: traffic.opened(), opened: Some(clock::now()), ..Connection::default() };
        Self { address, is_secure, known, is_new: true.into(), traffic: Arc::clone(traffic) }
    }

    /// A request comes over it.
    pub(super) fn begin(&self, in_turn: bool) -> Connection {
        // Reading is cheaper than swapping, and all requests but one find that they are not the first.
        let is_first = self.is_new.load(Ordering::Relaxed) && self.is_new.swap(false, Ordering::Relaxed);
        Connection { is_first, in_turn, ..self.known }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.traffic.closed();
    }
}
