//! An exchange as rules see it, and the earlier exchanges that rules remember.

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
use crate::http::{Body, Connection, Reply, Request, ValueKind};

/// An exchange as rules see it.
pub struct Seen<'a> {
    /// The number of the exchange.
    pub number: u64,
    /// When the request came.
    pub came: Moment,
    /// When the answer was complete.
    pub answered: Moment,
    /// The name of the service.
    pub service: &'static str,
    /// How the service reads requests.
    pub habits: Habits,
    /// Returns the credential of the request. Called only if a rule needs it.
    pub credential: &'a dyn Fn() -> Option<String>,
    /// The operation; `None` when it is not emulated.
    pub operation: Option<&'static Operation>,
    /// The request.
    pub request: &'a Request,
    /// The answer.
    pub reply: &'a Reply,
    /// The error code of the answer; `None` on success.
    pub error: Option<&'static str>,
    /// The call of the request, and the commands if it is a batch.
    pub calls: &'a [RequestedCall],
    /// Whether a wire effect spoilt the answer, so that the client could not read it.
    pub is_spoilt: bool,
    /// The remarks of the journal.
    pub remarks: &'a [Cow<'static, str>],
    /// The answer of the service's other edition; `None` when no rule needs it.
    pub other: Option<OtherAnswer<'a>>,
    /// Values that several rules use, computed once.
    pub memo: Memo,
    /// Whether a breach is only counted, so that its text is not needed.
    pub is_only_counted: bool,
    /// The numbers of exchanges whose client left before it got the answer.
    pub unread: &'a BTreeSet<u64>,
    /// Whether the request is part of a burst of equal requests that overlap.
    pub is_of_burst: bool,
}

/// An instant on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the wall clock.
    pub wall: Timestamp,
    /// By the scenario's clock.
    pub clock: Timestamp,
}

/// Values that are computed once for all rules, and only if one needs them.
#[derive(Debug, Default)]
pub struct Memo {
    caller: OnceCell<u64>,
    meaning: OnceCell<u64>,
}

/// The answer of a service's other edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherAnswer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The error code; `None` on success.
    pub error: Option<&'static str>,
    /// The body.
    pub body: &'a [u8],
    /// The name of the edition that is served, and of the other one.
    pub editions: [&'static str; 2],
}

/// How soon after an answer a request over another connection may come that was sent before the client read that
/// answer.
pub const IN_FLIGHT: Duration = Duration::from_millis(20);

/// The shortest pause that ends a burst of equal requests from several clients or threads.
pub const LULL: Duration = Duration::from_millis(100);

/// How long a burst may last, and how long the first request of a new connection may take to come, TLS included.
/// Fifty threads of a Python client took three seconds.
const BURST: Duration = Duration::from_secs(5);

