//! One namespace: a name, and a world behind a lock of its own.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::World;
use crate::judge::{Broken, ExpectationOutcome};

/// A namespace.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    world: Mutex<World>,
    /// When it was last asked for, in nanoseconds since 1970.
    used: AtomicI64,
    /// Changes under the world's lock.
    is_dropped: AtomicBool,
}

impl Namespace {
    pub(super) fn new(name: String, world: World, now: Timestamp) -> Self {
        let (used, is_dropped) = (AtomicI64::default(), AtomicBool::new(false));
        let namespace = Self { name, world: Mutex::new(world), used, is_dropped };
        namespace.use_at(now);
        namespace
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it was last asked for.
    pub fn used(&self) -> Timestamp {
        let nanoseconds = self.used.load(Ordering::Relaxed);
        Timestamp::from_nanosecond(nanoseconds.into()).expect("an `i64` of nanoseconds ends in the year 2262")
    }

    /// It is asked for now.
    pub(super) fn use_at(&self, now: Timestamp) {
        let nanoseconds = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX);
        self.used.store(nanoseconds, Ordering::Relaxed);
    }

    /// Its world, for as long as the guard lives; `None` when the namespace has been dropped. A panic while it was held does not
    /// end the server.
    pub fn world(&self) -> Option<MutexGuard<'_, World>> {
        let world = self.lock();
        (!self.is_dropped.load(Ordering::Relaxed)).then_some(world)
    }

    /// Its world, though the namespace may have been dropped.
    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on there is no such namespace. Who says so holds its world.
    pub(super) fn set_dropped(&self, _world: &World) {
        self.is_dropped.store(true, Ordering::Relaxed);
    }

    /// What became of the expectations of its world, which is `world`; its name in front of theirs.
    pub(super) fn outcomes(&self, world: &mut World, now: Timestamp) -> Vec<ExpectationOutcome> {
        let named = |outcome: ExpectationOutcome| {
            let name = format!("{}: {}", self.name, outcome.name);
            ExpectationOutcome { name, ..outcome }
        };
        world.outcomes(now).into_iter().map(named).collect()
    }

    /// The rules that were broken in its world, which is `world`.
    pub(super) fn broken(&self, world: &World) -> Vec<Broken> {
        let broken = world.broken().into_iter().flatten();
        broken.map(|broken| broken.in_namespace(&self.name)).collect()
    }
}
