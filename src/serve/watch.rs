//! The stream of what happens, for one who watches: when its next bytes come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::activity::InProgress;
use super::aside::aside;
use super::shared::Shared;
use crate::control::Watch;

/// How long one who watches waits at least between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// How much longer than the portions of all who watch take the pauses are: together they take at most a fifteenth of one
/// processor's time.
const REST: u32 = 15;

/// How long it waits at most.
const LONGEST: Duration = Duration::from_secs(2);

/// When a stream that has nothing to tell shows that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Reads what happens for one who watches. It makes a portion only when its reader has taken the one before: a reader that
/// stalls costs nothing, and misses what the journal loses meanwhile.
pub(super) struct Watcher {
    watch: Box<Watch>,
    /// What is sent first.
    head: Bytes,
    shared: Arc<Shared>,
    next_look: Instant,
    sent: Instant,
    is_over: bool,
    _counted: Counted,
    /// The connection is not silent while the stream is open.
    _in_progress: InProgress,
}

/// One who is counted among those who watch.
struct Counted(Arc<AtomicU32>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Watcher {
    pub(super) fn new(watch: Box<Watch>, head: Bytes, shared: Arc<Shared>, in_progress: InProgress) -> Self {
        shared.watchers.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(Arc::clone(&shared.watchers));
        let now = Instant::now();
        Self {
            watch,
            head,
            shared,
            next_look: now,
            sent: now,
            is_over: false,
            _counted: counted,
            _in_progress: in_progress,
        }
    }

    /// Waits for the next bytes. The stream ends without a word when the server stops.
    pub(super) async fn next(mut self) -> Option<(Bytes, Self)> {
        if !self.head.is_empty() {
            return Some((std::mem::take(&mut self.head), self));
        }
        let shared = Arc::clone(&self.shared);
        let mut stopping = shared.stopping();
        while !self.is_over {
            tokio::select! {
                () = sleep_until(self.next_look) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            }
            let bytes = self.look().await?;
            if !bytes.is_empty() {
                self.sent = Instant::now();
                return Some((bytes, self));
            }
        }
        None
    }

    /// What is sent now; `None` after a panic.
    async fn look(&mut self) -> Option<Bytes> {
        let begin = Instant::now();
        self.next_look = begin + PAUSE;
        if !self.watch.has_news(self.shared.namespaces()) {
            let is_silent = self.sent.elapsed() >= HEARTBEAT;
            return Some(if is_silent { Bytes::from_static(b":\n\n") } else { Bytes::new() });
        }
        let mut watch = self.watch.clone();
        let made = aside(&self.shared, move |namespaces| {
            let portion = watch.portion(namespaces);
            (watch, portion)
        });
        let (watch, (bytes, is_over)) = made.await?;
        (self.watch, self.is_over) = (watch, is_over);
        let watchers = self.shared.watchers.load(Ordering::Relaxed).max(1);
        let rest = begin.elapsed().saturating_mul(REST.saturating_mul(watchers)).min(LONGEST);
        self.next_look = begin + PAUSE.max(rest);
        Some(bytes)
    }
}
