//! Changes that are made some time after the answer.

use std::time::Duration;

use jiff::Timestamp;

use super::exchange::{Effect, Fate};

/// Changes that wait until they are due.
#[derive(Clone, Debug)]
pub struct Later<T> {
    /// Changes with the instant at which they are due.
    known: Vec<(Timestamp, T)>,
    /// Changes of the present exchange, with how long after its answer they are due.
    unanswered: Vec<(Duration, T)>,
}

impl<T> Default for Later<T> {
    fn default() -> Self {
        Self { known: Vec::new(), unanswered: Vec::new() }
    }
}

impl<T> Later<T> {
    /// Takes the change of a successful call to the stage `delivery`, which `report` reports to the engine. Returns the
    /// change if it is made now, and the error if a fault orders one: then `fate_of` that error says what becomes of the
    /// change.
    pub fn deliver<E>(
        &mut self,
        effect: Effect<T>,
        report: impl FnOnce() -> Result<Fate, E>,
        fate_of: impl FnOnce(&E) -> Fate,
    ) -> (Option<T>, Result<(), E>) {
        let change = match effect {
            Effect::Undelivered => return (None, Ok(())),
            Effect::Nothing => None,
            Effect::Change(change) => Some(change),
        };
        let verdict = report();
        let fate = verdict.as_ref().map_or_else(fate_of, |fate| *fate);
        (change.and_then(|change| self.sort(fate, change)), verdict.map(drop))
    }

    /// Returns the change if `fate` is to make it now. Keeps it if it is made later, and drops it if it is never
    /// made.
    fn sort(&mut self, fate: Fate, change: T) -> Option<T> {
        match fate {
            Fate::Now => Some(change),
            Fate::Never => None,
            Fate::Later(length) => {
                self.unanswered.push((length, change));
                None
            }
        }
    }

    /// Sets when the changes of the present exchange are due: `at` is the time of its answer.
    pub fn answered(&mut self, at: Timestamp) {
        let instant = |length| at.checked_add(length).unwrap_or(Timestamp::MAX);
        self.known.extend(self.unanswered.drain(..).map(|(length, change)| (instant(length), change)));
    }

    /// When the next change is due; `None` when no change waits.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.known.iter().map(|(instant, _)| *instant).min()
    }

    /// Removes and returns the changes that are due at `now`, the earliest first.
    pub fn due(&mut self, now: Timestamp) -> Vec<T> {
        if self.known.is_empty() {
            return Vec::new();
        }
        self.known.sort_by_key(|(instant, _)| *instant);
        let count = self.known.partition_point(|(instant, _)| *instant <= now);
        self.known.drain(..count).map(|(_, change)| change).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_wait_for_their_instant() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut later = Later::default();
        assert_eq!(later.sort(Fate::Now, "now"), Some("now"));
        assert_eq!(later.sort(Fate::Never, "never"), None);
        assert_eq!(later.sort(Fate::Later(Duration::from_secs(6)), "second"), None);
        assert_eq!(later.sort(Fate::Later(Duration::from_secs(2)), "first"), None);
        assert_eq!(later.due(at(99)), [""; 0]);
        later.answered(at(3));
        assert_eq!(later.next_due(), Some(at(5)));
        assert_eq!(later.due(at(4)), [""; 0]);
        assert_eq!(later.due(at(9)), ["first", "second"]);
        assert_eq!(later.due(at(99)), [""; 0]);
    }
}
