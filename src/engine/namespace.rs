//! One namespace: a name and a world with its own lock.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{Unhidden, World};
use crate::emulator::{BEFORE_REPLICA, ReplicaName};
use crate::judge::{Broken, ExpectationOutcome, Whose};

/// A namespace: a world that only the requests for it reach.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    world: Mutex<World>,
    /// When a request last came for the namespace, in nanoseconds since 1970.
    used: AtomicI64,
    /// Set once, while the world is locked.
    is_dropped: AtomicBool,
}

/// The name of a namespace: 1 to 40 lower-case letters, digits and underscores. The credentials of the namespace end with
/// a hyphen and the name, so a name has no hyphen. At a replica the name that a namespace gets ends with that of the replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceName(String);

impl NamespaceName {
    /// What a name may look like, in words.
    pub const RULE: &str = "1 to 40 of the characters `a` to `z`, `0` to `9` and `_`";

    /// The name, if `text` may be one.
    pub fn new(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        let is_name = (1..=40).contains(&text.len()) && text.bytes().all(is_allowed);
        is_name.then(|| Self(text.to_owned()))
    }

    /// The name of a namespace that was made without one.
    pub(super) fn numbered(number: u64) -> Self {
        Self(format!("n{number}"))
    }

    /// The same name at this replica, if there is one.
    pub(super) fn at(&self, replica: Option<&ReplicaName>) -> Self {
        replica.map_or_else(|| self.clone(), |replica| Self(format!("{self}{BEFORE_REPLICA}{replica}")))
    }

    /// What the credentials of the namespace end with.
    pub(super) fn suffix(&self) -> String {
        format!("-{self}")
    }
}

impl fmt::Display for NamespaceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Namespace {
    pub(super) fn new(name: String, world: World, now: Timestamp) -> Self {
        let (used, is_dropped) = (AtomicI64::default(), AtomicBool::new(false));
        let namespace = Self { name, world: Mutex::new(world), used, is_dropped };
        namespace.use_at(now);
        namespace
    }

    /// The name of the namespace.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When a request last came for the namespace.
    pub fn used(&self) -> Timestamp {
        let nanoseconds = self.used.load(Ordering::Relaxed);
        Timestamp::from_nanosecond(nanoseconds.into()).expect("an `i64` of nanoseconds ends in the year 2262")
    }

    /// Notes that a request came for the namespace at `now`.
    pub(super) fn use_at(&self, now: Timestamp) {
        let nanoseconds = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX);
        self.used.store(nanoseconds, Ordering::Relaxed);
    }

    /// Locks the world of the namespace. Returns `None` when the namespace is dropped. A panic while the world was
    /// locked does not make it unusable.
    pub fn world(&self) -> Option<MutexGuard<'_, World>> {
        let world = self.lock();
        (!self.is_dropped.load(Ordering::Relaxed)).then_some(world)
    }

    /// Locks the world, even if the namespace is dropped.
    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks the namespace as dropped. The caller holds the lock of its world, `_world`.
    pub(super) fn set_dropped(&self, _world: &World) {
        self.is_dropped.store(true, Ordering::Relaxed);
    }

    /// The outcomes of the namespace's expectations, each with a name that begins with that of the namespace.
    pub(super) fn named(
        &self,
        outcomes: Vec<ExpectationOutcome>,
    ) -> impl Iterator<Item = ExpectationOutcome> {
        named(&self.name, outcomes)
    }

    /// The rules that were broken in the namespace, each with the namespace.
    pub(super) fn blamed(&self, broken: Option<Unhidden<Vec<Broken>>>) -> impl Iterator<Item = Broken> {
        let broken = broken.map(Unhidden::<Vec<Broken>>::hidden).unwrap_or_default();
        broken.into_iter().map(|broken| broken.of(&Whose::Namespace(self.name.clone())))
    }
}

/// The outcomes, each with a name that begins with `whose` they are.
pub(super) fn named(
    whose: &str,
    outcomes: Vec<ExpectationOutcome>,
) -> impl Iterator<Item = ExpectationOutcome> {
    outcomes.into_iter().map(move |outcome| {
        let name = format!("{whose}: {}", outcome.name);
        ExpectationOutcome { name, ..outcome }
    })
}
