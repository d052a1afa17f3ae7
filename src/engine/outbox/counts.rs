//! How many deliveries came into an outbox, and how they ended.

use std::collections::BTreeMap;

/// How many deliveries came into an outbox, and how they ended. What came in and has not ended waits or is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// They came in: an event raised them, a request sent them again, or a snapshot that was restored had them.
    pub entered: u64,
    /// The handler accepted them.
    pub delivered: u64,
    /// The handler did not accept them.
    pub failed: u64,
    /// Their target is not allowed.
    pub blocked: u64,
    /// They were given up because too many waited.
    pub dropped: u64,
    /// They had not ended when their world was reset, restored, replaced or dropped.
    pub abandoned: u64,
}

/// The counts of each event: a key that names it, and its counts.
pub type CountsByEvent<K> = BTreeMap<(K, &'static str), OutboxCounts>;

impl OutboxCounts {
    /// The sum of this and other counts.
    pub fn add(&mut self, other: Self) {
        self.entered += other.entered;
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.blocked += other.blocked;
        self.dropped += other.dropped;
        self.abandoned += other.abandoned;
    }

    /// The deliveries that have ended, by the word for how.
    pub fn ended(&self) -> [(&'static str, u64); 5] {
        [
            ("delivered", self.delivered),
            ("failed", self.failed),
            ("blocked", self.blocked),
            ("dropped", self.dropped),
            ("abandoned", self.abandoned),
        ]
    }

    /// How many have not ended.
    pub fn unfinished(&self) -> u64 {
        self.entered - self.ended().iter().map(|(_, count)| count).sum::<u64>()
    }
}
