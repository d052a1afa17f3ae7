//! Exchanges → bursts: equal requests that several clients or threads send at the same time, and that are no retries.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;

use crate::emulator::conduct::{Guess, LULL, MOST_RECENT, Seen};

/// The latest burst of equal requests, by their meaning. Only the first request of each connection counts: a later
/// one cannot tell two clients from one client that repeats itself.
#[derive(Debug, Default)]
pub(super) struct Bursts {
    by_meaning: IndexMap<u64, Burst>,
}

/// Equal requests that follow each other without a pause of [`LULL`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Burst {
    meaning: u64,
    /// The earliest time at which one of their connections was accepted.
    begin: Timestamp,
    /// The latest time at which one of their answers was complete.
    answered: Timestamp,
    /// Whether two of them overlapped. Only then are there several clients or threads.
    is_crowded: bool,
}

impl Burst {
    /// Whether a guess that a request was a retry is wrong, because the request belongs to this burst.
    pub(super) fn belies(&self, guess: &Guess) -> bool {
        self.meaning == guess.meaning && guess.opened >= self.begin
    }
}

impl Bursts {
    /// Observes an exchange. Returns its burst if two requests of it overlapped.
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
