//! An outbox that a snapshot keeps, and that goes on when it is restored.

use jiff::Timestamp;

use super::{DeliveryState, Outbox};

impl Outbox {
    /// A copy for a snapshot: what is under way waits again.
    #[must_use]
    pub fn saved(&self, now: Timestamp) -> Self {
        let mut saved = self.clone();
        saved.taken.clear();
        let under_way: Vec<_> = saved
            .entries
            .values()
            .filter(|entry| matches!(entry.state, DeliveryState::Sending | DeliveryState::Queued))
            .map(|entry| entry.number)
            .collect();
        for number in under_way {
            if let Some(entry) = saved.entries.get_mut(&number) {
                entry.attempts.pop();
                entry.attempted -= 1;
            }
            saved.wait(number, now);
        }
        saved
    }

    /// The same deliveries, with numbers and counts that go on behind those of `other`, which is given up.
    #[must_use]
    pub fn after(mut self, other: &Self) -> Self {
        let mut counts = other.counts_at_end();
        for number in self.queues.values().flatten() {
            let Some(entry) = self.entries.get_mut(number) else { continue };
            counts.entry((entry.service, entry.delivery.event.name)).or_default().entered += 1;
            entry.was_sent |= match other.entries.get(number) {
                Some(known) => known.was_sent && known.delivery == entry.delivery,
                // What is not kept any more had ended.
                None => *number <= other.newest,
            };
        }
        Self { newest: self.newest.max(other.newest), counts, silences: other.silences.clone(), ..self }
    }
}
