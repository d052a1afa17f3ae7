//! Deliveries that a test takes and delivers itself.

use jiff::Timestamp;

use super::Outbox;

impl Outbox {
    /// Begins an attempt of a waiting delivery at the instant `at`, for a test that must answer before `until`. Returns
    /// false when it does not wait.
    pub fn take(&mut self, number: u64, at: Timestamp, until: Timestamp) -> bool {
        if !self.begin(number, at) {
            return false;
        }
        let attempt = self.entries.get_mut(&number).and_then(|entry| entry.attempts.last_mut());
        if let Some(attempt) = attempt {
            attempt.until = Some(until);
            self.taken.insert((until, number));
        }
        true
    }

    /// A delivery that a test has taken and not answered in time at `now`, with the instant at which its time was over.
    pub fn overdue(&self, now: Timestamp) -> Option<(Timestamp, u64)> {
        self.taken.first().copied().filter(|(until, _)| *until <= now)
    }
}
