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
    /// Whether a fault replaced the answer or touched the connection, so that the client may not have read it.
    pub is_spoilt: bool,
    /// What faults did to the exchange.
    pub struck: Struck,
    /// How long the scenario's limit of requests takes to let one more in; `None` when requests are not counted.
    pub drain: Option<Duration>,
    /// The remarks of the journal.
    pub remarks: &'a [Cow<'static, str>],
    /// The answer of the service's other edition; `None` when no rule needs it.
    pub other: Option<OtherAnswer<'a>>,
    /// Values that several rules use, computed once.
    pub memo: Memo,
    /// The numbers of exchanges whose client left before it got the answer.
    pub unread: &'a BTreeSet<u64>,
    /// Whether the caller has used several connections since rules began to observe it.
    pub has_several: bool,
}

/// What faults did to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Struck {
    /// None fired.
    No,
    /// A fault fired, but the answer is the service's own.
    Beside,
    /// A fault decided the answer, or the request asked for an error with `Prefer`.
    Answer,
}

/// Whether a client had read an earlier answer when it sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// It had not.
    No,
    /// The answer was sent before the request came. Nothing else is known: another thread may have sent the request.
    Perhaps,
    /// It had.
    Yes,
}

/// An instant on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the wall clock.
    pub wall: Timestamp,
    /// By the scenario's clock.
    pub clock: Timestamp,
}

impl Moment {
    /// How far the two clocks are apart.
    pub fn clocks_apart(&self) -> Duration {
        self.wall.duration_since(self.clock).unsigned_abs()
    }

    /// How long ago an earlier moment was. The longer one of wall clock and scenario's clock counts, as a test may advance
    /// a virtual clock instead of waiting.
    pub fn since(&self, earlier: &Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall);
        let clock = self.clock.duration_since(earlier.clock);
        Duration::try_from(wall.max(clock)).unwrap_or_default()
    }
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
    /// The body, if a batch succeeds; else empty.
    pub body: &'a [u8],
    /// The name of the edition that is served, and of the other one.
    pub editions: [&'static str; 2],
}

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

    /// The pause between the answer to an earlier exchange and this request.
    pub fn pause_after(&self, earlier: &Earlier) -> Duration {
        self.came.since(&earlier.answered)
    }

    /// The time between an earlier request and this one by the scenario's clock, which signatures use.
    pub fn time_since(&self, earlier: &Earlier) -> Duration {
        Duration::try_from(self.came.clock.duration_since(earlier.came.clock)).unwrap_or_default()
    }

    /// The pause after an earlier answer in words, if it is shorter than `wait`. A tenth less counts as waited, because
    /// timers and clocks differ and clients draw their pauses. The words are rounded, so that breaches of one kind have
    /// the same words.
    pub fn too_soon_after(&self, earlier: &Earlier, wait: Duration) -> Option<String> {
        let waited = self.pause_after(earlier);
        (waited < wait - wait / 10).then(|| match waited.as_secs_f64() {
            ..0.05 => "at once".to_owned(),
            seconds => format!("after {seconds:.1} s"),
        })
    }

    /// Whether the client had read the answer to an earlier exchange when it sent this request. It had, if it sent
    /// this request in its turn over the same HTTP/1 connection, and has used no other connection.
    ///
    /// Nothing else proves it. Over another connection the request may come from another thread, after any pause:
    /// threads that do the same work drift apart. A client may open a stream of an HTTP/2 connection before it reads
    /// what has come for the others.
    pub fn has_read(&self, earlier: &Earlier) -> Read {
        let is_same = earlier.number == self.number;
        if is_same || self.unread.contains(&earlier.number) || self.came.wall < earlier.answered.wall {
            return Read::No;
        }
        let connection = self.request.connection;
        let is_next =
            connection.in_turn && connection.number == earlier.connection.number && !self.has_several;
        if is_next { Read::Yes } else { Read::Perhaps }
    }
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

impl Earlier {
    /// What is remembered of an exchange.
    pub fn of(seen: &Seen<'_>) -> Self {
        let Seen { number, came, answered, .. } = *seen;
        Self { number, came, answered, connection: seen.request.connection }
    }

    /// When the answer was complete.
    pub fn answered(&self) -> Moment {
        self.answered
    }
}

/// The hash of a value. Equal values have the same hash within a run.
pub fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The latest exchanges by a key, each with a value. At most 1,000 are kept, as a rule that looks for repeats does not
/// need a whole run.
pub struct Recent<T> {
    by_key: IndexMap<u64, (Earlier, T)>,
}

/// How many exchanges are kept.
const MOST_RECENT: usize = 1_000;

/// The result of looking up an earlier exchange.
pub enum Recalled<T> {
    /// There is none, or its client left before it got the answer.
    Nothing,
    /// There is one, but the client had not read its answer when it sent the later request.
    UnderWay,
    /// There is one, and the client had read its answer, or perhaps had. The exchange is no longer kept.
    Known(Earlier, T),
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { by_key: IndexMap::new() }
    }
}

impl<T> Recent<T> {
    /// Looks up an earlier exchange, and removes it if the client of `seen` may know its answer. `key` is called only
    /// if any exchange is kept.
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
            Some((earlier, _)) if seen.has_read(earlier) == Read::No => Recalled::UnderWay,
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

    /// Forgets the exchange that is kept under `key`.
    pub fn remove(&mut self, key: impl FnOnce() -> u64) {
        if !self.by_key.is_empty() {
            self.by_key.swap_remove(&key());
        }
    }

    /// Keeps `seen` with a value under `key`.
    pub fn put(&mut self, key: u64, seen: &Seen<'_>, value: T) {
        self.by_key.insert(key, (Earlier::of(seen), value));
        // Half of them are removed at once, as each removal moves all that stay.
        if self.by_key.len() > MOST_RECENT {
            self.by_key.drain(..MOST_RECENT / 2);
        }
    }
}
