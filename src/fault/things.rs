//! The counters of things, such as chats, for a fault that counts the calls of each of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

/// How many things a fault keeps counters of.
pub const MOST_THINGS: usize = 10_000;

/// How many of them a fault forgets at once when there is one too many: those that it counted longest ago.
pub const FORGOTTEN: usize = 1_000;

/// The names of things are kept as they are if they are shorter than this, in bytes. Others are kept as a hash, which is
/// exactly so long.
const LONG: usize = 64;

/// The counters of one thing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub(super) calls: u64,
    pub(super) fired: u64,
    /// The number of the latest of these calls, among all calls of the fault.
    latest: u64,
}

/// The counters of each thing, by its identifier. Their memory is bounded, whatever a client sends.
#[derive(Clone, Debug, Default)]
pub(super) struct Things {
    counted: HashMap<String, Counted>,
    /// How many things were forgotten.
    forgotten: u64,
}

impl Things {
    /// Counts a call of `thing`, which is the call `latest` of the fault. When there are too many things, those that were
    /// counted longest ago are forgotten.
    pub(super) fn count(&mut self, thing: &str, latest: u64) -> &mut Counted {
        let key = key(thing);
        if self.counted.len() >= MOST_THINGS && !self.counted.contains_key(&*key) {
            self.forget();
        }
        let counted = self.counted.entry(key.into_owned()).or_default();
        counted.calls += 1;
        counted.latest = latest;
        counted
    }

    /// The counters of a thing. They are zero when it was not counted, or is forgotten.
    pub(super) fn of(&self, thing: &str) -> Counted {
        self.counted.get(&*key(thing)).copied().unwrap_or_default()
    }

    /// How many things were forgotten so far.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    fn forget(&mut self) {
        let mut calls: Vec<_> = self.counted.values().map(|counted| counted.latest).collect();
        let (_, &mut first_kept, _) = calls.select_nth_unstable(FORGOTTEN);
        self.counted.retain(|_, counted| counted.latest >= first_kept);
        self.forgotten += FORGOTTEN as u64;
    }
}

/// What stands for the name of a thing in the table.
fn key(thing: &str) -> Cow<'_, str> {
    if thing.len() < LONG {
        return thing.into();
    }
    let mut hash = String::with_capacity(LONG);
    Sha256::digest(thing).iter().for_each(|byte| {
        let _ = write!(hash, "{byte:02x}");
    });
    hash.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_things_are_not_kept() {
        let mut things = Things::default();
        for call in 1..=1_000_000 {
            things.count(&call.to_string(), call);
        }
        assert!(things.counted.len() <= MOST_THINGS);
        assert_eq!(things.counted.len() as u64 + things.forgotten(), 1_000_000);
        assert_eq!((things.of("1").calls, things.of("1000000").calls), (0, 1));
    }

    #[test]
    fn what_was_counted_longest_ago_is_forgotten() {
        let most = MOST_THINGS as u64;
        let mut things = Things::default();
        for call in 1..=most {
            things.count(&call.to_string(), call);
        }
        things.count("1", most + 1);
        assert_eq!(things.forgotten(), 0, "a thing that is known takes no more room");
        things.count("one more", most + 2);
        assert_eq!(things.forgotten(), FORGOTTEN as u64);
        let calls = ["1", "2", "1001", "1002", "10000", "one more"].map(|thing| things.of(thing).calls);
        assert_eq!(calls, [2, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn a_long_name_takes_no_more_memory_than_a_short_one() {
        let long = |last: &str| "x".repeat(1 << 20) + last;
        let mut things = Things::default();
        for (call, name) in [long("a"), long("b"), long("a")].iter().enumerate() {
            things.count(name, call as u64 + 1);
        }
        assert_eq!((things.of(&long("a")).calls, things.of(&long("b")).calls), (2, 1));
        assert!(things.counted.keys().all(|key| key.capacity() <= LONG));
        assert_ne!(key(&long("a")), key(&key(&long("a"))), "a name that looks like a hash is another name");
    }
}
