//! The rate limit for requests from one IP address, and the limit on the running time of methods.

use core::net::IpAddr;
use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::section::{self, Requests};
use crate::basics::CallTimes;
use crate::emulator::bucket::{Buckets, Rate};

/// The limits of a portal; `None` when the scenario does not set the limit.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    requests: Option<Buckets<IpAddr>>,
    operating: Option<Meter>,
}

impl Limits {
    /// The limits with nothing counted yet.
    pub fn new(limits: &section::Limits) -> Self {
        Self {
            requests: limits.requests.map(|requests| Buckets::new(rate(requests))),
            operating: limits.operating.map(|limit| Meter { limit: limit.0, used: HashMap::new() }),
        }
    }

    /// Counts a request from `source`. Returns whether the request is within the limit.
    pub fn admits(&mut self, source: IpAddr, now: Timestamp) -> bool {
        self.requests.as_mut().is_none_or(|buckets| buckets.add(source, now).is_ok())
    }

    /// The meter of the running time of methods; `None` when it is not limited.
    pub fn operating(&mut self) -> Option<&mut Meter> {
        self.operating.as_mut()
    }
}

/// How long the limit of requests takes to let one more in; `None` when requests are not counted.
pub fn drain(limits: &section::Limits) -> Option<Duration> {
    limits.requests.map(|requests| Duration::from_secs(1) / rate(requests).per_second.max(1))
}

/// The rate limits of the vendor's plans.
fn rate(requests: Requests) -> Rate {
    match requests {
        Requests::Standard => Rate { burst: 50, per_second: 2 },
        Requests::Enterprise => Rate { burst: 250, per_second: 5 },
        Requests::Custom(rate) => rate,
    }
}

/// Who uses up running time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Payer {
    /// All callers of the portal together.
    Portal,
    /// The caller with this account.
    Caller(usize),
}

/// The key for counting running time: who uses it up, and the name of a method.
pub type Account = (Payer, &'static str);

/// Adds up how long methods run, minute by minute.
#[derive(Clone, Debug)]
pub struct Meter {
    limit: Duration,
    used: HashMap<Account, Baskets>,
}

/// The members `operating` and `operating_reset_at` of `time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operating {
    /// When the oldest counted time is dropped, in seconds since the epoch.
    pub reset_at: i64,
    /// The running time counted at present.
    pub used: Duration,
}

impl Operating {
    /// The values for a call that began at `start` and is not counted.
    pub fn none(start: Timestamp) -> Self {
        Self { reset_at: start.as_second() + WINDOW, used: Duration::ZERO }
    }
}

/// A basket is dropped this many seconds after the first call in it.
const WINDOW: i64 = 600;

/// A call that takes this long or less is not counted.
const UNCOUNTED: Duration = Duration::from_millis(100);

impl Meter {
    /// Whether the account may call at `now`: as long as the time used by earlier calls is within the limit.
    pub fn admits(&self, account: Account, now: Timestamp) -> bool {
        self.used.get(&account).is_none_or(|baskets| baskets.used(minute(now)) <= self.limit)
    }

    /// Adds a call to the basket of the minute in which it began. Returns what `time` reports.
    pub fn count(&mut self, account: Account, span: &CallTimes) -> Operating {
        let (start, minute) = (span.start, minute(span.start));
        let taken = Duration::try_from(span.finish.duration_since(start)).unwrap_or_default();
        if taken > UNCOUNTED {
            self.used.entry(account).or_default().add(minute, start.as_second(), taken);
        }
        let baskets = self.used.get(&account);
        baskets.and_then(|baskets| baskets.operating(minute)).unwrap_or_else(|| Operating::none(start))
    }
}

fn minute(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(60)
}

/// Ten baskets of one minute each; the last digit of a minute is the index of its basket.
#[derive(Clone, Debug, Default)]
struct Baskets([Basket; BASKETS]);

const BASKETS: usize = 10;

