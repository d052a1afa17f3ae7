//! Time as values: when an exchange arrived, and what time a vendor takes it to be.

use std::time::Duration;

use jiff::Timestamp;

/// The wall-clock instants of one exchange, read by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The request's head was complete.
    pub head: Timestamp,
    /// Its body was complete.
    pub body: Timestamp,
    /// The answer is being made.
    pub now: Timestamp,
}

impl Arrival {
    /// An exchange that took no time at all.
    pub fn at(now: Timestamp) -> Self {
        Self { head: now, body: now, now }
    }
}

/// The clock of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Follows the wall.
    Real,
    /// Stands still but for what exchanges take.
    Virtual(Timestamp),
}

impl Clock {
    /// The watch for one exchange.
    pub fn stopwatch(self, arrival: Arrival) -> Stopwatch {
        let (arrival, is_virtual) = match self {
            Self::Real => (arrival, false),
            Self::Virtual(now) => (Arrival::at(now), true),
        };
        Stopwatch { arrival, is_virtual, taken: Duration::ZERO, delay: Duration::ZERO, is_timed: false }
    }

    /// What time it is when the wall says `wall`.
    pub fn now(self, wall: Timestamp) -> Timestamp {
        match self {
            Self::Real => wall,
            Self::Virtual(now) => now,
        }
    }

    /// Moves a virtual clock by what an exchange took.
    pub fn advance(&mut self, taken: Duration) {
        if let Self::Virtual(now) = self {
            *now = now.checked_add(taken).unwrap_or(Timestamp::MAX);
        }
    }
}

/// Time as one exchange sees it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    arrival: Arrival,
    is_virtual: bool,
    /// Beyond the arrival: what calls took of virtual time, and delays of either.
    taken: Duration,
    /// What the call under way is held up.
    delay: Duration,
    is_timed: bool,
}

/// Three instants of a call, as its answer reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTimes {
    /// The call arrived.
    pub start: Timestamp,
    /// The method itself began.
    pub processing: Timestamp,
    /// The answer was ready.
    pub finish: Timestamp,
}

const MICROSECOND: Duration = Duration::from_micros(1);

impl Stopwatch {
    /// The instant by which signatures, expiries and fault windows are judged.
    pub fn now(&self) -> Timestamp {
        later(self.arrival.now, self.taken)
    }

    /// Whether the dates of this exchange must follow the watch and not the wall.
    pub fn is_virtual(&self) -> bool {
        self.is_virtual
    }

    /// What the exchange has taken so far: of virtual time all, of real time its delays.
    pub fn taken(&self) -> Duration {
        self.taken + self.delay
    }

    /// Holds the call under way up: it is judged by the instant at which it came, and answered so much later.
    pub fn hold_up(&mut self, delay: Duration) {
        self.delay += delay;
    }

    /// When the exchange is answered, if nothing more comes to it.
    pub fn end(&self) -> Timestamp {
        later(self.arrival.now, self.taken())
    }

    /// Whether a call has been timed.
    pub fn is_timed(&self) -> bool {
        self.is_timed
    }

    /// The times of a call that is only thought of: it takes nothing.
    pub fn time_of_nothing(&self) -> CallTimes {
        let now = self.now();
        CallTimes { start: now, processing: now, finish: now }
    }

    /// Times one call. Under a virtual clock it takes `duration`, of which the last `processing` is the
    /// method's, and a delay comes to both; under the real clock it is what it is, a microsecond at least, as two readings of a real
    /// server's clock are never equal.
    pub fn time(&mut self, duration: Duration, processing: Duration) -> CallTimes {
        let delay = std::mem::take(&mut self.delay);
        self.is_timed = true;
        if self.is_virtual {
            let start = self.now();
            self.taken += duration + delay;
            let finish = self.now();
            let processing = finish.checked_sub(processing.min(duration) + delay).unwrap_or(start);
            return CallTimes { start, processing, finish };
        }
        let before = self.taken;
        self.taken += delay;
        let body = later(self.arrival.body.max(self.arrival.head), before);
        CallTimes {
            start: later(self.arrival.head, before),
            processing: body,
            finish: self.now().max(later(body, MICROSECOND)),
        }
    }
}

/// The instant `by` after `instant`, or the last that there is.
pub fn later(instant: Timestamp, by: Duration) -> Timestamp {
    if by.is_zero() { instant } else { instant.checked_add(by).unwrap_or(Timestamp::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_call_takes_what_it_is_told_to() {
        let start: Timestamp = "2024-11-20T13:55:08.525962Z".parse().unwrap();
        let mut clock = Clock::Virtual(start);
        let mut stopwatch = clock.stopwatch(Arrival::at(Timestamp::UNIX_EPOCH));
        let span = stopwatch.time(Duration::from_micros(353_151), Duration::from_micros(76_949));
        assert_eq!(span.start, start);
        assert_eq!(span.finish.to_string(), "2024-11-20T13:55:08.879113Z");
        assert_eq!(span.processing.to_string(), "2024-11-20T13:55:08.802164Z");
        clock.advance(stopwatch.taken());
        assert_eq!(clock, Clock::Virtual(span.finish));
    }

    #[test]
    fn a_delay_is_a_part_of_its_call_and_the_next_one_begins_after_it() {
        let now: Timestamp = "2024-11-20T13:55:08Z".parse().unwrap();
        let (second, nothing) = (Duration::from_secs(1), Duration::ZERO);
        for clock in [Clock::Real, Clock::Virtual(now)] {
            let mut stopwatch = clock.stopwatch(Arrival::at(now));
            stopwatch.hold_up(second * 2);
            stopwatch.hold_up(second);
            assert_eq!(stopwatch.now(), now);
            let span = stopwatch.time(nothing, nothing);
            assert_eq!((span.start, span.processing, span.finish), (now, now, now + second * 3));
            assert_eq!(stopwatch.time(nothing, nothing).start, now + second * 3);
            stopwatch.hold_up(second);
            assert_eq!(stopwatch.taken(), second * 4);
        }
    }

    #[test]
    fn a_real_call_takes_a_microsecond_at_least_and_moves_nothing() {
        let now: Timestamp = "2024-11-20T13:55:08Z".parse().unwrap();
        let mut stopwatch = Clock::Real.stopwatch(Arrival::at(now));
        let span = stopwatch.time(Duration::from_secs(9), Duration::from_secs(9));
        assert_eq!((span.start, span.processing), (now, now));
        assert_eq!(span.finish.to_string(), "2024-11-20T13:55:08.000001Z");
        assert_eq!(stopwatch.now(), now);
    }
}
