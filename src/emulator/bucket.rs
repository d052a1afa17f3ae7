//! A leaky bucket that limits requests, computed in whole numbers.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

/// A limit: a burst of requests at once, and a number of further requests per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many requests may come at once after a long pause.
    #[schemars(range(min = 1))]
    pub burst: u32,
    /// How many further requests each second allows.
    #[schemars(range(min = 1))]
    pub per_second: u32,
}

/// One bucket. It drains continuously, not once a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// The level in billionths of a request. At one request per second, one billionth drains each nanosecond.
    level: u64,
    /// The time that `level` belongs to; `None` when no request has come.
    at: Option<Timestamp>,
}

/// One request in the units of `level`.
const REQUEST: u64 = 1_000_000_000;

impl Bucket {
    /// Adds a request at `now`.
    ///
    /// # Errors
    /// When the request does not fit. It is not added, and the error is the time until one more fits.
    pub fn add(&mut self, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        self.drain(rate, now);
        let most = u64::from(rate.burst) * REQUEST;
        let level = self.level + REQUEST;
        if level > most {
            return Err(Duration::from_nanos((level - most).div_ceil(rate.per_second.into())));
        }
        self.level = level;
        Ok(())
    }

    /// Drains the bucket up to `now`. A clock that was set back drains nothing.
    fn drain(&mut self, rate: Rate, now: Timestamp) {
        let since = self.at.map_or(0, |at| now.duration_since(at).as_nanos().max(0));
        let drained = since.saturating_mul(rate.per_second.into());
        self.level = self.level.saturating_sub(u64::try_from(drained).unwrap_or(u64::MAX));
        self.at = Some(now);
    }
}

/// Buckets with the same rate, one for each key.
#[derive(Clone, Debug)]
pub struct Buckets<K> {
    rate: Rate,
    buckets: HashMap<K, Bucket>,
}

/// How many buckets are kept.
const MOST: usize = 1_000;

impl<K: Copy + Ord + Hash> Buckets<K> {
    /// Empty buckets with this rate.
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: HashMap::new() }
    }

    /// Adds a request to the bucket of `key`.
    ///
    /// # Errors
    /// When the request does not fit. It is not added, and the error is the time until one more fits.
    pub fn add(&mut self, key: K, now: Timestamp) -> Result<(), Duration> {
        if self.buckets.len() >= MOST && !self.buckets.contains_key(&key) {
            self.make_room(now);
        }
        self.buckets.entry(key).or_default().add(self.rate, now)
    }

    /// Drops all empty buckets. If there are none, drops the bucket with the lowest level.
    fn make_room(&mut self, now: Timestamp) {
        let rate = self.rate;
        self.buckets.retain(|_, bucket| {
            bucket.drain(rate, now);
            bucket.level > 0
        });
        if self.buckets.len() >= MOST {
            let least = self.buckets.iter().map(|(key, bucket)| (bucket.level, *key)).min();
            least.map(|(_, key)| self.buckets.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: Rate = Rate { burst: 50, per_second: 2 };

    fn at(nanoseconds: i128) -> Timestamp {
        Timestamp::from_nanosecond(nanoseconds).unwrap()
    }

    #[test]
    fn a_burst_holds_exactly_what_it_says_and_drains_without_a_pause() {
        let mut bucket = Bucket::default();
        for _ in 0..50 {
            assert_eq!(bucket.add(STANDARD, at(0)), Ok(()));
        }
        let half_a_second = Duration::from_millis(500);
        assert_eq!(bucket.add(STANDARD, at(0)), Err(half_a_second));
        assert_eq!(bucket.add(STANDARD, at(0)), Err(half_a_second), "what is blocked is not added");
        assert_eq!(bucket.add(STANDARD, at(499_999_999)), Err(Duration::from_nanos(1)));
        assert_eq!(bucket.add(STANDARD, at(500_000_000)), Ok(()));
        assert_eq!(bucket.add(STANDARD, at(500_000_000)), Err(half_a_second));
    }

    #[test]
    fn many_small_pauses_drain_as_much_as_one_long_one() {
        let third = Rate { burst: 1, per_second: 3 };
        let mut bucket = Bucket::default();
        assert_eq!(bucket.add(third, at(0)), Ok(()));
        for nanosecond in (1..333_333_334).step_by(1_111_111) {
            assert!(bucket.add(third, at(nanosecond)).is_err());
        }
        assert_eq!(bucket.add(third, at(333_333_333)), Err(Duration::from_nanos(1)));
        assert_eq!(bucket.add(third, at(333_333_334)), Ok(()));
    }

    #[test]
    fn odd_clocks_and_rates_do_no_harm() {
        let most = Rate { burst: u32::MAX, per_second: u32::MAX };
        let mut bucket = Bucket::default();
        assert_eq!(bucket.add(most, Timestamp::MIN), Ok(()));
        assert_eq!(bucket.add(most, Timestamp::MAX), Ok(()));
        let mut bucket = Bucket::default();
        let one = Rate { burst: 1, per_second: 1 };
        assert_eq!(bucket.add(one, at(7_200_000_000_000)), Ok(()));
        assert_eq!(bucket.add(one, at(0)), Err(Duration::from_secs(1)), "an hour back drains nothing");
        assert_eq!(bucket.add(one, at(1_000_000_000)), Ok(()), "and is not waited for");
    }

    #[test]
    fn only_so_many_buckets_are_kept() {
        let mut buckets = Buckets::new(STANDARD);
        assert_eq!(buckets.add(0, at(0)), Ok(()));
        for key in 0..5_000_u32 {
            assert_eq!(buckets.add(key, at(0)), Ok(()));
            assert!(buckets.buckets.len() <= MOST);
        }
        assert!(buckets.buckets.contains_key(&0), "the one with the most in it stays");
        assert_eq!(buckets.add(9_999, at(60_000_000_000)), Ok(()));
        assert_eq!(buckets.buckets.len(), 1, "empty ones go first");
    }
}
