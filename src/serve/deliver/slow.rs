//! Handlers that did not answer in time. Only some of them are called at a time, so that many of them cost little.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

/// How many handlers that did not answer in time are called at a time.
const MOST_AT_A_TIME: usize = 8;

/// How many of them are known. Beyond it, all are forgotten.
const MOST_KNOWN: usize = 20_000;

/// The handlers that did not answer in time, by their URL.
#[derive(Debug)]
pub(super) struct Slow {
    known: Mutex<HashSet<Box<str>>>,
    /// Whether there are any. While it is false, nobody locks them.
    has_any: AtomicBool,
    turns: Semaphore,
}

impl Default for Slow {
    fn default() -> Self {
        let turns = Semaphore::new(MOST_AT_A_TIME);
        Self { known: Mutex::default(), has_any: AtomicBool::new(false), turns }
    }
}

impl Slow {
    /// The turn of the handler, if it may be called now. `None` for one that has answered in time: it waits for no other.
    ///
    /// # Errors
    /// When it must wait for its turn.
    pub(super) fn turn(&self, url: &str) -> Result<Option<SemaphorePermit<'_>>, TryAcquireError> {
        if !self.has_any.load(Ordering::Relaxed) || !self.knows(url) {
            return Ok(None);
        }
        self.turns.try_acquire().map(Some)
    }

    /// Waits for the next turn. Those who wait get theirs in the order in which they came.
    pub(super) async fn next_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    fn knows(&self, url: &str) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(url)
    }

    /// Notes whether the handler was late.
    pub(super) fn note(&self, url: &str, is_late: bool) {
        if !is_late && !self.has_any.load(Ordering::Relaxed) {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if is_late {
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
            known.insert(url.into());
        } else {
            known.remove(url);
        }
        self.has_any.store(!known.is_empty(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_some_slow_handlers_are_called_at_a_time_and_no_other_waits_for_them() {
        let slow = Slow::default();
        slow.note("quick", false);
        slow.note("slow", true);
        let mut turns = Vec::new();
        for _ in 0..MOST_AT_A_TIME {
            turns.push(slow.turn("slow").unwrap().unwrap());
        }
        assert!(slow.turn("slow").is_err(), "too many at a time");
        assert!(slow.turn("quick").unwrap().is_none());
        let mut next = Box::pin(slow.next_turn());
        tokio::select! {
            biased;
            _ = &mut next => panic!("too many at a time"),
            () = std::future::ready(()) => {}
        }
        turns.pop();
        assert!(slow.turn("slow").is_err(), "whoever waits comes first");
        assert!(next.await.is_some());
        slow.note("slow", false);
        assert!(slow.turn("slow").unwrap().is_none(), "it has answered");
    }
}
