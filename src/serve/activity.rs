//! What is going on in one connection, and whether its client has been silent for too long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::sleep;

/// How long a client has to send a complete head of a request, and how long it may pause within a body.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Counts the exchanges of a connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Activity {
    /// Notes that an exchange begins.
    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Relaxed);
    }

    /// Notes that an exchange has ended.
    pub(super) fn end(&self) {
        self.ended.fetch_add(1, Relaxed);
    }

    /// Whether no exchange is in progress.
    pub(super) fn is_idle(&self) -> bool {
        self.begun.load(Relaxed) == self.ended.load(Relaxed)
    }

    /// Ends when the client has sent no complete head for [`PATIENCE`] although `is_idle`. One timer for the connection
    /// costs less than one for each request; in return, a client that falls silent after an answer gets up to twice the
    /// time.
    pub(super) async fn silence(&self, is_idle: impl Fn() -> bool) {
        let steps = || self.begun.load(Relaxed) + self.ended.load(Relaxed);
        let mut seen = steps();
        loop {
            sleep(PATIENCE).await;
            let now = steps();
            if now == seen && is_idle() {
                return;
            }
            seen = now;
        }
    }
}

/// An exchange that is in progress until this is dropped.
#[derive(Debug)]
pub(super) struct InProgress(Arc<Activity>);

impl InProgress {
    /// Notes that an exchange begins.
    pub(super) fn of(activity: &Arc<Activity>) -> Self {
        activity.begin();
        Self(Arc::clone(activity))
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.end();
    }
}
