//! A leaky bucket: how many requests are let through, reckoned in whole numbers.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

/// So many requests at once, and so many more each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests that a full pause makes room for.
    #[schemars(range(min = 1))]
    pub burst: u32,
    /// Requests that each second makes room for.
    #[schemars(range(min = 1))]
    pub per_second: u32,
}

/// One bucket. It drains without a pause, not second by second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// What is in it, in billionths of a request: a rate of one a second drains one each nanosecond.
    level: u64,
    /// When `level` was right.
    at: Option<Timestamp>,
}

/// One request, in the units of a level.
const REQUEST: u64 = 1_000_000_000;

impl Bucket {
    /// Adds a request, or says how long it takes until one more fits. What does not fit is not added.
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

    /// A clock that was set back drains nothing.
    fn drain(&mut self, rate: Rate, now: Timestamp) {
        let since = self.at.map_or(0, |at| now.duration_since(at).as_nanos().max(0));
        let drained = since.saturating_mul(rate.per_second.into());
        self.level = self.level.saturating_sub(u64::try_from(drained).unwrap_or(u64::MAX));
        self.at = Some(now);
    }
}

/// Buckets of one rate, by whose requests they hold.
#[derive(Clone, Debug)]
pub struct Buckets<K> {
    rate: Rate,
    buckets: HashMap<K, Bucket>,
}

/// The most buckets that are kept.
const MOST: usize = 1_000;

impl<K: Copy + Ord + Hash> Buckets<K> {
    /// No request has come yet.
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: HashMap::new() }
    }

    /// Adds a request of `key`, or says how long it takes until one more fits.
    pub fn add(&mut self, key: K, now: Timestamp) -> Result<(), Duration> {
        if self.buckets.len() >= MOST && !self.buckets.contains_key(&key) {
            self.make_room(now);
        }
        self.buckets.entry(key).or_default().add(self.rate, now)
    }

    /// Drops every bucket that has run empty; if none has, the one with the least in it.
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
