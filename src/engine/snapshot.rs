//! States of a world that can be gone back to.

use jiff::Timestamp;

use super::World;
use super::faults::Faults;
use crate::basics::Clock;
use crate::emulator::{Emulator, Service};

/// What can be gone back to: the vendors' state, the clock, and what faults have counted.
pub(super) struct Snapshot {
    emulators: Vec<(&'static dyn Service, Box<dyn Emulator>)>,
    clock: Clock,
    faults: Faults,
}

/// The most states that are saved.
pub const MOST_SNAPSHOTS: usize = 100;

impl World {
    /// Saves the state under a name, in the place of what had that name; whether there was room.
    pub fn save(&mut self, name: &str, now: Timestamp) -> bool {
        if self.snapshots.len() >= MOST_SNAPSHOTS && !self.snapshots.contains_key(name) {
            return false;
        }
        self.settle(now);
        let snapshot =
            Snapshot { emulators: copies(&self.emulators), clock: self.clock, faults: self.faults.clone() };
        self.snapshots.insert(name.to_owned(), snapshot);
        true
    }

    /// Goes back to a saved state; journal and counters of exchanges stay. Whether there was one.
    pub fn restore(&mut self, name: &str) -> bool {
        let Some(saved) = self.snapshots.get(name) else { return false };
        (self.emulators, self.clock, self.faults) =
            (copies(&saved.emulators), saved.clock, saved.faults.clone());
        self.alter();
        true
    }

    /// Forgets a saved state; whether there was one.
    pub fn forget(&mut self, name: &str) -> bool {
        self.snapshots.remove(name).is_some()
    }

    /// The names of the saved states.
    pub fn snapshots(&self) -> impl Iterator<Item = &str> {
        self.snapshots.keys().map(String::as_str)
    }
}

fn copies(
    emulators: &[(&'static dyn Service, Box<dyn Emulator>)],
) -> Vec<(&'static dyn Service, Box<dyn Emulator>)> {
    emulators.iter().map(|(service, emulator)| (*service, emulator.copy())).collect()
}
