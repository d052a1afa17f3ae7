//! Seats for connections: how many may be open at a time, and what the others are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::Reply;

/// How many connections beyond the limit are read, so that the control interface stays in reach.
const SPARE: usize = 50;

/// The seats of a server.
#[derive(Debug)]
pub(super) struct Seats {
    limit: usize,
    regular: Arc<Semaphore>,
    spare: Arc<Semaphore>,
    /// Whether the latest connection found no regular seat. Said once, not for each connection.
    is_full: AtomicBool,
}

/// The seat of one connection, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) rank: Rank,
    _permit: OwnedSemaphorePermit,
}

/// What a connection may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// Everything.
    Regular,
    /// Only the control interface: as many connections as allowed were open before it.
    Spare,
}

impl Seats {
    /// Seats for `limit` connections.
    pub(super) fn new(limit: usize) -> Self {
        let semaphore = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self { limit, regular: semaphore(limit), spare: semaphore(SPARE), is_full: AtomicBool::new(false) }
    }

    /// A seat for a new connection; `None` when the spare ones are taken too.
    pub(super) fn take(&self) -> Option<Seat> {
        if let Ok(permit) = Arc::clone(&self.regular).try_acquire_owned() {
            self.is_full.store(false, Relaxed);
            return Some(Seat { rank: Rank::Regular, _permit: permit });
        }
        if !self.is_full.swap(true, Relaxed) {
            tracing::warn!(
                max_connections = self.limit,
                "as many connections are open as the server allows: new ones are refused"
            );
        }
        let permit = Arc::clone(&self.spare).try_acquire_owned().ok()?;
        Some(Seat { rank: Rank::Spare, _permit: permit })
    }

    /// What a connection without a regular seat is told.
    pub(super) fn refusal(&self) -> Reply {
        let message = format!("{} connections are open, as many as the server allows", self.limit);
        let help =
            "close connections that are no longer needed; `standin serve --max-connections N` allows more";
        Reply::json(503, &json!({"standin": message, "help": help}))
    }

    /// The same in the bytes of HTTP/1, for a connection that is not read.
    pub(super) fn refusal_as_bytes(&self) -> Vec<u8> {
        let body = self.refusal().body;
        let head = format!(
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), &body].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_its_connection_ends() {
        let seats = Seats::new(2);
        let rank = |seat: &Option<Seat>| seat.as_ref().map(|seat| seat.rank);
        let mut taken: Vec<_> = (0..2 + SPARE).map(|_| seats.take()).collect();
        assert!(taken[..2].iter().all(|seat| rank(seat) == Some(Rank::Regular)));
        assert!(taken[2..].iter().all(|seat| rank(seat) == Some(Rank::Spare)));
        assert!(seats.take().is_none());
        taken.remove(0);
        assert_eq!(rank(&seats.take()), Some(Rank::Regular));
        taken.pop();
        let regular = seats.take();
        assert_eq!((rank(&regular), rank(&seats.take())), (Some(Rank::Regular), Some(Rank::Spare)));
    }
}
