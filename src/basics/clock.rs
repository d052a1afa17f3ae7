//! Time as values: when a request arrived, and what time a service believes it is.

use std::time::Duration;

use jiff::Timestamp;

/// The instants of one request, by the wall clock of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When the head of the request was complete.
    pub head: Timestamp,
    /// When the body of the request was complete.
    pub body: Timestamp,
    /// When the server begins to make the answer.
    pub now: Timestamp,
}

impl Arrival {
    /// The arrival of a request that took no time.
    pub fn at(now: Timestamp) -> Self {
        Self { head: now, body: now, now }
    }
}

/// The clock of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The clock follows the wall clock.
    Real,
    /// The clock shows this instant. It only advances by the time that exchanges take, or when it is moved.
    Virtual(Timestamp),
}

impl Clock {
    /// The stopwatch for one exchange.
    pub fn stopwatch(self, arrival: Arrival) -> Stopwatch {
        let (arrival, is_virtual) = match self {
            Self::Real => (arrival, false),
            Self::Virtual(now) => (Arrival::at(now), true),
        };
        Stopwatch { arrival, is_virtual, taken: Duration::ZERO, delay: Duration::ZERO, is_timed: false }
    }

    /// The time of this clock when the wall clock says `wall`.
    pub fn now(self, wall: Timestamp) -> Timestamp {
        match self {
            Self::Real => wall,
            Self::Virtual(now) => now,
        }
    }

    /// Advances a virtual clock by the time that an exchange took. A real clock does not change.
    pub fn advance(&mut self, taken: Duration) {
        if let Self::Virtual(now) = self {
            *now = now.checked_add(taken).unwrap_or(Timestamp::MAX);
        }
    }
}

/// The time during one exchange.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    arrival: Arrival,
    is_virtual: bool,
    /// The time since the arrival: delays, and under a virtual clock also the durations of calls.
    taken: Duration,
    /// The delay of the present call, which is not in `taken` yet.
    delay: Duration,
    is_timed: bool,
}

/// The three instants that the answer to a call reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTimes {
    /// When the call arrived.
    pub start: Timestamp,
    /// When the method itself began.
    pub processing: Timestamp,
    /// When the answer was ready.
    pub finish: Timestamp,
}

const MICROSECOND: Duration = Duration::from_micros(1);

impl Stopwatch {
    /// The time for signatures, expiries and the conditions of faults.
    pub fn now(&self) -> Timestamp {
        later(self.arrival.now, self.taken)
    }

    /// Whether the scenario has a virtual clock, so that dates must come from this stopwatch.
    pub fn is_virtual(&self) -> bool {
        self.is_virtual
    }

    /// How long the exchange has taken so far. Under a real clock only delays count.
    pub fn taken(&self) -> Duration {
        self.taken + self.delay
    }

    /// Delays the answer to the present call. The call is still judged by the time at which it came.
    pub fn hold_up(&mut self, delay: Duration) {
        self.delay += delay;
    }

    /// The time of the answer, if nothing more delays it.
    pub fn end(&self) -> Timestamp {
        later(self.arrival.now, self.taken())
    }

    /// Whether any call was timed.
    pub fn is_timed(&self) -> bool {
        self.is_timed
    }

    /// The times of a call that is not made and takes no time.
    pub fn time_of_nothing(&self) -> CallTimes {
        let now = self.now();
        CallTimes { start: now, processing: now, finish: now }
    }

    /// Times one call. Under a virtual clock it takes `duration`, the last part of which, `processing`, belongs to
    /// the method. The delay is added to both. Under a real clock it takes the real time, but at least a microsecond,
    /// as a real server never reads the same time twice.
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

/// The instant `by` after `instant`, or [`Timestamp::MAX`] when that is too late.
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
