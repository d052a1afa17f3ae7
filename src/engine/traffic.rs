//! What passes the sockets, counted without a lock.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use jiff::Timestamp;

/// Connections and how long exchanges took.
#[derive(Debug, Default)]
pub struct Traffic {
    opened: AtomicU64,
    closed: AtomicU64,
    /// New connections and requests that are not answered yet.
    served: AtomicU64,
    /// When one of several that were served at once was through, in microseconds since 1970.
    crowded: AtomicI64,
    /// Exchanges by the bound that they kept, the last for those that kept none.
    latency: [AtomicU64; BOUNDS.len() + 1],
    /// What they took together, in microseconds.
    micros: AtomicU64,
}

/// Upper bounds of the histogram.
const BOUNDS: [Duration; 12] = [
    Duration::from_micros(10),
    Duration::from_micros(25),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(2_500),
    Duration::from_millis(10_000),
];

impl Traffic {
    /// A connection has come; its number, from 0.
    pub fn opened(&self) -> u64 {
        self.opened.fetch_add(1, Relaxed)
    }

    /// One more is served; whether nobody else is.
    pub fn serving(&self) -> bool {
        self.served.fetch_add(1, Relaxed) == 0
    }

    /// For how long no two have been served at once, if they are not now.
    pub fn uncrowded_for(&self, now: Timestamp) -> Duration {
        let since = now.as_microsecond().saturating_sub(self.crowded.load(Relaxed));
        Duration::from_micros(u64::try_from(since).unwrap_or_default())
    }

    /// One less is served. The clock is read only if others still are.
    pub fn served(&self, now: impl FnOnce() -> Timestamp) {
        if self.served.fetch_sub(1, Relaxed) > 1 {
            self.crowded.store(now().as_microsecond(), Relaxed);
        }
    }

    /// A connection has ended.
    pub fn closed(&self) {
        self.closed.fetch_add(1, Relaxed);
    }

    /// An exchange took so long, from its complete request to its answer.
    pub fn took(&self, length: Duration) {
        let place = BOUNDS.iter().position(|bound| length <= *bound).unwrap_or(BOUNDS.len());
        self.latency[place].fetch_add(1, Relaxed);
        self.micros.fetch_add(u64::try_from(length.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Connections that ever came, and those that are open.
    pub fn connections(&self) -> (u64, u64) {
        let (closed, opened) = (self.closed.load(Relaxed), self.opened.load(Relaxed));
        (opened, opened.saturating_sub(closed))
    }

    /// The histogram: each bound in seconds with the exchanges that kept it, and then all exchanges and their seconds.
    pub fn latency(&self) -> (Vec<(f64, u64)>, u64, f64) {
        let mut sum = 0;
        let mut kept = Vec::with_capacity(BOUNDS.len());
        for (bound, count) in BOUNDS.iter().zip(&self.latency) {
            sum += count.load(Relaxed);
            kept.push((bound.as_secs_f64(), sum));
        }
        sum += self.latency[BOUNDS.len()].load(Relaxed);
        (kept, sum, self.micros.load(Relaxed) as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_were_served_at_once_are_told_for_how_long_that_is_over() {
        let at = |micros: i64| Timestamp::from_microsecond(1_000_000 + micros).unwrap();
        let traffic = Traffic::default();
        assert_eq!(traffic.uncrowded_for(at(0)), Duration::from_secs(1), "since 1970");
        assert_eq!((traffic.serving(), traffic.serving()), (true, false));
        traffic.served(|| at(5));
        traffic.served(|| unreachable!("the last one leaves nobody behind"));
        assert_eq!(traffic.uncrowded_for(at(9)), Duration::from_micros(4));
    }

    #[test]
    fn a_histogram_counts_what_keeps_each_bound() {
        let traffic = Traffic::default();
        for micros in [1, 10, 11, 60_000_000] {
            traffic.took(Duration::from_micros(micros));
        }
        let (kept, count, seconds) = traffic.latency();
        assert_eq!((kept[0], kept[1], kept[11]), ((1e-5, 2), (2.5e-5, 3), (10.0, 3)));
        assert_eq!((count, seconds), (4, 60.000022));
    }
}
