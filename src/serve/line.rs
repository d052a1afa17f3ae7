//! One connection: who is at its other end, and which of its requests is the first.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::clock;
use crate::engine::Traffic;
use crate::http::Connection;

/// A connection.
#[derive(Debug)]
pub(super) struct Line {
    /// The other end.
    pub(super) address: IpAddr,
    /// Whether it is encrypted.
    pub(super) is_secure: bool,
    known: Connection,
    is_new: AtomicBool,
    /// It is served from its start until its first request is answered.
    first: Mutex<Option<Busy>>,
    traffic: Arc<Traffic>,
}

/// Somebody is being served for as long as it lives.
#[derive(Debug)]
pub(super) struct Busy(Arc<Traffic>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.served(clock::now);
    }
}

impl Line {
    /// A connection that was accepted just now.
    pub(super) fn new(address: IpAddr, is_secure: bool, traffic: &Arc<Traffic>) -> Self {
        let (number, opened) = (traffic.opened(), clock::now());
        let alone_for = if traffic.serving() { traffic.uncrowded_for(opened) } else { Duration::ZERO };
        let known = Connection { number, opened: Some(opened), alone_for, ..Connection::default() };
        let first = Mutex::new(Some(Busy(Arc::clone(traffic))));
        Self { address, is_secure, known, is_new: true.into(), first, traffic: Arc::clone(traffic) }
    }

    /// A request comes over it; it is served until the second value is dropped.
    pub(super) fn begin(&self, in_turn: bool) -> (Connection, Busy) {
        let waiting = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let busy = waiting.unwrap_or_else(|| {
            self.traffic.serving();
            Busy(Arc::clone(&self.traffic))
        });
        let is_first = self.is_new.swap(false, Ordering::Relaxed);
        (Connection { is_first, in_turn, ..self.known }, busy)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.traffic.closed();
    }
}
