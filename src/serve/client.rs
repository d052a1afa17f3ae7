//! The client's end of a connection.

use std::net::IpAddr;
use std::sync::Arc;

use super::seats::Rank;
use crate::engine::Traffic;

/// A connection to a client.
#[derive(Debug)]
pub(super) struct Client {
    /// IP address of the client.
    pub(super) address: IpAddr,
    /// Whether the connection is encrypted.
    pub(super) is_secure: bool,
    /// The number of the connection.
    pub(super) number: u64,
    /// What the connection may ask.
    pub(super) rank: Rank,
    traffic: Arc<Traffic>,
}

impl Client {
    /// A connection that has just been accepted.
    pub(super) fn new(address: IpAddr, is_secure: bool, traffic: &Arc<Traffic>) -> Self {
        let (number, traffic) = (traffic.opened(), Arc::clone(traffic));
        Self { address, is_secure, number, rank: Rank::Regular, traffic }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.traffic.closed();
    }
}