impl Seen<'_> {
    /// A number that identifies the caller by service and credential.
    pub fn caller(&self) -> u64 {
        *self.memo.caller.get_or_init(|| hash(&(self.service, (self.credential)())))
    }

    /// A number that is the same for requests with the same caller, operation and parameters, however these are
    /// written. A retry has the meaning of the request that it repeats.
    pub fn meaning(&self) -> u64 {
        *self.memo.meaning.get_or_init(|| {
            let of_call = match self.calls {
                [call] => self.meaning_of(call),
                _ => None,
            };
            of_call.unwrap_or_else(|| {
                // A body that was too large is unknown, so it equals no other.
                let unknown = (self.request.body == Body::TooLarge).then_some(self.number);
                let bytes = (&self.request.method, self.request.target(), self.request.body());
                hash(&(self.caller(), bytes, unknown))
            })
        })
    }

    /// The meaning of one call. `None` when the operation is not known, when there are no parameters or one is not a
    /// plain value, or when one depends on the answer to another command.
    pub fn meaning_of(&self, call: &RequestedCall) -> Option<u64> {
        let operation = call.operation?;
        let (mut values, mut is_plain) = (Vec::new(), true);
        call.facts.given(&mut |name, kind| match call.facts.parameter(name) {
            // Null and an empty text are not the same to every operation.
            Some(value) if kind != ValueKind::Null && !value.contains("$result") => {
                values.push((name.to_owned(), value.into_owned()))
            }
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

    /// The pause between the answer to an earlier exchange and this request. The longer one of wall clock and
    /// scenario's clock counts, as a test may advance a virtual clock instead of waiting.
    pub fn pause_after(&self, earlier: &Earlier) -> Duration {
        let (wall, clock) = self.pauses_after(earlier);
        wall.max(clock)
    }

    fn pauses_after(&self, earlier: &Earlier) -> (Duration, Duration) {
        let since = |from: Timestamp, to: Timestamp| Duration::try_from(to.duration_since(from));
        let wall = since(earlier.answered.wall, self.came.wall).unwrap_or_default();
        (wall, since(earlier.answered.clock, self.came.clock).unwrap_or_default())
    }

    /// The time between an earlier request and this one by the scenario's clock, which signatures use.
    pub fn time_since(&self, earlier: &Earlier) -> Duration {
        Duration::try_from(self.came.clock.duration_since(earlier.came.clock)).unwrap_or_default()
    }

    /// Whether the client had read the answer to an earlier exchange when it sent this request. Connections and times
    /// tell:
    ///
    /// It had, if this is the next request of the same HTTP/1 connection. It also had, if this is the first request
    /// of a connection that was accepted after the answer, unless the request is one of a burst. If the connection
    /// was accepted before the answer, its first request may be late because of TLS, so only a pause of five
    /// seconds tells. In all other cases a pause of [`IN_FLIGHT`] tells.
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

    /// The guess that this request is a retry of an earlier one, when only its new connection suggests that.
    /// Otherwise `None`.
    pub fn guess(&self, earlier: &Earlier) -> Option<Guess> {
        let connection = self.request.connection;
        let is_other = connection.is_first && connection.number != earlier.connection.number;
        let opened = connection.opened.filter(|_| is_other && self.pause_after(earlier) < BURST)?;
        Some(Guess { meaning: self.meaning(), opened })
    }
}

/// The guess that a request is a retry, when only its new connection suggests that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The meaning of the request.
    pub meaning: u64,
    /// When the connection of the request was accepted.
    pub opened: Timestamp,
}

/// An exchange that a rule remembers.
#[derive(Clone, Copy, Debug)]
pub struct Earlier {
    /// The number of the exchange.
    pub number: u64,
    came: Moment,
    answered: Moment,
    connection: Connection,
}

/// The hash of a value. Equal values have the same hash within a run.
pub fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The latest exchanges by a key, each with a value. At most [`MOST_RECENT`] are kept, as a rule that looks for
/// repeats does not need a whole run.
pub struct Recent<T> {
    by_key: IndexMap<u64, (Earlier, T)>,
}

/// How many exchanges are kept.
pub const MOST_RECENT: usize = 1_000;

/// The result of looking up an earlier exchange.
pub enum Recalled<T> {
    /// There is none, or its client left before it got the answer.
    Nothing,
    /// There is one, but the client had not read its answer when it sent the later request.
    UnderWay,
    /// There is one, and the client had read its answer. The exchange is no longer kept.
    Known(Earlier, T),
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { by_key: IndexMap::new() }
    }
}

impl<T> Recent<T> {
    /// Looks up an earlier exchange, and removes it if the client of `seen` knows its answer. `key` is called only if
    /// any exchange is kept.
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

    /// Looks up an earlier exchange, whether or not the client knows its answer. `key` is called only if any exchange
    /// is kept.
    pub fn get(&self, key: impl FnOnce() -> u64) -> Option<&(Earlier, T)> {
        if self.by_key.is_empty() { None } else { self.by_key.get(&key()) }
    }

    /// Keeps `seen` with a value under `key`.
    pub fn put(&mut self, key: u64, seen: &Seen<'_>, value: T) {
        let Seen { number, came, answered, .. } = *seen;
        let earlier = Earlier { number, came, answered, connection: seen.request.connection };
        self.by_key.insert(key, (earlier, value));
        // Half of them are removed at once, as each removal moves all that stay.
        if self.by_key.len() > MOST_RECENT {
            self.by_key.drain(..MOST_RECENT / 2);
        }
    }
}
