//! Requests that clients or threads send beside each other look like retries of one another, but for those that overlap.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;

use crate::emulator::conduct::{Guess, LULL, MOST_RECENT, Seen};

/// Requests that mean the same, as far as they were the first of their connections: only those that were under way at once
/// tell several clients or threads from one that does one thing after the other.
#[derive(Debug, Default)]
pub(super) struct Bursts {
    by_meaning: IndexMap<u64, Burst>,
}

/// Requests with no lull between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Burst {
    meaning: u64,
    /// When the first connection was accepted, as far as known.
    begin: Timestamp,
    /// When the last answer was complete.
    answered: Timestamp,
    /// Whether two were under way at once.
    is_crowded: bool,
}

impl Burst {
    /// Whether what was guessed is wrong, as it was about this burst.
    pub(super) fn belies(&self, guess: &Guess) -> bool {
        self.meaning == guess.meaning && guess.opened >= self.begin
    }
}

impl Bursts {
    /// Looks at an exchange; the burst that it is part of, once two of it are known to have been under way at once.
    pub(super) fn saw(&mut self, seen: &Seen<'_>) -> Option<Burst> {
        let connection = seen.request.connection;
        let opened = connection.opened.filter(|_| connection.is_first)?;
        let (meaning, answered) = (seen.meaning(), seen.answered.wall);
        let is_over = |burst: &Burst| {
            Duration::try_from(opened.duration_since(burst.answered)).is_ok_and(|pause| pause >= LULL)
        };
        let burst = match self.by_meaning.get(&meaning) {
            Some(burst) if !is_over(burst) => Burst {
                begin: burst.begin.min(opened),
                answered: burst.answered.max(answered),
                is_crowded: burst.is_crowded || opened < burst.answered,
                ..*burst
            },
            _ => Burst { meaning, begin: opened, answered, is_crowded: false },
        };
        self.by_meaning.insert(meaning, burst);
        if self.by_meaning.len() > MOST_RECENT {
            self.by_meaning.drain(..MOST_RECENT / 2);
        }
        Some(burst).filter(|burst| burst.is_crowded)
    }
}
