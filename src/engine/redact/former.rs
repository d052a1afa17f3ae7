//! Secrets that are no longer those of any world, but may still stand in journals.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// How many of them are kept, the newest. Each is looked for in every text that is shown.
const MOST: usize = 2_000;

/// Secrets that a world of the server had before a reset, a restored snapshot or another scenario, and those of dropped
/// namespaces. All worlds of a server share them, because a client may send a secret of one to another.
#[derive(Clone, Debug, Default)]
pub struct Former(Arc<Mutex<VecDeque<String>>>);

impl Former {
    /// Keeps secrets that are about to be forgotten.
    pub(in crate::engine) fn keep(&self, secrets: impl IntoIterator<Item = String>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for secret in secrets {
            if !kept.contains(&secret) {
                kept.push_back(secret);
            }
        }
        let over = kept.len().saturating_sub(MOST);
        kept.drain(..over);
    }

    /// The secrets that are kept.
    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
