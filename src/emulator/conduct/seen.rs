//! An exchange as rules see it, and what they remember of earlier ones.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;

use crate::emulator::exchange::RequestedCall;
use crate::emulator::operation::Operation;
use crate::emulator::service::Habits;
use crate::http::{Body, Connection, Reply, Request};

/// An exchange as rules see it.
pub struct Seen<'a> {
    /// Its number.
    pub number: u64,
    /// When its request came.
    pub came: Moment,
    /// When its answer was complete.
    pub answered: Moment,
    /// The name of the service asked.
    pub service: &'static str,
    /// How that service reads requests.
    pub habits: Habits,
    /// The credential of the request; asked for only where a rule wants to know.
    pub credential: &'a dyn Fn() -> Option<String>,
    /// The operation called; `None` when it is not emulated.
    pub operation: Option<&'static Operation>,
    /// What was asked.
    pub request: &'a Request,
    /// What was answered.
    pub reply: &'a Reply,
    /// The error answered.
    pub error: Option<&'static str>,
    /// Its own call and the commands of a batch.
    pub calls: &'a [RequestedCall],
    /// Whether a fault broke the answer on its way: the client has not seen what it says.
    pub is_spoilt: bool,
    /// What the service remarked.
    pub remarks: &'a [Cow<'static, str>],
    /// What the service's other edition would have answered.
    pub other: Option<OtherAnswer<'a>>,
    /// What several rules want to know.
    pub memo: Memo,
    /// Whether a breach will only be counted, so that nobody reads what it says.
    pub is_only_counted: bool,
    /// Exchanges whose client left before the answer.
    pub unread: &'a BTreeSet<u64>,
    /// Whether others that mean the same come beside it.
    pub is_of_burst: bool,
}

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// On the wall.
    pub wall: Timestamp,
    /// By the scenario's clock.
    pub clock: Timestamp,
}

/// Worked out once for all rules, and only if one asks.
#[derive(Debug, Default)]
pub struct Memo {
    caller: OnceCell<u64>,
    meaning: OnceCell<u64>,
}

/// An answer of a service's other edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherAnswer<'a> {
    /// The status.
    pub status: u16,
    /// The error; `None` on success.
    pub error: Option<&'static str>,
    /// The body.
    pub body: &'a [u8],
    /// The names of the edition that answered and of the other one.
    pub editions: [&'static str; 2],
}

/// What comes so soon after an answer, over another connection, may have been sent without knowing it.
pub const IN_FLIGHT: Duration = Duration::from_millis(20);

/// The pauses within a burst of requests that several clients or threads send beside each other are shorter.
pub const LULL: Duration = Duration::from_millis(100);

/// So long a burst may last, and so long a new connection may take until its first request comes, encryption included: fifty
/// threads of a Python client took three seconds.
const BURST: Duration = Duration::from_secs(5);

