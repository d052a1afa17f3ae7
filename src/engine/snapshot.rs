//! Snapshots: saved states of a world, to restore later.

use jiff::Timestamp;

use super::World;
use super::faults::Faults;
use super::outbox::Outbox;
use super::schedule::Schedule;
use crate::basics::Clock;
use crate::emulator::{Emulator, Service};

/// A saved state: the services' state, the clock, and the faults with their counters.
pub(super) struct Snapshot {
    emulators: Vec<(&'static dyn Service, Box<dyn Emulator>)>,
    clock: Clock,
    faults: Faults,
    outbox: Outbox,
    schedule: Schedule,
}

/// How many snapshots a world may have.
pub const MOST_SNAPSHOTS: usize = 100;

impl World {
    /// Saves the state under a name and replaces an earlier snapshot of that name. Returns false, and saves nothing,
    /// when there are [`MOST_SNAPSHOTS`] others.
    pub fn save(&mut self, name: &str, now: Timestamp) -> bool {
        if self.snapshots.len() >= MOST_SNAPSHOTS && !self.snapshots.contains_key(name) {
            return false;
        }
        self.settle(now);
        let snapshot = Snapshot {
            emulators: copies(&self.emulators),
            clock: self.clock,
            faults: self.faults.clone(),
            outbox: self.outbox.saved(self.clock.now(now)),
            schedule: self.schedule.clone(),
        };
        self.snapshots.insert(name.to_owned(), snapshot);
        true
    }

    /// Restores a snapshot. The journal and the counters of exchanges stay. Returns whether the snapshot existed. `now` is
    /// the time of the wall clock.
    pub fn restore(&mut self, name: &str, now: Timestamp) -> bool {
        if !self.snapshots.contains_key(name) {
            return false;
        }
        self.give_up_all("a snapshot was restored", now);
        self.bell.ring();
        let Some(saved) = self.snapshots.get(name) else { return false };
        self.share_issued_secrets();
        let mut faults = saved.faults.clone();
        faults.plan.succeed(&self.faults.plan, self.counters().exchanges + 1);
        (self.emulators, self.clock, self.faults) = (copies(&saved.emulators), saved.clock, faults);
        self.outbox = saved.outbox.clone().after(&self.outbox);
        self.schedule = saved.schedule.clone();
        self.epoch += 1;
        self.alarm = None;
        self.streams_due = None;
        self.untold.clear();
        self.alter();
        self.observers.restored();
        true
    }

    /// Deletes a snapshot. Returns whether it existed.
    pub fn forget(&mut self, name: &str) -> bool {
        self.snapshots.remove(name).is_some()
    }

    /// The names of the snapshots.
    pub fn snapshots(&self) -> impl Iterator<Item = &str> {
        self.snapshots.keys().map(String::as_str)
    }
}

fn copies(
    emulators: &[(&'static dyn Service, Box<dyn Emulator>)],
) -> Vec<(&'static dyn Service, Box<dyn Emulator>)> {
    emulators.iter().map(|(service, emulator)| (*service, emulator.copy())).collect()
}
