//! Secrets that are not those of the world whose journal is shown, but may stand in it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// How many of them are kept, the newest. Each is looked for in every text that is shown.
const MOST: usize = 2_000;

/// Secrets of namespaces, and those that a world of the server had before a reset, a restored snapshot or another scenario.
/// All worlds of a server share them, because a client may send a secret of one to another.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// The oldest first.
    order: VecDeque<Arc<str>>,
    known: HashSet<Arc<str>>,
}

impl Elsewhere {
    /// Keeps secrets that other worlds may be told, or that are about to be forgotten.
    pub(in crate::engine) fn keep(&self, secrets: impl IntoIterator<Item = String>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { order, known } = &mut *kept;
        for secret in secrets {
            let secret = Arc::from(secret);
            if known.insert(Arc::clone(&secret)) {
                order.push_back(secret);
            }
        }
        let over = order.len().saturating_sub(MOST);
        order.drain(..over).for_each(|oldest| _ = known.remove(&oldest));
    }

    /// The secrets that are kept.
    pub(super) fn all(&self) -> Vec<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.order.iter().map(|secret| secret.to_string()).collect()
    }
}
