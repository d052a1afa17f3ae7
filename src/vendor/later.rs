//! Changes that are made some time after their answer.

use jiff::Timestamp;

use super::Commit;

/// Changes that wait for their instant.
#[derive(Debug)]
pub struct Later<T>(Vec<(Timestamp, T)>);

impl<T> Default for Later<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Later<T> {
    /// The change, if it is to be made now; one that is to be made later is kept.
    pub fn sort(&mut self, commit: Commit, change: T) -> Option<T> {
        match commit {
            Commit::Now => Some(change),
            Commit::Never => None,
            Commit::At(instant) => {
                self.0.push((instant, change));
                None
            }
        }
    }

    /// Takes out the changes whose instant has come, the earliest first.
    pub fn due(&mut self, now: Timestamp) -> Vec<T> {
        if self.0.is_empty() {
            return Vec::new();
        }
        self.0.sort_by_key(|(instant, _)| *instant);
        let count = self.0.partition_point(|(instant, _)| *instant <= now);
        self.0.drain(..count).map(|(_, change)| change).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_wait_for_their_instant() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut later = Later::default();
        assert_eq!(later.sort(Commit::Now, "now"), Some("now"));
        assert_eq!(later.sort(Commit::Never, "never"), None);
        assert_eq!(later.sort(Commit::At(at(9)), "second"), None);
        assert_eq!(later.sort(Commit::At(at(5)), "first"), None);
        assert_eq!(later.due(at(4)), [""; 0]);
        assert_eq!(later.due(at(9)), ["first", "second"]);
        assert_eq!(later.due(at(99)), [""; 0]);
    }
}