/// The running time of the calls that began in one minute.
#[derive(Clone, Copy, Debug, Default)]
struct Basket {
    minute: i64,
    /// When the first of the calls began, in seconds since the epoch.
    first: i64,
    used: Duration,
}

impl Baskets {
    fn add(&mut self, minute: i64, second: i64, taken: Duration) {
        let basket = &mut self.0[minute.rem_euclid(BASKETS as i64) as usize];
        if basket.minute != minute || basket.used.is_zero() {
            *basket = Basket { minute, first: second, used: Duration::ZERO };
        }
        basket.used = basket.used.saturating_add(taken);
    }

    /// The baskets of the ten minutes up to `minute` that are not empty.
    fn of_the_window(&self, minute: i64) -> impl Iterator<Item = &Basket> {
        let window = minute - BASKETS as i64 + 1..=minute;
        self.0.iter().filter(move |basket| !basket.used.is_zero() && window.contains(&basket.minute))
    }

    fn used(&self, minute: i64) -> Duration {
        self.of_the_window(minute).fold(Duration::ZERO, |sum, basket| sum.saturating_add(basket.used))
    }

    fn operating(&self, minute: i64) -> Option<Operating> {
        let oldest = self.of_the_window(minute).min_by_key(|basket| basket.minute)?;
        Some(Operating { reset_at: oldest.first + WINDOW, used: self.used(minute) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENAME: Account = (Payer::Caller(0), "rename");

    /// A call that begins `second` seconds after the start of the first minute and takes this many milliseconds.
    fn span(second: i64, milliseconds: i64) -> CallTimes {
        let start = Timestamp::from_second(6_000 + second).unwrap();
        let finish = Timestamp::from_millisecond((6_000 + second) * 1_000 + milliseconds).unwrap();
        CallTimes { start, processing: start, finish }
    }

    fn meter() -> Meter {
        Meter { limit: Duration::from_secs(480), used: HashMap::new() }
    }

    #[test]
    fn the_call_that_crosses_the_limit_is_the_last_until_its_basket_is_forgotten() {
        let mut meter = meter();
        let admits = |meter: &Meter, second| meter.admits(RENAME, span(second, 0).start);
        for second in [30, 130, 230, 330] {
            assert!(admits(&meter, second));
            meter.count(RENAME, &span(second, 120_000));
        }
        assert!(admits(&meter, 430), "480 s are not more than 480 s");
        let operating = meter.count(RENAME, &span(430, 101));
        assert_eq!(operating, Operating { reset_at: 6_630, used: Duration::from_millis(480_101) });
        assert!(!admits(&meter, 431));
        assert!(!admits(&meter, 599));
        assert!(admits(&meter, 600), "the tenth minute after");
        assert_eq!(meter.count(RENAME, &span(600, 0)).used, Duration::from_millis(360_101));
    }

    #[test]
    fn short_calls_and_other_accounts_do_not_count() {
        let mut meter = meter();
        let nothing = Operating { reset_at: 6_610, used: Duration::ZERO };
        assert_eq!(meter.count(RENAME, &span(10, 100)), nothing);
        meter.count((Payer::Caller(0), "other"), &span(10, 500_000));
        meter.count((Payer::Caller(1), "rename"), &span(10, 500_000));
        meter.count((Payer::Portal, "rename"), &span(10, 500_000));
        assert!(meter.admits(RENAME, span(20, 0).start));
        assert!(!meter.admits((Payer::Caller(0), "other"), span(20, 0).start));
    }

    #[test]
    fn the_oldest_basket_says_when_it_is_forgotten() {
        let mut meter = meter();
        meter.count(RENAME, &span(10, 1_000));
        meter.count(RENAME, &span(50, 1_000));
        assert_eq!(meter.count(RENAME, &span(70, 1_000)).reset_at, 6_610);
        assert_eq!(meter.count(RENAME, &span(610, 1_000)).reset_at, 6_670);
    }
}