impl Seen<'_> {
    /// What tells one caller from another: the credential.
    pub fn caller(&self) -> u64 {
        *self.memo.caller.get_or_init(|| hash(&(self.service, (self.credential)())))
    }

    /// What makes two requests the same one sent again: caller, operation and parameters, however they are spelt.
    pub fn meaning(&self) -> u64 {
        *self.memo.meaning.get_or_init(|| {
            let of_call = match self.calls {
                [call] => self.meaning_of(call),
                _ => None,
            };
            of_call.unwrap_or_else(|| {
                // Of a body that was too large nothing is known.
                let unknown = (self.request.body == Body::TooLarge).then_some(self.number);
                let bytes = (&self.request.method, self.request.target(), self.request.body());
                hash(&(self.caller(), bytes, unknown))
            })
        })
    }

    /// The same for one call; `None` where there is no telling: the operation is not known, a parameter is no plain value,
    /// or it depends on the answer to another command.
    pub fn meaning_of(&self, call: &RequestedCall) -> Option<u64> {
        let operation = call.operation?;
        let (mut values, mut is_plain) = (Vec::new(), true);
        call.facts.given(&mut |name, _| match call.facts.parameter(name) {
            Some(value) if !value.contains("$result") => values.push((name.to_owned(), value.into_owned())),
            _ => is_plain = false,
        });
        if !is_plain || values.is_empty() {
            return None;
        }
        for known in operation.parameters {
            let value = call.facts.parameter(known.name);
            values.extend(value.map(|value| (known.name.to_owned(), value.into_owned())));
        }
        values.sort();
        Some(hash(&(self.caller(), operation.name, values)))
    }

    /// How much later it came than the answer to an earlier one was complete: on the wall or by the scenario's clock,
    /// whichever says more, as a test may move a virtual clock and need not wait.
    pub fn pause_after(&self, earlier: &Earlier) -> Duration {
        let (wall, clock) = self.pauses_after(earlier);
        wall.max(clock)
    }

    fn pauses_after(&self, earlier: &Earlier) -> (Duration, Duration) {
        let since = |from: Timestamp, to: Timestamp| Duration::try_from(to.duration_since(from));
        let wall = since(earlier.answered.wall, self.came.wall).unwrap_or_default();
        (wall, since(earlier.answered.clock, self.came.clock).unwrap_or_default())
    }

    /// How much later it came than an earlier one, by the clock that clients sign by.
    pub fn time_since(&self, earlier: &Earlier) -> Duration {
        Duration::try_from(self.came.clock.duration_since(earlier.came.clock)).unwrap_or_default()
    }

    /// Whether its sender has read the answer to an earlier one, as far as connections and times tell.
    ///
    /// The next request of an HTTP/1 connection comes from one who has. So does the first one of a connection that was
    /// accepted after the answer, unless it is one of a burst; one that was accepted before takes its time to be agreed on. In
    /// all other cases a pause tells.
    pub fn can_know(&self, earlier: &Earlier) -> bool {
        if earlier.number == self.number || self.unread.contains(&earlier.number) {
            return false;
        }
        let (wall, clock) = self.pauses_after(earlier);
        if clock.saturating_sub(wall) >= IN_FLIGHT {
            return true;
        }
        let (then, now) = (earlier.connection, self.request.connection);
        match now.opened {
            Some(_) if now.number == then.number => now.in_turn || wall >= IN_FLIGHT,
            Some(opened) if now.is_first => {
                wall >= BURST || (!self.is_of_burst && opened >= earlier.answered.wall)
            }
            _ => wall >= IN_FLIGHT,
        }
    }

    /// What it means and when its connection was accepted, if only that tells that its sender has read the answer to an
    /// earlier one.
    pub fn guess(&self, earlier: &Earlier) -> Option<Guess> {
        let connection = self.request.connection;
        let is_other = connection.is_first && connection.number != earlier.connection.number;
        let opened = connection.opened.filter(|_| is_other && self.pause_after(earlier) < BURST)?;
        Some(Guess { meaning: self.meaning(), opened })
    }
}

/// That a request was a retry, which nothing but its new connection tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    /// What the request means.
    pub meaning: u64,
    /// When its connection was accepted.
    pub opened: Timestamp,
}

/// An exchange that a rule remembers.
#[derive(Clone, Copy, Debug)]
pub struct Earlier {
    /// Its number.
    pub number: u64,
    came: Moment,
    answered: Moment,
    connection: Connection,
}

/// A number for a value: the same for equal values of one run.
pub fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The latest exchanges by what they are remembered for, each with what is to be known of it; bounded, as who watches for
/// repeats need not remember a whole run.
pub struct Recent<T> {
    by_key: IndexMap<u64, (Earlier, T)>,
}

/// How many are remembered.
pub const MOST_RECENT: usize = 1_000;

/// What an earlier exchange means for a later one.
pub enum Recalled<T> {
    /// There is none whose answer anybody has read.
    Nothing,
    /// Its answer was under way when the later one was sent.
    UnderWay,
    /// The client has read its answer. It is no longer remembered.
    Known(Earlier, T),
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { by_key: IndexMap::new() }
    }
}

impl<T> Recent<T> {
    /// What is remembered, as far as `seen` was sent by one who knows. The key is worked out only if anything is.
    pub fn recall(&mut self, key: impl FnOnce() -> u64, seen: &Seen<'_>) -> Recalled<T> {
        if self.by_key.is_empty() {
            return Recalled::Nothing;
        }
        let key = key();
        match self.by_key.get(&key) {
            Some((earlier, _)) if seen.unread.contains(&earlier.number) => {
                self.by_key.swap_remove(&key);
                Recalled::Nothing
            }
            Some((earlier, _)) if !seen.can_know(earlier) => Recalled::UnderWay,
            Some(_) => match self.by_key.swap_remove(&key) {
                Some((earlier, value)) => Recalled::Known(earlier, value),
                None => Recalled::Nothing,
            },
            None => Recalled::Nothing,
        }
    }

    /// What is remembered, whoever knows it. The key is worked out only if anything is.
    pub fn get(&self, key: impl FnOnce() -> u64) -> Option<&(Earlier, T)> {
        if self.by_key.is_empty() { None } else { self.by_key.get(&key()) }
    }

    /// Remembers `seen`.
    pub fn put(&mut self, key: u64, seen: &Seen<'_>, value: T) {
        let Seen { number, came, answered, .. } = *seen;
        let earlier = Earlier { number, came, answered, connection: seen.request.connection };
        self.by_key.insert(key, (earlier, value));
        // Half of them go at once, as each that goes moves all that stay.
        if self.by_key.len() > MOST_RECENT {
            self.by_key.drain(..MOST_RECENT / 2);
        }
    }
}
