//! The answers to calls with an idempotency key: the same call gets the same answer again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use foldhash::HashMap;
use jiff::Timestamp;

/// How long an answer is kept.
const LIFETIME: Duration = Duration::from_secs(24 * 3_600);

/// How many answers of a tenant are kept.
const MOST: usize = 10_000;

/// How many bytes of answers of a tenant are kept.
const MOST_BYTES: usize = 8 << 20;

/// The answers of a tenant, by operation and key.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    known: HashMap<(&'static str, String), Answer>,
    /// The keys of all answers, the oldest first.
    order: VecDeque<(&'static str, String)>,
    size: usize,
}

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// SHA-256 of the body of the call.
    pub asked: [u8; 32],
    /// The body of the answer.
    pub body: Arc<[u8]>,
    /// When it was given.
    pub at: Timestamp,
}

/// An answer on its way to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// The name of the operation.
    pub operation: &'static str,
    /// The idempotency key.
    pub key: String,
    /// The answer.
    pub answer: Answer,
}

impl Answers {
    /// The answer to the call of `operation` with this key; `None` without one that is still kept at `now`.
    pub fn get(&self, operation: &'static str, key: &str, now: Timestamp) -> Option<&Answer> {
        // Most tenants never send a key.
        if self.known.is_empty() {
            return None;
        }
        let answer = self.known.get(&(operation, key.to_owned()))?;
        let end = answer.at.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
        (now < end).then_some(answer)
    }

    /// Keeps an answer. The oldest ones go when there are too many.
    pub fn keep(&mut self, Keeping { operation, key, answer }: Keeping) {
        let key = (operation, key);
        self.forget(&key);
        self.size += weight(&key.1, &answer);
        self.order.push_back(key.clone());
        self.known.insert(key, answer);
        while self.known.len() > MOST || (self.size > MOST_BYTES && self.known.len() > 1) {
            let Some(oldest) = self.order.front().cloned() else { break };
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, key: &(&'static str, String)) {
        if let Some(answer) = self.known.remove(key) {
            self.size -= weight(&key.1, &answer);
            // Nearly always it is the oldest one.
            if let Some(place) = self.order.iter().position(|known| known == key) {
                self.order.remove(place);
            }
        }
    }
}

fn weight(key: &str, answer: &Answer) -> usize {
    key.len() + answer.body.len()
}
