//! Counters of connections and latencies, which need no lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Connections, and how long exchanges took.
#[derive(Debug, Default)]
pub struct Traffic {
    opened: AtomicU64,
    closed: AtomicU64,
    /// The number of exchanges in each bucket of the histogram. The last bucket holds those above every bound.
    latency: [AtomicU64; BOUNDS.len() + 1],
    /// The total time of all exchanges, in microseconds.
    micros: AtomicU64,
}

/// The upper bounds of the histogram's buckets.
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
    /// Counts a new connection. Returns its number, from 0.
    pub fn opened(&self) -> u64 {
        self.opened.fetch_add(1, Relaxed)
    }

    /// Counts a connection that ended.
    pub fn closed(&self) {
        self.closed.fetch_add(1, Relaxed);
    }

    /// Counts an exchange. `length` is the time from its complete request to its answer.
    pub fn took(&self, length: Duration) {
        let place = BOUNDS.iter().position(|bound| length <= *bound).unwrap_or(BOUNDS.len());
        self.latency[place].fetch_add(1, Relaxed);
        self.micros.fetch_add(u64::try_from(length.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// The number of connections since the start, and of those that are open.
    pub fn connections(&self) -> (u64, u64) {
        let (closed, opened) = (self.closed.load(Relaxed), self.opened.load(Relaxed));
        (opened, opened.saturating_sub(closed))
    }

    /// The histogram: each bound in seconds with the number of exchanges that took no longer; then the number of all
    /// exchanges and their total time in seconds.
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
